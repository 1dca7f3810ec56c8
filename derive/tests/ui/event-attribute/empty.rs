use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event]
struct Order {
    order_id: String,
}

fn main() {}

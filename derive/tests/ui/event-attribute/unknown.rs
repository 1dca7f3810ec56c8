use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(owner = "shop")]
struct Order {
    order_id: String,
}

fn main() {}

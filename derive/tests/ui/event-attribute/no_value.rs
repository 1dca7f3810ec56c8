use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(name, version)]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(name, version, key, previous, newer)]
struct Order {
    order_id: String,
}

fn main() {}

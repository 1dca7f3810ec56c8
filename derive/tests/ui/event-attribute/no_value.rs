use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name, version, key, previous, newer)]
struct Order {
    order_id: String,
}

fn main() {}

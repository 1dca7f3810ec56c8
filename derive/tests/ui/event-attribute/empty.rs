use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name = "order", name = "order.requested")]
#[event(version = 1)]
#[event(version = 2)]
struct Order {
    order_id: String,
}

fn main() {}

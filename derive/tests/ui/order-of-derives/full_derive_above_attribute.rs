use event_schema::prelude::*;

#[derive(Debug, Serialize, EventSchema)]
#[event_schema::event(name = "order.requested")]
struct Order {
    order_id: String,
}

fn main() {}

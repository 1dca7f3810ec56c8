use event_schema::prelude::*;

#[derive(EventSchema)]
#[event_schema::event(name = "order.requested")]
struct Order {
    order_id: String,
}

fn main() {}

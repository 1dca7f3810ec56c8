use event_schema::prelude::*;

#[derive(Serialize)]
#[event_schema::event(name = "order.requested")]
struct Order {
    order_id: String,
}

fn main() {}

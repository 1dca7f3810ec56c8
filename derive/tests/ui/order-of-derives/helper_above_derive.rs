use event_schema::prelude::*;

#[event(name = "order.requested")]
#[derive(Serialize, EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

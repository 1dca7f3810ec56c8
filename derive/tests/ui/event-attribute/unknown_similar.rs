use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(nmae = "order.requested")]
struct Order {
    order_id: String,
}

fn main() {}

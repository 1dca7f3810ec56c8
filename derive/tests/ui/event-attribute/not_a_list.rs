use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event = "order.requested"]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct OrderV1 {
    seq: u32,
}

#[derive(Serialize, EventSchema)]
#[event(version = 2, previous = OrderV1)]
struct Order {
    seq: u32,
}

impl From<OrderV1> for Order {
    fn from(order: OrderV1) -> Self {
        Self { seq: order.seq }
    }
}

fn main() {}

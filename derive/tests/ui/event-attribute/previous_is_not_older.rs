use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name = "order", version = 2)]
struct OrderV2 {
    seq: u32,
}

#[derive(Serialize, EventSchema)]
#[event(name = "order", version = 2, previous = OrderV2)]
struct Order {
    seq: u32,
}

impl From<OrderV2> for Order {
    fn from(order: OrderV2) -> Self {
        Self { seq: order.seq }
    }
}

fn main() {}

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

fn main() {}

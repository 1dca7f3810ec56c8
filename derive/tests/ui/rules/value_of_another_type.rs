use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(one_of(1, 2))]
    order_id: String,
    #[event(equal("a"))]
    seq: u32,
}

fn main() {}

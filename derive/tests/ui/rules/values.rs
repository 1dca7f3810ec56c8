use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(one_of)]
    order_id: String,
    #[event(none_of())]
    seq: u32,
    #[event(equal(1, 2))]
    count: u32,
    #[event(one_of("a", text = "b"))]
    kind: String,
}

fn main() {}

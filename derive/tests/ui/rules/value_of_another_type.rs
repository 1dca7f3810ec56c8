use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[event(one_of(1, 2))]
    order_id: String,
    #[event(equal("a"))]
    seq: u32,
}

fn main() {}

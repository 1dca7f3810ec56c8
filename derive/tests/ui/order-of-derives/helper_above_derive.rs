use event_schema::prelude::*;

#[event(name = "order.requested")]
#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Debug, Serialize, JsonSchema, EventSchema)]
#[event_schema::event(name = "order.requested")]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;
use event_schema as schema;

#[derive(Serialize, EventSchema)]
#[schema::event(name = "order.requested")]
struct Order {
    order_id: String,
}

fn main() {}

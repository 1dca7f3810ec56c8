use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

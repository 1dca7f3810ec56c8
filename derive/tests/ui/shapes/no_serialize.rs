use event_schema::prelude::*;

#[derive(EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

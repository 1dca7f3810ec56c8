use event_schema::prelude::*;

#[derive(JsonSchema, EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

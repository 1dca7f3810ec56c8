use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

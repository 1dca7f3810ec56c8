use event_schema::prelude::*;

#[derive(Serialize, schemars::JsonSchema, EventSchema)]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;
use schemars::JsonSchema;

#[derive(Serialize, EventSchema)]
#[derive(JsonSchema)]
struct Order {
    order_id: String,
}

fn main() {}

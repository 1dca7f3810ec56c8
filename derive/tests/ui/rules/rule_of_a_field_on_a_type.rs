use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[validate(length(min = 1))]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[validate(context)]
struct Order {
    order_id: String,
}

fn main() {}

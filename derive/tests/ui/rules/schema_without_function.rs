use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[validate(schema)]
struct Order {
    order_id: String,
}

fn main() {}

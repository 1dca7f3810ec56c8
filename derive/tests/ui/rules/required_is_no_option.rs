use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[validate(required)]
    order_id: String,
}

fn main() {}

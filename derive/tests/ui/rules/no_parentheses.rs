use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[validate(length = 3)]
    order_id: String,
}

fn main() {}

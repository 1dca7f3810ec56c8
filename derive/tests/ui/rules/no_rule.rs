use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[validate]
    order_id: String,
}

fn main() {}

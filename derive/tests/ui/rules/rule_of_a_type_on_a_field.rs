use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[validate(schema(function = check))]
    order_id: String,
}

fn main() {}

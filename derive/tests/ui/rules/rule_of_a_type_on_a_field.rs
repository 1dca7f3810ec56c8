use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(schema(function = check))]
    order_id: String,
}

fn main() {}

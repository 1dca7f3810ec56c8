use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(required)]
    order_id: String,
}

fn main() {}

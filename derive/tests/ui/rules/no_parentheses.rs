use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length = 3)]
    order_id: String,
}

fn main() {}

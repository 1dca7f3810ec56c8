use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length(equal = 3, min = 1))]
    order_id: String,
}

fn main() {}

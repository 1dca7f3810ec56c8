use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(length(min = 1))]
struct Order {
    order_id: String,
}

fn main() {}

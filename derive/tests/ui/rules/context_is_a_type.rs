use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(context)]
struct Order {
    order_id: String,
}

fn main() {}

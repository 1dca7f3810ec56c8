use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(schema)]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;
use event_schema::validator::Validate;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length(min = 1))]
    order_id: String,
}

fn main() {
    let order = Order { order_id: String::new() };
    let _ = order.validate();
}

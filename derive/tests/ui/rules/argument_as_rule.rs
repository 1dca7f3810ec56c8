use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(min = 1)]
    order_id: String,
    #[validate(max = 3)]
    quantity: u32,
}

fn main() {}

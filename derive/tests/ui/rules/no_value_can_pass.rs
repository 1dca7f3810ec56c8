use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length(min = 10, max = 1))]
    order_id: String,
    #[validate(range(min = 1, max = -1))]
    quantity: i32,
    #[validate(range(min = 0.5, max = 0.25))]
    share: f64,
    #[validate(range(exclusive_min = 1, exclusive_max = 1))]
    slot: u8,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length(minimum = 1))]
    order_id: String,
    #[validate(email(domain = "example.org"))]
    email: String,
    #[validate(range(mim = 1))]
    quantity: u32,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(lenght(min = 1))]
    order_id: String,
    #[validate(iban)]
    account: String,
}

fn main() {}

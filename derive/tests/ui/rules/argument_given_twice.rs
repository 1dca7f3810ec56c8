use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length(min = 1, min = 2))]
    order_id: String,
    #[validate(url(message = "No.", message = "Never."))]
    link: String,
}

fn main() {}

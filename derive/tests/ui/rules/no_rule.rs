use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate]
    order_id: String,
}

fn main() {}

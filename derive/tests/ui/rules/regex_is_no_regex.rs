use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(regex(path = "^[a-z]+$"))]
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(owner = "shop")]
struct Order {
    order_id: String,
}

fn main() {}

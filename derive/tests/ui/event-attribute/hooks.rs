use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(pre_load = "strip", post_load)]
struct Order {
    order_id: String,
}

fn main() {}

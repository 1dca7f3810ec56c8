use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(pre_load = "strip", post_load)]
struct Order {
    order_id: String,
}

fn main() {}

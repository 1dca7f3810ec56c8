use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(tag = "type", deny_unknown_fields)]
struct Order {
    order_id: String,
}

fn main() {}

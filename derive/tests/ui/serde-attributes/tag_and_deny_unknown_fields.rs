use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[serde(tag = "type", deny_unknown_fields)]
struct Order {
    order_id: String,
}

fn main() {}

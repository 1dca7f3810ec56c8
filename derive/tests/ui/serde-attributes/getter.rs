use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[serde(getter = "id")]
    order_id: String,
}

fn main() {}

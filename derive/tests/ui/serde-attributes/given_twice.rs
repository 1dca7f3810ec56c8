use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[serde(rename = "id", rename = "orderId")]
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(rename = "id", rename = "orderId")]
    order_id: String,
}

fn main() {}

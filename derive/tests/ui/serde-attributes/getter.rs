use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(getter = "id")]
    order_id: String,
}

fn main() {}

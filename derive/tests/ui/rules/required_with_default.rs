use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(default)]
    #[validate(required)]
    order_id: Option<String>,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(defualt)]
    order_id: String,
}

fn main() {}

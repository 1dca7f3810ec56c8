use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(rename_all = "camelcase")]
struct Order {
    order_id: String,
}

fn main() {}

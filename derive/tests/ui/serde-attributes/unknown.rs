use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(rename_al = "camelCase")]
struct Order {
    order_id: String,
}

fn main() {}

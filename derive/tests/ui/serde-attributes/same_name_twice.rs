use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(rename = "id")]
    order_id: String,
    id: String,
    #[serde(alias = "id")]
    number: u32,
}

#[derive(Serialize, EventSchema)]
enum Status {
    Open,
    #[serde(rename = "Open")]
    Opened,
}

fn main() {}

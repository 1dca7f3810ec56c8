use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(flatten)]
    lines: Vec<u8>,
    #[serde(flatten)]
    note: Option<String>,
}

fn main() {}

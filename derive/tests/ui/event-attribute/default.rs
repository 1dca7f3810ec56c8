use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(default)]
    #[event(default = "now")]
    at: u64,
    #[event(default = "computed")]
    until: u64,
}

fn main() {}

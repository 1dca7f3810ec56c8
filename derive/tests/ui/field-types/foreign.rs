use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    count: std::sync::atomic::AtomicU32,
}

fn main() {}

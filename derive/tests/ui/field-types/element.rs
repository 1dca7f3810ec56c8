use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Pair(std::sync::atomic::AtomicU32, u8);

fn main() {}

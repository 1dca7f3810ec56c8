use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(version = 0)]
struct Zero {}

#[derive(Serialize, EventSchema)]
#[event(version = -1)]
struct Negative {}

#[derive(Serialize, EventSchema)]
#[event(version = 4294967296)]
struct Large {}

fn main() {}

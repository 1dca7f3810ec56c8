use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(version = 0)]
struct Zero {}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(version = -1)]
struct Negative {}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(version = 4294967296)]
struct Large {}

fn main() {}

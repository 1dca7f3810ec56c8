use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Id(#[serde(skip)] u32);

fn main() {}

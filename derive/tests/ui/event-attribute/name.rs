use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(name = "order requested")]
struct Spaces {}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(name = "")]
struct Empty {}

fn main() {}

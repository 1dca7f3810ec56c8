use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name = "order requested")]
struct Spaces {}

#[derive(Serialize, EventSchema)]
#[event(name = "")]
struct Empty {}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(topic = orders)]
struct NoQuotes {}

fn main() {}

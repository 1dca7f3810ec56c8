use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = name)]
enum Status {
    Open,
    Closed,
}

fn main() {}

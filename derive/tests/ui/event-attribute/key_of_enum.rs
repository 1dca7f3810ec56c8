use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(key = name)]
enum Status {
    Open,
    Closed,
}

fn main() {}

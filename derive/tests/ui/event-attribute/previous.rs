use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(version = 2, previous = "OrderV1")]
struct Quoted {
    seq: u32,
}

#[derive(Serialize, EventSchema)]
#[event(version = 2, newer = "maybe")]
struct Newer {
    seq: u32,
}

fn main() {}

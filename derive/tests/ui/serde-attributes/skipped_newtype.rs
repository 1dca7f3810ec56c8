use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Id(#[serde(skip)] u32);

fn main() {}

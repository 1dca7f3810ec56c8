use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(variant_identifier)]
enum Status {
    Open,
    Closed,
}

fn main() {}

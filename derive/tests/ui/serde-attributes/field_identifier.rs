use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(field_identifier)]
enum Status {
    Open,
    Closed,
}

fn main() {}

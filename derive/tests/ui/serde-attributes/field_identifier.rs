use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[serde(field_identifier)]
enum Status {
    Open,
    Closed,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
enum Status {
    #[serde(other)]
    Open,
    Closed,
}

fn main() {}

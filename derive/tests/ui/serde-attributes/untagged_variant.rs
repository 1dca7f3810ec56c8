use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
enum Status {
    Open,
    #[serde(untagged)]
    Other(String),
}

fn main() {}

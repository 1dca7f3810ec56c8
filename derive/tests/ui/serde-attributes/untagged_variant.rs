use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
enum Status {
    Open,
    #[serde(untagged)]
    Other(String),
}

fn main() {}

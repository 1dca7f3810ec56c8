use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
enum Status {
    #[serde(with = "by_hand")]
    Open(u8),
}

fn main() {}

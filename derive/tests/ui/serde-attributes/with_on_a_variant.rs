use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
enum Status {
    #[serde(with = "by_hand")]
    Open(u8),
}

fn main() {}

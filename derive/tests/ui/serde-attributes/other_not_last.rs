use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
enum Status {
    #[serde(other)]
    Open,
    Closed,
}

fn main() {}

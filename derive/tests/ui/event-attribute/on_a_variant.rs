use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
enum Status {
    #[event(name = "open")]
    Open,
    Closed,
}

fn main() {}

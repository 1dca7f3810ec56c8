use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
enum Status {
    #[event(name = "open")]
    Open,
    Closed,
}

fn main() {}

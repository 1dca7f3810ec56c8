use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
enum Status {
    #[validate(nested)]
    Open,
}

fn main() {}

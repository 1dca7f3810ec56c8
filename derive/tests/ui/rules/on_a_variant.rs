use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
enum Status {
    #[validate(nested)]
    Open,
}

fn main() {}

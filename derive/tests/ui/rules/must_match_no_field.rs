use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    password: String,
    #[validate(must_match(other = pasword))]
    again: String,
}

fn main() {}

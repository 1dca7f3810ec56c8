use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    password: String,
    #[validate(must_match(other = pasword))]
    again: String,
}

fn main() {}

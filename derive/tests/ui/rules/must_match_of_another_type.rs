use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    count: u32,
    #[validate(must_match(other = count))]
    again: String,
}

fn main() {}

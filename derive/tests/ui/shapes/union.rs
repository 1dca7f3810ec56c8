use event_schema::prelude::*;

#[derive(EventSchema)]
union Order {
    id: u64,
    number: u32,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(not_null)]
    seq: u32,
    #[event(not_null)]
    note: Option<String>,
}

fn main() {}

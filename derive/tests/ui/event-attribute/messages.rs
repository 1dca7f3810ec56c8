use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(messages(requird = "Say who.", invalid = 7))]
    order_id: String,
    #[event(messages)]
    note: String,
}

fn main() {}

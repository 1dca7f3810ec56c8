use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[event(messages(requird = "Say who.", invalid = 7))]
    order_id: String,
    #[event(messages)]
    note: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name = 7, version = "2", topic = 7, validate = 0, crate = "event_schema")]
struct Order {
    order_id: String,
}

fn main() {}

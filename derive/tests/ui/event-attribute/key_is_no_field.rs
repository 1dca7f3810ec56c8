use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(key = ordre_id)]
struct Order {
    order_id: String,
}

#[derive(Serialize, EventSchema)]
#[event(key = customer)]
struct Payment {
    cents: u32,
    currency: String,
}

#[derive(Serialize, EventSchema)]
#[event(key = id)]
struct Nothing {}

fn main() {}

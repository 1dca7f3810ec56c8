use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = ordre_id)]
struct Order {
    order_id: String,
}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = customer)]
struct Payment {
    cents: u32,
    currency: String,
}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = id)]
struct Nothing {}

fn main() {}

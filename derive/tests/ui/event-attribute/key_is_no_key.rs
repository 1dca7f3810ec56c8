use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = total)]
struct Order {
    total: f64,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = total)]
struct Order {
    total: f64,
}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(key = total)]
struct Newtype {
    total: Total,
}

#[derive(Serialize, JsonSchema, EventSchema)]
struct Total(f64);

fn main() {}

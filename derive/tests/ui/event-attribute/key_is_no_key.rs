use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(key = total)]
struct Order {
    total: f64,
}

#[derive(Serialize, EventSchema)]
#[event(key = total)]
struct Newtype {
    total: Total,
}

#[derive(Serialize, EventSchema)]
struct Total(f64);

fn main() {}

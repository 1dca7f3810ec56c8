use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(key = "order_id")]
struct Order {
    order_id: String,
}

#[derive(Serialize, EventSchema)]
#[event(key = self.id)]
struct Payment {
    id: String,
}

#[derive(Serialize, EventSchema)]
#[event(key = id.to_string())]
struct Refund {
    id: u64,
}

fn main() {}

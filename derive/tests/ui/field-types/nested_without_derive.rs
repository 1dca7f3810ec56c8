use event_schema::prelude::*;

#[derive(Serialize)]
struct Address {
    zip: String,
}

#[derive(Serialize, EventSchema)]
struct Order {
    address: Address,
    others: Vec<Address>,
}

fn main() {}

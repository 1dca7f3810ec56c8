use event_schema::prelude::*;

#[derive(Serialize, JsonSchema)]
struct Address {
    zip: String,
}

#[derive(Serialize, EventSchema)]
struct Order {
    address: Address,
    others: Vec<Address>,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, JsonSchema)]
struct Address {
    zip: String,
}

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    address: Address,
    others: Vec<Address>,
}

fn main() {}

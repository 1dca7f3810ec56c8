use std::collections::BTreeMap;

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Address {
    street: String,
}

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
    #[serde(flatten)]
    address: Address,
}

#[derive(Serialize, EventSchema)]
struct ManyMaps {
    #[serde(flatten)]
    counts: Option<Box<BTreeMap<String, u8>>>,
    #[serde(flatten)]
    rest: BTreeMap<String, String>,
}

fn main() {}

use std::collections::{BTreeMap, HashMap};

#[event_schema::event]
struct Order {
    by_bytes: BTreeMap<Vec<u8>, u8>,
    by_place: Option<Vec<HashMap<(u8, u8), String>>>,
    by_map: BTreeMap<BTreeMap<String, u8>, u8>,
    by_number: BTreeMap<Option<u8>, HashMap<bool, char>>,
}

fn main() {}

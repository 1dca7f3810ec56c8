use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(each(required, lenght(min = 1)))]
    tags: Vec<String>,
    #[event(keys = 1, values(nested))]
    stock: std::collections::BTreeMap<String, u8>,
}

fn main() {}

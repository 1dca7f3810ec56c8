use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(each(length(min = 1)))]
    order_id: String,
    #[event(keys(length(min = 1)))]
    tags: Vec<String>,
    #[event(each(range(min = 1)))]
    stock: std::collections::HashMap<String, u8>,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(length(min = 1))]
    order_id: String,
    #[event(each(each(range(max = 3))))]
    sizes: Vec<Vec<u8>>,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    order_id: &'static str,
    labels: Vec<&'static [u8]>,
}

fn main() {}

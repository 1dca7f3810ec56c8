use event_schema::prelude::*;

#[event_schema::event(versoin = 2)]
#[derive(Debug)]
struct Order {
    #[validate(length(minimum = 1))]
    #[serde(rename_al = "camelCase")]
    order_id: String,
}

fn main() {
    let order = Order::load(b"{}").unwrap();
    order.dump().unwrap();
}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(rename_all = "camelcase")]
struct Order {
    order_id: String,
}

#[derive(Serialize, EventSchema)]
struct Batch {
    orders: Vec<Order>,
}

fn main() {
    let order = Order::load(b"{}").unwrap();
    order.dump().unwrap();
    Batch::load(b"{}").unwrap().dump().unwrap();
}

#[event_schema::event(name = "order.requested")]
#[event_schema::event(version = 2)]
struct Order {
    order_id: String,
}

fn main() {}

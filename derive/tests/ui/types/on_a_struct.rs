#[event_schema::event(types)]
struct Order {
    id: u64,
}

fn main() {}

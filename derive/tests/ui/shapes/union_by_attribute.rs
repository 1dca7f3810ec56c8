#[event_schema::event]
union Order {
    id: u64,
    number: u32,
}

fn main() {}

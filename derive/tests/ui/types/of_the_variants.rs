#[event_schema::event]
struct Placed {
    id: u64,
}

#[event_schema::event(types, version = 2, key = id, previous = Placed, post_load = check)]
enum OrderEvent {
    Placed(Placed),
}

fn check(event: OrderEvent) -> OrderEvent {
    event
}

fn main() {}

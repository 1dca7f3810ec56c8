#[event_schema::event]
struct Placed {
    id: u64,
}

#[event_schema::event(types)]
enum OrderEvent {
    Placed(Placed),
    Cancelled { id: u64 },
    Lost,
    Two(Placed, Placed),
}

#[event_schema::event(types)]
enum Nothing {}

fn main() {}

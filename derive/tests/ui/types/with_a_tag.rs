use event_schema::prelude::*;

#[event_schema::event]
struct Placed {
    id: u64,
}

#[derive(Serialize, EventSchema)]
#[event(types)]
enum OrderEvent {
    Placed(Placed),
}

fn main() {}

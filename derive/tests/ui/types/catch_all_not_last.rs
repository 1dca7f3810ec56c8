use event_schema::OtherEvent;
use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name = "order.placed")]
struct Placed {
    id: u64,
}

#[event_schema::event(types)]
enum OrderEvent {
    Other(OtherEvent),
    Placed(Placed),
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(name = "order.placed")]
struct Placed {
    id: u64,
}

#[derive(Serialize, EventSchema)]
#[event(name = "order.placed", version = 2)]
struct PlacedV2 {
    id: u64,
}

#[derive(Serialize, EventSchema)]
#[event(name = "order.placed")]
struct Again {
    number: u64,
}

#[event_schema::event(types)]
enum OrderEvent {
    Placed(Placed),
    PlacedV2(PlacedV2),
    Again(Again),
}

#[event_schema::event]
struct Page<T> {
    item: T,
}

#[event_schema::event(types)]
enum Pages {
    Placed(Page<Placed>),
    Again(Page<Again>),
}

fn main() {}

//! A catch-all takes the messages of the variants after it.

use event_schema::prelude::*;
use event_schema::OtherEvent;

#[event_schema::event]
struct Placed {
    id: u64,
}

#[event_schema::event(types)]
enum Orders {
    Other(OtherEvent),
    Placed(Placed),
}

fn main() {}

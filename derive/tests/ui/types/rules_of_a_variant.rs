use event_schema::prelude::*;

#[event_schema::event]
struct Placed {
    id: u64,
}

#[event_schema::event(types)]
enum OrderEvent {
    Placed(#[validate(custom(function = check))] Placed),
    Again(#[event(sensitive)] Placed),
}

fn check(_: &Placed) -> Result<(), Violation> {
    Ok(())
}

fn main() {}

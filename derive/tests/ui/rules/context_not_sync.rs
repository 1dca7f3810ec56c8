use std::cell::Cell;

use event_schema::prelude::*;

struct Seen(Cell<u32>);

#[event_schema::event]
#[validate(context = Seen)]
struct Order {
    #[validate(custom(function = count, use_context))]
    id: u64,
}

fn count(_: u64, seen: &Seen) -> Result<(), Violation> {
    seen.0.set(seen.0.get() + 1);
    Ok(())
}

fn main() {}

//! A rule's function returns a violation, or what is made into violations.

use event_schema::prelude::*;

#[derive(Debug, Serialize, EventSchema)]
#[validate(schema(function = in_order))]
struct Slot {
    start: u32,
    #[validate(custom(function = even))]
    end: u32,
}

fn even(number: u32) -> Result<(), String> {
    if number % 2 == 0 { Ok(()) } else { Err("odd".to_owned()) }
}

fn in_order(slot: &Slot) -> Result<(), &'static str> {
    if slot.start < slot.end { Ok(()) } else { Err("order") }
}

fn main() {}

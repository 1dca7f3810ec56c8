use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(schema(function = in_order, field = ende))]
struct Slot {
    start: u32,
    end: u32,
}

fn in_order(_: &Slot) -> Result<(), Violation> {
    Ok(())
}

#[derive(Serialize, EventSchema)]
#[validate(schema(function = positive, field = count))]
struct Count(i32);

fn positive(_: &Count) -> Result<(), Violation> {
    Ok(())
}

fn main() {}

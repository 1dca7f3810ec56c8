#[event_schema::event]
fn order() {}

fn main() {}

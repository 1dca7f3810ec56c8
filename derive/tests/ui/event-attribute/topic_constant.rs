use event_schema::prelude::*;

const SLASH: &str = "orders/eu";
const NUMBER: u32 = 7;

#[derive(Serialize, EventSchema)]
#[event(topic = SLASH)]
struct Slash {}

#[derive(Serialize, EventSchema)]
#[event(topic = NUMBER)]
struct Number {}

#[derive(Serialize, EventSchema)]
#[event(topic = concat!("a", "b"))]
struct Made {}

fn main() {}

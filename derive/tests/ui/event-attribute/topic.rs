use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(topic = "orders/eu")]
struct Slash {}

#[derive(Serialize, EventSchema)]
#[event(topic = "..")]
struct Dots {}

#[derive(Serialize, EventSchema)]
#[event(topic = "")]
struct Empty {}

fn main() {}

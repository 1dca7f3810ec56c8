use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(topic = "orders/eu")]
struct Slash {}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(topic = "..")]
struct Dots {}

#[derive(Serialize, JsonSchema, EventSchema)]
#[event(topic = "")]
struct Empty {}

fn main() {}

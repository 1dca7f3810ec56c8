use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Pair(std::net::SocketAddr, u8);

fn main() {}

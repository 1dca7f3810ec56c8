use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    address: std::net::SocketAddr,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Peer {
    #[event(plain, not_null)]
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<std::net::IpAddr>,
}

#[derive(Serialize, EventSchema)]
struct Pair(u8, #[event(not_null)] Option<u8>);

#[event_schema::event]
struct Short {
    #[event(plain, not_null)]
    peer: Option<std::net::IpAddr>,
}

fn main() {}

use event_schema::prelude::*;

mod other {
    pub struct Order {
        pub order_id: String,
    }
}

#[derive(Serialize, EventSchema)]
#[serde(remote = "other::Order")]
struct Order {
    order_id: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(default = "one")]
    order_id: String,
}

fn one() -> u8 {
    1
}

fn main() {}

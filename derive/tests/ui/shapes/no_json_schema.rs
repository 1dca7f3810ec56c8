use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(json_schema = false)]
struct Order {
    order_id: String,
}

#[derive(Serialize, Deserialize)]
struct Foreign;

#[derive(Serialize, EventSchema)]
struct Holder {
    #[event(plain)]
    foreign: Foreign,
}

fn main() {}

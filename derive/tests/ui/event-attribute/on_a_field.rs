use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[event(name = "id")]
    order_id: String,
    #[event(plian, owner = "shop")]
    note: String,
}

fn main() {}

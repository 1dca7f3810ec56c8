use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[event(name = "id")]
    order_id: String,
    #[event(plian, owner = "shop")]
    note: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order<'a> {
    order_id: &'a str,
}

fn main() {}

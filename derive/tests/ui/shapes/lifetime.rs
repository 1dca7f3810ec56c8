use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order<'a> {
    order_id: &'a str,
}

fn main() {}

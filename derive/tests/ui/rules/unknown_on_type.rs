use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(schem(function = check))]
struct Order {
    order_id: String,
}

fn check(_: &Order) -> Result<(), Violation> {
    Ok(())
}

fn main() {}

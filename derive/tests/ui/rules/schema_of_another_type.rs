use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(schema(function = check))]
struct Order {
    order_id: String,
}

fn check(_: &String) -> Result<(), Violation> {
    Ok(())
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(custom(function = check, use_context))]
    order_id: String,
}

fn check(_: &str, _: &u32) -> Result<(), Violation> {
    Ok(())
}

fn main() {}

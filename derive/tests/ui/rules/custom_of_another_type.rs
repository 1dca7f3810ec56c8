use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(custom(function = check_sku))]
    sku: u32,
    #[validate(custom(function = missing))]
    name: String,
}

fn check_sku(_: &String) -> Result<(), Violation> {
    Ok(())
}

fn main() {}

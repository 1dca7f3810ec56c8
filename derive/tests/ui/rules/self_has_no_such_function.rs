use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(schema(function = Self::is_whole))]
struct Order {
    #[validate(custom(function = Self::is_small))]
    quantity: u32,
}

fn main() {}

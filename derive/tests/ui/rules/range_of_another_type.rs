use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(range(min = "1"))]
    quantity: u32,
    #[validate(range(max = 1.5))]
    slot: u8,
    #[validate(range(min = -1))]
    size: u16,
}

fn main() {}

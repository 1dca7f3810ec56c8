use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(email)]
    email: u32,
    #[validate(length(min = 1))]
    quantity: u32,
    #[validate(range(min = 1))]
    count: String,
    #[validate(url)]
    link: bool,
    #[validate(ip)]
    host: u64,
    #[validate(contains(pattern = "a"))]
    text: u8,
    #[validate(non_control_character)]
    plain: i64,
}

fn main() {}

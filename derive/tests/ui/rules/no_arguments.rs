use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length)]
    order_id: String,
    #[validate(range())]
    quantity: u32,
    #[validate(regex)]
    code: String,
    #[validate(contains)]
    note: String,
    #[validate(does_not_contain)]
    title: String,
    #[validate(must_match)]
    again: String,
    #[validate(custom)]
    sku: String,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(one_of("a", "b"))]
    order_id: String,
    #[validate(equal(7))]
    seq: u32,
    #[validate(each(length(min = 1)))]
    skus: Vec<String>,
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(ip(v4 = "yes"))]
    host: String,
    #[validate(contains(pattern = 7))]
    note: String,
    #[validate(length(min = 1, message = 7))]
    order_id: String,
    #[validate(custom(function = 7))]
    sku: String,
    #[validate(must_match(other = "a b"))]
    again: String,
    #[validate(nested = 1)]
    inner: String,
}

fn main() {}

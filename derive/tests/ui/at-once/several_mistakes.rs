use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[event(nmae = "order", version = 0, topik = "orders", key = ordr_id)]
#[serde(rename_all = "camelcase")]
struct Order<'a> {
    #[validate(length(minimum = 1), rang(min = 1), range(min = 2, max = 1))]
    #[validate(required)]
    order_id: String,
    #[validate(must_match(other = order))]
    again: String,
    note: &'a str,
}

fn main() {}

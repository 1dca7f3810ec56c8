use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[schemars(rename_all = "camelCase", transform = drop_titles, example)]
struct Order {
    #[schemars(rename = "id", length(min = 1), inline)]
    order_id: String,
    #[schemars(titel = "How many", extend("x-unit"), title = "a", title = "b")]
    quantity: u32,
}

#[derive(Serialize, EventSchema)]
enum Status {
    #[schemars(with = "String")]
    Paid(u8),
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[validate(schema(function = 7, skip_on_field_errors = 1))]
struct Order {
    order_id: String,
}

fn main() {}

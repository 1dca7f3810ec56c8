use event_schema::prelude::*;

use event_schema::validator::{Validate, ValidationErrors};

#[derive(Serialize, EventSchema)]
struct Order {
    #[validate(length(min = 1))]
    order_id: String,
}

impl Validate for Order {
    fn validate(&self) -> Result<(), ValidationErrors> {
        Ok(())
    }
}

fn main() {}

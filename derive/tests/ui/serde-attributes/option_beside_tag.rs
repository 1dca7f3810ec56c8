use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Address {
    street: String,
}

#[derive(Serialize, EventSchema)]
#[serde(tag = "type")]
enum Delivery {
    Sent(Option<Address>),
    #[serde(skip_serializing)]
    Old(Option<Address>),
    Back {
        #[serde(flatten)]
        value: Option<Address>,
    },
}

fn main() {}

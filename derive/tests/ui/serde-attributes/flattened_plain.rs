use event_schema::prelude::*;

#[derive(Serialize, Deserialize, schemars::JsonSchema)]
struct Extra {
    note: String,
}

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(flatten)]
    #[event(plain)]
    extra: Extra,
}

fn main() {}

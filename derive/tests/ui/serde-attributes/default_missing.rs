use event_schema::prelude::*;

struct Secret;

#[derive(Serialize, JsonSchema, EventSchema)]
struct Order {
    #[serde(skip)]
    secret: Secret,
}

fn main() {}

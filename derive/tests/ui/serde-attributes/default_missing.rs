use event_schema::prelude::*;

struct Secret;

#[derive(Serialize, EventSchema)]
struct Order {
    #[serde(skip)]
    secret: Secret,
}

fn main() {}

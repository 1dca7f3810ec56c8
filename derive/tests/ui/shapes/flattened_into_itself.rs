use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
struct Node {
    id: Option<u8>,
    #[serde(flatten)]
    next: Option<Box<Node>>,
}

#[derive(Serialize, EventSchema)]
#[serde(untagged)]
enum Either {
    One {
        #[serde(flatten)]
        other: Box<Self>,
    },
    None {},
}

fn main() {}

use event_schema::prelude::*;

#[derive(Serialize, EventSchema)]
#[serde(tag = "type")]
enum Formula {
    Not(Box<Formula>),
    Maybe(Option<Box<Self>>),
    Number { n: f64 },
}

#[derive(Serialize, EventSchema)]
#[schemars(inline)]
struct Tree {
    children: Vec<Tree>,
}

fn main() {}

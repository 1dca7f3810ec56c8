use std::collections::BTreeMap;

#[event_schema::event]
#[serde(tag = "kind")]
enum Means {
    Cash,
    Number(u32),
    Maybe(Option<Box<String>>),
    Many(Vec<u8>),
    Pair((u8, u8)),
    Fixed([u8; 2]),
    // These have fields.
    Map(BTreeMap<String, u8>),
    Nothing(()),
    #[serde(skip)]
    Never(u32),
}

fn main() {}

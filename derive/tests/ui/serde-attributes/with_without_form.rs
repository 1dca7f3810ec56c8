#[event_schema::event]
struct Theme {
    #[serde(with = "hex")]
    color: u32,
}

mod hex {
    use event_schema::serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(color: &u32, output: S) -> Result<S::Ok, S::Error> {
        output.serialize_u32(*color)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
        u32::deserialize(input)
    }
}

fn main() {}

//! uuid.

use serde::de::Deserializer;
use uuid::Uuid;

use crate::contract::{Place, Walk};
use crate::load::leaf::leaf;
use crate::load::{At, Context, Expected, FieldType, Leaf};

static UUID: Expected = Expected::new("UUID");

impl Leaf for Uuid {
    const EXPECTED: &'static Expected = &UUID;
    #[inline]
    fn from_text(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok()
    }
}

leaf! {
    Uuid {
        fn describe_key(walk: &mut Walk<'_>, map: &Place) {
            walk.map_keys(map, serde_json::json!({"format": "uuid"}));
        }
    }
}

//! uuid.

use serde::de::Deserializer;
use uuid::Uuid;

use crate::contract::Shape;
use crate::contract::shape::{Kind, Logical, Text};
use crate::load::leaf::leaf;
use crate::load::{At, Context, Expected, FieldType, Leaf, hint};

static UUID: Expected = Expected::new("UUID");

impl Leaf for Uuid {
    const EXPECTED: &'static Expected = &UUID;
    const HINT: Option<&'static str> = Some(hint::UUID);
    #[inline]
    fn from_text(text: &str) -> Option<Self> {
        Uuid::try_parse(text).ok()
    }
    #[inline]
    fn from_binary(bytes: &[u8]) -> Option<Self> {
        match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Some(Uuid::from_bytes(bytes)),
            // Its text.
            Err(_) => Uuid::try_parse_ascii(bytes).ok(),
        }
    }
}

leaf! {
    Uuid {
        #[cfg(feature = "avro")]
        #[inline]
        fn write_datum<'p>(
            &self,
            output: &mut crate::avro::write::Output<'p, '_>,
            op: &'p crate::avro::write::Op,
        ) -> Result<(), crate::error::Unwritable> {
            output.write_uuid(op, self.as_bytes(), self)
        }
        fn shape() -> Shape {
            Kind::Text(Text::of_format("Uuid", &["uuid"]).meaning(Logical::Uuid)).into()
        }
    }
}

//! Texts of the source: that of a value, and that of a key.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use super::json::RAW_TOKEN;

/// The text of a value, borrowed from the source where it can be.
pub(super) struct RawText<'de> {
    pub(super) text: Cow<'de, str>,
    /// Where it starts in the source, if that says so.
    pub(super) start: Option<usize>,
}

impl<'de> Deserialize<'de> for RawText<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct RawVisitor;

        impl<'de> Visitor<'de> for RawVisitor {
            type Value = RawText<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("any value")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let Some((_, Key(text))) = map.next_entry::<IgnoredAny, _>()? else {
                    return Err(A::Error::custom("a source that has no text"));
                };
                let start = map.next_entry::<IgnoredAny, usize>()?.map(|(_, start)| start);
                Ok(RawText { text, start })
            }
        }

        input.deserialize_newtype_struct(RAW_TOKEN, RawVisitor)
    }
}

/// The key of an entry, borrowed from the source where it can be.
pub(crate) struct Key<'de>(Cow<'de, str>);

impl Key<'_> {
    pub(crate) fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl std::ops::Deref for Key<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'de> Visitor<'de> for KeyVisitor {
            type Value = Key<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a key")
            }
            fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Self::Value, E> {
                Ok(Key(key.into()))
            }
            fn visit_str<E>(self, key: &str) -> Result<Self::Value, E> {
                Ok(Key(key.to_owned().into()))
            }
            fn visit_string<E>(self, key: String) -> Result<Self::Value, E> {
                Ok(Key(key.into()))
            }
        }

        input.deserialize_identifier(KeyVisitor)
    }
}

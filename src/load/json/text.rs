//! The parts of a value as texts, and texts put together.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Source;
use crate::load::raw::RawText;

/// The entries of an object, each with its value's text; `None` of what is no object.
pub(in crate::load) fn entries(text: &str) -> Option<Vec<(String, Cow<'_, str>)>> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Cow<'de, str>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((name, RawText { text, .. })) = map.next_entry()? {
                entries.push((name, text));
            }
            Ok(entries)
        }
    }

    Source::new(text).deserialize_map(Entries).ok()
}

/// The texts of a list's elements; `None` of what is no list.
pub(in crate::load) fn elements(text: &str) -> Option<Vec<Cow<'_, str>>> {
    struct Elements;

    impl<'de> Visitor<'de> for Elements {
        type Value = Vec<Cow<'de, str>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(RawText { text, .. }) = list.next_element()? {
                elements.push(text);
            }
            Ok(elements)
        }
    }

    Source::new(text).deserialize_seq(Elements).ok()
}

/// A text as a JSON string.
pub(in crate::load) fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

/// The entries of a JSON object, each with its value's text.
pub type Object = BTreeMap<String, Box<str>>;

/// The text of an object.
pub(in crate::load) fn to_text(entries: &Object) -> String {
    let mut text = ObjectText::new();
    for (name, value) in entries {
        text.push(name, value);
    }
    text.end()
}

/// An object whose values are there as texts.
pub(in crate::load) struct ObjectText(String);

impl ObjectText {
    pub(in crate::load) fn new() -> Self {
        Self("{".to_owned())
    }

    pub(in crate::load) fn push(&mut self, name: &str, value: &str) {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(name));
        self.0.push(':');
        self.0.push_str(value);
    }

    pub(in crate::load) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

//! The parts of a value as texts, and texts put together.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use super::Source;
use crate::load::raw::RawText;

/// The entries of an object, each with its value's text; `None` of what is no object.
pub(in crate::load) fn entries(text: &str) -> Option<Vec<(String, Box<str>)>> {
    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Vec<(String, Box<str>)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut entries = Vec::new();
            while let Some((name, RawText { text, .. })) = map.next_entry()? {
                entries.push((name, text.into()));
            }
            Ok(entries)
        }
    }

    Source::new(text).deserialize_map(Entries).ok()
}

/// The texts of a list's elements; `None` of what is no list.
pub(in crate::load) fn elements(text: &str) -> Option<Vec<Box<str>>> {
    struct Elements;

    impl<'de> Visitor<'de> for Elements {
        type Value = Vec<Box<str>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut elements = Vec::new();
            while let Some(RawText { text, .. }) = list.next_element()? {
                elements.push(text.into());
            }
            Ok(elements)
        }
    }

    Source::new(text).deserialize_seq(Elements).ok()
}

/// The text that a value of text is.
pub(in crate::load) fn string(text: &str) -> Option<String> {
    String::deserialize(&mut Source::new(text)).ok()
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
        let comma = if self.0.len() > 1 { "," } else { "" };
        // A string takes all.
        let _ = write!(self.0, "{comma}{}:{value}", Value::from(name));
    }

    pub(in crate::load) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

//! JSON as the texts of the messages need it.

use std::fmt;

use event_schema::prelude::*;
use event_schema::serde::Deserializer;
use event_schema::serde::de::{MapAccess, Visitor};
use event_schema::serde_json::value::RawValue;
use event_schema::serde_json::{self, Value};

/// A JSON text as a tree in which keys may be repeated and numbers are spelled in any way.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    Scalar(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// What a text is, to its last digit.
    pub(crate) fn parse(text: &str) -> Self {
        if text.starts_with('{') {
            Self::Object(serde_json::from_str::<Entries>(text).expect("an object").0)
        } else if text.starts_with('[') {
            let list: Vec<Box<RawValue>> = serde_json::from_str(text).expect("a list");
            Self::List(list.iter().map(|part| Self::parse(part.get())).collect())
        } else {
            Self::Scalar(text.to_owned())
        }
    }

    pub(crate) fn of(value: &Value) -> Self {
        Self::parse(&value.to_string())
    }

    /// A place that is still to be filled.
    pub(crate) const HOLE: Self = Self::Scalar(String::new());

    pub(crate) fn is_hole(&self) -> bool {
        matches!(self, Self::Scalar(text) if text.is_empty())
    }

    pub(crate) fn is_text(&self) -> bool {
        matches!(self, Self::Scalar(text) if text.starts_with('"'))
    }

    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Scalar(text) if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()))
    }

    pub(crate) fn is_null(&self) -> bool {
        matches!(self, Self::Scalar(text) if text == "null")
    }

    /// The text, if it is one.
    pub(crate) fn as_text(&self) -> Option<String> {
        match self {
            Self::Scalar(text) if self.is_text() => serde_json::from_str(text).ok(),
            _ => None,
        }
    }

    pub(crate) fn number(text: &str) -> Self {
        Self::Scalar(text.to_owned())
    }

    pub(crate) fn scalar(value: impl Into<Value>) -> Self {
        Self::Scalar(value.into().to_string())
    }

    pub(crate) fn to_text(&self) -> String {
        match self {
            Self::Scalar(text) => text.clone(),
            Self::List(list) => format!("[{}]", list.iter().map(Self::to_text).collect::<Vec<_>>().join(", ")),
            Self::Object(entries) => {
                let entry =
                    |(key, value): &(String, Self)| format!("{}: {}", Value::from(key.as_str()), value.to_text());
                format!("{{{}}}", entries.iter().map(entry).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// The places (JSON Pointers) of the keys that an object in it has twice.
    pub(crate) fn repeated_keys(&self) -> Vec<String> {
        let mut repeated = Vec::new();
        self.add_repeated_keys("", &mut repeated);
        repeated
    }

    fn add_repeated_keys(&self, here: &str, repeated: &mut Vec<String>) {
        match self {
            Self::Scalar(_) => {}
            Self::List(list) => {
                for (index, part) in list.iter().enumerate() {
                    part.add_repeated_keys(&format!("{here}/{index}"), repeated);
                }
            }
            Self::Object(entries) => {
                for (key, value) in entries {
                    let place = format!("{here}/{}", key.replace('~', "~0").replace('/', "~1"));
                    if entries.iter().filter(|(other, _)| other == key).count() > 1 {
                        repeated.push(place.clone());
                    }
                    value.add_repeated_keys(&place, repeated);
                }
            }
        }
    }

    /// The parts one level down.
    pub(crate) fn children(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Scalar(_) => Vec::new(),
            Self::List(list) => list.iter_mut().collect(),
            Self::Object(entries) => entries.iter_mut().map(|(_, value)| value).collect(),
        }
    }

    /// The part to which these places lead, each counted among its siblings.
    pub(crate) fn at(&mut self, places: &[usize]) -> Option<&mut Self> {
        match places.split_first() {
            None => Some(self),
            Some((first, rest)) => self.children().into_iter().nth(*first)?.at(rest),
        }
    }

    /// How many parts it has, itself and theirs too.
    pub(crate) fn size(&self) -> usize {
        1 + match self {
            Self::Scalar(_) => 0,
            Self::List(list) => list.iter().map(Self::size).sum(),
            Self::Object(entries) => entries.iter().map(|(_, value)| value.size()).sum(),
        }
    }

    /// Its `n`th part, itself being the first.
    pub(crate) fn part(&mut self, n: usize) -> &mut Self {
        if n == 0 {
            return self;
        }
        let mut before = 1;
        for part in self.children() {
            let size = part.size();
            if n < before + size {
                return part.part(n - before);
            }
            before += size;
        }
        unreachable!("there are as many parts as its size says")
    }
}

/// The entries of an object in their order, those with the same key too.
struct Entries(Vec<(String, Json)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct InOrder;

        impl<'de> Visitor<'de> for InOrder {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some((key, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    entries.push((key, Json::parse(value.get())));
                }
                Ok(Entries(entries))
            }
        }

        input.deserialize_map(InOrder)
    }
}

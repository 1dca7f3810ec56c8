//! The keys of maps.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;

use super::place::KeyText;
use super::{At, Context, FieldType};
use crate::violation::MASK;

/// A map's key where a value is asked for.
pub(super) struct KeyDeserializer<'a, E>(&'a str, PhantomData<E>);

impl<'a, E> KeyDeserializer<'a, E> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text, PhantomData)
    }
}

impl<'de, E: Error> Deserializer<'de> for KeyDeserializer<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, E> {
        if name == super::json::RAW_TOKEN {
            return super::json::visit_raw(serde_json::Value::from(self.0).to_string(), visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads a map's key that is on the wire what it holds; `build` makes it of that, with its rules.
#[doc(hidden)]
pub fn read_newtype_key<T: FieldType, K: FieldType>(
    text: &mut Option<String>,
    cx: &mut Context<'_>,
    map: &At<'_>,
    build: impl FnOnce(T, &mut Context<'_>, &At<'_>) -> Option<K>,
) -> Option<K> {
    let covered = map.cover();
    let map = if K::SENSITIVE { &covered } else { map };
    // Texts are taken, and the place is still asked for.
    let shown = text.clone().unwrap_or_default();
    let before = cx.mark();
    let inner = T::read_key(text, cx, map)?;
    let key = build(inner, cx, &map.map_key(&shown));
    key.filter(|_| cx.shape_findings_since(before) == 0)
}

/// The key as it is written; only a finding asks.
impl<K: FieldType> KeyText for K {
    fn key_text(&self) -> Cow<'_, str> {
        if K::SENSITIVE {
            return MASK.into();
        }
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(text)) => text.into(),
            Ok(other) => other.to_string().into(),
            Err(_) => "".into(),
        }
    }
}

/// A key that was read, with its text unless it took that.
pub(super) struct ReadKey<K> {
    pub(super) key: Option<K>,
    pub(super) text: Option<String>,
}

impl<K: FieldType> KeyText for ReadKey<K> {
    fn key_text(&self) -> Cow<'_, str> {
        match (&self.key, &self.text) {
            _ if K::SENSITIVE => MASK.into(),
            (_, Some(text)) => text.into(),
            (Some(key), None) => key.key_text(),
            (None, None) => "".into(),
        }
    }
}

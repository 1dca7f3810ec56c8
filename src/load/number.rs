//! Numbers as text: how they arrive when a dependency turns on `serde_json/arbitrary_precision`.
//!
//! `serde_json` then delivers every number as a map of one entry, the token and the number's text.
//! Cargo unifies features, so that this can happen to any program; without the feature the token is
//! a key like any other, and with it an input can still have an entry of this name. The two differ in
//! what they answer when an option is asked for: an entry gives `Some`, a number its bare text.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::drain::drain_map;
use super::json::{self, RAW_TOKEN, visit_raw};
pub(super) use super::json::{TOKEN, arrive_as_maps};

/// The text of the number that `map` is, or nothing for a real object; skips all of it.
pub(super) fn in_disguise<'de, A: MapAccess<'de>>(mut map: A) -> Result<Option<String>, A::Error> {
    if !arrive_as_maps() {
        drain_map(map)?;
        return Ok(None);
    }
    match map.next_key::<String>()? {
        Some(key) if key == TOKEN => {
            let under = map.next_value_seed(UnderToken(PhantomData::<IgnoredAny>))?;
            drain_map(map)?;
            Ok(match under {
                Under::Number(text) => Some(text),
                Under::Value(_) => None,
            })
        }
        Some(_) => {
            map.next_value::<IgnoredAny>()?;
            drain_map(map)?;
            Ok(None)
        }
        None => Ok(None),
    }
}

/// The value under the token.
pub(super) enum Under<T> {
    /// The text of a number.
    Number(String),
    /// The value of an entry that the input calls so.
    Value(T),
}

/// Reads what stands under the token, and a value by the seed.
pub(super) struct UnderToken<S>(pub(super) S);

impl<'de, S: DeserializeSeed<'de>> DeserializeSeed<'de> for UnderToken<S> {
    type Value = Under<S::Value>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_option(self)
    }
}

impl<'de, S: DeserializeSeed<'de>> Visitor<'de> for UnderToken<S> {
    type Value = Under<S::Value>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Under::Number(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Under::Number(text))
    }
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        self.0.deserialize(input).map(Under::Value)
    }
    fn visit_none<E: Error>(self) -> Result<Self::Value, E> {
        self.0.deserialize(Null::new()).map(Under::Value)
    }
    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        self.visit_none()
    }
}

/// The number as a `Value`, all its digits kept where `serde_json` can keep them; null if it is none.
pub(super) fn to_value(text: &str) -> Value {
    json::read(text).map_or(Value::Null, Value::Number)
}

/// A null where a value is asked for.
struct Null<E>(PhantomData<E>);

impl<E> Null<E> {
    fn new() -> Self {
        Self(PhantomData)
    }
}

impl<'de, E: Error> Deserializer<'de> for Null<E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_none()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, E> {
        if name == RAW_TOKEN { visit_raw("null", visitor) } else { visitor.visit_newtype_struct(self) }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

//! Numbers as text: how they arrive when a dependency turns on `serde_json/arbitrary_precision`.
//!
//! `serde_json` then delivers every number as a map of one entry, the token and the number's text.
//! Cargo unifies features, so that this can happen to any program; without the feature the token is
//! a key like any other, and with it an input can still have an entry of this name. The two differ in
//! what they answer when an option is asked for: an entry gives `Some`, a number its bare text.

use std::marker::PhantomData;
use std::sync::OnceLock;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::buffer::Null;
use super::drain::drain_map;
use super::json;
use super::leaf::Leaf;

/// The key of the map in which `serde_json` hides a number.
pub(super) const TOKEN: &str = "$serde_json::private::Number";

/// Whether numbers arrive as maps in this program; asked once, of `serde_json` itself.
pub(super) fn arrive_as_maps() -> bool {
    struct Probe;

    impl<'de> Visitor<'de> for Probe {
        type Value = bool;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a number")
        }
        fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
            Ok(false)
        }
        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<bool, A::Error> {
            drain_map(map)?;
            Ok(true)
        }
    }

    static ANSWER: OnceLock<bool> = OnceLock::new();
    // Asked with a fraction: some versions deliver integers of 64 bits as ever.
    *ANSWER.get_or_init(|| serde_json::Deserializer::from_str("0.5").deserialize_any(Probe).unwrap_or(false))
}

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

/// What stands under the token.
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

/// Hands a number's text to a leaf in the form in which `serde_json` delivers it otherwise.
pub(super) fn to_leaf<T: Leaf>(text: &str) -> Option<T> {
    // "-0" is no integer to serde_json: it keeps its sign as a float.
    if text != "-0" && !text.contains(['.', 'e', 'E']) {
        if let Ok(value) = text.parse() {
            return T::from_u64(value);
        }
        if let Ok(value) = text.parse() {
            return T::from_i64(value);
        }
    }
    text.parse().ok().filter(|value: &f64| value.is_finite()).and_then(T::from_f64)
}

/// A number that is a map's key: by JSON's grammar, as `serde_json` reads it.
pub(super) fn from_key<T: Leaf>(text: &str) -> Option<T> {
    if json::is_number(text) { T::from_digits(text) } else { None }
}

/// The number as a `Value`, all its digits kept where `serde_json` can keep them; null if it is none.
pub(super) fn to_value(text: &str) -> Value {
    serde_json::from_str(text).map_or(Value::Null, Value::Number)
}

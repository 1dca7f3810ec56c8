//! Any value, read as a [`Value`] whose depth counts.

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::context::Context;
use super::number::{self, Under, UnderToken};

/// Reads it.
pub(super) struct AnyValue<'a, 'c>(pub(super) &'a mut Context<'c>);

impl<'de> DeserializeSeed<'de> for AnyValue<'_, '_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(value.into())
    }
    fn visit_u128<E>(self, value: u128) -> Result<Self::Value, E> {
        Ok(number::to_value(&value.to_string()))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Self::Value, E> {
        Ok(number::to_value(&value.to_string()))
    }
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(text.into())
    }
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(text.into())
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Null)
    }
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        self.0.enter()?;
        let mut list = Vec::new();
        while let Some(value) = seq.next_element_seed(AnyValue(self.0))? {
            list.push(value);
        }
        self.0.leave();
        Ok(list.into())
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        self.0.enter()?;
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if key == number::TOKEN && number::arrive_as_maps() {
                match map.next_value_seed(UnderToken(AnyValue(self.0)))? {
                    Under::Value(value) => drop(object.insert(key, value)),
                    Under::Number(text) => {
                        self.0.leave();
                        return Ok(number::to_value(&text));
                    }
                }
            } else {
                object.insert(key, map.next_value_seed(AnyValue(self.0))?);
            }
        }
        self.0.leave();
        Ok(object.into())
    }
}

//! A map's key as a source: [`KeyDeserializer`].

use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};
use serde::forward_to_deserialize_any;

use super::json::{RAW_TOKEN, visit_raw};

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
        if name == RAW_TOKEN {
            return visit_raw(serde_json::Value::from(self.0).to_string(), visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

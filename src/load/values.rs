//! Any JSON value, any object, any number, and null.

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::{RawValue, to_raw_value};

use super::any::AnyValue;
use super::buffer::Leftovers;
use super::context::Sharing;
use super::drain::drain_map;
use super::expected::{MAPPING, NUMBER};
use super::leaf::{Leaf, leaf};
use super::patch::{self, Object};
use super::{At, Context, Dialect, Expected, FieldType};
use crate::contract::Shape;
use crate::contract::shape::Kind;

/// Any JSON value. Read here and not by its own `Deserialize`, so that its depth counts.
impl FieldType for serde_json::Value {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, D::Error> {
        AnyValue(cx).deserialize(input).map(Some)
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }

    fn takes_all<N>() -> bool {
        true
    }

    fn patch(&mut self, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
        match self {
            Self::Object(object) if input.starts_with('{') => object.patch(input, cx, at),
            this => patch::replace(this, input, cx, at),
        }
    }

    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        self.patch(&patch::to_text(rest), cx, at);
    }

    fn shape() -> Shape {
        Shape::any()
    }
}

/// A JSON object of any shape.
impl FieldType for serde_json::Map<String, serde_json::Value> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        match AnyValue(cx).deserialize(input)? {
            serde_json::Value::Object(map) => return Ok(Some(map)),
            serde_json::Value::Null => cx.null(at, &MAPPING),
            _ => cx.invalid(at, &MAPPING),
        }
        Ok(None)
    }

    fn takes_all<N>() -> bool {
        true
    }

    fn patch(&mut self, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
        for (name, value) in patch::entries(input, cx, at) {
            match self.get_mut(&name) {
                Some(here) => here.patch(&value, cx, at),
                None => drop(patch::read(&value, cx, at).map(|value| self.insert(name, value))),
            }
        }
    }

    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        self.patch(&patch::to_text(rest), cx, at);
    }

    fn shape() -> Shape {
        Shape::map(Shape::any())
    }
}

impl Leaf for serde_json::Number {
    const EXPECTED: &'static Expected = &NUMBER;
    fn from_u64(value: u64) -> Option<Self> {
        Some(value.into())
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value.into())
    }
    fn from_f64(value: f64) -> Option<Self> {
        Self::from_f64(value)
    }
    // Asked with `serde_json/arbitrary_precision` only.
    fn from_digits(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

leaf! {
    serde_json::Number {
        fn shape() -> Shape {
            Shape::number()
        }
    }
}

/// Any JSON, kept as its text.
impl FieldType for Box<RawValue> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, D::Error> {
        if cx.dialect() == Dialect::Json {
            let raw = Self::deserialize(input)?;
            cx.enclose(raw.get())?;
            return Ok(Some(raw));
        }
        // Its levels count while it is read: a datum of a recursive Avro schema may have any number of them.
        let value = AnyValue(cx).deserialize(input)?;
        to_raw_value(&value).map(Some).map_err(D::Error::custom)
    }

    fn is_null(&self) -> bool {
        self.get() == "null"
    }

    fn shape() -> Shape {
        Shape::any()
    }
}

/// Tells whether an object has no entries, and skips those that it has.
struct IsEmpty;

impl<'de> Visitor<'de> for IsEmpty {
    type Value = bool;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        if map.next_key::<IgnoredAny>()?.is_none() {
            return Ok(true);
        }
        map.next_value::<IgnoredAny>()?;
        drain_map(map)?;
        Ok(false)
    }
}

/// The unit type, which is null in JSON.
impl FieldType for () {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        static NULL: Expected = Expected::new("null");
        // Where there is no place for a null, serde writes nothing: behind a tag nothing else may stand either.
        if let Some(sharing) = cx.shared() {
            cx.record_object(at);
            let empty = input.deserialize_map(IsEmpty)?;
            if sharing != Sharing::Flattened && !empty {
                cx.invalid(at, &NULL);
                return Ok(None);
            }
            return Ok(Some(()));
        }
        // One token is all it takes to tell; what is no null is read as anything and refused.
        let value = Option::<IgnoredAny>::deserialize(input)?;
        if value.is_some() {
            cx.invalid(at, &NULL);
        }
        Ok(value.is_none().then_some(()))
    }

    fn read_flat<E: Error>(_: &mut Leftovers<'_>, _: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, E> {
        Ok(Some(()))
    }

    // There is nothing to put anything into.
    fn patch_flat(&mut self, _: &mut Object, _: &mut Context<'_>, _: &At<'_>) {}

    fn is_null(&self) -> bool {
        true
    }

    fn shape() -> Shape {
        Kind::Null.into()
    }
}

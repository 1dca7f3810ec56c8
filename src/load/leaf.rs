//! Values without parts: one visitor for all of them, and the standard library's.

use std::marker::PhantomData;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::buffer::{Leftovers, RawText};
use super::context::Sharing;
use super::number::{self, Under, UnderToken};
use super::patch::{self, Object};
use super::{At, Context, Dialect, Expected, FieldType, json};
use crate::contract::Shape;
use crate::contract::shape::{Float, Integer, Text};

/// A value without parts: each method takes one form in which a format may deliver it.
///
/// Whatever has no method, or for which it answers `None`, is noted as "Not a valid ...".
///
/// [`FieldType`] shows an implementation for a number. One that counts on every digit asks for the
/// number's text:
///
/// ```
/// use event_schema::contract::Shape;
/// use event_schema::load::{At, Context, Expected, FieldType, Leaf, read_leaf};
/// use event_schema::{EventSchema, Serialize};
/// use event_schema::serde::Deserializer;
///
/// /// A number as it is written.
/// #[derive(Debug, PartialEq, Serialize)]
/// struct Digits(String);
///
/// impl Leaf for Digits {
///     const EXPECTED: &'static Expected = { static E: Expected = Expected::new("number"); &E };
///     const DIGITS: bool = true;
///
///     fn from_digits(text: &str) -> Option<Self> {
///         Some(Digits(text.to_owned()))
///     }
/// }
///
/// impl FieldType for Digits {
///     fn read<'de, D: Deserializer<'de>>(
///         input: D,
///         cx: &mut Context<'_>,
///         at: &At<'_>,
///     ) -> Result<Option<Self>, D::Error> {
///         read_leaf(input, cx, at)
///     }
///
///     fn shape() -> Shape {
///         Shape::number()
///     }
/// }
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// struct Rate { rate: Digits }
///
/// let rate = Rate::load_str(r#"{"rate": 0.100000000000000000000000001}"#).unwrap();
/// assert_eq!(rate.rate, Digits("0.100000000000000000000000001".to_owned()));
/// assert!(Rate::load_str(r#"{"rate": "0.1"}"#).is_err());
/// ```
///
/// The methods can be asked one by one:
///
/// ```
/// use event_schema::load::Leaf;
///
/// assert_eq!(bool::from_bool(true), Some(true));
/// assert_eq!(u8::from_u64(255), Some(255));
/// assert_eq!(u8::from_u64(256), None);
/// assert_eq!(i8::from_i64(-128), Some(-128));
/// assert_eq!(f64::from_f64(0.5), Some(0.5));
/// assert_eq!(i128::from_digits("18446744073709551616"), Some(1 << 64));
/// assert_eq!(char::from_text("x"), Some('x'));
/// assert_eq!(String::from_owned_text("x".to_owned()), Some("x".to_owned()));
/// ```
pub trait Leaf: Sized {
    /// What the value is called.
    const EXPECTED: &'static Expected;

    /// Whether numbers are taken by their text, for types that hold more digits than a float.
    const DIGITS: bool = false;

    /// Whether a number is rounded to an `f32` at once: by way of an `f64` it can come out one off.
    #[doc(hidden)]
    const SINGLE: bool = false;

    /// From a boolean. For this and the following see the examples of [`Leaf`].
    #[must_use]
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
    /// From an integer from 0 up.
    #[must_use]
    fn from_u64(_: u64) -> Option<Self> {
        None
    }
    /// From an integer below 0.
    #[must_use]
    fn from_i64(_: i64) -> Option<Self> {
        None
    }
    /// From a number that is written as no integer, or lies beyond 64 bits.
    #[must_use]
    fn from_f64(_: f64) -> Option<Self> {
        None
    }
    /// From a number's text, as JSON spells it: asked where [`DIGITS`](Self::DIGITS) says so and the
    /// source still has the text. The default reads it and asks the methods above.
    #[must_use]
    fn from_digits(text: &str) -> Option<Self> {
        number::to_leaf(text)
    }
    /// From text.
    #[must_use]
    fn from_text(_: &str) -> Option<Self> {
        None
    }
    /// From text that is already owned.
    #[must_use]
    fn from_owned_text(text: String) -> Option<Self> {
        Self::from_text(&text)
    }
}

/// Reads a leaf.
///
/// It asks with `deserialize_any`: a typed hint would not consume a `[` or `{` that it does not
/// expect, and the place in the stream would be lost. See the examples of [`Leaf`] and [`FieldType`].
///
/// # Errors
/// If the source itself is broken.
#[inline]
pub fn read_leaf<'de, T: Leaf, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    if T::DIGITS && cx.dialect() == Dialect::Json {
        return read_by_text(input, cx, at);
    }
    let visitor = LeafVisitor { cx, at, of: PhantomData };
    if T::SINGLE { input.deserialize_newtype_struct(json::SINGLE, visitor) } else { input.deserialize_any(visitor) }
}

/// Reads a leaf by its text, so that a number keeps all its digits.
fn read_by_text<'de, T: Leaf, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    let RawText { text, start } = RawText::deserialize(input)?;
    let visitor = LeafVisitor { cx, at, of: PhantomData };
    if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) {
        return Ok(visitor.accept(T::from_digits(&text)));
    }
    json::Source::new(&text).deserialize_any(visitor).map_err(|error| D::Error::custom(error.of_part(start)))
}

struct LeafVisitor<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<T: Leaf> LeafVisitor<'_, '_, T> {
    #[inline]
    fn accept(self, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.cx.invalid(self.at, T::EXPECTED);
        }
        value
    }

    #[cold]
    fn null(self) -> Option<T> {
        self.cx.null(self.at, T::EXPECTED);
        None
    }
}

impl<'de, T: Leaf> Visitor<'de> for LeafVisitor<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_bool(value)))
    }
    #[inline]
    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_u64(value)))
    }
    #[inline]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        // Some formats deliver every integer as an i64.
        Ok(self.accept(match u64::try_from(value) {
            Ok(value) => T::from_u64(value),
            Err(_) => T::from_i64(value),
        }))
    }
    #[inline]
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_f64(value)))
    }
    // A `Value` has them with `serde_json/arbitrary_precision`.
    fn visit_u128<E>(self, value: u128) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_digits(&value.to_string())))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_digits(&value.to_string())))
    }
    #[inline]
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_text(text)))
    }
    #[inline]
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_owned_text(text)))
    }
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(self.accept(None))
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.null())
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(self.null())
    }
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    fn visit_newtype_struct<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq)?;
        Ok(self.accept(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let value = number::in_disguise(map)?.and_then(|text| T::from_digits(&text));
        Ok(self.accept(value))
    }
}

/// Skips what is left of a list.
pub(super) fn drain_seq<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<(), A::Error> {
    while seq.next_element::<IgnoredAny>()?.is_some() {}
    Ok(())
}

/// Skips what is left of an object.
pub(super) fn drain_map<'de, A: MapAccess<'de>>(mut map: A) -> Result<(), A::Error> {
    while map.next_key::<IgnoredAny>()?.is_some() {
        map.next_value::<IgnoredAny>()?;
    }
    Ok(())
}

/// Implements [`FieldType`] for leaves; what follows the type are its other methods.
macro_rules! leaf {
    ($($type:ty { $($body:item)* })*) => {$(
        impl FieldType for $type {
            #[inline]
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                $crate::load::leaf::read_leaf(input, cx, at)
            }
            $($body)*
        }
    )*};
}
pub(super) use leaf;

pub(super) static STRING: Expected = Expected::new("string");
static BOOLEAN: Expected = Expected::new("boolean");
static INTEGER: Expected = Expected::new("integer");
pub(crate) static NUMBER: Expected = Expected::new("number");
static CHARACTER: Expected = Expected::new("character");

impl Leaf for String {
    const EXPECTED: &'static Expected = &STRING;
    #[inline]
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    #[inline]
    fn from_owned_text(text: String) -> Option<Self> {
        Some(text)
    }
}

impl Leaf for bool {
    const EXPECTED: &'static Expected = &BOOLEAN;
    #[inline]
    fn from_bool(value: bool) -> Option<Self> {
        Some(value)
    }
}

impl Leaf for char {
    const EXPECTED: &'static Expected = &CHARACTER;
    fn from_text(text: &str) -> Option<Self> {
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

/// The key of a map's entry, read by `parse`.
pub(super) fn read_leaf_key<T: Leaf>(
    text: &mut Option<String>,
    cx: &mut Context<'_>,
    map: &At<'_>,
    parse: fn(&str) -> Option<T>,
) -> Option<T> {
    let text = text.as_deref().unwrap_or_default();
    let key = parse(text);
    if key.is_none() {
        cx.invalid(&map.map_key(text), T::EXPECTED);
    }
    key
}

leaf! {
    String {
        fn read_key(text: &mut Option<String>, _: &mut Context<'_>, _: &At<'_>) -> Option<Self> {
            text.take()
        }
        fn shape() -> Shape {
            Shape::text()
        }
    }
    bool {
        fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
            read_leaf_key(text, cx, map, |text| text.parse().ok())
        }
        fn shape() -> Shape {
            Shape::Boolean
        }
    }
    char {
        fn shape() -> Shape {
            Shape::Text(Text { name: "Character", character: true, ..Text::PLAIN })
        }
    }
}

/// The shape of an integer.
macro_rules! integer {
    ($type:ty, $format:literal) => {
        Shape::Integer(Integer {
            format: $format,
            name: $format,
            #[allow(clippy::cast_lossless, clippy::cast_possible_wrap, reason = "the least fits, of any width")]
            min: <$type>::MIN as i128,
            #[allow(clippy::cast_sign_loss, clippy::cast_lossless, reason = "the largest is positive")]
            max: <$type>::MAX as u128,
            zero: true,
            saturates: false,
        })
    };
}

macro_rules! integers {
    ($($type:ty: $format:literal)*) => {$(
        impl Leaf for $type {
            const EXPECTED: &'static Expected = &INTEGER;
            #[inline]
            fn from_u64(value: u64) -> Option<Self> {
                value.try_into().ok()
            }
            #[inline]
            fn from_i64(value: i64) -> Option<Self> {
                value.try_into().ok()
            }
        }

        leaf! {
            $type {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, number::from_key)
                }
                fn shape() -> Shape {
                    integer!($type, $format)
                }
            }
        }
    )*};
}

integers! {
    u8: "uint8" u16: "uint16" u32: "uint32" u64: "uint64" usize: "uint"
    i8: "int8" i16: "int16" i32: "int32" i64: "int64" isize: "int"
}

/// Beyond 64 bits a number is a float to everyone but its text. A `Value` has no text: there, and
/// only there, such a number is refused, as serde refuses it.
macro_rules! wide_integers {
    ($($type:ident: $format:literal)*) => {$(
        impl Leaf for $type {
            const EXPECTED: &'static Expected = &INTEGER;
            const DIGITS: bool = true;
            fn from_u64(value: u64) -> Option<Self> {
                value.try_into().ok()
            }
            fn from_i64(value: i64) -> Option<Self> {
                value.try_into().ok()
            }
            fn from_digits(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }

        leaf! {
            $type {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, number::from_key)
                }
                fn shape() -> Shape {
                    integer!($type, $format)
                }
            }
        }
    )*};
}

wide_integers!(u128: "uint128" i128: "int128");

/// JSON has no infinities and no NaN: a float that is one could be written only as null.
macro_rules! floats {
    ($($type:ident $name:literal $max:expr;)*) => {$(
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_lossless,
            reason = "as serde reads numbers into floats: to the nearest")]
        impl Leaf for $type {
            const EXPECTED: &'static Expected = &NUMBER;
            const SINGLE: bool = <$type>::MANTISSA_DIGITS == f32::MANTISSA_DIGITS;
            #[inline]
            fn from_u64(value: u64) -> Option<Self> {
                Some(value as $type)
            }
            #[inline]
            fn from_i64(value: i64) -> Option<Self> {
                Some(value as $type)
            }
            #[inline]
            fn from_f64(value: f64) -> Option<Self> {
                Some(value as $type).filter(|value| value.is_finite())
            }
            fn from_digits(text: &str) -> Option<Self> {
                text.parse().ok().filter(|value: &$type| value.is_finite())
            }
        }

        leaf! {
            $type {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, number::from_key)
                }
                #[inline]
                fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                    if !self.is_finite() {
                        cx.unreadable(at, &NUMBER);
                    }
                }
                fn shape() -> Shape {
                    Shape::Float(Float { name: $name, max: $max })
                }
            }
        }
    )*};
}

floats! {
    // Up to here numbers are read as f32::MAX, which itself is written as 3.4028235e38.
    f32 "float" Some(3.402_823_567_797_336_2e38);
    f64 "double" None;
}

/// Any JSON value. Read here and not by its own `Deserialize`, so that its depth counts.
impl FieldType for serde_json::Value {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, D::Error> {
        AnyValue(cx).deserialize(input).map(Some)
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }

    fn patch(&mut self, input: &Self, cx: &mut Context<'_>, at: &At<'_>) {
        match (self, input) {
            (Self::Object(object), Self::Object(_)) => object.patch(input, cx, at),
            (this, _) => *this = input.clone(),
        }
    }

    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        self.patch(&Self::Object(rest.clone()), cx, at);
    }

    fn shape() -> Shape {
        Shape::Any
    }
}

pub(super) struct AnyValue<'a, 'c>(pub(super) &'a mut Context<'c>);

impl<'de> DeserializeSeed<'de> for AnyValue<'_, '_> {
    type Value = serde_json::Value;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for AnyValue<'_, '_> {
    type Value = serde_json::Value;

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
        Ok(serde_json::Value::Null)
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(serde_json::Value::Null)
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
        let mut object = serde_json::Map::new();
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

/// A JSON object of any shape.
impl FieldType for serde_json::Map<String, serde_json::Value> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        match AnyValue(cx).deserialize(input)? {
            serde_json::Value::Object(map) => return Ok(Some(map)),
            serde_json::Value::Null => cx.null(at, &super::containers::MAPPING),
            _ => cx.invalid(at, &super::containers::MAPPING),
        }
        Ok(None)
    }

    fn patch(&mut self, input: &serde_json::Value, cx: &mut Context<'_>, at: &At<'_>) {
        for (name, value) in patch::entries(input, cx, at).into_iter().flatten() {
            match self.get_mut(name) {
                Some(here) => here.patch(value, cx, at),
                None => drop(self.insert(name.clone(), value.clone())),
            }
        }
    }

    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        self.patch(&serde_json::Value::Object(rest.clone()), cx, at);
    }

    fn shape() -> Shape {
        Shape::map(Shape::Any)
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
            Shape::Number
        }
    }
}

/// Any JSON, kept as its text.
impl FieldType for Box<RawValue> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, D::Error> {
        let raw = Self::deserialize(input)?;
        cx.enclose(raw.get())?;
        Ok(Some(raw))
    }

    fn is_null(&self) -> bool {
        self.get() == "null"
    }

    fn shape() -> Shape {
        Shape::Any
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
            let empty = input.deserialize_map(IsEmpty)?;
            if sharing == Sharing::Tagged && !empty {
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
        Shape::Null
    }
}

//! Leaves: values that have no parts.

use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::drain::drain_seq;
use super::number;
use super::raw::RawText;
use super::{At, Context, Dialect, Expected, json};

/// A value without fields or elements: each method converts one form of input.
///
/// Input without a method, or for which the method returns `None`, is reported as "Not a valid ...".
///
/// [`FieldType`](super::FieldType) has an example for a number. A type that needs every digit reads the number's text:
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
/// The methods can also be called directly:
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
    /// The name of the value in messages.
    const EXPECTED: &'static Expected;

    /// Whether numbers are read from their text, for types that hold more digits than a float.
    const DIGITS: bool = false;

    /// The form that it asks a source for: one of the [words](super::hint) for it.
    #[doc(hidden)]
    const HINT: Option<&'static str> = None;

    /// The violation of an integer outside the range of the type, if the type has two bounds.
    #[doc(hidden)]
    const RANGE: Option<&'static Expected> = None;

    /// From a boolean. For this and the following methods see the examples of [`Leaf`].
    #[must_use]
    fn from_bool(_: bool) -> Option<Self> {
        None
    }
    /// From a non-negative integer.
    #[must_use]
    fn from_u64(_: u64) -> Option<Self> {
        None
    }
    /// From a negative integer.
    #[must_use]
    fn from_i64(_: i64) -> Option<Self> {
        None
    }
    /// From a number that is not an integer, or does not fit into 64 bits.
    #[must_use]
    fn from_f64(_: f64) -> Option<Self> {
        None
    }
    /// From a number's text, as written in JSON: called if [`DIGITS`](Self::DIGITS) is `true` and the source still
    /// has the text. The default parses it and calls the methods above.
    #[must_use]
    fn from_digits(text: &str) -> Option<Self> {
        from_number(text)
    }
    /// From text.
    #[must_use]
    fn from_text(_: &str) -> Option<Self> {
        None
    }
    /// From the bytes of the form that it [asked](Self::HINT) for.
    #[doc(hidden)]
    #[must_use]
    fn from_binary(_: &[u8]) -> Option<Self> {
        None
    }
    /// From an owned string.
    #[must_use]
    fn from_owned_text(text: String) -> Option<Self> {
        Self::from_text(&text)
    }
}

/// Reads a leaf.
///
/// It uses `deserialize_any`, because a typed hint would not consume an unexpected `[` or `{`, and the position in the
/// input would be lost. See the examples of [`Leaf`] and [`FieldType`](super::FieldType).
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
    match T::HINT {
        Some(hint) => input.deserialize_newtype_struct(hint, visitor),
        None => input.deserialize_any(visitor),
    }
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

    /// Accepts the value of an integer, if the type has one for it.
    #[inline]
    fn accept_integer(self, value: Option<T>) -> Option<T> {
        if value.is_none() {
            self.cx.invalid(self.at, T::RANGE.unwrap_or(T::EXPECTED));
        }
        value
    }

    /// A number that is no integer of 64 bits.
    #[cold]
    fn reject_number(self, number: f64) -> Option<T> {
        #[allow(clippy::cast_precision_loss, reason = "the ends are powers of two")]
        let beyond = number <= i64::MIN as f64 || number >= u64::MAX as f64;
        self.cx.invalid(self.at, T::RANGE.filter(|_| beyond).unwrap_or(T::EXPECTED));
        None
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
        Ok(self.accept_integer(T::from_u64(value)))
    }
    #[inline]
    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        // Some formats deliver every integer as an i64.
        Ok(self.accept_integer(match u64::try_from(value) {
            Ok(value) => T::from_u64(value),
            Err(_) => T::from_i64(value),
        }))
    }
    #[inline]
    fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
        match T::from_f64(value) {
            Some(read) => Ok(Some(read)),
            None => Ok(self.reject_number(value)),
        }
    }
    // A `Value` has them with `serde_json/arbitrary_precision`.
    fn visit_u128<E>(self, value: u128) -> Result<Self::Value, E> {
        Ok(self.accept_integer(T::from_digits(&value.to_string())))
    }
    fn visit_i128<E>(self, value: i128) -> Result<Self::Value, E> {
        Ok(self.accept_integer(T::from_digits(&value.to_string())))
    }
    #[inline]
    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_text(text)))
    }
    #[inline]
    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_owned_text(text)))
    }
    #[inline]
    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Self::Value, E> {
        Ok(self.accept(T::from_binary(bytes)))
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
    #[inline]
    fn visit_newtype_struct<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq)?;
        Ok(self.accept(None))
    }
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let Some(text) = number::in_disguise(map)? else { return Ok(self.accept(None)) };
        match T::from_digits(&text) {
            Some(read) => Ok(Some(read)),
            None => Ok(self.reject_number(text.parse().unwrap_or_default())),
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

/// Hands a number's text to a leaf in the form in which `serde_json` delivers it otherwise.
pub(super) fn from_number<T: Leaf>(text: &str) -> Option<T> {
    // "-0" is no integer to serde_json: it keeps its sign as a float.
    if text != "-0" && !text.contains(['.', 'e', 'E']) {
        if let Ok(value) = text.parse() {
            return T::from_u64(value);
        }
        if let Ok(value) = text.parse() {
            return T::from_i64(value);
        }
    }
    json::nearest(text).filter(|value: &f64| value.is_finite()).and_then(T::from_f64)
}

/// A number that is a map's key: by JSON's grammar, as `serde_json` reads it.
pub(super) fn from_number_key<T: Leaf>(text: &str) -> Option<T> {
    if json::is_number(text) { T::from_digits(text) } else { None }
}

/// Implements `FieldType` for leaves; what follows the type are its other methods.
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

//! Texts, booleans, characters, integers and floats.

use serde::de::Deserializer;

use super::expected::{NUMBER, STRING};
use super::leaf::{Leaf, from_number, from_number_key, leaf, read_leaf_key};
use super::{At, Context, Expected, FieldType, hint, json};
use crate::contract::Shape;
use crate::contract::shape::{Float, Integer, Kind, Text};
use crate::violation::Param;

static BOOLEAN: Expected = Expected::new("boolean");
static INTEGER: Expected = Expected::new("integer");
static CHARACTER: Expected = Expected::new("character");

impl Leaf for String {
    const EXPECTED: &'static Expected = &STRING;
    const HINT: Option<&'static str> = Some(hint::TEXT);
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

leaf! {
    String {
        #[cfg(feature = "avro")]
        #[inline]
        fn read_datum(
            datum: crate::avro::read::Datum<'_, '_>,
            cx: &mut Context<'_>,
            put: &mut impl crate::avro::read::Put<Self>,
        ) -> Result<(), crate::error::Malformed> {
            datum.read_text(cx, put)
        }
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
            Kind::Boolean.into()
        }
    }
    char {
        fn shape() -> Shape {
            Kind::Text(Text { name: "Character", character: true, ..Text::PLAIN }).into()
        }
    }
}

/// The shape of an integer.
macro_rules! integer {
    ($type:ty, $format:literal) => {
        Kind::Integer(Integer {
            format: $format,
            name: $format,
            #[allow(clippy::cast_lossless, clippy::cast_possible_wrap, reason = "the least fits, of any width")]
            min: <$type>::MIN as i128,
            #[allow(clippy::cast_sign_loss, clippy::cast_lossless, reason = "the largest is positive")]
            max: <$type>::MAX as u128,
            zero: true,
            saturates: false,
        })
        .into()
    };
}

/// Integers; those `by_text` hold more than 64 bits, beyond which a number is a float to everyone but its text. A `Value`
/// has no text: there, and only there, such a number is refused, as serde refuses it.
macro_rules! integers {
    (by_text: $digits:literal; $($type:ty: $format:literal)*) => {$(
        impl Leaf for $type {
            const EXPECTED: &'static Expected = &INTEGER;
            const DIGITS: bool = $digits;
            const HINT: Option<&'static str> = if $digits { None } else { Some(hint::INTEGER) };
            const RANGE: Option<&'static Expected> = {
                #[allow(
                    clippy::cast_lossless, clippy::cast_possible_wrap, clippy::cast_sign_loss,
                    clippy::cast_possible_truncation, reason = "of no more than 64 bits where it is used"
                )]
                const BOUNDS: [(&str, Param); 2] = [
                    ("min", if <$type>::MIN == 0 { Param::Unsigned(0) } else { Param::Signed(<$type>::MIN as i64) }),
                    ("max", Param::Unsigned(<$type>::MAX as u64)),
                ];
                static RANGE: Expected = Expected::between(&BOUNDS);
                if $digits { None } else { Some(&RANGE) }
            };
            #[inline]
            fn from_u64(value: u64) -> Option<Self> {
                value.try_into().ok()
            }
            #[inline]
            fn from_i64(value: i64) -> Option<Self> {
                value.try_into().ok()
            }
            fn from_digits(text: &str) -> Option<Self> {
                if $digits { text.parse().ok() } else { from_number(text) }
            }
        }

        leaf! {
            $type {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, from_number_key)
                }
                fn shape() -> Shape {
                    integer!($type, $format)
                }
            }
        }
    )*};
}

integers! {
    by_text: false;
    u8: "uint8" u16: "uint16" u32: "uint32" u64: "uint64" usize: "uint"
    i8: "int8" i16: "int16" i32: "int32" i64: "int64" isize: "int"
}
integers! {
    by_text: true;
    u128: "uint128" i128: "int128"
}

/// JSON has no infinities and no NaN: a float that is one could be written only as null.
macro_rules! floats {
    ($($type:ident $name:literal $max:expr;)*) => {$(
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_lossless,
            reason = "as serde reads numbers into floats: to the nearest")]
        impl Leaf for $type {
            const EXPECTED: &'static Expected = &NUMBER;
            // By way of an `f64` an `f32` can come out one off.
            const HINT: Option<&'static str> =
                Some(if <$type>::MANTISSA_DIGITS == f32::MANTISSA_DIGITS { json::SINGLE } else { hint::FLOAT });
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
                json::nearest(text).filter(|value: &$type| value.is_finite())
            }
        }

        leaf! {
            $type {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, from_number_key)
                }
                #[inline]
                fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                    if !self.is_finite() {
                        cx.unreadable(at, &NUMBER);
                    }
                }
                fn shape() -> Shape {
                    Kind::Float(Float { name: $name, max: $max }).into()
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

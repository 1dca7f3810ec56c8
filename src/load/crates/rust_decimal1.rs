//! `rust_decimal`: decimal numbers, from text or from a JSON number, of which every digit counts.

use rust_decimal::Decimal;
use rust_decimal::prelude::FromStr;
use serde::de::Deserializer;

use crate::contract::Shape;
use crate::contract::shape::{Kind, Logical, Text};
use crate::load::leaf::leaf;
use crate::load::{At, Context, Expected, FieldType, Leaf, hint};
use crate::rules::Bounded;

static NUMBER: Expected = Expected::new("number");

impl Leaf for Decimal {
    const EXPECTED: &'static Expected = &NUMBER;
    const DIGITS: bool = true;
    const HINT: Option<&'static str> = Some(hint::DECIMAL);

    fn from_u64(value: u64) -> Option<Self> {
        Some(value.into())
    }
    fn from_i64(value: i64) -> Option<Self> {
        Some(value.into())
    }
    fn from_f64(value: f64) -> Option<Self> {
        // Its shortest digits count: a float's 0.1 means 0.1.
        Self::from_text(&value.to_string())
    }
    fn from_digits(text: &str) -> Option<Self> {
        Self::from_text(text)
    }
    fn from_text(text: &str) -> Option<Self> {
        Decimal::from_str(text).or_else(|_| Decimal::from_scientific(text)).ok()
    }
    fn from_binary(bytes: &[u8]) -> Option<Self> {
        let (number, scale) = hint::decimal(bytes)?;
        Decimal::try_from_i128_with_scale(number, scale).ok()
    }
}

leaf! {
    Decimal {
        fn shape() -> Shape {
            let written = Text::of_pattern("Decimal", &[r"^-?\d+(\.\d+)?$"]).meaning(Logical::Decimal);
            let read = Text {
                patterns: &[r"^-?\d+(\.\d+)?([eE]\d+)?$"],
                // 2^96: the first that is too large.
                number_below: Some(79_228_162_514_264_337_593_543_950_336.0),
                ..written
            };
            Kind::Ways { written: Box::new(Kind::Text(written).into()), read: Box::new(Kind::Text(read).into()) }.into()
        }
    }
}

/// `#[validate(range(min = 1))]` on a decimal.
impl Bounded<i64> for Decimal {
    fn bound(bound: i64) -> Self {
        bound.into()
    }
}

/// `#[validate(range(max = 99.95))]` on a decimal: by the digits that are written there.
impl Bounded<f64> for Decimal {
    fn bound(bound: f64) -> Self {
        Self::from_f64(bound).unwrap_or(if bound < 0.0 { Decimal::MIN } else { Decimal::MAX })
    }
}

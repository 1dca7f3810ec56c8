//! JSON values as JSON Schema compares them: 1.0 is 1.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// The order of two numbers.
pub(in crate::contract) fn order(one: &Value, other: &Value) -> Ordering {
    let float = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    match (one.as_number().and_then(whole), other.as_number().and_then(whole)) {
        (Some(one), Some(other)) => one.cmp(&other),
        (Some(one), None) => order_with_float(one, float(other)),
        (None, Some(other)) => order_with_float(other, float(one)).reverse(),
        (None, None) => float(one).partial_cmp(&float(other)).unwrap_or(Ordering::Equal),
    }
}

/// The order of an integer and a float that is none.
fn order_with_float(integer: i128, float: f64) -> Ordering {
    // A fraction is left only in floats of less than 2^53.
    match truncated(float) {
        Some(whole) => integer.cmp(&whole).then(0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal)),
        None if float > 0.0 => Ordering::Less,
        None => Ordering::Greater,
    }
}

/// The number as an integer, if it is one.
fn whole(number: &Number) -> Option<i128> {
    let integer = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    integer.or_else(|| truncated(number.as_f64().filter(|float| float.fract() == 0.0)?))
}

/// The float without its fraction, if 128 bits hold it.
#[allow(clippy::cast_possible_truncation, reason = "the bounds are checked before")]
fn truncated(float: f64) -> Option<i128> {
    const BOUND: f64 = 1.7e38;
    (float.abs() < BOUND).then_some(float as i128)
}

/// The text that all equal values have in common.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write(value, &mut text);
    text
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match whole(number) {
            Some(integer) => *text += &integer.to_string(),
            None => *text += &number.as_f64().map_or_else(|| number.to_string(), |float| format!("{float:?}")),
        },
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(entries) => {
            let mut entries: Vec<_> = entries.iter().collect();
            entries.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in entries {
                *text += &Value::from(name.as_str()).to_string();
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
        Value::Null | Value::Bool(_) | Value::String(_) => *text += &value.to_string(),
    }
}

//! An event's value with the digits of its text.

use serde::Serialize;
use serde_json::{Error, Value};

use crate::load::json::Source;
use crate::load::{At, Context, Dialect, FieldType, LoadOptions};

/// Serializes into a value whose text has the digits of the type's own text.
///
/// `serde_json` makes of an `f32` the `f64` of the same value, which has more digits: 0.1 becomes 0.10000000149011612.
/// A value with floats is read from its text instead. An integer beyond 64 bits stays an error, for in a value it
/// would be a float.
pub(crate) fn to_value<T: Serialize>(written: &T) -> Result<Value, Error> {
    let value = serde_json::to_value(written)?;
    if !has_floats(&value) {
        return Ok(value);
    }
    let text = serde_json::to_string(written)?;
    let mut cx = Context::new(LoadOptions::new().max_depth(usize::MAX), Dialect::Json);
    match Value::read(&mut Source::new(&text), &mut cx, &At::ROOT) {
        Ok(exact) => Ok(exact.unwrap_or(value)),
        // Text by the type's own hand (`RawValue`) may be more than a value takes.
        Err(_) => Ok(value),
    }
}

fn has_floats(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_u64() && !number.is_i64(),
        Value::Array(list) => list.iter().any(has_floats),
        Value::Object(object) => object.values().any(has_floats),
        _ => false,
    }
}

//! Numbers as they are written.

use serde::Serialize;
use serde_json::Value;

use crate::load::json;

/// A value as JSON, with each number as it is written: `to_value` would widen an `f32` 0.1 to 0.10000000149011612, and
/// `serde_json` reads floats to the nearest with `float_roundtrip` only.
pub(crate) fn decimal(value: impl Serialize) -> Option<Value> {
    json::read(&serde_json::to_string(&value).ok()?).ok()
}

//! Marshmallow's hooks: functions of the user's around load and dump.

use serde::de::{Deserializer, Error};
use serde_json::Value;

use crate::load::{At, Context, Dialect, FieldType};
use crate::rules::RuleError;
use crate::violation::Violations;

/// The return type of hooks: a value, or a `Result` of it.
#[diagnostic::on_unimplemented(message = "a hook returns `{T}`, or a `Result` of it", label = "returns `{Self}`")]
pub trait HookResult<T> {
    /// The value of the hook.
    ///
    /// # Errors
    /// The findings of the hook.
    fn into_result(self) -> Result<T, Violations>;
}

impl<T> HookResult<T> for T {
    fn into_result(self) -> Result<T, Violations> {
        Ok(self)
    }
}

impl<T, E: RuleError> HookResult<T> for Result<T, E> {
    fn into_result(self) -> Result<T, Violations> {
        self.map_err(RuleError::into_violations)
    }
}

/// The argument of a `pre_load` hook.
///
/// # Errors
/// If the source is broken.
pub fn read_value<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Value, D::Error> {
    Ok(Value::read(input, cx, at)?.unwrap_or(Value::Null))
}

/// Calls the type's `pre_load` hook with the input, unless that was done before.
pub fn prepared<T: FieldType>(value: Value, cx: &mut Context<'_>, at: &At<'_>) -> Option<Value> {
    if cx.is_prepared() {
        return Some(value);
    }
    T::prepare(value, cx, at)
}

/// Reads what a `pre_load` hook made of the input.
///
/// # Errors
/// If it is nested too deep.
pub fn read_prepared<T, E: Error>(
    value: Value,
    cx: &mut Context<'_>,
    at: &At<'_>,
    read: impl FnOnce(Value, &mut Context<'_>) -> Result<Option<T>, serde_json::Error>,
) -> Result<Option<T>, E> {
    let dialect = cx.replace_dialect(Dialect::Value);
    let read = if cx.is_recording() && !cx.is_prepared() {
        let text = value.to_string();
        cx.reading_made(at, || text, |cx| read(value, cx))
    } else {
        read(value, cx)
    };
    cx.replace_dialect(dialect);
    read.map_err(E::custom)
}

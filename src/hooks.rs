//! Marshmallow's hooks: functions of the user's around load and dump.

use serde::de::{Deserializer, Error};
use serde_json::Value;
use validator::ValidationError;

use crate::error::{DumpError, DumpErrorKind};
use crate::event::EventSchema;
use crate::exact;
use crate::load::{At, Context, Dialect, FieldType, LoadOptions};
use crate::rules::broken_schema;

/// What a hook gives back: the value that goes on, or also an error.
pub trait HookResult<T> {
    /// The value that goes on.
    ///
    /// # Errors
    /// If the hook gave one.
    fn into_result(self) -> Result<T, ValidationError>;
}

impl<T> HookResult<T> for T {
    fn into_result(self) -> Result<T, ValidationError> {
        Ok(self)
    }
}

impl<T> HookResult<T> for Result<T, ValidationError> {
    fn into_result(self) -> Result<T, ValidationError> {
        self
    }
}

/// What a `pre_load` hook is given.
///
/// # Errors
/// If the source is broken.
pub fn read_value<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Value, D::Error> {
    Ok(Value::read(input, cx, at)?.unwrap_or(Value::Null))
}

/// Reads what a `pre_load` hook made of the input.
///
/// # Errors
/// If it is nested too deep.
pub fn read_prepared<T, E: Error>(
    value: Value,
    cx: &mut Context<'_>,
    read: impl FnOnce(Value, &mut Context<'_>) -> Result<Option<T>, serde_json::Error>,
) -> Result<Option<T>, E> {
    let dialect = cx.replace_dialect(Dialect::Value);
    let read = read(value, cx);
    cx.replace_dialect(dialect);
    read.map_err(E::custom)
}

/// Validates an event and writes it, with its hooks.
pub(crate) fn dump<E: EventSchema, T>(
    event: &E,
    options: &LoadOptions<'_>,
    write: impl FnOnce(&E) -> Result<T, DumpError>,
) -> Result<T, DumpError> {
    match event.before_dump() {
        None => {
            event.validate_with(options).map_err(DumpErrorKind::Invalid)?;
            write(event)
        }
        Some(Ok(changed)) => {
            changed.validate_with(options).map_err(DumpErrorKind::Invalid)?;
            write(&changed)
        }
        Some(Err(error)) => Err(refused(error)),
    }
}

/// As [`dump`], of a list: what is wrong is told under each event's index.
pub(crate) fn dump_many<E: EventSchema>(events: &[E], options: &LoadOptions<'_>) -> Result<Vec<u8>, DumpError> {
    let mut cx = Context::new(*options, Dialect::Value);
    let mut text = vec![b'['];
    for (index, event) in events.iter().enumerate() {
        let at = &At::ROOT.document(index);
        let changed = event.before_dump().transpose();
        let event = match &changed {
            Ok(changed) => changed.as_ref().unwrap_or(event),
            Err(error) => {
                broken_schema(&mut cx, at, error.clone(), None, None);
                continue;
            }
        };
        event.check(&mut cx, at);
        // Once something is wrong, nothing will be written.
        if cx.found() > 0 {
            continue;
        }
        if index > 0 {
            text.push(b',');
        }
        if E::CHANGES_DUMP {
            match event.after_dump(exact::to_value(event).map_err(DumpErrorKind::Write)?) {
                Ok(value) => serde_json::to_writer(&mut text, &value).map_err(DumpErrorKind::Write)?,
                Err(error) => broken_schema(&mut cx, at, error, None, None),
            }
        } else {
            serde_json::to_writer(&mut text, event).map_err(DumpErrorKind::Write)?;
        }
    }
    if cx.found() > 0 {
        return Err(DumpErrorKind::Invalid(cx.into_violations()).into());
    }
    text.push(b']');
    Ok(text)
}

/// The event's value, after its `post_dump` hook.
pub(crate) fn to_value<E: EventSchema>(event: &E) -> Result<Value, DumpError> {
    let value = exact::to_value(event).map_err(DumpErrorKind::Write)?;
    if E::CHANGES_DUMP { event.after_dump(value).map_err(refused) } else { Ok(value) }
}

/// What a hook found.
fn refused(error: ValidationError) -> DumpError {
    let mut cx = Context::new(LoadOptions::new(), Dialect::Value);
    broken_schema(&mut cx, &At::ROOT, error, None, None);
    DumpErrorKind::Invalid(cx.into_violations()).into()
}

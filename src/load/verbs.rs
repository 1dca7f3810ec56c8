//! Loads from a text and from a value.

use serde_json::Value;

use super::context::{Context, Dialect};
use super::field_type::FieldType;
use super::options::LoadOptions;
use super::place::At;
use super::{json, valid};
use crate::error::{LoadError, LoadErrorKind};

/// Loads from JSON text.
pub(crate) fn from_json<T: FieldType>(input: &[u8], options: &LoadOptions<'_>) -> Result<T, LoadError> {
    if input.len() > options.max_size {
        return Err(LoadErrorKind::TooLarge { size: Some(input.len()), limit: options.max_size }.into());
    }
    let text = match std::str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => return Err(LoadError::not_utf8(input, &error)),
    };
    let mut source = json::Source::new(text);
    let mut cx = Context::new(*options, Dialect::Json);
    let read = T::read(&mut source, &mut cx, &At::ROOT);
    if read.is_ok()
        && let Err(error) = source.end()
    {
        return Err(cx.to_failure(text, &error, source.offset()));
    }
    match read {
        Ok(Some(value)) if cx.found() == 0 => Ok(value),
        Ok(_) => {
            cx.locate(text);
            Err(cx.take_error(|violations, strays| valid::of_text(text, options, violations, strays)))
        }
        Err(error) => Err(cx.to_failure(text, &error, source.offset())),
    }
}

/// Loads from a text that a part of an event keeps, in the event's own terms.
pub(crate) fn from_part<T: FieldType>(field: &str, text: &str, options: &LoadOptions<'_>) -> Result<T, LoadError> {
    let mut source = json::Source::new(text);
    let mut cx = Context::new(*options, Dialect::Json);
    cx.replace_prepared(true);
    match T::read(&mut source, &mut cx, &At::ROOT.name(field)) {
        Ok(Some(value)) if cx.found() == 0 => Ok(value),
        Ok(_) => Err(cx.take_error(|violations, strays| {
            let object = format!("{{{}:{text}}}", Value::from(field));
            valid::of_text(&object, options, violations, strays)
        })),
        Err(error) => Err(cx.to_failure(text, &error, source.offset())),
    }
}

/// Loads from a JSON value.
pub(crate) fn from_value<T: FieldType>(input: Value, options: &LoadOptions<'_>) -> Result<T, LoadError> {
    let mut cx = Context::new(*options, Dialect::Value);
    let kept = options.valid_data.then(|| input.clone());
    match T::read(input, &mut cx, &At::ROOT) {
        Ok(Some(value)) if cx.found() == 0 => Ok(value),
        Ok(_) => Err(cx.take_error(|violations, strays| valid::of_value(kept?, violations, strays))),
        Err(_) => Err(cx.to_exhausted().unwrap_or_else(LoadError::unreadable)),
    }
}

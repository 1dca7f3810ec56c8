//! JSON text as a source for the reader: a [`Deserializer`](serde::Deserializer) written for this crate.
//!
//! It accepts and refuses what `serde_json` does, in the same words, and differs where the reader gains: floats are
//! exact (also `f32`, by [`SINGLE`]) and cost one division most of the time, strings are scanned a word at a time,
//! what is ignored is skipped without recursion, and an error knows its byte. The text is checked to be UTF-8 before.
//!
//! Three differences are meant:
//! - a number that breaks off in a part that is ignored is truncated, not malformed
//! - bytes are read from a string as its text: an unpaired surrogate has none and is refused
//! - a line break within a string is reported in the line that it ends

mod access;
mod error;
mod locate;
mod number;
mod scan;
mod skip;
mod source;
#[cfg(test)]
mod tests;

pub(super) use self::access::visit_raw;
pub(crate) use self::error::Error;
pub(super) use self::locate::locate;
pub(super) use self::number::is_number;
pub(super) use self::skip::levels;
pub(crate) use self::source::Source;

/// Reads a text as serde's derive does.
pub(crate) fn read<'de, T: serde::Deserialize<'de>>(text: &'de str) -> Result<T, Error> {
    let mut source = Source::shallow(text);
    let value = T::deserialize(&mut source)?;
    source.end().map(|()| value)
}

/// How `serde_json` asks for a value's text: as a newtype struct of this name.
pub(super) const RAW_TOKEN: &str = "$serde_json::private::RawValue";

/// How a reader asks for a number to be rounded to an `f32` at once; any other value comes as it is, and so does a
/// number from any other source.
pub(super) const SINGLE: &str = "$event_schema::private::f32";

//! JSON text as a source for the reader: a [`Deserializer`](serde::Deserializer) written for this crate.
//!
//! It accepts and refuses what `serde_json` does, in the same words, and differs where the reader gains: floats are
//! exact (also `f32`, by [`SINGLE`]) and cost one division most of the time, strings are scanned a word at a time,
//! what is ignored is skipped without recursion, and an error knows its byte. Bytes are checked to be UTF-8 before.
//!
//! These differences are meant:
//! - bytes that are not UTF-8 are refused wherever they stand, also in a string that is ignored
//! - a number that breaks off in a part that is ignored is truncated, not malformed
//! - bytes are read from a string as its text: an unpaired surrogate or a control character is refused
//! - keys of maps that are numbers or `bool`s may have escapes
//! - levels count everywhere but in fields that a type does not know, also in the text of a `RawValue` and in what a
//!   `plain` type ignores
//! - an entry of a `Value` is one also if it has a name by which `serde_json` hides numbers and texts
//! - in parts that are ignored or kept as text, words and columns of an error are not those of `serde_json` everywhere
//! - a line break within a string is reported in the line that it ends

mod access;
mod deserializer;
mod error;
mod locate;
mod number;
mod parts;
mod scan;
mod skip;
mod source;
#[cfg(test)]
mod tests;
mod text;
mod token;

pub(super) use self::access::visit_raw;
pub(crate) use self::deserializer::read;
pub use self::deserializer::read_document;
pub(crate) use self::error::Error;
pub use self::error::ReadError;
pub(super) use self::locate::locate;
pub(super) use self::number::{is_number, nearest};
pub(crate) use self::scan::is_blank;
pub(super) use self::skip::levels;
pub(crate) use self::source::Source;
pub use self::text::Object;
pub(super) use self::text::{ObjectText, elements, entries, quoted, to_text};
pub(super) use self::token::arrive_as_maps;
pub(crate) use self::token::{RAW_TOKEN, SINGLE, TOKEN};

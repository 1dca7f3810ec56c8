//! A place in a text.

use std::fmt;

use serde::Serialize;

/// A position in a JSON text: line, column and byte offset.
///
/// Columns count bytes. For newline-delimited JSON ([`EventSchema::load_lines`](crate::EventSchema::load_lines)) it
/// is the position in the whole source.
///
/// ```
/// use event_schema::prelude::*;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Ping { seq: u64 }
///
/// let error = Ping::load(b"{\n  \"seq\": 07\n}").unwrap_err();
/// assert_eq!(error.to_string(), "not valid JSON: invalid number at line 2 column 11");
/// let position = error.position().unwrap();
/// assert_eq!((position.line(), position.column(), position.offset()), (2, 11, 12));
/// assert_eq!(serde_json::to_string(&position).unwrap(), r#"{"line":2,"column":11,"offset":12}"#);
///
/// // Where a text breaks off, the offset is its length, and the column that of its last byte.
/// let position = Ping::load(br#"{"seq": "#).unwrap_err().position().unwrap();
/// assert_eq!((position.to_string(), position.offset()), ("line 1 column 8".to_owned(), 8));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Position {
    line: u64,
    column: u64,
    offset: u64,
}

impl Position {
    const START: Self = Self { line: 1, column: 1, offset: 0 };

    /// The place of a byte of the text, or of its end.
    pub(crate) fn of(text: &[u8], offset: usize) -> Self {
        let position = Self::START.on(&text[..offset]);
        if offset < text.len() { position } else { Self { column: position.column - 1, ..position } }
    }

    /// The places of these bytes, which are in order.
    pub(crate) fn of_all(text: &[u8], offsets: impl IntoIterator<Item = usize>) -> impl Iterator<Item = Self> {
        let mut last = (Self::START, 0);
        offsets.into_iter().map(move |offset| {
            last = (last.0.on(&text[last.1..offset]), offset);
            last.0
        })
    }

    /// The place behind this text, which starts here.
    fn on(self, text: &[u8]) -> Self {
        let lines = text.split(|byte| *byte == b'\n').count() as u64 - 1;
        let behind_line = text.iter().rposition(|byte| *byte == b'\n').map(|end| text.len() - end);
        Self {
            line: self.line + lines,
            column: behind_line.map_or(self.column + text.len() as u64, |column| column as u64),
            offset: self.offset + text.len() as u64,
        }
    }

    /// The same place in a source that has so many lines and bytes before the text.
    pub(crate) fn behind(self, lines: u64, bytes: u64) -> Self {
        Self { line: self.line + lines, offset: self.offset + bytes, ..self }
    }

    /// The line, counted from 1.
    ///
    /// See the example of [`Position`].
    #[must_use]
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The byte within the line, counted from 1. It is 0 for a text that ends after a line break.
    ///
    /// See the example of [`Position`].
    #[must_use]
    pub fn column(&self) -> u64 {
        self.column
    }

    /// The byte within the text, counted from 0.
    ///
    /// See the example of [`Position`].
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

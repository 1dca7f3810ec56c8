//! Syntax errors, in `serde_json`'s words.

use std::fmt;

use super::scan::is_blank;
use crate::error::{LoadError, LoadErrorKind};
use crate::violation::Position;

/// The error of a document that cannot be read, with its place.
#[derive(Debug)]
pub struct ReadError {
    words: String,
    position: Position,
}

impl ReadError {
    #[cold]
    pub(super) fn new(error: &Error, text: &str, stopped: usize) -> Self {
        if text.starts_with('\u{feff}') {
            return Self { words: BYTE_ORDER_MARK.to_owned(), position: Position::of(text.as_bytes(), 0) };
        }
        let offset = error.0.offset.unwrap_or(stopped).min(text.len());
        Self { words: error.to_string(), position: Position::of(text.as_bytes(), offset) }
    }

    /// The error without its place.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The place in the text.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.words, self.position)
    }
}

impl std::error::Error for ReadError {}

/// Why a text, or code that reads it, could not go on. One word wide, for it travels in every result.
pub(crate) struct Error(Box<Inner>);

struct Inner {
    code: Code,
    /// The byte in question, or the end of the text; `None` if code that reads the text found the fault and named no byte.
    offset: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Code {
    EofWhileParsingList,
    EofWhileParsingObject,
    EofWhileParsingString,
    EofWhileParsingValue,
    ExpectedColon,
    ExpectedListCommaOrEnd,
    ExpectedObjectCommaOrEnd,
    ExpectedIdent,
    ExpectedValue,
    ExpectedNumericKey,
    ExpectedDoubleQuote,
    InvalidEscape,
    InvalidNumber,
    NumberOutOfRange,
    ControlCharacter,
    KeyMustBeAString,
    LoneSurrogate,
    UnexpectedEndOfHexEscape,
    TrailingComma,
    TrailingCharacters,
    TooDeep,
    /// The value does not match the request.
    Mismatch,
    /// Words of the code that reads.
    Custom(Box<str>),
}

const BYTE_ORDER_MARK: &str = "the text starts with a byte order mark, which JSON does not allow";

/// The message for a value that foreign code rejects.
const UNREADABLE: &str = "a value cannot be read";

/// The separator between the words and the place of an error, for code that keeps only words.
const PLACE: &str = " at byte ";

/// The code of a fault that only reading finds, in text that was skipped without complaint.
fn known(words: &str) -> Option<Code> {
    let unreadable = [Code::NumberOutOfRange, Code::LoneSurrogate, Code::UnexpectedEndOfHexEscape];
    unreadable.into_iter().find(|code| code.words() == words)
}

impl Code {
    fn words(&self) -> &str {
        match self {
            Self::EofWhileParsingList => "EOF while parsing a list",
            Self::EofWhileParsingObject => "EOF while parsing an object",
            Self::EofWhileParsingString => "EOF while parsing a string",
            Self::EofWhileParsingValue => "EOF while parsing a value",
            Self::ExpectedColon => "expected `:`",
            Self::ExpectedListCommaOrEnd => "expected `,` or `]`",
            Self::ExpectedObjectCommaOrEnd => "expected `,` or `}`",
            Self::ExpectedIdent => "expected ident",
            Self::ExpectedValue => "expected value",
            Self::ExpectedNumericKey => "invalid value: expected key to be a number in quotes",
            Self::ExpectedDoubleQuote => "expected `\"`",
            Self::InvalidEscape => "invalid escape",
            Self::InvalidNumber => "invalid number",
            Self::NumberOutOfRange => "number out of range",
            Self::ControlCharacter => "control character (\\u0000-\\u001F) found while parsing a string",
            Self::KeyMustBeAString => "key must be a string",
            Self::LoneSurrogate => "lone leading surrogate in hex escape",
            Self::UnexpectedEndOfHexEscape => "unexpected end of hex escape",
            Self::TrailingComma => "trailing comma",
            Self::TrailingCharacters => "trailing characters",
            Self::TooDeep => "recursion limit exceeded",
            Self::Mismatch => "invalid type",
            Self::Custom(words) => words,
        }
    }
}

impl Error {
    #[cold]
    pub(super) fn new(code: Code, offset: usize) -> Self {
        Self(Box::new(Inner { code, offset: Some(offset) }))
    }

    /// Whether the text ends too early.
    pub(crate) fn is_eof(&self) -> bool {
        matches!(
            self.0.code,
            Code::EofWhileParsingList
                | Code::EofWhileParsingObject
                | Code::EofWhileParsingString
                | Code::EofWhileParsingValue
        )
    }

    /// The error of a part that starts there in what it was taken from, for another error's `custom`; without a start
    /// if the part was put together.
    #[cold]
    pub(in crate::load) fn of_part(self, start: Option<usize>) -> impl fmt::Display {
        match (self.0.offset, start) {
            (Some(offset), Some(start)) => format!("{self}{PLACE}{}", start.saturating_add(offset)),
            _ => self.to_string(),
        }
    }

    /// The fault of the text and its position, without a word of the text. If code that reads the text is to blame, and
    /// may say anything, the position is where the source `stopped`.
    ///
    /// A part that was kept as text is read by itself, and what cannot be read of it comes back as
    /// [words with its place](Self::of_part).
    pub(crate) fn in_text(&self, text: &str, stopped: usize) -> (String, Position) {
        let place = |offset| Position::of(text.as_bytes(), offset);
        match (&self.0.code, self.0.offset) {
            (Code::Custom(words), offset) => match (known(words), offset) {
                (Some(code), Some(offset)) if offset < text.len() => (code.words().to_owned(), place(offset)),
                (Some(code), _) => (code.words().to_owned(), place(stopped.saturating_sub(1))),
                (None, _) => (UNREADABLE.to_owned(), place(stopped.saturating_sub(1))),
            },
            (Code::Mismatch, offset) => (UNREADABLE.to_owned(), place(offset.unwrap_or(stopped))),
            (code, offset) => (code.words().to_owned(), place(offset.unwrap_or(stopped))),
        }
    }

    /// Whether the text is not to blame, but what reads it.
    #[cfg(feature = "cloudevents")]
    pub(crate) fn is_data(&self) -> bool {
        matches!(self.0.code, Code::Custom(_) | Code::Mismatch)
    }

    #[cfg(any(test, feature = "cloudevents"))]
    pub(crate) fn offset(&self) -> Option<usize> {
        self.0.offset
    }
}

impl serde::de::Error for Error {
    #[cold]
    fn custom<T: fmt::Display>(words: T) -> Self {
        let words = words.to_string();
        // The words of foreign code may end as ours do, and quote the text.
        let placed = words.rsplit_once(PLACE).filter(|(words, _)| known(words).is_some());
        let placed = placed.and_then(|(words, offset)| Some((words, offset.parse().ok()?)));
        let (words, offset) = placed.map_or((&*words, None), |(words, offset)| (words, Some(offset)));
        Self(Box::new(Inner { code: Code::Custom(words.into()), offset }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.code.words())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("code", &self.0.code).field("offset", &self.0.offset).finish()
    }
}

impl std::error::Error for Error {}

impl LoadError {
    /// Says why `input`, on which the source gave up with `error` at a byte, is no JSON.
    #[cold]
    pub(crate) fn syntax(input: &str, error: &Error, stopped: usize) -> Self {
        if is_blank(input.as_bytes()) {
            return LoadErrorKind::Empty.into();
        }
        if input.starts_with('\u{feff}') {
            return Self::not_json(BYTE_ORDER_MARK.to_owned(), false, Some(Position::of(input.as_bytes(), 0)));
        }
        let (reason, position) = error.in_text(input, stopped);
        Self::not_json(reason, error.is_eof(), Some(position))
    }

    /// A value that its reader gave up on: one that was written by hand, and may say anything.
    #[cold]
    pub(crate) fn unreadable() -> Self {
        Self::not_json(UNREADABLE.to_owned(), false, None)
    }
}

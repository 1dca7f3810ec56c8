//! The text and how far it has been read.

use std::borrow::Cow;

use serde::de::Visitor;

use super::error::{Code, Error};
use super::scan::plain_end;
use super::token::arrive_as_maps;

/// A JSON text and how far it has been read.
pub(crate) struct Source<'de> {
    pub(super) text: &'de str,
    /// The next byte.
    pub(super) at: usize,
    /// How many levels further down it goes.
    pub(super) levels: usize,
    /// Whether numbers that 64 bits do not hold go to visitors of any value as `serde_json` hides them, with all their
    /// digits: so that a `Value` keeps these where a dependency asked for it.
    pub(super) keeps_digits: bool,
    /// The last string that had escapes.
    scratch: String,
}

impl<'de> Source<'de> {
    /// Any depth: the reader counts it.
    #[inline]
    pub(crate) fn new(text: &'de str) -> Self {
        Self { text, at: 0, levels: usize::MAX, keeps_digits: arrive_as_maps(), scratch: String::new() }
    }

    /// For code that does not count how deep it reads: 128 levels are the most, as with `serde_json`.
    pub(crate) fn shallow(text: &'de str) -> Self {
        Self { levels: 128, ..Self::new(text) }
    }

    /// Whether nothing but white space is left.
    #[inline]
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        match self.token() {
            None => Ok(()),
            Some(_) => Err(Error::new(Code::TrailingCharacters, self.at)),
        }
    }

    /// The byte that comes next.
    pub(crate) fn offset(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The byte that comes next behind white space.
    #[inline]
    pub(in crate::load) fn token(&mut self) -> Option<u8> {
        match self.peek() {
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.token_behind_space(),
        }
    }

    fn token_behind_space(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
        self.peek()
    }

    /// The error of the next byte, or of the end of the text.
    #[cold]
    pub(super) fn here(&self, code: Code, at_end: Code) -> Error {
        if self.at < self.text.len() { Error::new(code, self.at) } else { self.end_of_text(at_end) }
    }

    /// The error of the byte that was passed just now.
    #[cold]
    pub(super) fn before(&self, code: Code) -> Error {
        Error::new(code, self.at - 1)
    }

    #[cold]
    pub(super) fn end_of_text(&self, code: Code) -> Error {
        Error::new(code, self.text.len())
    }

    /// The error of a value that does not match the request, or is not a value.
    #[cold]
    pub(super) fn mismatch(&self) -> Error {
        match self.peek() {
            Some(b'"' | b'0'..=b'9' | b'-' | b'[' | b'{' | b't' | b'f' | b'n') => Error::new(Code::Mismatch, self.at),
            _ => self.here(Code::ExpectedValue, Code::EofWhileParsingValue),
        }
    }

    /// Passes over the word of which the first letter was seen.
    #[inline]
    pub(super) fn word(&mut self, word: &str) -> Result<(), Error> {
        if self.text.as_bytes()[self.at..].starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(());
        }
        Err(self.no_word(word))
    }

    #[cold]
    fn no_word(&mut self, word: &str) -> Error {
        let text = &self.text.as_bytes()[self.at..];
        self.at += text.iter().zip(word.as_bytes()).take_while(|(byte, letter)| byte == letter).count();
        self.here(Code::ExpectedIdent, Code::EofWhileParsingValue)
    }

    /// Passes over the colon behind a key.
    #[inline]
    pub(super) fn colon(&mut self) -> Result<(), Error> {
        if self.token() != Some(b':') {
            return Err(self.here(Code::ExpectedColon, Code::EofWhileParsingObject));
        }
        self.at += 1;
        Ok(())
    }

    /// Reads the string whose quote comes next if it has no escapes. The result fits into registers.
    pub(super) fn plain_string(&mut self) -> Option<&'de str> {
        let start = self.at + 1;
        let end = plain_end(self.text.as_bytes(), start);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return None;
        }
        self.at = end + 1;
        self.text.get(start..end)
    }

    /// Reads the string whose quote comes next.
    pub(super) fn string(&mut self) -> Result<Cow<'de, str>, Error> {
        match self.plain_string() {
            Some(text) => Ok(Cow::Borrowed(text)),
            None => self.unescape().map(|text| Cow::Owned(text.to_owned())),
        }
    }

    /// Reads the string whose quote comes next, without its escapes.
    #[inline(never)]
    pub(super) fn unescape(&mut self) -> Result<&str, Error> {
        let text = self.text.as_bytes();
        let mut start = self.at + 1;
        let mut end = plain_end(text, start);
        self.scratch.clear();
        loop {
            self.at = end;
            match text.get(end) {
                Some(b'"') => {
                    self.scratch.push_str(&self.text[start..end]);
                    self.at += 1;
                    return Ok(&self.scratch);
                }
                Some(b'\\') => {
                    self.scratch.push_str(&self.text[start..end]);
                    self.at += 2;
                    let meant = match text.get(end + 1) {
                        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(*byte),
                        Some(b'b') => '\x08',
                        Some(b'f') => '\x0c',
                        Some(b'n') => '\n',
                        Some(b'r') => '\r',
                        Some(b't') => '\t',
                        Some(b'u') => self.unicode()?,
                        Some(_) => return Err(self.before(Code::InvalidEscape)),
                        None => return Err(self.end_of_text(Code::EofWhileParsingString)),
                    };
                    self.scratch.push(meant);
                    start = self.at;
                    end = plain_end(text, start);
                }
                _ => return Err(self.here(Code::ControlCharacter, Code::EofWhileParsingString)),
            }
        }
    }

    /// The character that the digits behind `\u` mean, or with those of a second escape.
    fn unicode(&mut self) -> Result<char, Error> {
        let first = self.hex()?;
        if !(0xD800..0xDC00).contains(&first) {
            return char::from_u32(first.into()).ok_or_else(|| self.before(Code::LoneSurrogate));
        }
        for expected in [b'\\', b'u'] {
            let next = self.peek().ok_or_else(|| self.end_of_text(Code::EofWhileParsingString))?;
            self.at += 1;
            if next != expected {
                return Err(self.before(Code::UnexpectedEndOfHexEscape));
            }
        }
        let second = self.hex()?;
        let pair = char::decode_utf16([first, second]).next();
        pair.and_then(Result::ok).ok_or_else(|| self.before(Code::LoneSurrogate))
    }

    #[inline]
    pub(super) fn visit_string<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, Error> {
        match self.plain_string() {
            Some(text) => visitor.visit_borrowed_str(text),
            None => visitor.visit_str(self.unescape()?),
        }
    }
}

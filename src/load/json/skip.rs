//! Passing over a value, however deep, without recursion.

use super::error::{Code, Error};
use super::scan::{hex, plain_end};
use super::source::Source;

/// The levels that are open, a bit each: set for an object. The first 64 cost no memory.
#[derive(Default)]
struct Open {
    levels: u64,
    depth: usize,
    outer: Vec<u64>,
}

impl Open {
    fn enter(&mut self, object: bool) {
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.outer.push(self.levels);
        }
        self.levels = self.levels << 1 | u64::from(object);
        self.depth += 1;
    }

    /// Whether the innermost is an object, if there is one.
    fn innermost(&self) -> Option<bool> {
        (self.depth > 0).then_some(self.levels & 1 == 1)
    }

    fn leave(&mut self) {
        self.depth -= 1;
        self.levels >>= 1;
        if self.depth.is_multiple_of(64) && self.depth > 0 {
            self.levels = self.outer.pop().unwrap_or_default();
        }
    }
}

/// How many levels the text of a value has.
pub(in crate::load) fn levels(text: &str) -> usize {
    let text = text.as_bytes();
    let (mut at, mut open, mut most) = (0, 0_usize, 0);
    while let Some(byte) = text.get(at) {
        at += 1;
        match byte {
            b'[' | b'{' => {
                open += 1;
                most = most.max(open);
            }
            b']' | b'}' => open = open.saturating_sub(1),
            b'"' => {
                at = plain_end(text, at);
                while text.get(at) == Some(&b'\\') {
                    at = plain_end(text, text.len().min(at + 2));
                }
                at += 1;
            }
            _ => {}
        }
    }
    most
}

impl<'de> Source<'de> {
    /// Passes over a value that nobody wants.
    #[inline]
    pub(in crate::load) fn skip(&mut self) -> Result<(), Error> {
        match self.token() {
            // Most skipped values have no parts.
            Some(b'"') => self.skip_string(),
            Some(b'0'..=b'9' | b'-') => self.skip_number().map(drop),
            _ => self.skip_any(),
        }
    }

    /// Passes over a value and gives its text and where that starts.
    pub(super) fn raw(&mut self) -> Result<(&'de str, usize), Error> {
        self.token();
        let start = self.at;
        self.skip()?;
        Ok((&self.text[start..self.at], start))
    }

    fn skip_any(&mut self) -> Result<(), Error> {
        let mut open = Open::default();
        loop {
            match self.token() {
                Some(b'"') => self.skip_string()?,
                Some(b'0'..=b'9' | b'-') => self.skip_number().map(drop)?,
                Some(b't') => self.word("true")?,
                Some(b'f') => self.word("false")?,
                Some(b'n') => self.word("null")?,
                Some(bracket @ (b'[' | b'{')) => {
                    self.at += 1;
                    let object = bracket == b'{';
                    open.enter(object);
                    let close = if object { b'}' } else { b']' };
                    match self.token() {
                        Some(byte) if byte == close => {
                            self.at += 1;
                            open.leave();
                        }
                        None if object => return Err(self.end_of_text(Code::EofWhileParsingObject)),
                        None => return Err(self.end_of_text(Code::EofWhileParsingList)),
                        Some(_) => {
                            if object {
                                self.skip_key()?;
                            }
                            continue;
                        }
                    }
                }
                _ => return Err(self.here(Code::ExpectedValue, Code::EofWhileParsingValue)),
            }
            // Behind a value: what it lies in goes on or ends, and may be the end of what that lies in.
            loop {
                let Some(object) = open.innermost() else { return Ok(()) };
                match self.token() {
                    Some(b',') => {
                        self.at += 1;
                        if object {
                            self.token();
                            self.skip_key()?;
                        }
                        break;
                    }
                    Some(b'}') if object => self.at += 1,
                    Some(b']') if !object => self.at += 1,
                    _ if object => {
                        return Err(self.here(Code::ExpectedObjectCommaOrEnd, Code::EofWhileParsingObject));
                    }
                    _ => return Err(self.here(Code::ExpectedListCommaOrEnd, Code::EofWhileParsingList)),
                }
                open.leave();
            }
        }
    }

    /// Passes over a key, which must come next, and its colon.
    fn skip_key(&mut self) -> Result<(), Error> {
        if self.peek() != Some(b'"') {
            return Err(self.here(Code::KeyMustBeAString, Code::EofWhileParsingObject));
        }
        self.skip_string()?;
        self.colon()
    }

    /// Passes over the string whose quote comes next. Whether surrogates make pairs is asked only of what is read.
    pub(super) fn skip_string(&mut self) -> Result<(), Error> {
        let text = self.text.as_bytes();
        self.at += 1;
        loop {
            self.at = plain_end(text, self.at);
            match text.get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(());
                }
                Some(b'\\') => {
                    self.at += 2;
                    match text.get(self.at - 1) {
                        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                        Some(b'u') => self.hex().map(drop)?,
                        Some(_) => return Err(self.before(Code::InvalidEscape)),
                        None => return Err(self.end_of_text(Code::EofWhileParsingString)),
                    }
                }
                _ => return Err(self.here(Code::ControlCharacter, Code::EofWhileParsingString)),
            }
        }
    }

    /// The value of the four hexadecimal digits that come next.
    pub(super) fn hex(&mut self) -> Result<u16, Error> {
        let Some(digits) = self.text.as_bytes()[self.at..].first_chunk() else {
            return Err(self.end_of_text(Code::EofWhileParsingString));
        };
        self.at += 4;
        hex(*digits).ok_or_else(|| self.before(Code::InvalidEscape))
    }
}

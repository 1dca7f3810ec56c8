//! The parts of a value one by one, for code that looks for some of them.

use std::borrow::Cow;

use super::Source;
use super::error::{Code, Error};

impl<'de> Source<'de> {
    /// Calls `entry` at the value of each entry of the object whose bracket comes next, with where its key begins and
    /// the key. It has to pass over the value. The text was read before: it is not checked again.
    pub(in crate::load) fn entries(
        &mut self,
        mut entry: impl FnMut(&mut Self, usize, Cow<'de, str>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.parts(b'}', |source| {
            if source.peek() != Some(b'"') {
                return Err(source.here(Code::KeyMustBeAString, Code::EofWhileParsingObject));
            }
            let key_at = source.at;
            let key = source.string()?;
            source.colon()?;
            entry(source, key_at, key)
        })
    }

    /// Calls `element` at each element of the list whose bracket comes next, with its index, as [`entries`](Self::entries)
    /// does.
    pub(in crate::load) fn elements(
        &mut self,
        mut element: impl FnMut(&mut Self, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let mut index = 0;
        self.parts(b']', |source| {
            index += 1;
            element(source, index - 1)
        })
    }

    fn parts(&mut self, close: u8, mut part: impl FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.at += 1;
        while self.token() != Some(close) {
            // Code by hand may have read a part of the text and said that this is all.
            if self.peek().is_none() {
                return Err(self.end_of_text(Code::EofWhileParsingValue));
            }
            part(self)?;
            if self.token() == Some(b',') {
                self.at += 1;
            }
        }
        self.at += 1;
        Ok(())
    }
}

//! Values that violations carry on request, see [`LoadOptions::show_values`](crate::LoadOptions::show_values).

use std::io;

use crate::load::FieldType;
use crate::violation::{MAX_NAME, cut};

/// A value that a rule found.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "made by generated code")]
pub struct Shown<'a, T>(pub &'a T);

impl<T: FieldType> Shown<'_, T> {
    /// Whether it is never shown.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.0.is_hidden()
    }

    /// Its JSON text, cut after as many characters as a name in a path. A list or an object has none, because it may contain
    /// something sensitive.
    #[cold]
    #[must_use]
    pub fn to_text(&self) -> Option<Box<str>> {
        if self.is_hidden() {
            return None;
        }
        let mut text = Beginning(Vec::new());
        // It ends with an error where more is not wanted.
        let _ = serde_json::to_writer(&mut text, self.0);
        let whole = match std::str::from_utf8(&text.0) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&text.0[..error.valid_up_to()]).unwrap_or_default(),
        };
        (!whole.is_empty()).then(|| cut(whole))
    }
}

/// [`Shown`] for types that are no field's: something sensitive in them could not be told.
#[doc(hidden)]
pub trait NotShown {
    /// It is never shown.
    #[must_use]
    fn is_hidden(&self) -> bool {
        true
    }

    /// None.
    #[must_use]
    fn to_text(&self) -> Option<Box<str>> {
        None
    }
}

impl<T> NotShown for Shown<'_, T> {}

/// The first bytes of a text that is neither a list nor an object.
struct Beginning(Vec<u8>);

impl Beginning {
    /// Enough for the characters that are kept, and one more, which tells that it is cut.
    const ROOM: usize = 4 * (MAX_NAME + 1);
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = Self::ROOM - self.0.len();
        if room == 0 || self.0.is_empty() && matches!(bytes, [b'[' | b'{', ..]) {
            return Err(io::ErrorKind::Other.into());
        }
        let taken = &bytes[..bytes.len().min(room)];
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

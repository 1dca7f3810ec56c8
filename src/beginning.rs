//! The first characters of a text, however long that is: [`Beginning`].

use std::{fmt, io};

use crate::violation::MAX_NAME;

/// The beginning of a text that is written to it. What is not wanted any more is refused, so that the writer stops.
#[derive(Debug, Default)]
pub(crate) struct Beginning(Vec<u8>);

impl Beginning {
    /// Enough for the characters that are kept, and one more, which tells that it is cut.
    const ROOM: usize = 4 * (MAX_NAME + 1);

    /// The whole characters of what was written.
    pub(crate) fn text(&self) -> &str {
        match std::str::from_utf8(&self.0) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&self.0[..error.valid_up_to()]).unwrap_or_default(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.len() == Self::ROOM
    }
}

impl io::Write for Beginning {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_full() {
            return Err(io::ErrorKind::Other.into());
        }
        let taken = &bytes[..bytes.len().min(Self::ROOM - self.0.len())];
        self.0.extend_from_slice(taken);
        Ok(taken.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        io::Write::write_all(self, text.as_bytes()).map_err(|_| fmt::Error)
    }
}

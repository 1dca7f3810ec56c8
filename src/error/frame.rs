//! The error of framings: [`FrameError`].

use std::error::Error;
use std::fmt;

/// The error of a message, or of a header, whose schema id cannot be read. It has sizes, but no bytes of the message.
///
/// ```
/// use event_schema::format::framing::SchemaId;
///
/// let error = SchemaId::split(b"\0\0\0\x07").unwrap_err();
/// assert!(error.is_truncated());
/// assert_eq!(error.to_string(), "the message is truncated in its schema id: it has 4 bytes, expected at least 5");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameError(Fault);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Fault {
    Truncated { size: usize, least: usize },
    Header { size: usize },
}

impl FrameError {
    #[cold]
    pub(crate) fn truncated(size: usize, least: usize) -> Self {
        Self(Fault::Truncated { size, least })
    }

    #[cold]
    pub(crate) fn header(size: usize) -> Self {
        Self(Fault::Header { size })
    }

    /// Whether the message is truncated in its schema id. See the example of [`FrameError`].
    #[must_use]
    pub fn is_truncated(&self) -> bool {
        matches!(self.0, Fault::Truncated { .. })
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Fault::Truncated { size, least } => {
                write!(f, "the message is truncated in its schema id: it has {size} bytes, expected at least {least}")
            }
            Fault::Header { size } => write!(
                f,
                "the header with the schema id has {size} bytes, expected 5 that begin with 0, or 17 that begin with 1"
            ),
        }
    }
}

impl Error for FrameError {}

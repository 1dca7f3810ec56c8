//! Whether schemas may be registered: [`Mode`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether schemas may be registered under a subject.
///
/// ```
/// use event_schema::registry::Mode;
///
/// assert_eq!(Mode::ReadOnly.to_string(), "READONLY");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Mode {
    /// They may.
    #[serde(rename = "READWRITE")]
    ReadWrite,
    /// They may not.
    #[serde(rename = "READONLY")]
    ReadOnly,
    /// They may not under any subject, whatever its own mode is.
    #[serde(rename = "READONLY_OVERRIDE")]
    ReadOnlyOverride,
    /// They may, with ids that the caller gives.
    #[serde(rename = "IMPORT")]
    Import,
    /// Requests are forwarded to another registry.
    #[serde(rename = "FORWARD")]
    Forward,
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ReadWrite => "READWRITE",
            Self::ReadOnly => "READONLY",
            Self::ReadOnlyOverride => "READONLY_OVERRIDE",
            Self::Import => "IMPORT",
            Self::Forward => "FORWARD",
        })
    }
}

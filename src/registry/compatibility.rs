//! What a registry checks when a schema is registered: [`Compatibility`].

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;

/// The compatibility level of a subject: who must be able to read whom.
///
/// ```
/// use event_schema::registry::Compatibility;
///
/// assert_eq!("full_transitive".parse(), Ok(Compatibility::FullTransitive));
/// assert_eq!(Compatibility::BackwardTransitive.to_string(), "BACKWARD_TRANSITIVE");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compatibility {
    /// Nothing is checked.
    None,
    /// Readers of the new schema can read what writers of the last one wrote.
    Backward,
    /// Readers of the last schema can read what writers of the new one write.
    Forward,
    /// Backward and forward.
    Full,
    /// Backward, with each registered version and not only the last.
    BackwardTransitive,
    /// Forward, with each registered version and not only the last.
    ForwardTransitive,
    /// Full, with each registered version and not only the last.
    FullTransitive,
}

impl Compatibility {
    const ALL: [Self; 7] = [
        Self::None,
        Self::Backward,
        Self::Forward,
        Self::Full,
        Self::BackwardTransitive,
        Self::ForwardTransitive,
        Self::FullTransitive,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::Backward => "BACKWARD",
            Self::Forward => "FORWARD",
            Self::Full => "FULL",
            Self::BackwardTransitive => "BACKWARD_TRANSITIVE",
            Self::ForwardTransitive => "FORWARD_TRANSITIVE",
            Self::FullTransitive => "FULL_TRANSITIVE",
        }
    }
}

impl fmt::Display for Compatibility {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Compatibility {
    type Err = ParseCompatibilityError;

    fn from_str(text: &str) -> Result<Self, ParseCompatibilityError> {
        let named = |level: &Self| level.name().eq_ignore_ascii_case(text);
        Self::ALL.into_iter().find(named).ok_or(ParseCompatibilityError(()))
    }
}

/// The error of a text that names no compatibility level.
///
/// ```
/// use event_schema::registry::Compatibility;
///
/// let error = "sideways".parse::<Compatibility>().unwrap_err();
/// assert_eq!(error.to_string(), "not a compatibility level");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a compatibility level")]
pub struct ParseCompatibilityError(());

/// The answer of a registry to the question whether a schema is compatible with those of a subject.
#[derive(Debug, Clone, Deserialize)]
pub struct Verdict {
    is_compatible: bool,
    #[serde(default)]
    messages: Vec<String>,
}

impl Verdict {
    /// The verdict of a subject without a version.
    pub(super) fn compatible() -> Self {
        Self { is_compatible: true, messages: Vec::new() }
    }

    /// Whether the schema may be registered. See the example of [`SchemaRegistry`](super::SchemaRegistry).
    #[must_use]
    pub fn is_compatible(&self) -> bool {
        self.is_compatible
    }

    /// The registry's reasons, in its own words; some registries give none.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.messages.iter().map(String::as_str)
    }
}

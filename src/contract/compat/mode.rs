//! The question of a check: [`Compatibility`], [`Policy`], [`Direction`].

use std::fmt;
use std::str::FromStr;

/// The compatibility modes of Confluent Schema Registry.
///
/// ```
/// use event_schema::contract::compat::Compatibility;
///
/// assert_eq!("full_transitive".parse(), Ok(Compatibility::FullTransitive));
/// assert_eq!(Compatibility::BackwardTransitive.to_string(), "BACKWARD_TRANSITIVE");
/// assert!(!Compatibility::Full.is_transitive());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compatibility {
    /// Nothing is checked.
    None,
    /// Readers of the new schema can read what writers of the last one wrote.
    #[default]
    Backward,
    /// Readers of the last schema can read what writers of the new one write.
    Forward,
    /// Backward and forward.
    Full,
    /// Backward, with each recorded schema and not only the last.
    BackwardTransitive,
    /// Forward, with each recorded schema and not only the last.
    ForwardTransitive,
    /// Full, with each recorded schema and not only the last.
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

    /// Whether all recorded schemas are compared, not only the last.
    ///
    /// See the example of [`Compatibility`].
    #[must_use]
    pub const fn is_transitive(self) -> bool {
        matches!(self, Self::BackwardTransitive | Self::ForwardTransitive | Self::FullTransitive)
    }

    /// The directions that are checked.
    ///
    /// ```
    /// use event_schema::contract::compat::{Compatibility, Direction};
    ///
    /// assert_eq!(Compatibility::Full.directions(), [Direction::Backward, Direction::Forward]);
    /// assert!(Compatibility::None.directions().is_empty());
    /// ```
    #[must_use]
    pub const fn directions(self) -> &'static [Direction] {
        match self {
            Self::None => &[],
            Self::Backward | Self::BackwardTransitive => &[Direction::Backward],
            Self::Forward | Self::ForwardTransitive => &[Direction::Forward],
            Self::Full | Self::FullTransitive => &[Direction::Backward, Direction::Forward],
        }
    }

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
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let known = "none, backward, forward, full, backward_transitive, forward_transitive, full_transitive";
        let unknown = || UnknownName { what: "mode", name: text.to_owned(), known };
        Self::ALL.into_iter().find(|mode| mode.name().eq_ignore_ascii_case(text)).ok_or_else(unknown)
    }
}

/// Which changes count as incompatible.
///
/// ```
/// use event_schema::contract::compat::Policy;
///
/// assert_eq!("lenient".parse(), Ok(Policy::Lenient));
/// assert_eq!(Policy::default(), Policy::Strict);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Policy {
    /// The verdicts of Confluent Schema Registry, with its default policy for JSON Schema.
    ///
    /// They are no proof: the registry ignores formats, patterns of field names and `contains`, and takes a required
    /// field with a default for one that may be missing.
    #[default]
    Strict,
    /// The verdicts of Confluent Schema Registry, with its lenient policy: as strict, but fields may be added to an
    /// open object, although old messages may contain a field of that name with another type; and unknown fields may be
    /// refused or described, although old messages may contain any.
    Lenient,
    /// A compatible verdict is a proof: the reader's schema accepts each value that the writer's schema accepts.
    /// A change that cannot be proven to be compatible is incompatible. Some spellings that mean the same are equal: a
    /// type beside or within a choice, null in a list of types or in `anyOf`, `false` and `{"not": {}}`, names of groups
    /// in a pattern. A pattern that differs is a change, unless the reader's is the writer's with an optional group before its end.
    Exact,
    /// As [`Exact`](Self::Exact), for messages of writers that add no fields of their own: the writer's objects have
    /// the fields that their schemas list and no others, even if the schemas are open. A schema that lists no fields, or
    /// describes others by a keyword such as `additionalProperties`, stays open. This is the question for the events of a
    /// service that writes them with this crate.
    Written,
    /// As [`Exact`](Self::Exact), for messages of other programs: they may have unknown fields, but none that the reader
    /// comes to know.
    #[doc(hidden)]
    Received,
}

impl Policy {
    const ALL: [Self; 4] = [Self::Strict, Self::Lenient, Self::Exact, Self::Written];

    /// Whether a compatible verdict is a proof.
    pub(super) const fn proves(self) -> bool {
        matches!(self, Self::Exact | Self::Written | Self::Received)
    }

    /// Whether the writer's objects have no fields that the reader knows and the writer's schema does not.
    pub(super) const fn knows_fields(self) -> bool {
        matches!(self, Self::Written | Self::Received)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Strict => "STRICT",
            Self::Lenient => "LENIENT",
            Self::Exact => "EXACT",
            Self::Written => "WRITTEN",
            Self::Received => "RECEIVED",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let known = "strict, lenient, exact, written";
        let unknown = || UnknownName { what: "policy", name: text.to_owned(), known };
        Self::ALL.into_iter().find(|policy| policy.name().eq_ignore_ascii_case(text)).ok_or_else(unknown)
    }
}

/// The error for a name that is not one of a [`Compatibility`] or a [`Policy`].
///
/// ```
/// use event_schema::contract::compat::Compatibility;
///
/// let error = "sideways".parse::<Compatibility>().unwrap_err();
/// assert!(error.to_string().starts_with("unknown mode \"sideways\"; expected one of none, backward, forward, full,"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: &'static str,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown {} {:?}; expected one of {}", self.what, self.name, self.known)
    }
}

impl std::error::Error for UnknownName {}

/// The schema that reads, of an old and a new one.
///
/// See the example of [`Compatibility::directions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "of two schemas either one or the other reads")]
pub enum Direction {
    /// The new schema reads what was written with the old one.
    Backward,
    /// The old schema reads what is written with the new one.
    Forward,
}

impl Direction {
    /// `backward` or `forward`.
    ///
    /// ```
    /// use event_schema::contract::compat::Direction;
    ///
    /// assert_eq!(Direction::Backward.name(), "backward");
    /// ```
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
        }
    }
}

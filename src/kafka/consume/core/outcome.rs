//! What became of a delivery.

use std::fmt;

/// What became of a delivery. A record that is tried more than once is delivered more than once.
///
/// ```
/// use event_schema::kafka::Outcome;
///
/// assert_eq!(Outcome::Dead.as_str(), "dead");
/// assert_eq!(Outcome::Dead.to_string(), "dead");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// It was handled.
    Done,
    /// It failed, and is tried again: the rest of its partition waits, or it waits in a topic for that.
    Retried,
    /// It failed, and is tried again: the later records of the same key wait.
    Parked,
    /// It is in the dead letter topic.
    Dead,
    /// It failed, and is passed over.
    Skipped,
    /// Its result does not count: it took too long, its partition was taken away, or its
    /// [batch](crate::kafka::Batch) was dropped.
    Abandoned,
}

impl Outcome {
    /// One word in lower case, which stays the same: a label for metrics. See the example of [`Outcome`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retried => "retried",
            Self::Parked => "parked",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
            Self::Abandoned => "abandoned",
        }
    }
}

/// As [`as_str`](Outcome::as_str).
impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

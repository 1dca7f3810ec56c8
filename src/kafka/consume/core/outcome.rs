//! The outcome of a delivery.

use std::fmt;

/// The outcome of a delivery. Each attempt to handle a message is a delivery of its own.
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
    /// The message was handled.
    Done,
    /// The message failed and is retried: the rest of its partition waits, or the message waits in a retry topic.
    Retried,
    /// The message failed and is retried: the later messages with the same key wait.
    Parked,
    /// The message waits, and has spent no attempt: the handler said that a dependency is
    /// [unavailable](crate::kafka::Failure::unavailable), or the
    /// [circuit breaker](crate::kafka::Runner::circuit_breaker) is open.
    Unavailable,
    /// The message failed for good, and is in the dead letter topic.
    Dead,
    /// The message failed for good, and is skipped.
    Skipped,
    /// The message is not for this consumer, which passes over it: of
    /// [another type](crate::kafka::Runner::skip_other_types), not let in by its [filter](crate::kafka::Runner::filter),
    /// [redriven](crate::kafka::Redrive::to_origin) for another group, or a retry of another group whose retry topic has
    /// [the same name](crate::kafka::DeadLetter::new).
    Ignored,
    /// The result is ignored: the handler took too long, the partition was revoked, or the
    /// [batch](crate::kafka::Batch) was dropped.
    Abandoned,
}

impl Outcome {
    /// A stable name, one word in lower case, for instance as a label of metrics. See the example of [`Outcome`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Retried => "retried",
            Self::Parked => "parked",
            Self::Unavailable => "unavailable",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
            Self::Ignored => "ignored",
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

//! The session's input and output types.

use std::time::Duration;

#[cfg(feature = "metrics024")]
use super::super::core::Partition;
use super::super::core::{Outcome, Ticket, Verdict};
#[cfg(feature = "metrics024")]
use super::super::tally::Counts;

/// Why a record failed.
pub(crate) trait Cause: Clone {
    /// Its handler took longer than this.
    fn timed_out(limit: Duration) -> Self;

    /// The verdict on a record that failed because of it.
    fn verdict(&self) -> Verdict;
}

/// The taker of the records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A loop of the caller's own, or batches: the caller is told of trouble.
    Received,
    /// Handlers: trouble is told at the end only.
    Handled,
}

/// The reason why a consumer cannot receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trouble<C> {
    pub(crate) code: C,
    pub(crate) why: Why,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The client failed for good.
    Fatal,
    /// A right is missing. librdkafka says it once, and waits for the right without a word.
    Unauthorized,
    /// Both.
    FatallyUnauthorized,
    /// It may go better another time.
    Passing,
}

impl Why {
    pub(crate) fn is_fatal(self) -> bool {
        matches!(self, Self::Fatal | Self::FatallyUnauthorized)
    }

    pub(crate) fn is_unauthorized(self) -> bool {
        matches!(self, Self::Unauthorized | Self::FatallyUnauthorized)
    }
}

/// Why there is nothing to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word<C> {
    /// Said once.
    Trouble(C),
    /// Said to each who asks, as are the following.
    Fatal(C),
    /// The polling thread is at its end, and nobody has asked for it.
    Gone,
    Closed,
}

/// The outcome of a record.
#[derive(Debug, Clone)]
pub(crate) enum Finished<F> {
    Done,
    /// No handler was needed; with this outcome.
    Unhandled(Outcome),
    /// The handler failed, or a step before it.
    Failed(F),
    /// It was not forwarded, or cannot be loaded, but may be another time. It has not failed.
    NotYet,
    /// It cannot be forwarded, for this reason.
    Refused {
        why: String,
        is_too_large: bool,
    },
}

/// The record at which the consumer stops.
#[derive(Debug, Clone)]
pub(crate) struct Stopped<F> {
    pub(crate) ticket: Ticket,
    pub(crate) cause: Option<F>,
    /// Why it is not where such records are kept, if it was to be.
    pub(crate) refusal: Option<String>,
}

/// Why a partition, or all of them, are not committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotCommitted {
    /// The group shares its partitions out anew, or has already: whoever has them receives again what was not
    /// committed.
    Rebalance,
    /// There is no such topic any more, and nobody will receive anything of it again.
    Gone,
    Refused,
}

/// The state of a consumer.
#[cfg(feature = "metrics024")]
#[derive(Debug)]
pub(crate) struct Measures<'a> {
    /// The counts of each partition, by its number; later ones have none.
    pub(crate) counts: &'a [Counts],
    /// The assigned partitions, each with the offset of the next record to finish, if that is known.
    pub(crate) positions: Vec<(Partition, Option<i64>)>,
    /// The number of records in hand.
    pub(crate) in_flight: usize,
    /// The number of records that wait for dependencies of their handlers.
    pub(crate) waiting: usize,
    /// Whether the breaker is open.
    pub(crate) is_open: bool,
}

/// The threads to wake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wakes {
    /// The polling thread.
    pub(crate) poller: bool,
    /// One who takes records, in turn with others.
    pub(crate) taker: bool,
    /// The caller in `recv`.
    pub(crate) receiver: bool,
}

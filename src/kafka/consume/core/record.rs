//! The core's input and output types for records.

use std::time::Duration;

use super::outcome::Outcome;

/// A partition of a topic, by a number that the driver gives it.
pub(crate) type Partition = u32;

/// The place of a message in the topic where it was first: partition and offset.
pub(crate) type Origin = (Partition, i64);

/// When a record is in hand whose handler has yet to begin: it does not take too long.
pub(crate) const NOT_YET: Duration = Duration::MAX;

/// The number of the take of a record: it tells a result that comes too late from one that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    pub(crate) partition: Partition,
    /// The epoch of the assignment.
    pub(crate) epoch: u64,
    /// The number of the record within the assignment, from 0.
    pub(crate) number: u64,
    pub(crate) offset: i64,
    /// The leader epoch of the partition when the record was written, or -1.
    pub(crate) leader_epoch: i32,
    /// How often it has been handled, this time included.
    pub(crate) attempt: u32,
    /// How often it has been taken, to be handled or forwarded, this time included.
    pub(crate) taken: u32,
}

impl Ticket {
    pub(crate) fn position(&self) -> Position {
        let Self { partition, epoch, offset, leader_epoch, .. } = *self;
        Position { partition, epoch, offset, leader_epoch }
    }
}

/// A record as it is received.
#[derive(Debug, Clone)]
pub(crate) struct Incoming<M> {
    pub(crate) partition: Partition,
    pub(crate) offset: i64,
    /// The leader epoch of the partition when the record was written, or -1.
    pub(crate) leader_epoch: i32,
    /// A hash of the key, if there is one.
    pub(crate) key: Option<u64>,
    pub(crate) bytes: usize,
    /// How often it was tried before: it comes from a topic for retries.
    pub(crate) tried: u32,
    /// The place of the message in its first topic, if it comes from a topic for retries that says so.
    pub(crate) origin: Option<Origin>,
    /// Before this it is not to be handled.
    pub(crate) due: Option<Duration>,
    pub(crate) message: M,
}

/// The work on a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    Handle,
    /// Send it to the topic for the retry of this number, from 1 on.
    Retry(u32),
    /// Send it to the dead letter topic, in this form, from 0 on.
    DeadLetter(u32),
}

/// A record to do something with.
#[derive(Debug, Clone)]
pub(crate) struct Taken<M> {
    pub(crate) ticket: Ticket,
    pub(crate) work: Work,
    pub(crate) message: M,
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It was handled, or forwarded.
    Done,
    /// It is finished without a handler, with this outcome. That says nothing about the dependencies of handlers.
    Unhandled(Outcome),
    /// It may go better another time.
    Retry,
    /// The same, after this pause instead of the one that is due.
    RetryAfter(Duration),
    /// The same, but the record alone is suspected: it says nothing about others.
    Panic,
    /// It was not handled, because a dependency of the handler is away.
    Unavailable,
    /// It has not been tried: it waits, and others for it as before. That says nothing about the dependencies of handlers.
    NotYet,
    /// It is no valid event, and never will be.
    Invalid,
    /// The handler will never take it. Of a forwarded record: the topic never will.
    Reject,
    /// The forwarded record is too large; a smaller form may be taken.
    TooLarge,
    /// The consumer is set up so that it can handle no such record, which is not to blame for it.
    Stop,
}

/// Up to where a partition is finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) partition: Partition,
    pub(crate) epoch: u64,
    /// The offset of the last record up to which all are finished.
    pub(crate) offset: i64,
    /// The epoch of the partition's leader when it wrote that record, or -1. By it a consumer notices that the log was
    /// truncated since.
    pub(crate) leader_epoch: i32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Action {
    Pause(Partition),
    Resume(Partition),
    /// The worker must drop this record; its result is ignored.
    Abandon(Ticket),
    Commit(Vec<Position>),
    /// The breaker opens: so many different records have failed, and none was handled.
    Opened(u32),
    /// The breaker closes.
    Closed,
    /// The consumer is to stop because of this record. Others that are in hand may say so, too.
    Stop(Ticket),
}

//! The core of a consumer, which decides what to do with records: a state machine without I/O.
//!
//! Told what happens (partitions come and go, records are received, handlers finish, time passes) it
//! says what to do: which record comes next, what to pause, which offsets to commit. It knows neither
//! threads nor sockets nor clocks, so that the simulation can lead it through millions of schedules. Whoever
//! drives it holds a lock on it for each call and does what [`Core::action`] says before the lock is
//! given up.
//!
//! ```text
//!              receive                take                    finish
//! (broker) ────────────> waiting ─────────────> in hand ─────────────────> finished ──> Commit
//!                           ^                      │ │                         ^
//!                           │       retry          │ │ reject, or tried often  │ forwarded
//!                           └──────────────────────┘ └──> forward: taken again ┘
//! ```
//!
//! Whatever the schedule, this holds:
//! - A record is committed only when it and all that were received before it in its partition are
//!   finished: handled, forwarded to another topic or skipped.
//! - Two records whose order counts are never in hand together, and the later one is not taken before
//!   the earlier one is finished.
//! - A record that is retried in its place stops the later ones of its partition, except those that failed together with
//!   it. One that is put back comes before the later ones of its partition, also in batches.
//! - A parked record stops those of its key, and others only when they are `span` records away from it.
//! - Whatever belongs to an assignment that is over has no effect.
//! - A partition is paused as soon as it holds its share of the buffer, and resumed when it holds no more
//!   than half of it. It holds more than its share only by what was under way then, or because there are
//!   more partitions to share now.
//! - An assignment finishes a record at most once. The next one of the partition starts where the last
//!   commit that arrived says, and repeats what was finished after that: of what comes after the first
//!   unfinished record fewer than `span` records (none if order is by partition), and of what comes before it
//!   nothing after a [`release`](Core::release) whose commit arrives, else, after a crash or a loss, what
//!   was finished since the last commit: in `commit_every`, or in longer if commits failed.
//! - A partition that is [idle](Core::is_idle) when it is released repeats nothing: what is unfinished before
//!   others that are finished is finished first, unless it waits for its time or was given back, the breaker is open, or
//!   the consumer stops.
//! - A record whose handler says that a dependency is away spends no attempt, and is never given up for it, unless there
//!   is a limit and it has passed. Order is kept as for a retry.
//! - No record is given up because its handler failed when as many different ones as the breaker needs have failed since
//!   one was handled: the breaker opens instead. A record counts by the place where it was first, in whichever topic it
//!   fails. Until one is handled, one record at a time is handled, and none that fails spends an attempt. A panic is not
//!   the fault of what is away: it spends its attempt, and opens nothing.
//! - A record that always fails holds up others for a while only: a probe that has waited for `breaker_patience` is given
//!   up, and the next after twice as long, until one is handled.
//! - What is in hand when an assignment ends, or takes too long, is [abandoned](Action::Abandon): it may have
//!   had its effect, and is handled again.

mod in_hand;
mod lane;
mod machine;
mod outage;
mod outcome;
mod record;
mod rules;
#[cfg(test)]
mod tests;

pub(crate) use self::machine::Core;
pub use self::outcome::Outcome;
pub(crate) use self::record::{Action, Incoming, NOT_YET, Partition, Position, Taken, Ticket, Verdict, Work};
pub(crate) use self::rules::{Backoff, GiveUps, Limit, Rules, Waiting};
pub use self::rules::{FailureKind, GiveUp, Order};

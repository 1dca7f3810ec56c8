//! The thread that polls librdkafka, and what it shares with those who take the records.
//!
//! All that is told to librdkafka is told by this thread, in the order in which the core says it: what the
//! calls of others lead to stays in the core's queue, and they wake the thread. The exception are commits:
//! they wait for the broker, and each has a thread of its own.

mod callbacks;
mod commit;
mod commits;
mod connection;
mod full;
mod held;
mod leave;
mod member;
mod nap;
mod offsets;
mod perform;
mod poll;
#[cfg(feature = "metrics024")]
mod report;
mod resets;
mod seats;
mod seek;
mod seeks;
mod shared;
mod start;
mod starts;
#[cfg(test)]
mod tests;
mod topics;
mod under_way;

pub(super) use self::member::{Member, left};
pub(super) use self::seats::{Dismissal, Seats};
pub use self::seeks::SeekTo;
pub(super) use self::shared::{Returned, Returning, Shared, State, key};
pub(super) use self::start::{longest_revoke, start};

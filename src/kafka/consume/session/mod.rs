//! The decisions of a consumer other than the order of its records: a second state machine without I/O.
//!
//! [`core`](super::core) says which record comes next and what is committed. The session, which holds it, decides
//! what else the shell around it would have to: whether the consumer can go on, whether it is ready, when it closes,
//! what a batch is given, why a record failed, and who has to be woken. Neither knows threads, sockets or
//! clocks; the simulation leads both through the same schedules.
//!
//! Whatever the schedule, this holds:
//! - A consumer that runs handlers and can do no more, because its client failed for good or a right is missing,
//!   closes, whenever it learned that.
//! - Nobody is woken for whom there is nothing to do.
//! - What failed is known for as long as the record is unfinished and its partition ours, be it that the partition
//!   is to be given up.
//! - No batch is given a record behind one that holds its partition, nor one of a partition that is to be given up.
//! - From the first time that a record could not be forwarded until it is finished, the consumer is not ready; nor is it
//!   while a record waits for a dependency of its handler.

mod closing;
mod machine;
mod outcome;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod tests;

pub(crate) use self::closing::{Closing, LEAVE};
pub(crate) use self::machine::Session;
#[cfg(feature = "metrics024")]
pub(crate) use self::outcome::Measures;
pub(crate) use self::outcome::{Cause, Finished, NotCommitted, Stopped, Trouble, Wakes, Why, Word};

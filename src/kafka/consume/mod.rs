//! The consumer: a record on its way in, until it is finished.
//!
//! [`core`] decides what becomes of each record and [`session`] the rest, [`driver`] polls librdkafka and does what
//! they say. The rest is how users take part: [`consumer`] and [`batches`] hand records out, [`runner`] and
//! [`worker`] have them handled, [`forward`] sends on what failed.

mod ahead;
mod arguments;
mod batch;
mod batches;
mod breaker;
mod consumer;
mod core;
mod delivery;
mod driver;
mod end;
mod failure;
mod fault;
mod forward;
mod handle;
mod loader;
#[cfg(feature = "avro")]
mod lookups;
mod outgoing_event;
mod panics;
mod policy;
mod publish;
mod raw;
mod received;
mod retry;
mod runner;
mod selection;
mod session;
mod subscription;
mod tally;
mod tell;
mod transactions;
mod transactor;
mod withheld;
mod worker;

#[cfg(feature = "sqlx08")]
pub(crate) use self::arguments::sealed::Argument as SealedArgument;
pub use self::arguments::{Argument, Attempt, Handler, Key, State, Subject};
pub use self::batch::Batch;
pub use self::batches::Batches;
pub use self::breaker::CircuitBreaker;
pub use self::consumer::EventConsumer;
pub(crate) use self::core::Position;
pub use self::core::{FailureKind, GiveUp, Order, Outcome};
pub use self::delivery::Delivery;
pub use self::driver::SeekTo;
pub use self::failure::{Failure, Handled};
pub use self::handle::{Buffered, RunHandle};
pub(crate) use self::loader::{At, Loader};
pub use self::outgoing_event::OutgoingEvent;
pub use self::publish::{Events, Returned};
pub(crate) use self::raw::Raw;
pub use self::received::{Body, Received, Rejection};
pub use self::retry::Retry;
pub use self::runner::Runner;
pub use self::selection::MessageHead;
pub use self::tally::Counts;
#[cfg(feature = "sqlx08")]
pub(crate) use self::transactions::{Boxed, EventId, Lent, Open, Transactions};

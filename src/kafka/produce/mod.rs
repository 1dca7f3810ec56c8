//! The producer: an event on its way out, until the brokers have it.

mod client;
mod encoding;
mod many;
mod outgoing;
mod producer;
mod queue;
mod report;
mod send_all;
mod sent;
mod slot;
mod stamp;
#[cfg(test)]
mod tests;
mod topic;

pub use self::outgoing::Outgoing;
pub use self::producer::EventProducer;
pub use self::sent::{Enqueued, Sent};

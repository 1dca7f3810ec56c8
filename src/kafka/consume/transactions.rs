//! A transaction around the call of a handler: the seam for an outbox, which knows the database.

use std::any::{Any, TypeId};
use std::pin::Pin;
use std::sync::Arc;

use super::failure::Failure;
use crate::kafka::message::ProducerRecord;
use crate::kafka::produce::EventProducer;

pub(crate) type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A transaction as an argument of a handler, of a type that only its database knows.
pub(crate) type Lent = Box<dyn Any + Send>;

/// Opens a transaction for each event.
pub(crate) trait Transactions: Send + Sync {
    /// Makes the messages of the events that handlers return.
    fn producer(&self) -> &EventProducer;

    /// The type of the argument that [`Open::lend`] gives.
    fn argument(&self) -> TypeId;

    /// None for an event that the group has handled.
    fn open(&self, event: EventId) -> Boxed<'_, Result<Option<Box<dyn Open>>, Failure>>;
}

/// An event, as a group knows whether it has handled it.
#[cfg_attr(not(feature = "sqlx08"), expect(dead_code, reason = "read by outboxes"))]
pub(crate) struct EventId {
    pub(crate) group: Arc<str>,
    pub(crate) source: String,
    pub(crate) id: String,
}

/// An open transaction, which is rolled back if this is dropped.
pub(crate) trait Open: Send {
    /// The transaction, as the argument of a handler.
    fn lend(&mut self) -> Lent;

    /// Commits what the handler has written, with these messages to be sent and the fact that the event is handled.
    fn commit(self: Box<Self>, records: Vec<ProducerRecord>) -> Boxed<'static, Result<(), Failure>>;

    fn roll_back(self: Box<Self>) -> Boxed<'static, ()>;
}

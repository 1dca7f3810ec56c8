//! A transaction around the call of a handler: the seam for an outbox, which knows the database.

use std::any::{Any, TypeId};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::delivery::Delivery;
use super::failure::{Failure, Handled, Publishing};
use super::publish::{Outputs, Publisher};
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

/// The transactions of the handlers of a group.
pub(super) struct Transactor {
    pub(super) transactions: Arc<dyn Transactions>,
    pub(super) publisher: Arc<Publisher>,
    /// A handler with less time than its database takes to say that it is away would spend attempts.
    pub(super) patience: Option<Duration>,
}

impl Transactor {
    /// Calls a handler within a transaction, unless its event was handled before.
    pub(super) async fn handle<E, F>(
        &self,
        delivery: Delivery<E>,
        handler: impl FnOnce(Delivery<E>, Lent) -> F,
    ) -> Transacted
    where
        F: Future<Output = Outputs>,
    {
        let place = delivery.to_string();
        let opening = self.transactions.open(self.publisher.event_id(&delivery));
        let opened = match self.patience {
            Some(patience) => tokio::time::timeout(patience, opening)
                .await
                .unwrap_or_else(|_| Err(Failure::unavailable("the database did not begin a transaction in time"))),
            None => opening.await,
        };
        let mut open = match opened {
            Ok(Some(open)) => open,
            Ok(None) => {
                tracing::debug!("{place}: its group has handled this event before");
                return Transacted(Ok(None));
            }
            Err(failure) => return Transacted(Err(failure)),
        };
        let lent = open.lend();
        match handler(delivery, lent).await.records() {
            Ok(records) => Transacted(Ok(Some(Publishing(Box::pin(async move {
                let records = match records {
                    Some(records) => match records.await {
                        Ok(records) => records,
                        Err(failure) => {
                            open.roll_back().await;
                            return Err(failure);
                        }
                    },
                    None => Vec::new(),
                };
                open.commit(records).await
            }))))),
            Err(failure) => {
                open.roll_back().await;
                Transacted(Err(failure))
            }
        }
    }
}

/// The end of a call within a transaction, which is not committed yet.
pub(super) struct Transacted(Result<Option<Publishing>, Failure>);

impl Handled for Transacted {
    fn handled(self) -> Result<Option<Publishing>, Failure> {
        self.0
    }
}

impl super::failure::sealed::Sealed for Transacted {}

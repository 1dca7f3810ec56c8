//! Calls of handlers within a transaction.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::delivery::Delivery;
use super::failure::{Failure, Handled, Publishing, sealed};
use super::publish::{Outputs, Publisher};
use super::transactions::{Boxed, Lent, Transactions};
use crate::kafka::produce::EventProducer;

/// The transactions of the handlers of a group.
pub(super) struct Transactor {
    pub(super) transactions: Arc<dyn Transactions>,
    pub(super) publisher: Arc<Publisher>,
    /// A handler with less time than its database takes to say that it is away would spend attempts.
    pub(super) patience: Option<Duration>,
}

/// Waits for a registry, so that no transaction does.
pub(super) type Prepare = fn(&EventProducer) -> Boxed<'_, Result<(), Failure>>;

impl Transactor {
    /// Calls a handler within a transaction, unless its event was handled before.
    pub(super) async fn handle<E, F>(
        &self,
        delivery: Delivery<E>,
        prepare: Prepare,
        handler: impl FnOnce(Delivery<E>, Lent) -> F,
    ) -> Transacted
    where
        F: Future<Output = Outputs>,
    {
        let place = delivery.to_string();
        let end = self.patience.map(|patience| Instant::now() + patience);
        let opening = async {
            let prepared = prepare(self.transactions.producer());
            within(end, "the schema registry did not answer in time", prepared).await?;
            let opened = self.transactions.open(self.publisher.event_id(&delivery));
            within(end, "the database did not begin a transaction in time", opened).await
        };
        let mut open = match opening.await {
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

/// A result by a time, or this fault.
async fn within<T>(
    end: Option<Instant>,
    fault: &'static str,
    result: Boxed<'_, Result<T, Failure>>,
) -> Result<T, Failure> {
    match end {
        Some(end) => tokio::time::timeout_at(end, result).await.unwrap_or_else(|_| Err(Failure::unavailable(fault))),
        None => result.await,
    }
}

/// The end of a call within a transaction, which is not committed yet.
pub(super) struct Transacted(Result<Option<Publishing>, Failure>);

impl Handled for Transacted {
    fn handled(self) -> Result<Option<Publishing>, Failure> {
        self.0
    }
}

impl sealed::Sealed for Transacted {}

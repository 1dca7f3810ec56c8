//! Messages that were received together, with an outcome for each.

use std::fmt;
use std::sync::Arc;

use super::core::{Taken, Ticket};
use super::driver::Shared;
use super::failure::Failure;
use super::fault::Fault;
use super::forward::Forward;
use super::loader::{At, Loader, NotYet};
use super::raw::Raw;
use super::received::{Body, Received, Rejection};
use super::session::Finished;
use super::tell::finish;
use crate::kafka::message::Place;
use crate::kafka::telemetry::Message;
use crate::{EventSchema, LoadError};

/// Messages that were received together; see [`Batches`](crate::kafka::Batches).
///
/// When the batch is [finished](Self::finish), the messages that did not [fail](Self::fail) are done, and those that
/// could not be loaded go to the dead letter topic.
///
/// A batch may also be dropped without `finish`, for instance by a `select!` or with its task. Its messages then
/// count as abandoned, not as failed: they are received again, first and at once, and each time without spending an
/// attempt. Report failed messages with [`fail`](Self::fail), therefore, instead of dropping the batch.
///
/// ```
/// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Outcome};
/// # use event_schema::prelude::*;
/// # use std::time::Duration;
/// # #[derive(Debug, Serialize, EventSchema)]
/// # #[event(topic = "orders")]
/// # struct OrderPlaced { number: u32 }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// # kafka.create_topic("orders", 1)?;
/// # for number in 0..3 { kafka.publish(&OrderPlaced { number }).await; }
/// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
/// let mut batches = consumer.runner().batches()?;
/// let batch = batches.recv(3, Duration::from_secs(10)).await?;
/// drop(batch);
/// let batch = batches.recv(3, Duration::from_secs(10)).await?;
/// assert_eq!(batch.len(), 3);
/// batch.finish();
/// assert_eq!(batches.counts().to_string(), "3 done, 3 abandoned");
/// # Ok(())
/// # }
/// ```
///
/// [`Batches`](crate::kafka::Batches) has another example.
pub struct Batch<E> {
    pub(super) shared: Arc<Shared>,
    pub(super) forward: Arc<Forward>,
    pub(super) records: Vec<Item<E>>,
}

pub(super) struct Item<E> {
    ticket: Ticket,
    place: Place,
    received: Received<E>,
    failure: Option<Failure>,
}

impl<E: EventSchema> Item<E> {
    pub(super) fn new(taken: Taken<Raw>, place: Place, loader: &Loader<E>) -> Result<Self, NotYet> {
        let Taken { ticket, message: raw, .. } = taken;
        let at = At { topic: &place.topic, partition: place.partition, offset: ticket.offset };
        let content = loader.load(&raw, at)?;
        Ok(Self {
            received: Received::of(Arc::clone(&place.topic), place.partition, ticket.position(), raw, content),
            ticket,
            place,
            failure: None,
        })
    }
}

impl<E> Item<E> {
    /// As spans describe it.
    pub(super) fn described(&self) -> Message<'_> {
        self.received.described()
    }

    /// Why it is no event, if it is none.
    pub(super) fn rejection(&self) -> Option<&LoadError> {
        self.received.rejection().map(Rejection::error)
    }
}

impl<E> Batch<E> {
    /// The messages; those of a partition are in order. For this and the following methods see the example of
    /// [`Batches`](crate::kafka::Batches).
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Received<E>> {
        self.records.iter().map(|item| &item.received)
    }

    /// The number of messages: at least one.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "orders")]
    /// # struct OrderPlaced { number: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # for number in 0..3 { kafka.publish(&OrderPlaced { number }).await; }
    /// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut batches = consumer.runner().batches()?;
    /// let batch = batches.recv(2, Duration::from_secs(10)).await?;
    /// assert_eq!(batch.len(), 2);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "it never is")]
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Marks the message at this index as failed; the [`Failure`] says whether it is retried.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "orders")]
    /// # struct OrderPlaced { number: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # for number in 0..3 { kafka.publish(&OrderPlaced { number }).await; }
    /// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// let retry = Retry::in_place().backoff(Duration::from_millis(1), Duration::from_millis(1));
    /// let mut batches = consumer.runner().retry(retry).batches()?;
    /// let mut batch = batches.recv(3, Duration::from_secs(10)).await?;
    /// batch.fail(1, Failure::retry("the database is away"));
    /// batch.finish();
    ///
    /// let again = batches.recv(3, Duration::ZERO).await?;
    /// assert_eq!(again.iter().next().unwrap().event().unwrap().number, 1);
    /// assert_eq!(batches.counts().to_string(), "2 done, 1 retried");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no message at this index.
    pub fn fail(&mut self, index: usize, failure: impl Into<Failure>) {
        self.records[index].failure = Some(failure.into());
    }

    /// Reports the outcome of each message. The consumer commits the finished messages with its next commit. Failed
    /// messages are received again by a later [`recv`](crate::kafka::Batches::recv), or go to the dead letter topic.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "orders")]
    /// # struct OrderPlaced { number: u32 }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # for number in 0..3 { kafka.publish(&OrderPlaced { number }).await; }
    /// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut batches = consumer.runner().batches()?;
    /// let batch = batches.recv(2, Duration::from_secs(10)).await?;
    /// batch.finish();
    /// assert_eq!(batches.counts().done(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn finish(mut self) {
        for item in self.records.drain(..) {
            let finished = match (item.failure, item.received.into_body()) {
                (Some(failure), _) => Finished::Failed(Fault::Handler(Arc::new(failure))),
                (None, Body::Rejected(rejection)) => Finished::Failed(self.forward.rejected(rejection)),
                (None, _) => Finished::Done,
            };
            finish(&self.shared, &self.forward, &item.ticket, &item.place, finished);
        }
    }
}

impl<E> Drop for Batch<E> {
    fn drop(&mut self) {
        if self.records.is_empty() {
            return;
        }
        self.shared.lock().session.untake(self.records.iter().map(|item| item.ticket));
    }
}

impl<E: fmt::Debug> fmt::Debug for Batch<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

//! The handle to a running consumer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::core::Limit;
use super::driver::{self, SeekTo, Shared};
use super::tally::Counts;
use crate::kafka::config::TopicNames;
use crate::kafka::error::{CloseError, ConsumeError};

/// A handle to a running consumer: it closes the consumer, counts outcomes, and says whether it is ready. Cheap to
/// clone.
///
/// ```
/// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
/// # use event_schema::prelude::*;
/// # #[derive(Serialize, EventSchema)]
/// # #[event(topic = "notes")]
/// # struct Note { text: String }
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
/// assert_eq!(consumer.handle().counts().done(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RunHandle {
    shared: Arc<Shared>,
    gone: watch::Receiver<()>,
    names: Arc<TopicNames>,
}

impl RunHandle {
    pub(super) fn new(shared: Arc<Shared>, gone: watch::Receiver<()>, names: Arc<TopicNames>) -> Self {
        Self { shared, gone, names }
    }

    /// Stops taking new events, finishes those in flight, commits, and leaves the group, so that its other members
    /// get the partitions at once. Then [`run`](crate::kafka::EventConsumer::run) returns, by the deadline in any
    /// case.
    ///
    /// Handlers that are still running shortly before the deadline are dropped. Their messages are not committed: the
    /// next owner of the partition receives them again.
    ///
    /// # Errors
    ///
    /// A [`CloseError`] if this takes longer than `deadline`, for instance because the broker is away. Also if the
    /// brokers [refuse](CloseError::is_not_committed) the last commit.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??, handle.counts());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self, deadline: Duration) -> Result<(), CloseError> {
        self.shared.close_within(deadline);
        driver::left(&self.shared, &mut self.gone.clone(), deadline).await
    }

    /// Handles no further messages until [`resume`](Self::resume). Handlers that are running finish, failed messages are
    /// still sent to their topics, and the consumer remains in its group: messages wait in memory up to the limit, and then
    /// in Kafka. [Batches](crate::kafka::Batches) have no further messages meanwhile.
    ///
    /// It does nothing to [`recv`](crate::kafka::EventConsumer::recv) and `stream`, whose caller need not call them.
    /// Readiness remains as it is.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// handle.pause();
    /// assert!(handle.is_paused());
    /// # let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    /// kafka.publish(&Note { text: "hello".to_owned() }).await;
    /// # while handle.buffered().messages == 0 { tokio::task::yield_now().await }
    /// assert_eq!(handle.counts().done(), 0);
    ///
    /// handle.resume();
    /// # while handle.counts().done() == 0 { tokio::task::yield_now().await }
    /// // A moment later:
    /// assert_eq!(handle.counts().done(), 1);
    /// # handle.close(Duration::from_secs(10)).await?;
    /// # running.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pause(&self) {
        self.shared.lock().session.pause();
    }

    /// Handles messages again; see the example of [`pause`](Self::pause).
    pub fn resume(&self) {
        self.shared.lock().session.resume();
    }

    /// Makes an assigned partition continue at another message, to repeat or to skip messages.
    ///
    /// Handlers of the partition that are running finish first, as before a rebalance, and their messages are committed.
    /// A handler that takes longer than the [`revoke_timeout`](crate::kafka::Runner::revoke_timeout) is dropped, and so is a
    /// dead letter that is not stored by then. Messages that are dropped, or that wait for a retry in place, are handled
    /// again if they lie behind the new offset. A seek forward passes over them: this also gets a partition past a message
    /// whose handler hangs.
    ///
    /// A commit never goes back: after a seek to an earlier message, nothing is committed until the partition has passed the
    /// offset of the last commit. A seek commits nothing by itself, forward either: the first message that is finished after
    /// it does. A restart or a rebalance before that continues at the last commit.
    ///
    /// Do not await a seek in a handler of the same partition: the seek waits for the handler. Spawn it instead. A seek whose
    /// future is dropped takes place all the same.
    ///
    /// # Errors
    ///
    /// A [`ConsumeError`] if the partition is not [assigned](ConsumeError::is_revoked), if the consumer is closed, or if the
    /// brokers do not return the offset of a time or of the end; the partition then continues where it was. Or if the
    /// client does not go to the offset within 10 seconds: the partition waits until it does.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// use event_schema::kafka::SeekTo;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # for text in ["one", "two"] { kafka.publish(&Note { text: text.to_owned() }).await; }
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// # let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    /// # while handle.counts().done() < 2 { tokio::task::yield_now().await }
    /// assert_eq!(handle.counts().done(), 2);
    /// for (topic, partition) in handle.assigned() {
    ///     handle.seek(&topic, partition, SeekTo::Beginning).await?;
    /// }
    /// # while handle.counts().done() < 4 { tokio::task::yield_now().await }
    /// // A moment later:
    /// assert_eq!(handle.counts().done(), 4);
    /// # handle.close(Duration::from_secs(10)).await?;
    /// # running.await??;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn seek(&self, topic: &str, partition: i32, to: SeekTo) -> Result<(), ConsumeError> {
        Ok(self.shared.seek(&self.names.real(topic), partition, to).await?)
    }

    /// Whether the consumer was [paused](Self::pause).
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.shared.lock().session.is_paused()
    }

    /// The outcomes of all deliveries so far; see the example of [`close`](Self::close).
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.lock().session.counts()
    }

    /// Whether the consumer can handle messages, for the readiness probe of a service. It is `true` if the consumer has
    /// joined its group (even if no partition was left for it), is not closing, has not failed for good, and if no dead
    /// letter and no message for a retry topic waits for brokers that do not accept it, and no message because a
    /// dependency of its handler is [unavailable](crate::kafka::Outcome::Unavailable).
    ///
    /// The consumer stays ready while brokers are away for less than `session.timeout.ms`.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 2)?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// # while !handle.is_ready() { tokio::task::yield_now().await }
    /// // A moment later, when it has joined its group:
    /// assert!(handle.is_ready());
    /// assert_eq!(handle.assigned(), [("notes".to_owned(), 0), ("notes".to_owned(), 1)]);
    ///
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert!(!handle.is_ready());
    /// assert!(handle.assigned().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.lock().session.is_ready()
    }

    /// The assigned partitions, by topic and number; see the example of [`is_ready`](Self::is_ready).
    #[must_use]
    pub fn assigned(&self) -> Vec<(String, i32)> {
        let state = self.shared.lock();
        let places = state.session.partitions().into_iter().map(|number| state.place(number));
        let mut assigned: Vec<_> = places.map(|place| (place.topic.to_string(), place.partition)).collect();
        assigned.sort_unstable();
        assigned
    }

    /// The messages that wait in memory or are being handled.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let buffered = consumer.handle().buffered();
    /// assert_eq!((buffered.messages, buffered.bytes), (0, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn buffered(&self) -> Buffered {
        let Limit { records: messages, bytes } = self.shared.lock().session.buffered();
        Buffered { messages, bytes }
    }
}

/// The messages that a consumer holds in memory: see the example of [`RunHandle::buffered`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Buffered {
    /// The number of messages.
    pub messages: usize,
    /// Their size in memory.
    pub bytes: usize,
}

impl fmt::Debug for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

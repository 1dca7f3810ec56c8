//! A consumer that runs, seen from elsewhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::core::Limit;
use super::driver::{self, Shared};
use super::tally::Counts;
use crate::kafka::error::CloseError;

/// Closes a consumer that runs, and says what it has done so far and whether it is ready. Cheap to clone.
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
}

impl RunHandle {
    pub(super) fn new(shared: Arc<Shared>, gone: watch::Receiver<()>) -> Self {
        Self { shared, gone }
    }

    /// No new events: finishes those that are being handled, commits, and leaves the group, so that its
    /// other members go on at once. [`run`](crate::kafka::EventConsumer::run) returns then, and by the deadline in any case.
    ///
    /// What is not handled a little before the deadline is given up and not committed: whoever has the
    /// partition next receives it again.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if that takes longer than `deadline`: for instance because the broker is gone. Or if the brokers
    /// [refuse](CloseError::is_not_committed) the last commit.
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

    /// What the deliveries came to so far; see the example of [`close`](Self::close).
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.tally.counts()
    }

    /// Whether it can be expected to handle messages, for the readiness probe of a service: it has joined its group,
    /// whether or not there was a partition for it; it is not closing, and has not failed for good; and no dead
    /// letter, nor a message for a topic for retries, waits for brokers that do not take it.
    ///
    /// Brokers that are away for less than `session.timeout.ms` do not make it unready: they are waited for.
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

    /// The partitions that it has, by topic and number; see the example of [`is_ready`](Self::is_ready).
    #[must_use]
    pub fn assigned(&self) -> Vec<(String, i32)> {
        let state = self.shared.lock();
        let places = state.session.partitions().into_iter().map(|number| state.place(number));
        let mut assigned: Vec<_> = places.map(|place| (place.topic.to_string(), place.partition)).collect();
        assigned.sort_unstable();
        assigned
    }

    /// What waits in memory or is being handled.
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

/// What a consumer holds: see the example of [`RunHandle::buffered`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Buffered {
    /// How many messages.
    pub messages: usize,
    /// What they take in memory.
    pub bytes: usize,
}

impl fmt::Debug for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

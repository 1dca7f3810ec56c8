//! The acknowledgement of an event, and the future of one.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use super::client::Client;
use super::report::{Pending, Recipient};
use super::slot::Report;
use super::topic::Topic;
use crate::kafka::error::SendError;
use crate::kafka::message::time;
use crate::kafka::telemetry::Sending;

/// An event in flight: a future of its outcome. See [`EventProducer::enqueue`](crate::kafka::EventProducer::enqueue).
#[must_use = "what becomes of the event is told only to who awaits it"]
pub struct Enqueued {
    pub(super) pending: Arc<Pending>,
    pub(super) topic: Topic,
    // Keeps the client alive, which reports the outcome, at the latest when it is dropped.
    pub(super) client: Arc<Client>,
    pub(super) sending: Sending,
}

impl Future for Enqueued {
    type Output = Result<Sent, SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Recipient::One(slot) = &self.pending.recipient else { unreachable!("an event of a batch has no delivery") };
        let report = ready!(slot.poll(cx));
        let outcome = self.client.outcome(report, self.topic.clone());
        match &outcome {
            Ok(sent) => self.sending.stored(sent.partition, sent.offset),
            Err(error) => self.sending.failed(error),
        }
        Poll::Ready(outcome)
    }
}

impl Client {
    pub(super) fn outcome(&self, report: Report, topic: Topic) -> Result<Sent, SendError> {
        match report {
            Ok((partition, offset, timestamp)) => {
                Ok(Sent { topic, partition, offset, timestamp: timestamp.and_then(time) })
            }
            Err(failed) => Err(self.failure(topic.as_str(), failed)),
        }
    }
}

impl fmt::Debug for Enqueued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enqueued").field("topic", &self.topic.as_str()).finish_non_exhaustive()
    }
}

/// The place where an event is stored.
///
/// ```
/// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// # use event_schema::prelude::*;
/// # use std::time::{Duration, Instant, SystemTime};
/// # #[derive(Serialize, EventSchema)]
/// # #[event(topic = "notes")]
/// # struct Note { text: String }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("notes", 1)?;
/// # let producer = EventProducer::connect(&kafka.config()).await?;
/// let sent = producer.send(&Note { text: "hello".to_owned() }).await?;
/// assert_eq!((sent.topic(), sent.partition(), sent.offset()), ("notes", 0, 0));
/// assert!(sent.timestamp().is_some());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub(super) topic: Topic,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) timestamp: Option<SystemTime>,
}

impl Sent {
    /// The topic; see the example of [`Sent`].
    #[must_use]
    pub fn topic(&self) -> &str {
        self.topic.as_str()
    }

    /// The partition of the topic.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The offset in the partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The time when the event was sent or, if the topic is configured so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }
}

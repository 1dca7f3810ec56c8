//! The producer of typed events.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::{Mutex, oneshot};

use super::client::{self, Monitor};
use super::config::KafkaConfig;
use super::error::{CloseError, ConnectError, Open, SendError, SendErrorKind};
use super::{millis, thread};
use crate::EventSchema;

/// Publishes events of any type: one for a process, cheap to clone.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Serialize, JsonSchema, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderPlaced {
///     order_id: String,
///     #[validate(range(min = 1))]
///     quantity: u32,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
///
/// let sent = producer.send(&OrderPlaced { order_id: "A-1".to_owned(), quantity: 2 }).await?;
/// assert_eq!((sent.topic(), sent.offset()), ("orders", 0));
///
/// let error = producer.send(&OrderPlaced { order_id: "A-2".to_owned(), quantity: 0 }).await;
/// assert!(error.unwrap_err().is_invalid());
///
/// producer.close(Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is promised
///
/// - An invalid event never leaves the process.
/// - [`send`](Self::send) returns when the brokers have stored the event (`acks=all`), and then
///   exactly once: the producer is idempotent.
/// - Events with the same key are stored in the order in which their `send`s were first polled,
///   also when the queue is full and they have to wait for room.
///
/// # Speed
///
/// Awaiting each event before the next costs a round trip and `linger.ms` (5 by default) each.
/// Many at once share them: `futures::future::join_all`, a `FuturesUnordered`, or tasks with a
/// clone each.
///
/// Dropping the last clone drops what is still queued: [`close`](Self::close) it.
#[derive(Clone)]
pub struct EventProducer {
    shared: Arc<Shared>,
}

struct Shared {
    /// Taken only to be dropped.
    client: Option<ThreadedProducer<Reports>>,
    /// Held while an event is put into librdkafka's queue, and waits for room there: whoever
    /// comes later does so behind it.
    gate: Mutex<()>,
    closed: AtomicBool,
}

/// Receives the delivery reports.
struct Reports {
    monitor: Arc<Monitor>,
}

type Report = Result<(i32, i64, Option<i64>), RDKafkaErrorCode>;

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.monitor.error(&error, reason);
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Box<oneshot::Sender<Report>>;

    fn delivery(&self, result: &DeliveryResult<'_>, sender: Self::DeliveryOpaque) {
        let report = match result {
            Ok(message) => Ok((message.partition(), message.offset(), message.timestamp().to_millis())),
            Err((error, _)) => Err(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown)),
        };
        // Whoever gave up waiting does not need it.
        let _ = sender.send(report);
    }
}

impl EventProducer {
    /// Makes a producer and waits until a broker has answered it.
    ///
    /// # Errors
    ///
    /// Of [`ConnectError`]: a configuration that cannot be used, no broker within the
    /// [`connect_timeout`](KafkaConfig::connect_timeout), a wrong password, TLS that fails.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, EventProducer};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config().set("linger.ms", "0")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(config: &KafkaConfig) -> Result<Self, ConnectError> {
        let monitor = Arc::new(Monitor::default());
        let reports = Reports { monitor: Arc::clone(&monitor) };
        let client = ThreadedProducer::from_config_and_context(&config.rdkafka_producer()?, reports)
            .map_err(ConnectError::creation)?;
        let shared = Arc::new(Shared { client: Some(client), gate: Mutex::new(()), closed: AtomicBool::new(false) });
        let asking = Arc::clone(&shared);
        client::connected(monitor, config.connect_deadline(), move |wait| {
            asking.client().client().fetch_cluster_id(wait)
        })
        .await?;
        Ok(Self { shared })
    }

    /// Publishes an event to its own topic, and returns when the brokers have it.
    ///
    /// Dropping the future before it is ready leaves open whether the event is sent.
    ///
    /// # Errors
    ///
    /// Of [`SendError`]: an event that is invalid or has no topic, and what the brokers say.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// #[derive(Serialize, JsonSchema, EventSchema)]
    /// #[event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let sent = producer.send(&Note { text: "hello".to_owned() }).await?;
    /// assert_eq!(sent.topic(), "notes");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send<E: EventSchema>(&self, event: &E) -> Result<Sent, SendError> {
        let descriptor = E::descriptor();
        match descriptor.topic() {
            Some(topic) => self.send_to(topic, event).await,
            None => Err(SendErrorKind::NoTopic(descriptor.name()).into()),
        }
    }

    /// Publishes an event to another topic than its own.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// #[derive(Serialize, JsonSchema, EventSchema)]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let sent = producer.send_to("copies", &Note { text: "hello".to_owned() }).await?;
    /// assert_eq!(sent.topic(), "copies");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_to<E: EventSchema>(&self, topic: &str, event: &E) -> Result<Sent, SendError> {
        let value = event.dump().map_err(SendErrorKind::Invalid)?;
        let key = event.key();
        let report = self.enqueue(topic, key.as_deref(), &value).await?;
        match report.await {
            Ok(Ok((partition, offset, timestamp))) => {
                Ok(Sent { topic: topic.to_owned(), partition, offset, timestamp: timestamp.map(millis) })
            }
            Ok(Err(code)) => Err(self.failure(code)),
            // Each message gets its report before the client is gone, a purged one as well.
            Err(_) => Err(SendErrorKind::Unknown(RDKafkaErrorCode::DestroyBroker).into()),
        }
    }

    async fn enqueue(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: &[u8],
    ) -> Result<oneshot::Receiver<Report>, SendError> {
        // As little as a timer can wait, so that the queue does not run dry meanwhile.
        const FULL: Duration = Duration::from_millis(1);
        if self.shared.closed.load(Ordering::Acquire) {
            return Err(SendErrorKind::Closed.into());
        }
        let _turn = self.shared.gate.lock().await;
        let (sender, receiver) = oneshot::channel();
        let mut sender = Box::new(sender);
        loop {
            let mut record = BaseRecord::with_opaque_to(topic, sender).payload(value);
            record.key = key;
            match self.shared.client().send(record) {
                Ok(()) => return Ok(receiver),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), refused)) => {
                    sender = refused.delivery_opaque;
                    tokio::time::sleep(FULL).await;
                }
                Err((error, _)) => {
                    // Without a code it is a NUL byte in the topic's name.
                    return Err(self.failure(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::InvalidTopic)));
                }
            }
        }
    }

    fn failure(&self, code: RDKafkaErrorCode) -> SendError {
        match self.shared.client().client().fatal_error() {
            Some((_, reason)) => SendErrorKind::Fatal(reason).into(),
            None => SendError::of(code),
        }
    }

    /// How many events have been handed to librdkafka and are not yet acknowledged.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// assert_eq!(producer.in_flight(), 0);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.shared.client().in_flight_count()).unwrap_or(0)
    }

    /// Waits until every event that was sent is acknowledged, and closes the producer; the sends
    /// of its clones fail from now on.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if that takes longer than `deadline`. The sends that are still open then
    /// fail as soon as the last clone is gone.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.close(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(self, deadline: Duration) -> Result<(), CloseError> {
        let started = Instant::now();
        let shared = self.shared;
        shared.closed.store(true, Ordering::Release);
        let flush = async {
            // Behind everyone who waits for room in the queue.
            drop(shared.gate.lock().await);
            let flushing = Arc::clone(&shared);
            let _ =
                thread::start("event-schema flush", move || flushing.client().flush(client::bounded(deadline))).await;
        };
        let flushed = tokio::time::timeout(deadline, flush).await;
        let open = usize::try_from(shared.client().in_flight_count()).unwrap_or(0);
        if flushed.is_err() || open > 0 {
            return Err(CloseError { deadline, open: Open::Events(open) });
        }
        if let Some(mut last) = Arc::into_inner(shared) {
            // A process that exits while librdkafka still ends its TLS connections can crash.
            // Nothing is lost any more, so that it is no failure if this takes too long.
            let client = last.client.take();
            let dropped = thread::start("event-schema drop", move || drop(client));
            let _ = tokio::time::timeout(deadline.saturating_sub(started.elapsed()), dropped).await;
        }
        Ok(())
    }
}

impl Shared {
    fn client(&self) -> &ThreadedProducer<Reports> {
        self.client.as_ref().expect("the client is there until `self` is dropped")
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // It joins threads and waits for brokers.
        if let Some(client) = self.client.take() {
            drop(thread::start("event-schema drop", move || drop(client)));
        }
    }
}

impl fmt::Debug for EventProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventProducer").field("in_flight", &self.in_flight()).finish()
    }
}

/// Where an event was stored.
///
/// ```
/// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// # use event_schema::prelude::*;
/// # use std::time::{Duration, Instant, SystemTime};
/// # #[derive(Serialize, JsonSchema, EventSchema)]
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
    topic: String,
    partition: i32,
    offset: i64,
    timestamp: Option<SystemTime>,
}

impl Sent {
    /// The topic; see the example of [`Sent`].
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
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

    /// When it was sent or, where the topic says so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }
}

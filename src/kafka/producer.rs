//! The producer of typed events.

mod batch;
mod outgoing;
mod stamp;
#[cfg(test)]
mod tests;

use std::ffi::{CStr, CString};
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock, Weak};
use std::task::{Context, Poll, Waker, ready};
use std::time::{Duration, Instant, SystemTime};

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};
use tokio::sync::{Mutex, MutexGuard, watch};

use self::batch::Batch;
pub use self::outgoing::Outgoing;
use self::stamp::{Source, Stamp};
use super::client::{self, Monitor};
use super::config::KafkaConfig;
use super::error::{CloseError, ConnectError, Open, SendError, SendErrorKind};
use super::native::{self, Message, Outbound};
use super::received::Headers;
use super::{thread, time};
use crate::format::cloudevents::{self, CloudEventError};
use crate::{EventKey, EventSchema};

/// Publishes events of any type: one for a process, cheap to clone.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Serialize, EventSchema)]
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
/// # Which way to send
///
/// | | returns | for |
/// |---|---|---|
/// | [`send`](Self::send) | when the brokers have the event | a handler, a request |
/// | [`enqueue`](Self::enqueue) | when its place in the order is taken, with a future for the rest | a stream of events |
/// | [`send_all`](Self::send_all) | when the brokers have all of them, or have refused | many at once |
/// | [`message`](Self::message) | a message to complete: another topic, an envelope, headers | what the others do not say |
/// | [`send_tombstone`](Self::send_tombstone) | when the brokers have it | what is deleted from a compacted topic |
///
/// # What is promised
///
/// - An invalid event never leaves the process.
/// - What is acknowledged is stored (`acks=all`), and exactly once: the producer is idempotent.
/// - Events with the same key are stored in the order in which their futures were first polled,
///   also when the queue is full and they have to wait for room.
/// - A key goes to the partition to which Java's client would send it.
/// - After an error that librdkafka calls fatal, and that would make any other producer useless, the
///   client is made anew. [`is_ready`](Self::is_ready) says no until it has reached a broker.
///
/// # What is sent
///
/// The event as JSON, and beside it its [envelope](crate::Envelope) as CloudEvents' headers, with a new
/// id and the present time. They take some 200 bytes; [`plain`](Self::plain) leaves them away. The
/// source is `client.id` if it is set, otherwise the name of the program, unless
/// [`with_source`](Self::with_source) says it.
///
/// # Speed
///
/// Awaiting each event before the next costs a round trip and `linger.ms` (5 by default) each.
/// Many at once share them: [`send_all`](Self::send_all), [`enqueue`](Self::enqueue), or tasks with
/// a clone each.
///
/// Envelopes cost the brokers as much as the producer. [`guide::tuning`](crate::guide::tuning) says how much,
/// and what to do about it.
///
/// Dropping the last clone drops what is still queued and nobody waits for, with a warning in the log:
/// [`close`](Self::close) it.
#[derive(Clone)]
pub struct EventProducer {
    shared: Arc<Shared>,
    /// CloudEvents' source; none without envelopes.
    source: Option<Arc<Source>>,
}

struct Shared {
    /// Makes a client, also in the place of one that failed.
    make: Make,
    /// The one in use.
    client: RwLock<Arc<Client>>,
    /// Held while an event is put into librdkafka's queue, and waits for room there: whoever
    /// comes later does so behind it.
    gate: Mutex<LastTopic>,
    ready: watch::Sender<bool>,
    renewal: std::sync::Mutex<Renewal>,
    /// Whether `close` was called. What waits at the gate is still sent.
    closing: AtomicBool,
    /// Whether whoever passes the gate is sent away. Set behind those who came before `close`.
    closed: AtomicBool,
}

/// When the client in use was made, and how long that had to wait.
struct Renewal {
    made: Instant,
    pause: Duration,
}

impl Renewal {
    const LONGEST: Duration = Duration::from_secs(10);

    /// How long the next client has to wait: one that fails soon after it was made is not the last that does.
    fn pause(&mut self) -> Duration {
        const SOON: Duration = Duration::from_secs(30);
        const FIRST: Duration = Duration::from_millis(100);
        let failed_soon = self.made.elapsed() < SOON;
        self.pause = if failed_soon { (self.pause * 2).clamp(FIRST, Self::LONGEST) } else { Duration::ZERO };
        self.pause
    }
}

type Make = Box<dyn Fn() -> Result<Client, ConnectError> + Send + Sync>;

/// librdkafka's producer, which is never dropped where somebody waits: that joins threads and waits
/// for brokers.
struct Client {
    /// Taken only to be dropped.
    producer: Option<ThreadedProducer<Reports>>,
}

/// Receives the delivery reports.
struct Reports {
    monitor: Arc<Monitor>,
    /// Whom to tell, once, when the client is of no more use.
    owner: OnceLock<Weak<Shared>>,
    failed: AtomicBool,
}

impl Reports {
    /// The client will never send again: another one takes its place.
    fn failed(&self) {
        if !self.failed.swap(true, Ordering::AcqRel)
            && let Some(shared) = self.owner.get().and_then(Weak::upgrade)
        {
            shared.ready.send_replace(false);
            // Not on this thread, which may belong to the client that is to be dropped.
            let shared = Arc::downgrade(&shared);
            drop(thread::start("event-schema renew", move || Shared::renew(&shared)));
        }
    }
}

/// Where a message is stored, or why it is not: with a code, and whether that is certain.
type Report = Result<(i32, i64, Option<i64>), (RDKafkaErrorCode, bool)>;

/// What belongs to a message in the queue.
struct Pending {
    waiting: Waiting,
    /// What has written its headers, and wants them back.
    stamp: Option<Arc<Stamp>>,
}

/// Who gets a report: shared by the message in the queue and whoever waits for it.
enum Waiting {
    One(Slot),
    /// One of many that are reported together, by its number.
    OneOf(Arc<Batch>, usize),
}

/// A place for one report. A channel would take a second allocation for every event.
#[derive(Default)]
struct Slot(std::sync::Mutex<SlotState>);

#[derive(Default)]
struct SlotState {
    report: Option<Report>,
    waker: Option<Waker>,
}

impl Slot {
    fn fill(&self, report: Report) {
        let mut state = self.state();
        state.report = Some(report);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn poll(&self, cx: &Context<'_>) -> Poll<Report> {
        let mut state = self.state();
        match state.report {
            Some(report) => Poll::Ready(report),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.monitor.error(&error, reason);
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.failed();
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Arc<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Self::DeliveryOpaque) {
        let (message, report) = match result {
            Ok(message) => (message, Ok((message.partition(), message.offset(), message.timestamp().to_millis()))),
            Err((error, message)) => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                (message, Err((code, native::is_not_stored(message))))
            }
        };
        if let Some(stamp) = &pending.stamp
            && let Some(headers) = Outbound::take(message)
        {
            stamp.give_back(headers);
        }
        match &pending.waiting {
            Waiting::One(slot) => slot.fill(report),
            Waiting::OneOf(batch, number) => batch.report(*number, report),
        }
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
    /// assert!(producer.is_ready());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(config: &KafkaConfig) -> Result<Self, ConnectError> {
        let settings = config.rdkafka_producer()?;
        let source = settings.get("client.id").map_or_else(program, str::to_owned);
        let producer = Self::made_by(Box::new(move || Client::new(&settings)), &source)?;
        let client = producer.shared.client();
        client::connected(client.monitor(), config.connect_deadline(), move |wait| client.cluster_id(wait)).await?;
        Ok(producer)
    }

    fn made_by(make: Make, source: &str) -> Result<Self, ConnectError> {
        let client = Arc::new(make()?);
        let shared = Arc::new(Shared {
            make,
            client: RwLock::new(Arc::clone(&client)),
            gate: Mutex::default(),
            ready: watch::Sender::new(true),
            renewal: std::sync::Mutex::new(Renewal { made: Instant::now(), pause: Duration::ZERO }),
            closing: AtomicBool::new(false),
            closed: AtomicBool::new(false),
        });
        client.belongs_to(&shared);
        Ok(Self { shared, source: Some(Source::new(&cloudevents::uri_reference(source))) })
    }

    /// This producer, saying of its events that they happen there: a URI reference that names a
    /// service or a part of one.
    ///
    /// # Errors
    ///
    /// [`CloudEventError`], if it is no URI reference.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?.with_source("/shop")?;
    /// assert_eq!(producer.source(), Some("/shop"));
    /// assert!(producer.with_source("my shop").is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_source(self, source: &str) -> Result<Self, CloudEventError> {
        cloudevents::check_source(source)?;
        Ok(Self { source: Some(Source::new(source)), ..self })
    }

    /// This producer, sending events without envelopes: for consumers to whom every header is one too
    /// many, and topics where each byte counts.
    ///
    /// A message that is given an envelope carries it all the same.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?.plain();
    /// producer.send(&Note { text: "hello".to_owned() }).await?;
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// assert!(consumer.recv().await?.headers().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Nothing tells then which of [several events](crate::derive#several-events-in-one-topic) a message is, or of
    /// which version.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { source: None, ..self }
    }

    /// What it says of where its events happen; none if it sends them without envelopes.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref().map(Source::uri)
    }

    /// Publishes an event to its own topic, and returns when the brokers have it: at the latest after
    /// `delivery.timeout.ms` (300000 by default), and the time that it has to wait for room in the queue.
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
    /// #[derive(Serialize, EventSchema)]
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
        self.message(event).send().await
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
    /// #[derive(Serialize, EventSchema)]
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
        self.message(event).topic(topic).send().await
    }

    /// Puts an event behind those that were sent before, and returns a future that waits for the brokers.
    ///
    /// When the queue is full (`queue.buffering.max.messages`, 100000 by default, or
    /// `queue.buffering.max.kbytes`) it waits for room, as long as it takes: a limit is
    /// `tokio::time::timeout`. Dropping the first future before it is ready means that the event is not
    /// sent; dropping the second only means that nobody asks what became of it.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), of either future.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let first = producer.enqueue(&Note { text: "hello".to_owned() }).await?;
    /// let second = producer.enqueue(&Note { text: "again".to_owned() }).await?;
    /// assert_eq!(second.await?.offset(), 1);
    /// assert_eq!(first.await?.offset(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// With a queue that is full, and a broker that is away:
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config().set("queue.buffering.max.messages", "1")).await?;
    /// drop(kafka);
    /// let note = Note { text: "hello?".to_owned() };
    /// let delivery = producer.enqueue(&note).await?;
    /// let no_room = tokio::time::timeout(Duration::from_millis(50), producer.enqueue(&note)).await;
    /// assert!(no_room.is_err());
    /// assert_eq!(producer.in_flight(), 1);
    /// # drop(delivery);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn enqueue<E: EventSchema>(&self, event: &E) -> Result<Enqueued, SendError> {
        self.message(event).enqueue().await
    }

    /// Publishes events to their own topic, in their order, and returns when it is known what became of
    /// each: an outcome for every event, in the same order.
    ///
    /// An event that is invalid does not keep the others back. It costs less than as many `send`s; for
    /// very many, a few thousand at a time bound the memory.
    ///
    /// Dropping the future before it is ready leaves open which of them are sent.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { #[validate(length(min = 1))] text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let notes = ["one", "", "three"].map(|text| Note { text: text.to_owned() });
    /// let outcomes = producer.send_all(&notes).await;
    /// assert_eq!(outcomes[0].as_ref().unwrap().offset(), 0);
    /// assert!(outcomes[1].as_ref().unwrap_err().is_invalid());
    /// assert_eq!(outcomes[2].as_ref().unwrap().offset(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_all<E: EventSchema>(&self, events: &[E]) -> Vec<Result<Sent, SendError>> {
        batch::send(self, None, events).await
    }

    /// As [`send_all`](Self::send_all), to another topic than their own.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let outcomes = producer.send_all_to("copies", &[Note { text: "hello".to_owned() }]).await;
    /// assert_eq!(outcomes[0].as_ref().unwrap().topic(), "copies");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_all_to<E: EventSchema>(&self, topic: &str, events: &[E]) -> Vec<Result<Sent, SendError>> {
        batch::send(self, Some(topic), events).await
    }

    /// A message with this event, to be completed and sent.
    ///
    /// ```
    /// use event_schema::Envelope;
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "payments")]
    /// # struct PaymentRequested { order_id: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// # let received = Envelope::new();
    /// let payment = PaymentRequested { order_id: "A-1".to_owned() };
    /// // `received` is the envelope of the event that made us ask.
    /// let sent = producer.message(&payment).envelope(Envelope::caused_by(&received)).send().await?;
    /// assert_eq!(sent.topic(), "payments");
    /// # Ok(())
    /// # }
    /// ```
    pub fn message<'a, E: EventSchema>(&'a self, event: &'a E) -> Outgoing<'a, E> {
        Outgoing::new(self, event)
    }

    /// Publishes a tombstone: in a compacted topic, what has this key is deleted. It has neither event nor
    /// envelope, and [is received](super::Body::Tombstone) as what it is.
    ///
    /// # Errors
    ///
    /// Of [`SendError`]: what the brokers say.
    ///
    /// ```
    /// # use event_schema::kafka::{Body, EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "customers", key = customer_id)]
    /// struct Customer { customer_id: String, name: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.send_tombstone("customers", "C-7").await?;
    ///
    /// let mut consumer = EventConsumer::<Customer>::subscribe(&kafka.config().group("docs")).await?;
    /// let received = consumer.recv().await?;
    /// assert!(matches!(received.body(), Body::Tombstone));
    /// assert_eq!(received.key(), Some(&b"C-7"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_tombstone<K: EventKey + ?Sized>(&self, topic: &str, key: &K) -> Result<Sent, SendError> {
        self.shared.begin()?;
        let key = key.to_key_bytes();
        let message = Message { key: key.as_deref(), ..Message::default() };
        self.shared.enqueue(To::Other(topic), message, None).await?.await
    }

    /// Publishes bytes as they are: a message that was made elsewhere, or one that tests what consumers do with it.
    /// Nothing is validated, and there is no envelope.
    ///
    /// # Errors
    ///
    /// Of [`SendError`]: what the brokers say.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[event_schema::event(topic = "notes")]
    /// # #[derive(Debug)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.send_bytes("notes", Some(b"N-1"), br#"{"text": "hel"#).await?;
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// assert!(consumer.recv().await?.rejection().unwrap().error().is_truncated());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn send_bytes(&self, topic: &str, key: Option<&[u8]>, value: &[u8]) -> Result<Sent, SendError> {
        self.shared.begin()?;
        let message = Message { key, value: Some(value), ..Message::default() };
        self.shared.enqueue(To::Other(topic), message, None).await?.await
    }

    /// Publishes a message that is there already, with its own headers: of a dead letter, a retry.
    pub(super) async fn send_record(&self, record: &Record) -> Result<Sent, SendError> {
        let message = Message {
            partition: record.partition,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: outgoing::copy(&record.headers),
        };
        self.shared.begin()?;
        self.shared.enqueue(To::Other(&record.topic), message, None).await?.await
    }

    /// Whether it can be expected to send: it is not closed, and its client has reached a broker since
    /// it was made, or made anew. For the readiness probe of a service.
    ///
    /// Brokers that are away for a while do not make it unready: the queue waits for them.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let probe = producer.clone();
    /// assert!(probe.is_ready());
    /// producer.close(Duration::from_secs(5)).await?;
    /// assert!(!probe.is_ready());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        *self.shared.ready.borrow() && !self.shared.closing.load(Ordering::Acquire)
    }

    /// Waits until the client has reached a broker, after one that failed for good; otherwise it is
    /// ready at once.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.ready().await;
    /// assert!(producer.is_ready());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn ready(&self) {
        // The sender lives as long as `self`.
        let _ = self.shared.ready.subscribe().wait_for(|ready| *ready).await;
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
        self.shared.client().in_flight()
    }

    /// Waits until every event that was sent is acknowledged, also those that wait for room in the queue,
    /// and closes the producer. What its clones send from now on [is refused](SendError::is_closed), and so is
    /// what a [`send_all`](Self::send_all) has not yet come to.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if that takes longer than `deadline`. Events without room in the queue are refused
    /// then. Those in the queue are still sent, as long as there is a clone or somebody waits for one of
    /// them.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let clone = producer.clone();
    /// producer.close(Duration::from_secs(5)).await?;
    /// assert!(!clone.is_ready());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(self, deadline: Duration) -> Result<(), CloseError> {
        let started = Instant::now();
        let shared = self.shared;
        shared.closing.store(true, Ordering::Release);
        let flush = async {
            // Behind everyone who waits for room in the queue, and before whoever comes later.
            let turn = shared.gate.lock().await;
            shared.closed.store(true, Ordering::Release);
            drop(turn);
            let client = shared.client();
            let _ =
                thread::start("event-schema flush", move || client.producer().flush(client::bounded(deadline))).await;
        };
        let flushed = tokio::time::timeout(deadline, flush).await;
        // Those who wait still are not sent any more.
        shared.closed.store(true, Ordering::Release);
        let open = shared.client().in_flight();
        if flushed.is_err() || open > 0 {
            return Err(CloseError { deadline, open: Open::Events(open) });
        }
        if let Some(last) = Arc::into_inner(shared)
            && let Some(mut last) = Arc::into_inner(last.client.into_inner().unwrap_or_else(PoisonError::into_inner))
        {
            // A process that exits while librdkafka still ends its TLS connections can crash.
            // Nothing is lost any more, so that it is no failure if this takes too long.
            let producer = last.producer.take();
            let dropped = thread::start("event-schema drop", move || drop(producer));
            let _ = tokio::time::timeout(deadline.saturating_sub(started.elapsed()), dropped).await;
        }
        Ok(())
    }
}

/// A name for the program, which is what it is started by.
fn program() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_stem()).map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "event-schema".to_owned())
}

impl Shared {
    fn client(&self) -> Arc<Client> {
        Arc::clone(&self.client.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts a client in the place of one that can send no more, and waits for a broker; as long as
    /// somebody has the producer.
    fn renew(weak: &Weak<Self>) {
        let pause = match weak.upgrade() {
            Some(shared) => shared.renewal.lock().unwrap_or_else(PoisonError::into_inner).pause(),
            None => return,
        };
        std::thread::sleep(pause);
        let mut wait = Duration::from_millis(100);
        let fresh = loop {
            let Some(shared) = weak.upgrade() else { return };
            match (shared.make)() {
                Ok(fresh) => {
                    let fresh = Arc::new(fresh);
                    fresh.belongs_to(&shared);
                    shared.renewal.lock().unwrap_or_else(PoisonError::into_inner).made = Instant::now();
                    // What the old one still has gets its reports when it is dropped.
                    *shared.client.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
                    break fresh;
                }
                // Such as certificates that are being exchanged, or no thread to be had.
                Err(error) => tracing::error!("the producer cannot be made anew, next try in {wait:?}: {error}"),
            }
            drop(shared);
            std::thread::sleep(wait);
            wait = (wait * 2).min(Renewal::LONGEST);
        };
        tracing::warn!("the producer is made anew after a fatal error");
        while let Some(shared) = weak.upgrade() {
            if !Arc::ptr_eq(&shared.client(), &fresh) {
                return;
            }
            drop(shared);
            if fresh.cluster_id(Duration::from_millis(100)).is_some() {
                if let Some(shared) = weak.upgrade() {
                    shared.ready.send_replace(true);
                }
                return;
            }
        }
    }

    /// Refuses what comes after `close` was called. What gets by has to wait for its [turn](Self::turn).
    fn begin(&self) -> Result<(), SendError> {
        if self.closing.load(Ordering::Acquire) { Err(SendErrorKind::Closed.into()) } else { Ok(()) }
    }

    /// Waits behind all who came before. Behind `close` there is no turn.
    async fn turn(&self) -> Result<MutexGuard<'_, LastTopic>, SendError> {
        let turn = self.gate.lock().await;
        if self.closed.load(Ordering::Acquire) { Err(SendErrorKind::Closed.into()) } else { Ok(turn) }
    }

    /// Puts a message into the queue; waits for room there. It is the caller's turn.
    async fn put(
        &self,
        client: &Client,
        topic: &CStr,
        mut message: Message<'_>,
        mut pending: Arc<Pending>,
    ) -> Result<(), SendError> {
        // As little as a timer can wait, so that the queue does not run dry meanwhile.
        const FULL: Duration = Duration::from_millis(1);
        loop {
            match native::produce(client.producer(), topic, message, pending) {
                Ok(()) => return Ok(()),
                Err((RDKafkaErrorCode::QueueFull, refused, same)) => {
                    (message, pending) = (refused, same);
                    tokio::time::sleep(FULL).await;
                    // `close` waits for whose turn it is, unless its deadline is over.
                    if self.closed.load(Ordering::Acquire) {
                        return Err(SendErrorKind::Closed.into());
                    }
                }
                Err((code, ..)) => return Err(client.failure(&topic.to_string_lossy(), (code, true))),
            }
        }
    }

    /// As [`put`](Self::put), behind all who came before.
    async fn enqueue(
        &self,
        to: To<'_>,
        message: Message<'_>,
        stamp: Option<Arc<Stamp>>,
    ) -> Result<Enqueued, SendError> {
        let pending = Arc::new(Pending { waiting: Waiting::One(Slot::default()), stamp });
        let mut turn = self.turn().await?;
        let client = self.client();
        let (name, topic) = turn.set(to)?;
        self.put(&client, name, message, Arc::clone(&pending)).await?;
        Ok(Enqueued { pending, topic, client })
    }
}

/// A message of bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) topic: String,
    /// None for the one that the key chooses.
    pub(super) partition: Option<i32>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) value: Option<Vec<u8>>,
    pub(super) headers: Headers,
}

impl Client {
    fn new(config: &ClientConfig) -> Result<Self, ConnectError> {
        let reports =
            Reports { monitor: Arc::new(Monitor::default()), owner: OnceLock::new(), failed: AtomicBool::new(false) };
        let producer = ThreadedProducer::from_config_and_context(config, reports).map_err(ConnectError::creation)?;
        Ok(Self { producer: Some(producer) })
    }

    fn belongs_to(&self, shared: &Arc<Shared>) {
        let _ = self.producer().context().owner.set(Arc::downgrade(shared));
    }

    fn producer(&self) -> &ThreadedProducer<Reports> {
        self.producer.as_ref().expect("the producer is there until `self` is dropped")
    }

    fn monitor(&self) -> Arc<Monitor> {
        Arc::clone(&self.producer().context().monitor)
    }

    fn cluster_id(&self, wait: Duration) -> Option<String> {
        self.producer().client().fetch_cluster_id(wait)
    }

    fn in_flight(&self) -> usize {
        usize::try_from(self.producer().in_flight_count()).unwrap_or(0)
    }

    fn failure(&self, topic: &str, (code, is_certain): (RDKafkaErrorCode, bool)) -> SendError {
        let Some((fatal, reason)) = self.producer().client().fatal_error() else {
            return SendError::of(topic, code, is_certain);
        };
        // This may be known here sooner than the callback for errors is called.
        self.producer().context().failed();
        let topic = topic.into();
        if is_certain {
            SendErrorKind::Fatal { topic, code: fatal, reason }.into()
        } else {
            SendErrorKind::Unknown { topic, code }.into()
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            let open = producer.in_flight_count();
            if open > 0 && producer.client().fatal_error().is_none() {
                tracing::warn!("a producer was dropped with {open} messages in its queue: `close` sends them first");
            }
            drop(thread::start("event-schema drop", move || drop(producer)));
        }
    }
}

impl fmt::Debug for EventProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventProducer")
            .field("source", &self.source())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

/// An event on its way: a future of what becomes of it. See [`EventProducer::enqueue`].
#[must_use = "what becomes of the event is told only to who awaits it"]
pub struct Enqueued {
    pending: Arc<Pending>,
    topic: Topic,
    // Whose reports come as long as it is there, and when it goes.
    client: Arc<Client>,
}

impl Future for Enqueued {
    type Output = Result<Sent, SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Waiting::One(slot) = &self.pending.waiting else { unreachable!("an event of a batch has no delivery") };
        let report = ready!(slot.poll(cx));
        Poll::Ready(self.client.outcome(report, self.topic.clone()))
    }
}

impl Client {
    fn outcome(&self, report: Report, topic: Topic) -> Result<Sent, SendError> {
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

/// The name of a topic, in a form that costs little for every event.
#[derive(Debug, Clone)]
enum Topic {
    Own(&'static str),
    Other(Arc<str>),
}

impl Topic {
    fn as_str(&self) -> &str {
        match self {
            Self::Own(name) => name,
            Self::Other(name) => name,
        }
    }
}

/// Where an event is to go.
#[derive(Clone, Copy)]
enum To<'a> {
    Own(&'static str),
    Other(&'a str),
}

impl<'a> To<'a> {
    /// To `other`, or else to the event's own topic.
    fn of<E: EventSchema>(event: &E, other: Option<&'a str>) -> Result<Self, SendError> {
        if let Some(other) = other {
            return Ok(Self::Other(other));
        }
        let topic = E::descriptor().topic().or_else(|| event.described_by().topic());
        topic.map(Self::Own).ok_or_else(|| SendErrorKind::NoTopic(E::descriptor().name()).into())
    }
}

/// The topic of the event before, which mostly is that of the next.
#[derive(Default)]
struct LastTopic {
    name: CString,
    shared: Option<Arc<str>>,
}

impl LastTopic {
    /// The name for librdkafka, and for whoever asks later.
    fn set(&mut self, to: To<'_>) -> Result<(&CStr, Topic), SendError> {
        let (To::Own(name) | To::Other(name)) = to;
        if self.name.as_bytes() != name.as_bytes() {
            let invalid = |_| SendError::of(name, RDKafkaErrorCode::InvalidTopic, true);
            self.name = CString::new(name).map_err(invalid)?;
            self.shared = None;
        }
        let topic = match to {
            To::Own(name) => Topic::Own(name),
            To::Other(name) => Topic::Other(Arc::clone(self.shared.get_or_insert_with(|| name.into()))),
        };
        Ok((&self.name, topic))
    }
}

impl PartialEq for Topic {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Topic {}

/// Where an event was stored.
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
    topic: Topic,
    partition: i32,
    offset: i64,
    timestamp: Option<SystemTime>,
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

    /// When it was sent or, where the topic says so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }
}

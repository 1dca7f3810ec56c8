//! The producer of typed events.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::outgoing::{self, Outgoing};
use super::queue::{Make, Queue};
use super::send_all;
use super::sent::{Enqueued, Sent};
use super::stamp::Source;
use super::topic::To;
use crate::format::cloudevents::{self, CloudEventError};
use crate::kafka::client::connected;
use crate::kafka::client::native::Message;
use crate::kafka::config::KafkaConfig;
use crate::kafka::error::{CloseError, ConnectError, SendError};
use crate::kafka::message::ProducerRecord;
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
/// - What is acknowledged is stored (`acks=all`), and once: the producer is idempotent. An event that times out on its
///   way to the brokers may be stored or not, and so may those that were on their way with it: a new client takes the
///   place of theirs, or it would store some of them twice. Short settings of `delivery.timeout.ms` and
///   `request.timeout.ms` make that likelier.
/// - Events with the same key are stored in the order in which their futures were first polled,
///   also when the queue is full and they have to wait for room.
/// - A key goes to the partition to which Java's client would send it.
/// - After an error that librdkafka calls fatal, and that would make any other producer useless, and after a timeout on
///   the way, the client is made anew. [`is_ready`](Self::is_ready) says no until it has reached a broker.
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
    queue: Arc<Queue>,
    /// CloudEvents' source; none without envelopes.
    source: Option<Arc<Source>>,
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
        let settings = config.rdkafka039_producer()?;
        let source = settings.get("client.id").map_or_else(program, str::to_owned);
        let producer = Self::made_by(Box::new(move || Client::new(&settings)), &source)?;
        let client = producer.queue.client();
        connected(client.monitor(), config.connect_deadline(), move |wait| client.cluster_id(wait)).await?;
        Ok(producer)
    }

    pub(super) fn made_by(make: Make, source: &str) -> Result<Self, ConnectError> {
        let queue = Queue::new(make)?;
        Ok(Self { queue, source: Some(Source::new(&cloudevents::uri_reference(source))) })
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
        send_all::send(&self.queue, self.source.as_ref(), None, events).await
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
        send_all::send(&self.queue, self.source.as_ref(), Some(topic), events).await
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
        Outgoing::new(&self.queue, self.source.as_ref(), event)
    }

    /// Publishes a tombstone: in a compacted topic, what has this key is deleted. It has neither event nor
    /// envelope, and [is received](crate::kafka::Body::Tombstone) as what it is.
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
        self.queue.check_open()?;
        let key = key.to_key_bytes();
        let message = Message { key: key.as_deref(), ..Message::default() };
        self.queue.enqueue(To::Other(topic), message, None).await?.await
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
        self.queue.check_open()?;
        let message = Message { key, value: Some(value), ..Message::default() };
        self.queue.enqueue(To::Other(topic), message, None).await?.await
    }

    /// Publishes a message that is there already, with its own headers: of a dead letter, a retry.
    pub(crate) async fn send_record(&self, record: &ProducerRecord) -> Result<Sent, SendError> {
        let message = Message {
            partition: record.partition,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            headers: outgoing::copy(&record.headers),
        };
        self.queue.check_open()?;
        self.queue.enqueue(To::Other(&record.topic), message, None).await?.await
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
        self.queue.is_ready()
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
        self.queue.ready().await;
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
        self.queue.client().in_flight()
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
        self.queue.close(deadline).await
    }
}

/// A name for the program, which is what it is started by.
fn program() -> String {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_stem()).map(|name| name.to_string_lossy().into_owned());
    name.filter(|name| !name.is_empty()).unwrap_or_else(|| "event-schema".to_owned())
}

impl fmt::Debug for EventProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventProducer")
            .field("source", &self.source())
            .field("in_flight", &self.in_flight())
            .finish_non_exhaustive()
    }
}

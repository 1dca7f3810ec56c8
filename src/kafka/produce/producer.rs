//! The producer of typed events.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::client::Client;
use super::encoding::Encoding;
use super::outgoing::{self, Outgoing};
use super::queue::{Make, Queue};
use super::send_all;
use super::sent::{Enqueued, Sent};
use super::stamp::Source;
use super::topic::To;
use crate::event::events;
#[cfg(feature = "avro")]
use crate::format::Codec;
use crate::format::cloudevents::{self, CloudEventError};
use crate::kafka::client::native::Message;
use crate::kafka::client::{connected, thread};
use crate::kafka::config::KafkaConfig;
use crate::kafka::context::RuleContext;
use crate::kafka::error::{CloseError, ConnectError, SendError};
use crate::kafka::message::ProducerRecord;
use crate::kafka::telemetry::Sending;
use crate::{Envelope, EventKey, EventSchema};

/// Publishes events of any type. One producer serves a whole process; it is cheap to clone.
///
/// An invalid event is not sent. [`SendError`] tells for each error whether the event is certainly not stored or may be
/// stored, and what to do.
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
/// # Ways to send
///
/// | | returns | for |
/// |---|---|---|
/// | [`send`](Self::send) | when the brokers have acknowledged the event | a handler, a request |
/// | [`enqueue`](Self::enqueue) | when the event is in the queue, with a future of the acknowledgement | a stream of events |
/// | [`send_all`](Self::send_all) | when the brokers have acknowledged or refused all events | many events at once |
/// | [`message`](Self::message) | at once, a builder of the message | another topic, an envelope, headers |
/// | [`send_record`](Self::send_record) | when the brokers have acknowledged it | a row of an outbox |
/// | [`send_tombstone`](Self::send_tombstone) | when the brokers have acknowledged it | deleting a key from a compacted topic |
///
/// # Guarantees
///
/// - An invalid event never leaves the process.
/// - An acknowledged event is stored (`acks=all`), and stored once: the producer is idempotent. An event that times
///   out in flight may be stored or not, and so may the other events in flight. The producer then replaces its client,
///   because librdkafka could store some of these events twice. Short settings of `delivery.timeout.ms` and
///   `request.timeout.ms` make such timeouts more likely.
/// - Events with the same key are stored in the order in which their futures were first polled,
///   also when the queue is full and they have to wait for space. This does not hold for events that wait for the first
///   schema id of their type: they are woken together, and an event that is sent then may overtake them.
/// - A key goes to the partition that Java's client chooses for it.
/// - After a fatal error of librdkafka and after a timeout in flight, the producer continues with a new client.
///   [`is_ready`](Self::is_ready) is `false` until the new client has reached a broker.
///
/// # Message format
///
/// The value is the event as JSON, or as its [codec](crate::format) writes it. CloudEvents' headers hold its [envelope](crate::Envelope), with a new id and the
/// current time. They take about 200 bytes; a [`plain`](Self::plain) producer omits them. The source of the envelope is
/// set by [`with_source`](Self::with_source); by default it is the `client.id`, or the name of the program.
///
/// # Speed
///
/// Awaiting each event before sending the next takes `linger.ms` (5 milliseconds by default) and a round trip for each.
/// Events that are sent at the same time share these costs: use [`send_all`](Self::send_all),
/// [`enqueue`](Self::enqueue), or several tasks with a clone each.
///
/// Envelopes cost time and space in the producer and in the brokers. [`guide::tuning`](crate::guide::tuning) has the
/// figures and the remedies.
///
/// # Shutdown
///
/// [`close`](Self::close) the producer before the process ends: it waits until all events are acknowledged. Dropping
/// the last clone discards queued events whose futures were dropped, with a warning in the log.
#[derive(Clone)]
pub struct EventProducer {
    queue: Arc<Queue>,
    /// CloudEvents' source; none without envelopes.
    source: Option<Arc<Source>>,
    encoding: Encoding,
}

impl EventProducer {
    /// Makes a producer and waits until a broker has answered it.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the configuration is invalid, if no broker answers within the
    /// [`connect_timeout`](KafkaConfig::connect_timeout), or if the brokers reject the password or TLS fails.
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
        let producer = Self::connect_lazy(config)?;
        let client = producer.queue.client();
        connected(client.monitor(), config.connect_deadline(), move |wait| client.cluster_id(wait)).await?;
        Ok(producer)
    }

    /// Makes a producer that does not wait for a broker: for a service that can work while the brokers are away, because
    /// its events wait in an outbox. The producer is ready at once, as it is while brokers are away later: its queue waits.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the configuration is invalid. An address or a password that is wrong is in the log only.
    ///
    /// ```
    /// use event_schema::kafka::{EventProducer, KafkaConfig};
    ///
    /// let nobody = KafkaConfig::new("127.0.0.1:1");
    /// let producer = EventProducer::connect_lazy(&nobody)?;
    /// assert!(producer.is_ready());
    /// # Ok::<(), event_schema::kafka::ConnectError>(())
    /// ```
    pub fn connect_lazy(config: &KafkaConfig) -> Result<Self, ConnectError> {
        config.check_login()?;
        let settings = config.rdkafka039_producer()?;
        let source = settings.get("client.id").map_or_else(program, str::to_owned);
        let names = config.topic_names();
        let of_clients = Arc::clone(&names);
        let make = move || Ok(Client::new(&settings)?.with_names(Arc::clone(&of_clients)));
        let producer = Self::made_by(Box::new(make), &source)?;
        #[cfg(feature = "avro")]
        let producer = Self { encoding: producer.encoding.with_names(names), ..producer };
        #[cfg(not(feature = "avro"))]
        drop(names);
        Ok(producer)
    }

    pub(super) fn made_by(make: Make, source: &str) -> Result<Self, ConnectError> {
        let queue = Queue::new(make)?;
        let source = Source::new(&cloudevents::uri_reference(source));
        Ok(Self { queue, source: Some(source), encoding: Encoding::default() })
    }

    /// This producer with another source for its envelopes: a URI reference that names a service or a part of one.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if `source` is not a URI reference.
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

    /// This producer without envelopes, for consumers that cannot handle headers and for topics where each byte counts.
    ///
    /// A message with an explicit [envelope](Outgoing::envelope) still carries it.
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
    /// Consumers then cannot see the version of an event, nor which of
    /// [several events](crate::derive#several-events-in-one-topic) in one topic it is.
    #[must_use]
    pub fn plain(self) -> Self {
        Self { source: None, ..self }
    }

    /// This producer with a [context](crate::DumpOptions::context) for rules with `use_context`. Its clones share the
    /// context; the producers that it was cloned from keep theirs.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// use std::sync::Arc;
    ///
    /// struct Limits { max: u32 }
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(topic = "bids")]
    /// #[validate(context = Limits)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context))]
    ///     cents: u32,
    /// }
    ///
    /// fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    ///     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let bidder = producer.clone().with_context(Arc::new(Limits { max: 100 }));
    /// assert!(bidder.send(&Bid { cents: 100 }).await.is_ok());
    /// assert!(bidder.send(&Bid { cents: 101 }).await.unwrap_err().is_invalid());
    /// // Without the context, the event is not sent, and it is not to blame.
    /// assert!(producer.send(&Bid { cents: 100 }).await.unwrap_err().is_config());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_context<T: Send + Sync + 'static>(self, context: Arc<T>) -> Self {
        self.with_rules(RuleContext::new(context))
    }

    pub(crate) fn with_rules(self, rules: RuleContext) -> Self {
        Self { encoding: self.encoding.with_context(rules), ..self }
    }

    /// This producer with a [codec](crate::format::Codec) for the values of its messages, instead of JSON. The header
    /// `content-type` follows it, and the header with the schema id if the codec writes
    /// [ids into headers](crate::format::Codec::ids_in_headers). Keys remain as they are:
    /// see [`Outgoing::key`].
    ///
    /// An event that the codec cannot write is not sent: [`SendError::is_config`]; nor is any event with a codec
    /// [for keys](crate::format::Codec::for_keys). The first events of a type, which wait for the codec's
    /// [source](crate::format::Codec::with_source), share the question and its failure. See the example of
    /// [`EventConsumer::with_codec`](crate::kafka::EventConsumer::with_codec).
    ///
    /// ```
    /// use event_schema::format::Codec;
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let note = Note { text: "hello".to_owned() };
    /// producer.clone().with_codec(Codec::single_object()).send(&note).await?;
    /// // Without an id for the event:
    /// let error = producer.with_codec(Codec::confluent_avro()).send(&note).await.unwrap_err();
    /// assert!(error.is_config() && error.is_not_sent());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "avro")]
    #[must_use]
    pub fn with_codec(self, codec: Codec) -> Self {
        Self { encoding: self.encoding.with_codec(codec), ..self }
    }

    /// The source in the envelopes of this producer; none if it sends no envelopes.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref().map(Source::uri)
    }

    /// Publishes an event to its own topic, and returns when the brokers have acknowledged it. That takes at most
    /// `delivery.timeout.ms` (300000 by default), plus the wait for space in a full queue.
    ///
    /// If the future is dropped before it is ready, the event may or may not be sent.
    ///
    /// # Errors
    ///
    /// A [`SendError`] if the event is invalid or has no topic, or if the brokers refuse it or do not answer.
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
    pub async fn send<E: EventSchema + 'static>(&self, event: &E) -> Result<Sent, SendError> {
        self.message(event).send().await
    }

    /// Publishes an event to a topic other than its own.
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
    pub async fn send_to<E: EventSchema + 'static>(&self, topic: &str, event: &E) -> Result<Sent, SendError> {
        self.message(event).topic(topic).send().await
    }

    /// Puts an event into the queue, after all events sent before it, and returns a future of its acknowledgement.
    ///
    /// If the queue is full (`queue.buffering.max.messages`, 100000 by default, or `queue.buffering.max.kbytes`), the
    /// call waits for space without a limit; use `tokio::time::timeout` to set one. If the first future is dropped
    /// before it is ready, the event is not sent. If the returned future is dropped, the event is still sent, but its
    /// outcome is unknown.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), from either future.
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
    /// With a full queue and an unreachable broker:
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
    pub async fn enqueue<E: EventSchema + 'static>(&self, event: &E) -> Result<Enqueued, SendError> {
        self.message(event).enqueue().await
    }

    /// Publishes events to their own topic, in order, and returns the outcome of each, in the same order.
    ///
    /// An invalid event does not stop the others. One call costs less than a `send` for each event. Send very many
    /// events a few thousand at a time, to bound the memory.
    ///
    /// If the future is dropped before it is ready, any of the events may or may not be sent.
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
    pub async fn send_all<E: EventSchema + 'static>(&self, events: &[E]) -> Vec<Result<Sent, SendError>> {
        send_all::send(&self.queue, self.source.as_ref(), &self.encoding, None, events).await
    }

    /// As [`send_all`](Self::send_all), to a topic other than the events' own.
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
    pub async fn send_all_to<E: EventSchema + 'static>(
        &self,
        topic: &str,
        events: &[E],
    ) -> Vec<Result<Sent, SendError>> {
        send_all::send(&self.queue, self.source.as_ref(), &self.encoding, Some(topic), events).await
    }

    /// A builder of a message with this event: set a topic, an envelope or headers, then send it.
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
    /// // `received` is the envelope of the event that caused this one.
    /// let sent = producer.message(&payment).envelope(Envelope::caused_by(&received)).send().await?;
    /// assert_eq!(sent.topic(), "payments");
    /// # Ok(())
    /// # }
    /// ```
    pub fn message<'a, E: EventSchema + 'static>(&'a self, event: &'a E) -> Outgoing<'a, E> {
        Outgoing::new(&self.queue, self.source.as_ref(), &self.encoding, event)
    }

    /// Asks the registry, if there is one, for what events of this type need.
    pub(crate) async fn prepare<E: EventSchema + 'static>(&self) -> Result<(), SendError> {
        // An enum's topic is that of all its variants.
        if let Some(topic) = E::descriptor().topic() {
            self.encoding.writer::<E>(topic).await?;
            return Ok(());
        }
        for (event, is_earlier) in events::<E>() {
            if let Some(topic) = event.topic().filter(|_| !is_earlier) {
                self.encoding.writer::<E>(topic).await?;
            }
        }
        Ok(())
    }

    /// Publishes a tombstone, which deletes a key from a compacted topic. It has no event and no envelope; consumers
    /// receive a [`Body::Tombstone`](crate::kafka::Body::Tombstone).
    ///
    /// # Errors
    ///
    /// A [`SendError`] if the brokers refuse it or do not answer.
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
        self.queue.enqueue(To::Other(topic), message, None, Sending::one(topic)).await?.await
    }

    /// Publishes bytes as they are, for messages that were made elsewhere and for tests of consumers. The bytes are not
    /// validated, and the message has no envelope.
    ///
    /// # Errors
    ///
    /// A [`SendError`] if the brokers refuse it or do not answer.
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
        self.queue.enqueue(To::Other(topic), message, None, Sending::one(topic)).await?.await
    }

    /// Publishes a message that was made before, as it is: a row of an outbox. See the example of [`ProducerRecord`]. The
    /// bytes are not validated.
    ///
    /// # Errors
    ///
    /// A [`SendError`] if the brokers refuse it or do not answer.
    pub async fn send_record(&self, record: &ProducerRecord) -> Result<Sent, SendError> {
        self.enqueue_record(record).await?.await
    }

    pub(crate) async fn enqueue_record(&self, record: &ProducerRecord) -> Result<Enqueued, SendError> {
        let message = Message {
            partition: record.partition,
            key: record.key.as_deref(),
            value: record.value.as_deref(),
            timestamp: record.timestamp,
            headers: outgoing::copy(&record.headers),
        };
        self.queue.check_open()?;
        let sending = Sending::one(&record.topic);
        sending.join(|| Envelope::of(None, record.headers.iter()));
        self.queue.enqueue(To::Other(&record.topic), message, None, sending).await
    }

    /// The owner knows that messages in the queue are lost if the producer is dropped: nothing warns of them.
    pub(crate) fn accept_loss(&self) {
        self.queue.client().accept_loss();
    }

    /// Whether acknowledged events are on all replicas that are in sync.
    pub(crate) fn acks_all(&self) -> bool {
        self.queue.client().acks_all()
    }

    /// Those of these topics that the brokers do not have, for messages. It does not create them.
    pub(crate) async fn missing(&self, topics: Vec<&str>) -> Vec<String> {
        let client = self.queue.client();
        let topics = topics.into_iter().map(|topic| client.names().real(topic).into_owned()).collect();
        let asked = thread::start("event-schema look", move || {
            let missing = client.missing(topics);
            missing.iter().map(|topic| client.names().shown(topic).into_owned()).collect()
        });
        asked.await.unwrap_or_default()
    }

    /// Whether the brokers say that there is no such topic.
    pub(crate) async fn is_missing(&self, topic: &str) -> bool {
        let (client, topic) = (self.queue.client(), topic.to_owned());
        let asked = thread::start("event-schema look", move || client.is_missing(&topic));
        asked.await.unwrap_or_default()
    }

    /// Whether the producer can send, for the readiness probe of a service: it is not closed, and its present client
    /// has reached a broker.
    ///
    /// The producer stays ready while brokers are away: the queue waits for them.
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

    /// Waits until the present client has reached a broker. The future is ready at once unless the client before it
    /// failed for good.
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

    /// The number of events that librdkafka holds and that are not yet acknowledged.
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

    /// Waits until every event is acknowledged, also those that wait for space in the queue, and closes the producer.
    /// New events, sent by its clones, are [refused](SendError::is_closed), and so are the remaining events of a
    /// [`send_all`](Self::send_all) that is still under way.
    ///
    /// # Errors
    ///
    /// A [`CloseError`] if this takes longer than `deadline`. Events that still wait for space in the queue are then
    /// refused. Events in the queue are still sent as long as a clone exists or a task awaits one of them.
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

//! A received message.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::core::Position;
use super::raw::Raw;
use crate::format::framing::SchemaId;
use crate::kafka::message::{Headers, Origin, millis};
use crate::kafka::telemetry::Message;
use crate::{Envelope, LoadError, Violations};

/// A received message: its event or the reason for its rejection, and its place, key and headers.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
/// use event_schema::prelude::*;
///
/// #[derive(Serialize, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderPlaced { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("orders", 1)?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// let sent = producer.send(&OrderPlaced { order_id: "A-1".to_owned() }).await?;
///
/// let config = kafka.config().group("docs");
/// let mut consumer = EventConsumer::<OrderPlaced>::subscribe(&config).await?;
/// let received = consumer.recv().await?;
/// assert_eq!(received.to_string(), "orders/0@0");
/// assert_eq!(received.topic(), "orders");
/// assert_eq!((received.partition(), received.offset()), (sent.partition(), sent.offset()));
/// assert!(received.timestamp().is_some());
/// assert_eq!(received.key(), Some(&b"A-1"[..]));
/// assert_eq!(received.headers().get("content-type"), Some(&b"application/json"[..]));
/// assert_eq!(received.envelope().version(), Some(1));
/// assert!(received.rejection().is_none());
/// assert_eq!(received.into_event().unwrap().order_id, "A-1");
/// # Ok(())
/// # }
/// ```
pub struct Received<E> {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    pub(super) raw: Raw,
    /// The envelope of a message that has it in its value. Other messages have it in their headers.
    pub(super) structured: Option<Box<Envelope>>,
    pub(super) position: Position,
    pub(super) body: Body<E>,
}

/// The content of a message.
///
/// ```
/// use event_schema::kafka::Body;
///
/// fn describe<E>(body: &Body<E>) -> String {
///     match body {
///         Body::Event(_) => "an event".to_owned(),
///         Body::Rejected(rejection) => format!("no event: {}", rejection.error()),
///         Body::Tombstone => "a deletion".to_owned(),
///         _ => "something new".to_owned(),
///     }
/// }
/// assert_eq!(describe::<()>(&Body::Tombstone), "a deletion");
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Body<E> {
    /// A valid event.
    Event(E),
    /// A message that cannot be loaded, or breaks the rules of its event.
    Rejected(Rejection),
    /// A message without a value, which deletes its key in a compacted topic.
    Tombstone,
}

impl<E> Received<E> {
    /// The topic. For this and the following methods see the example of [`Received`].
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
        self.position.offset
    }

    /// The time when the message was sent or, if the topic is configured so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.raw.timestamp()
    }

    /// The bytes of the key. A message without a key differs from one with an empty key.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.raw.key()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.raw.headers()
    }

    /// The metadata of the event: id, source, time, version, causation and trace. Each call builds it from the headers.
    ///
    /// Every message has an id and, if Kafka stores one, a time, even if its producer sent no envelope: see
    /// [`Envelope`].
    ///
    /// ```
    /// use event_schema::Envelope;
    /// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(name = "note.taken", version = 2, topic = "notes")]
    /// struct NoteTaken { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?.with_source("/desk")?;
    /// producer.send(&NoteTaken { text: "hello".to_owned() }).await?;
    ///
    /// # let config = kafka.config().group("docs");
    /// let mut consumer = EventConsumer::<NoteTaken>::subscribe(&config).await?;
    /// let envelope = consumer.recv().await?.envelope();
    /// assert_eq!((envelope.source(), envelope.version()), (Some("/desk"), Some(2)));
    ///
    /// let answer = Envelope::caused_by(&envelope);
    /// assert_eq!(answer.causation(), Some(envelope.id()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        envelope(self.structured.as_deref(), self.headers(), self, self.timestamp())
    }

    /// The content of the message.
    #[must_use]
    pub fn body(&self) -> &Body<E> {
        &self.body
    }

    /// The content of the message, by value.
    #[must_use]
    pub fn into_body(self) -> Body<E> {
        self.body
    }

    /// The event, if the message holds a valid one.
    #[must_use]
    pub fn event(&self) -> Option<&E> {
        match &self.body {
            Body::Event(event) => Some(event),
            _ => None,
        }
    }

    /// The event by value, if the message holds a valid one.
    #[must_use]
    pub fn into_event(self) -> Option<E> {
        match self.body {
            Body::Event(event) => Some(event),
            _ => None,
        }
    }

    /// The rejection, if the message was rejected.
    #[must_use]
    pub fn rejection(&self) -> Option<&Rejection> {
        match &self.body {
            Body::Rejected(rejection) => Some(rejection),
            _ => None,
        }
    }
}

/// The place of the message: `topic/partition@offset`.
impl<E> fmt::Display for Received<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition, self.position.offset)
    }
}

/// Without key and headers, which may hold personal data.
impl<E: fmt::Debug> fmt::Debug for Received<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .field("offset", &self.position.offset)
            .field("timestamp", &self.timestamp())
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// A message that is not a valid event: its original bytes, and all its violations.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
/// use event_schema::prelude::*;
///
/// // The same event as another service defines it, without the rule.
/// #[derive(Serialize, EventSchema)]
/// #[event(name = "note")]
/// struct Draft { text: String }
///
/// #[derive(Debug, Serialize, EventSchema)]
/// struct Note {
///     #[validate(length(min = 1))]
///     text: String,
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// producer.send_to("notes", &Draft { text: String::new() }).await?;
///
/// let config = kafka.config().group("docs");
/// let mut consumer = EventConsumer::<Note>::subscribe_to(&config, &["notes"]).await?;
/// let received = consumer.recv().await?;
/// let rejection = received.rejection().unwrap();
/// assert_eq!(rejection.bytes(), br#"{"text":""}"#);
/// assert!(rejection.error().is_invalid());
/// assert_eq!(rejection.violations().unwrap().len(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Rejection {
    bytes: Vec<u8>,
    error: LoadError,
    schema_id: Option<SchemaId>,
    /// Whether a codec read it, which knows framings.
    by_codec: bool,
}

impl Rejection {
    pub(super) fn new(bytes: &[u8], error: LoadError, schema_id: Option<SchemaId>, by_codec: bool) -> Self {
        Self { bytes: bytes.to_vec(), error, schema_id, by_codec }
    }

    /// The schema id of a message that was expected to be plain JSON.
    pub(super) fn unexpected_schema_id(&self) -> Option<u32> {
        match self.schema_id {
            Some(SchemaId::Number(id)) if !self.by_codec => Some(id),
            _ => None,
        }
    }

    /// The original value of the message. For this and the following methods see the example of [`Rejection`].
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The error that rejected the message.
    #[must_use]
    pub fn error(&self) -> &LoadError {
        &self.error
    }

    /// All violations, if the value is complete JSON.
    #[must_use]
    pub fn violations(&self) -> Option<&Violations> {
        self.error.violations()
    }

    /// The bytes and the error, by value.
    #[must_use]
    pub fn into_parts(self) -> (Vec<u8>, LoadError) {
        (self.bytes, self.error)
    }
}

impl Rejection {
    /// The id of the message's schema, if it has one: in its first bytes or in a header, as the
    /// consumer's codec (`EventConsumer::with_codec`) reads it. Without a codec, the first bytes count: a message with one
    /// of these [framings](crate::format::framing) is not plain JSON.
    ///
    /// ```
    /// use event_schema::format::framing::SchemaId;
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// kafka.publish_bytes("notes", None, Some(b"\0\0\0\0\x07{}"), &[]).await;
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let received = consumer.recv().await?;
    /// assert_eq!(received.rejection().unwrap().schema_id(), Some(SchemaId::Number(7)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn schema_id(&self) -> Option<SchemaId> {
        self.schema_id
    }
}

/// Without the bytes, which may hold personal data.
impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection").field("len", &self.bytes.len()).field("error", &self.error).finish_non_exhaustive()
    }
}

impl<E> Received<E> {
    /// A message as it came from the broker, with what was loaded from it.
    pub(crate) fn of(
        topic: Arc<str>,
        partition: i32,
        position: Position,
        raw: Raw,
        (body, structured): (Body<E>, Option<Box<Envelope>>),
    ) -> Self {
        Self { topic, partition, raw, structured, position, body }
    }

    /// As spans describe it.
    pub(super) fn described(&self) -> Message<'_> {
        Message {
            topic: &self.topic,
            partition: self.partition,
            offset: self.position.offset,
            headers: self.raw.headers(),
            structured: self.structured.as_deref(),
            is_tombstone: matches!(self.body, Body::Tombstone),
        }
    }
}

/// The metadata of an event that was received at this place.
pub(super) fn envelope(
    structured: Option<&Envelope>,
    headers: &Headers,
    place: &impl fmt::Display,
    time: Option<SystemTime>,
) -> Envelope {
    let envelope = Envelope::of(structured, headers.iter());
    // Where and when it was first stored: of a dead letter, what that came from.
    let origin = || Origin::read(headers);
    let id = || origin().map_or_else(|| place.to_string(), |origin| origin.to_string());
    envelope.or(id, || origin().and_then(|origin| origin.time()).or(time))
}

/// The id by which a group knows an event. That of a message without an id has its time, because the offsets of a topic
/// that was deleted and created again begin anew.
pub(super) fn identity(
    structured: Option<&Envelope>,
    headers: &Headers,
    place: &impl fmt::Display,
    time: Option<SystemTime>,
) -> String {
    let own = Envelope::of(structured, headers.iter());
    if !own.id().is_empty() {
        return own.id().to_owned();
    }
    let (place, time) = match Origin::read(headers) {
        Some(origin) => (origin.to_string(), origin.time()),
        None => (place.to_string(), time),
    };
    time.map_or_else(|| place.clone(), |time| format!("{place}@{}", millis(time)))
}

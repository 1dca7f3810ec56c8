//! A message on its way out: event, envelope, headers.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use rdkafka::error::RDKafkaErrorCode;

use super::encoding::Encoding;
use super::queue::Queue;
use super::sent::{Enqueued, Sent};
use super::stamp::{self, Described, Source, Stamp};
use super::topic::{self, To};
#[cfg(feature = "avro")]
use crate::format::Encoder;
use crate::format::cloudevents::format_time;
use crate::format::framing::{KEY_SCHEMA_ID, VALUE_SCHEMA_ID};
use crate::kafka::client::native::{Message, Outbound};
use crate::kafka::error::{SendError, SendErrorKind};
use crate::kafka::message::{Headers, ProducerRecord, millis};
use crate::kafka::telemetry::Sending;
use crate::{Descriptor, Envelope, EventSchema};

/// A builder of a message; see [`EventProducer::message`](crate::kafka::EventProducer::message). `Outgoing` borrows and sends;
/// [`OutgoingEvent`](crate::kafka::OutgoingEvent) is returned.
#[must_use = "nothing is sent but by `send` or `enqueue`"]
pub struct Outgoing<'a, E> {
    queue: &'a Queue,
    source: Option<&'a Arc<Source>>,
    encoding: &'a Encoding,
    event: &'a E,
    topic: Option<&'a str>,
    key: Option<Cow<'a, [u8]>>,
    partition: Option<i32>,
    timestamp: Option<i64>,
    envelope: Option<Envelope>,
    headers: Vec<(&'a str, Option<&'a [u8]>)>,
    /// The schema id of the key.
    key_header: Option<(&'static str, &'a [u8])>,
}

impl<'a, E: EventSchema + 'static> Outgoing<'a, E> {
    pub(super) fn new(queue: &'a Queue, source: Option<&'a Arc<Source>>, encoding: &'a Encoding, event: &'a E) -> Self {
        Self {
            queue,
            source,
            encoding,
            event,
            topic: None,
            key: None,
            partition: None,
            timestamp: None,
            envelope: None,
            headers: Vec::new(),
            key_header: None,
        }
    }

    /// Sets a topic other than the event's own; see the example of [`header`](Self::header).
    pub fn topic(self, topic: &'a str) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// Sets the bytes of the key, instead of the [event's own](EventSchema::key): those of an Avro key, for instance, as the
    /// serializers of other services write it.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// use event_schema::format::framing::SchemaId;
    /// use event_schema::format::{Codec, Decoder, Encoder};
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct NoteKey { desk: i32 }
    ///
    /// #[event_schema::event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let keys = Codec::confluent_avro().with_event::<NoteKey>(SchemaId::Number(7))?.for_keys();
    /// let key = Encoder::new(&keys)?.dump(&NoteKey { desk: 1 })?;
    /// producer.message(&Note { text: "hello".to_owned() }).key(&key).send().await?;
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let received = consumer.recv().await?;
    /// let decoder = Decoder::<NoteKey>::new(&keys)?;
    /// assert_eq!(decoder.load(received.key().unwrap())?.desk, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn key(self, key: &'a [u8]) -> Self {
        Self { key: Some(Cow::Borrowed(key)), key_header: None, ..self }
    }

    /// Sets the key as an encoder of a codec [for keys](crate::format::Codec::for_keys) writes it, with the header of its
    /// schema id if it has one. It replaces a key that was set before, and that header. See the example of
    /// [`EventConsumer::with_key_decoder`](crate::kafka::EventConsumer::with_key_decoder).
    ///
    /// # Errors
    ///
    /// If the codec of the encoder is not one for keys: its schema id would be taken for that of the value. Or if the key
    /// is invalid, as for [`Encoder::dump`].
    #[cfg(feature = "avro")]
    pub fn key_with<K: EventSchema>(self, encoder: &'a Encoder<K>, key: &K) -> Result<Self, SendError> {
        encoder.check_for_keys().map_err(SendErrorKind::Codec)?;
        let dumped = encoder.dump(key).map_err(SendErrorKind::Invalid)?;
        Ok(Self { key: Some(Cow::Owned(dumped)), key_header: encoder.header(), ..self })
    }

    /// Sets the partition, instead of the one that the key chooses. Consumers that rely on the order of a key need all its
    /// messages in one partition.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::{Duration, SystemTime};
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// kafka.create_topic("notes", 3)?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    /// let note = Note { text: "hello".to_owned() };
    /// producer.message(&note).partition(2).timestamp(written).send().await?;
    ///
    /// let received = kafka.received::<Note>("notes", 1).await;
    /// assert_eq!((received[0].partition(), received[0].timestamp()), (2, Some(written)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn partition(self, partition: i32) -> Self {
        Self { partition: Some(partition), ..self }
    }

    /// Sets the timestamp of the message, instead of the time of the send; see the example of
    /// [`partition`](Self::partition). Kafka stores milliseconds since 1970, and none before. The brokers replace it in a
    /// topic with `message.timestamp.type=LogAppendTime`. The time of the [envelope](Self::envelope) remains as it is.
    pub fn timestamp(self, timestamp: SystemTime) -> Self {
        Self { timestamp: Some(millis(timestamp)), ..self }
    }

    /// Sets the envelope, instead of a new one: to keep the id of an event that is sent again, or to name the event
    /// that caused it. An envelope without a source gets the producer's.
    ///
    /// ```
    /// use event_schema::Envelope;
    /// use event_schema::kafka::SendError;
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let note = Note { text: "hello".to_owned() };
    /// let envelope = Envelope::new();
    /// let mut sent = producer.message(&note).envelope(envelope.clone()).send().await;
    /// while sent.as_ref().is_err_and(SendError::is_unknown) {
    ///     // If the note is stored twice, both copies have one id, by which consumers recognise it.
    ///     sent = producer.message(&note).envelope(envelope.clone()).send().await;
    /// }
    /// sent?;
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// assert_eq!(consumer.recv().await?.envelope().id(), envelope.id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn envelope(self, envelope: Envelope) -> Self {
        Self { envelope: Some(envelope), ..self }
    }

    /// Adds a header. Headers of the envelope come after it and take precedence.
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
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let note = Note { text: "hello".to_owned() };
    /// producer.message(&note).topic("copies").header("tenant", b"7").send().await?;
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("docs"), &["copies"]).await?;
    /// assert_eq!(consumer.recv().await?.headers().get("tenant"), Some(&b"7"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: &'a str, value: &'a [u8]) -> Self {
        self.headers.push((name, Some(value)));
        self
    }

    /// Adds headers, such as those of a received message, as [`header`](Self::header) does. Those of its envelope and of
    /// its format are left out: this message has its own. So are those of dead letters and of retries, because this message
    /// is neither.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let note = Note { text: "hello".to_owned() };
    /// producer.message(&note).header("tenant", b"7").send().await?;
    ///
    /// let received = kafka.received::<Note>("notes", 1).await;
    /// producer.message(&note).topic("copies").headers(received[0].headers()).send().await?;
    /// let copies = kafka.received::<Note>("copies", 1).await;
    /// assert_eq!(copies[0].headers().get("tenant"), Some(&b"7"[..]));
    /// assert_ne!(copies[0].envelope().id(), received[0].envelope().id());
    /// # Ok(())
    /// # }
    /// ```
    pub fn headers(mut self, headers: &'a Headers) -> Self {
        let is_own = |name: &str| {
            let is_of_a_copy = ["kafka_dlt-", "kafka_original-", "retry_topic-"];
            name.starts_with("ce_")
                || is_of_a_copy.iter().any(|start| name.starts_with(start))
                || name.eq_ignore_ascii_case("content-type")
                || matches!(name, "traceparent" | "tracestate" | KEY_SCHEMA_ID | VALUE_SCHEMA_ID)
        };
        self.headers.extend(headers.iter().filter(|(name, _)| !is_own(name)));
        self
    }

    /// Sends the message, as [`EventProducer::send`](crate::kafka::EventProducer::send) does.
    ///
    /// # Errors
    ///
    /// As [`EventProducer::send`](crate::kafka::EventProducer::send), and if CloudEvents does not allow the envelope,
    /// for instance because its id is empty.
    pub async fn send(self) -> Result<Sent, SendError> {
        self.enqueue().await?.await
    }

    /// Queues the message, as [`EventProducer::enqueue`](crate::kafka::EventProducer::enqueue) does.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn enqueue(self) -> Result<Enqueued, SendError> {
        self.queue.check_open()?;
        let to = To::of(self.event, self.topic)?;
        let sending = Sending::one(to.name());
        let encoded = self.encoded(to, &sending).await;
        let (value, headers, stamp) = encoded.map_err(|error| self.queue.refuse(to, error, &sending))?;
        let Self { queue, event, key, partition, timestamp, .. } = self;
        let key = key.or_else(|| event.key());
        let message = Message { partition, key: key.as_deref(), value: Some(&value), timestamp, headers };
        queue.enqueue(to, message, stamp, sending).await
    }

    /// The message as bytes, to be stored and [sent](crate::kafka::EventProducer::send_record) later. It has its id from now
    /// on. See the example of [`ProducerRecord`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), but for those of the brokers.
    pub async fn to_record(self) -> Result<ProducerRecord, SendError> {
        let to = To::of(self.event, self.topic)?;
        let client = self.queue.client();
        let topic = topic::real(to.name(), client.names())?.into_owned();
        // As the queue refuses it.
        if self.partition.is_some_and(i32::is_negative) {
            return Err(SendError::of(to.name(), RDKafkaErrorCode::UnknownPartition, true));
        }
        let sending = Sending::create(to.name());
        let encoded = self.encoded(to, &sending).await;
        let (value, headers, _) = encoded.inspect_err(|error| sending.failed(error))?;
        Ok(ProducerRecord {
            topic,
            partition: self.partition,
            key: self.key.or_else(|| self.event.key()).map(Cow::into_owned),
            value: Some(value),
            timestamp: self.timestamp,
            headers: headers.map(|headers| headers.copied()).unwrap_or_default(),
        })
    }

    /// The value, the headers, and what wants them back.
    async fn encoded(
        &self,
        to: To<'_>,
        sending: &Sending,
    ) -> Result<(Vec<u8>, Option<Outbound>, Option<Arc<Stamp>>), SendError> {
        if let Some(envelope) = &self.envelope {
            sending.join(|| envelope);
        }
        let writer = self.encoding.writer(to.name()).await?;
        let mut value = Vec::with_capacity(128);
        writer.dump_into(self.event, &mut value)?;
        let (headers, stamp) = self.outbound(writer.described(), sending)?;
        Ok((value, headers, stamp))
    }

    /// The headers, and what wants them back.
    fn outbound(
        &self,
        value: Described<'_>,
        sending: &Sending,
    ) -> Result<(Option<Outbound>, Option<Arc<Stamp>>), SendError> {
        let descriptor = self.event.described_by();
        let envelope = match (&self.envelope, self.source) {
            (Some(envelope), _) => Cow::Borrowed(envelope),
            (None, Some(source)) if !self.has_headers() && !sending.is_traced() => {
                let stamp = source.stamp(descriptor, value);
                return Ok((Some(stamp.headers()), Some(stamp)));
            }
            (None, Some(_)) => Cow::Owned(Envelope::new()),
            (None, None) if !self.has_headers() && value.schema_id.is_none() => return Ok((None, None)),
            (None, None) => {
                let mut headers = self.own_headers();
                value.write_schema_id(&mut headers);
                return Ok((Some(headers), None));
            }
        };
        envelope.check().map_err(SendErrorKind::Envelope)?;
        let envelope = sending.written(envelope);
        sending.name(envelope.id(), descriptor);
        let mut headers = self.own_headers();
        write(&mut headers, &envelope, self.source.map(|source| source.uri()), descriptor, value);
        Ok((Some(headers), None))
    }

    fn has_headers(&self) -> bool {
        !self.headers.is_empty() || self.key_header.is_some()
    }

    fn own_headers(&self) -> Outbound {
        let mut headers = Outbound::with_capacity(self.headers.len() + 9);
        for (name, value) in &self.headers {
            headers.push(name, *value);
        }
        if let Some((name, id)) = self.key_header {
            headers.push(name, Some(id));
        }
        headers
    }
}

/// Writes an envelope that is not [stamped](Stamp): a given one, or one behind other headers.
pub(super) fn write(
    headers: &mut Outbound,
    envelope: &Envelope,
    source: Option<&str>,
    descriptor: &Descriptor,
    value: Described<'_>,
) {
    let time = envelope.time().and_then(format_time);
    // Any reference is a source; `/` is one that says nothing.
    let source = envelope.source().or(source).unwrap_or("/");
    stamp::write(headers, source, &descriptor.event_type(), value, envelope.id(), time.as_deref());
    // An invalid trace is ignored, as W3C requires. It may come from the event that caused this one.
    let trace_parent = envelope.trace_parent().filter(|trace| is_trace_parent(trace));
    let trace_state = envelope.trace_state().filter(|_| trace_parent.is_some());
    if trace_parent.is_none() && envelope.trace_parent().is_some() {
        tracing::debug!("an event is sent without its trace, which is not a W3C `traceparent`");
    }
    let rest = [
        ("ce_causationid", envelope.causation()),
        ("ce_traceparent", trace_parent),
        ("ce_tracestate", trace_state),
        // Where tracing systems look for them.
        ("traceparent", trace_parent),
        ("tracestate", trace_state),
    ];
    for (name, value) in rest {
        if let Some(value) = value {
            headers.push(name, Some(value.as_bytes()));
        }
    }
}

/// Whether it is W3C's `traceparent`: `00-<32 digits>-<16 digits>-<2 digits>`, in lower case.
fn is_trace_parent(trace: &str) -> bool {
    let parts: Vec<&str> = trace.split('-').collect();
    let is_hex = |part: &str, count| {
        part.len() == count && part.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
    };
    let is_id = |part: &str, count| is_hex(part, count) && part.bytes().any(|c| c != b'0');
    match parts[..] {
        [version, trace, parent, flags, ..] => {
            let is_version = is_hex(version, 2) && version != "ff" && (version != "00" || parts.len() == 4);
            is_version && is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2)
        }
        _ => false,
    }
}

/// Headers that were received, to be sent again.
pub(super) fn copy(headers: &Headers) -> Option<Outbound> {
    if headers.is_empty() {
        return None;
    }
    let mut copy = Outbound::with_capacity(headers.len());
    for (name, value) in headers.iter() {
        copy.push(name, value);
    }
    Some(copy)
}

/// Without the event, which may hold personal data.
impl<E> fmt::Debug for Outgoing<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("topic", &self.topic).field("envelope", &self.envelope).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_trace_is_told_from_what_is() {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_trace_parent(trace) && is_trace_parent(&format!("cc{}-more", &trace[2..])));
        let zero = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
        let more = format!("{trace}-more");
        for bogus in ["", "bogus", zero, &trace[..54], &trace.to_uppercase(), &format!("ff{}", &trace[2..]), &more] {
            assert!(!is_trace_parent(bogus), "{bogus}");
        }
    }
}

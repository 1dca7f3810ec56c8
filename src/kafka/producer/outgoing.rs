//! A message on its way out: event, envelope, headers.

use std::fmt;

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;
use uuid::Uuid;

use super::{Enqueued, EventProducer, Sent, Topic};
use crate::format::cloudevents::{CONTENT_TYPE, SPECVERSION, format_time};
use crate::kafka::error::{SendError, SendErrorKind};
use crate::kafka::received::Headers;
use crate::{Descriptor, Envelope, EventSchema};

/// A message to be completed and sent; see [`EventProducer::message`].
#[must_use = "nothing is sent but by `send` or `enqueue`"]
pub struct Outgoing<'a, E> {
    producer: &'a EventProducer,
    event: &'a E,
    topic: Option<&'a str>,
    envelope: Option<Envelope>,
    headers: Vec<(&'a str, &'a [u8])>,
}

impl<'a, E: EventSchema> Outgoing<'a, E> {
    pub(super) fn new(producer: &'a EventProducer, event: &'a E) -> Self {
        Self { producer, event, topic: None, envelope: None, headers: Vec::new() }
    }

    /// To another topic than the event's own.
    pub fn topic(self, topic: &'a str) -> Self {
        Self { topic: Some(topic), ..self }
    }

    /// In this envelope, not a new one: the event keeps its id when it is sent again, or says what it
    /// comes of. Without a source, the envelope gets the producer's.
    pub fn envelope(self, envelope: Envelope) -> Self {
        Self { envelope: Some(envelope), ..self }
    }

    /// With one more header. It stands before those of the envelope, which win.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, JsonSchema, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.message(&Note { text: "hello".to_owned() }).header("tenant", b"7").send().await?;
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// assert_eq!(consumer.recv().await?.headers().get("tenant"), Some(&b"7"[..]));
    /// # Ok(())
    /// # }
    /// ```
    pub fn header(mut self, name: &'a str, value: &'a [u8]) -> Self {
        self.headers.push((name, value));
        self
    }

    /// As [`EventProducer::send`].
    ///
    /// # Errors
    ///
    /// As [`EventProducer::send`], and if the envelope is none that CloudEvents allows, such as one with an
    /// empty id.
    pub async fn send(self) -> Result<Sent, SendError> {
        self.enqueue().await?.await
    }

    /// As [`EventProducer::enqueue`].
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn enqueue(self) -> Result<Enqueued, SendError> {
        self.producer.shared.begin()?;
        let topic = Topic::of(self.event, self.topic)?;
        let value = self.event.dump().map_err(SendErrorKind::Invalid)?;
        let key = self.event.key();
        let headers = self.headers()?;
        let name = topic.clone();
        let record = |waiting| {
            let mut record = BaseRecord::with_opaque_to(name.as_str(), waiting).payload(&*value);
            record.key = key.as_deref();
            record.headers = headers;
            record
        };
        self.producer.shared.enqueue(topic, record).await
    }

    fn headers(&self) -> Result<Option<OwnedHeaders>, SendError> {
        let mut headers = (!self.headers.is_empty()).then(OwnedHeaders::new);
        for (name, value) in &self.headers {
            headers = headers.map(|headers| headers.insert(Header { key: name, value: Some(*value) }));
        }
        if let Some(envelope) = &self.envelope {
            envelope.check().map_err(SendErrorKind::Envelope)?;
        }
        let descriptor = self.event.described_by();
        let envelope = match (&self.envelope, self.producer.source()) {
            (None, None) => return Ok(headers),
            (None, Some(source)) => return Ok(Some(new_envelope(headers, source, &descriptor.event_type()))),
            (Some(envelope), _) => envelope,
        };
        Ok(Some(given_envelope(headers, envelope, self.producer.source(), descriptor)))
    }
}

/// The headers of a new event. What the other function writes, without the detour.
pub(super) fn new_envelope(before: Option<OwnedHeaders>, source: &str, event_type: &str) -> OwnedHeaders {
    let mut id = Uuid::encode_buffer();
    let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
    let headers = before.unwrap_or_else(|| OwnedHeaders::new_with_capacity(6));
    let headers = required(headers, id, source, event_type);
    with(headers, "ce_time", format_time(Envelope::now()).as_deref())
}

fn given_envelope(
    before: Option<OwnedHeaders>,
    envelope: &Envelope,
    source: Option<&str>,
    descriptor: &Descriptor,
) -> OwnedHeaders {
    let headers = before.unwrap_or_else(|| OwnedHeaders::new_with_capacity(8));
    // Any reference is a source; `/` is one that says nothing.
    let source = envelope.source().or(source).unwrap_or("/");
    let headers = required(headers, envelope.id(), source, &descriptor.event_type());
    let time = envelope.time().and_then(format_time);
    let rest = [
        ("ce_time", time.as_deref()),
        ("ce_causationid", envelope.causation()),
        ("ce_traceparent", envelope.trace_parent()),
        ("ce_tracestate", envelope.trace_state()),
        // Where tracing systems look for them.
        ("traceparent", envelope.trace_parent()),
        ("tracestate", envelope.trace_state()),
    ];
    rest.into_iter().fold(headers, |headers, (name, value)| with(headers, name, value))
}

fn required(headers: OwnedHeaders, id: &str, source: &str, event_type: &str) -> OwnedHeaders {
    let all = [
        ("ce_specversion", SPECVERSION),
        ("ce_id", id),
        ("ce_source", source),
        ("ce_type", event_type),
        (CONTENT_TYPE, "application/json"),
    ];
    all.into_iter().fold(headers, |headers, (name, value)| with(headers, name, Some(value)))
}

/// Headers that were received, to be sent again.
pub(super) fn copy(headers: &Headers) -> Option<OwnedHeaders> {
    let insert = |copy: OwnedHeaders, (key, value)| copy.insert(Header { key, value });
    (!headers.is_empty()).then(|| headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), insert))
}

fn with(headers: OwnedHeaders, name: &str, value: Option<&str>) -> OwnedHeaders {
    match value {
        Some(_) => headers.insert(Header { key: name, value }),
        None => headers,
    }
}

/// Without the event, which may hold personal data.
impl<E> fmt::Debug for Outgoing<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing").field("topic", &self.topic).field("envelope", &self.envelope).finish_non_exhaustive()
    }
}

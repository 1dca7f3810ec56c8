//! The places where a codec finds schemas that it was not given: [`SchemaSource`].

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use crate::avro::Schema;
use crate::event::Descriptor;
use crate::format::framing::SchemaId;
use crate::load::json;

/// The future answer of a [`SchemaSource`].
pub type SchemaAnswer<'a, T> = Pin<Box<dyn Future<Output = Result<T, SchemaSourceError>> + Send + 'a>>;

/// A place where a [codec](super::Codec) finds the schemas that it was not [given](super::Codec::with_schema), such as a
/// schema registry.
///
/// ```
/// use event_schema::avro::Schema;
/// use event_schema::format::framing::SchemaId;
/// use event_schema::format::{Codec, Decoder, SchemaAnswer, SchemaSource, SchemaSourceError, WriterSchema};
/// use event_schema::LoadOptions;
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Ping { seq: i64 }
///
/// /// The files of a folder, instead of a registry.
/// struct Folder;
///
/// impl SchemaSource for Folder {
///     fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
///         Box::pin(async move {
///             match id {
///                 SchemaId::Number(7) => {
///                     let text = r#"{"type": "record", "name": "Ping", "fields": [{"name": "seq", "type": "int"}]}"#;
///                     Ok(Schema::parse(text).map_err(SchemaSourceError::unavailable)?.into())
///                 }
///                 _ => Err(SchemaSourceError::unknown()),
///             }
///         })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let decoder = Decoder::<Ping>::new(&Codec::confluent_avro().with_source(Folder))?;
/// let message = b"\0\0\0\0\x07\x0E";
/// assert!(decoder.load(message).unwrap_err().is_unknown_schema());
/// decoder.resolve([], message).await?;
/// assert_eq!(decoder.load(message)?.seq, 7);
/// # Ok(())
/// # }
/// ```
///
/// # Messages that wait
///
/// A [consumer](crate#features) asks before it loads a message whose schema is not known, and each id once for all messages
/// with it. Until there is an answer these messages wait, in their order: no attempt is counted, and no message is sent to
/// a dead letter topic. The later messages of their partitions wait, too, or in a run with another order those of their
/// keys, or none. Messages of other partitions are received meanwhile.
///
/// | answer | consumer |
/// |---|---|
/// | a schema | loads the messages, and does not ask for this id again |
/// | [unknown](SchemaSourceError::unknown) | asks again until the codec's [patience](super::Codec::patience) is over, then rejects the messages |
/// | [unusable](SchemaSourceError::unusable) | rejects the messages |
/// | another error | asks again, for as long as it takes |
///
/// The pauses between questions grow from 50 milliseconds to 5 seconds. A [run](crate#features) that handles other messages
/// meanwhile comes back to one that waits within 5 seconds of the answer.
pub trait SchemaSource: Send + Sync {
    /// The schema with this id.
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema>;

    /// The schema to write events with, by its id, for an event whose id the codec was not
    /// [given](super::Codec::with_event). By default no event has one.
    ///
    /// An [encoder](super::Encoder::for_topic) asks once. A producer asks once for each type and topic, and again after an
    /// error.
    fn schema_to_write<'a>(&'a self, subject: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        let _ = subject;
        Box::pin(std::future::ready(Err(SchemaSourceError::unknown())))
    }
}

impl<S: SchemaSource + ?Sized> SchemaSource for Arc<S> {
    fn schema(&self, id: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
        (**self).schema(id)
    }

    fn schema_to_write<'a>(&'a self, subject: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
        (**self).schema_to_write(subject)
    }
}

/// The schema that data were written with.
///
/// ```
/// use event_schema::avro::Schema;
/// use event_schema::format::WriterSchema;
///
/// let avro = WriterSchema::from(Schema::parse("\"long\"")?);
/// let of_version_1 = avro.with_event_type("order.requested.v1");
/// assert_eq!(of_version_1.event_type(), Some("order.requested.v1"));
/// assert_eq!(WriterSchema::json(r#"{"type": "object"}"#).event_type(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct WriterSchema {
    pub(super) format: SchemaFormat,
    pub(super) event_type: Option<Box<str>>,
}

#[derive(Debug, Clone)]
pub(super) enum SchemaFormat {
    Avro(Schema),
    /// The document, if it is known.
    Json(Option<Value>),
}

impl WriterSchema {
    /// A JSON Schema. The data are JSON text, which is read without it; but it may be that of an earlier version of the
    /// event.
    ///
    /// See the example of [`WriterSchema`].
    #[must_use]
    pub fn json(document: &str) -> Self {
        Self { format: SchemaFormat::Json(json::read(document).ok()), event_type: None }
    }

    /// The event and its version, as CloudEvents names them: `order.requested.v1`. Without it, the schema is compared with
    /// those of the event's versions.
    ///
    /// See the example of [`WriterSchema`].
    #[must_use]
    pub fn with_event_type(self, event_type: &str) -> Self {
        Self { event_type: Some(event_type.into()), ..self }
    }

    /// The event and its version, if they are known. See the example of [`WriterSchema`].
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }
}

/// An Avro schema.
impl From<Schema> for WriterSchema {
    fn from(schema: Schema) -> Self {
        Self { format: SchemaFormat::Avro(schema), event_type: None }
    }
}

/// The data that an encoder is about to write, for the choice of a subject and of its schema. See the example of
/// [`Encoder::for_topic`](super::Encoder::for_topic).
#[derive(Debug, Clone, Copy)]
pub struct SchemaSubject<'a> {
    pub(super) topic: &'a str,
    pub(super) is_key: bool,
    pub(super) in_header: bool,
    pub(super) event: &'static Descriptor,
    pub(super) is_avro: bool,
    pub(super) schema: &'a Value,
}

impl<'a> SchemaSubject<'a> {
    /// The topic of the messages.
    #[must_use]
    pub fn topic(&self) -> &'a str {
        self.topic
    }

    /// Whether it is for the keys of the messages, and not for their values.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.is_key
    }

    /// Whether the id is written into a [header](super::Codec::ids_in_headers), where Confluent's clients have GUIDs.
    #[must_use]
    pub fn is_id_in_header(&self) -> bool {
        self.in_header
    }

    /// The event that is written.
    #[must_use]
    pub fn event(&self) -> &'static Descriptor {
        self.event
    }

    /// Whether the schema is an Avro schema, and not a JSON Schema.
    #[must_use]
    pub fn is_avro(&self) -> bool {
        self.is_avro
    }

    /// The schema of what the event writes.
    #[must_use]
    pub fn schema(&self) -> &'a Value {
        self.schema
    }
}

/// The id of the schema that events are written with and, if it is not the event's own, the schema.
///
/// ```
/// use event_schema::format::SchemaToWrite;
/// use event_schema::format::framing::SchemaId;
///
/// assert_eq!(SchemaToWrite::new(SchemaId::Number(7)).id(), SchemaId::Number(7));
/// ```
#[derive(Debug, Clone)]
pub struct SchemaToWrite {
    id: SchemaId,
    pub(super) schema: Option<Schema>,
}

impl SchemaToWrite {
    /// The id of the event's own schema. See the example of [`SchemaToWrite`].
    #[must_use]
    pub fn new(id: SchemaId) -> Self {
        Self { id, schema: None }
    }

    /// The Avro schema with this id, which the events are written in: the latest of a subject, for instance.
    #[must_use]
    pub fn with_schema(self, schema: Schema) -> Self {
        Self { schema: Some(schema), ..self }
    }

    /// The id. See the example of [`SchemaToWrite`].
    #[must_use]
    pub fn id(&self) -> SchemaId {
        self.id
    }
}

/// The reason why a [`SchemaSource`] has no answer; its [`source`](Error::source) is the cause that it was given.
///
/// ```
/// use event_schema::format::SchemaSourceError;
/// use std::error::Error;
///
/// assert!(SchemaSourceError::unknown().is_unknown());
/// let error = SchemaSourceError::unavailable("connection refused");
/// assert!(error.is_unavailable());
/// assert_eq!(error.to_string(), "schemas cannot be looked up");
/// assert_eq!(error.source().unwrap().to_string(), "connection refused");
/// let error = SchemaSourceError::refused("the schema is incompatible with version 3");
/// assert!(error.is_refused());
/// let error = SchemaSourceError::unusable("neither Avro nor JSON Schema");
/// assert!(error.is_unusable());
/// ```
#[derive(Debug)]
pub struct SchemaSourceError {
    kind: Kind,
    source: Option<Box<dyn Error + Send + Sync>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Unusable,
    Unknown,
    Refused,
    Unavailable,
}

impl SchemaSourceError {
    /// There is no such schema, or not yet. See the example of [`SchemaSourceError`].
    #[must_use]
    pub fn unknown() -> Self {
        Self { kind: Kind::Unknown, source: None }
    }

    /// As [`unknown`](Self::unknown), by an answer that names what was asked for.
    #[cfg(feature = "registry")]
    pub(crate) fn unknown_to(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Unknown, source: Some(source.into()) }
    }

    /// There is such a schema but no use for it, or the source has no such ids at all: asking again is useless. See the
    /// example of [`SchemaSourceError`].
    #[must_use]
    pub fn unusable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Unusable, source: Some(source.into()) }
    }

    /// There was no answer, or none that can be trusted: another attempt may succeed. See the example of
    /// [`SchemaSourceError`].
    #[must_use]
    pub fn unavailable(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Unavailable, source: Some(source.into()) }
    }

    /// Somebody has to change something: a password, or the schema. See the example of [`SchemaSourceError`].
    #[must_use]
    pub fn refused(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { kind: Kind::Refused, source: Some(source.into()) }
    }

    /// Whether there is no such schema.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.kind == Kind::Unknown
    }

    /// Whether the schema is of no use, or the id is none of the source's.
    #[must_use]
    pub fn is_unusable(&self) -> bool {
        self.kind == Kind::Unusable
    }

    /// Whether there was no answer.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// Whether the answer is no.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.kind == Kind::Refused
    }
}

impl fmt::Display for SchemaSourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            Kind::Unusable => "the schema cannot be used",
            Kind::Unknown => "the schema is not known",
            Kind::Unavailable => "schemas cannot be looked up",
            Kind::Refused => "the schema is refused",
        })
    }
}

impl Error for SchemaSourceError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn Error + 'static))
    }
}

/// The sources of a codec, in the order in which they are asked.
#[derive(Clone, Default)]
pub(super) struct Sources(Vec<Arc<dyn SchemaSource>>);

impl Sources {
    pub(super) fn add(&mut self, source: Arc<dyn SchemaSource>) {
        self.0.push(source);
    }

    pub(super) fn append(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The one that knows the ids of events.
    pub(super) fn first(&self) -> Option<&Arc<dyn SchemaSource>> {
        self.0.first()
    }

    /// The schema of the first source that does not say that it is unknown: numbers begin at 1 in every registry, and
    /// while one is unreachable, another may have a different schema with the same number.
    pub(super) async fn schema(&self, id: SchemaId) -> Result<WriterSchema, SchemaSourceError> {
        let mut unknown = SchemaSourceError::unknown();
        for source in &self.0 {
            match source.schema(id).await {
                Err(error) if error.is_unknown() => unknown = error,
                answer => return answer,
            }
        }
        Err(unknown)
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sources", self.0.len())
    }
}

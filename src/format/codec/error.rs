//! The error of a codec that cannot serve a type: [`CodecError`].

use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::source::SchemaSourceError;
use crate::contract::AvroSchemaError;
use crate::format::framing::SchemaId;

/// The error of a codec that cannot write or load the events of a type. Its [`source`](Error::source) has the reason if a
/// part of the event has no Avro form, or if the codec's source has no id for it.
///
/// ```
/// use event_schema::format::{Codec, Encoder};
///
/// #[event_schema::event]
/// struct Ping { seq: i64 }
///
/// let error = Encoder::<Ping>::new(&Codec::confluent_avro()).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "the codec has no schema id for version 1 of event `ping`: give it one with `Codec::with_event`",
/// );
/// ```
#[derive(Debug, Clone)]
pub struct CodecError(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    NoId {
        event: &'static str,
        version: u32,
    },
    NoHeader {
        event: &'static str,
    },
    Id {
        event: &'static str,
        id: SchemaId,
        problem: &'static str,
    },
    RootBytes {
        schema: Box<str>,
    },
    SameForm {
        fingerprint: SchemaId,
        versions: [Box<str>; 2],
    },
    #[cfg(feature = "kafka")]
    ForKeys,
    #[cfg(feature = "kafka")]
    NotForKeys,
    Avro {
        event: &'static str,
        error: AvroSchemaError,
    },
    Source {
        event: &'static str,
        version: u32,
        topic: Box<str>,
        error: SchemaSourceError,
    },
}

impl CodecError {
    pub(super) fn no_id(event: &'static str, version: u32) -> Self {
        Self(Arc::new(Kind::NoId { event, version }))
    }

    pub(super) fn no_header(event: &'static str) -> Self {
        Self(Arc::new(Kind::NoHeader { event }))
    }

    /// The event cannot be given this id.
    pub(super) fn id(event: &'static str, id: SchemaId, problem: &'static str) -> Self {
        Self(Arc::new(Kind::Id { event, id, problem }))
    }

    /// A schema of `bytes`: of an event, or with an id.
    pub(super) fn root_bytes(schema: &impl fmt::Display) -> Self {
        Self(Arc::new(Kind::RootBytes { schema: schema.to_string().into() }))
    }

    /// Two versions whose data differ have the same fingerprint.
    pub(super) fn same_form(fingerprint: SchemaId, versions: [&str; 2]) -> Self {
        Self(Arc::new(Kind::SameForm { fingerprint, versions: versions.map(Into::into) }))
    }

    #[cfg(feature = "kafka")]
    pub(super) fn for_keys() -> Self {
        Self(Arc::new(Kind::ForKeys))
    }

    #[cfg(feature = "kafka")]
    pub(super) fn not_for_keys() -> Self {
        Self(Arc::new(Kind::NotForKeys))
    }

    pub(super) fn avro(event: &'static str, error: AvroSchemaError) -> Self {
        Self(Arc::new(Kind::Avro { event, error }))
    }

    pub(crate) fn from_source(event: &'static str, version: u32, topic: &str, error: SchemaSourceError) -> Self {
        Self(Arc::new(Kind::Source { event, version, topic: topic.into(), error }))
    }

    /// The error of the [source](super::Codec::with_source) that was asked for the id of the event. See the example of
    /// [`Encoder::for_topic`](super::Encoder::for_topic).
    #[must_use]
    pub fn source_error(&self) -> Option<&SchemaSourceError> {
        match &*self.0 {
            Kind::Source { error, .. } => Some(error),
            _ => None,
        }
    }
}

impl fmt::Display for CodecError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Kind::NoId { event, version } => write!(
                f,
                "the codec has no schema id for version {version} of event `{event}`: give it one with \
                 `Codec::with_event`"
            ),
            Kind::NoHeader { event } => write!(
                f,
                "event `{event}` has a fingerprint, which no header has: headers hold numbers and GUIDs of a registry"
            ),
            Kind::Id { event, id, problem } => write!(f, "event `{event}` cannot be given {id}: {problem}"),
            Kind::RootBytes { schema } => write!(
                f,
                "{schema} has a schema of `bytes`, which Confluent's clients for Java write without a length: put the \
                 bytes into a record"
            ),
            Kind::SameForm { fingerprint, versions: [one, other] } => write!(
                f,
                "`{one}` and `{other}` have the same {fingerprint}, but different logical types: say which of them has \
                 written, with `Codec::with_schema` and `WriterSchema::with_event_type`"
            ),
            #[cfg(feature = "kafka")]
            Kind::ForKeys => f.write_str("a codec `for_keys` cannot be that of the values of messages"),
            #[cfg(feature = "kafka")]
            Kind::NotForKeys => f.write_str("the codec of keys is made with `for_keys`, and this one is not"),
            Kind::Avro { event, .. } => write!(f, "event `{event}` cannot be written as Avro"),
            Kind::Source { event, version, topic, .. } => {
                write!(f, "no schema id for version {version} of event `{event}` in topic `{topic}`")
            }
        }
    }
}

impl Error for CodecError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.0 {
            Kind::Avro { error, .. } => Some(error),
            Kind::Source { error, .. } => Some(error),
            _ => None,
        }
    }
}

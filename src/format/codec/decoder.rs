//! Messages to events: [`Decoder`].

use std::collections::HashMap;
use std::fmt;

use super::codec::{Codec, Encoding};
use super::cut_over::CutOver;
use super::error::CodecError;
use crate::avro::{DatumReader, Schema};
use crate::error::{LoadError, LoadErrorKind};
use crate::event::EventSchema;
#[cfg(feature = "kafka")]
use crate::event::{Descriptor, type_name};
use crate::format::framing::SchemaId;
use crate::load::LoadOptions;

/// Loads the events of a type as a [`Codec`] says. It is made once, and then loads any number of messages.
///
/// ```
/// use event_schema::format::{Codec, Decoder};
///
/// #[event_schema::event]
/// #[derive(Debug)]
/// struct Ping {
///     #[validate(range(min = 1))]
///     seq: i64,
/// }
///
/// let decoder = Decoder::<Ping>::new(&Codec::single_object())?;
/// assert_eq!(decoder.load(b"\xC3\x01\xE8\x93\xC2\x29\xBB\x26\xB7\xE6\x0E")?.seq, 7);
///
/// let error = decoder.load(b"\xC3\x01\xE8\x93\xC2\x29\xBB\x26\xB7\xE6\0").unwrap_err();
/// assert_eq!(error.to_string(), "1 violation\nseq: Must be greater than or equal to 1.");
/// let error = decoder.load(b"{\"seq\": 7}").unwrap_err();
/// assert_eq!(error.to_string(), "the message has none of the framings that its codec reads");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Decoder<E> {
    reads: Vec<Encoding>,
    /// The name of the header with the schema id.
    schema_id: &'static str,
    /// The reader of today's schema, for data that name none.
    own: Option<DatumReader<E>>,
    /// The readers of data with these ids; none for JSON.
    known: HashMap<SchemaId, Option<DatumReader<E>>>,
    older: Option<Box<(CutOver, Decoder<E>)>>,
}

/// What is behind the framing of a message.
pub(crate) enum Payload<'a, E> {
    Json(&'a [u8]),
    Datum(&'a DatumReader<E>, &'a [u8]),
}

#[cfg(feature = "kafka")]
impl<E: EventSchema> Payload<'_, E> {
    /// Loads the event of a message that CloudEvents gives this type.
    pub(crate) fn load(self, event_type: Option<&str>, options: &LoadOptions<'_>) -> Result<E, LoadError> {
        match (self, event_type) {
            (Self::Json(text), Some(event_type)) => options.load_typed(event_type, text),
            (Self::Json(text), None) => E::load_untyped(text, options),
            (Self::Datum(reader, datum), None) => reader.load_with(datum, options),
            (Self::Datum(reader, datum), Some(event_type)) => typed(reader, datum, event_type, options),
        }
    }
}

/// Loads a datum with this CloudEvents type. Data of an earlier version are not taken for today's: only the type of that
/// version could tell what they mean.
#[cfg(feature = "kafka")]
fn typed<E: EventSchema>(
    reader: &DatumReader<E>,
    datum: &[u8],
    event_type: &str,
    options: &LoadOptions<'_>,
) -> Result<E, LoadError> {
    let today = E::descriptor();
    let written = version(today, event_type);
    check_version::<E>(today, written)?;
    let event = reader.load_with(datum, options).map_err(|error| match written {
        Some(version) if version > today.version() && error.is_invalid() => {
            let violations = error.into_violations();
            LoadErrorKind::UnsupportedVersion { version, today: today.version(), violations }.into()
        }
        _ => error,
    })?;
    // Where several events are in one enum, the data say which of them it is.
    let described = event.described_by();
    match version(described, event_type) {
        Some(written) => check_version::<E>(described, Some(written)).map(|()| event),
        None => Err(LoadError::other_event(event_type, today.name())),
    }
}

/// The version that a type names, if it is one of this event.
#[cfg(feature = "kafka")]
fn version(event: &Descriptor, event_type: &str) -> Option<u32> {
    let rest = event_type.strip_prefix(event.name())?;
    if rest.is_empty() { Some(event.version()) } else { type_name::number(rest.strip_prefix(".v")?) }
}

#[cfg(feature = "kafka")]
fn check_version<E: EventSchema>(event: &Descriptor, written: Option<u32>) -> Result<(), LoadError> {
    let today = event.version();
    match written {
        Some(version) if version < today || version > today && E::REFUSES_NEWER => {
            Err(LoadErrorKind::UnsupportedVersion { version, today, violations: None }.into())
        }
        _ => Ok(()),
    }
}

impl<E: EventSchema> Decoder<E> {
    /// A decoder of the type's events.
    ///
    /// See the example of [`Decoder`].
    ///
    /// # Errors
    /// If the codec reads data in the type's own schema, and a part of the event has no Avro form.
    pub fn new(codec: &Codec) -> Result<Self, CodecError> {
        let mut known: HashMap<_, _> =
            codec.schemas.iter().map(|(id, schema)| (*id, schema.as_ref().map(DatumReader::new))).collect();
        let needs_own = [Encoding::SingleObject, Encoding::Avro].iter().any(|needs| codec.reads.contains(needs));
        let own = if needs_own {
            let schema = Schema::of::<E>().map_err(|error| CodecError::avro(E::descriptor().name(), error))?;
            let reader = DatumReader::new(&schema);
            known.insert(SchemaId::Fingerprint(schema.fingerprint()), Some(reader.clone()));
            Some(reader)
        } else {
            None
        };
        let older = match codec.older.as_deref() {
            Some((cut_over, older)) => Some(Box::new((cut_over.clone(), Self::new(older)?))),
            None => None,
        };
        Ok(Self { reads: codec.reads.clone(), schema_id: codec.schema_id, own, known, older })
    }

    /// Loads the event of a message without headers: checks its framing, reads the data, and checks the rules.
    ///
    /// See the example of [`Decoder`].
    ///
    /// # Errors
    /// If the message has no framing that the codec reads, if its schema is
    /// [not known](LoadError::is_unknown_schema), or if its data are not a valid event.
    pub fn load(&self, message: &[u8]) -> Result<E, LoadError> {
        self.load_message([], message, &LoadOptions::new())
    }

    /// As [`load`](Self::load), by the headers of the message and with options. The headers that count are the schema id's
    /// and `content-type`; of several with the same name, the last one.
    ///
    /// ```
    /// use event_schema::LoadOptions;
    /// use event_schema::format::{Codec, Decoder};
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Ping { seq: i64 }
    ///
    /// let decoder = Decoder::<Ping>::new(&Codec::json().or(Codec::avro()))?;
    /// let headers = [("content-type", Some(&b"avro/binary"[..]))];
    /// assert_eq!(decoder.load_message(headers, b"\x0E", &LoadOptions::new())?.seq, 7);
    /// assert_eq!(decoder.load_message([], b"{\"seq\": 7}", &LoadOptions::new())?.seq, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn load_message<'h>(
        &self,
        headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
        message: &[u8],
        options: &LoadOptions<'_>,
    ) -> Result<E, LoadError> {
        let (mut id, mut content_type) = (None, None);
        for (name, value) in headers {
            if name == self.schema_id {
                id = value;
            } else if name.eq_ignore_ascii_case("content-type") {
                content_type = value;
            }
        }
        match self.payload(id, content_type, message)? {
            Payload::Json(text) => options.load(text),
            Payload::Datum(reader, datum) => reader.load_with(datum, options),
        }
    }

    /// The decoder of a message at this place: before a [cut-over](Codec::preceded_by), that of the codec before it.
    ///
    /// See the example of [`CutOver`].
    #[must_use]
    pub fn of(&self, topic: &str, partition: i32, offset: i64) -> &Self {
        match self.older.as_deref() {
            Some((cut_over, older)) if cut_over.is_after(topic, partition, offset) => {
                older.of(topic, partition, offset)
            }
            _ => self,
        }
    }

    /// What the data of a message are and how they are read, by the header with its schema id and by its content type.
    pub(crate) fn payload<'a>(
        &'a self,
        id: Option<&[u8]>,
        content_type: Option<&[u8]>,
        message: &'a [u8],
    ) -> Result<Payload<'a, E>, LoadError> {
        // JSON alone needs no telling apart, and Confluent's JSON with ids in headers is that.
        if self.reads == [Encoding::Json] {
            return Ok(Payload::Json(message));
        }
        let is_bare = || self.reads == [Encoding::Avro] || content_type.is_some_and(is_datum);
        let (id, data) = match (id, &self.own) {
            (Some(id), _) => (Some(SchemaId::from_header(id)?), message),
            (None, Some(own)) if self.reads(Encoding::Avro) && is_bare() => return Ok(Payload::Datum(own, message)),
            (None, _) => SchemaId::split(message)?,
        };
        let Some(id) = id else {
            return if self.reads(Encoding::Json) {
                Ok(Payload::Json(data))
            } else {
                Err(LoadErrorKind::Unframed.into())
            };
        };
        let (json, avro) = match id {
            SchemaId::Fingerprint(_) => (false, self.reads(Encoding::SingleObject)),
            SchemaId::Number(_) | SchemaId::Guid(_) => {
                (self.reads(Encoding::ConfluentJson), self.reads(Encoding::ConfluentAvro))
            }
        };
        match self.known.get(&id) {
            Some(Some(reader)) if avro => Ok(Payload::Datum(reader, data)),
            Some(None) if json => Ok(Payload::Json(data)),
            // Nothing else can have the framing.
            None if json && !avro => Ok(Payload::Json(data)),
            _ if json || avro => Err(LoadErrorKind::UnknownSchema(id.to_string().into()).into()),
            _ => Err(LoadErrorKind::Unframed.into()),
        }
    }

    fn reads(&self, encoding: Encoding) -> bool {
        self.reads.contains(&encoding)
    }
}

/// Whether the content type is that of a bare datum.
fn is_datum(content_type: &[u8]) -> bool {
    let essence = content_type.split(|byte| *byte == b';').next().unwrap_or_default();
    essence.trim_ascii().eq_ignore_ascii_case(b"avro/binary")
}

impl<E> fmt::Debug for Decoder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder").field("reads", &self.reads).finish_non_exhaustive()
    }
}

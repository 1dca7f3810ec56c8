//! Messages to events: [`Decoder`].

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::codec::{Codec, Encoding, PATIENCE};
use super::cut_over::CutOver;
use super::error::CodecError;
use super::known::{Found, Known, Recognised, State, Use};
use super::source::{SchemaSourceError, WriterSchema};
use crate::avro::Schema;
use crate::error::{FrameError, LoadError, LoadErrorKind};
use crate::event::{EventSchema, Input, other_event};
#[cfg(feature = "kafka")]
use crate::format::framing::KEY_SCHEMA_ID;
use crate::format::framing::{SchemaId, VALUE_SCHEMA_ID};
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
/// assert_eq!(error.to_string(), "the message has none of the framings that its codec reads; `Codec::also_reads` adds one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Decoder<E> {
    reads: Vec<Encoding>,
    /// The name of the header with the schema id.
    schema_id: &'static str,
    /// How data are read that name no schema.
    own: Option<Known>,
    /// How data with these ids are read.
    known: HashMap<SchemaId, Known>,
    /// How data with other ids are read, if the codec has a source.
    found: Option<Arc<Found>>,
    older: Vec<(CutOver, Decoder<E>)>,
    event: PhantomData<fn() -> E>,
}

/// The data of a message, and how they are read.
pub(crate) struct Payload<'a> {
    data: &'a [u8],
    /// None for JSON without an id.
    known: Option<Use<'a>>,
}

/// A message, taken apart.
#[derive(Clone, Copy)]
struct Frame<'a> {
    id: Option<SchemaId>,
    /// Whether it is a bare datum.
    is_datum: bool,
    data: &'a [u8],
}

/// A schema that is to be asked for before the message can be loaded.
#[derive(Debug, Clone)]
pub(crate) struct Missing {
    pub(crate) found: Arc<Found>,
    pub(crate) id: SchemaId,
}

/// Why a message has no payload.
pub(crate) enum Unread {
    Missing(Missing),
    Refused(LoadError),
}

impl From<LoadErrorKind> for Unread {
    #[cold]
    fn from(kind: LoadErrorKind) -> Self {
        Self::Refused(kind.into())
    }
}

impl From<FrameError> for Unread {
    #[cold]
    fn from(error: FrameError) -> Self {
        Self::Refused(error.into())
    }
}

impl From<Unread> for LoadError {
    #[cold]
    fn from(unread: Unread) -> Self {
        match unread {
            Unread::Missing(Missing { id, .. }) => LoadErrorKind::UnknownSchema(id.to_string().into()).into(),
            Unread::Refused(error) => error,
        }
    }
}

impl Payload<'_> {
    /// Loads the event of a message that CloudEvents gives this type, or none.
    pub(crate) fn load<E: EventSchema>(
        &self,
        event_type: Option<&str>,
        options: &LoadOptions<'_>,
        untyped: impl FnOnce(&[u8], &LoadOptions<'_>) -> Result<E, LoadError>,
    ) -> Result<E, LoadError> {
        let known = self.known.as_deref();
        let told = known.and_then(|known| known.event_type.as_deref());
        let event_type = match (event_type, told) {
            // It says only which event it is.
            (Some(name), Some(told)) if told.strip_prefix(name).is_some_and(|rest| rest.starts_with(".v")) => told,
            (Some(event_type), _) | (None, Some(event_type)) => event_type,
            (None, None) => {
                return match known.and_then(|known| known.writer.as_ref()) {
                    Some(writer) => writer.datum(self.data).load_as(options),
                    None => untyped(self.data, options),
                };
            }
        };
        let loaded = match known.and_then(|known| known.writer.as_ref()) {
            Some(writer) => E::load_if_of(event_type, writer.datum(self.data), options),
            None => E::load_if_of(event_type, self.data, options),
        };
        loaded.unwrap_or_else(|| Err(other_event::<E>(Some(event_type))))
    }
}

impl<E: EventSchema> Decoder<E> {
    /// A decoder of the type's events.
    ///
    /// See the example of [`Decoder`].
    ///
    /// # Errors
    /// If the codec reads Avro and a part of the event has no Avro form; if it reads Avro's single-object encoding and two
    /// versions of the event have one fingerprint but other logical types; and if it was given a schema of `bytes` for
    /// Confluent's framing, whose clients for Java write such data in a way of their own.
    pub fn new(codec: &Codec) -> Result<Self, CodecError> {
        let reads = |encodings: &[Encoding]| encodings.iter().any(|encoding| codec.reads.contains(encoding));
        let has_schemas = reads(&[Encoding::ConfluentAvro, Encoding::SingleObject]);
        let recognised = || Recognised::new::<E>(has_schemas, reads(&[Encoding::ConfluentJson]));
        let versions = recognised();
        let mut known = HashMap::new();
        for (id, schema) in &codec.schemas {
            known.insert(*id, versions.known(*id, schema.clone())?);
        }
        if reads(&[Encoding::SingleObject]) {
            if let Some((fingerprint, both)) = versions.ambiguous(|id| codec.schemas.contains_key(id)) {
                return Err(CodecError::same_form(fingerprint, both));
            }
            for (id, schema) in versions.versions() {
                if let Entry::Vacant(entry) = known.entry(id) {
                    entry.insert(versions.known(id, schema)?);
                }
            }
        }
        let own = if has_schemas || reads(&[Encoding::Avro]) {
            let schema = Schema::of::<E>().map_err(|error| CodecError::avro(E::descriptor().name(), error))?;
            let id = SchemaId::Fingerprint(schema.fingerprint());
            let schema = WriterSchema::from(schema);
            if let Entry::Vacant(entry) = known.entry(id) {
                entry.insert(versions.known(id, schema.clone())?);
            }
            Some(versions.known(id, schema)?)
        } else {
            None
        };
        let patience = codec.patience.unwrap_or(PATIENCE);
        let found = codec.sources.first().map(|_| Arc::new(Found::new(codec.sources.clone(), patience, recognised())));
        let older = codec.older.iter().map(|older| Ok((older.0.clone(), Self::new(&older.1)?)));
        let older = older.collect::<Result<_, CodecError>>()?;
        let (reads, schema_id) = (codec.reads.clone(), codec.schema_id);
        Ok(Self { reads, schema_id, own, known, found, older, event: PhantomData })
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
    /// and, of a value, `content-type`. If there are several with the same name, the last one counts.
    ///
    /// ```
    /// use event_schema::LoadOptions;
    /// use event_schema::format::{Codec, Decoder};
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct Ping { seq: i64 }
    ///
    /// let decoder = Decoder::<Ping>::new(&Codec::json().also_reads(Codec::avro()))?;
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
        let (id, content_type) = self.described(headers);
        let payload = self.payload(id, content_type, message).map_err(LoadError::from)?;
        payload.load(None, options, |text, options| options.load(text))
    }

    /// Asks the codec's [source](Codec::with_source) for the schema of a message, if it has one and the schema is not known
    /// yet. After that the message is [loaded](Self::load_message). See the example of
    /// [`SchemaSource`](super::SchemaSource).
    ///
    /// # Errors
    /// The source's.
    pub async fn resolve<'h>(
        &self,
        headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
        message: &[u8],
    ) -> Result<(), SchemaSourceError> {
        let (id, content_type) = self.described(headers);
        match self.missing(id, content_type, message) {
            Some(missing) => missing.found.find(missing.id).await,
            None => Ok(()),
        }
    }

    /// The values of the headers with the schema id and with the content type.
    fn described<'h>(
        &self,
        headers: impl IntoIterator<Item = (&'h str, Option<&'h [u8]>)>,
    ) -> (Option<&'h [u8]>, Option<&'h [u8]>) {
        let (mut id, mut content_type) = (None, None);
        for (name, value) in headers {
            if name == self.schema_id {
                id = value;
            } else if self.schema_id == VALUE_SCHEMA_ID && name.eq_ignore_ascii_case("content-type") {
                content_type = value;
            }
        }
        (id, content_type)
    }

    /// The decoder of a message at this place: before a [cut-over](Codec::preceded_by), that of the codec before it.
    ///
    /// See the example of [`CutOver`].
    #[must_use]
    pub fn at(&self, topic: &str, partition: i32, offset: i64) -> &Self {
        let after =
            self.older.iter().filter_map(|(cut_over, older)| Some((cut_over.after(topic, partition, offset)?, older)));
        let older = after.min_by_key(|(first, _)| *first);
        older.map_or(self, |(_, older)| older.at(topic, partition, offset))
    }

    /// Refuses a decoder of values where keys are read: it looks for the header of the value.
    #[cfg(feature = "kafka")]
    pub(crate) fn check_for_keys(&self) -> Result<(), CodecError> {
        if self.schema_id == KEY_SCHEMA_ID { Ok(()) } else { Err(CodecError::not_for_keys()) }
    }

    /// Whether there are messages that cannot be loaded yet.
    #[cfg(feature = "kafka")]
    pub(crate) fn has_source(&self) -> bool {
        self.found.is_some() || self.older.iter().any(|(_, older)| older.has_source())
    }

    /// Whether the place of a message says how it is read.
    #[cfg(feature = "kafka")]
    pub(crate) fn has_cut_over(&self) -> bool {
        !self.older.is_empty()
    }

    /// The data of a message and the way to read them, by the header with its schema id and by its content type.
    pub(crate) fn payload<'a>(
        &'a self,
        id: Option<&[u8]>,
        content_type: Option<&[u8]>,
        message: &'a [u8],
    ) -> Result<Payload<'a>, Unread> {
        self.payload_of(self.frame(id, content_type, message)?, false)
    }

    /// The schema that is to be asked for before the message is loaded.
    pub(crate) fn missing(&self, id: Option<&[u8]>, content_type: Option<&[u8]>, message: &[u8]) -> Option<Missing> {
        match self.payload_of(self.frame(id, content_type, message).ok()?, true) {
            Err(Unread::Missing(missing)) => Some(missing),
            _ => None,
        }
    }

    /// The schema id of a message, if it has one of the framings.
    #[cfg(feature = "kafka")]
    pub(crate) fn schema_id(&self, id: Option<&[u8]>, content_type: Option<&[u8]>, message: &[u8]) -> Option<SchemaId> {
        self.frame(id, content_type, message).ok()?.id
    }

    /// The data of a message, without the framing that it has, if it has one.
    #[cfg(feature = "kafka")]
    pub(crate) fn data<'a>(&self, id: Option<&[u8]>, content_type: Option<&[u8]>, message: &'a [u8]) -> &'a [u8] {
        self.frame(id, content_type, message).map_or(message, |frame| frame.data)
    }

    fn frame<'a>(
        &self,
        id: Option<&[u8]>,
        content_type: Option<&[u8]>,
        message: &'a [u8],
    ) -> Result<Frame<'a>, FrameError> {
        // JSON alone needs no telling apart, and Confluent's JSON with ids in headers is that.
        if self.reads == [Encoding::Json] {
            return Ok(Frame { id: None, is_datum: false, data: message });
        }
        let is_datum = || self.reads == [Encoding::Avro] || content_type.is_some_and(is_datum);
        let has_ids = self.reads(Encoding::ConfluentJson) || self.reads(Encoding::ConfluentAvro);
        // JSON can be read without its schema, and is if the codec knows no ids.
        let id = id.filter(|_| has_ids || !self.reads(Encoding::Json) || is_datum());
        if let Some(id) = id {
            return Ok(Frame { id: Some(SchemaId::from_header(id)?), is_datum: false, data: message });
        }
        if self.reads(Encoding::Avro) && is_datum() {
            return Ok(Frame { id: None, is_datum: true, data: message });
        }
        let (id, data) = SchemaId::split(message)?;
        Ok(Frame { id, is_datum: false, data })
    }

    fn payload_of<'a>(&'a self, frame: Frame<'a>, ahead: bool) -> Result<Payload<'a>, Unread> {
        let Frame { id, is_datum, data } = frame;
        let Some(id) = id else {
            return match &self.own {
                Some(own) if is_datum => Ok(Payload { data, known: Some(Use::Given(own)) }),
                _ if self.reads(Encoding::Json) => Ok(Payload { data, known: None }),
                _ => Err(LoadErrorKind::Unframed.into()),
            };
        };
        let (json, avro) = match id {
            SchemaId::Fingerprint(_) => (false, self.reads(Encoding::SingleObject)),
            SchemaId::Number(_) | SchemaId::Guid(_) => {
                (self.reads(Encoding::ConfluentJson), self.reads(Encoding::ConfluentAvro))
            }
        };
        if !json && !avro {
            return Err(LoadErrorKind::Unframed.into());
        }
        let known = match (self.known.get(&id), &self.found) {
            (Some(known), _) => Some(Use::Given(known)),
            (None, Some(found)) => match found.get(&id, ahead) {
                State::Known(known) => Some(Use::Found(known)),
                State::Unknown(_) => None,
                State::Missing => return Err(Unread::Missing(Missing { found: Arc::clone(found), id })),
            },
            // Nothing else can have the framing.
            (None, None) if !avro => return Ok(Payload { data, known: None }),
            (None, None) => None,
        };
        match known {
            Some(known) if if known.writer.is_some() { avro } else { json } => Ok(Payload { data, known: Some(known) }),
            // The format of the schema is none that the codec reads.
            Some(_) => Err(LoadErrorKind::Unframed.into()),
            None => Err(LoadErrorKind::UnknownSchema(id.to_string().into()).into()),
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

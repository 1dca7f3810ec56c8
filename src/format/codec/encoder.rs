//! Events to messages: [`Encoder`].

use std::fmt;

use schemars::generate::Contract;

use super::codec::{Codec, Encoding};
use super::error::CodecError;
use super::source::SchemaSubject;
use crate::avro::{DatumWriter, Schema};
use crate::contract::avro_schema;
use crate::dump::DumpOptions;
use crate::error::DumpError;
use crate::event::EventSchema;
use crate::format::framing::SchemaId;

/// Writes the events of a type as a [`Codec`] says. It is made once, and then writes any number of events.
///
/// ```
/// use event_schema::format::{Codec, Encoder};
///
/// #[event_schema::event]
/// struct Ping {
///     #[validate(range(min = 1))]
///     seq: i64,
/// }
///
/// let encoder = Encoder::new(&Codec::avro())?;
/// assert_eq!(encoder.dump(&Ping { seq: 7 })?, b"\x0E");
/// assert_eq!((encoder.content_type(), encoder.header()), ("avro/binary", None));
/// assert!(encoder.dump(&Ping { seq: 0 }).unwrap_err().is_invalid());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Encoder<E> {
    /// None for JSON.
    writer: Option<DatumWriter<E>>,
    /// The bytes before the data.
    prefix: Vec<u8>,
    header: Option<(&'static str, Vec<u8>)>,
    content_type: &'static str,
    #[cfg(feature = "kafka")]
    is_for_keys: bool,
}

impl<E: EventSchema> Encoder<E> {
    /// An encoder of the type's events.
    ///
    /// See the example of [`Encoder`].
    ///
    /// # Errors
    /// If the codec needs a schema id and has none for the event, or if it writes Avro and a part of the event has no Avro
    /// form.
    pub fn new(codec: &Codec) -> Result<Self, CodecError> {
        let event = E::descriptor();
        let id = match codec.given::<E>() {
            None if codec.needs_id() => return Err(CodecError::no_id(event.name(), event.version())),
            id => id,
        };
        Self::with_id(codec, id, None)
    }

    /// As [`new`](Self::new), for events of a topic, and asks the codec's [source](Codec::with_source) for the id of an event that
    /// the codec was not given.
    ///
    /// ```
    /// use event_schema::format::framing::SchemaId;
    /// use event_schema::format::{
    ///     Codec, Encoder, SchemaAnswer, SchemaSource, SchemaSourceError, SchemaSubject, SchemaToWrite, WriterSchema,
    /// };
    ///
    /// #[event_schema::event]
    /// struct Ping { seq: i64 }
    ///
    /// struct Registry;
    ///
    /// impl SchemaSource for Registry {
    ///     # fn schema(&self, _: SchemaId) -> SchemaAnswer<'_, WriterSchema> {
    ///     #     Box::pin(async { Err(SchemaSourceError::unknown()) })
    ///     # }
    ///     fn schema_to_write<'a>(&'a self, subject: &'a SchemaSubject<'a>) -> SchemaAnswer<'a, SchemaToWrite> {
    ///         Box::pin(async move {
    ///             assert!(subject.is_avro() && !subject.is_key());
    ///             assert_eq!(subject.schema()["name"], "Ping");
    ///             match subject.topic() {
    ///                 "pings" => Ok(SchemaToWrite::new(SchemaId::Number(7))),
    ///                 _ => Err(SchemaSourceError::unknown()),
    ///             }
    ///         })
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let codec = Codec::confluent_avro().with_source(Registry);
    /// let encoder = Encoder::for_topic(&codec, "pings").await?;
    /// assert_eq!(encoder.dump(&Ping { seq: 7 })?, b"\0\0\0\0\x07\x0E");
    /// let error = Encoder::<Ping>::for_topic(&codec, "pongs").await.unwrap_err();
    /// assert!(error.source_error().is_some_and(SchemaSourceError::is_unknown));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new), or the source's: [`CodecError::source_error`].
    pub async fn for_topic(codec: &Codec, topic: &str) -> Result<Self, CodecError> {
        let Some(source) = codec.sources.first().filter(|_| codec.needs_id() && codec.given::<E>().is_none()) else {
            return Self::new(codec);
        };
        let event = E::descriptor();
        let is_avro = codec.writes == Encoding::ConfluentAvro;
        let schema = if is_avro {
            avro_schema::<E>().map_err(|error| CodecError::avro(event.name(), error))?
        } else {
            E::schema_for(&Contract::Serialize).to_value()
        };
        let (is_key, in_header) = (codec.is_for_keys(), codec.ids_in_headers);
        let subject = SchemaSubject { topic, is_key, in_header, event, is_avro, schema: &schema };
        let answer = source.schema_to_write(&subject).await;
        let answer = answer.map_err(|error| CodecError::from_source(event.name(), event.version(), topic, error))?;
        Self::with_id(codec, Some(answer.id()), answer.schema)
    }

    /// In the schema of the event, or in another one with the id.
    fn with_id(codec: &Codec, id: Option<SchemaId>, other: Option<Schema>) -> Result<Self, CodecError> {
        let event = E::descriptor();
        let own = || match other {
            Some(other) => Ok(other),
            None => Schema::of::<E>().map_err(|error| CodecError::avro(event.name(), error)),
        };
        let (schema, id) = match codec.writes {
            Encoding::Json => (None, None),
            Encoding::ConfluentJson => (None, id),
            Encoding::ConfluentAvro => {
                let schema = own()?;
                if schema.is_bytes() {
                    return Err(CodecError::root_bytes(&format_args!("event `{}`", event.name())));
                }
                (Some(schema), id)
            }
            Encoding::SingleObject => {
                let schema = own()?;
                let id = SchemaId::Fingerprint(schema.fingerprint());
                (Some(schema), Some(id))
            }
            Encoding::Avro => (Some(own()?), None),
        };
        let mut prefix = Vec::new();
        let mut header = None;
        match id {
            Some(id) if codec.ids_in_headers => {
                let value = id.to_header().ok_or_else(|| CodecError::no_header(event.name()))?;
                header = Some((codec.schema_id, value));
            }
            Some(id) => id.write_to(&mut prefix),
            None => {}
        }
        let content_type = match (&schema, prefix.is_empty()) {
            (None, true) => "application/json",
            // Not JSON text, whatever is in it.
            (None, false) => "application/octet-stream",
            (Some(_), true) => "avro/binary",
            (Some(_), false) => "application/avro",
        };
        let writer = schema.map(|schema| DatumWriter::new(&schema)).transpose();
        let writer = writer.map_err(|error| CodecError::avro(event.name(), error))?;
        Ok(Self {
            writer,
            prefix,
            header,
            content_type,
            #[cfg(feature = "kafka")]
            is_for_keys: codec.is_for_keys(),
        })
    }

    /// Checks the event's rules and writes it.
    ///
    /// See the example of [`Encoder`].
    ///
    /// # Errors
    /// If the event is invalid, or if its format cannot express one of its values.
    pub fn dump(&self, event: &E) -> Result<Vec<u8>, DumpError> {
        let mut message = Vec::with_capacity(128);
        self.dump_into(event, &DumpOptions::new(), &mut message)?;
        Ok(message)
    }

    /// As [`dump`](Self::dump), with options, and appended to a buffer. After an error, the buffer is unchanged.
    ///
    /// ```
    /// # use event_schema::DumpOptions;
    /// # use event_schema::format::{Codec, Encoder};
    /// # #[event_schema::event]
    /// # struct Ping { #[validate(range(min = 1))] seq: i64, note: Option<String> }
    /// let encoder = Encoder::new(&Codec::single_object())?;
    /// let mut buffer = b"before".to_vec();
    /// let options = DumpOptions::new().exclude(["note"]);
    /// assert!(encoder.dump_into(&Ping { seq: 0, note: None }, &options, &mut buffer).is_err());
    /// assert_eq!(buffer, b"before");
    /// encoder.dump_into(&Ping { seq: 7, note: Some("x".to_owned()) }, &options, &mut buffer)?;
    /// assert!(buffer.starts_with(b"before\xC3\x01") && buffer.ends_with(b"\x0E\0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`dump`](Self::dump).
    pub fn dump_into(&self, event: &E, options: &DumpOptions<'_>, message: &mut Vec<u8>) -> Result<(), DumpError> {
        let before = message.len();
        message.extend_from_slice(&self.prefix);
        let dumped = match &self.writer {
            None => options.dump_into(event, message),
            Some(writer) => writer.dump_into(event, options, message),
        };
        if dumped.is_err() {
            message.truncate(before);
        }
        dumped
    }

    /// Refuses an encoder of values where keys are written: its ids are in the header of the value.
    #[cfg(feature = "kafka")]
    pub(crate) fn check_for_keys(&self) -> Result<(), CodecError> {
        if self.is_for_keys { Ok(()) } else { Err(CodecError::not_for_keys()) }
    }

    /// The header with the schema id, as name and value, if the codec writes [ids into headers](Codec::ids_in_headers).
    #[must_use]
    pub fn header(&self) -> Option<(&'static str, &[u8])> {
        self.header.as_ref().map(|(name, value)| (*name, &**value))
    }

    /// The content type of the messages.
    ///
    /// See the example of [`Encoder`].
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }
}

impl<E> fmt::Debug for Encoder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder").field("content_type", &self.content_type).finish_non_exhaustive()
    }
}

//! The choice of a format and a framing: [`Codec`].

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::cut_over::CutOver;
use super::error::CodecError;
use super::source::{SchemaSource, Sources, WriterSchema};
use crate::avro::Schema;
use crate::event::EventSchema;
use crate::format::framing::{KEY_SCHEMA_ID, SchemaId, VALUE_SCHEMA_ID};

/// How events become bytes, and bytes events: JSON or Avro, with or without the id of a schema.
///
/// It is a value that serves events of any type. An [`Encoder`](super::Encoder) writes the events of one type with it, a
/// [`Decoder`](super::Decoder) loads them.
///
/// ```
/// use event_schema::format::framing::SchemaId;
/// use event_schema::format::{Codec, Decoder, Encoder};
///
/// #[event_schema::event]
/// #[derive(Debug, PartialEq)]
/// struct Ping { seq: i64 }
///
/// let codec = Codec::confluent_avro().with_event::<Ping>(SchemaId::Number(7))?;
/// let bytes = Encoder::new(&codec)?.dump(&Ping { seq: 7 })?;
/// assert_eq!(bytes, b"\0\0\0\0\x07\x0E");
/// assert_eq!(Decoder::<Ping>::new(&codec)?.load(&bytes)?, Ping { seq: 7 });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Formats and framings
///
/// | | the message | content type |
/// |---|---|---|
/// | [`json`](Self::json) | JSON text | `application/json` |
/// | [`confluent_json`](Self::confluent_json) | id and JSON text | `application/octet-stream` |
/// | [`confluent_avro`](Self::confluent_avro) | id and datum | `application/avro` |
/// | [`single_object`](Self::single_object) | fingerprint and datum | `application/avro` |
/// | [`avro`](Self::avro) | datum | `avro/binary` |
///
/// With [`ids_in_headers`](Self::ids_in_headers), Confluent's ids are in a header. The message is then JSON text or a datum,
/// and has the content type of those.
///
/// # Schemas
///
/// An Avro datum is read with the schema that it was written with. A codec knows the schemas of today's events
/// ([`with_event`](Self::with_event)), and those that it is [given](Self::with_schema). For others it asks a
/// [source](Self::with_source), such as a schema registry. A message whose schema is not found is refused:
/// [`LoadError::is_unknown_schema`](crate::LoadError::is_unknown_schema). JSON is read without its schema: the rules of the
/// type apply.
///
/// # Versions
///
/// The schema also tells the version of the event that was written, and data of an earlier version are loaded with the type
/// of that version and converted, as [`load_from`](crate::EventSchema::load_from) does. The version of a schema is known
/// if it was given with its event, if the source [tells](WriterSchema::with_event_type) it, or if it is the
/// schema of one of the versions. Data with any other schema are read with today's type, as are those of a later version.
/// The CloudEvents type of a message takes precedence over its schema.
///
/// An Avro schema is that of a version if both have the same data: names, types and logical types; else if it has the
/// [canonical form](crate::avro::Schema::canonical_form) of that version and of no other. A JSON Schema is that of a
/// version if both are the same document, but for the `$id`. So a registry that rewrites JSON Schemas
/// (`normalize.schemas`) makes versions unrecognisable, unless the messages have CloudEvents types.
///
/// ```
/// use event_schema::format::{Codec, Decoder, Encoder};
///
/// #[event_schema::event(name = "user.registered")]
/// struct UserRegisteredV1 { name: String }
///
/// #[event_schema::event(name = "user.registered", version = 2, previous = UserRegisteredV1)]
/// #[derive(Debug, PartialEq)]
/// struct UserRegistered { first: String, last: String }
///
/// impl From<UserRegisteredV1> for UserRegistered {
///     fn from(v1: UserRegisteredV1) -> Self {
///         let (first, last) = v1.name.split_once(' ').unwrap_or((&v1.name, ""));
///         Self { first: first.into(), last: last.into() }
///     }
/// }
///
/// let codec = Codec::single_object();
/// let earlier = Encoder::new(&codec)?.dump(&UserRegisteredV1 { name: "Ada Lovelace".to_owned() })?;
/// let user = Decoder::<UserRegistered>::new(&codec)?.load(&earlier)?;
/// assert_eq!(user, UserRegistered { first: "Ada".to_owned(), last: "Lovelace".to_owned() });
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Several framings in one topic
///
/// [`also_reads`](Self::also_reads) adds framings that are read. All framings but the bare datum differ in their first bytes. A bare datum
/// is recognised by its content type, `avro/binary`. Without that, the offsets say where the framing changed:
/// [`preceded_by`](Self::preceded_by).
///
/// A schema id in a header takes precedence over the bytes of the message, as in Confluent's deserializers.
#[derive(Debug, Clone)]
pub struct Codec {
    pub(super) writes: Encoding,
    pub(super) reads: Vec<Encoding>,
    pub(super) schema_id: &'static str,
    pub(super) ids_in_headers: bool,
    /// The schemas of messages with these ids.
    pub(super) schemas: HashMap<SchemaId, WriterSchema>,
    /// The ids of the events that are written, by name and version.
    pub(super) events: HashMap<(&'static str, u32), SchemaId>,
    pub(super) older: Vec<Arc<(CutOver, Codec)>>,
    pub(super) sources: Sources,
    pub(super) patience: Option<Duration>,
}

/// A format in its framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    ConfluentJson,
    ConfluentAvro,
    SingleObject,
    Avro,
}

/// How long a schema may be unknown, unless a codec says it.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

impl Codec {
    fn new(encoding: Encoding) -> Self {
        Self {
            writes: encoding,
            reads: vec![encoding],
            schema_id: VALUE_SCHEMA_ID,
            ids_in_headers: false,
            schemas: HashMap::new(),
            events: HashMap::new(),
            older: Vec::new(),
            sources: Sources::default(),
            patience: None,
        }
    }

    /// Whether messages are written with an id that the codec is given.
    pub(super) fn needs_id(&self) -> bool {
        matches!(self.writes, Encoding::ConfluentJson | Encoding::ConfluentAvro)
    }

    /// The id that events are written with.
    pub(super) fn given<E: EventSchema>(&self) -> Option<SchemaId> {
        let event = E::descriptor();
        self.events.get(&(event.name(), event.version())).copied()
    }

    /// Whether the id of an event may depend on its topic.
    #[cfg(feature = "kafka")]
    pub(crate) fn asks_by_topic(&self) -> bool {
        self.sources.first().is_some() && self.needs_id()
    }

    pub(super) fn is_for_keys(&self) -> bool {
        self.schema_id == KEY_SCHEMA_ID
    }

    /// Refuses a codec of keys where values are written or read: its ids are in the header of the key.
    #[cfg(feature = "kafka")]
    pub(crate) fn check_for_values(&self) -> Result<(), CodecError> {
        if self.is_for_keys() { Err(CodecError::for_keys()) } else { Ok(()) }
    }

    /// JSON text.
    ///
    /// ```
    /// # use event_schema::format::{Codec, Decoder, Encoder};
    /// # #[event_schema::event]
    /// # struct Ping { seq: i64 }
    /// let encoder = Encoder::<Ping>::new(&Codec::json())?;
    /// assert_eq!(encoder.dump(&Ping { seq: 7 })?, br#"{"seq":7}"#);
    /// assert_eq!(encoder.content_type(), "application/json");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn json() -> Self {
        Self::new(Encoding::Json)
    }

    /// JSON text after the id of its schema, as Confluent's serializers for JSON Schema write it.
    ///
    /// ```
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Decoder, Encoder};
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: i64 }
    /// let codec = Codec::confluent_json().with_event::<Ping>(SchemaId::Number(7))?;
    /// assert_eq!(Encoder::new(&codec)?.dump(&Ping { seq: 7 })?, b"\0\0\0\0\x07{\"seq\":7}");
    /// // The type's own rules decide, whatever the id.
    /// assert_eq!(Decoder::<Ping>::new(&codec)?.load(b"\0\0\0\0\x08{\"seq\":8}")?.seq, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn confluent_json() -> Self {
        Self::new(Encoding::ConfluentJson)
    }

    /// An Avro datum after the id of its schema, as Confluent's serializers for Avro write it. See the example of
    /// [`Codec`].
    #[must_use]
    pub fn confluent_avro() -> Self {
        Self::new(Encoding::ConfluentAvro)
    }

    /// An Avro datum after the fingerprint of its schema: Avro's single-object encoding.
    ///
    /// ```
    /// # use event_schema::avro::Schema;
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Decoder, Encoder};
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: i64 }
    /// let earlier = Schema::parse(r#"{"type": "record", "name": "Ping", "fields": [{"name": "seq", "type": "int"}]}"#)?;
    /// let id = SchemaId::Fingerprint(earlier.fingerprint());
    /// let codec = Codec::single_object().with_schema(id, earlier);
    ///
    /// let bytes = Encoder::new(&codec)?.dump(&Ping { seq: 7 })?;
    /// assert_eq!(bytes, b"\xC3\x01\xE8\x93\xC2\x29\xBB\x26\xB7\xE6\x0E");
    /// assert_eq!(Decoder::<Ping>::new(&codec)?.load(&bytes)?.seq, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn single_object() -> Self {
        Self::new(Encoding::SingleObject)
    }

    /// A bare Avro datum, in the schema of the type that is written or loaded.
    ///
    /// Nothing in such a message tells that it is one: if the schema changes, consumers with another schema read
    /// nonsense, or errors. Prefer a framing.
    ///
    /// ```
    /// # use event_schema::format::{Codec, Encoder};
    /// # #[event_schema::event]
    /// # struct Ping { seq: i64 }
    /// assert_eq!(Encoder::new(&Codec::avro())?.dump(&Ping { seq: 7 })?, b"\x0E");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn avro() -> Self {
        Self::new(Encoding::Avro)
    }

    /// Writes the events of this type with this id in Confluent's framing, and reads data with this id as those of this
    /// version of the event. They are Avro data in the type's schema if the codec reads
    /// [`confluent_avro`](Self::confluent_avro), and JSON if it reads [`confluent_json`](Self::confluent_json).
    ///
    /// ```
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Decoder};
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: i64 }
    /// // Each of two formats with ids is given its own, before they are joined.
    /// let json = Codec::confluent_json().with_event::<Ping>(SchemaId::Number(8))?;
    /// let codec = Codec::confluent_avro().with_event::<Ping>(SchemaId::Number(7))?.also_reads(json);
    /// let decoder = Decoder::<Ping>::new(&codec)?;
    /// assert_eq!(decoder.load(b"\0\0\0\0\x07\x0E")?.seq, 7);
    /// assert_eq!(decoder.load(b"\0\0\0\0\x08{\"seq\":8}")?.seq, 8);
    ///
    /// let error = codec.with_event::<Ping>(SchemaId::Number(9)).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "event `ping` cannot be given id 9: both Avro and JSON are read with ids; give it to one codec, before `also_reads`",
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the codec reads neither of these framings or both, if the id is a fingerprint, or if the data are Avro and a part of
    /// the event has no Avro form.
    pub fn with_event<E: EventSchema>(mut self, id: SchemaId) -> Result<Self, CodecError> {
        let event = E::descriptor();
        let reads = |encoding| self.reads.contains(&encoding);
        let refused = |problem| Err(CodecError::id(event.name(), id, problem));
        let schema = match (id, reads(Encoding::ConfluentAvro), reads(Encoding::ConfluentJson)) {
            (SchemaId::Fingerprint(_), ..) => return refused("`Codec::single_object` computes it"),
            (_, false, false) => return refused("the codec has none of Confluent's framings"),
            (_, true, true) => {
                return refused("both Avro and JSON are read with ids; give it to one codec, before `also_reads`");
            }
            (_, true, false) => Schema::of::<E>().map_err(|error| CodecError::avro(event.name(), error))?.into(),
            (_, false, true) => WriterSchema::json(""),
        };
        self.events.insert((event.name(), event.version()), id);
        self.schemas.insert(id, schema.with_event_type(&event.event_type()));
        Ok(self)
    }

    /// Reads data with this id in this schema: that of an earlier writer, or of another service.
    ///
    /// ```
    /// # use event_schema::avro::Schema;
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Decoder};
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: i64 }
    /// let earlier = Schema::parse(r#"{"type": "record", "name": "Ping", "fields": [
    ///     {"name": "from", "type": "string"}, {"name": "seq", "type": "int"}
    /// ]}"#)?;
    /// let codec = Codec::confluent_avro().with_schema(SchemaId::Number(3), earlier);
    /// let decoder = Decoder::<Ping>::new(&codec)?;
    /// assert_eq!(decoder.load(b"\0\0\0\0\x03\x02x\x0E")?.seq, 7);
    ///
    /// let error = decoder.load(b"\0\0\0\0\x04\x0E").unwrap_err();
    /// assert!(error.is_unknown_schema());
    /// assert_eq!(error.to_string(), "the schema of the message is unknown: id 4");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_schema(mut self, id: SchemaId, schema: impl Into<WriterSchema>) -> Self {
        self.schemas.insert(id, schema.into());
        self
    }

    /// Asks this source for schemas, and for the ids of events, that the codec was not given. See the example of
    /// [`SchemaSource`].
    ///
    /// With several sources, a schema is that of the first one that knows it. The ids of events come from the first source.
    #[must_use]
    pub fn with_source(mut self, source: impl SchemaSource + 'static) -> Self {
        self.sources.add(Arc::new(source));
        self
    }

    /// The patience that counts beside that of another codec.
    fn patience_for_ids(&self) -> Option<Duration> {
        self.patience.or_else(|| self.sources.first().map(|_| PATIENCE))
    }

    /// How long a consumer asks the [source](Self::with_source) for a schema that it does not know: it may be on its way
    /// there. Then messages with its id are rejected, for a minute without asking again. Default: 10 seconds.
    ///
    /// The time runs from the timestamp of the message: an old one with an id that the source does not know is rejected at
    /// once. It runs anew after an outage of the source.
    ///
    /// A source that is not [available](super::SchemaSourceError::is_unavailable) is asked for as long as it takes, whatever
    /// the patience.
    ///
    /// ```
    /// # use event_schema::format::Codec;
    /// # use std::time::Duration;
    /// let codec = Codec::confluent_avro().patience(Duration::from_secs(30));
    /// ```
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Writes Confluent's ids into a header instead of before the data: [`Encoder::header`](super::Encoder::header). Ids are
    /// read from both places, in any case.
    ///
    /// ```
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Decoder, Encoder};
    /// # use event_schema::LoadOptions;
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: i64 }
    /// let id = SchemaId::Guid("00000000-0000-0000-0000-000000000007".parse()?);
    /// let codec = Codec::confluent_avro().with_event::<Ping>(id)?.ids_in_headers();
    /// let encoder = Encoder::new(&codec)?;
    /// let (name, value) = encoder.header().expect("the id");
    /// assert_eq!((name, value), ("__value_schema_id", &b"\x01\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x07"[..]));
    ///
    /// let bytes = encoder.dump(&Ping { seq: 7 })?;
    /// assert_eq!(bytes, b"\x0E");
    /// let decoder = Decoder::<Ping>::new(&codec)?;
    /// assert_eq!(decoder.load_message([(name, Some(value))], &bytes, &LoadOptions::new())?.seq, 7);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn ids_in_headers(mut self) -> Self {
        self.ids_in_headers = true;
        self
    }

    /// The same for the keys of messages, whose ids have a header of their own: `__key_schema_id`.
    ///
    /// ```
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Encoder};
    /// #[event_schema::event]
    /// struct OrderId(String);
    ///
    /// let codec = Codec::confluent_avro().with_event::<OrderId>(SchemaId::Number(7))?.for_keys();
    /// let encoder = Encoder::new(&codec)?;
    /// assert_eq!(encoder.dump(&OrderId("A-1".to_owned()))?, b"\0\0\0\0\x07\x06A-1");
    /// assert_eq!(Encoder::<OrderId>::new(&codec.ids_in_headers())?.header().unwrap().0, "__key_schema_id");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn for_keys(mut self) -> Self {
        self.schema_id = KEY_SCHEMA_ID;
        self
    }

    /// Reads the framings of the other codec too. Events are written as before.
    ///
    /// ```
    /// # use event_schema::format::framing::SchemaId;
    /// # use event_schema::format::{Codec, Decoder};
    /// # #[event_schema::event]
    /// # #[derive(Debug)]
    /// # struct Ping { seq: i64 }
    /// let codec = Codec::confluent_avro().with_event::<Ping>(SchemaId::Number(7))?.also_reads(Codec::json());
    /// let decoder = Decoder::<Ping>::new(&codec)?;
    /// assert_eq!(decoder.load(b"\0\0\0\0\x07\x0E")?.seq, 7);
    /// assert_eq!(decoder.load(b"{\"seq\": 8}")?.seq, 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// The codec then has all that the other one reads with:
    ///
    /// - its schemas, with their ids. If both know an id, the other's schema does not count;
    /// - its [sources](Self::with_source), which are asked after those of this codec;
    /// - the longer [patience](Self::patience) of the two;
    /// - its [cut-overs](Self::preceded_by).
    ///
    /// If both Avro and JSON have Confluent's framing, the id tells which it is: the codec must know the ids of both.
    #[must_use]
    pub fn also_reads(mut self, other: Self) -> Self {
        self.patience = self.patience_for_ids().max(other.patience_for_ids());
        for encoding in other.reads {
            if !self.reads.contains(&encoding) {
                self.reads.push(encoding);
            }
        }
        for (id, schema) in other.schemas {
            self.schemas.entry(id).or_insert(schema);
        }
        self.sources.append(other.sources);
        self.older.extend(other.older);
        self
    }

    /// Reads the messages before the cut-over with the other codec. See the example of [`CutOver`].
    ///
    /// A codec may have several cut-overs: a message is read with the codec of the next one after it.
    #[must_use]
    pub fn preceded_by(mut self, older: Self, cut_over: CutOver) -> Self {
        self.older.push(Arc::new((cut_over, older)));
        self
    }
}

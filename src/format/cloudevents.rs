//! [CloudEvents] 1.0 in Kafka messages: its [Kafka protocol binding] and its [JSON event format], as
//! pure functions of headers and bytes.
//!
//! In *binary* mode the value of the message is the event's data and each attribute is a header
//! (`ce_id`, `ce_type`, ...; `content-type` for the type of the data). In *structured* mode the value
//! is a JSON document that holds attributes and data. This module reads and writes both modes, strictly
//! by the specification: an invalid CloudEvent is an error that names the reason.
//!
//! A [`kafka`] consumer is more lenient, because a message with a broken envelope may still
//! hold a valid event: see [`Envelope`].
//!
//! ```
//! use event_schema::format::cloudevents::{Attribute, CloudEvent, Data};
//!
//! let headers = [
//!     ("ce_specversion", "1.0"),
//!     ("ce_id", "1234-1234-1234"),
//!     ("ce_source", "/mycontext/subcontext"),
//!     ("ce_type", "com.example.someevent"),
//!     ("ce_comexampleextension1", "value"),
//!     ("content-type", "application/json"),
//! ];
//! let headers = headers.map(|(name, value)| (name, Some(value.as_bytes())));
//! let event = CloudEvent::read(headers, Some(br#"{"answer": 42}"#))?;
//! assert_eq!((event.id(), event.source()), ("1234-1234-1234", "/mycontext/subcontext"));
//! assert_eq!(event.event_type(), "com.example.someevent");
//! assert_eq!(event.attribute("comexampleextension1"), Some(&Attribute::String("value".to_owned())));
//! assert_eq!(event.data(), Some(&Data::Text(r#"{"answer": 42}"#.to_owned())));
//!
//! let structured = event.to_structured()?;
//! assert_eq!(structured.headers()[0].0, "content-type");
//! assert!(structured.headers()[0].1.starts_with(b"application/cloudevents+json"));
//! # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
//! ```
//!
//! [CloudEvents]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
//! [Kafka protocol binding]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
//! [JSON event format]: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
//! [`Envelope`]: crate::Envelope
#![cfg_attr(feature = "kafka", doc = "[`kafka`]: crate::kafka")]
#![cfg_attr(not(feature = "kafka"), doc = "[`kafka`]: crate#features")]

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

pub use crate::error::CloudEventError;
use crate::error::cloud_event::Kind;
use crate::load::json;
use crate::violation::Position;

/// The only version of the specification that is known here.
pub(crate) const SPECVERSION: &str = "1.0";
pub(crate) const CONTENT_TYPE: &str = "content-type";
const JSON_EVENT: &str = "application/cloudevents+json";
const REQUIRED: [&str; 4] = ["specversion", "id", "source", "type"];

/// An event in CloudEvents' form: attributes, and optional data.
///
/// ```
/// use event_schema::format::cloudevents::{CloudEvent, Data};
///
/// let event = CloudEvent::new("A-1", "/orders", "com.example.placed")?
///     .with("subject", "order 7")?
///     .with("comexampleothervalue", 5)?
///     .with_data(Data::Text(r#"{"quantity": 2}"#.to_owned()));
///
/// let message = event.to_binary();
/// assert_eq!(message.value(), Some(&br#"{"quantity": 2}"#[..]));
/// let headers = || message.headers().iter().map(|(name, value)| (name.as_str(), Some(value.as_slice())));
/// assert!(headers().any(|header| header == ("ce_subject", Some(b"order 7"))));
/// // Said in words, since the JSON format leaves it unsaid.
/// assert!(headers().any(|header| header == ("content-type", Some(b"application/json"))));
///
/// let read = CloudEvent::read(headers(), message.value())?;
/// assert_eq!((read.id(), read.subject()), ("A-1", Some("order 7")));
/// # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudEvent {
    /// The attributes by name, each of them checked; the required ones are there, and are text.
    attributes: BTreeMap<String, Attribute>,
    data: Option<Data>,
}

/// The value of an attribute.
///
/// In binary mode every value is text, and attributes are read as text. CloudEvents' other types are text in a special
/// form.
///
/// ```
/// use event_schema::format::cloudevents::Attribute;
///
/// assert_eq!(Attribute::from(5).to_string(), "5");
/// assert_eq!(Attribute::from(true).to_string(), "true");
/// assert_eq!(Attribute::from("text").as_str(), Some("text"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute {
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Integer(i32),
    /// A string, which may be a time, a URI or bytes in Base64.
    String(String),
}

/// The data of an event.
///
/// ```
/// use event_schema::format::cloudevents::Data;
///
/// assert_eq!(Data::Text("{}".to_owned()).as_bytes(), b"{}");
/// assert_eq!(Data::Binary(vec![0, 2]).as_bytes(), [0, 2]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Data {
    /// Text; for JSON data, the document.
    Text(String),
    /// Bytes, which the JSON format writes in Base64.
    Binary(Vec<u8>),
}

/// The headers and the value of a Kafka message; see [`CloudEvent::to_binary`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    headers: Vec<(String, Vec<u8>)>,
    value: Option<Vec<u8>>,
}

/// The mode of a message, which its headers tell.
///
/// ```
/// use event_schema::format::cloudevents::Mode;
///
/// let structured = [("content-type", Some(&b"Application/CloudEvents+json; charset=UTF-8"[..]))];
/// assert_eq!(Mode::of(structured), Mode::Structured);
/// assert_eq!(Mode::of([("ce_id", Some(&b"A-1"[..])), ("x", None)]), Mode::Binary);
/// assert_eq!(Mode::of([("content-type", Some(&b"application/json"[..]))]), Mode::Plain);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// The message has no CloudEvents headers.
    Plain,
    /// The attributes are headers.
    Binary,
    /// The attributes and the data are in the value.
    Structured,
}

impl Mode {
    /// The mode that these headers tell.
    pub fn of<'a>(headers: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>) -> Self {
        let mut mode = Self::Plain;
        for (name, value) in headers {
            if is_content_type(name) && value.is_some_and(is_cloudevents) {
                return Self::Structured;
            }
            if name.starts_with("ce_") {
                mode = Self::Binary;
            }
        }
        mode
    }
}

/// Kafka's names of headers have a case, but there are clients that write it as in HTTP.
fn is_content_type(header: &str) -> bool {
    header.eq_ignore_ascii_case(CONTENT_TYPE)
}

fn is_cloudevents(media_type: &[u8]) -> bool {
    const PREFIX: &[u8] = b"application/cloudevents";
    media_type.trim_ascii_start().get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

impl CloudEvent {
    /// An event with only the required attributes.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if an attribute is empty or malformed.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    ///
    /// assert!(CloudEvent::new("A-1", "/orders", "com.example.placed").is_ok());
    /// let error = CloudEvent::new("A-1", "", "com.example.placed").unwrap_err();
    /// assert_eq!(error.to_string(), "attribute `source` is empty");
    /// ```
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        event_type: impl Into<String>,
    ) -> Result<Self, CloudEventError> {
        Self { attributes: BTreeMap::new(), data: None }
            .with("specversion", SPECVERSION)?
            .with("id", id.into())?
            .with("source", source.into())?
            .with("type", event_type.into())
    }

    /// Sets an attribute of the specification or an extension.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if the name or the value is not allowed.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    ///
    /// let event = CloudEvent::new("A-1", "/orders", "com.example.placed")?;
    /// assert!(event.clone().with("time", "2018-04-05T17:31:00Z").is_ok());
    /// assert_eq!(
    ///     event.clone().with("time", "yesterday").unwrap_err().to_string(),
    ///     "attribute `time` is not an RFC 3339 time",
    /// );
    /// assert_eq!(
    ///     event.with("my-extension", "x").unwrap_err().to_string(),
    ///     "`my-extension` is not a legal attribute name: use `a` to `z` and `0` to `9`; `data` is reserved",
    /// );
    /// # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
    /// ```
    pub fn with(mut self, name: &str, value: impl Into<Attribute>) -> Result<Self, CloudEventError> {
        self.set(name, value.into())?;
        Ok(self)
    }

    fn set(&mut self, name: &str, value: Attribute) -> Result<(), CloudEventError> {
        check(name, &value)?;
        self.attributes.insert(name.to_owned(), value);
        Ok(())
    }

    /// Sets the data; see the example of [`CloudEvent`].
    #[must_use]
    pub fn with_data(self, data: Data) -> Self {
        Self { data: Some(data), ..self }
    }

    /// The id, unique for its [source](Self::source). For this and the following methods see the example of
    /// [`CloudEvent`].
    #[must_use]
    pub fn id(&self) -> &str {
        self.required("id")
    }

    /// The source, a URI reference.
    #[must_use]
    pub fn source(&self) -> &str {
        self.required("source")
    }

    /// The type of the event: the attribute `type`.
    #[must_use]
    pub fn event_type(&self) -> &str {
        self.required("type")
    }

    fn required(&self, name: &'static str) -> &str {
        self.text(name).expect("required attributes are there, and text")
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }

    /// The time of the event.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let event = CloudEvent::new("1", "/", "x")?.with("time", "1970-01-01T01:00:01.5+01:00")?;
    /// assert_eq!(event.time(), Some(SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
    /// # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
    /// ```
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        self.text("time").and_then(parse_time)
    }

    /// The subject of the event.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.text("subject")
    }

    /// The media type of the data.
    #[must_use]
    pub fn data_content_type(&self) -> Option<&str> {
        self.text("datacontenttype")
    }

    /// An attribute of the specification or an extension, by its name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.get(name)
    }

    /// All attributes.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &Attribute)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The data. An event without data differs from one with empty data or with JSON's `null`.
    #[must_use]
    pub fn data(&self) -> Option<&Data> {
        self.data.as_ref()
    }

    /// The data, by value.
    #[must_use]
    pub fn into_data(self) -> Option<Data> {
        self.data
    }

    /// The message key that the extension `partitionkey` asks for. It is not applied automatically: the sender of the
    /// message decides.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    ///
    /// let event = CloudEvent::new("1", "/", "x")?.with("partitionkey", "customer-7")?;
    /// assert_eq!(event.partition_key(), Some("customer-7"));
    /// # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
    /// ```
    #[must_use]
    pub fn partition_key(&self) -> Option<&str> {
        self.text("partitionkey")
    }

    /// Reads a message in binary or structured mode. If headers have the same name, the last one counts; headers that
    /// do not belong to CloudEvents are ignored.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if the message is not a valid CloudEvent.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    ///
    /// let headers = [("content-type", Some(&b"application/cloudevents+json"[..]))];
    /// let value = br#"{"specversion": "1.0", "id": "1", "source": "/", "type": "x", "data": [1, 2]}"#;
    /// let event = CloudEvent::read(headers, Some(value))?;
    /// assert_eq!(event.data().unwrap().as_bytes(), b"[1, 2]");
    ///
    /// let error = CloudEvent::read([], Some(b"{}")).unwrap_err();
    /// assert_eq!(error.to_string(), "required attribute `specversion` is missing");
    /// # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
    /// ```
    pub fn read<'a>(
        headers: impl IntoIterator<Item = (&'a str, Option<&'a [u8]>)>,
        value: Option<&[u8]>,
    ) -> Result<Self, CloudEventError> {
        let mut attributes = BTreeMap::new();
        let mut content_type = None;
        for (name, value) in headers {
            if let Some(attribute) = name.strip_prefix("ce_") {
                attributes.insert(attribute, value);
            } else if is_content_type(name) {
                content_type = value;
            }
        }
        match content_type {
            // Headers may repeat the attributes; the document decides.
            Some(media_type) if is_cloudevents(media_type) => {
                let format = essence(&String::from_utf8_lossy(media_type));
                if format != JSON_EVENT {
                    return Err(Kind::Format(bounded(&format)).into());
                }
                Self::read_json(value.unwrap_or_default())
            }
            _ => {
                if content_type.is_some() {
                    attributes.insert("datacontenttype", content_type);
                }
                Self::from_headers(attributes, value)
            }
        }
    }

    fn from_headers(attributes: BTreeMap<&str, Option<&[u8]>>, value: Option<&[u8]>) -> Result<Self, CloudEventError> {
        let mut event = Self { attributes: BTreeMap::new(), data: None };
        for (name, value) in attributes {
            let Some(value) = value else { continue };
            let text = str::from_utf8(value).map_err(|_| invalid(name, "is not UTF-8"))?;
            event.set(name, text.into())?;
        }
        event.require()?;
        event.data = value.map(|value| {
            let is_text = match event.data_content_type() {
                Some(media_type) => is_text(media_type),
                // As the JSON format takes it.
                None => str::from_utf8(value).is_ok_and(|text| json::read::<IgnoredAny>(text).is_ok()),
            };
            match str::from_utf8(value) {
                Ok(text) if is_text => Data::Text(text.to_owned()),
                _ => Data::Binary(value.to_vec()),
            }
        });
        Ok(event)
    }

    /// Reads a document of the JSON event format: the value of a message in structured mode.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if the document is not a valid CloudEvent.
    ///
    /// ```
    /// use event_schema::format::cloudevents::CloudEvent;
    ///
    /// let error = CloudEvent::read_json(b"[]").unwrap_err();
    /// assert_eq!(error.to_string(), "a CloudEvent must be a JSON object");
    /// ```
    pub fn read_json(document: &[u8]) -> Result<Self, CloudEventError> {
        let no_json = |offset| CloudEventError::from(Kind::Json(Position::of(document, offset)));
        let text = str::from_utf8(document).map_err(|error| no_json(error.valid_up_to()))?;
        let members: Members<'_> = json::read(text).map_err(|error| match error.offset() {
            _ if text.trim_ascii_start().starts_with(|first| first != '{') && !error.is_eof() => Kind::NoObject.into(),
            Some(offset) if !error.is_data() => no_json(offset),
            _ => Kind::Twice.into(),
        })?;
        let mut event = Self { attributes: BTreeMap::new(), data: None };
        let (mut data, mut base64) = (None, None);
        for (name, value) in members.0 {
            match (name.as_str(), value.get()) {
                ("data", _) => data = Some(value),
                (_, "null") => {}
                ("data_base64", text) => {
                    base64 = Some(json::read::<String>(text).map_err(|_| Kind::Base64)?);
                }
                (name, text) => event.set(name, Attribute::from_json(name, text)?)?,
            }
        }
        event.require()?;
        event.data = match (data, base64) {
            (Some(_), Some(_)) => return Err(Kind::BothData.into()),
            (None, Some(base64)) => Some(Data::Binary(STANDARD.decode(base64).map_err(|_| Kind::Base64)?)),
            (Some(data), None) if event.data_content_type().is_none_or(is_json) => {
                Some(Data::Text(data.get().to_owned()))
            }
            (Some(data), None) => Some(Data::Text(json::read(data.get()).map_err(|_| Kind::NoText)?)),
            (None, None) => None,
        };
        Ok(event)
    }

    fn require(&self) -> Result<(), CloudEventError> {
        match REQUIRED.into_iter().find(|name| !self.attributes.contains_key(*name)) {
            Some(missing) => Err(Kind::Missing(missing).into()),
            None => Ok(()),
        }
    }

    /// The event as a message in binary mode. Without data it is a tombstone.
    ///
    /// See the example of [`CloudEvent`].
    #[must_use]
    pub fn to_binary(&self) -> Message {
        let mut headers = Vec::with_capacity(self.attributes.len() + 1);
        for (name, value) in &self.attributes {
            let name = if name == "datacontenttype" { CONTENT_TYPE.to_owned() } else { format!("ce_{name}") };
            headers.push((name, value.to_string().into_bytes()));
        }
        if matches!(self.data, Some(Data::Text(_))) && self.data_content_type().is_none() {
            headers.push((CONTENT_TYPE.to_owned(), b"application/json".to_vec()));
        }
        Message { headers, value: self.data.as_ref().map(|data| data.as_bytes().to_vec()) }
    }

    /// The event as a message in structured mode, in the JSON format.
    ///
    /// # Errors
    ///
    /// A [`CloudEventError`] if the media type of the data is JSON but the data are not.
    ///
    /// ```
    /// use event_schema::format::cloudevents::{CloudEvent, Data};
    ///
    /// let event = CloudEvent::new("1", "/", "x")?;
    /// assert_eq!(
    ///     event.clone().with_data(Data::Text("[1]".to_owned())).to_structured()?.value().unwrap(),
    ///     br#"{"id":"1","source":"/","specversion":"1.0","type":"x","data":[1]}"#,
    /// );
    /// assert_eq!(
    ///     event.clone().with_data(Data::Binary(vec![0])).to_structured()?.value().unwrap(),
    ///     br#"{"id":"1","source":"/","specversion":"1.0","type":"x","data_base64":"AA=="}"#,
    /// );
    /// assert!(event.with_data(Data::Text("[".to_owned())).to_structured().is_err());
    /// # Ok::<(), event_schema::format::cloudevents::CloudEventError>(())
    /// ```
    pub fn to_structured(&self) -> Result<Message, CloudEventError> {
        let value = serde_json::to_vec(self).map_err(|_| Kind::NoJson)?;
        let media_type = format!("{JSON_EVENT}; charset=UTF-8");
        Ok(Message { headers: vec![(CONTENT_TYPE.to_owned(), media_type.into_bytes())], value: Some(value) })
    }
}

/// In the JSON event format.
impl Serialize for CloudEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for (name, value) in &self.attributes {
            map.serialize_entry(name, value)?;
        }
        match &self.data {
            Some(Data::Text(text)) if self.data_content_type().is_none_or(is_json) => {
                let data: &RawValue = json::read(text).map_err(serde::ser::Error::custom)?;
                map.serialize_entry("data", data)?;
            }
            Some(Data::Text(text)) => map.serialize_entry("data", text)?,
            Some(Data::Binary(bytes)) => map.serialize_entry("data_base64", &STANDARD.encode(bytes))?,
            None => {}
        }
        map.end()
    }
}

/// With the types of the JSON event format.
impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Boolean(value) => serializer.serialize_bool(*value),
            Self::Integer(value) => serializer.serialize_i32(*value),
            Self::String(value) => serializer.serialize_str(value),
        }
    }
}

/// The members of an object, each name once.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> serde::Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut members: Vec<(String, &RawValue)> = Vec::new();
                let mut known = HashSet::new();
                while let Some((name, value)) = entries.next_entry::<String, _>()? {
                    if !known.insert(name.clone()) {
                        return Err(A::Error::custom("a member that was there"));
                    }
                    members.push((name, value));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(MembersVisitor)
    }
}

impl Data {
    /// The bytes of the data, which are the value of a message in binary mode.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Binary(bytes) => bytes,
        }
    }
}

impl Attribute {
    /// The text, if the attribute is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    fn from_json(name: &str, text: &str) -> Result<Self, CloudEventError> {
        match text.as_bytes()[0] {
            b'"' => json::read(text).map(Self::String),
            b't' | b'f' => json::read(text).map(Self::Boolean),
            _ => json::read(text).map(Self::Integer),
        }
        .map_err(|_| invalid(name, "is neither a string nor a boolean nor a 32-bit integer"))
    }
}

/// The text of the attribute's header.
impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::String(value) => value.fmt(f),
        }
    }
}

impl From<&str> for Attribute {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl From<String> for Attribute {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl From<i32> for Attribute {
    fn from(value: i32) -> Self {
        Self::Integer(value)
    }
}

impl From<bool> for Attribute {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl Message {
    /// The headers, by name and value.
    #[must_use]
    pub fn headers(&self) -> &[(String, Vec<u8>)] {
        &self.headers
    }

    /// The value; none is a tombstone.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }
}

/// Whether an attribute may be called so and have this value.
fn check(name: &str, value: &Attribute) -> Result<(), CloudEventError> {
    // Not in the JSON format, where they would be taken for the data.
    if name == "data" || name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        return Err(Kind::Name(bounded(name)).into());
    }
    match value {
        Attribute::String(text) => check_text(name, text),
        _ if is_text_only(name) => Err(invalid(name, "is not a string")),
        _ => Ok(()),
    }
}

/// Whether an attribute is one of the specification's own: all of them are texts that are not empty.
fn is_text_only(name: &str) -> bool {
    REQUIRED.contains(&name) || matches!(name, "time" | "subject" | "dataschema" | "datacontenttype")
}

/// Whether an attribute can be this text.
pub(crate) fn check_text(name: &str, text: &str) -> Result<(), CloudEventError> {
    let wrong = |reason| Err(invalid(name, reason));
    if text.is_empty() && is_text_only(name) {
        return wrong("is empty");
    }
    if text.chars().any(is_forbidden) {
        return wrong("contains a control character or a noncharacter");
    }
    match name {
        "specversion" if text != SPECVERSION => wrong("is not `1.0`, the supported version"),
        "source" if !is_uri_reference(text) => wrong("is not a URI reference"),
        "dataschema" if !is_uri(text) => wrong("is not a URI with a scheme"),
        "datacontenttype" if !is_media_type(text) => wrong("is not a media type"),
        "time" if parse_time(text).is_none() => wrong("is not an RFC 3339 time"),
        _ => Ok(()),
    }
}

/// The characters that the type String excludes.
fn is_forbidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether a text is made of what RFC 3986 allows. Every such text is a reference, some odd ones aside.
fn is_uri_reference(text: &str) -> bool {
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        rest = match byte {
            b'%' => match tail {
                [first, second, tail @ ..] if first.is_ascii_hexdigit() && second.is_ascii_hexdigit() => tail,
                _ => return false,
            },
            _ if byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(byte) => tail,
            _ => return false,
        };
    }
    true
}

/// A text as a URI reference: what cannot stand in one is percent-encoded.
#[cfg(feature = "kafka")]
pub(crate) fn uri_reference(text: &str) -> String {
    if is_uri_reference(text) {
        return text.to_owned();
    }
    let mut reference = String::new();
    for c in text.chars() {
        let mut bytes = [0; 4];
        let part = c.encode_utf8(&mut bytes);
        if c != '%' && is_uri_reference(part) {
            reference.push(c);
        } else {
            reference.extend(part.bytes().map(|byte| format!("%{byte:02X}")));
        }
    }
    reference
}

/// Whether an event can have this source.
#[cfg(any(feature = "axum08", feature = "kafka"))]
pub(crate) fn check_source(source: &str) -> Result<(), CloudEventError> {
    check_text("source", source)
}

fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme).as_bytes();
    let is_scheme = scheme.first().is_some_and(u8::is_ascii_alphabetic)
        && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte));
    is_scheme && is_uri_reference(text)
}

/// A media type without its parameters, which have no case and no blanks around them.
fn essence(media_type: &str) -> String {
    media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_media_type(text: &str) -> bool {
    let is_token = |token: &str| {
        !token.is_empty()
            && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`{|}~".contains(&byte))
    };
    essence(text).split_once('/').is_some_and(|(main, sub)| is_token(main) && is_token(sub))
}

fn is_json(media_type: &str) -> bool {
    let essence = essence(media_type);
    essence.split_once('/').is_some_and(|(_, sub)| sub == "json" || sub.ends_with("+json"))
}

/// Whether data of this type are text, as the JSON format needs to know.
fn is_text(media_type: &str) -> bool {
    let essence = essence(media_type);
    is_json(&essence)
        || essence.starts_with("text/")
        || essence.split_once('/').is_some_and(|(_, sub)| sub == "xml" || sub.ends_with("+xml"))
}

pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    // The parser takes any character for the `T`.
    let separated = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    let time = OffsetDateTime::parse(text, &Rfc3339).ok().filter(|_| separated)?;
    Some(time.into())
}

/// As RFC 3339, in UTC; nothing for a time outside of the years 0 to 9999.
pub(crate) fn format_time(time: SystemTime) -> Option<String> {
    // `From<SystemTime>` panics on a time that is too far.
    let epoch = OffsetDateTime::UNIX_EPOCH;
    let time = match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => epoch.checked_add(after.try_into().ok()?),
        Err(error) => epoch.checked_sub(error.duration().try_into().ok()?),
    };
    time?.format(&Rfc3339).ok()
}

/// As RFC 3339, in UTC, with three digits behind the second: always of the same length. For a time of the
/// years 0 to 9999, such as now.
#[cfg(feature = "kafka")]
pub(crate) fn format_millis(time: SystemTime) -> String {
    let time = OffsetDateTime::from(time);
    let ((hour, minute, second, millis), month) = (time.to_hms_milli(), u8::from(time.month()));
    format!("{:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z", time.year(), time.day())
}

/// A name from outside, in a length for messages.
fn bounded(name: &str) -> Box<str> {
    name.chars().take(100).collect()
}

fn invalid(name: &str, reason: &'static str) -> CloudEventError {
    Kind::Invalid { name: bounded(name), reason }.into()
}

//! The metadata of an event.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::event::type_name;
use crate::format::cloudevents::CloudEvent;
#[cfg(feature = "kafka")]
use crate::format::cloudevents::{CloudEventError, check_text, parse_time};

/// The metadata of an event: its id, source, time, type, cause and trace.
///
/// ```
/// use event_schema::Envelope;
///
/// let order_placed = Envelope::new().with_source("/shop");
/// assert_eq!(order_placed.id().len(), 36); // a UUIDv7: ids sort by time
/// assert!(order_placed.time().is_some());
///
/// let payment_requested = Envelope::caused_by(&order_placed);
/// assert_eq!(payment_requested.causation(), Some(order_placed.id()));
/// assert_ne!(payment_requested.id(), order_placed.id());
/// ```
///
/// # The id
///
/// The id is made once, when the event is first sent. It stays the same in every delivery, through retries and
/// through a dead letter topic and back. A consumer that must not handle an event twice remembers the ids of handled
/// events. Offsets cannot replace ids, because an event that is sent again has another offset.
///
/// A message without an id, from a client without CloudEvents, gets the place where it was first stored as its id:
/// `topic/partition@offset`. This id is the same in each delivery. (It is not unique if the topic is deleted and
/// created again, and an event that such a client sends twice has two ids. Inboxes, and the ids of events that a handler
/// returns, go by the message's time as well.)
///
/// # On the wire
///
/// An envelope is written as [CloudEvents] in binary mode: the headers `ce_id`, `ce_source`, `ce_time` and `ce_type`,
/// and `ce_causationid`, `ce_traceparent` and `ce_tracestate` for extensions. The type is the event's name and
/// version, such as `order.requested.v2`, which tells consumers the version of the writer. A message whose type has
/// no version is read as the current version.
///
/// Received headers are read leniently: a broken attribute counts as missing, and the others are kept.
/// [`format::cloudevents`](crate::format::cloudevents) is the strict reader.
///
/// # Stored
///
/// An envelope is serialised under the names of CloudEvents, to be stored beside an event that is sent later:
///
/// ```
/// use event_schema::Envelope;
///
/// let envelope = Envelope::new().with_causation("payment-7");
/// let stored = serde_json::to_value(&envelope)?;
/// assert_eq!(stored["id"], envelope.id());
/// assert_eq!(stored["causationid"], "payment-7");
/// assert_eq!(serde_json::from_value::<Envelope>(stored)?, envelope);
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// [CloudEvents]: https://cloudevents.io
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    id: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default, with = "rfc3339")]
    time: Option<SystemTime>,
    #[serde(default, rename = "type")]
    event_type: Option<String>,
    #[serde(default, rename = "causationid")]
    causation: Option<String>,
    #[serde(default, rename = "traceparent")]
    trace_parent: Option<String>,
    #[serde(default, rename = "tracestate")]
    trace_state: Option<String>,
}

/// A time as text. One outside of the years 0 to 9999 has none.
mod rfc3339 {
    use std::time::SystemTime;

    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use crate::format::cloudevents::{format_time, parse_time};

    #[allow(clippy::ref_option, reason = "serde calls it so")]
    pub(super) fn serialize<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        time.and_then(format_time).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let time = |text: String| parse_time(&text).ok_or_else(|| D::Error::custom("`time` is not as in RFC 3339"));
        text.map(time).transpose()
    }
}

impl Envelope {
    /// The envelope of a new event, with a new id and the current time.
    ///
    /// ```
    /// use event_schema::Envelope;
    ///
    /// assert_ne!(Envelope::new().id(), Envelope::new().id());
    /// ```
    #[must_use]
    #[expect(clippy::new_without_default, reason = "each one is another")]
    pub fn new() -> Self {
        Self { id: Uuid::now_v7().to_string(), time: Some(Self::now()), ..Self::empty() }
    }

    /// The present time in milliseconds, which is how exactly Kafka tells it.
    pub(crate) fn now() -> SystemTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// The envelope of a new event that is caused by another: it names the other event as its
    /// [causation](Self::causation), and continues its trace.
    ///
    /// ```
    /// use event_schema::Envelope;
    ///
    /// let trace = "00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01";
    /// let cause = Envelope::new().with_trace_parent(trace);
    /// assert_eq!(Envelope::caused_by(&cause).trace_parent(), Some(trace));
    /// ```
    #[must_use]
    pub fn caused_by(cause: &Self) -> Self {
        Self {
            causation: Some(cause.id.clone()),
            trace_parent: cause.trace_parent.clone(),
            trace_state: cause.trace_state.clone(),
            ..Self::new()
        }
    }

    fn empty() -> Self {
        Self {
            id: String::new(),
            source: None,
            time: None,
            event_type: None,
            causation: None,
            trace_parent: None,
            trace_state: None,
        }
    }

    /// The id of the event.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Sets an id that was made elsewhere, for an event that is sent again or that has an id of its own.
    ///
    /// ```
    /// use event_schema::Envelope;
    ///
    /// assert_eq!(Envelope::new().with_id("payment-7").id(), "payment-7");
    /// ```
    #[must_use]
    pub fn with_id(self, id: impl Into<String>) -> Self {
        Self { id: id.into(), ..self }
    }

    /// The source of the event: a URI reference that names a service or a part of one.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Sets a source other than the producer's.
    ///
    /// ```
    /// use event_schema::Envelope;
    ///
    /// assert_eq!(Envelope::new().with_source("/shop/berlin").source(), Some("/shop/berlin"));
    /// ```
    #[must_use]
    pub fn with_source(self, source: impl Into<String>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// The time of the event; for a received event without one, the time when it was sent.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        self.time
    }

    /// Sets a time other than the current one.
    ///
    /// ```
    /// use event_schema::Envelope;
    /// use std::time::SystemTime;
    ///
    /// let envelope = Envelope::new().with_time(SystemTime::UNIX_EPOCH);
    /// assert_eq!(envelope.time(), Some(SystemTime::UNIX_EPOCH));
    /// ```
    #[must_use]
    pub fn with_time(self, time: SystemTime) -> Self {
        Self { time: Some(time), ..self }
    }

    /// The type of a received event, such as `order.requested.v2`. A sent event gets its type from its descriptor.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The version of a received event, if its [type](Self::event_type) contains it.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        type_name::split(self.event_type()?).map(|(_, version)| version)
    }

    /// The id of the event that caused this one.
    #[must_use]
    pub fn causation(&self) -> Option<&str> {
        self.causation.as_deref()
    }

    /// Sets the id of the event that caused this one. [`caused_by`](Self::caused_by) does the same from an envelope,
    /// and keeps the trace.
    ///
    /// ```
    /// use event_schema::Envelope;
    ///
    /// assert_eq!(Envelope::new().with_causation("payment-7").causation(), Some("payment-7"));
    /// ```
    #[must_use]
    pub fn with_causation(self, id: impl Into<String>) -> Self {
        Self { causation: Some(id.into()), ..self }
    }

    /// The trace of the event: W3C's `traceparent`.
    #[must_use]
    pub fn trace_parent(&self) -> Option<&str> {
        self.trace_parent.as_deref()
    }

    /// Sets the trace; see the example of [`caused_by`](Self::caused_by).
    #[must_use]
    pub fn with_trace_parent(self, trace_parent: impl Into<String>) -> Self {
        Self { trace_parent: Some(trace_parent.into()), ..self }
    }

    /// The data of tracing systems: W3C's `tracestate`.
    #[must_use]
    pub fn trace_state(&self) -> Option<&str> {
        self.trace_state.as_deref()
    }

    /// Sets the data of tracing systems.
    ///
    /// ```
    /// use event_schema::Envelope;
    ///
    /// assert_eq!(Envelope::new().with_trace_state("rojo=1").trace_state(), Some("rojo=1"));
    /// ```
    #[must_use]
    pub fn with_trace_state(self, trace_state: impl Into<String>) -> Self {
        Self { trace_state: Some(trace_state.into()), ..self }
    }

    /// The envelope of a message: that of its value, or else from its headers. The id is empty if they have none.
    #[cfg(feature = "kafka")]
    pub(crate) fn of<'a>(
        structured: Option<&Self>,
        headers: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>,
    ) -> Self {
        let read = Self::read(headers, structured.is_none());
        match structured {
            Some(structured) if read.trace_parent.is_some() => {
                Self { trace_parent: read.trace_parent, trace_state: read.trace_state, ..structured.clone() }
            }
            Some(structured) => structured.clone(),
            None => read,
        }
    }

    /// The envelope from the headers of a message, or no more than the trace of the last hop.
    #[cfg(feature = "kafka")]
    fn read<'a>(headers: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>, has_attributes: bool) -> Self {
        let mut envelope = Self::empty();
        // The trace of the last hop, which wins.
        let (mut hop, mut hop_state) = (None, None);
        for (name, value) in headers.filter(|(name, _)| has_attributes || !name.starts_with("ce_")) {
            // The last header of a name counts. Invalid attributes are ignored: otherwise no event could be sent with
            // this envelope or because of it.
            let attribute = name.strip_prefix("ce_").unwrap_or(name);
            let is_valid = |text: &&str| !text.is_empty() && check_text(attribute, text).is_ok();
            let text = || value.and_then(|value| str::from_utf8(value).ok()).filter(is_valid);
            let owned = || text().map(str::to_owned);
            match name {
                "ce_id" => envelope.id = owned().unwrap_or_default(),
                "ce_source" => envelope.source = owned(),
                "ce_type" => envelope.event_type = owned(),
                "ce_time" => envelope.time = text().and_then(parse_time),
                "ce_causationid" => envelope.causation = owned(),
                "ce_traceparent" => envelope.trace_parent = owned(),
                "ce_tracestate" => envelope.trace_state = owned(),
                "traceparent" => hop = owned(),
                "tracestate" => hop_state = owned(),
                _ => {}
            }
        }
        if hop.is_some() {
            (envelope.trace_parent, envelope.trace_state) = (hop, hop_state);
        }
        envelope
    }

    /// It is in no trace.
    #[cfg(feature = "opentelemetry033")]
    pub(crate) fn without_trace(self) -> Self {
        Self { trace_parent: None, trace_state: None, ..self }
    }

    #[cfg(feature = "opentelemetry033")]
    pub(crate) fn set_trace_parent(&mut self, trace_parent: String) {
        self.trace_parent = Some(trace_parent);
    }

    #[cfg(feature = "opentelemetry033")]
    pub(crate) fn set_trace_state(&mut self, trace_state: String) {
        self.trace_state = Some(trace_state);
    }

    /// The defaults for a message without these attributes.
    #[cfg(feature = "kafka")]
    pub(crate) fn or(mut self, id: impl FnOnce() -> String, time: impl FnOnce() -> Option<SystemTime>) -> Self {
        if self.id.is_empty() {
            self.id = id();
        }
        self.time = self.time.or_else(time);
        self
    }

    /// Whether it can be written as CloudEvents asks.
    #[cfg(feature = "kafka")]
    pub(crate) fn check(&self) -> Result<(), CloudEventError> {
        let event = CloudEvent::new(&*self.id, self.source().unwrap_or("/"), "any")?;
        let extensions = [
            ("causationid", self.causation()),
            ("traceparent", self.trace_parent()),
            ("tracestate", self.trace_state()),
        ];
        let given = extensions.into_iter().filter_map(|(name, value)| Some((name, value?)));
        given.into_iter().try_fold(event, |event, (name, value)| event.with(name, value)).map(drop)
    }
}

impl From<&CloudEvent> for Envelope {
    fn from(event: &CloudEvent) -> Self {
        let attribute = |name| event.attribute(name).map(ToString::to_string);
        Self {
            id: event.id().to_owned(),
            source: Some(event.source().to_owned()),
            time: event.time(),
            event_type: Some(event.event_type().to_owned()),
            causation: attribute("causationid"),
            trace_parent: attribute("traceparent"),
            trace_state: attribute("tracestate"),
        }
    }
}

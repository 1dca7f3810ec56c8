//! What travels beside an event.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::event::type_name;
use crate::format::cloudevents::CloudEvent;
#[cfg(feature = "kafka")]
use crate::format::cloudevents::{CloudEventError, check_text, parse_time};

/// What travels beside an event: which one it is, where and when it happened, what caused it.
///
/// ```
/// use event_schema::Envelope;
///
/// let order_placed = Envelope::new().with_source("/shop");
/// assert_eq!(order_placed.id().len(), 36); // a UUIDv7: later ones sort behind
/// assert!(order_placed.time().is_some());
///
/// let payment_requested = Envelope::caused_by(&order_placed);
/// assert_eq!(payment_requested.causation(), Some(order_placed.id()));
/// assert_ne!(payment_requested.id(), order_placed.id());
/// ```
///
/// # The id
///
/// It is made once, when the event is first sent, and is the same wherever the event goes: however
/// often it is delivered, through retries, a dead letter topic and back. Whoever must not do a
/// thing twice remembers the ids of what is done; a topic's offsets do not serve, for what is sent
/// again has another.
///
/// A message without an id, as clients send it that know nothing of CloudEvents, gets the place
/// where it was first stored for one: `topic/partition@offset`. That is the same at each delivery.
/// (It is not when the topic is deleted and made anew, and what such a client sends twice are two.)
///
/// # On the wire
///
/// As [CloudEvents] in binary mode: `ce_id`, `ce_source`, `ce_time`, `ce_type`, beside them
/// `ce_causationid`, `ce_traceparent` and `ce_tracestate` of CloudEvents' extensions. The type is the
/// event's name and version, such as `order.requested.v2`: that is how a consumer knows which
/// version the writer had. A type without `.v2` at its end says nothing of the version, and today's is
/// read.
///
/// What was received is read with tolerance. An attribute that is missing or broken is none, and
/// does not take away the others: what is broken is rejected where the event itself is.
/// [`format::cloudevents`](crate::format::cloudevents) is the strict reader.
///
/// [CloudEvents]: https://cloudevents.io
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    id: String,
    source: Option<String>,
    time: Option<SystemTime>,
    event_type: Option<String>,
    causation: Option<String>,
    trace_parent: Option<String>,
    trace_state: Option<String>,
}

impl Envelope {
    /// The envelope of a new event: with an id of its own, and the present time.
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

    /// The envelope of a new event that comes of another one: which it names as its
    /// [causation](Self::causation), and whose trace it goes on with.
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

    /// The event's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Gives it an id that was made elsewhere: of an event that is sent again, or that has a number
    /// of its own.
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

    /// Where it happened: a URI reference that names a service or a part of one.
    #[must_use]
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Says where it happened, otherwise than the producer says it of all its events.
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

    /// When it happened; of a received event that does not say it, when it was sent.
    #[must_use]
    pub fn time(&self) -> Option<SystemTime> {
        self.time
    }

    /// Says when it happened, if that was not just now.
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

    /// The type of a received event, as it was sent: such as `order.requested.v2`. What is sent says
    /// it itself.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The version of a received event, if its [type](Self::event_type) says it.
    #[must_use]
    pub fn version(&self) -> Option<u32> {
        type_name::split(self.event_type()?).map(|(_, version)| version)
    }

    /// The id of the event that this one comes of.
    #[must_use]
    pub fn causation(&self) -> Option<&str> {
        self.causation.as_deref()
    }

    /// Names the event that this one comes of by its id. With the event in hand,
    /// [`caused_by`](Self::caused_by) does that and keeps the trace.
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

    /// The trace that it belongs to: W3C's `traceparent`.
    #[must_use]
    pub fn trace_parent(&self) -> Option<&str> {
        self.trace_parent.as_deref()
    }

    /// Says which trace it belongs to; see the example of [`caused_by`](Self::caused_by).
    #[must_use]
    pub fn with_trace_parent(self, trace_parent: impl Into<String>) -> Self {
        Self { trace_parent: Some(trace_parent.into()), ..self }
    }

    /// What tracing systems add to the trace: W3C's `tracestate`.
    #[must_use]
    pub fn trace_state(&self) -> Option<&str> {
        self.trace_state.as_deref()
    }

    /// Adds to the trace.
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

    /// What the headers of a message say. Its id is empty if they do not say it.
    #[cfg(feature = "kafka")]
    pub(crate) fn read<'a>(headers: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>) -> Self {
        let mut envelope = Self::empty();
        // The trace of the last hop, which wins.
        let (mut hop, mut hop_state) = (None, None);
        for (name, value) in headers {
            // Of the same name the last counts. What an attribute cannot be is not taken, or no event could be sent
            // with this envelope or because of it.
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

    /// What can be said of a message that does not say it itself.
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

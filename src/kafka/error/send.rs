//! Errors of producers.

use std::borrow::Cow;

use rdkafka::error::RDKafkaErrorCode;

use crate::format::cloudevents::CloudEventError;
#[cfg(feature = "avro")]
use crate::format::{CodecError, SchemaSourceError};
use crate::{DumpError, Violations};

/// The error of an event that is not stored, or perhaps not stored.
///
/// | | the event | what to do |
/// |---|---|---|
/// | [`is_invalid`](Self::is_invalid) | breaks its own rules, and was not sent | correct the code that made it |
/// | [`is_config`](Self::is_config) | was not sent, because a rule needs a context, or the codec cannot write it | set the context, or complete the codec |
/// | [`is_not_sent`](Self::is_not_sent) | is not stored | send it again, if the reason may pass |
/// | [`is_unavailable`](Self::is_unavailable) | is not stored, for a reason that is likely to pass | send it again later |
/// | [`is_unknown`](Self::is_unknown) | may be stored | send it again [in the same envelope](crate::kafka::Outgoing::envelope) |
/// | [`is_fatal`](Self::is_fatal) | is not stored, because the client failed | send it again when the new client is [ready](crate::kafka::EventProducer::ready) |
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::prelude::*;
///
/// #[derive(Serialize, EventSchema)]
/// struct Note { text: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// let error = producer.send(&Note { text: "hello".to_owned() }).await.unwrap_err();
/// assert!(error.is_not_sent());
/// assert_eq!(
///     error.to_string(),
///     "event `note` has no topic: give it one with `#[event(topic = \"...\")]` or use `send_to`",
/// );
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct SendError(Box<SendErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum SendErrorKind {
    #[error(transparent)]
    Invalid(DumpError),
    #[error("{0}; a producer is given it by `EventProducer::with_context`")]
    NoContext(DumpError),
    #[cfg(feature = "avro")]
    #[error("not sent: {0}")]
    Codec(#[source] CodecError),
    #[error("not sent: CloudEvents does not allow this envelope: {0}")]
    Envelope(CloudEventError),
    #[error("event `{0}` has no topic: give it one with `#[event(topic = \"...\")]` or use `send_to`")]
    NoTopic(&'static str),
    #[error("not sent: the producer is closed")]
    Closed,
    #[error("not sent to `{topic}`: {code}{}", remedy(*.code))]
    NotSent { topic: Box<str>, code: RDKafkaErrorCode },
    #[error(
        "sent to `{topic}` but not acknowledged, so it may be stored; to send it again, use the same envelope: \
         {code}"
    )]
    Unknown { topic: Box<str>, code: RDKafkaErrorCode },
    #[error("not sent to `{topic}`: the client failed and is being replaced: {reason}{}", remedy(*.code))]
    Fatal { topic: Box<str>, code: RDKafkaErrorCode, reason: String },
}

/// The remedy for a refused message, if librdkafka's text does not say it.
fn remedy(code: RDKafkaErrorCode) -> &'static str {
    use RDKafkaErrorCode as C;
    match code {
        C::MessageSizeTooLarge | C::MessageBatchTooLarge => {
            "; send a smaller event, or raise `message.max.bytes` of the producer and `max.message.bytes` of the topic"
        }
        C::TopicAuthorizationFailed => "; the user needs the right to write to the topic",
        C::ClusterAuthorizationFailed => {
            "; the user needs the right to write to a topic and, before Kafka 3.0, the right `IdempotentWrite`; or set \
             `enable.idempotence=false`"
        }
        C::UnknownTopic | C::UnknownTopicOrPartition => "; create the topic",
        C::InvalidTopic => "; the name of a topic has up to 249 letters, digits, `.`, `_` and `-`",
        C::MessageTimedOut => {
            "; no broker accepted it within `delivery.timeout.ms`: check that its brokers are reachable and that the \
             topic exists"
        }
        _ => "",
    }
}

#[cfg(feature = "avro")]
impl From<CodecError> for SendError {
    fn from(error: CodecError) -> Self {
        SendErrorKind::Codec(error).into()
    }
}

#[cfg(not(feature = "avro"))]
impl From<std::convert::Infallible> for SendError {
    fn from(error: std::convert::Infallible) -> Self {
        match error {}
    }
}

impl SendError {
    /// Whether the event breaks its own rules, or the event or its envelope cannot be written. It did not leave the
    /// process. An event whose rules need a context is not to blame: see [`is_config`](Self::is_config).
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(topic = "notes")]
    /// struct Note {
    ///     #[validate(length(min = 1))]
    ///     text: String,
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let error = producer.send(&Note { text: String::new() }).await.unwrap_err();
    /// assert!(error.is_invalid() && error.is_not_sent());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(*self.0, SendErrorKind::Invalid(_) | SendErrorKind::Envelope(_))
    }

    /// Whether a rule of the event needs a [context](crate::kafka::EventProducer::with_context) that was not set, or one
    /// of another type, or the codec of the producer cannot write events of its type. The event did not leave the process, and it is not to blame.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(topic = "bids")]
    /// #[validate(context = u32)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context))]
    ///     cents: u32,
    /// }
    ///
    /// fn affordable(cents: u32, max: &u32) -> Result<(), Violation> {
    ///     if cents <= *max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let error = producer.send(&Bid { cents: 1 }).await.unwrap_err();
    /// assert!(error.is_config() && error.is_not_sent() && !error.is_invalid());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        match *self.0 {
            SendErrorKind::NoContext(_) => true,
            #[cfg(feature = "avro")]
            SendErrorKind::Codec(ref error) => !error.source_error().is_some_and(SchemaSourceError::is_unavailable),
            _ => false,
        }
    }

    /// Whether the event is certainly not stored.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config().set("message.max.bytes", "1000")).await?;
    /// let long = Note { text: "x".repeat(2000) };
    /// assert!(producer.send_to("notes", &long).await.unwrap_err().is_not_sent());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_not_sent(&self) -> bool {
        !self.is_unknown()
    }

    /// Whether the event may be stored or not: it was sent to a broker, which did not answer within
    /// `delivery.timeout.ms`.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let config = kafka.config().set("delivery.timeout.ms", "1000");
    /// let producer = EventProducer::connect(&config).await?;
    /// let note = Note { text: "hello?".to_owned() };
    /// producer.send_to("notes", &note).await?;
    ///
    /// kafka.answer_after(Duration::from_secs(60));
    /// assert!(producer.send_to("notes", &note).await.unwrap_err().is_unknown());
    ///
    /// // The note did not reach any broker: it is certainly not stored.
    /// drop(kafka);
    /// assert!(producer.send_to("notes", &note).await.unwrap_err().is_not_sent());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(*self.0, SendErrorKind::Unknown { .. })
    }

    /// Whether the event is not stored because librdkafka's client failed for good: it and the brokers no longer agree
    /// on what is stored. The producer replaces the client by itself.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// # let error = producer.send(&Note { text: "no topic".to_owned() }).await.unwrap_err();
    /// assert!(!error.is_fatal());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(*self.0, SendErrorKind::Fatal { .. })
    }

    /// Whether the producer was already closed.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let clone = producer.clone();
    /// producer.close(Duration::from_secs(5)).await?;
    /// let note = Note { text: "too late".to_owned() };
    /// assert!(clone.send_to("notes", &note).await.unwrap_err().is_closed());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(*self.0, SendErrorKind::Closed)
    }

    /// Whether the event is larger than the producer, the broker or the topic allows.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config().set("message.max.bytes", "1000")).await?;
    /// let long = Note { text: "x".repeat(2000) };
    /// assert!(producer.send_to("notes", &long).await.unwrap_err().is_too_large());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        use RDKafkaErrorCode as C;
        matches!(self.code(), Some(C::MessageSizeTooLarge | C::MessageBatchTooLarge))
    }

    /// Whether the event is not stored for a reason that is likely to pass: no broker or no schema registry can be reached,
    /// the client failed and is being replaced, or this producer is closed because its service ends.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config().set("delivery.timeout.ms", "1000")).await?;
    /// drop(kafka);
    /// let note = Note { text: "hello?".to_owned() };
    /// assert!(producer.send_to("notes", &note).await.unwrap_err().is_unavailable());
    /// assert!(!producer.send(&note).await.unwrap_err().is_unavailable()); // has no topic
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        match &*self.0 {
            SendErrorKind::Closed => true,
            SendErrorKind::NotSent { code, .. } | SendErrorKind::Fatal { code, .. } => !is_permanent(*code),
            #[cfg(feature = "avro")]
            SendErrorKind::Codec(error) => error.source_error().is_some_and(SchemaSourceError::is_unavailable),
            _ => false,
        }
    }

    /// All violations, if the event breaks its own rules.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { #[validate(length(min = 1))] text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// let error = producer.send(&Note { text: String::new() }).await.unwrap_err();
    /// assert_eq!(error.violations().unwrap()[0].path().to_pointer(), "/text");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn violations(&self) -> Option<&Violations> {
        match &*self.0 {
            SendErrorKind::Invalid(error) => error.violations(),
            _ => None,
        }
    }

    /// The name of the event, if it has no topic.
    pub(crate) fn without_topic(&self) -> Option<&'static str> {
        match *self.0 {
            SendErrorKind::NoTopic(event) => Some(event),
            _ => None,
        }
    }

    /// Whether the same message will be refused again.
    pub(crate) fn is_permanent(&self) -> bool {
        self.code().is_some_and(is_permanent)
    }

    /// Whether it is certain that the message is not stored, and will be refused again.
    pub(crate) fn is_refused(&self) -> bool {
        self.is_permanent() && self.is_not_sent() && !self.is_fatal()
    }

    /// Its kind, for traces: the code of librdkafka, or a word.
    pub(crate) fn class(&self) -> Cow<'static, str> {
        match (self.code(), &*self.0) {
            (Some(code), _) => format!("{code:?}").into(),
            (None, SendErrorKind::Closed) => "closed".into(),
            (None, _) if self.is_invalid() => "invalid".into(),
            (None, _) => "config".into(),
        }
    }

    /// librdkafka's code for a message that is not, or perhaps not, stored, or for a client that failed.
    pub(crate) fn code(&self) -> Option<RDKafkaErrorCode> {
        match *self.0 {
            SendErrorKind::NotSent { code, .. }
            | SendErrorKind::Unknown { code, .. }
            | SendErrorKind::Fatal { code, .. } => Some(code),
            _ => None,
        }
    }

    /// The error of a message that librdkafka could not deliver or take; `is_certain` says that the message is not
    /// stored. The code alone cannot say it: a message that was sent twice may be refused the second time, and stored
    /// by the first.
    pub(crate) fn of(topic: &str, code: RDKafkaErrorCode, is_certain: bool) -> Self {
        let topic = topic.into();
        if is_certain { SendErrorKind::NotSent { topic, code } } else { SendErrorKind::Unknown { topic, code } }.into()
    }
}

/// The reason why a message is not stored, and will not be as things are.
#[cfg(feature = "sqlx08")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It is too large, or was sent together with one that is.
    Size,
    /// The message itself is at fault.
    Record,
    /// The topic is missing, or the right to write to it.
    Topic,
}

#[cfg(feature = "sqlx08")]
impl SendError {
    /// None if the message may be stored, or may be the next time.
    pub(crate) fn refusal(&self) -> Option<Refusal> {
        use RDKafkaErrorCode as C;
        if self.is_unknown() {
            return None;
        }
        match self.code()? {
            C::MessageSizeTooLarge | C::MessageBatchTooLarge => Some(Refusal::Size),
            C::InvalidMessage
            | C::InvalidMessageSize
            | C::InvalidRecord
            | C::InvalidTopic
            | C::UnknownPartition
            | C::UnsupportedForMessageFormat
            | C::PolicyViolation => Some(Refusal::Record),
            C::UnknownTopic
            | C::UnknownTopicOrPartition
            | C::TopicAuthorizationFailed
            | C::ClusterAuthorizationFailed
            | C::UnsupportedCompressionType => Some(Refusal::Topic),
            _ => None,
        }
    }
}

/// Whether it says of a message that it will never be taken.
fn is_permanent(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::MessageSizeTooLarge
            | C::MessageBatchTooLarge
            | C::InvalidMessage
            | C::InvalidMessageSize
            | C::InvalidRecord
            | C::InvalidTopic
            | C::UnknownTopic
            | C::UnknownPartition
            | C::UnknownTopicOrPartition
            | C::TopicAuthorizationFailed
            | C::ClusterAuthorizationFailed
            | C::UnsupportedForMessageFormat
            | C::UnsupportedCompressionType
            | C::PolicyViolation
    )
}

impl From<DumpError> for SendErrorKind {
    fn from(error: DumpError) -> Self {
        if error.is_config() { Self::NoContext(error) } else { Self::Invalid(error) }
    }
}

impl From<SendErrorKind> for SendError {
    fn from(kind: SendErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// librdkafka says of each message whether it may be stored: what the broker said last changes nothing in that.
    #[test]
    fn what_may_be_stored_is_unknown_whatever_the_code() {
        use RDKafkaErrorCode as C;
        for code in [
            C::MessageSizeTooLarge,
            C::TopicAuthorizationFailed,
            C::UnknownTopicOrPartition,
            C::NotEnoughReplicas,
            C::PurgeQueue,
            C::MessageTimedOut,
        ] {
            let error = SendError::of("notes", code, false);
            assert!(error.is_unknown() && !error.is_not_sent(), "{error}");
            assert!(error.to_string().contains("it may be stored"), "{error}");
            let error = SendError::of("notes", code, true);
            assert!(error.is_not_sent() && !error.is_unknown(), "{error}");
            assert!(error.to_string().starts_with("not sent to `notes`: "), "{error}");
        }
        for is_certain in [true, false] {
            assert!(SendError::of("notes", C::MessageSizeTooLarge, is_certain).is_too_large());
            assert!(SendError::of("notes", C::MessageSizeTooLarge, is_certain).is_permanent());
            assert!(!SendError::of("notes", C::MessageTimedOut, is_certain).is_permanent());
            assert_eq!(SendError::of("notes", C::MessageSizeTooLarge, is_certain).is_refused(), is_certain);
            assert!(!SendError::of("notes", C::MessageTimedOut, is_certain).is_refused());
        }
        let (topic, code, reason) = ("notes".into(), C::TopicAuthorizationFailed, "it is out of order".to_owned());
        assert!(!SendError::from(SendErrorKind::Fatal { topic, code, reason }).is_refused());
    }
}

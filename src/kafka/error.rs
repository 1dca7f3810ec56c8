//! What can go wrong between a service and its brokers.

use std::fmt;
use std::time::Duration;

use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::config::ConfigError;
use super::fault::Fault;
use crate::DumpError;
use crate::format::cloudevents::CloudEventError;

/// A producer or a consumer that could not start, or [`Topics`](super::Topics) that are not there.
///
/// ```
/// use event_schema::kafka::{EventProducer, KafkaConfig};
/// use std::time::Duration;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let nobody = KafkaConfig::new("127.0.0.1:1").connect_timeout(Duration::from_millis(300));
/// let error = EventProducer::connect(&nobody).await.unwrap_err();
/// assert!(error.is_unreachable());
/// assert!(error.to_string().starts_with("no broker answered within 300ms: "));
/// # }
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct ConnectError(Box<ConnectErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectErrorKind {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("no broker answered within {timeout:?}: {reason}")]
    Unreachable { timeout: Duration, reason: String },
    #[error("authentication failed, check user, password and mechanism: {0}")]
    Authentication(String),
    #[error("no trusted TLS connection, check `ssl.ca.location` and the port: {0}")]
    Tls(String),
    #[error("topics {0}")]
    Topic(String),
    #[error("{0}")]
    Client(String),
}

impl ConnectError {
    /// Whether the configuration cannot be used, whatever the brokers do.
    ///
    /// ```
    /// use event_schema::kafka::{EventProducer, KafkaConfig};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mistyped = KafkaConfig::new("127.0.0.1:1").set("linger.milliseconds", "5");
    /// assert!(EventProducer::connect(&mistyped).await.unwrap_err().is_config());
    /// # }
    /// ```
    #[must_use]
    pub fn is_config(&self) -> bool {
        matches!(*self.0, ConnectErrorKind::Config(_))
    }

    /// Whether no broker answered in time.
    ///
    /// ```
    /// use event_schema::kafka::{EventProducer, KafkaConfig};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let nobody = KafkaConfig::new("127.0.0.1:1").connect_timeout(Duration::from_millis(300));
    /// assert!(EventProducer::connect(&nobody).await.unwrap_err().is_unreachable());
    /// # }
    /// ```
    #[must_use]
    pub fn is_unreachable(&self) -> bool {
        matches!(*self.0, ConnectErrorKind::Unreachable { .. })
    }

    /// Whether a broker refused the user, the password or the mechanism.
    ///
    /// ```
    /// # use event_schema::kafka::{EventProducer, KafkaConfig};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mistyped = KafkaConfig::new("127.0.0.1:1").set("linger.milliseconds", "5");
    /// assert!(!EventProducer::connect(&mistyped).await.unwrap_err().is_authentication());
    /// # }
    /// ```
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        matches!(*self.0, ConnectErrorKind::Authentication(_))
    }

    /// Whether TLS failed: an unknown CA, a name that is not in the certificate, a port that does
    /// not speak TLS.
    ///
    /// ```
    /// # use event_schema::kafka::{EventProducer, KafkaConfig};
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let mistyped = KafkaConfig::new("127.0.0.1:1").set("linger.milliseconds", "5");
    /// assert!(!EventProducer::connect(&mistyped).await.unwrap_err().is_tls());
    /// # }
    /// ```
    #[must_use]
    pub fn is_tls(&self) -> bool {
        matches!(*self.0, ConnectErrorKind::Tls(_))
    }

    /// Whether brokers answered, but a topic is not there or could not be made.
    ///
    /// See the example of [`Topics`](super::Topics).
    #[must_use]
    pub fn is_missing_topic(&self) -> bool {
        matches!(*self.0, ConnectErrorKind::Topic(_))
    }

    pub(super) fn client(reason: String) -> Self {
        ConnectErrorKind::Client(reason).into()
    }

    /// For librdkafka's refusal to make a client, which is about the configuration: settings that
    /// contradict each other, a file that is not there.
    pub(super) fn creation(error: KafkaError) -> Self {
        let reason = match error {
            KafkaError::ClientCreation(reason) => reason,
            // Its text has the value in it.
            KafkaError::ClientConfig(_, _, key, _) => format!("`{key}`: not taken"),
            other => return ConnectErrorKind::Client(other.to_string()).into(),
        };
        ConfigError::one(reason).into()
    }
}

impl From<ConnectErrorKind> for ConnectError {
    fn from(kind: ConnectErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<ConfigError> for ConnectError {
    fn from(error: ConfigError) -> Self {
        ConnectErrorKind::Config(error).into()
    }
}

/// An event that was not, or perhaps not, stored.
///
/// | | the event | what to do |
/// |---|---|---|
/// | [`is_invalid`](Self::is_invalid) | breaks its own rules, never left | mend the code that made it |
/// | [`is_not_sent`](Self::is_not_sent) | is not stored | send it again, if the reason may pass |
/// | [`is_unknown`](Self::is_unknown) | may be stored | send it again [in the same envelope](super::Outgoing::envelope) |
/// | [`is_fatal`](Self::is_fatal) | is not stored, for the client failed | send it again, when the new client is [ready](super::EventProducer::is_ready) |
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
pub(super) enum SendErrorKind {
    #[error(transparent)]
    Invalid(#[from] DumpError),
    #[error("not sent, no envelope that CloudEvents allows: {0}")]
    Envelope(CloudEventError),
    #[error("event `{0}` has no topic: give it one with `#[event(topic = \"...\")]` or use `send_to`")]
    NoTopic(&'static str),
    #[error("not sent: the producer is closed")]
    Closed,
    #[error("not sent to `{topic}`: {code}{}", remedy(*.code))]
    NotSent { topic: Box<str>, code: RDKafkaErrorCode },
    #[error(
        "sent to `{topic}`, but not acknowledged, so that it may be stored; if it is sent again, then in the same \
         envelope: {code}"
    )]
    Unknown { topic: Box<str>, code: RDKafkaErrorCode },
    #[error("not sent to `{topic}`, the client failed and is made anew: {reason}{}", remedy(*.code))]
    Fatal { topic: Box<str>, code: RDKafkaErrorCode, reason: String },
}

/// What to do about a message that was refused, where librdkafka's words do not say it.
fn remedy(code: RDKafkaErrorCode) -> &'static str {
    use RDKafkaErrorCode as C;
    match code {
        C::MessageSizeTooLarge | C::MessageBatchTooLarge => {
            "; send less, or raise `message.max.bytes` of the producer and `max.message.bytes` of the topic"
        }
        C::TopicAuthorizationFailed => "; the user needs the right to write to the topic",
        C::ClusterAuthorizationFailed => {
            "; the user needs the right to write to a topic, and before Kafka 3.0 `IdempotentWrite`, too, or \
             `enable.idempotence=false`"
        }
        C::UnknownTopic | C::UnknownTopicOrPartition => "; create the topic",
        C::InvalidTopic => "; a topic's name has up to 249 letters, digits, `.`, `_` and `-`",
        C::MessageTimedOut => "; no broker took it within `delivery.timeout.ms`",
        _ => "",
    }
}

impl SendError {
    /// Whether the event breaks its own rules or cannot be written, or its envelope cannot. It never left
    /// the process.
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

    /// Whether the event may be stored or not: it was given to a broker, and no answer came
    /// within `delivery.timeout.ms`.
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
    /// // Not given to any broker, so that there is no doubt.
    /// drop(kafka);
    /// assert!(producer.send_to("notes", &note).await.unwrap_err().is_not_sent());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(*self.0, SendErrorKind::Unknown { .. })
    }

    /// Whether the event is not stored because librdkafka's client failed for good: the brokers and it
    /// no longer agree on what is stored. The producer makes a new one by itself.
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

    /// Whether the producer was closed before.
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

    /// Whether the same message will be refused again.
    pub(super) fn is_permanent(&self) -> bool {
        self.code().is_some_and(is_permanent)
    }

    /// What librdkafka said of a message that is not, or perhaps not, stored, or of the client that failed.
    pub(super) fn code(&self) -> Option<RDKafkaErrorCode> {
        match *self.0 {
            SendErrorKind::NotSent { code, .. }
            | SendErrorKind::Unknown { code, .. }
            | SendErrorKind::Fatal { code, .. } => Some(code),
            _ => None,
        }
    }

    /// What librdkafka says of a message that it could not deliver, or not take, and whether it is certain that the
    /// message is not stored. No code makes up for a doubt: a message that was sent twice may be refused the second
    /// time, and stored by the first.
    pub(super) fn of(topic: &str, code: RDKafkaErrorCode, is_certain: bool) -> Self {
        let topic = topic.into();
        if is_certain { SendErrorKind::NotSent { topic, code } } else { SendErrorKind::Unknown { topic, code } }.into()
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

impl From<SendErrorKind> for SendError {
    fn from(kind: SendErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

/// A consumer that cannot receive, or a commit that was refused.
///
/// A message that cannot be loaded is not an error but a [`Rejection`](super::Rejection), and a
/// broker that goes away is waited for. So this is rare, and after one that is not
/// [fatal](Self::is_fatal) the next [`recv`](super::EventConsumer::recv) may do.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct ConsumeError(Box<ConsumeErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(super) enum ConsumeErrorKind {
    #[error("cannot receive: {0}{right}", right = right(*.0))]
    Receive(RDKafkaErrorCode),
    #[error("the consumer is of no more use: {0}")]
    Fatal(RDKafkaErrorCode),
    #[error("the consumer is closed")]
    Closed,
    #[error("the consumer stopped at {0}")]
    Stopped(String),
    #[error(
        "not committed: the partition was taken away since the message was received, and whoever \
         has it now receives the message again"
    )]
    Revoked,
    #[error("not committed: {0}")]
    Commit(RDKafkaErrorCode),
    #[error("not committed: no thread to commit on")]
    NoThread,
}

impl ConsumeErrorKind {
    /// The code that says that a right is missing.
    pub(super) fn unauthorized(&self) -> Option<RDKafkaErrorCode> {
        let (Self::Receive(code) | Self::Fatal(code) | Self::Commit(code)) = *self else { return None };
        (!right(code).is_empty()).then_some(code)
    }
}

/// The right that is missing, if the code says so.
fn right(code: RDKafkaErrorCode) -> &'static str {
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed => "; the user needs the right to read the topic",
        RDKafkaErrorCode::GroupAuthorizationFailed => "; the user needs the right to read the group",
        _ => "",
    }
}

impl ConsumeError {
    /// Whether the partition of a message was taken away before the commit. Nothing is lost:
    /// whoever has the partition now receives the message again.
    ///
    /// ```
    /// # use event_schema::kafka::ConsumeError;
    /// fn after_a_commit(error: &ConsumeError) -> &'static str {
    ///     if error.is_revoked() { "somebody else's now" } else { "try again" }
    /// }
    /// # let _ = after_a_commit;
    /// ```
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        use RDKafkaErrorCode as C;
        match *self.0 {
            ConsumeErrorKind::Revoked => true,
            ConsumeErrorKind::Commit(code) => matches!(
                code,
                C::IllegalGeneration | C::UnknownMemberId | C::RebalanceInProgress | C::AssignmentLost | C::State
            ),
            _ => false,
        }
    }

    /// Whether a broker refused the user or the password, which may have changed since the start.
    ///
    /// ```
    /// # use event_schema::kafka::ConsumeError;
    /// fn is_worth_an_alarm(error: &ConsumeError) -> bool {
    ///     error.is_authentication() || error.is_unauthorized() || error.is_fatal()
    /// }
    /// # let _ = is_worth_an_alarm;
    /// ```
    #[must_use]
    pub fn is_authentication(&self) -> bool {
        use RDKafkaErrorCode as C;
        matches!(self.code(), Some(C::Authentication | C::SaslAuthenticationFailed))
    }

    /// Whether the user may not read the topic or use the group. [`recv`](super::EventConsumer::recv) says so once: if
    /// it is called again, it waits until the right is given. A [`run`](super::EventConsumer::run) ends.
    ///
    /// ```
    /// # use event_schema::kafka::ConsumeError;
    /// fn is_worth_an_alarm(error: &ConsumeError) -> bool {
    ///     error.is_authentication() || error.is_unauthorized() || error.is_fatal()
    /// }
    /// # let _ = is_worth_an_alarm;
    /// ```
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        self.0.unauthorized().is_some()
    }

    /// Whether the consumer can do no more, and a new one is needed.
    ///
    /// ```
    /// # use event_schema::kafka::ConsumeError;
    /// fn is_worth_an_alarm(error: &ConsumeError) -> bool {
    ///     error.is_authentication() || error.is_unauthorized() || error.is_fatal()
    /// }
    /// # let _ = is_worth_an_alarm;
    /// ```
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        use ConsumeErrorKind as Kind;
        matches!(*self.0, Kind::Fatal(_) | Kind::Closed | Kind::Stopped(_))
    }

    /// Whether the consumer was closed by its [handle](super::EventConsumer::handle).
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// consumer.handle().close(Duration::from_secs(5)).await?;
    /// let error = consumer.recv().await.unwrap_err();
    /// assert!(error.is_closed() && error.is_fatal());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(*self.0, ConsumeErrorKind::Closed)
    }

    fn code(&self) -> Option<RDKafkaErrorCode> {
        match *self.0 {
            ConsumeErrorKind::Receive(code) | ConsumeErrorKind::Fatal(code) | ConsumeErrorKind::Commit(code) => {
                Some(code)
            }
            _ => None,
        }
    }
}

impl From<ConsumeErrorKind> for ConsumeError {
    fn from(kind: ConsumeErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

/// Why a consumer does not run, or runs no more.
///
/// A broker that goes away is waited for, and a message that cannot be handled goes to the dead letter
/// topic: neither ends it.
///
/// ```
/// use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, Order, Retry};
/// use event_schema::prelude::*;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "notes")]
/// struct Note { text: String }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
/// let runner = consumer.runner().order(Order::Partition).retry(Retry::park());
/// let error = runner.run(async |_: Delivery<Note>| {}).await.unwrap_err();
/// assert!(error.is_config());
/// assert!(error.to_string().starts_with("`Retry::park` cannot hold the order of a partition"));
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct RunError(Box<RunErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(super) enum RunErrorKind {
    #[error("{0}")]
    Policy(&'static str),
    #[error(
        "the consumer is subscribed to `{0}`, where its own dead letters go: subscribe to other topics, or name another \
         dead letter topic"
    )]
    OwnDeadLetters(String),
    #[error("`{0}` is for handlers: batches have none")]
    ForHandlers(&'static str),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("stopped at {place}: {fault}")]
    Stopped { place: String, fault: Fault },
    #[error("stopped at {place}: {fault}; its dead letter was {refusal}")]
    DeadLetterRefused { place: String, fault: Fault, refusal: String },
    #[error(transparent)]
    Consume(#[from] ConsumeError),
}

impl RunError {
    /// Whether the settings contradict each other, or cannot be used; see the example of [`RunError`].
    #[must_use]
    pub fn is_config(&self) -> bool {
        use RunErrorKind as Kind;
        matches!(*self.0, Kind::Policy(_) | Kind::OwnDeadLetters(_) | Kind::ForHandlers(_) | Kind::Config(_))
    }

    /// Whether it stopped because of a message, which is not committed: as it was told to
    /// ([`GiveUp::Stop`](super::GiveUp::Stop)), or because its dead letter
    /// [was refused](Self::is_dead_letter_refused).
    ///
    /// ```
    /// # use event_schema::kafka::RunError;
    /// fn needs_a_person(error: &RunError) -> bool {
    ///     error.is_stopped()
    /// }
    /// # let _ = needs_a_person;
    /// ```
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        matches!(*self.0, RunErrorKind::Stopped { .. } | RunErrorKind::DeadLetterRefused { .. })
    }

    /// Whether it stopped because the dead letter topic does not take the message, for instance because there is no
    /// such topic, or no right to write to it: the error says which, and what to do. The message is not committed, and
    /// a run that finds the topic goes on with it.
    ///
    /// ```
    /// use event_schema::kafka::rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// kafka.publish_bytes("notes", None, Some(b"{"), &[]).await;
    /// kafka.fail(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED]);
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let error = consumer.run(async |_: Delivery<Note>| {}).await.unwrap_err();
    /// assert!(error.is_dead_letter_refused() && error.is_stopped());
    /// assert!(error.to_string().contains("; its dead letter was not sent to `notes-docs-dlt`: "));
    /// assert!(error.to_string().ends_with("; the user needs the right to write to the topic"));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_dead_letter_refused(&self) -> bool {
        matches!(*self.0, RunErrorKind::DeadLetterRefused { .. })
    }

    /// Whether the user may not read the topic or use the group, so that a person has to grant it. A password that is
    /// refused does not end a run: it may be one that is being exchanged.
    ///
    /// ```
    /// # use event_schema::kafka::RunError;
    /// fn needs_an_administrator(error: &RunError) -> bool {
    ///     error.is_unauthorized()
    /// }
    /// ```
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(&*self.0, RunErrorKind::Consume(error) if error.is_unauthorized())
    }

    /// Whether the consumer can do no more, and a new one is needed.
    ///
    /// ```
    /// # use event_schema::kafka::RunError;
    /// fn restart_helps(error: &RunError) -> bool {
    ///     error.is_fatal()
    /// }
    /// # let _ = restart_helps;
    /// ```
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(*self.0, RunErrorKind::Consume(_))
    }
}

impl From<RunErrorKind> for RunError {
    fn from(kind: RunErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

/// A producer or consumer that did not close within its deadline, or a consumer whose last commit was refused.
///
/// A late one goes on closing in the background; the process may end without waiting for it.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Serialize, EventSchema)]
/// struct Note { text: String }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// drop(kafka);
/// let clone = producer.clone();
/// let send = tokio::spawn(async move {
///     clone.send_to("notes", &Note { text: "hello?".to_owned() }).await
/// });
/// # while producer.in_flight() == 0 { tokio::task::yield_now().await }
/// let error = producer.close(Duration::from_millis(100)).await.unwrap_err();
/// assert_eq!(error.to_string(), "not closed within 100ms, 1 event not acknowledged");
/// # send.abort();
/// # Ok(())
/// # }
/// ```
#[derive(Clone, thiserror::Error)]
#[error("{}", .open.text(*.deadline))]
pub struct CloseError {
    pub(super) deadline: Duration,
    pub(super) open: Open,
}

impl CloseError {
    /// Whether the group was left in time, but the brokers refused the last commit: what was done since the one before
    /// comes again.
    ///
    /// ```
    /// # use event_schema::kafka::CloseError;
    /// fn means_repetitions(error: &CloseError) -> bool {
    ///     error.is_not_committed()
    /// }
    /// ```
    #[must_use]
    pub fn is_not_committed(&self) -> bool {
        matches!(self.open, Open::Commit(_))
    }
}

/// What was not finished.
#[derive(Debug, Clone)]
pub(super) enum Open {
    Events(usize),
    Group,
    /// All is closed, but what was done is not committed.
    Commit(RDKafkaErrorCode),
}

impl Open {
    fn text(&self, deadline: Duration) -> String {
        let late = format!("not closed within {deadline:?}");
        match self {
            Self::Events(1) => format!("{late}, 1 event not acknowledged"),
            Self::Events(count) => format!("{late}, {count} events not acknowledged"),
            Self::Group => format!("{late}, the group may notice only after `session.timeout.ms`"),
            Self::Commit(code) => format!("closed, but the last commit failed, so that messages come again: {code}"),
        }
    }
}

macro_rules! debug_as_text {
    ($($error:ty),*) => {
        $(impl fmt::Debug for $error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                crate::error::debug_as_text(self, f)
            }
        })*
    };
}

debug_as_text!(ConfigError, ConnectError, SendError, ConsumeError, RunError, CloseError);

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
        }
    }
}

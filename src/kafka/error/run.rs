//! Errors that end a run.

use super::config::ConfigError;
use super::consume::ConsumeError;

/// The error that prevented or ended a [run](crate::kafka::EventConsumer::run).
///
/// Unreachable brokers do not end a run: it waits for them. A message that cannot be handled does not end it either: it
/// goes to the dead letter topic.
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
/// assert!(error.to_string().starts_with("`Retry::park` does not keep the order of a partition"));
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct RunError(Box<RunErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum RunErrorKind {
    #[error("{0}")]
    Policy(&'static str),
    #[error(
        "the consumer is subscribed to its own dead letter topic `{0}`: subscribe to other topics, or choose another \
         dead letter topic"
    )]
    OwnDeadLetters(String),
    #[error("`{0}` is a setting of handlers and does not apply to batches")]
    ForHandlers(&'static str),
    #[error("{handler} {fault}")]
    Handler { handler: &'static str, fault: &'static str },
    #[error("{handler} returns `{event}`, which has no topic: give it one with `#[event(topic = \"...\")]`")]
    NoTopic { handler: &'static str, event: &'static str },
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("stopped at {place}: {fault}")]
    Stopped { place: String, fault: String },
    #[error("stopped at {place}: {fault}; its dead letter was {refusal}")]
    DeadLetterRefused { place: String, fault: String, refusal: String },
    #[error(transparent)]
    Consume(#[from] ConsumeError),
}

impl RunError {
    /// Whether the settings are invalid or contradict each other; see the example of [`RunError`].
    #[must_use]
    pub fn is_config(&self) -> bool {
        use RunErrorKind as Kind;
        matches!(
            *self.0,
            Kind::Policy(_)
                | Kind::OwnDeadLetters(_)
                | Kind::ForHandlers(_)
                | Kind::Handler { .. }
                | Kind::NoTopic { .. }
                | Kind::Config(_)
        )
    }

    /// Whether the run stopped at a message: because of [`GiveUp::Stop`](crate::kafka::GiveUp::Stop), because the dead
    /// letter [was refused](Self::is_dead_letter_refused), or because a rule needs a
    /// [context](crate::kafka::EventConsumer::with_context) that was not set
    /// ([`LoadError::is_config`](crate::LoadError::is_config)). The message is not committed.
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

    /// Whether the run stopped because a dead letter was refused, for instance because the dead letter topic does not
    /// exist or the user may not write to it: the error names the reason and the remedy. The message is not committed,
    /// and the next run starts with it.
    ///
    /// ```
    /// use event_schema::kafka::{ApiKey, BrokerError};
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// kafka.publish_bytes("notes", None, Some(b"{"), &[]).await;
    /// kafka.fail(ApiKey::Produce, &[BrokerError::TopicAuthorizationFailed]);
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

    /// Whether the user lacks the right to read the topic or the group, which an administrator must grant. A rejected
    /// password does not end a run, because it may be about to change.
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

    /// Whether the consumer itself failed, and a new one is needed. Also `true` if it is
    /// [unauthorized](Self::is_unauthorized).
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

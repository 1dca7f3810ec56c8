//! A run that ended.

use super::config::ConfigError;
use super::consume::ConsumeError;

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
pub(crate) enum RunErrorKind {
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
    Stopped { place: String, fault: String },
    #[error("stopped at {place}: {fault}; its dead letter was {refusal}")]
    DeadLetterRefused { place: String, fault: String, refusal: String },
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
    /// ([`GiveUp::Stop`](crate::kafka::GiveUp::Stop)), or because its dead letter
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

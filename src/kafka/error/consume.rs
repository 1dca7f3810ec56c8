//! A consumer that cannot receive.

use rdkafka::error::RDKafkaErrorCode;

/// A consumer that cannot receive, or a commit that was refused.
///
/// A message that cannot be loaded is not an error but a [`Rejection`](crate::kafka::Rejection), and a
/// broker that goes away is waited for. So this is rare, and after one that is not
/// [fatal](Self::is_fatal) the next [`recv`](crate::kafka::EventConsumer::recv) may do.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct ConsumeError(Box<ConsumeErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeErrorKind {
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
    pub(crate) fn unauthorized(&self) -> Option<RDKafkaErrorCode> {
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

    /// Whether the user may not read the topic or use the group. [`recv`](crate::kafka::EventConsumer::recv) says so once: if
    /// it is called again, it waits until the right is given. A [`run`](crate::kafka::EventConsumer::run) ends.
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

    /// Whether the consumer was closed by its [handle](crate::kafka::EventConsumer::handle).
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

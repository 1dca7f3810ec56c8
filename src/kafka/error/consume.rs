//! Errors of consumers.

use rdkafka::error::RDKafkaErrorCode;

/// An error of receiving messages or of committing them.
///
/// These errors are rare. A message that cannot be loaded is not an error but a [`Rejection`](crate::kafka::Rejection),
/// and the consumer waits for unreachable brokers. After an error that is not [fatal](Self::is_fatal), call
/// [`recv`](crate::kafka::EventConsumer::recv) again.
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct ConsumeError(Box<ConsumeErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum ConsumeErrorKind {
    #[error("cannot receive: {0}{right}", right = right(*.0))]
    Receive(RDKafkaErrorCode),
    #[error("the consumer failed and cannot continue: {0}")]
    Fatal(RDKafkaErrorCode),
    #[error("the consumer is closed")]
    Closed,
    #[error("the consumer stopped at {0}")]
    Stopped(String),
    #[error(
        "not committed: the partition was revoked after the message was received; its new owner \
         receives the message again"
    )]
    Revoked,
    #[error("not committed: {0}")]
    Commit(RDKafkaErrorCode),
    #[error("cannot seek: {0} is not assigned to this consumer")]
    NotAssigned(String),
    #[error("cannot seek: {0}")]
    Seek(RDKafkaErrorCode),
    #[error("not committed: no thread could be started")]
    NoThread,
}

impl ConsumeErrorKind {
    /// The code that says that a right is missing.
    pub(crate) fn unauthorized(&self) -> Option<RDKafkaErrorCode> {
        let (Self::Receive(code) | Self::Fatal(code) | Self::Commit(code) | Self::Seek(code)) = *self else {
            return None;
        };
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
    /// Whether the partition of the message was revoked before the commit. No message is lost: the new owner of the
    /// partition receives it again. Also whether a partition to [seek](crate::kafka::RunHandle::seek) in is not assigned.
    ///
    /// ```
    /// # use event_schema::kafka::ConsumeError;
    /// fn after_a_commit(error: &ConsumeError) -> &'static str {
    ///     if error.is_revoked() { "handled by its new owner" } else { "commit again" }
    /// }
    /// # let _ = after_a_commit;
    /// ```
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        use RDKafkaErrorCode as C;
        match *self.0 {
            ConsumeErrorKind::Revoked | ConsumeErrorKind::NotAssigned(_) => true,
            ConsumeErrorKind::Commit(code) => matches!(
                code,
                C::IllegalGeneration | C::UnknownMemberId | C::RebalanceInProgress | C::AssignmentLost | C::State
            ),
            _ => false,
        }
    }

    /// Whether a broker rejected the user or the password, which may have changed since the start.
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

    /// Whether the user lacks the right to read the topic or the group. [`recv`](crate::kafka::EventConsumer::recv)
    /// returns this error once; the next call waits until the right is granted. A
    /// [`run`](crate::kafka::EventConsumer::run) ends.
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

    /// Whether the consumer cannot continue, and a new one is needed.
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

    /// Whether the [handle](crate::kafka::EventConsumer::handle) of the consumer closed it.
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
            ConsumeErrorKind::Receive(code)
            | ConsumeErrorKind::Fatal(code)
            | ConsumeErrorKind::Commit(code)
            | ConsumeErrorKind::Seek(code) => Some(code),
            _ => None,
        }
    }
}

impl From<ConsumeErrorKind> for ConsumeError {
    fn from(kind: ConsumeErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

//! Errors of reading and redriving dead letters.

use rdkafka::error::RDKafkaErrorCode;

use super::connect::ConnectError;
use super::send::SendError;

/// Dead letters that could not be read or redriven; see [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
///
/// The dead letters that were [redriven](crate::kafka::Fate::Redriven) before are remembered: call
/// [`redrive`](crate::kafka::DeadLetterTopic::redrive) again for the others. Those that were sent and not acknowledged are sent
/// again, with the same ids.
///
/// ```
/// use event_schema::kafka::{DeadLetterTopic, EmbeddedKafka};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let error = DeadLetterTopic::new("orders-billing-dlt").letters(&kafka.config()).await.unwrap_err();
/// assert!(error.connect_error().unwrap().is_missing_topic());
/// assert_eq!(error.to_string(), "topics missing, or not visible to this user: `orders-billing-dlt`");
/// # Ok(())
/// # }
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct RedriveError(Box<RedriveErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(crate) enum RedriveErrorKind {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("cannot read `{topic}`: {code}{}", right(*.code))]
    Read { topic: String, code: RDKafkaErrorCode },
    #[error("no dead letter was redriven: the redrive cannot be recorded, and the next one would send them again: {0}")]
    Memory(SendError),
    #[error("not all dead letters were redriven; those before are remembered: {0}")]
    Send(SendError),
    #[error("not remembered as redriven, and redriven again the next time: {0}")]
    Remember(SendError),
    #[error("all dead letters were redriven; those that are gone are still remembered: {0}")]
    Forget(SendError),
}

fn right(code: RDKafkaErrorCode) -> &'static str {
    match code {
        RDKafkaErrorCode::TopicAuthorizationFailed => "; the user needs the right to read the topic",
        _ => "",
    }
}

impl RedriveError {
    /// The error of the connection, or of a missing topic. See the example of [`RedriveError`].
    #[must_use]
    pub fn connect_error(&self) -> Option<&ConnectError> {
        match &*self.0 {
            RedriveErrorKind::Connect(error) => Some(error),
            _ => None,
        }
    }

    /// The error of a dead letter that was not sent, or whose redrive was not or would not be remembered.
    ///
    /// ```
    /// # use event_schema::kafka::RedriveError;
    /// fn may_be_sent_twice(error: &RedriveError) -> bool {
    ///     error.send_error().is_some_and(|error| !error.is_not_sent())
    /// }
    /// # let _ = may_be_sent_twice;
    /// ```
    #[must_use]
    pub fn send_error(&self) -> Option<&SendError> {
        match &*self.0 {
            RedriveErrorKind::Memory(error)
            | RedriveErrorKind::Send(error)
            | RedriveErrorKind::Remember(error)
            | RedriveErrorKind::Forget(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the topic will not be read as things are.
    pub(crate) fn is_of_topic(&self) -> bool {
        use RDKafkaErrorCode as C;
        let is_of_topic =
            |code| matches!(code, C::TopicAuthorizationFailed | C::UnknownTopicOrPartition | C::UnknownPartition);
        matches!(*self.0, RedriveErrorKind::Read { code, .. } if is_of_topic(code))
    }
}

impl From<RedriveErrorKind> for RedriveError {
    fn from(kind: RedriveErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<ConnectError> for RedriveError {
    fn from(error: ConnectError) -> Self {
        RedriveErrorKind::Connect(error).into()
    }
}

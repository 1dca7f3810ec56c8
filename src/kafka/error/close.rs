//! A client that was not closed in time.

use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;

/// A producer or consumer that did not close within its deadline, or a consumer whose last commit was refused.
///
/// After a missed deadline, closing continues in the background; the process may exit without waiting for it.
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
    pub(crate) deadline: Duration,
    pub(crate) open: Open,
}

impl CloseError {
    /// Whether the consumer left the group in time, but the brokers refused its last commit: messages that were handled
    /// since the commit before are received again.
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

/// The unfinished part of a close.
#[derive(Debug, Clone)]
pub(crate) enum Open {
    Events(usize),
    Group,
    /// All is closed, but finished messages are not committed.
    Commit(RDKafkaErrorCode),
}

impl Open {
    fn text(&self, deadline: Duration) -> String {
        let late = format!("not closed within {deadline:?}");
        match self {
            Self::Events(1) => format!("{late}, 1 event not acknowledged"),
            Self::Events(count) => format!("{late}, {count} events not acknowledged"),
            Self::Group => format!("{late}, the group may notice only after `session.timeout.ms`"),
            Self::Commit(code) => {
                format!("closed, but the last commit failed, so messages will be received again: {code}")
            }
        }
    }
}

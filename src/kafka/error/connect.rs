//! Errors of starting a client.

use std::time::Duration;

use rdkafka::error::KafkaError;

use super::config::ConfigError;

/// A producer or a consumer that could not start.
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
pub(crate) enum ConnectErrorKind {
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
    /// Whether the configuration is invalid.
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

    /// Whether TLS failed, for instance because of an unknown CA, a host name that is not in the certificate, or a port
    /// without TLS.
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

    /// Whether the brokers answered, but a topic is missing or could not be created.
    ///
    /// See the example of [`Topics`](crate::kafka::Topics).
    #[must_use]
    pub fn is_missing_topic(&self) -> bool {
        matches!(*self.0, ConnectErrorKind::Topic(_))
    }

    pub(crate) fn client(reason: String) -> Self {
        ConnectErrorKind::Client(reason).into()
    }

    /// For librdkafka's refusal to make a client, which is about the configuration: settings that
    /// contradict each other, a file that is not there.
    pub(crate) fn creation(error: KafkaError) -> Self {
        let reason = match error {
            KafkaError::ClientCreation(reason) => reason,
            // Its text has the value in it.
            KafkaError::ClientConfig(_, _, key, _) => format!("`{key}`: value not accepted"),
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

//! What producers and consumers have in common: librdkafka's log, and the way to a broker.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::error::{ConnectError, ConnectErrorKind};
use super::thread;

/// Keeps the last error that librdkafka reported of its connections.
#[derive(Debug, Default)]
pub(super) struct Monitor {
    trouble: Mutex<Option<Trouble>>,
    /// When it was last in the log that no broker is there.
    alone: Mutex<Option<Instant>>,
}

#[derive(Debug, Clone)]
pub(super) struct Trouble {
    code: RDKafkaErrorCode,
    reason: String,
}

impl Monitor {
    /// For `ClientContext::error`.
    pub(super) fn error(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        if code != Some(RDKafkaErrorCode::AllBrokersDown) || self.is_news() {
            tracing::warn!(target: "librdkafka", "{reason}");
        }
        let Some(code) = code else {
            return;
        };
        let new = Trouble { code, reason: reason.to_owned() };
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_ref().is_none_or(|old| old.weight() <= new.weight()) {
            *trouble = Some(new);
        }
    }

    /// librdkafka says many times a second that all brokers are down, as long as they are.
    fn is_news(&self) -> bool {
        const AGAIN: Duration = Duration::from_secs(30);
        let mut alone = self.alone.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = alone.is_none_or(|told| told.elapsed() >= AGAIN);
        if is_news {
            *alone = Some(Instant::now());
        }
        is_news
    }

    fn trouble(&self) -> Option<Trouble> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone()
    }
}

/// For `ClientContext::log`: rdkafka's own implementation, without its prefix.
pub(super) fn log(level: RDKafkaLogLevel, facility: &str, line: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical | RDKafkaLogLevel::Error => {
            tracing::error!(target: "librdkafka", "{facility}: {line}");
        }
        RDKafkaLogLevel::Warning => tracing::warn!(target: "librdkafka", "{facility}: {line}"),
        RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info => {
            tracing::info!(target: "librdkafka", "{facility}: {line}");
        }
        RDKafkaLogLevel::Debug => tracing::debug!(target: "librdkafka", "{facility}: {line}"),
    }
}

/// Waits until a broker has answered, but no longer than `timeout`.
///
/// `cluster_id` blocks until the cluster's id is known or its time is over. It comes with the
/// metadata that every client fetches first; to ask for a topic instead could create the topic.
pub(super) async fn connected(
    monitor: Arc<Monitor>,
    timeout: Duration,
    cluster_id: impl Fn(Duration) -> Option<String> + Send + 'static,
) -> Result<(), ConnectError> {
    // Short enough to notice soon that waiting cannot help.
    const SLICE: Duration = Duration::from_millis(50);
    let answered = thread::start("event-schema connect", move || {
        let started = Instant::now();
        loop {
            let asked = Instant::now();
            // No id before its time is over: a broker so old that it has none has answered.
            if cluster_id(SLICE).is_some() || asked.elapsed() < SLICE / 2 {
                return Ok(());
            }
            let trouble = monitor.trouble();
            if started.elapsed() >= timeout || trouble.as_ref().is_some_and(Trouble::is_final) {
                return Err(refusal(trouble, timeout));
            }
        }
    });
    answered.await.unwrap_or_else(|_| Err(ConnectErrorKind::Client("no thread to connect on".into()).into()))
}

fn refusal(trouble: Option<Trouble>, timeout: Duration) -> ConnectError {
    match trouble {
        Some(trouble) if trouble.is_authentication() => ConnectErrorKind::Authentication(trouble.reason).into(),
        Some(trouble) if trouble.is_tls() => ConnectErrorKind::Tls(trouble.reason).into(),
        trouble => ConnectErrorKind::Unreachable {
            timeout,
            reason: trouble.map_or_else(|| "no answer".to_owned(), |trouble| trouble.reason),
        }
        .into(),
    }
}

impl Trouble {
    fn is_authentication(&self) -> bool {
        matches!(self.code, RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed)
    }

    /// How much it says: lost connections and "all brokers are down" follow the error that says why.
    fn weight(&self) -> u8 {
        match self.code {
            RDKafkaErrorCode::AllBrokersDown => 0,
            _ if self.is_authentication() => 3,
            _ if self.is_tls() => 2,
            _ => 1,
        }
    }

    /// A handshake that the other side hangs up on has the code of any lost connection, and this state in its text.
    fn is_tls(&self) -> bool {
        self.code == RDKafkaErrorCode::SSL || self.reason.contains("SSL_HANDSHAKE")
    }

    /// Whether waiting cannot help: the broker is there, and refuses us or is refused by us.
    fn is_final(&self) -> bool {
        self.is_authentication() || self.is_tls() && self.reason.contains("certificate")
    }
}

/// A deadline that librdkafka can count, which does so in an `i32` of milliseconds.
pub(super) fn bounded(deadline: Duration) -> Duration {
    deadline.min(Duration::from_secs(24 * 60 * 60))
}

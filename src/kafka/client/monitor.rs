//! librdkafka's reports on its connections.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::log::log;
#[cfg(feature = "metrics024")]
use crate::kafka::telemetry::Statistics;

/// Keeps the last error that librdkafka reported of its connections.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    trouble: Mutex<Option<Trouble>>,
    /// When it was last in the log that no broker is there.
    alone: Mutex<Option<Instant>>,
    #[cfg(feature = "metrics024")]
    statistics: Statistics,
}

#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    code: RDKafkaErrorCode,
    pub(super) reason: String,
}

impl Monitor {
    /// For `ClientContext::error`.
    pub(crate) fn error(&self, error: &KafkaError, reason: &str) {
        let code = error.rdkafka_error_code();
        if code != Some(RDKafkaErrorCode::AllBrokersDown) || self.is_news() {
            tracing::warn!(target: "librdkafka", "{reason}");
        }
        let Some(code) = code else {
            return;
        };
        self.note(Trouble { code, reason: reason.to_owned() });
    }

    fn note(&self, new: Trouble) {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.as_ref().is_none_or(|old| old.weight() <= new.weight()) {
            *trouble = Some(new);
        }
    }

    /// For `ClientContext::log`.
    pub(crate) fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        // A server that hangs up on the first request, or has something else to say, speaks another protocol.
        if facility == "FAIL" && line.contains("APIVERSION_QUERY") {
            let reason = format!("{line}; does the port speak TLS, or want a password? See `security.protocol`");
            self.note(Trouble { code: RDKafkaErrorCode::BrokerTransportFailure, reason });
        }
        // Reported as an error, too.
        let is_error = !matches!(
            level,
            RDKafkaLogLevel::Warning | RDKafkaLogLevel::Notice | RDKafkaLogLevel::Info | RDKafkaLogLevel::Debug
        );
        let is_told_twice = is_error && (facility == "FAIL" || facility == "ERROR");
        log(if is_told_twice { RDKafkaLogLevel::Debug } else { level }, facility, line);
    }

    /// For `ClientContext::stats_raw`.
    #[cfg_attr(not(feature = "metrics024"), expect(clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn statistics(&self, json: &[u8]) {
        tracing::debug!(target: "librdkafka", "{}", String::from_utf8_lossy(json));
        #[cfg(feature = "metrics024")]
        self.statistics.publish(json);
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

    pub(super) fn trouble(&self) -> Option<Trouble> {
        let trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        trouble.clone()
    }
}

impl Trouble {
    pub(super) fn is_authentication(&self) -> bool {
        matches!(self.code, RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed)
    }

    /// How much it says: lost connections and "all brokers are down" follow the error that says why.
    fn weight(&self) -> u8 {
        match self.code {
            RDKafkaErrorCode::AllBrokersDown => 0,
            _ if self.reason.contains("APIVERSION_QUERY") => 2,
            _ if self.is_authentication() => 3,
            _ if self.is_tls() => 2,
            _ => 1,
        }
    }

    /// A handshake that the other side hangs up on has the code of any lost connection, and this state in its text.
    pub(super) fn is_tls(&self) -> bool {
        self.code == RDKafkaErrorCode::SSL || self.reason.contains("SSL_HANDSHAKE")
    }

    /// Whether waiting cannot help: the broker is there, and refuses us or is refused by us.
    pub(super) fn is_final(&self) -> bool {
        self.is_authentication() || self.is_tls() && self.reason.contains("certificate")
    }
}

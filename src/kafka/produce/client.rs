//! librdkafka's producer.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, ThreadedProducer};

use super::report::Pending;
use crate::kafka::client::native::{self, Outbound};
use crate::kafka::client::{self, Monitor, thread};
use crate::kafka::error::{ConnectError, SendError, SendErrorKind};

/// librdkafka's producer, which is never dropped where somebody waits: that joins threads and waits
/// for brokers.
pub(super) struct Client {
    /// Taken only to be dropped.
    pub(super) producer: Option<ThreadedProducer<Reports>>,
}

/// Receives the delivery reports.
pub(super) struct Reports {
    pub(super) monitor: Arc<Monitor>,
    /// What to do, once, when the client is of no more use.
    pub(super) on_failure: OnceLock<Box<dyn Fn() + Send + Sync>>,
    pub(super) failed: AtomicBool,
}

impl Reports {
    /// The client will never send again: another one takes its place.
    pub(super) fn failed(&self) {
        if !self.failed.swap(true, Ordering::AcqRel)
            && let Some(on_failure) = self.on_failure.get()
        {
            on_failure();
        }
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.monitor.error(&error, reason);
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.failed();
        }
    }
}

impl ProducerContext for Reports {
    type DeliveryOpaque = Arc<Pending>;

    fn delivery(&self, result: &DeliveryResult<'_>, pending: Self::DeliveryOpaque) {
        let (message, report) = match result {
            Ok(message) => (message, Ok((message.partition(), message.offset(), message.timestamp().to_millis()))),
            Err((error, message)) => {
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                (message, Err((code, native::is_not_stored(message))))
            }
        };
        if let Some(stamp) = &pending.stamp
            && let Some(headers) = Outbound::take(message)
        {
            stamp.give_back(headers);
        }
        pending.recipient.tell(report);
    }
}

impl Client {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, ConnectError> {
        let reports = Reports {
            monitor: Arc::new(Monitor::default()),
            on_failure: OnceLock::new(),
            failed: AtomicBool::new(false),
        };
        let producer = ThreadedProducer::from_config_and_context(config, reports).map_err(ConnectError::creation)?;
        Ok(Self { producer: Some(producer) })
    }

    /// Says what is to be done when it has failed for good.
    pub(super) fn on_failure(&self, then: impl Fn() + Send + Sync + 'static) {
        let _ = self.producer().context().on_failure.set(Box::new(then));
    }

    pub(super) fn producer(&self) -> &ThreadedProducer<Reports> {
        self.producer.as_ref().expect("the producer is there until `self` is dropped")
    }

    pub(super) fn monitor(&self) -> Arc<Monitor> {
        Arc::clone(&self.producer().context().monitor)
    }

    pub(super) fn cluster_id(&self, wait: Duration) -> Option<String> {
        self.producer().client().fetch_cluster_id(wait)
    }

    pub(super) fn in_flight(&self) -> usize {
        usize::try_from(self.producer().in_flight_count()).unwrap_or(0)
    }

    pub(super) fn failure(&self, topic: &str, (code, is_certain): (RDKafkaErrorCode, bool)) -> SendError {
        let Some((fatal, reason)) = self.producer().client().fatal_error() else {
            return SendError::of(topic, code, is_certain);
        };
        // This may be known here sooner than the callback for errors is called.
        self.producer().context().failed();
        let topic = topic.into();
        if is_certain {
            SendErrorKind::Fatal { topic, code: fatal, reason }.into()
        } else {
            SendErrorKind::Unknown { topic, code }.into()
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.take() {
            let open = producer.in_flight_count();
            if open > 0 && producer.client().fatal_error().is_none() {
                tracing::warn!("a producer was dropped with {open} messages in its queue: `close` sends them first");
            }
            drop(thread::start("event-schema drop", move || drop(producer)));
        }
    }
}

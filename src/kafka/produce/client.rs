//! librdkafka's producer.

use std::collections::BTreeSet;
use std::ffi::CStr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{DeliveryResult, Producer, ProducerContext, PurgeConfig, ThreadedProducer};

use super::report::Pending;
use crate::kafka::client::native::{self, Message, Outbound};
use crate::kafka::client::{Monitor, thread};
use crate::kafka::config::TopicNames;
use crate::kafka::error::{ConnectError, SendError, SendErrorKind};
use crate::kafka::telemetry;

/// The time that the brokers have to say which topics there are.
const WAIT: Duration = Duration::from_secs(2);

/// librdkafka's producer. It is dropped on a thread of its own, because that joins threads and waits for brokers.
pub(super) struct Client {
    /// Taken only to be dropped.
    pub(super) producer: Option<ThreadedProducer<Reports>>,
    names: Arc<TopicNames>,
}

/// Starts to replace the client. Whether that could be started.
type OnFailure = Box<dyn Fn() -> bool + Send + Sync>;

/// Receives the delivery reports.
pub(super) struct Reports {
    pub(super) monitor: Arc<Monitor>,
    failure: Mutex<Failure>,
    /// The number of messages in its queue that are not reported.
    open: AtomicUsize,
    /// Whether a message that times out in flight ends the client.
    is_idempotent: bool,
    /// Whether it waits until a message is on all replicas that are in sync.
    acks_all: bool,
    /// Whether such a message has timed out.
    timed_out: AtomicBool,
    /// Whether the owner knows that messages in the queue may be lost.
    loss_is_known: AtomicBool,
    telemetry: Arc<telemetry::Producer>,
}

/// The failure of a client for good.
#[derive(Default)]
struct Failure {
    has_happened: bool,
    /// Called once when it happens. A client that fails at once fails before this is set.
    then: Option<OnFailure>,
}

impl Reports {
    /// The client will never send again, and is replaced.
    fn failed(&self) {
        let then = {
            let mut failure = self.failure();
            failure.has_happened = true;
            failure.then.take()
        };
        if let Some(then) = then
            && !then()
        {
            // The next error tries again.
            self.failure().then = Some(then);
        }
    }

    fn failure(&self) -> MutexGuard<'_, Failure> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Reports {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.monitor.log(level, facility, line);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.monitor.statistics(statistics);
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
        self.open.fetch_sub(1, Ordering::AcqRel);
        self.telemetry.reported(message.topic(), report.is_ok(), matches!(report, Err((_, true))));
        if self.is_idempotent && matches!(report, Err((RDKafkaErrorCode::MessageTimedOut, false))) {
            // librdkafka would continue in a new epoch, in which the brokers do not recognise messages that they have:
            // it sends all messages in flight again, and they are stored twice.
            self.timed_out.store(true, Ordering::Release);
            self.failed();
        }
        pending.recipient.tell(report);
    }
}

impl Client {
    pub(super) fn new(config: &ClientConfig) -> Result<Self, ConnectError> {
        let reports = Reports {
            monitor: Arc::new(Monitor::default()),
            failure: Mutex::default(),
            open: AtomicUsize::new(0),
            is_idempotent: config.get("enable.idempotence") == Some("true"),
            acks_all: config.get("request.required.acks").is_none_or(|acks| matches!(acks, "all" | "-1")),
            timed_out: AtomicBool::new(false),
            loss_is_known: AtomicBool::new(false),
            telemetry: telemetry::Producer::new(config.get("client.id").unwrap_or("rdkafka")).into(),
        };
        let producer = ThreadedProducer::from_config_and_context(config, reports).map_err(ConnectError::creation)?;
        Ok(Self { producer: Some(producer), names: Arc::default() })
    }

    /// With these names of topics.
    pub(super) fn with_names(self, names: Arc<TopicNames>) -> Self {
        // Not by parts: dropping a client ends it.
        let mut client = self;
        client.names = names;
        client
    }

    /// The names of topics at the brokers.
    pub(super) fn names(&self) -> &TopicNames {
        &self.names
    }

    /// Sets the function to call when the client has failed for good. It is called at once if that has happened.
    pub(super) fn on_failure(&self, then: impl Fn() -> bool + Send + Sync + 'static) {
        let context = self.producer().context();
        let has_happened = {
            let mut failure = context.failure();
            failure.then = Some(Box::new(then));
            failure.has_happened
        };
        if has_happened {
            context.failed();
        }
    }

    /// Whether the client has failed for good.
    pub(super) fn has_failed(&self) -> bool {
        self.producer().context().failure().has_happened
    }

    /// The owner knows that messages in the queue may be lost: dropping the client does not warn of them.
    pub(super) fn accept_loss(&self) {
        self.producer().context().loss_is_known.store(true, Ordering::Release);
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

    /// Whether it waits until a message is on all replicas that are in sync.
    pub(super) fn acks_all(&self) -> bool {
        self.producer().context().acks_all
    }

    /// Those of these topics that the brokers do not have, if they answer.
    pub(super) fn missing(&self, mut topics: BTreeSet<String>) -> BTreeSet<String> {
        // All topics: to ask for one by name could create it.
        match self.producer().client().fetch_metadata(None, WAIT) {
            Ok(found) => topics.retain(|topic| !found.topics().iter().any(|found| found.name() == topic)),
            Err(error) => {
                tracing::debug!("cannot tell which topics exist: {error}");
                topics.clear();
            }
        }
        topics
    }

    /// Whether the brokers say that there is no such topic. Those that make topics make it, as when it is sent to.
    pub(super) fn is_missing(&self, topic: &str) -> bool {
        let Ok(found) = self.producer().client().fetch_metadata(Some(topic), WAIT) else { return false };
        let error = found.topics().iter().find_map(MetadataTopic::error).map(RDKafkaErrorCode::from);
        matches!(error, Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition))
    }

    /// The number of messages in its queue that are not reported.
    pub(super) fn in_flight(&self) -> usize {
        self.producer().context().open.load(Ordering::Acquire)
    }

    /// As librdkafka does.
    #[cfg(test)]
    pub(super) fn report_failure(&self) {
        self.producer().context().failed();
    }

    /// Puts a message into its queue, or gives it back.
    pub(super) fn produce<'a>(
        &self,
        topic: &CStr,
        message: Message<'a>,
        pending: Arc<Pending>,
    ) -> Result<(), (RDKafkaErrorCode, Message<'a>, Arc<Pending>)> {
        let context = self.producer().context();
        if context.timed_out.load(Ordering::Acquire) {
            return Err((RDKafkaErrorCode::Fatal, message, pending));
        }
        context.open.fetch_add(1, Ordering::AcqRel);
        native::produce(self.producer(), topic, message, pending).inspect(|()| context.telemetry.queued()).inspect_err(
            |_| {
                context.open.fetch_sub(1, Ordering::AcqRel);
            },
        )
    }

    pub(super) fn telemetry(&self) -> &Arc<telemetry::Producer> {
        &self.producer().context().telemetry
    }

    /// Sends nothing any more: messages in the queue are reported as not sent, and those in flight as unknown.
    pub(super) fn purge(&self) {
        self.producer().purge(PurgeConfig::default().queue().inflight().non_blocking());
    }

    /// The reason why the client has failed for good, if it has.
    fn fatal(&self) -> Option<(RDKafkaErrorCode, String)> {
        let timed_out = self.producer().context().timed_out.load(Ordering::Acquire);
        let reason = || "a message timed out in flight, and messages sent with it could be stored twice".to_owned();
        let fatal = self.producer().client().fatal_error();
        fatal.or_else(|| timed_out.then(|| (RDKafkaErrorCode::MessageTimedOut, reason())))
    }

    pub(super) fn failure(&self, topic: &str, (code, is_certain): (RDKafkaErrorCode, bool)) -> SendError {
        let topic = self.names.shown(topic);
        let Some((fatal, reason)) = self.fatal() else {
            return SendError::of(&topic, code, is_certain);
        };
        // This may be known here sooner than the callback for errors is called.
        self.producer().context().failed();
        let topic = topic.into_owned().into();
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
            let context = producer.context();
            let open = context.open.load(Ordering::Acquire);
            let is_known = context.loss_is_known.load(Ordering::Acquire) || context.failure().has_happened;
            if open > 0 && !is_known && producer.client().fatal_error().is_none() {
                tracing::warn!("a producer was dropped with {open} messages in its queue: `close` sends them first");
            }
            drop(thread::start("event-schema drop", move || drop(producer)));
        }
    }
}

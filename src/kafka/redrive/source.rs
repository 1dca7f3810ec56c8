//! A client that reads topics as they are: it is in no group, and commits nothing.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::kafka::client::{Monitor, connected, thread};
use crate::kafka::config::KafkaConfig;
use crate::kafka::error::{ConnectError, ConnectErrorKind, RedriveError, RedriveErrorKind};

/// The time that the brokers have for each answer, and for each message after the one before.
const PATIENCE: Duration = Duration::from_secs(20);

/// librdkafka wants a name, though no group is joined.
const GROUP: &str = "event-schema-dlq";

/// The number of partitions of each topic.
pub(super) type Partitions = HashMap<String, i32>;

/// Its calls block: they are for threads of their own.
pub(super) struct Source {
    /// Taken only to be dropped.
    consumer: Option<BaseConsumer<Ear>>,
}

/// Hears what librdkafka says of its connections.
pub(super) struct Ear(Arc<Monitor>);

impl ClientContext for Ear {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.0.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(&error, reason);
    }
}

impl ConsumerContext for Ear {}

impl Source {
    /// Connects, and waits until a broker has answered.
    pub(super) async fn connect(config: &KafkaConfig) -> Result<Arc<Self>, ConnectError> {
        let mut settings = config.clone().group(GROUP).rdkafka039_consumer()?;
        settings.remove("group.instance.id");
        settings.set("enable.partition.eof", "true").set("auto.offset.reset", "earliest");
        let monitor = Arc::new(Monitor::default());
        let ear = Ear(Arc::clone(&monitor));
        let consumer = BaseConsumer::from_config_and_context(&settings, ear).map_err(ConnectError::creation)?;
        let source = Arc::new(Self { consumer: Some(consumer) });
        let asked = Arc::clone(&source);
        let is_first = AtomicBool::new(true);
        let cluster_id = move |wait| {
            /// More than there are between two questions.
            const REPORTS: usize = 100;
            // The monitor hears of trouble only while the client is polled.
            for _ in 0..REPORTS {
                if asked.consumer().poll(Duration::ZERO).is_none() {
                    break;
                }
            }
            // A consumer without a subscription would connect only when a timer looks after it, which takes a second.
            if is_first.swap(false, Ordering::Relaxed) {
                let _ = asked.consumer().fetch_metadata(None, wait);
            }
            asked.consumer().client().fetch_cluster_id(wait)
        };
        connected(monitor, config.connect_deadline(), cluster_id).await?;
        Ok(source)
    }

    pub(super) fn consumer(&self) -> &BaseConsumer<Ear> {
        self.consumer.as_ref().expect("the consumer is there until `self` is dropped")
    }

    /// All topics: to ask for one by name could create it.
    pub(super) fn partitions(&self) -> Result<Partitions, RedriveError> {
        let found = self.consumer().fetch_metadata(None, PATIENCE).map_err(|error| unanswered(&error))?;
        let count = |partitions: usize| i32::try_from(partitions).unwrap_or(i32::MAX);
        Ok(found.topics().iter().map(|topic| (topic.name().to_owned(), count(topic.partitions().len()))).collect())
    }

    /// The offsets of the first message of a partition and behind the last.
    pub(super) fn range(&self, topic: &str, partition: i32) -> Result<Range<i64>, RedriveError> {
        let found = self.consumer().fetch_watermarks(topic, partition, PATIENCE);
        let (first, end) = found.map_err(|error| unread(topic, &error))?;
        Ok(first..end)
    }

    /// Reads the messages of a partition between these offsets, in their order, until it is told to end.
    pub(super) fn read(
        &self,
        topic: &str,
        partition: i32,
        Range { start, end }: Range<i64>,
        mut each: impl FnMut(&BorrowedMessage<'_>) -> ControlFlow<()>,
    ) -> Result<(), RedriveError> {
        if start >= end {
            return Ok(());
        }
        let failed = |error: KafkaError| unread(topic, &error);
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset(topic, partition, Offset::Offset(start)).map_err(failed)?;
        self.consumer().assign(&partitions).map_err(failed)?;
        let mut deadline = Instant::now() + PATIENCE;
        loop {
            match self.consumer().poll(deadline.saturating_duration_since(Instant::now())) {
                Some(Ok(message)) if message.offset() >= end => return Ok(()),
                Some(Ok(message)) => {
                    if each(&message).is_break() || message.offset() + 1 == end {
                        return Ok(());
                    }
                    deadline = Instant::now() + PATIENCE;
                }
                // The rest are markers of transactions, and messages of those that were aborted or are open.
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(()),
                // The others are about the connection, which comes back, or about the group, which nobody joins.
                Some(Err(error)) if Instant::now() >= deadline || is_final(&error) => return Err(failed(error)),
                Some(Err(_)) => {}
                None => {
                    return Err(failed(KafkaError::MessageConsumption(RDKafkaErrorCode::RequestTimedOut)));
                }
            }
        }
    }
}

fn is_final(error: &KafkaError) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        error.rdkafka_error_code(),
        Some(
            C::TopicAuthorizationFailed | C::UnknownTopicOrPartition | C::Authentication | C::SaslAuthenticationFailed
        )
    )
}

/// Brokers that were reached and then did not answer.
fn unanswered(error: &KafkaError) -> RedriveError {
    ConnectError::from(ConnectErrorKind::Unreachable { timeout: PATIENCE, reason: error.to_string() }).into()
}

fn unread(topic: &str, error: &KafkaError) -> RedriveError {
    let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
    RedriveErrorKind::Read { topic: topic.to_owned(), code }.into()
}

/// Dropping a client joins threads, which must not block the runtime.
impl Drop for Source {
    fn drop(&mut self) {
        let consumer = self.consumer.take();
        drop(thread::start("event-schema drop", move || drop(consumer)));
    }
}

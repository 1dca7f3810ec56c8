//! Sends what could not be handled to where it is kept: the dead letter topic, or a topic for retries.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord, Producer};

use super::client::{self, Code};
use super::config::{ConfigError, KafkaConfig};
use super::driver::{Finished, Place, Returned};
use super::fault::Fault;
use super::policy::Policy;
use super::raw::Raw;
use super::thread;

/// Full headers, the original ones only, a pointer to the original.
pub(super) const FORMS: u32 = 3;

/// As Spring Kafka names them.
const ATTEMPTS: &str = "retry_topic-attempts";
const DUE: &str = "retry_topic-backoff-timestamp";

/// What there is to send.
pub(super) struct Letter<'a> {
    pub(super) raw: &'a Raw,
    pub(super) place: &'a Place,
    pub(super) offset: i64,
    pub(super) attempt: u32,
    pub(super) fault: Fault,
}

pub(super) struct Forward {
    config: ClientConfig,
    /// Made when it is needed first, and anew when it is of no more use.
    producer: Mutex<Option<Arc<Client>>>,
    group: String,
    dead_letter_topic: Option<String>,
    policy: Policy,
    /// The topics for retries, and what they are for.
    origins: HashMap<String, Arc<str>>,
}

/// It is never dropped where somebody waits: it joins its threads.
struct Client(Option<FutureProducer<Log>>);

impl Drop for Client {
    fn drop(&mut self) {
        let producer = self.0.take();
        drop(thread::start("event-schema drop", move || drop(producer)));
    }
}

#[derive(Clone)]
struct Log;

impl ClientContext for Log {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn error(&self, _: KafkaError, reason: &str) {
        tracing::warn!(target: "librdkafka", "{reason}");
    }
}

impl Forward {
    pub(super) fn new(config: &KafkaConfig, topics: &[String], policy: &Policy) -> Result<Self, ConfigError> {
        let group = config.group_id().unwrap_or_default().to_owned();
        let mut config = config.rdkafka_producer()?;
        // A record that the broker took can be too large for a client with the defaults, and with the
        // headers that say what is wrong with it too large for the broker if it is not compressed.
        config.set("message.max.bytes", "1000000000");
        if config.get("compression.codec").is_none_or(|codec| codec == "none") {
            config.set("compression.codec", "lz4");
        }
        // Each is waited for.
        config.set("queue.buffering.max.ms", "0");
        let mut origins = HashMap::new();
        for topic in topics {
            for number in 1..policy.retry.most() {
                origins.insert(retry_topic(topic, &group, number), topic.as_str().into());
            }
        }
        Ok(Self {
            config,
            producer: Mutex::new(None),
            group,
            dead_letter_topic: policy.dead_letter_topic.clone(),
            policy: policy.clone(),
            origins,
        })
    }

    /// The topics for retries.
    pub(super) fn retry_topics(&self) -> impl Iterator<Item = &str> {
        self.origins.keys().map(String::as_str)
    }

    /// The topic that a record was first published to.
    fn origin<'a>(&'a self, place: &'a Place) -> &'a str {
        self.origins.get(&*place.topic).unwrap_or(&place.topic)
    }

    pub(super) fn dead_letter_topic(&self, place: &Place) -> String {
        match &self.dead_letter_topic {
            Some(name) => name.clone(),
            None => format!("{}-{}-dlt", self.origin(place), self.group),
        }
    }

    pub(super) async fn dead_letter(&self, letter: &Letter<'_>, form: u32) -> Finished {
        let topic = self.dead_letter_topic(letter.place);
        let mut headers = if form < 2 { copy(letter.raw.headers().iter()) } else { OwnedHeaders::new() };
        if form != 1 {
            headers = with(headers, "kafka_dlt-original-topic", letter.place.topic.as_bytes());
            headers = with(headers, "kafka_dlt-original-partition", &letter.place.partition.to_be_bytes());
            headers = with(headers, "kafka_dlt-original-offset", &letter.offset.to_be_bytes());
            headers = with(headers, "kafka_dlt-exception-message", letter.fault.to_string().as_bytes());
        }
        let value = if form < 2 { letter.raw.value() } else { None };
        self.send(&topic, letter, value, headers).await
    }

    pub(super) async fn retry(&self, letter: &Letter<'_>, number: u32) -> Finished {
        let topic = retry_topic(self.origin(letter.place), &self.group, number);
        let due = SystemTime::now() + self.policy.retry.delay(number);
        let due = due.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
        let others = letter.raw.headers().iter();
        let headers = copy(others.filter(|(name, _)| *name != ATTEMPTS && *name != DUE));
        let headers = with(headers, ATTEMPTS, &letter.attempt.to_be_bytes());
        let headers = with(headers, DUE, &i64::try_from(due).unwrap_or(i64::MAX).to_be_bytes());
        self.send(&topic, letter, letter.raw.value(), headers).await
    }

    async fn send(&self, topic: &str, letter: &Letter<'_>, value: Option<&[u8]>, headers: OwnedHeaders) -> Finished {
        let mut record: FutureRecord<'_, [u8], [u8]> =
            FutureRecord::to(topic).partition(letter.place.partition).headers(headers);
        record.payload = value;
        record.key = letter.raw.key();
        loop {
            let client = match self.client() {
                Ok(client) => client,
                Err(error) => return self.trouble(letter, topic, &error, true),
            };
            let Some(producer) = &client.0 else { return Finished::NotForwarded { again: true } };
            let partition = record.partition;
            let retried = FutureRecord { partition: None, headers: record.headers.clone(), ..record };
            match producer.send(record, Duration::from_secs(5)).await {
                Ok(_) => return Finished::Done,
                // It has fewer partitions than the topic that the record comes from.
                Err((error, _))
                    if partition.is_some()
                        && error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownPartition) =>
                {
                    record = retried;
                }
                Err((error, _)) => {
                    if producer.client().fatal_error().is_some() {
                        *self.producer.lock().unwrap_or_else(PoisonError::into_inner) = None;
                    }
                    let may_pass = !error.rdkafka_error_code().is_none_or(is_permanent);
                    return self.trouble(letter, topic, &error, may_pass);
                }
            }
        }
    }

    #[expect(clippy::unused_self, reason = "the one place that says it")]
    fn trouble(&self, letter: &Letter<'_>, topic: &str, error: &KafkaError, again: bool) -> Finished {
        let Letter { place, offset, .. } = letter;
        match error.rdkafka_error_code() {
            Some(code) => tracing::warn!("{place}@{offset}: not yet in `{topic}`: {}", Code(code)),
            None => tracing::warn!("{place}@{offset}: not yet in `{topic}`: {error}"),
        }
        Finished::NotForwarded { again }
    }

    fn client(&self) -> Result<Arc<Client>, KafkaError> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = &*producer {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(Client(Some(FutureProducer::from_config_and_context(&self.config, Log)?)));
        *producer = Some(Arc::clone(&client));
        Ok(client)
    }
}

fn retry_topic(topic: &str, group: &str, number: u32) -> String {
    format!("{topic}-{group}-retry-{number}")
}

fn copy<'a>(headers: impl Iterator<Item = (&'a str, Option<&'a [u8]>)>) -> OwnedHeaders {
    headers.fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value }))
}

fn with(headers: OwnedHeaders, key: &str, value: &[u8]) -> OwnedHeaders {
    headers.insert(Header { key, value: Some(value) })
}

/// How often a record from a topic for retries was tried, and when it is to be tried again.
pub(super) fn returned(raw: &Raw) -> Option<Returned> {
    let headers = raw.headers();
    let tried = u32::from_be_bytes(headers.get(ATTEMPTS)?.try_into().ok()?);
    let due = i64::from_be_bytes(headers.get(DUE)?.try_into().ok()?);
    Some(Returned { tried, due: Some(super::millis(due)) })
}

/// Whether the same record will be refused again.
fn is_permanent(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::MessageSizeTooLarge
            | C::MessageBatchTooLarge
            | C::InvalidMessage
            | C::InvalidMessageSize
            | C::InvalidRecord
            | C::InvalidTopic
            | C::UnknownTopic
            | C::UnknownPartition
            | C::UnknownTopicOrPartition
            | C::TopicAuthorizationFailed
            | C::ClusterAuthorizationFailed
            | C::UnsupportedForMessageFormat
            | C::UnsupportedCompressionType
            | C::PolicyViolation
    )
}

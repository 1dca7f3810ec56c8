//! Sends what could not be handled to where it is kept: the dead letter topic, or a topic for retries.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::OnceCell;

use super::config::{ConfigError, KafkaConfig};
use super::core::{Taken, Work};
use super::dead_letter::{DeadLetter, Form, Original};
use super::driver::{Finished, Place, Returned, Shared};
use super::error::ConnectError;
use super::fault::Fault;
use super::policy::{Policy, Retry};
use super::producer::{EventProducer, Record};
use super::raw::Raw;
use super::received::Headers;

/// How many forms of a dead letter there are.
#[expect(clippy::cast_possible_truncation, reason = "there are three")]
pub(super) const FORMS: u32 = Form::ALL.len() as u32;

/// As Spring Kafka names them.
const ATTEMPTS: &str = "retry_topic-attempts";
const DUE: &str = "retry_topic-backoff-timestamp";

/// What there is to send.
struct Letter<'a> {
    raw: &'a Raw,
    place: &'a Place,
    offset: i64,
    attempt: u32,
    fault: Fault,
}

pub(super) struct Forward {
    config: KafkaConfig,
    /// Made when it is needed first.
    producer: OnceCell<EventProducer>,
    group: String,
    dead_letter: DeadLetter,
    retry: Retry,
    /// The topics for retries, and what they are for.
    origins: HashMap<String, Arc<str>>,
}

impl Forward {
    pub(super) fn new(config: &KafkaConfig, topics: &[String], policy: &Policy) -> Result<Self, ConfigError> {
        let group = config.group_id().unwrap_or_default().to_owned();
        // A record that the broker took can be too large for a client with the defaults, and with the headers
        // that say what is wrong with it too large for the broker if it is not compressed. Each is waited
        // for, so that there is nothing to linger for.
        let mut config = config.clone().set("message.max.bytes", "1000000000").set("linger.ms", "0");
        let settings = config.rdkafka_producer()?;
        if settings.get("compression.codec").is_none_or(|codec| codec == "none") {
            config = config.set("compression.type", "lz4");
        }
        let retries = if policy.has_retry_topics() { policy.retry.most() - 1 } else { 0 };
        let retries = topics.iter().flat_map(|topic| (1..=retries).map(move |number| (topic, number)));
        let origins = retries.map(|(topic, number)| (retry_topic(topic, &group, number), topic.as_str().into()));
        Ok(Self {
            origins: origins.collect(),
            config,
            producer: OnceCell::new(),
            group,
            dead_letter: policy.dead_letter.clone(),
            retry: policy.retry.clone(),
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
        self.dead_letter.topic_of(self.origin(place), &self.group)
    }

    /// Does with a record what there is to do but to handle it: sends it to where it is kept. Nothing if it is to
    /// be handled.
    pub(super) async fn forward(&self, shared: &Shared, taken: &Taken<Raw>, place: &Place) -> Option<Finished> {
        let Taken { ticket, work, message: raw } = taken;
        let letter = || {
            let fault = shared.lock().fault(ticket);
            Letter { raw, place, offset: ticket.offset, attempt: ticket.attempt, fault }
        };
        match *work {
            Work::Handle => None,
            Work::Retry(number) => Some(self.retry(&letter(), number).await),
            Work::DeadLetter(form) => Some(self.dead_letter(&letter(), form).await),
        }
    }

    async fn dead_letter(&self, letter: &Letter<'_>, form: u32) -> Finished {
        let Letter { raw, place, offset, fault, .. } = letter;
        let original = Original {
            topic: &place.topic,
            partition: place.partition,
            offset: *offset,
            timestamp: raw.kafka_timestamp(),
            key: raw.key(),
            value: raw.value(),
            headers: raw.headers(),
        };
        let form = Form::ALL[form as usize % Form::ALL.len()];
        // Into the same partition, if it is there, which shows when it is sent.
        let record = self.dead_letter.record(&original, &self.group, &fault.cause(), form, Some(i32::MAX));
        self.send(letter, Record { topic: self.dead_letter_topic(place), ..record }).await
    }

    async fn retry(&self, letter: &Letter<'_>, number: u32) -> Finished {
        let Letter { raw, place, attempt, .. } = letter;
        let due = SystemTime::now() + self.retry.delay(number);
        let due = due.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_millis();
        let mut headers = Headers::default();
        for (name, value) in raw.headers().iter().filter(|(name, _)| *name != ATTEMPTS && *name != DUE) {
            headers.push(name, value);
        }
        headers.push(ATTEMPTS, Some(&attempt.to_be_bytes()));
        headers.push(DUE, Some(&i64::try_from(due).unwrap_or(i64::MAX).to_be_bytes()));
        let record = Record {
            topic: retry_topic(self.origin(place), &self.group, number),
            partition: Some(place.partition),
            key: raw.key().map(<[u8]>::to_vec),
            value: raw.value().map(<[u8]>::to_vec),
            headers,
        };
        self.send(letter, record).await
    }

    async fn send(&self, letter: &Letter<'_>, mut record: Record) -> Finished {
        let Letter { place, offset, .. } = letter;
        let producer = match self.producer.get_or_try_init(|| EventProducer::connect(&self.config)).await {
            Ok(producer) => producer,
            Err(error) => {
                tracing::warn!("{place}@{offset}: not yet in `{}`: {error}", record.topic);
                return Finished::NotForwarded { again: !ConnectError::is_config(&error) };
            }
        };
        let mut sent = producer.send_record(&record).await;
        // It has fewer partitions than the topic that the record comes from.
        if sent.as_ref().is_err_and(|error| error.code() == Some(RDKafkaErrorCode::UnknownPartition)) {
            record.partition = None;
            sent = producer.send_record(&record).await;
        }
        match sent {
            Ok(_) => Finished::Done,
            Err(error) => {
                tracing::warn!("{place}@{offset}: not yet in `{}`: {error}", record.topic);
                Finished::NotForwarded { again: !error.is_permanent() }
            }
        }
    }
}

fn retry_topic(topic: &str, group: &str, number: u32) -> String {
    format!("{topic}-{group}-retry-{number}")
}

/// How often a record from a topic for retries was tried, and when it is to be tried again.
pub(super) fn returned(raw: &Raw) -> Option<Returned> {
    let headers = raw.headers();
    let tried = u32::from_be_bytes(headers.get(ATTEMPTS)?.try_into().ok()?);
    let due = i64::from_be_bytes(headers.get(DUE)?.try_into().ok()?);
    Some(Returned { tried, due: Some(super::millis(due)) })
}

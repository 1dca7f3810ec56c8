//! Sends what could not be handled to where it is kept: the dead letter topic, or a topic for retries.

use std::collections::{BTreeSet, HashMap};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::Mutex;

use super::core::{GiveUp, Outcome, Taken, Ticket, Work};
use super::driver::{Returned, Returning, Shared};
use super::fault::Fault;
use super::policy::Policy;
use super::raw::Raw;
use super::received::Rejection;
use super::retry::Retry;
use super::session;
use crate::kafka::config::{KafkaConfig, TopicNames};
use crate::kafka::error::{ConfigError, ConnectError};
use crate::kafka::letters::{self, DeadLetter, DeadMessage, Form, Original};
use crate::kafka::message::{Headers, Origin, Place, ProducerRecord};
use crate::kafka::produce::EventProducer;

/// The time after which a message that is not acknowledged is told.
pub(super) const LONG: Duration = Duration::from_secs(3);

/// Waits for what a record waits for. If it comes `late`, which says how, the consumer is not ready meanwhile.
pub(super) async fn while_ready<T>(
    shared: &Shared,
    ticket: &Ticket,
    mut sent: Pin<Box<impl Future<Output = T> + ?Sized>>,
    late: impl Future<Output = String>,
) -> T {
    tokio::select! {
        biased;
        sent = &mut sent => return sent,
        told = late => {
            shared.lock().session.delay(ticket);
            tracing::warn!("{told}");
        }
    }
    sent.await
}

/// The outcome of a record.
type Finished = session::Finished<Fault>;

/// How many forms of a dead letter there are.
#[expect(clippy::cast_possible_truncation, reason = "there are four")]
pub(super) const FORMS: u32 = Form::ALL.len() as u32;

/// The consequence of a missing dead letter topic.
const NO_DEAD_LETTER: &str = "without it the first message that cannot be handled stops the consumer";
/// The consequence of a missing retry topic.
const NO_RETRY: &str = "without it failed messages become dead letters without this retry";

/// The consequence of a missing redrive topic.
const NO_REDRIVE: &str = "without it dead letters can be redriven to the original topic only";

/// A record to forward.
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
    producer: Mutex<Option<EventProducer>>,
    group: String,
    dead_letter: DeadLetter,
    names: Arc<TopicNames>,
    retry: Retry,
    /// The subscribed topics.
    topics: Vec<String>,
    /// Whether a pattern is among them.
    has_pattern: bool,
    writes_dead_letters: bool,
    /// Whether the log says that it reads its own dead letters.
    has_told: AtomicBool,
    /// The topics for retries, and those for redriven messages.
    retries: Arc<HashMap<String, RetryOf>>,
}

/// The purpose of a retry topic.
struct RetryOf {
    topic: Arc<str>,
    /// From 1 on; 0 for redriven messages, which have all attempts.
    number: u32,
}

impl RetryOf {
    /// Where a record was first published, if it says so.
    fn origin<'a>(&self, raw: &'a Raw) -> Option<Origin<'a>> {
        Origin::before_retries(raw.headers()).filter(|origin| *origin.topic == *self.topic)
    }
}

impl Forward {
    pub(super) fn new(config: &KafkaConfig, topics: &[String], policy: &Policy) -> Result<Self, ConfigError> {
        let group = config.group_id().unwrap_or_default().to_owned();
        // Each send is awaited, so lingering gains nothing.
        let config = config.for_copies()?.set("linger.ms", "0");
        let retries = if policy.has_retry_topics() { policy.retry.most() - 1 } else { 0 };
        let retries = topics.iter().flat_map(|topic| (1..=retries).map(move |number| (topic, number)));
        let names = config.topic_names();
        let retries = retries.map(|(topic, number)| {
            (retry_topic(&names, topic, &group, number), RetryOf { topic: topic.as_str().into(), number })
        });
        let redrives = topics.iter().filter(|_| policy.redrive_topics).map(|topic| {
            let redrive = names.real(&letters::redrive_topic(topic, &group)).into_owned();
            (redrive, RetryOf { topic: topic.as_str().into(), number: 0 })
        });
        let retries = Arc::new(retries.chain(redrives).collect());
        Ok(Self {
            retries,
            has_pattern: topics.iter().any(|topic| topic.starts_with('^')),
            topics: topics.to_vec(),
            writes_dead_letters: policy.give_ups().contain(GiveUp::DeadLetter),
            has_told: AtomicBool::new(false),
            config,
            producer: Mutex::default(),
            group,
            dead_letter: policy.dead_letter.clone(),
            names,
            retry: policy.retry.clone(),
        })
    }

    /// The topics for retries, and those for redriven messages.
    pub(super) fn retry_topics(&self) -> impl Iterator<Item = &str> {
        self.retries.keys().map(String::as_str)
    }

    /// The topics that records may be forwarded to, each with the consequence if it is missing.
    pub(super) fn needed(&self) -> Vec<(String, &'static str)> {
        let otherwise = |retry: &RetryOf| if retry.number == 0 { NO_REDRIVE } else { NO_RETRY };
        let retries: BTreeSet<_> =
            self.retries.iter().map(|(topic, retry)| (topic.clone(), otherwise(retry))).collect();
        // The topics of a pattern are known only when messages come.
        let topics = self.topics.iter().filter(|topic| !topic.starts_with('^') && self.writes_dead_letters);
        let dead: BTreeSet<_> = topics.map(|topic| self.dead_letters_of(topic)).collect();
        dead.into_iter().map(|topic| (topic, NO_DEAD_LETTER)).chain(retries).collect()
    }

    /// Reads the headers of a record from a retry topic. In other topics anybody may have written them.
    pub(super) fn returning(&self) -> Returning {
        let (retries, longest, group) = (Arc::clone(&self.retries), self.retry.longest(), self.group.clone());
        Box::new(move |topic, raw| {
            let retry = retries.get(topic)?;
            if letters::is_retry_of_another(raw.headers(), &group) {
                return Some(Returned { tried: retry.number, wait: Duration::ZERO, origin: None });
            }
            let origin = retry
                .origin(raw)
                .map(|Origin { partition, offset, .. }| (Place { topic: Arc::clone(&retry.topic), partition }, offset));
            Some(Returned { tried: retry.number, wait: wait(raw.headers(), SystemTime::now(), longest), origin })
        })
    }

    /// The topic that a record was first published to.
    fn topic<'a>(&'a self, place: &'a Place) -> &'a str {
        self.retries.get(&*place.topic).map_or(&*place.topic, |retry| &retry.topic)
    }

    /// Where a record was first published.
    fn origin<'a>(&'a self, letter: &Letter<'a>) -> Origin<'a> {
        let Letter { raw, place, offset, .. } = *letter;
        let here = Origin { topic: &place.topic, partition: place.partition, offset, timestamp: raw.kafka_timestamp() };
        match self.retries.get(&*place.topic) {
            Some(retry) => retry.origin(raw).unwrap_or(here),
            None => here,
        }
    }

    /// The fault of a record that is no valid event.
    pub(super) fn rejected(&self, rejection: Rejection) -> Fault {
        let schema = rejection.unexpected_schema_id();
        let (_, mut error) = rejection.into_parts();
        if self.dead_letter.redacts() {
            error.redact();
        }
        Fault::Load(Arc::new(error), schema)
    }

    pub(super) fn dead_letter_topic(&self, place: &Place) -> String {
        self.dead_letters_of(self.topic(place))
    }

    /// The dead letter topic of a topic, both by their names at the brokers.
    fn dead_letters_of(&self, topic: &str) -> String {
        self.names.real(&self.dead_letter.topic_of(topic, &self.group)).into_owned()
    }

    /// The topic of its own dead letters, if the consumer is subscribed to it.
    pub(super) fn reads_its_own(&self) -> Option<String> {
        let mut own = self.topics.iter().map(|topic| self.dead_letters_of(topic));
        own.find(|dead| self.writes_dead_letters && self.topics.contains(dead))
    }

    /// The outcome of a record that is not handled: a retry or a redriven dead letter of another group, or a dead letter of
    /// its own.
    pub(super) fn passes_over(&self, raw: &Raw, place: &Place) -> Option<Outcome> {
        let is_for_another = letters::is_for_another(raw.headers(), &place.topic, &self.group)
            || self.retries.contains_key(&*place.topic) && letters::is_retry_of_another(raw.headers(), &self.group);
        if is_for_another {
            return Some(Outcome::Ignored);
        }
        self.is_its_own(raw, place).then_some(Outcome::Done)
    }

    /// Whether a record is a dead letter in the topic that this consumer would send it to, which its pattern matches as
    /// well. It stays there and is not handled: a failed one would come again and again.
    fn is_its_own(&self, raw: &Raw, place: &Place) -> bool {
        let is_its_own = self.writes_dead_letters
            && self.has_pattern
            && DeadMessage::read(raw.headers()).is_some_and(|dead| self.dead_letters_of(dead.topic()) == *place.topic);
        if is_its_own && !self.has_told.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "`{}` holds dead letters of this consumer, which are skipped: subscribe to fewer topics",
                place.topic
            );
        }
        is_its_own
    }

    /// Forwards a record to the topic where it is kept. Returns nothing if the record is to be handled.
    pub(super) async fn forward(&self, shared: &Shared, taken: &Taken<Raw>, place: &Place) -> Option<Finished> {
        let Taken { ticket, work, message: raw } = taken;
        if *work == Work::Handle {
            return self.passes_over(raw, place).map(Finished::Unhandled);
        }
        let Some(fault) = shared.lock().session.cause(ticket) else {
            // Its partition has another owner, who finds the cause anew.
            return Some(Finished::NotYet);
        };
        let letter = Letter { raw, place, offset: ticket.offset, attempt: ticket.attempt, fault };
        // Boxed, so that those that are handled do not carry it along: it is large.
        match *work {
            Work::Retry(number) => {
                let topic = retry_topic(&self.names, self.topic(place), &self.group, number);
                let sent = Box::pin(self.retry(&letter, number));
                Some(self.forwarded(shared, ticket, place, &topic, sent).await)
            }
            Work::DeadLetter(form) => {
                let topic = self.dead_letter_topic(place);
                let sent = Box::pin(self.dead_letter(&letter, form));
                Some(self.forwarded(shared, ticket, place, &topic, sent).await)
            }
            Work::Handle => None,
        }
    }

    /// Waits for a record that is being sent. While its topic is missing, or the acknowledgement takes long, the
    /// consumer is not ready.
    async fn forwarded(
        &self,
        shared: &Shared,
        ticket: &Ticket,
        place: &Place,
        topic: &str,
        sent: Pin<Box<impl Future<Output = Finished>>>,
    ) -> Finished {
        /// Most are taken before the first. Brokers that create the topic just now have it by the second.
        const LOOKS: [Duration; 2] = [Duration::from_millis(100), Duration::from_secs(1)];
        let is_missing = async {
            for pause in LOOKS {
                tokio::time::sleep(pause).await;
                self.is_missing(topic).await;
            }
        };
        let offset = ticket.offset;
        let late = async {
            tokio::select! {
                biased;
                () = is_missing => format!("{place}@{offset}: not acknowledged yet: there is no topic `{topic}`"),
                () = tokio::time::sleep(LONG) => format!(
                    "{place}@{offset}: not acknowledged yet: check that the brokers of topic `{topic}` are reachable"
                ),
            }
        };
        while_ready(shared, ticket, sent, late).await
    }

    /// Ready when the brokers say that there is no such topic, and never if they do not. librdkafka waits for it for half a
    /// minute, without a word.
    async fn is_missing(&self, topic: &str) {
        let is_missing = match self.producer().await {
            Ok(producer) => producer.is_missing(topic).await,
            // The send reports this error.
            Err(_) => false,
        };
        if !is_missing {
            std::future::pending::<()>().await;
        }
    }

    /// Closes the producer.
    pub(super) async fn close(&self) {
        /// The caller has waited for the group before.
        const CLOSE: Duration = Duration::from_secs(1);
        // The only one that is left: its client is gone when it is closed.
        if let Some(producer) = self.producer.lock().await.take() {
            producer.accept_loss();
            let _ = producer.close(CLOSE).await;
        }
    }

    async fn producer(&self) -> Result<EventProducer, ConnectError> {
        let mut producer = self.producer.lock().await;
        if let Some(producer) = &*producer {
            return Ok(producer.clone());
        }
        let made = EventProducer::connect(&self.config).await?;
        *producer = Some(made.clone());
        Ok(made)
    }

    async fn dead_letter(&self, letter: &Letter<'_>, form: u32) -> Finished {
        let Letter { raw, place, fault, .. } = letter;
        let own;
        let headers = if self.retries.contains_key(&*place.topic) {
            own = letters::without_retries(raw.headers());
            &own
        } else {
            raw.headers()
        };
        let original = Original { origin: self.origin(letter), key: raw.key(), value: raw.value(), headers };
        let form = Form::ALL[form as usize % Form::ALL.len()];
        // Into the same partition, if it is there, which shows when it is sent.
        let record = self.dead_letter.record(&original, &self.group, &fault.cause(), form);
        let topic = self.dead_letter_topic(place);
        self.send(letter, ProducerRecord { topic, ..record }).await
    }

    async fn retry(&self, letter: &Letter<'_>, number: u32) -> Finished {
        let Letter { raw, place, attempt, .. } = letter;
        let delay = letter.fault.delay().unwrap_or_else(|| self.retry.delay(number));
        let delay = delay.as_millis().try_into().unwrap_or(i64::MAX);
        let due = since_1970(SystemTime::now()).saturating_add(delay);
        let headers = raw.headers();
        let record = ProducerRecord {
            topic: retry_topic(&self.names, self.topic(place), &self.group, number),
            partition: Some(place.partition),
            key: raw.key().map(<[u8]>::to_vec),
            value: raw.value().map(<[u8]>::to_vec),
            timestamp: None,
            headers: letters::headers_for_retry(
                headers,
                &self.origin(letter),
                &self.group,
                attempt.saturating_add(1),
                due,
            ),
        };
        self.send(letter, record).await
    }

    async fn send(&self, letter: &Letter<'_>, mut record: ProducerRecord) -> Finished {
        let Letter { place, offset, .. } = letter;
        let producer = match self.producer().await {
            Ok(producer) => producer,
            Err(error) => {
                let why = format!("not sent to `{}`: {error}", record.topic);
                tracing::warn!("{place}@{offset}: {why}");
                if error.is_config() {
                    return Finished::Refused { why, is_too_large: false };
                }
                return Finished::NotYet;
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
                tracing::warn!("{place}@{offset}: {error}");
                // One that may be stored is sent again: it has not been refused.
                if error.is_permanent() && error.is_not_sent() {
                    Finished::Refused { why: error.to_string(), is_too_large: error.is_too_large() }
                } else {
                    Finished::NotYet
                }
            }
        }
    }
}

/// A consumer may be dropped, or closed at its deadline, while a record is being forwarded. That is no loss: the offset
/// has not moved, and the record is received again.
impl Drop for Forward {
    fn drop(&mut self) {
        if let Some(producer) = self.producer.get_mut() {
            producer.accept_loss();
        }
    }
}

fn retry_topic(names: &TopicNames, topic: &str, group: &str, number: u32) -> String {
    names.real(&letters::retry_topic(topic, group, number)).into_owned()
}

/// How long a record from a topic for retries is to wait: no longer than we would have let it.
fn wait(headers: &Headers, now: SystemTime, longest: Duration) -> Duration {
    let left = letters::due(headers).map_or(0, |due| due.saturating_sub(since_1970(now)));
    Duration::from_millis(left.try_into().unwrap_or(0)).min(longest)
}

/// In milliseconds.
fn since_1970(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_millis().try_into().unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;

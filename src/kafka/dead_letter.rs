//! Messages that could not be handled, as they stand in a dead letter topic: what is written there, in
//! which form, and how it is read. Pure functions; who sends it is elsewhere.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rdkafka::message::Timestamp;
use serde_json::{Value, json};

use super::producer::Record;
use super::received::Headers;
use super::time;
use crate::{LoadError, Violations, report};

// The names are Spring Kafka's, from its `KafkaHeaders`. So are the values: numbers are big-endian.
const EXCEPTION: &str = "kafka_dlt-exception-fqcn";
const MESSAGE: &str = "kafka_dlt-exception-message";
const STACKTRACE: &str = "kafka_dlt-exception-stacktrace";
const CAUSE: &str = "kafka_dlt-exception-cause-fqcn";
const TOPIC: &str = "kafka_dlt-original-topic";
const PARTITION: &str = "kafka_dlt-original-partition";
const OFFSET: &str = "kafka_dlt-original-offset";
const TIMESTAMP: &str = "kafka_dlt-original-timestamp";
const TIMESTAMP_TYPE: &str = "kafka_dlt-original-timestamp-type";
const GROUP: &str = "kafka_dlt-original-consumer-group";
const EXCEPTIONS: [&str; 4] = [EXCEPTION, CAUSE, MESSAGE, STACKTRACE];
const ORIGINALS: [&str; 6] = [TOPIC, PARTITION, OFFSET, TIMESTAMP, TIMESTAMP_TYPE, GROUP];

/// What they are called where the retries are `@RetryableTopic`'s, in the same order.
const RETRYABLE_EXCEPTIONS: [&str; 4] =
    ["kafka_exception-fqcn", "kafka_exception-cause-fqcn", "kafka_exception-message", "kafka_exception-stacktrace"];

/// Where a message in a topic for retries was first, in the order of [`ORIGINALS`].
const FIRSTS: [&str; 6] = [
    "kafka_original-topic",
    "kafka_original-partition",
    "kafka_original-offset",
    "kafka_original-timestamp",
    "kafka_original-timestamp-type",
    "kafka_original-consumer-group",
];
/// How often it was handled, this time included, and when it is to be. Both are of the retries alone.
const ATTEMPTS: &str = "retry_topic-attempts";
const DUE: &str = "retry_topic-backoff-timestamp";

/// Ours: everything that is wrong with the value, as JSON.
const VIOLATIONS: &str = "event-schema-violations";
/// Ours: the value is not the message's but says where that is.
const POINTER: &str = "event-schema-pointer";

/// What the texts of an exception may take, each.
const MAX_TEXT: usize = 4 * 1024;
/// What the violations may take.
const MAX_VIOLATIONS: usize = 8 * 1024;
/// What a key may take where room is short.
const MAX_KEY: usize = 1024;
/// What a header that came with the message may take there.
const MAX_FOREIGN: usize = 256;
/// What Kafka allows.
const MAX_TOPIC: usize = 249;

/// How dead letters are written: messages that could not be handled, in a topic beside their own.
///
/// ```
/// use event_schema::kafka::DeadLetter;
///
/// assert_eq!(DeadLetter::new().topic_of("orders", "billing"), "orders-billing-dlt");
///
/// let all_in_one = DeadLetter::new().topic("dead-letters").redact();
/// assert_eq!(all_in_one.topic_of("orders", "billing"), "dead-letters");
/// ```
///
/// # What a dead letter is
///
/// The message as it was: the same value, byte by byte, key, headers, and the same partition if the
/// topic has it. Beside its own it has the headers that [Spring Kafka] writes, so that its tools
/// read it (and [`read`](Self::read) reads Spring's):
///
/// | header | value |
/// |---|---|
/// | `kafka_dlt-original-topic`, `-partition`, `-offset` | where the message is; numbers as big-endian bytes |
/// | `kafka_dlt-original-timestamp`, `-timestamp-type` | its time, as Kafka has it |
/// | `kafka_dlt-original-consumer-group` | who could not handle it |
/// | `kafka_dlt-exception-fqcn`, `-message`, `-stacktrace` | why: a kind of error, its text, its chain of causes |
/// | `event-schema-violations` | of a value that breaks rules: `{"violations": [...], "omitted": 0}`, with pointer, code, message and parameters of each |
///
/// Our own texts quote no value, but unknown fields and keys of maps by name. What a handler says, as an error or in a
/// panic, and what a rule says in words of its own, stands there as it is, beside the value, unless it is to
/// [`redact`](Self::redact).
///
/// Where a message has been dead before, `original` headers are there twice, of the first time and the last;
/// `exception` headers are of the last.
///
/// A message that comes from a [topic for retries](super::Retry::topics) is described as it was in its first
/// topic. The headers that say how often and when it is tried, `retry_topic-attempts` and
/// `retry_topic-backoff-timestamp`, are left away. (Spring leaves them in, and whoever sends such a dead
/// letter back to its topic finds it tried too often already: here it begins anew.)
///
/// # When it is too large
///
/// A message at the broker's limit has no room for more headers. Then the texts and the message's own
/// headers are left away, but for CloudEvents' `ce_id`, `ce_type` and `content-type`. Where even that
/// is refused, a pointer takes the message's place: JSON with `topic`, `partition`, `offset` and `size`,
/// and the header `event-schema-pointer`.
///
/// [Spring Kafka]: https://docs.spring.io/spring-kafka/reference/kafka/annotation-error-handling.html#dead-letters
#[derive(Clone)]
pub struct DeadLetter {
    topic: Option<Naming>,
    redact: bool,
}

type Naming = Arc<dyn Fn(&str, &str) -> String + Send + Sync>;

impl DeadLetter {
    /// Dead letters as they are by default: with their original bytes, in `<topic>-<group>-dlt`. For this and the
    /// following see the example of [`DeadLetter`].
    ///
    /// The topic `orders-eu` of the group `billing` and the topic `orders` of the group `eu-billing` share theirs, which
    /// [`read`](Self::read) tells apart; [`named`](Self::named) gives each its own.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "`kafka::DeadLetter::new()` says it best")]
    pub fn new() -> Self {
        Self { topic: None, redact: false }
    }

    /// All of them in one topic.
    ///
    /// A consumer whose pattern stands for its own dead letter topic, too, passes over what is a dead letter there. One
    /// that is subscribed to it by name does not run.
    #[must_use]
    pub fn topic(self, topic: impl Into<String>) -> Self {
        let topic = topic.into();
        self.named(move |_, _| topic.clone())
    }

    /// In topics that are called otherwise, by the message's topic and the group.
    ///
    /// ```
    /// use event_schema::kafka::DeadLetter;
    ///
    /// // As Spring Kafka calls them.
    /// let dead_letter = DeadLetter::new().named(|topic, _group| format!("{topic}-dlt"));
    /// assert_eq!(dead_letter.topic_of("orders", "billing"), "orders-dlt");
    /// ```
    #[must_use]
    pub fn named(self, name: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> Self {
        Self { topic: Some(Arc::new(name)), ..self }
    }

    /// Without the message's value, which may hold personal data: a pointer to the message stands in
    /// its place. Nor is there what a handler said of it, as an error or in a panic, which may quote it: only the
    /// kind of error. Key and headers stay.
    ///
    /// Of what is wrong with the value the places are told, and the codes, but no name that the value alone has: an
    /// unknown field and a map's key are `***`, there and in the log, and a rule with words of its own says
    /// "Invalid value.". What a handler says stands in the log all the same.
    #[must_use]
    pub fn redact(self) -> Self {
        Self { redact: true, ..self }
    }

    pub(super) fn redacts(&self) -> bool {
        self.redact
    }

    /// The topic for the dead letters of a group. Characters that no topic may have, as a group's name can
    /// have them, become `_`; what is longer than the 249 characters that a topic may have is cut.
    ///
    /// ```
    /// use event_schema::kafka::DeadLetter;
    ///
    /// assert_eq!(DeadLetter::new().topic_of("orders", "my group"), "orders-my_group-dlt");
    /// ```
    #[must_use]
    pub fn topic_of(&self, topic: &str, group: &str) -> String {
        match &self.topic {
            Some(name) => legal(&name(topic, group), ""),
            None => legal(&format!("{topic}-{group}"), "-dlt"),
        }
    }

    /// What a dead letter says of the message that it was; none of a message that is no dead letter.
    ///
    /// Of Spring's both kinds are read: those of a `DeadLetterPublishingRecoverer`, and those of a
    /// `@RetryableTopic`, whose headers begin with `kafka_original-` and `kafka_exception-`. Its messages on their way
    /// to another attempt have these headers too.
    ///
    /// ```
    /// use event_schema::kafka::{DeadLetter, Headers};
    ///
    /// // As Spring Kafka writes them.
    /// let headers: Headers = [
    ///     ("kafka_dlt-original-topic", Some(&b"orders"[..])),
    ///     ("kafka_dlt-original-partition", Some(&2_i32.to_be_bytes())),
    ///     ("kafka_dlt-original-offset", Some(&7_i64.to_be_bytes())),
    ///     ("kafka_dlt-exception-fqcn", Some(b"com.example.Broken")),
    /// ]
    /// .into_iter()
    /// .collect();
    ///
    /// let dead = DeadLetter::read(&headers).unwrap();
    /// assert_eq!((dead.topic(), dead.partition(), dead.offset()), ("orders", 2, 7));
    /// assert_eq!(dead.exception(), Some("com.example.Broken"));
    /// assert!(DeadLetter::read(&Headers::default()).is_none());
    /// ```
    ///
    /// What was mended meanwhile is sent back by a run on the dead letter topic, whose handler sends the event with
    /// the envelope that it had: its id tells who has handled it already.
    ///
    /// ```
    /// use event_schema::kafka::{DeadLetter, Delivery, EventProducer, Failure};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # struct Order { id: u64 }
    ///
    /// async fn send_back(producer: &EventProducer, order: Delivery<Order>) -> Result<(), Failure> {
    ///     let Some(dead) = DeadLetter::read(order.headers()) else { return Ok(()) };
    ///     producer.message(order.event()).topic(dead.topic()).envelope(order.envelope()).send().await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn read(headers: &Headers) -> Option<DeadMessage> {
        DeadMessage::read(headers)
    }

    /// The dead letter of a message, in one of its forms, for the same partition.
    pub(super) fn record(&self, original: &Original<'_>, group: &str, cause: &Cause<'_>, form: Form) -> Record {
        let mut headers = Headers::default();
        let is_pointer = form == Form::Pointer || self.redact && original.value.is_some();
        if form == Form::Full {
            for (name, value) in original.headers.iter() {
                let is_ours = matches!(name, VIOLATIONS | POINTER | ATTEMPTS | DUE) || EXCEPTIONS.contains(&name);
                if !is_ours && !ORIGINALS.contains(&name) {
                    headers.push(name, value);
                }
            }
        } else {
            for name in ["ce_id", "ce_type", "content-type"] {
                if let Some(value) = original.headers.get(name).filter(|value| value.len() <= MAX_FOREIGN) {
                    headers.push(name, Some(value));
                }
            }
        }
        let has_texts = form == Form::Full && !(self.redact && cause.is_foreign);
        original.describe(&mut headers, group, cause, form, has_texts);
        if is_pointer {
            headers.push(POINTER, Some(b"true"));
        }
        let key = original.key.filter(|key| form != Form::Pointer || key.len() <= MAX_KEY);
        Record {
            topic: self.topic_of(original.origin.topic, group),
            partition: Some(original.origin.partition),
            key: key.map(<[u8]>::to_vec),
            value: if is_pointer { Some(original.pointer()) } else { original.value.map(<[u8]>::to_vec) },
            headers,
        }
    }
}

/// Without the function.
impl fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeadLetter").field("redact", &self.redact).finish_non_exhaustive()
    }
}

/// The name of a topic: legal, and not too long with this at its end.
pub(super) fn legal(name: &str, end: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_') { c } else { '_' };
    name.chars().map(legal).take(MAX_TOPIC.saturating_sub(end.len())).chain(end.chars()).collect()
}

/// Whether a topic may have this name.
pub(super) fn is_legal(name: &str) -> bool {
    !matches!(name, "" | "." | "..") && legal(name, "") == name
}

/// Where a message was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Origin<'a> {
    pub(super) topic: &'a str,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) timestamp: Timestamp,
}

/// `topic/partition@offset`.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition, self.offset)
    }
}

impl<'a> Origin<'a> {
    /// Of a message that was moved: where it was before all that.
    pub(super) fn read(headers: &'a Headers) -> Option<Self> {
        Self::named(ORIGINALS, |name| headers.first(name)).or_else(|| Self::before_retries(headers))
    }

    /// Of a message in a topic for retries.
    pub(super) fn before_retries(headers: &'a Headers) -> Option<Self> {
        Self::named(FIRSTS, |name| headers.get(name))
    }

    fn named(names: [&str; 6], header: impl Fn(&str) -> Option<&'a [u8]>) -> Option<Self> {
        let [topic, partition, offset, timestamp, timestamp_type, _] = names.map(header);
        let timestamp = long(timestamp).filter(|time| *time >= 0);
        Some(Self {
            topic: str::from_utf8(topic?).ok()?,
            partition: i32::from_be_bytes(partition?.try_into().ok()?),
            offset: long(offset)?,
            timestamp: match timestamp {
                Some(time) if timestamp_type == Some(b"LogAppendTime") => Timestamp::LogAppendTime(time),
                Some(time) => Timestamp::CreateTime(time),
                None => Timestamp::NotAvailable,
            },
        })
    }

    pub(super) fn time(&self) -> Option<SystemTime> {
        self.timestamp.to_millis().and_then(time)
    }

    /// The values of the headers that say so, in the order of [`ORIGINALS`].
    fn with_values<T>(&self, group: &str, then: impl FnOnce([&[u8]; 6]) -> T) -> T {
        let (timestamp, timestamp_type) = match self.timestamp {
            Timestamp::NotAvailable => (-1, "NoTimestampType"),
            Timestamp::CreateTime(time) => (time, "CreateTime"),
            Timestamp::LogAppendTime(time) => (time, "LogAppendTime"),
        };
        then([
            self.topic.as_bytes(),
            &self.partition.to_be_bytes(),
            &self.offset.to_be_bytes(),
            &timestamp.to_be_bytes(),
            timestamp_type.as_bytes(),
            group.as_bytes(),
        ])
    }
}

/// The headers of a message on its way to a topic for retries. `attempt` is the one it waits for, `due` in
/// milliseconds since 1970.
pub(super) fn headers_for_retry(own: &Headers, origin: &Origin<'_>, group: &str, attempt: u32, due: i64) -> Headers {
    let mut headers = without_retries(own);
    origin.with_values(group, |values| {
        for (name, value) in FIRSTS.into_iter().zip(values) {
            headers.push(name, Some(value));
        }
    });
    headers.push(ATTEMPTS, Some(&attempt.to_be_bytes()));
    headers.push(DUE, Some(&due.to_be_bytes()));
    headers
}

/// The headers of a message as they were before it was tried again.
pub(super) fn without_retries(headers: &Headers) -> Headers {
    headers.iter().filter(|(name, _)| !FIRSTS.contains(name) && !matches!(*name, ATTEMPTS | DUE)).collect()
}

/// When a message in a topic for retries is to be handled, in milliseconds since 1970.
pub(super) fn due(headers: &Headers) -> Option<i64> {
    long(headers.get(DUE))
}

/// A message that could not be handled.
#[derive(Clone, Copy)]
pub(super) struct Original<'a> {
    pub(super) origin: Origin<'a>,
    pub(super) key: Option<&'a [u8]>,
    pub(super) value: Option<&'a [u8]>,
    pub(super) headers: &'a Headers,
}

impl Original<'_> {
    /// The headers that make a message a dead letter, in Spring's order.
    fn describe(&self, headers: &mut Headers, group: &str, cause: &Cause<'_>, form: Form, has_texts: bool) {
        headers.push(EXCEPTION, Some(cause.class.as_bytes()));
        if has_texts {
            headers.push(MESSAGE, Some(bounded(&cause.message).as_bytes()));
            headers.push(STACKTRACE, Some(bounded(&cause.trace).as_bytes()));
        }
        self.origin.with_values(group, |values| {
            for (name, value) in ORIGINALS.into_iter().zip(values) {
                if form == Form::Full || matches!(name, TOPIC | PARTITION | OFFSET | GROUP) {
                    // Spring adds one each time; of many the first and the last tell it all.
                    if let Some(first) = self.headers.first(name)
                        && (form == Form::Full || first.len() <= MAX_FOREIGN)
                    {
                        headers.push(name, Some(first));
                    }
                    headers.push(name, Some(value));
                }
            }
        });
        if form == Form::Full
            && let Some(violations) = cause.violations
        {
            headers.push(VIOLATIONS, Some(&to_json(violations)));
        }
    }

    fn pointer(&self) -> Vec<u8> {
        let size = self.value.map(<[u8]>::len);
        let Origin { topic, partition, offset, .. } = self.origin;
        let pointer = json!({"topic": topic, "partition": partition, "offset": offset, "size": size});
        pointer.to_string().into_bytes()
    }
}

/// How much of the message a dead letter has: when one form is too large, the next is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// All of it, and all that is known.
    Full,
    /// Its value and key, and where it is.
    Minimal,
    /// Where it is.
    Pointer,
}

impl Form {
    pub(super) const ALL: [Self; 3] = [Self::Full, Self::Minimal, Self::Pointer];
}

/// Why a message could not be handled. Spring's headers ask for a class and a stack trace: the class is
/// a name that says of what kind the error is, and the trace its causes.
pub(super) struct Cause<'a> {
    class: &'a str,
    message: String,
    trace: String,
    /// Whether message and trace are somebody else's, so that nobody knows what they quote.
    is_foreign: bool,
    violations: Option<&'a Violations>,
}

impl<'a> Cause<'a> {
    /// It cannot be loaded.
    pub(super) fn rejected(error: &'a LoadError) -> Self {
        let message = match error.violations() {
            // They have a header of their own.
            Some(violations) => report::violations(violations.len() + violations.omitted()),
            None => error.to_string(),
        };
        let (class, trace) = ("event_schema::LoadError", error.to_string());
        Self { class, message, trace, is_foreign: false, violations: error.violations() }
    }

    /// The handler failed with an error of this type, or said so in this manner.
    pub(super) fn failed(class: &'a str, error: &(dyn Error + 'static)) -> Self {
        let mut trace = format!("{class}: {error}");
        let mut source = error.source();
        while let Some(error) = source.filter(|_| trace.len() < MAX_TEXT) {
            trace = format!("{trace}\nCaused by: {error}");
            source = error.source();
        }
        Self { class, message: error.to_string(), trace, is_foreign: true, violations: None }
    }

    /// The handler panicked.
    pub(super) fn panicked(message: &str) -> Self {
        Self { is_foreign: true, ..Self::of("panic", message.to_owned()) }
    }

    /// The handler took longer than it may.
    pub(super) fn timed_out(limit: Duration) -> Self {
        Self::of("timeout", format!("the handler took longer than {limit:?}"))
    }

    fn of(class: &'static str, message: String) -> Self {
        Self { class, trace: format!("{class}: {message}"), message, is_foreign: false, violations: None }
    }
}

/// A text, cut between characters to what a header may take.
fn bounded(text: &str) -> &str {
    let end = (0..=text.len().min(MAX_TEXT)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// As many violations as there is room for, none of which quotes a value, and how many more there are.
fn to_json(violations: &Violations) -> Vec<u8> {
    let mut room = MAX_VIOLATIONS;
    let mut kept = Vec::new();
    for violation in violations {
        let Ok(value) = serde_json::to_value(violation) else { break };
        match room.checked_sub(value.to_string().len() + 1) {
            Some(rest) => room = rest,
            None => break,
        }
        kept.push(value);
    }
    let omitted = violations.len() + violations.omitted() - kept.len();
    json!({"violations": kept, "omitted": omitted}).to_string().into_bytes()
}

/// What a dead letter says of the message that it was, see [`DeadLetter::read`]: where it could not be
/// handled last, by whom and why.
///
/// ```
/// use event_schema::kafka::{DeadLetter, EmbeddedKafka, EventConsumer, Received};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders")]
/// struct Order { quantity: u32 }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("orders", 1)?;
/// kafka.create_topic("orders-billing-dlt", 1)?;
/// kafka.publish_bytes("orders", None, Some(br#"{"quantity": "many"}"#), &[]).await;
/// let consumer = EventConsumer::<Order>::subscribe(&kafka.config().group("billing")).await?;
/// let billing = consumer.handle();
/// let running = tokio::spawn(consumer.run(async |_| {}));
///
/// let letters: Vec<Received<Order>> = kafka.received("orders-billing-dlt", 1).await;
/// let dead = DeadLetter::read(letters[0].headers()).unwrap();
/// assert_eq!((dead.topic(), dead.partition(), dead.offset()), ("orders", 0, 0));
/// assert!(dead.timestamp().is_some());
/// assert_eq!(dead.group(), Some("billing"));
/// assert_eq!(dead.exception(), Some("event_schema::LoadError"));
/// assert_eq!(dead.message(), Some("1 violation"));
/// assert_eq!(dead.stacktrace(), Some("1 violation\nquantity: Not a valid integer."));
/// assert_eq!(dead.violations().unwrap()["violations"][0]["pointer"], "/quantity");
/// assert!(!dead.is_pointer());
/// assert_eq!(letters[0].rejection().unwrap().bytes(), br#"{"quantity": "many"}"#);
/// # billing.close(Duration::from_secs(5)).await?;
/// # running.await??;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DeadMessage {
    topic: String,
    partition: i32,
    offset: i64,
    timestamp: Option<SystemTime>,
    group: Option<String>,
    exception: Option<String>,
    message: Option<String>,
    stacktrace: Option<String>,
    violations: Option<Value>,
    is_pointer: bool,
}

impl DeadMessage {
    pub(super) fn read(headers: &Headers) -> Option<Self> {
        let text = |name| Some(String::from_utf8_lossy(headers.get(name)?).into_owned());
        let (originals, exceptions) = if headers.get(TOPIC).is_some() {
            (ORIGINALS, EXCEPTIONS)
        } else {
            headers.get(RETRYABLE_EXCEPTIONS[0])?;
            (FIRSTS, RETRYABLE_EXCEPTIONS)
        };
        let origin = Origin::named(originals, |name| headers.get(name))?;
        let [exception, cause, message, stacktrace] = exceptions;
        Some(Self {
            topic: origin.topic.to_owned(),
            partition: origin.partition,
            offset: origin.offset,
            timestamp: origin.time(),
            // Called so by both.
            group: text(GROUP),
            // Spring puts what handlers throw in a wrapping, and says of what kind it is beside that.
            exception: text(cause).or_else(|| text(exception)),
            message: text(message),
            stacktrace: text(stacktrace),
            violations: headers.get(VIOLATIONS).and_then(|json| serde_json::from_slice(json).ok()),
            is_pointer: headers.get(POINTER).is_some(),
        })
    }

    /// The topic of the message. For this and the following see the example of [`DeadMessage`].
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Its partition there.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// Its offset there.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// When it was sent or, where the topic said so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }

    /// The consumer group that could not handle it.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The kind of error: of Spring's the class of the exception, or of its cause if there is one.
    #[must_use]
    pub fn exception(&self) -> Option<&str> {
        self.exception.as_deref()
    }

    /// The error's text.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The error's causes; of Spring's the stack trace.
    #[must_use]
    pub fn stacktrace(&self) -> Option<&str> {
        self.stacktrace.as_deref()
    }

    /// What is wrong with a value that breaks rules: `{"violations": [...], "omitted": 0}`.
    #[must_use]
    pub fn violations(&self) -> Option<&Value> {
        self.violations.as_ref()
    }

    /// Whether the value is not the message's, but says where that is.
    #[must_use]
    pub fn is_pointer(&self) -> bool {
        self.is_pointer
    }
}

fn long(value: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(value?.try_into().ok()?))
}

#[cfg(test)]
mod tests;

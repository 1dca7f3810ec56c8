//! Dead letters: the contents and the forms of messages that could not be handled. Pure functions; `consume::forward`
//! sends them.

use std::fmt;
use std::sync::Arc;

use serde_json::json;

use super::cause::{Cause, MAX_TEXT};
use super::dead_message::DeadMessage;
use super::headers::{EXCEPTION, EXCEPTIONS, MESSAGE, OMITTED, POINTER, REDRIVES, STACKTRACE, VIOLATIONS};
use super::names::legal;
use super::retry::{ATTEMPTS, DUE};
use crate::Violations;
use crate::format::framing::{KEY_SCHEMA_ID, VALUE_SCHEMA_ID};
use crate::kafka::message::{Headers, ORIGINALS, Origin, ProducerRecord};

/// The maximum size of the violations.
const MAX_VIOLATIONS: usize = 8 * 1024;

/// The maximum size of a key where space is short.
pub(crate) const MAX_KEY: usize = 1024;

/// The maximum size of a header of the original message there.
const MAX_FOREIGN: usize = 256;

/// The headers of the original message that are kept there: without them it is not the same event, or cannot be loaded.
const ESSENTIAL: [&str; 9] = [
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_specversion",
    "content-type",
    "traceparent",
    VALUE_SCHEMA_ID,
    KEY_SCHEMA_ID,
    REDRIVES,
];

/// The settings of dead letters: messages that could not be handled, kept in a topic of their own. A setting of
/// [`Runner::dead_letter`](crate::kafka::Runner::dead_letter).
///
/// The dead letter topic is `<topic>-<group>-dlt` by default. It must exist where brokers do not create topics
/// themselves ([`Topics`](crate::kafka::Topics) creates it), and the user must have the right to write to it. Otherwise
/// the first dead letter [ends the run](crate::kafka::RunError::is_dead_letter_refused), and its message is not
/// committed. If the brokers cannot be reached, the dead letter is sent again until they acknowledge it.
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
/// To look at dead letters, and to send them again after the fault is mended, use the program `event-schema` with its
/// commands `dlq list`, `dlq show` and `dlq redrive`, or [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
///
/// # Format
///
/// A dead letter has the original value, byte for byte, the original key and headers, and the same partition number if
/// the dead letter topic has that many partitions. It also has the headers that [Spring Kafka] writes, so that
/// Spring's tools can read it (and [`read`](Self::read) reads Spring's dead letters):
///
/// | header | value |
/// |---|---|
/// | `kafka_dlt-original-topic`, `kafka_dlt-original-partition`, `kafka_dlt-original-offset` | the place of the original message; numbers as big-endian bytes |
/// | `kafka_dlt-original-timestamp`, `kafka_dlt-original-timestamp-type` | the time of the original message, as Kafka stores it |
/// | `kafka_dlt-original-consumer-group` | the consumer group that could not handle the message |
/// | `kafka_dlt-exception-fqcn`, `kafka_dlt-exception-message`, `kafka_dlt-exception-stacktrace` | the type of the error, its text, and its chain of causes |
/// | `event-schema-violations` | for a value with violations: `{"violations": [...], "omitted": 0}`, with the pointer, code, message and parameters of each |
///
/// The library's own texts quote no values, only the names of unknown fields and of keys of maps. The texts of
/// handlers' errors and panics, and the messages that rules set themselves, are written unchanged, unless the dead
/// letter is [redacted](Self::redact).
///
/// A message that becomes a dead letter more than once has its `original` headers twice: those of the first time and
/// those of the last time. Its `exception` headers are those of the last time.
///
/// For a message from a [retry topic](crate::kafka::Retry::topics), the headers describe its place in the original
/// topic. The headers `retry_topic-attempts` and `retry_topic-backoff-timestamp` are removed, so that a dead letter
/// that is sent back to its topic starts again with the first attempt. (Spring keeps these headers: such a dead
/// letter has no attempts left.)
///
/// # Large messages
///
/// A message at the broker's size limit has no space for more headers. Its dead letter shrinks until the brokers take it:
///
/// 1. It omits the texts of the error and the violations.
/// 2. It omits the message's own headers too, except `ce_id`, `ce_source`, `ce_type`, `ce_specversion`, `content-type`,
///    `traceparent`, the ids of schemas and the count of its redrives, each of up to 256 bytes. The header
///    `event-schema-omitted-headers` says how many are missing.
/// 3. The value becomes a pointer: JSON with `topic`, `partition`, `offset` and `size`, and the header
///    `event-schema-pointer`; a key of more than 1024 bytes is omitted.
///
/// If the brokers refuse even the pointer, the run ends.
///
/// [Spring Kafka]: https://docs.spring.io/spring-kafka/reference/kafka/annotation-error-handling.html#dead-letters
#[derive(Clone)]
pub struct DeadLetter {
    topic: Option<Naming>,
    redact: bool,
}

type Naming = Arc<dyn Fn(&str, &str) -> String + Send + Sync>;

impl DeadLetter {
    /// The default settings: dead letters with their original bytes, in `<topic>-<group>-dlt`. For this and the
    /// following methods see the example of [`DeadLetter`].
    ///
    /// Two pairs of topic and group can share a dead letter topic: the topic `orders-eu` with the group `billing`,
    /// and the topic `orders` with the group `eu-billing`. [`read`](Self::read) tells their dead letters apart;
    /// [`named`](Self::named) can give each pair its own topic. Such pairs also share their retry topics and redrive topics:
    /// each group ignores the messages of the other there.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "`kafka::DeadLetter::new()` says it best")]
    pub fn new() -> Self {
        Self { topic: None, redact: false }
    }

    /// Writes all dead letters to this topic.
    ///
    /// A consumer whose topic pattern matches its own dead letter topic skips its own dead letters there. A consumer
    /// that subscribes to its own dead letter topic by name does not run.
    #[must_use]
    pub fn topic(self, topic: impl Into<String>) -> Self {
        let topic = topic.into();
        self.named(move |_, _| topic.clone())
    }

    /// Names the dead letter topic by a function of the message's topic and the group.
    ///
    /// ```
    /// use event_schema::kafka::DeadLetter;
    ///
    /// // Spring Kafka's names.
    /// let dead_letter = DeadLetter::new().named(|topic, _group| format!("{topic}-dlt"));
    /// assert_eq!(dead_letter.topic_of("orders", "billing"), "orders-dlt");
    /// ```
    #[must_use]
    pub fn named(self, name: impl Fn(&str, &str) -> String + Send + Sync + 'static) -> Self {
        Self { topic: Some(Arc::new(name)), ..self }
    }

    /// Replaces the message's value, which may hold personal data, by a pointer to the message. The texts of handlers'
    /// errors and panics, which may quote the value, are omitted as well; only the type of the error remains. Key and
    /// headers remain.
    ///
    /// Violations keep their paths and codes, without names that come from the value: unknown fields and keys of maps
    /// are `***`, both here and in the log, and the messages that rules set themselves become "Invalid value.". The
    /// texts of handlers still appear in the log.
    #[must_use]
    pub fn redact(self) -> Self {
        Self { redact: true, ..self }
    }

    pub(crate) fn redacts(&self) -> bool {
        self.redact
    }

    /// The dead letter topic of a topic and a group. Characters that are legal in a group's name but not in a topic's
    /// become `_`; a name longer than a topic's 249 characters is cut.
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

    /// Reads the headers of a dead letter; none if the message is not a dead letter.
    ///
    /// Both kinds of Spring's dead letters are read: those of a `DeadLetterPublishingRecoverer`, and those of a
    /// `@RetryableTopic`, whose headers begin with `kafka_original-` and `kafka_exception-`. The messages in Spring's
    /// retry topics also have these headers.
    ///
    /// ```
    /// use event_schema::kafka::{DeadLetter, Headers};
    ///
    /// // The headers of a dead letter of Spring Kafka.
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
    /// [`DeadLetterTopic`](crate::kafka::DeadLetterTopic) reads all dead letters of a topic, and sends them again.
    #[must_use]
    pub fn read(headers: &Headers) -> Option<DeadMessage> {
        DeadMessage::read(headers)
    }

    /// The dead letter of a message, in one of its forms, for the same partition.
    pub(crate) fn record(&self, original: &Original<'_>, group: &str, cause: &Cause<'_>, form: Form) -> ProducerRecord {
        let mut headers = Headers::default();
        let is_pointer = form == Form::Pointer || self.redact && original.value.is_some();
        let mut omitted = 0_u32;
        // Of many with one name the last counts.
        let last = |essential: &str| {
            // Some clients write this one as in HTTP.
            let has_case = essential != "content-type";
            let is = |name: &str| name == essential || !has_case && name.eq_ignore_ascii_case(essential);
            let headers = original.headers.iter().enumerate().filter(|(_, (name, _))| is(name));
            headers.last().filter(|(_, (_, value))| value.is_some_and(|value| value.len() <= MAX_FOREIGN))
        };
        let kept = if form.has_headers() {
            [None; ESSENTIAL.len()]
        } else {
            ESSENTIAL.map(|name| last(name).map(|(index, _)| index))
        };
        for (index, (name, value)) in original.headers.iter().enumerate() {
            let is_ours = matches!(name, VIOLATIONS | POINTER | OMITTED | ATTEMPTS | DUE) || EXCEPTIONS.contains(&name);
            if is_ours || ORIGINALS.contains(&name) {
                continue;
            }
            if form.has_headers() || kept.contains(&Some(index)) {
                headers.push(name, value);
            } else {
                omitted += 1;
            }
        }
        if omitted > 0 {
            headers.push(OMITTED, Some(omitted.to_string().as_bytes()));
        }
        let has_texts = form == Form::Full && !(self.redact && cause.is_foreign);
        original.describe(&mut headers, group, cause, form, has_texts);
        if is_pointer {
            headers.push(POINTER, Some(b"true"));
        }
        let key = original.key.filter(|key| form != Form::Pointer || key.len() <= MAX_KEY);
        ProducerRecord {
            topic: self.topic_of(original.origin.topic, group),
            partition: Some(original.origin.partition),
            key: key.map(<[u8]>::to_vec),
            value: if is_pointer { Some(original.pointer()) } else { original.value.map(<[u8]>::to_vec) },
            timestamp: None,
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

/// A message that could not be handled.
#[derive(Clone, Copy)]
pub(crate) struct Original<'a> {
    pub(crate) origin: Origin<'a>,
    pub(crate) key: Option<&'a [u8]>,
    pub(crate) value: Option<&'a [u8]>,
    pub(crate) headers: &'a Headers,
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
                // Spring adds one each time; of many the first and the last tell it all.
                if let Some(first) = self.headers.first(name)
                    && (form.has_headers() || first.len() <= MAX_FOREIGN)
                {
                    headers.push(name, Some(first));
                }
                headers.push(name, Some(value));
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
pub(crate) enum Form {
    /// All of it, and all that is known.
    Full,
    /// All of it, and where it is.
    Brief,
    /// Its value and key, and where it is.
    Minimal,
    /// Where it is.
    Pointer,
}

impl Form {
    pub(crate) const ALL: [Self; 4] = [Self::Full, Self::Brief, Self::Minimal, Self::Pointer];

    /// Whether it has all headers of the message.
    fn has_headers(self) -> bool {
        matches!(self, Self::Full | Self::Brief)
    }
}

/// A text, cut between characters to what a header may take.
fn bounded(text: &str) -> &str {
    let end = (0..=text.len().min(MAX_TEXT)).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The violations as JSON, as many as there is room for, and how many are omitted. None of them quotes a value.
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

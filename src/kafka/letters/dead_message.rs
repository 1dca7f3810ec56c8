//! The headers of a dead letter.

use std::time::SystemTime;

use rdkafka::message::Timestamp;
use serde_json::Value;

use super::headers::{EXCEPTIONS, OMITTED, POINTER, VIOLATIONS};
use crate::kafka::message::{FIRSTS, GROUP, Headers, ORIGINALS, Origin, TOPIC, millis};
use crate::load::json;

/// Their names with `@RetryableTopic`, in the same order.
const RETRYABLE_EXCEPTIONS: [&str; 4] =
    ["kafka_exception-fqcn", "kafka_exception-cause-fqcn", "kafka_exception-message", "kafka_exception-stacktrace"];

/// The headers of a dead letter, read by [`DeadLetter::read`](crate::kafka::DeadLetter::read): the place of the
/// original message, the group that could not handle it, and the error.
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
/// assert_eq!(dead.message(), Some("1 violation; quantity: Not a valid integer."));
/// assert_eq!(dead.stacktrace(), Some("1 violation\nquantity: Not a valid integer."));
/// assert_eq!(dead.violations().unwrap()["violations"][0]["pointer"], "/quantity");
/// assert!(!dead.is_pointer());
/// assert_eq!(dead.omitted_headers(), 0);
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
    omitted_headers: u32,
}

impl DeadMessage {
    pub(crate) fn read(headers: &Headers) -> Option<Self> {
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
            violations: headers.get(VIOLATIONS).and_then(|list| json::read(str::from_utf8(list).ok()?).ok()),
            is_pointer: headers.get(POINTER).is_some(),
            omitted_headers: text(OMITTED).and_then(|omitted| omitted.parse().ok()).unwrap_or(0),
        })
    }

    /// The place of the original message.
    pub(crate) fn origin(&self) -> Origin<'_> {
        let timestamp = self.timestamp.map_or(Timestamp::NotAvailable, |time| Timestamp::CreateTime(millis(time)));
        Origin { topic: &self.topic, partition: self.partition, offset: self.offset, timestamp }
    }

    /// The topic of the original message. For this and the following methods see the example of [`DeadMessage`].
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The partition of the original message.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The offset of the original message.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The time when the original message was sent or, if its topic was configured so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp
    }

    /// The consumer group that could not handle the message.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        self.group.as_deref()
    }

    /// The type of the error; in Spring's dead letters, the class of the exception, or of its cause if it has one.
    #[must_use]
    pub fn exception(&self) -> Option<&str> {
        self.exception.as_deref()
    }

    /// The text of the error.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }

    /// The error with its causes; in Spring's dead letters, the stack trace.
    #[must_use]
    pub fn stacktrace(&self) -> Option<&str> {
        self.stacktrace.as_deref()
    }

    /// The violations of the value: `{"violations": [...], "omitted": 0}`.
    #[must_use]
    pub fn violations(&self) -> Option<&Value> {
        self.violations.as_ref()
    }

    /// Whether the value is a pointer to the original message instead of its value.
    #[must_use]
    pub fn is_pointer(&self) -> bool {
        self.is_pointer
    }

    /// How many headers of the message are not in its dead letter, for lack of space: see
    /// [large messages](crate::kafka::DeadLetter#large-messages). A redrive takes them from the original message, if it is
    /// still there.
    #[must_use]
    pub fn omitted_headers(&self) -> u32 {
        self.omitted_headers
    }
}

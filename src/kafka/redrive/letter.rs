//! A dead letter as it is in its topic.

use std::fmt;
use std::time::SystemTime;

use rdkafka::message::{BorrowedMessage, Message};

use crate::format::cloudevents::{CloudEvent, Mode};
use crate::kafka::client::native;
use crate::kafka::letters::{self, DeadLetter, DeadMessage};
use crate::kafka::message::{Headers, Origin, time};

/// A message of a dead letter topic, with its original bytes; see [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
///
/// ```
/// use event_schema::kafka::{DeadLetterTopic, EmbeddedKafka, LetterState};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("orders-billing-dlt", 1)?;
/// let headers: [(&str, &[u8]); 7] = [
///     ("ce_id", b"A-1"),
///     ("ce_type", b"order.v1"),
///     ("kafka_dlt-exception-fqcn", b"shop::OutOfStock"),
///     ("kafka_dlt-original-topic", b"orders"),
///     ("kafka_dlt-original-partition", &2_i32.to_be_bytes()),
///     ("kafka_dlt-original-offset", &7_i64.to_be_bytes()),
///     ("kafka_dlt-original-consumer-group", b"billing"),
/// ];
/// kafka.publish_bytes("orders-billing-dlt", Some(b"k"), Some(b"{}"), &headers).await;
///
/// let mut letters = DeadLetterTopic::new("orders-billing-dlt").letters(&kafka.config()).await?;
/// let letter = letters.next().await?.unwrap();
/// assert_eq!((letter.partition(), letter.offset()), (0, 0));
/// assert!(letter.timestamp().is_some());
/// assert_eq!((letter.id(), letter.event_type()), ("A-1", Some("order.v1")));
/// assert_eq!((letter.key(), letter.value()), (Some(&b"k"[..]), Some(&b"{}"[..])));
/// assert_eq!(letter.headers().get("ce_id"), Some(&b"A-1"[..]));
/// assert_eq!((letter.redrives(), letter.attempts()), (0, None));
/// assert_eq!(letter.state(), LetterState::Waiting);
///
/// let dead = letter.dead().unwrap();
/// assert_eq!((dead.topic(), dead.partition(), dead.offset()), ("orders", 2, 7));
/// assert_eq!((dead.group(), dead.exception()), (Some("billing"), Some("shop::OutOfStock")));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Letter {
    partition: i32,
    offset: i64,
    /// In milliseconds since 1970.
    millis: Option<i64>,
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Headers,
    dead: Option<DeadMessage>,
    id: String,
    event_type: Option<String>,
    pub(super) state: LetterState,
}

/// Whether a dead letter waits to be redriven.
///
/// ```
/// use event_schema::kafka::LetterState;
///
/// assert_eq!(LetterState::Parked.as_str(), "parked");
/// assert_eq!(LetterState::Parked.to_string(), "parked");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LetterState {
    /// It was not redriven, or came back and is a new dead letter.
    Waiting,
    /// It was redriven. A message that failed again is another dead letter, behind this one.
    Redriven,
    /// It was redriven as often as the [limit](crate::kafka::DeadLetterTopic::limit) allows, and failed each time.
    Parked,
    /// It has no headers of a dead letter, or they cannot be read.
    Foreign,
}

impl LetterState {
    /// A stable name, one word in lower case. See the example of [`LetterState`].
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Redriven => "redriven",
            Self::Parked => "parked",
            Self::Foreign => "foreign",
        }
    }
}

/// As [`as_str`](LetterState::as_str).
impl fmt::Display for LetterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Letter {
    /// A message as the broker has it. `is_redriven` is asked by partition, offset and time.
    pub(super) fn read(
        message: &BorrowedMessage<'_>,
        limit: u32,
        is_redriven: impl FnOnce(i32, i64, Option<i64>) -> bool,
    ) -> Self {
        let headers = native::headers(message);
        let value = message.payload().map(<[u8]>::to_vec);
        let (id, event_type) = name(&headers, value.as_deref());
        let id = id.or_else(|| Some(Origin::read(&headers)?.to_string()));
        let (partition, offset) = (message.partition(), message.offset());
        let dead = DeadLetter::read(&headers);
        let millis = message.timestamp().to_millis();
        let state = if dead.is_none() {
            LetterState::Foreign
        } else if is_redriven(partition, offset, millis) {
            LetterState::Redriven
        } else if letters::redrives(&headers) >= limit {
            LetterState::Parked
        } else {
            LetterState::Waiting
        };
        Self {
            partition,
            offset,
            millis,
            key: message.key().map(<[u8]>::to_vec),
            id: id.unwrap_or_else(|| format!("{}/{partition}@{offset}", message.topic())),
            event_type,
            value,
            headers,
            dead,
            state,
        }
    }

    /// The partition of the dead letter topic. For this and the following methods see the example of [`Letter`].
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.partition
    }

    /// The offset in the dead letter topic.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The time when the message became a dead letter.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.millis.and_then(time)
    }

    pub(super) fn millis(&self) -> Option<i64> {
        self.millis
    }

    /// The original place, the group and the error; none if the message has no headers of a dead letter.
    #[must_use]
    pub fn dead(&self) -> Option<&DeadMessage> {
        self.dead.as_ref()
    }

    /// The id of the event. An event without one has its first place as its id, as in
    /// [`Received::envelope`](crate::kafka::Received::envelope).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The CloudEvents type of the event, if it has one.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        self.event_type.as_deref()
    }

    /// The key.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    /// The original value, or a pointer to the original message: [`DeadMessage::is_pointer`].
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    /// The headers of the message and those of the dead letter.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// How often the message was redriven before it became this dead letter.
    #[must_use]
    pub fn redrives(&self) -> u32 {
        letters::redrives(&self.headers)
    }

    /// The number of the attempt that failed, if the dead letter has it: those of Spring's retry topics.
    #[must_use]
    pub fn attempts(&self) -> Option<u32> {
        letters::attempts(&self.headers)
    }

    /// Whether it waits to be redriven.
    #[must_use]
    pub fn state(&self) -> LetterState {
        self.state
    }
}

/// The id and the type of the event.
fn name(headers: &Headers, value: Option<&[u8]>) -> (Option<String>, Option<String>) {
    let text = |name| {
        let text = headers.get(name).filter(|text| !text.is_empty())?;
        Some(String::from_utf8_lossy(text).into_owned())
    };
    if Mode::of(headers.iter()) == Mode::Structured
        && let Ok(event) = CloudEvent::read(headers.iter(), value)
    {
        return (Some(event.id().to_owned()), Some(event.event_type().to_owned()));
    }
    (text("ce_id"), text("ce_type"))
}

/// Without key, value, headers and the texts of errors, which may hold personal data.
impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letter")
            .field("partition", &self.partition)
            .field("offset", &self.offset)
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

//! A message to be sent as it is.

use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::headers::Headers;
use super::time::{millis, time};

/// A message as bytes, to be stored and [sent](crate::kafka::EventProducer::send_record) later: the row of an outbox.
///
/// [`Outgoing::to_record`](crate::kafka::Outgoing::to_record) makes one of an event. It is stored as a whole by serde, with
/// its bytes in base64, or by its parts in columns.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer, ProducerRecord};
/// use event_schema::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderPlaced { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// let order = OrderPlaced { order_id: "A-1".to_owned() };
/// // In the transaction of the order:
/// let row = serde_json::to_string(&producer.message(&order).to_record().await?)?;
///
/// // Later, by the relay. If it sends a row twice, both messages have the same id.
/// let record: ProducerRecord = serde_json::from_str(&row)?;
/// assert_eq!((record.topic(), record.key()), ("orders", Some(&b"A-1"[..])));
/// producer.send_record(&record).await?;
///
/// let mut consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
/// let received = consumer.recv().await?;
/// assert_eq!(received.event(), Some(&order));
/// assert_eq!(received.headers(), record.headers());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Stored", try_from = "Stored")]
pub struct ProducerRecord {
    pub(crate) topic: String,
    /// None for the one that the key chooses.
    pub(crate) partition: Option<i32>,
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) value: Option<Vec<u8>>,
    /// In milliseconds since 1970; none for the time of the send.
    pub(crate) timestamp: Option<i64>,
    pub(crate) headers: Headers,
}

impl ProducerRecord {
    /// A message without key, value and headers.
    ///
    /// ```
    /// use event_schema::kafka::ProducerRecord;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    /// let record = ProducerRecord::new("orders")
    ///     .with_key("A-1")
    ///     .with_value("{}")
    ///     .with_partition(2)
    ///     .with_timestamp(at)
    ///     .with_header("ce_id", Some(b"7"));
    /// assert_eq!(record.topic(), "orders");
    /// assert_eq!((record.key(), record.value()), (Some(&b"A-1"[..]), Some(&b"{}"[..])));
    /// assert_eq!((record.partition(), record.timestamp()), (Some(2), Some(at)));
    /// assert_eq!(record.headers().get("ce_id"), Some(&b"7"[..]));
    ///
    /// // Keys, values and headers may hold personal data.
    /// assert!(!format!("{record:?}").contains("A-1"));
    /// ```
    pub fn new(topic: impl Into<String>) -> Self {
        Self {
            topic: topic.into(),
            partition: None,
            key: None,
            value: None,
            timestamp: None,
            headers: Headers::default(),
        }
    }

    /// Sets the bytes of the key. For this and the following methods see the example of [`new`](Self::new).
    #[must_use]
    pub fn with_key(self, key: impl Into<Vec<u8>>) -> Self {
        Self { key: Some(key.into()), ..self }
    }

    /// Sets the value. A message without one is a tombstone.
    #[must_use]
    pub fn with_value(self, value: impl Into<Vec<u8>>) -> Self {
        Self { value: Some(value.into()), ..self }
    }

    /// Sets the partition, instead of the one that the key chooses.
    #[must_use]
    pub fn with_partition(self, partition: i32) -> Self {
        Self { partition: Some(partition), ..self }
    }

    /// Sets the timestamp, instead of the time of the send. Kafka stores milliseconds since 1970, and none before.
    #[must_use]
    pub fn with_timestamp(self, timestamp: SystemTime) -> Self {
        Self { timestamp: Some(millis(timestamp)), ..self }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: Option<&[u8]>) -> Self {
        self.headers.push(name, value);
        self
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The partition, if it was chosen.
    #[must_use]
    pub fn partition(&self) -> Option<i32> {
        self.partition
    }

    /// The bytes of the key.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.key.as_deref()
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        self.value.as_deref()
    }

    /// The timestamp, if it was set.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp.and_then(time)
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.headers
    }
}

/// Without key, value and headers, which may hold personal data.
impl fmt::Debug for ProducerRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProducerRecord")
            .field("topic", &self.topic)
            .field("partition", &self.partition)
            .finish_non_exhaustive()
    }
}

/// A record as it is serialised: bytes are text in base64.
#[derive(Serialize, Deserialize)]
struct Stored {
    topic: String,
    partition: Option<i32>,
    key: Option<String>,
    value: Option<String>,
    timestamp: Option<i64>,
    headers: Vec<(String, Option<String>)>,
}

impl From<ProducerRecord> for Stored {
    fn from(record: ProducerRecord) -> Self {
        let ProducerRecord { topic, partition, key, value, timestamp, headers } = record;
        let header =
            |(name, value): (&str, Option<&[u8]>)| (name.to_owned(), value.map(|value| STANDARD.encode(value)));
        Self {
            topic,
            partition,
            key: key.map(|key| STANDARD.encode(key)),
            value: value.map(|value| STANDARD.encode(value)),
            timestamp,
            headers: headers.iter().map(header).collect(),
        }
    }
}

impl TryFrom<Stored> for ProducerRecord {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { topic, partition, key, value, timestamp, headers } = stored;
        // The decoder's own text quotes a character.
        let bytes = |text: Option<String>| {
            text.map(|text| STANDARD.decode(text))
                .transpose()
                .map_err(|_| "a record's key, value or header is not base64")
        };
        let mut record = Self { partition, key: bytes(key)?, value: bytes(value)?, timestamp, ..Self::new(topic) };
        for (name, value) in headers {
            record.headers.push(&name, bytes(value)?.as_deref());
        }
        Ok(record)
    }
}

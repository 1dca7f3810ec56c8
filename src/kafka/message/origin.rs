//! The original place of a message, from the headers of a dead letter or a retry.

use std::fmt;
use std::time::SystemTime;

use rdkafka::message::Timestamp;

use super::headers::Headers;
use super::time::time;

// The names are Spring Kafka's, from its `KafkaHeaders`. So are the values: numbers are big-endian.

pub(crate) const TOPIC: &str = "kafka_dlt-original-topic";
const PARTITION: &str = "kafka_dlt-original-partition";
const OFFSET: &str = "kafka_dlt-original-offset";
const TIMESTAMP: &str = "kafka_dlt-original-timestamp";
const TIMESTAMP_TYPE: &str = "kafka_dlt-original-timestamp-type";
pub(crate) const GROUP: &str = "kafka_dlt-original-consumer-group";
pub(crate) const ORIGINALS: [&str; 6] = [TOPIC, PARTITION, OFFSET, TIMESTAMP, TIMESTAMP_TYPE, GROUP];

/// The group that a message in a topic for retries waits for.
pub(crate) const FIRST_GROUP: &str = "kafka_original-consumer-group";

/// Where a message in a topic for retries was first, in the order of [`ORIGINALS`].
pub(crate) const FIRSTS: [&str; 6] = [
    "kafka_original-topic",
    "kafka_original-partition",
    "kafka_original-offset",
    "kafka_original-timestamp",
    "kafka_original-timestamp-type",
    FIRST_GROUP,
];

/// Where a message was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) timestamp: Timestamp,
}

/// `topic/partition@offset`.
impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic, self.partition, self.offset)
    }
}

impl<'a> Origin<'a> {
    /// The original place of a message that was moved.
    pub(crate) fn read(headers: &'a Headers) -> Option<Self> {
        Self::named(ORIGINALS, |name| headers.first(name)).or_else(|| Self::before_retries(headers))
    }

    /// The original place of a message in a retry topic.
    pub(crate) fn before_retries(headers: &'a Headers) -> Option<Self> {
        Self::named(FIRSTS, |name| headers.get(name))
    }

    pub(crate) fn named(names: [&str; 6], header: impl Fn(&str) -> Option<&'a [u8]>) -> Option<Self> {
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

    pub(crate) fn time(&self) -> Option<SystemTime> {
        self.timestamp.to_millis().and_then(time)
    }

    /// The values of the headers that say so, in the order of [`ORIGINALS`].
    pub(crate) fn with_values<T>(&self, group: &str, then: impl FnOnce([&[u8]; 6]) -> T) -> T {
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

pub(crate) fn long(value: Option<&[u8]>) -> Option<i64> {
    Some(i64::from_be_bytes(value?.try_into().ok()?))
}

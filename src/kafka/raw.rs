//! A message as the broker has it, copied out of librdkafka.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use rdkafka::message::{BorrowedMessage, Message, Timestamp};

use super::received::Headers;
use super::{millis, native};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// The key, if there is one, and behind it the value: one allocation.
    bytes: Arc<[u8]>,
    key: Option<usize>,
    has_value: bool,
    timestamp: Timestamp,
    headers: Option<Arc<Headers>>,
}

impl Raw {
    pub(super) fn copy(message: &BorrowedMessage<'_>) -> Self {
        let (key, value) = (message.key(), message.payload());
        let headers = native::headers(message);
        let bytes = match (key.unwrap_or_default(), value.unwrap_or_default()) {
            ([], value) => value.into(),
            (key, value) => [key, value].concat().into(),
        };
        Self {
            bytes,
            key: key.map(<[u8]>::len),
            has_value: value.is_some(),
            timestamp: message.timestamp(),
            headers: (!headers.is_empty()).then(|| Arc::new(headers)),
        }
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.key.map(|length| &self.bytes[..length])
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        self.has_value.then(|| &self.bytes[self.key.unwrap_or(0)..])
    }

    pub(super) fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp.to_millis().map(millis)
    }

    pub(super) fn kafka_timestamp(&self) -> Timestamp {
        self.timestamp
    }

    pub(super) fn headers(&self) -> &Headers {
        static NONE: LazyLock<Headers> = LazyLock::new(Headers::default);
        self.headers.as_deref().unwrap_or(&NONE)
    }

    pub(super) fn into_headers(self) -> Headers {
        self.headers.map(Arc::unwrap_or_clone).unwrap_or_default()
    }

    /// What it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        /// Of the message itself and of its place in the queue.
        const FRAME: usize = 200;
        FRAME + self.bytes.len() + self.headers.as_ref().map_or(0, |headers| headers.size())
    }
}

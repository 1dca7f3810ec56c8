//! A message as the broker has it, copied out of librdkafka.

use std::sync::Arc;
use std::time::SystemTime;

use rdkafka::message::{BorrowedMessage, Message};

use super::millis;
use super::received::Headers;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// The key, if there is one, and behind it the value: one allocation.
    bytes: Arc<[u8]>,
    key: Option<usize>,
    has_value: bool,
    timestamp: Option<i64>,
    headers: Option<Arc<Headers>>,
}

impl Raw {
    pub(super) fn copy(message: &BorrowedMessage<'_>) -> Self {
        let (key, value) = (message.key(), message.payload());
        let bytes = match (key.unwrap_or_default(), value.unwrap_or_default()) {
            ([], value) => value.into(),
            (key, value) => [key, value].concat().into(),
        };
        Self {
            bytes,
            key: key.map(<[u8]>::len),
            has_value: value.is_some(),
            timestamp: message.timestamp().to_millis(),
            headers: message.headers().map(|headers| Arc::new(Headers::copy(headers))),
        }
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.key.map(|length| &self.bytes[..length])
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        self.has_value.then(|| &self.bytes[self.key.unwrap_or(0)..])
    }

    pub(super) fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp.map(millis)
    }

    pub(super) fn headers(&self) -> Option<&Headers> {
        self.headers.as_deref()
    }

    /// What it takes in memory, about.
    pub(super) fn size(&self) -> usize {
        /// Of the message itself and of its place in the queue.
        const FRAME: usize = 200;
        let headers = self.headers().map_or(0, |headers| {
            headers.iter().map(|(name, value)| FRAME / 2 + name.len() + value.map_or(0, <[u8]>::len)).sum()
        });
        FRAME + self.bytes.len() + headers
    }
}

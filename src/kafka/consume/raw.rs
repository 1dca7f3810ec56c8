//! A message as the broker has it, copied out of librdkafka.

use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use rdkafka::message::{BorrowedMessage, Message, Timestamp};

use crate::kafka::client::native;
use crate::kafka::message::{Headers, time};

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Raw {
    /// Shared with the messages that came before and after it; not there before it is sealed.
    pack: Option<Arc<[u8]>>,
    /// Where the key begins in it, where the value does, and where that ends.
    start: usize,
    value: usize,
    end: usize,
    has_key: bool,
    has_value: bool,
    timestamp: Timestamp,
    headers: Option<Arc<Headers>>,
}

/// Keys and values of messages on their way into one allocation: to allocate for each costs more than to
/// copy it, all the more as it is freed by another thread.
#[derive(Default)]
pub(super) struct Packer {
    bytes: Vec<u8>,
}

impl Packer {
    /// As much as a message keeps in memory that is not its own, at most.
    const FULL: usize = 4096;
    /// A message of this size is alone.
    const LARGE: usize = 1024;

    /// Whether the packed messages must be sealed before this message is packed.
    pub(super) fn is_full(&self, message: &BorrowedMessage<'_>) -> bool {
        let size = message.key_len() + message.payload_len();
        !self.bytes.is_empty() && (self.bytes.len() + size > Self::FULL || size >= Self::LARGE)
    }

    pub(super) fn pack(&mut self, message: &BorrowedMessage<'_>) -> Raw {
        let (key, value) = (message.key(), message.payload());
        let headers = native::headers(message);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key.unwrap_or_default());
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        Raw {
            pack: None,
            start,
            value: middle,
            end: self.bytes.len(),
            has_key: key.is_some(),
            has_value: value.is_some(),
            timestamp: message.timestamp(),
            headers: (!headers.is_empty()).then(|| Arc::new(headers)),
        }
    }

    /// Gives the messages that were packed since the last time what they share.
    pub(super) fn seal<'a>(&mut self, packed: impl Iterator<Item = &'a mut Raw>) {
        let pack: Arc<[u8]> = self.bytes.as_slice().into();
        self.bytes.clear();
        for raw in packed {
            raw.pack = Some(Arc::clone(&pack));
        }
    }
}

impl Raw {
    /// A message that shares its memory with no other.
    pub(crate) fn copy(message: &BorrowedMessage<'_>) -> Self {
        let mut packer = Packer::default();
        let mut raw = packer.pack(message);
        packer.seal(std::iter::once(&mut raw));
        raw
    }

    /// A message that no broker has, without a value.
    pub(super) fn made(key: Option<&[u8]>, headers: Headers, timestamp: i64) -> Self {
        let bytes = key.unwrap_or_default();
        Self {
            pack: Some(bytes.into()),
            start: 0,
            value: bytes.len(),
            end: bytes.len(),
            has_key: key.is_some(),
            has_value: false,
            timestamp: Timestamp::CreateTime(timestamp),
            headers: Some(Arc::new(headers)),
        }
    }

    fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.pack.as_ref().map_or(&[], |pack| &pack[start..end])
    }

    pub(super) fn key(&self) -> Option<&[u8]> {
        self.has_key.then(|| self.slice(self.start, self.value))
    }

    pub(super) fn value(&self) -> Option<&[u8]> {
        self.has_value.then(|| self.slice(self.value, self.end))
    }

    pub(super) fn timestamp(&self) -> Option<SystemTime> {
        self.timestamp.to_millis().and_then(time)
    }

    pub(super) fn kafka_timestamp(&self) -> Timestamp {
        self.timestamp
    }

    pub(super) fn headers(&self) -> &Headers {
        static NONE: LazyLock<Headers> = LazyLock::new(Headers::default);
        self.headers.as_deref().unwrap_or(&NONE)
    }

    /// Its approximate size in memory.
    pub(super) fn size(&self) -> usize {
        /// The size of the message itself and of its place in the queue.
        const FRAME: usize = 200;
        FRAME + (self.end - self.start) + self.headers.as_ref().map_or(0, |headers| headers.size())
    }
}

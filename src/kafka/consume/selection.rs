//! The messages of a topic that a consumer handles; it passes over the others.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use super::raw::Raw;
use super::received;
use crate::error::in_one_line;
use crate::kafka::message::{Headers, Place};
use crate::{Envelope, LoadError};

/// All of a message but its value: the argument of a [filter](crate::kafka::Runner::filter). See its example.
pub struct MessageHead<'a> {
    raw: &'a Raw,
    place: &'a Place,
    offset: i64,
}

impl MessageHead<'_> {
    /// The topic. For this and the following methods see the example of [`Runner::filter`](crate::kafka::Runner::filter).
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.place.topic
    }

    /// The partition of the topic.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.place.partition
    }

    /// The offset in the partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.offset
    }

    /// The time when the message was sent or, if the topic is configured so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.raw.timestamp()
    }

    /// The bytes of the key. A message without a key differs from one with an empty key.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.raw.key()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.raw.headers()
    }

    /// The type of the event, with its version, if the headers have one: `order.placed.v1`.
    #[must_use]
    pub fn event_type(&self) -> Option<&str> {
        str::from_utf8(self.headers().get("ce_type")?).ok()
    }

    /// The metadata of the event, as in [`Received::envelope`](crate::kafka::Received::envelope), from the headers. A
    /// structured CloudEvent has them in its value instead, which is not read for a filter.
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        received::envelope(None, self.headers(), self, self.timestamp())
    }
}

/// The place of the message: `topic/partition@offset`.
impl fmt::Display for MessageHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.place, self.offset)
    }
}

/// Without key and headers, which may hold personal data.
impl fmt::Debug for MessageHead<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MessageHead").field("place", &self.to_string()).finish_non_exhaustive()
    }
}

pub(super) type Filter = Box<dyn Fn(&MessageHead<'_>) -> bool + Send + Sync>;

/// Which messages are handled: all, unless it is told otherwise.
#[derive(Default)]
pub(super) struct Selection {
    pub(super) filter: Option<Filter>,
    pub(super) skips_other_types: bool,
    /// The types that the log has named.
    told: Mutex<BTreeSet<Box<str>>>,
}

impl Selection {
    /// Whether the filter rejects a message, whose value is not read then.
    pub(super) fn filters_out(&self, raw: &Raw, place: &Place, offset: i64) -> bool {
        self.filter.as_ref().is_some_and(|filter| !filter(&MessageHead { raw, place, offset }))
    }

    /// Whether a message is passed over because it is of another type. The log names each type once.
    pub(super) fn skips(&self, error: &LoadError, place: &Place) -> bool {
        /// Anybody may write to a topic.
        const TYPES: usize = 1000;
        let Some(other) = error.other_type().filter(|_| self.skips_other_types) else { return false };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() < TYPES && !told.contains(other) {
            told.insert(other.into());
            tracing::info!("{place}: messages of type `{}` are passed over", in_one_line(other));
        }
        true
    }
}

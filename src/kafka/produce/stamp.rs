//! The envelope that each new event gets, as headers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::SystemTime;

use uuid::Uuid;

use crate::format::cloudevents::{CONTENT_TYPE, SPECVERSION, format_millis};
use crate::kafka::client::native::Outbound;
use crate::{Descriptor, Envelope};

/// Where the events of a producer happen, and what stamps them.
pub(super) struct Source {
    uri: Box<str>,
    /// One for each type of event that was sent, and schema id in its headers.
    stamps: RwLock<Vec<Arc<Stamp>>>,
}

impl Source {
    /// The most stamps: one for each type of a program, unless ids differ from topic to topic.
    const MOST: usize = 500;

    pub(super) fn new(uri: &str) -> Arc<Self> {
        Arc::new(Self { uri: uri.into(), stamps: RwLock::default() })
    }

    pub(super) fn uri(&self) -> &str {
        &self.uri
    }

    pub(super) fn stamp(&self, descriptor: &'static Descriptor, value: Described<'_>) -> Arc<Stamp> {
        let is_it = |stamp: &&Arc<Stamp>| stamp.is_for(descriptor, value);
        let find = |stamps: &[Arc<Stamp>]| stamps.iter().find(is_it).map(Arc::clone);
        let known = find(&self.stamps.read().unwrap_or_else(PoisonError::into_inner));
        known.unwrap_or_else(|| {
            let mut stamps = self.stamps.write().unwrap_or_else(PoisonError::into_inner);
            find(&stamps).unwrap_or_else(|| {
                let stamp = Arc::new(Stamp::new(&self.uri, descriptor, value));
                if stamps.len() >= Self::MOST {
                    stamps.remove(0);
                }
                stamps.push(Arc::clone(&stamp));
                stamp
            })
        })
    }
}

/// Writes the headers of new events of one type.
///
/// librdkafka allocates each header by itself, and frees them all on another thread when the event is
/// acknowledged: a third of what a send costs, when it was measured. So the headers of acknowledged events
/// are used again, with another id and time.
pub(super) struct Stamp {
    descriptor: &'static Descriptor,
    source: Box<str>,
    event_type: String,
    content_type: &'static str,
    /// The header with the schema id.
    schema_id: Option<(&'static str, Box<[u8]>)>,
    writer: Mutex<Writer>,
    /// Headers of acknowledged events. They are apart from `writer`, so that sends and reports seldom wait for each
    /// other.
    back: Mutex<Vec<Outbound>>,
}

#[derive(Default)]
struct Writer {
    spare: Vec<Outbound>,
    /// The time of the last event, and how it is written.
    time: Option<SystemTime>,
    text: String,
}

/// How headers describe the value of a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Described<'a> {
    pub(super) content_type: &'static str,
    /// The header with the schema id, as name and value.
    pub(super) schema_id: Option<(&'static str, &'a [u8])>,
}

impl Described<'_> {
    /// Writes the header with the schema id, without which nobody can read the value.
    pub(super) fn write_schema_id(&self, headers: &mut Outbound) {
        if let Some((name, value)) = self.schema_id {
            headers.push(name, Some(value));
        }
    }
}

/// Writes what every event has. [`ID`] and [`TIME`] are where they are if nothing was written before.
pub(super) fn write(
    headers: &mut Outbound,
    source: &str,
    event_type: &str,
    value: Described<'_>,
    id: &str,
    time: Option<&str>,
) {
    let all = [
        ("ce_specversion", Some(SPECVERSION)),
        ("ce_source", Some(source)),
        ("ce_type", Some(event_type)),
        (CONTENT_TYPE, Some(value.content_type)),
        ("ce_id", Some(id)),
        ("ce_time", time),
    ];
    for (name, text) in all {
        if let Some(text) = text {
            headers.push(name, Some(text.as_bytes()));
        }
    }
    value.write_schema_id(headers);
}

/// The numbers of the headers that are not the same for all.
const ID: usize = 4;
const TIME: usize = 5;

impl Stamp {
    /// The headers of how many events wait for the next ones at most, half a kilobyte each: as many as the
    /// reports of a few batches bring at once.
    const MOST: usize = 16 * 1024;

    fn new(source: &str, descriptor: &'static Descriptor, value: Described<'_>) -> Self {
        Self {
            descriptor,
            source: source.into(),
            event_type: descriptor.event_type(),
            content_type: value.content_type,
            schema_id: value.schema_id.map(|(name, id)| (name, id.into())),
            writer: Mutex::default(),
            back: Mutex::default(),
        }
    }

    pub(super) fn is_for(&self, descriptor: &'static Descriptor, value: Described<'_>) -> bool {
        let described = self.described();
        std::ptr::eq(self.descriptor, descriptor)
            && described.content_type == value.content_type
            && described.schema_id == value.schema_id
    }

    fn described(&self) -> Described<'_> {
        let schema_id = self.schema_id.as_ref().map(|(name, id)| (*name, &**id));
        Described { content_type: self.content_type, schema_id }
    }

    /// The headers of one more event.
    pub(super) fn headers(&self) -> Outbound {
        let mut id = Uuid::encode_buffer();
        let id = Uuid::now_v7().hyphenated().encode_lower(&mut id);
        let now = Envelope::now();
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if writer.spare.is_empty() {
            std::mem::swap(&mut writer.spare, &mut self.back());
        }
        let mut headers = writer.spare.pop().unwrap_or_else(|| self.blank());
        headers.overwrite(ID, id.as_bytes());
        if writer.time != Some(now) {
            (writer.time, writer.text) = (Some(now), format_millis(now));
        }
        headers.overwrite(TIME, writer.text.as_bytes());
        headers
    }

    /// Headers of no event.
    fn blank(&self) -> Outbound {
        const NO_ID: &str = "00000000-0000-0000-0000-000000000000";
        const NO_TIME: &str = "1970-01-01T00:00:00.000Z";
        let mut headers = Outbound::with_capacity(7);
        write(&mut headers, &self.source, &self.event_type, self.described(), NO_ID, Some(NO_TIME));
        headers
    }

    /// Takes back the headers of an event that needs them no more.
    pub(super) fn give_back(&self, headers: Outbound) {
        let mut back = self.back();
        if back.len() < Self::MOST {
            back.push(headers);
        }
    }

    fn back(&self) -> MutexGuard<'_, Vec<Outbound>> {
        self.back.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

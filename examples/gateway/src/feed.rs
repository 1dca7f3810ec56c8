//! The newest events that a consumer has received, in memory, and streams of them.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

use axum::response::sse;
use event_schema::kafka::{Delivery, State};
use event_schema::prelude::*;
use futures_util::{Stream, stream};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::watch;
use uuid::Uuid;

/// How many events are kept.
pub(crate) const CAPACITY: usize = 1000;

/// Cheap to clone; the memory is shared.
#[derive(Clone)]
pub(crate) struct Feed {
    /// The first half of the ids: those of another process, or of this one before a restart, stand for other events.
    run: Arc<str>,
    memory: Arc<watch::Sender<Memory>>,
}

#[derive(Default)]
struct Memory {
    /// The newest ones, oldest first. Their numbers end with `newest`, without a gap.
    entries: VecDeque<Arc<Entry>>,
    newest: u64,
    /// The sources and the ids of the events, each of which is kept once.
    known: HashSet<(Option<String>, String)>,
    closed: bool,
}

/// An event as clients get it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Entry {
    /// The id of a server-sent event: the run, and the number of the event.
    id: String,
    event_id: String,
    source: Option<String>,
    /// In milliseconds, as JavaScript has them.
    time: Option<u128>,
    place: String,
    event: Box<RawValue>,
}

/// The handler of a consumer whose events are kept.
pub(crate) async fn keep<E: EventSchema>(event: Delivery<E>, State(feed): State<Feed>) -> anyhow::Result<()> {
    let envelope = event.envelope();
    let time = envelope.time().and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    feed.push(Entry {
        id: String::new(),
        event_id: envelope.id().to_owned(),
        source: envelope.source().map(str::to_owned),
        time: time.map(|time| time.as_millis()),
        place: event.to_string(),
        event: RawValue::from_string(String::from_utf8(event.dump()?)?)?,
    });
    Ok(())
}

impl Entry {
    /// The key for deduplication.
    fn name(&self) -> (Option<String>, String) {
        (self.source.clone(), self.event_id.clone())
    }
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self { run: Uuid::now_v7().simple().to_string().into(), memory: Arc::default() }
    }

    fn push(&self, entry: Entry) {
        self.memory.send_if_modified(|memory| {
            if !memory.known.insert(entry.name()) {
                return false;
            }
            memory.newest += 1;
            let id = format!("{}-{}", self.run, memory.newest);
            memory.entries.push_back(Arc::new(Entry { id, ..entry }));
            if memory.entries.len() > CAPACITY
                && let Some(oldest) = memory.entries.pop_front()
            {
                memory.known.remove(&oldest.name());
            }
            true
        });
    }

    /// Newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<Arc<Entry>> {
        self.memory.borrow().entries.iter().rev().take(limit).cloned().collect()
    }

    /// The events behind the one with the id `last`, or else the newest ones, oldest first; then each as it comes. An event
    /// `gone` says that some are no longer there, and how many of them, if that is known.
    pub(crate) fn stream(
        &self,
        last: Option<&str>,
        limit: usize,
    ) -> impl Stream<Item = Result<sse::Event, axum::Error>> + use<> {
        let after = match last {
            Some(id) => id.split_once('-').filter(|(run, _)| **run == *self.run).and_then(|(_, id)| id.parse().ok()),
            None => {
                let memory = self.memory.borrow();
                Some(memory.newest - memory.entries.len().min(limit) as u64)
            }
        };
        stream::unfold((self.memory.subscribe(), after), async |(mut memory, after)| {
            let (after, event) = {
                let behind = |memory: &Memory| memory.closed || after.is_none_or(|after| after < memory.newest);
                // Its sender is gone.
                let memory = memory.wait_for(|memory| behind(memory)).await.ok()?;
                memory.next(after)?
            };
            Some((event, (memory, Some(after))))
        })
    }

    /// Ends all streams.
    pub(crate) fn close(&self) {
        self.memory.send_modify(|memory| memory.closed = true);
    }
}

impl Memory {
    /// The number and the text of the next event of a stream that has sent all up to this one.
    fn next(&self, after: Option<u64>) -> Option<(u64, Result<sse::Event, axum::Error>)> {
        if self.closed {
            return None;
        }
        let gone = self.newest - self.entries.len() as u64;
        let (after, event) = match after {
            Some(after) if after >= gone => {
                let index = usize::try_from(after - gone).ok()?;
                let entry = self.entries.get(index)?;
                (after + 1, sse::Event::default().id(&entry.id).json_data(entry))
            }
            after => {
                let missed = after.map(|after| gone - after);
                (gone, sse::Event::default().event("gone").json_data(json!({"missed": missed})))
            }
        };
        Some((after, event))
    }
}

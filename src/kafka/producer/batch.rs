//! Many events at once, whose delivery reports are counted and not waited for one by one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::BaseRecord;
use tokio::sync::Notify;

use super::outgoing::new_envelope;
use super::{Client, EventProducer, Report, Sent, Topic, Waiting};
use crate::kafka::error::{SendError, SendErrorKind};
use crate::{Descriptor, EventSchema};

/// How many events take their turn together: others get theirs in between.
const TURN: usize = 512;

/// The reports of events that are sent together.
pub(super) struct Batch {
    /// How many are not reported, and one more as long as events are added.
    open: AtomicUsize,
    reports: Mutex<Vec<Option<Report>>>,
    done: Notify,
}

impl Batch {
    fn new(count: usize) -> Arc<Self> {
        let reports = Mutex::new(vec![None; count]);
        Arc::new(Self { open: AtomicUsize::new(1), reports, done: Notify::new() })
    }

    pub(super) fn report(&self, number: usize, report: Report) {
        self.reports()[number] = Some(report);
        self.close();
    }

    fn open(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    fn close(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }

    /// Waits for the last report. No event may be added any more.
    async fn wait(&self) {
        self.close();
        self.done.notified().await;
    }

    fn reports(&self) -> MutexGuard<'_, Vec<Option<Report>>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) async fn send<E: EventSchema>(
    producer: &EventProducer,
    topic: Option<&str>,
    events: &[E],
) -> Vec<Result<Sent, SendError>> {
    let shared = &producer.shared;
    let batch = Batch::new(events.len());
    let topic = topic.map(|topic| Topic::Other(topic.into()));
    let mut event_type = EventType::default();
    let mut value = Vec::new();
    // Where each event went, or why it did not; and by which client each turn.
    let mut starts: Vec<Result<Topic, SendError>> = Vec::with_capacity(events.len());
    let mut clients: Vec<Arc<Client>> = Vec::with_capacity(events.len().div_ceil(TURN));
    for turn in events.chunks(TURN) {
        let taken = shared.turn().await;
        let client = shared.client();
        for event in turn {
            let number = starts.len();
            value.clear();
            let start = async {
                if taken.is_err() {
                    return Err(SendErrorKind::Closed.into());
                }
                let topic = topic.clone().map_or_else(|| Topic::of(event, None), Ok)?;
                event.dump_into(&mut value).map_err(SendErrorKind::Invalid)?;
                let key = event.key();
                let waiting = Arc::new(Waiting::OneOf(Arc::clone(&batch), number));
                let mut record = BaseRecord::with_opaque_to(topic.as_str(), waiting).payload(&*value);
                record.key = key.as_deref();
                record.headers = producer.source().map(|source| new_envelope(None, source, event_type.of(event)));
                batch.open();
                if let Err(error) = shared.put(&client, record).await {
                    batch.close();
                    return Err(error);
                }
                Ok(topic)
            };
            starts.push(start.await);
        }
        clients.push(client);
    }
    batch.wait().await;
    let reports = std::mem::take(&mut *batch.reports());
    let outcomes = starts.into_iter().zip(reports).enumerate().map(|(number, (start, report))| {
        // All that went have been reported.
        clients[number / TURN].outcome(report.unwrap_or(Err((RDKafkaErrorCode::Unknown, false))), start?)
    });
    outcomes.collect()
}

/// What CloudEvents calls the event before, which mostly is what it calls the next.
#[derive(Default)]
struct EventType {
    last: Option<&'static Descriptor>,
    name: String,
}

impl EventType {
    fn of<E: EventSchema>(&mut self, event: &E) -> &str {
        let descriptor = event.described_by();
        if self.last.is_none_or(|last| !std::ptr::eq(last, descriptor)) {
            self.last = Some(descriptor);
            self.name = descriptor.event_type();
        }
        &self.name
    }
}

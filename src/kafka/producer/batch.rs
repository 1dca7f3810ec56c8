//! Many events at once, whose delivery reports are counted and not waited for one by one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::Notify;

use super::stamp::Stamp;
use super::{Client, EventProducer, Pending, Report, Sent, To, Topic, Waiting};
use crate::EventSchema;
use crate::kafka::error::{SendError, SendErrorKind};
use crate::kafka::native::Message;

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
    let mut stamp: Option<Arc<Stamp>> = None;
    let mut value = Vec::new();
    // Where each event went, or why it did not; and by which client each turn.
    let mut starts: Vec<Result<Topic, SendError>> = Vec::with_capacity(events.len());
    let mut clients: Vec<Arc<Client>> = Vec::with_capacity(events.len().div_ceil(TURN));
    for events in events.chunks(TURN) {
        let mut turn = shared.turn().await;
        let client = shared.client();
        for event in events {
            let number = starts.len();
            value.clear();
            let start = async {
                let Ok(turn) = &mut turn else { return Err(SendErrorKind::Closed.into()) };
                let (name, topic) = turn.set(To::of(event, topic)?)?;
                event.dump_into(&mut value).map_err(SendErrorKind::Invalid)?;
                let key = event.key();
                let descriptor = event.described_by();
                if stamp.as_ref().is_none_or(|last| !last.is_for(descriptor)) {
                    stamp = producer.source.as_ref().map(|source| source.stamp(descriptor));
                }
                let headers = stamp.as_ref().map(|stamp| stamp.headers());
                let message = Message { partition: None, key: key.as_deref(), value: Some(&value), headers };
                let waiting = Waiting::OneOf(Arc::clone(&batch), number);
                let pending = Arc::new(Pending { waiting, stamp: stamp.clone() });
                batch.open();
                if let Err(error) = shared.put(&client, name, message, pending).await {
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

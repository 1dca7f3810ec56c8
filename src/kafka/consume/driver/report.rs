//! The state of a consumer for its metrics, told by the polling thread: it costs the work on messages nothing.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, ConsumerContext};

use super::super::core::Partition;
use super::super::session;
use super::super::tally::Counts;
use super::shared::Shared;
use crate::kafka::client::native;
use crate::kafka::telemetry::{Measures, PartitionMeasures};

/// The time between two reports.
const EVERY: Duration = Duration::from_secs(1);

/// What was reported last.
#[derive(Default)]
pub(super) struct Report {
    next: Duration,
    counts: Vec<Counts>,
    /// The assigned partitions, and how far they were.
    positions: Vec<(Partition, Option<i64>)>,
    /// Since when nothing has been finished while messages wait.
    since: Duration,
}

impl Report {
    /// Tells the state of the consumer, if it is time, or at its end.
    pub(super) fn publish<C: ConsumerContext>(&mut self, shared: &Shared, consumer: &BaseConsumer<C>, is_end: bool) {
        let now = shared.now();
        if now < self.next && !is_end {
            return;
        }
        self.next = now + EVERY;
        let mut measures = self.measure(shared, now);
        for partition in &mut measures.partitions {
            if partition.is_assigned {
                partition.end = native::end(consumer, &partition.topic, partition.partition);
            }
        }
        shared.telemetry.publish(&measures);
    }

    fn measure(&mut self, shared: &Shared, now: Duration) -> Measures {
        let state = shared.lock_here();
        let session::Measures { counts, positions, in_flight, waiting, is_open } = state.session.measures();
        let mut measures =
            Measures { in_flight, waiting, is_open, is_ready: state.session.is_ready(), ..Measures::default() };
        // With a loop of the caller's there are positions alone.
        let mut has_moved = positions != self.positions;
        for (number, place) in state.places().iter().enumerate() {
            let counts = counts.get(number).copied().unwrap_or_default();
            // A counter that begins at zero shows its first increase.
            let is_new = number >= self.counts.len();
            if is_new {
                self.counts.push(Counts::default());
            }
            let last = std::mem::replace(&mut self.counts[number], counts);
            has_moved |= counts.finished() != last.finished();
            for ((outcome, count), (_, last)) in counts.iter().zip(last.iter()) {
                if is_new || count > last {
                    measures.deliveries.push((Arc::clone(&place.topic), outcome.as_str(), count - last));
                }
            }
            if is_new || counts.lost() > last.lost() {
                measures.lost.push((Arc::clone(&place.topic), counts.lost() - last.lost()));
            }
        }

        let is_assigned = |number: &Partition| positions.binary_search_by_key(number, |(number, _)| *number).is_ok();
        let before = std::mem::take(&mut self.positions);
        let revoked = before.into_iter().filter(|(number, _)| !is_assigned(number)).map(|(number, _)| (number, None));
        for (number, position) in positions.iter().copied().chain(revoked) {
            let place = state.place(number);
            measures.partitions.push(PartitionMeasures {
                topic: Arc::clone(&place.topic),
                partition: place.partition,
                is_assigned: is_assigned(&number),
                position,
                end: None,
            });
        }
        self.positions = positions;

        let buffered = state.session.buffered();
        measures.buffered = (buffered.records, buffered.bytes);
        if buffered.records == 0 || has_moved {
            self.since = now;
        }
        measures.stalled = now.saturating_sub(self.since);
        measures
    }
}

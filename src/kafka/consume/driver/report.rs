//! The state of a consumer for its metrics, told by the polling thread: it costs the work on messages nothing.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::{Offset, TopicPartitionList};

use super::super::core::Partition;
use super::super::session;
use super::super::tally::Counts;
use super::connection::Connection;
use super::shared::{Shared, State};
use crate::kafka::client::native;
use crate::kafka::client::thread::spawn;
use crate::kafka::message::Place;
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
    /// The commits of assignments from which nothing was received yet: each is asked for once.
    commits: HashMap<(Partition, u64), Arc<OnceLock<i64>>>,
}

impl Report {
    /// Tells the state of the consumer, if it is time, or at its end.
    pub(super) fn publish(&mut self, shared: &Shared, connection: &Arc<Connection>, is_end: bool) {
        let now = shared.now();
        if now < self.next && !is_end {
            return;
        }
        self.next = now + EVERY;
        let (mut measures, unknown) = self.measure(shared, now);
        if is_end {
            // Only counts outlive the consumer.
            let Measures { deliveries, lost, partitions, .. } = measures;
            measures = Measures { deliveries, lost, partitions, ..Measures::default() };
        }
        for partition in &mut measures.partitions {
            partition.is_assigned &= !is_end;
            if partition.is_assigned {
                partition.end = native::end(&connection.consumer, &partition.topic, partition.partition);
            }
        }
        shared.telemetry.publish(&measures);
        if !unknown.is_empty() && !is_end {
            let connection = Arc::downgrade(connection);
            spawn("event-schema commits", move || look_up(&connection, &unknown));
        }
    }

    /// Also the assigned partitions of which it is not known where they begin.
    fn measure(&mut self, shared: &Shared, now: Duration) -> (Measures, Vec<Unknown>) {
        let state = shared.lock_here();
        let session::Measures { counts, mut positions, in_flight, waiting, is_open } = state.session.measures();
        let mut measures =
            Measures { in_flight, waiting, is_open, is_ready: state.session.is_ready(), ..Measures::default() };
        let unknown = self.begin(&state, &mut positions);
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
        (measures, unknown)
    }

    /// Sets the positions of partitions from which nothing was received yet: where they were told to start, or their
    /// commit. Returns those whose commit is to be asked for.
    fn begin(&mut self, state: &State, positions: &mut [(Partition, Option<i64>)]) -> Vec<Unknown> {
        let assigned = state.session.assigned();
        self.commits.retain(|assignment, _| assigned.contains(assignment));
        let mut unknown = Vec::new();
        let assignments = positions.iter_mut().zip(assigned);
        for ((number, position), assignment) in assignments.filter(|((_, position), _)| position.is_none()) {
            *position = state.start(*number).or_else(|| {
                let commit = self.commits.entry(assignment).or_insert_with(|| {
                    let commit = Arc::default();
                    unknown.push((state.place(*number).clone(), Arc::clone(&commit)));
                    commit
                });
                commit.get().copied()
            });
        }
        unknown
    }
}

/// A partition, and the place for its commit.
type Unknown = (Place, Arc<OnceLock<i64>>);

/// Asks for commits. Without an answer they stay unknown: metrics are no reason to ask again and again.
fn look_up(connection: &Weak<Connection>, unknown: &[Unknown]) {
    /// A close may have to wait for it.
    const PATIENCE: Duration = Duration::from_secs(1);
    let mut list = TopicPartitionList::with_capacity(unknown.len());
    for (place, _) in unknown {
        list.add_partition(&place.topic, place.partition);
    }
    let Some(connection) = connection.upgrade() else { return };
    let Ok(commits) = connection.consumer.committed_offsets(list, PATIENCE) else { return };
    for (place, commit) in unknown {
        if let Some(element) = commits.find_partition(&place.topic, place.partition)
            && let Offset::Offset(offset) = element.offset()
        {
            let _ = commit.set(offset);
        }
    }
}

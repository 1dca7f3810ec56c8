//! Partitions that are full, and whether it is worth waiting until they are not.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::super::core::Partition;

/// How long nothing is polled because a partition is full, before the partition is paused. librdkafka forgets what it
/// has fetched of a partition that is paused, and fetches it again: not worth it for as long as records are
/// handled quickly.
const ROOM: Duration = Duration::from_millis(100);

#[derive(Default)]
pub(super) struct Full {
    /// Since when they are.
    since: HashMap<Partition, Duration>,
    /// Those that are waited for, and until when.
    awaited: HashMap<Partition, Duration>,
    /// Those that took longer than that the last time: the others do not wait for them again.
    slow: HashSet<Partition>,
}

impl Full {
    /// A partition is full.
    pub(super) fn fill(&mut self, partition: Partition, now: Duration) {
        let patience = if self.slow.contains(&partition) { Duration::ZERO } else { ROOM };
        self.since.insert(partition, now);
        self.awaited.insert(partition, now + patience);
    }

    /// A partition has room. Whether it may be paused.
    pub(super) fn drain(&mut self, partition: Partition, now: Duration) -> bool {
        if let Some(since) = self.since.remove(&partition) {
            if now.saturating_sub(since) > ROOM {
                self.slow.insert(partition);
            } else {
                self.slow.remove(&partition);
            }
        }
        self.awaited.remove(&partition).is_none()
    }

    /// Whether the thread must not poll now: the next message may be of any partition.
    pub(super) fn is_awaited(&self) -> bool {
        !self.awaited.is_empty()
    }

    /// The time to pause the next one.
    pub(super) fn next(&self) -> Option<Duration> {
        self.awaited.values().min().copied()
    }

    /// The partitions to pause now.
    pub(super) fn take(&mut self, now: Duration) -> Vec<Partition> {
        self.awaited.extract_if(|_, until| *until <= now).map(|(partition, _)| partition).collect()
    }

    /// Partitions are ours no more.
    pub(super) fn forget(&mut self, partitions: &[Partition]) {
        for partition in partitions {
            self.since.remove(partition);
            self.awaited.remove(partition);
            self.slow.remove(partition);
        }
    }
}

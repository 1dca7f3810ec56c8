//! The topic, and what the group has committed.

use std::time::Duration;

use fastrand::Rng;

use super::super::super::core::Partition;
use super::plan::Plan;
use super::{Event, Tally};

pub(super) struct Broker {
    pub(super) logs: Vec<Log>,
}

/// A partition.
pub(super) struct Log {
    pub(super) entries: Vec<Entry>,
    /// How many of them have been produced so far.
    pub(super) produced: usize,
    /// The offset from which on its next owner reads.
    pub(super) committed: i64,
    pub(super) owner: Option<u64>,
}

pub(super) struct Entry {
    pub(super) offset: i64,
    pub(super) key: Option<u64>,
    pub(super) bytes: usize,
    pub(super) tried: u32,
    /// The place where it was first. Others have the same: it came back more than once.
    pub(super) origin: Option<(Partition, i64)>,
    pub(super) due: Option<Duration>,
    /// No handler will ever take it.
    pub(super) poison: bool,
    /// Each handler fails, whatever it needs is there.
    pub(super) stubborn: bool,
    /// The first form in which the dead letter topic accepts it.
    pub(super) form: u32,
    /// It has come to its end for some consumer: handled, forwarded or skipped.
    pub(super) finished: bool,
}

impl Broker {
    pub(super) fn new(plan: &Plan, chance: &mut Rng) -> Self {
        let logs = (0..plan.partitions).map(|_| Log::new(plan, chance)).collect();
        Self { logs }
    }

    pub(super) fn log(&mut self, partition: Partition) -> &mut Log {
        &mut self.logs[partition as usize]
    }

    pub(super) fn is_finished(&self) -> bool {
        self.logs.iter().all(|log| log.entries.iter().all(|entry| entry.finished) && log.committed == log.end())
    }
}

impl Log {
    fn new(plan: &Plan, chance: &mut Rng) -> Self {
        // Transactions and compaction leave gaps.
        let gaps = if chance.bool() { 1 } else { 3 };
        let mut offset = chance.i64(0..5);
        let entries: Vec<_> = (0..chance.usize(0..=plan.records))
            .map(|_| {
                offset += chance.i64(1..=gaps);
                let tried = if plan.from_retry { chance.u32(..3) } else { 0 };
                let says_origin = tried > 0 && chance.u32(..4) > 0;
                Entry {
                    offset,
                    key: (chance.u32(..6) > 0).then(|| chance.u64(..plan.keys)),
                    bytes: chance.usize(..20),
                    tried,
                    origin: says_origin.then(|| (chance.u32(..2), chance.i64(0..10))),
                    due: (plan.from_retry && chance.bool()).then(|| Duration::from_millis(chance.u64(..1000))),
                    poison: chance.u32(..12) == 0,
                    stubborn: plan.stubborn.is_some_and(|number| chance.u32(..number) == 0),
                    form: chance.u32(..plan.rules.forms),
                    finished: false,
                }
            })
            .collect();
        Self { produced: chance.usize(0..=entries.len()), entries, committed: 0, owner: None }
    }

    /// The committed position when everything is committed.
    pub(super) fn end(&self) -> i64 {
        self.entries.last().map_or(self.committed, |entry| entry.offset + 1)
    }

    /// The index of the first record from this offset on.
    pub(super) fn seek(&self, offset: i64) -> usize {
        self.entries.partition_point(|entry| entry.offset < offset)
    }

    /// A consumer commits what it has done up to this offset. Whether it may.
    pub(super) fn commit(&mut self, owner: u64, done: i64, tally: &mut Tally) -> bool {
        if self.owner != Some(owner) {
            tally.note(Event::CommitRefused);
            return false;
        }
        let position = done + 1;
        assert!(position >= self.committed, "committed {position} after {}", self.committed);
        let covered = &self.entries[..self.seek(position)];
        assert!(covered.iter().all(|entry| entry.finished), "committed {position} over unfinished records");
        assert!(covered.last().is_some_and(|entry| entry.offset == done), "committed what is no record");
        self.committed = position;
        tally.note(Event::Committed);
        true
    }
}

//! Dependencies of handlers that are away: the records that wait for them, and the circuit breaker.

use std::collections::BTreeSet;
use std::time::Duration;

use super::record::{Origin, Partition};
use super::rules::Backoff;

/// A record by its partition and its number in the assignment.
type RecordId = (Partition, u64);

/// The breaker is open from the time when many different messages have failed and none was handled, until one is
/// handled. Meanwhile one record at a time is handled, the probe.
#[derive(Debug, Default)]
pub(super) struct Outage {
    /// The records that were not handled because a dependency is away.
    waiting: BTreeSet<RecordId>,
    /// The messages that failed since one was handled, by their first place: no more of them than open the breaker.
    failed: BTreeSet<Origin>,
    /// How many probes were given up since one was handled, and when the last was.
    given_up: (u32, Duration),
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    /// No probe before this time.
    next: Duration,
    /// How many probes have failed.
    failed: u32,
    /// The record in hand.
    probe: Option<RecordId>,
}

impl Outage {
    /// Whether any record waits.
    pub(super) fn has_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// How many records wait.
    #[cfg(feature = "metrics024")]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether no record may be handled now.
    pub(super) fn bars(&self, now: Duration) -> bool {
        self.open.as_ref().is_some_and(|open| open.probe.is_some() || now < open.next)
    }

    /// The time of the next probe, if none is in hand.
    pub(super) fn next(&self) -> Option<Duration> {
        self.open.as_ref().filter(|open| open.probe.is_none()).map(|open| open.next)
    }

    /// Whether the breaker is open and this is not the probe.
    pub(super) fn excludes(&self, record: RecordId) -> bool {
        self.open.as_ref().is_some_and(|open| open.probe != Some(record))
    }

    /// The record is being handled.
    pub(super) fn take(&mut self, record: RecordId) {
        if let Some(open) = &mut self.open {
            open.probe = Some(record);
        }
    }

    /// The record is in hand no longer. Whether it was the probe.
    pub(super) fn put_back(&mut self, record: RecordId) -> bool {
        match &mut self.open {
            Some(open) if open.probe == Some(record) => {
                open.probe = None;
                true
            }
            _ => false,
        }
    }

    /// A message failed that was first at this place. Whether so many different ones have failed since one was handled.
    pub(super) fn fail(&mut self, place: Origin, many: Option<u32>) -> bool {
        let Some(many) = many.and_then(|many| usize::try_from(many).ok()) else { return false };
        if self.failed.len() < many {
            self.failed.insert(place);
        }
        self.failed.len() >= many
    }

    pub(super) fn open(&mut self, next: Duration) {
        self.open = Some(Open { next, failed: 0, probe: None });
    }

    /// The probe failed. How many have.
    pub(super) fn probe_failed(&mut self) -> u32 {
        self.open.as_mut().map_or(0, |open| {
            open.failed = open.failed.saturating_add(1);
            open.failed
        })
    }

    /// Whether a probe that has waited since then and failed again is to be given up.
    pub(super) fn gives_up(&self, since: Duration, patience: &Backoff, now: Duration) -> bool {
        let (times, last) = self.given_up;
        now >= since.max(last).saturating_add(patience.before(times.saturating_add(1), 0.0))
    }

    /// The probe is given up.
    pub(super) fn give_up(&mut self, now: Duration) {
        self.given_up = (self.given_up.0.saturating_add(1), now);
    }

    /// The next probe is to come at this time.
    pub(super) fn probe_at(&mut self, next: Duration) {
        if let Some(open) = &mut self.open {
            open.next = next;
        }
    }

    /// The record waits.
    pub(super) fn wait(&mut self, record: RecordId) {
        self.waiting.insert(record);
    }

    /// The record was handled. Whether the breaker closes.
    pub(super) fn succeed(&mut self, record: RecordId) -> bool {
        self.failed.clear();
        self.given_up = (0, Duration::ZERO);
        self.waiting.remove(&record);
        self.open.take().is_some()
    }

    /// The record waits no longer. Whether the breaker closes, because none does.
    pub(super) fn leave(&mut self, record: RecordId) -> bool {
        self.waiting.remove(&record);
        self.waiting.is_empty() && self.open.take().is_some()
    }

    /// Forgets records of partitions that are not ours any more. Whether the breaker closes.
    pub(super) fn forget(&mut self, is_ours: impl Fn(Partition) -> bool) -> bool {
        self.waiting.retain(|(partition, _)| is_ours(*partition));
        if let Some(open) = &mut self.open {
            open.probe = open.probe.filter(|(partition, _)| is_ours(*partition));
        }
        self.waiting.is_empty() && self.open.take().is_some()
    }
}

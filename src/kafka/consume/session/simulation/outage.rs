//! The dependencies that are away: as the ledger does, it says what the breaker of the core has to do.

use std::collections::BTreeSet;
use std::time::Duration;

use super::super::super::core::{Backoff, Partition};

#[derive(Default)]
pub(super) struct Outage {
    /// Records that wait, by partition and number.
    pub(super) waiting: BTreeSet<(Partition, usize)>,
    /// The messages that failed since one was handled, by their first place.
    pub(super) failed: BTreeSet<(Partition, i64)>,
    /// How many probes were given up since one was handled, and when the last was.
    pub(super) given_up: (u32, Duration),
    pub(super) open: Option<Open>,
}

/// The breaker is open.
pub(super) struct Open {
    /// The next probe may come from this time on, and has to after the first tick from that time on.
    pub(super) from: Duration,
    pub(super) until: Duration,
    probes: u32,
    pub(super) probe: Option<(Partition, usize)>,
}

impl Outage {
    pub(super) fn open(&mut self, now: Duration, backoff: &Backoff) {
        assert!(self.open.is_none(), "it is open");
        let (from, until) = pause(backoff, 1);
        self.open = Some(Open { from: now + from, until: now + until, probes: 1, probe: None });
    }

    pub(super) fn probe_failed(&mut self, now: Duration, backoff: &Backoff) {
        if let Some(open) = &mut self.open {
            open.probes += 1;
            let (from, until) = pause(backoff, open.probes);
            (open.from, open.until) = (now + from, now + until);
        }
    }

    /// Whether a probe that fails now and has waited since then is given up for it.
    pub(super) fn gives_up(&mut self, since: Duration, patience: &Backoff, now: Duration) -> bool {
        let (times, last) = self.given_up;
        let is_over = now >= since + pause(patience, times + 1).1 && now >= last + pause(patience, times + 1).1;
        if is_over {
            self.given_up = (times + 1, now);
        }
        is_over
    }

    pub(super) fn succeed(&mut self, record: (Partition, usize)) {
        self.failed.clear();
        self.given_up = (0, Duration::ZERO);
        self.waiting.remove(&record);
        self.open = None;
    }

    /// The record waits no longer.
    pub(super) fn leave(&mut self, record: (Partition, usize)) {
        self.waiting.remove(&record);
        self.close_if_nothing_waits();
    }

    pub(super) fn forget(&mut self, is_ours: impl Fn(Partition) -> bool) {
        self.waiting.retain(|(partition, _)| is_ours(*partition));
        self.close_if_nothing_waits();
    }

    fn close_if_nothing_waits(&mut self) {
        if self.waiting.is_empty() {
            self.open = None;
        }
    }
}

/// The shortest and the longest pause.
pub(super) fn pause(backoff: &Backoff, pauses: u32) -> (Duration, Duration) {
    let doubled = 2_u32.checked_pow(pauses - 1).map(|factor| backoff.first * factor);
    let longest = doubled.unwrap_or(backoff.longest).min(backoff.longest);
    (longest.mul_f64(1.0 - backoff.jitter).saturating_sub(Duration::from_micros(1)), longest)
}

//! The deadlines of a close.

use std::time::Duration;

/// How long leaving the group may take of the time that is left for a close.
pub(crate) const LEAVE: Duration = Duration::from_secs(2);

/// How long a consumer that closes may take, in the time of the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closing {
    /// The time when records in hand are abandoned.
    pub(crate) hands_until: Duration,
    /// Then nobody waits any more until the group is left.
    pub(crate) end: Duration,
}

impl Closing {
    /// Closes at once, if nothing is in hand.
    pub(crate) fn at_once(now: Duration) -> Self {
        Self { hands_until: now, end: now }
    }

    /// To be over within this time.
    pub(crate) fn within(deadline: Duration, now: Duration) -> Self {
        let leave = LEAVE.min(deadline / 4);
        let hands_until = now.saturating_add(deadline).saturating_sub(leave);
        Self { hands_until, end: hands_until.saturating_add(leave) }
    }

    /// A close that leaves this time to records in flight.
    pub(crate) fn after(patience: Duration, now: Duration) -> Self {
        let hands_until = now.saturating_add(patience);
        Self { hands_until, end: hands_until.saturating_add(LEAVE) }
    }

    /// The sooner of both, each.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { hands_until: self.hands_until.min(other.hands_until), end: self.end.min(other.end) }
    }
}

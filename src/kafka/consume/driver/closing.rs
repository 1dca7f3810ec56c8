//! How long a close may take.

use std::time::{Duration, Instant};

use crate::kafka::client::bounded;

/// How long leaving the group may take of the time that is left for a close.
pub(crate) const LEAVE: Duration = Duration::from_secs(2);

/// How long a consumer that closes may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Closing {
    /// Then what is in hand is given up.
    pub(crate) give_up: Instant,
    /// Then nobody waits any more until the group is left.
    pub(crate) end: Instant,
}

impl Closing {
    /// For those who have nothing in hand.
    pub(crate) fn now() -> Self {
        let now = Instant::now();
        Self { give_up: now, end: now }
    }

    /// To be over within this time.
    pub(super) fn within(deadline: Duration) -> Self {
        let leave = LEAVE.min(deadline / 4);
        let give_up = Instant::now() + bounded(deadline).saturating_sub(leave);
        Self { give_up, end: give_up + leave }
    }

    /// What is in hand has this time.
    pub(super) fn after(patience: Duration) -> Self {
        let give_up = Instant::now() + patience;
        Self { give_up, end: give_up + LEAVE }
    }
}

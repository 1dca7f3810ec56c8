//! Records that were taken from the core to be handed out one by one.

use std::collections::VecDeque;
use std::mem;
use std::time::Duration;

use super::core::Position;
use super::driver::{Shared, State};
use super::raw::Raw;
use crate::kafka::message::Place;

#[derive(Default)]
pub(super) struct Ahead {
    pub(super) records: VecDeque<(Position, Raw)>,
    /// When they were taken, counted in [revocations](Shared::revocations).
    revocations: u64,
    pub(super) places: Vec<Place>,
}

impl Ahead {
    /// How many are taken at once.
    const MOST: usize = 1024;

    pub(super) fn next(&mut self, shared: &Shared) -> Option<(Position, Raw)> {
        if self.revocations != shared.revocations() {
            // Before the state is looked at, so that a later one is noticed the next time.
            self.revocations = shared.revocations();
            let state = shared.lock();
            self.records.retain(|(position, _)| state.session.holds(position));
        }
        self.records.pop_front()
    }

    /// Puts back the record that was the [next](Self::next), with those behind it. Nothing of their partition comes until it
    /// is released.
    pub(super) fn withhold(&mut self, state: &mut State, position: Position, raw: Raw) {
        let partition = position.partition;
        let is_behind = |(position, _): &(Position, Raw)| position.partition == partition;
        let (behind, others) = mem::take(&mut self.records).into_iter().partition::<Vec<_>, _>(is_behind);
        self.records = others.into();
        state.session.withhold(partition);
        for (position, raw) in std::iter::once((position, raw)).chain(behind).rev() {
            state.session.unpop(&position, raw.size(), raw);
        }
    }

    pub(super) fn fill(&mut self, state: &mut State, now: Duration) {
        while self.records.len() < Self::MOST
            && let Some(record) = state.session.pop(now)
        {
            self.records.push_back(record);
        }
        let known = self.places.len();
        self.places.extend_from_slice(&state.places()[known..]);
    }
}

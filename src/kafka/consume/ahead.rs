//! Records that were taken from the core to be handed out one by one.

use std::collections::VecDeque;
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

    /// Takes back the record that was the [next](Self::next).
    pub(super) fn put_back(&mut self, position: Position, raw: Raw) {
        self.records.push_front((position, raw));
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

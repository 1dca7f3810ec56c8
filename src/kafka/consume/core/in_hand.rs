//! The records of a partition that are in hand.

use std::collections::VecDeque;
use std::time::Duration;

/// The numbers of the records in hand, in their order, each with the time of its take. The record taken last is mostly
/// the last, and the record finished first mostly the first.
#[derive(Debug, Default)]
pub(super) struct InHand(VecDeque<(u64, Duration)>);

impl InHand {
    fn find(&self, number: u64) -> Result<usize, usize> {
        match self.0.front() {
            Some((first, _)) if *first == number => Ok(0),
            _ => self.0.binary_search_by_key(&number, |(number, _)| *number),
        }
    }

    pub(super) fn insert(&mut self, number: u64, since: Duration) {
        if self.0.back().is_none_or(|(last, _)| *last < number) {
            return self.0.push_back((number, since));
        }
        match self.find(number) {
            Ok(index) => self.0[index].1 = since,
            Err(index) => self.0.insert(index, (number, since)),
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, number: u64) -> bool {
        self.find(number).is_ok_and(|index| self.0.remove(index).is_some())
    }

    pub(super) fn has(&self, number: u64) -> bool {
        self.find(number).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, Duration)> {
        self.0.iter().copied()
    }
}

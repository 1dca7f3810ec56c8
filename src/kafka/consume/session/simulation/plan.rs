//! The parameters of a schedule.

use std::time::Duration;

use fastrand::Rng;

use super::super::super::core::{Backoff, GiveUp, GiveUps, Limit, Order, Rules, Waiting};

pub(super) struct Plan {
    pub(super) rules: Rules,
    /// The rules of a consumer whose owner keeps the loop in his own hands: from the start, or until it is
    /// governed by the others.
    pub(super) manual: Rules,
    pub(super) is_manual: bool,
    /// Records are received in batches.
    pub(super) has_batches: bool,
    pub(super) partitions: u32,
    /// The most records of a partition.
    pub(super) records: usize,
    /// How many different keys they have.
    pub(super) keys: u64,
    /// How many records a consumer has in hand at most.
    pub(super) hands: usize,
    pub(super) consumers: usize,
    pub(super) steps: u32,
    /// How many of hundred handlers and forwards fail.
    pub(super) failures: u32,
    /// Whether records come from a topic for retries.
    pub(super) from_retry: bool,
    /// One in so many records always fails, and is given up for it.
    pub(super) stubborn: Option<u32>,
}

fn one_of<T: Copy>(chance: &mut Rng, all: &[T]) -> T {
    all[chance.usize(..all.len())]
}

fn millis(chance: &mut Rng, all: &[u64]) -> Duration {
    Duration::from_millis(one_of(chance, all))
}

fn give_ups(chance: &mut Rng) -> GiveUps {
    let mut one = || one_of(chance, &[GiveUp::DeadLetter, GiveUp::DeadLetter, GiveUp::Skip, GiveUp::Stop]);
    let all = one();
    GiveUps { invalid: one(), rejected: all, failed: all }
}

impl Plan {
    pub(super) fn new(chance: &mut Rng) -> Self {
        // Now and then one long partition, for wide spans.
        let long = chance.u32(..40) == 0;
        let order = one_of(chance, &[None, Some(Order::Partition), Some(Order::Key), Some(Order::Key)]);
        let buffer = Limit {
            records: one_of(chance, if long { &[50, 100, 1000] } else { &[1, 2, 3, 5, 8, 20] }),
            bytes: one_of(chance, &[1, 30, 100, 10_000, 10_000]),
        };
        let rules = Rules {
            order,
            buffer,
            span: if long { chance.u64(20..=100) } else { one_of(chance, &[0, 1, 2, 3, 4, 5, 100]) },
            attempts: chance.u32(1..=4),
            backoff: Backoff {
                first: millis(chance, &[0, 1, 10, 50]),
                longest: millis(chance, &[10, 100, 1000]),
                jitter: one_of(chance, &[0.0, 0.0, 0.5, 1.0]),
            },
            forward_backoff: Backoff {
                first: millis(chance, &[0, 1, 20]),
                longest: millis(chance, &[10, 200]),
                jitter: one_of(chance, &[0.0, 0.5]),
            },
            waiting: one_of(chance, &[Waiting::Partition, Waiting::Key, Waiting::Nothing]),
            give_up: give_ups(chance),
            away_limit: one_of(chance, &[None, None, Some(0), Some(50), Some(500)]).map(Duration::from_millis),
            breaker: one_of(chance, &[None, Some(2), Some(2), Some(3), Some(5)]),
            breaker_patience: Backoff {
                first: millis(chance, &[20, 50, 500]),
                longest: millis(chance, &[50, 500, 1000]),
                jitter: 0.0,
            },
            forms: chance.u32(1..=3),
            patience: one_of(chance, &[None, Some(20), Some(100), Some(500)]).map(Duration::from_millis),
            commit_every: millis(chance, &[50, 100, 500]),
        };
        let manual = Rules {
            order: None,
            buffer: Limit { records: chance.usize(1..=10), ..buffer },
            commit_every: millis(chance, &[50, 500]),
            ..rules.clone()
        };
        let is_manual = chance.u32(..10) == 0;
        let stubborn = (rules.give_up.failed != GiveUp::Stop && chance.u32(..3) == 0).then_some(6);
        Self {
            rules,
            manual,
            is_manual,
            has_batches: order.is_none() && chance.bool(),
            partitions: if long { 1 } else { chance.u32(1..=4) },
            records: if long { 150 } else { one_of(chance, &[4, 8, 16]) },
            keys: if long { 30 } else { chance.u64(1..=4) },
            hands: chance.usize(1..=6),
            consumers: chance.usize(1..=3),
            steps: if long { 500 } else { chance.u32(20..=250) },
            failures: one_of(chance, &[0, 10, 30, 60, 95]),
            // Consumers with a loop of their own have no such topics.
            from_retry: !is_manual && chance.u32(..4) == 0,
            stubborn,
        }
    }
}

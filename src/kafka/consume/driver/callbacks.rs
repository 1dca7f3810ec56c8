//! What librdkafka tells while it is polled: the partitions that come and go.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{ClientContext, TopicPartitionList};

use super::super::core::Partition;
use super::commit::commit;
use super::commits::{CommitWaiter, is_of_rebalance};
use super::nap::NAP;
use super::perform::{perform, store};
use super::resets::Reset;
use super::shared::Shared;
use crate::kafka::client::{self, Monitor};

/// Told by librdkafka, while the thread polls it.
pub(crate) struct Group {
    pub(super) monitor: Arc<Monitor>,
    pub(super) shared: Arc<Shared>,
    /// Something other than a message was polled.
    pub(super) called: AtomicBool,
    /// Where librdkafka could not go on, and looked for another place: told by its log alone.
    pub(super) resets: Mutex<Vec<Reset>>,
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.called.store(true, Ordering::Relaxed);
        if matches!(level, RDKafkaLogLevel::Warning) {
            self.resets.lock().unwrap_or_else(PoisonError::into_inner).extend(Reset::read(facility, line));
        }
        client::log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.monitor.error(&error, reason);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.called.store(true, Ordering::Relaxed);
        tracing::debug!(target: "librdkafka", "{}", String::from_utf8_lossy(statistics));
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.called.store(true, Ordering::Relaxed);
        match rebalance {
            // After it: what the core says to an assignment is about assigned partitions.
            Rebalance::Assign(_) => {}
            Rebalance::Revoke(list) if consumer.assignment_lost() => self.lose(consumer, Some(list)),
            Rebalance::Revoke(list) => self.revoke(consumer, list),
            Rebalance::Error(error) => {
                tracing::warn!("rebalance failed: {error}");
                self.lose(consumer, None);
            }
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            self.assign(consumer, list);
        }
    }

    fn commit_callback(&self, _: KafkaResult<()>, _: &TopicPartitionList) {
        self.called.store(true, Ordering::Relaxed);
    }
}

impl Group {
    pub(super) fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        for element in list.elements() {
            tracing::info!("{}/{} assigned", element.topic(), element.partition());
        }
        let mut state = self.shared.lock_here();
        state.joined = true;
        state.forget_refusal();
        let partitions = state.numbers(list);
        perform(&self.shared, &mut state, consumer);
        state.core.assign(&partitions);
        if state.closing.is_some() {
            state.core.revoke(&partitions);
        }
        perform(&self.shared, &mut state, consumer);
    }

    pub(super) fn lose(&self, consumer: &BaseConsumer<Self>, list: Option<&TopicPartitionList>) {
        let mut state = self.shared.lock_here();
        state.joined = false;
        let partitions = match list {
            Some(list) => state.numbers(list),
            None => state.core.partitions(),
        };
        for &partition in &partitions {
            tracing::warn!("{} lost", state.place(partition));
        }
        perform(&self.shared, &mut state, consumer);
        self.shared.revocations.fetch_add(1, Ordering::Release);
        state.core.revoke(&partitions);
        state.give_back();
        state.core.lose(&partitions);
        state.commits.lose(&partitions);
        state.forget_faults();
        state.full.forget(&partitions);
        perform(&self.shared, &mut state, consumer);
    }

    pub(super) fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = {
            let mut state = self.shared.lock_here();
            perform(&self.shared, &mut state, consumer);
            state.numbers(list)
        };
        for element in list.elements() {
            tracing::info!("{}/{} revoked", element.topic(), element.partition());
        }
        self.let_go(consumer, &partitions);
    }

    /// Waits for what is in hand and for what others have overtaken, and commits.
    pub(super) fn let_go(&self, consumer: &BaseConsumer<Self>, partitions: &[Partition]) {
        let started = Instant::now();
        {
            // Whoever sees the new number finds the partitions revoked.
            let mut state = self.shared.lock_here();
            state.core.revoke(partitions);
            state.give_back();
            self.shared.revocations.fetch_add(1, Ordering::Release);
        }
        let mut state = loop {
            let mut state = self.shared.lock_here();
            state.core.tick(self.shared.now());
            perform(&self.shared, &mut state, consumer);
            let patience = started + state.revoke_timeout;
            let deadline = state.closing.map_or(patience, |closing| closing.give_up.min(patience));
            let left = deadline.saturating_duration_since(Instant::now());
            if state.core.is_idle(partitions) || left.is_zero() {
                break state;
            }
            state.awaited = true;
            drop(state);
            thread::park_timeout(left.min(NAP));
        };
        state.awaited = false;
        perform(&self.shared, &mut state, consumer);
        let positions = state.core.release(partitions);
        store(&mut state, consumer, &positions);
        state.full.forget(partitions);
        perform(&self.shared, &mut state, consumer);
        state.forget_faults();
        let waiting = std::mem::take(&mut state.commits.waiting);
        state.commits.wanted = false;
        drop(state);
        // In any case: one that is under way may fail.
        let committed = commit(consumer);
        if let Err(code) = committed {
            tracing::warn!("not committed before the partitions were given up: {code}");
            let mut state = self.shared.lock_here();
            if state.closing.is_some() && !is_of_rebalance(code) {
                state.uncommitted.get_or_insert(code);
            }
        }
        CommitWaiter::answer(waiting, committed);
    }
}

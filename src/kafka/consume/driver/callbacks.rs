//! librdkafka's callbacks while it is polled: assigned, revoked and lost partitions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use rdkafka::bindings::RD_KAFKA_OFFSET_END;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientContext, TopicPartitionList};

use super::super::core::Partition;
use super::super::session::LEAVE;
use super::commit::commit_here;
use super::nap::NAP;
use super::perform::{perform, store, tick};
use super::resets::Reset;
use super::shared::Shared;
use crate::kafka::client::{Monitor, native};

/// Told by librdkafka, while the thread polls it.
pub(crate) struct Group {
    pub(super) monitor: Arc<Monitor>,
    pub(super) shared: Arc<Shared>,
    /// Something other than a message was polled.
    pub(super) called: AtomicBool,
    /// Where librdkafka could not go on, and looked for another place: told by its log alone.
    pub(super) resets: Mutex<Vec<Reset>>,
    /// Where partitions without a committed offset start, if the configuration says so.
    pub(super) start_at: Option<SystemTime>,
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.called.store(true, Ordering::Relaxed);
        if matches!(level, RDKafkaLogLevel::Warning) {
            self.resets.lock().unwrap_or_else(PoisonError::into_inner).extend(Reset::read(facility, line));
        }
        self.monitor.log(level, facility, line);
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
            // The core is told after it: what it says to an assignment is about assigned partitions.
            Rebalance::Assign(list) => self.hold(list),
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
    /// Where partitions start is found out first if it is not left to librdkafka: it goes to their end meanwhile, and not
    /// where `auto.offset.reset` says.
    fn hold(&self, list: &TopicPartitionList) {
        let elements = list.elements();
        for element in elements.iter().filter(|element| self.is_held(element.topic())) {
            native::set_offset(list, element.topic(), element.partition(), RD_KAFKA_OFFSET_END.into());
        }
    }

    /// A message that waits in a retry topic is older than the start, and its own offset is committed: these topics are read
    /// from their beginning.
    fn is_held(&self, topic: &str) -> bool {
        self.start_at.is_some() && !self.shared.lock_here().retry_topics.iter().any(|retry| retry == topic)
    }

    pub(super) fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        for element in list.elements() {
            tracing::info!("{}/{} assigned", element.topic(), element.partition());
        }
        let elements = list.elements();
        let (held, others): (Vec<_>, Vec<_>) = elements.iter().partition(|element| self.is_held(element.topic()));
        let mut state = self.shared.lock_here();
        let mut numbers = |elements: Vec<&TopicPartitionListElem<'_>>| -> Vec<Partition> {
            elements.iter().map(|element| state.number(element.topic(), element.partition())).collect()
        };
        let (held, others) = (numbers(held), numbers(others));
        for partition in held.iter().chain(&others) {
            state.starts.remove(partition);
        }
        perform(&self.shared, &mut state, consumer);
        state.held.ask(held);
        state.session.assign(&others);
        perform(&self.shared, &mut state, consumer);
    }

    fn lose(&self, consumer: &BaseConsumer<Self>, list: Option<&TopicPartitionList>) {
        let mut state = self.shared.lock_here();
        let partitions = match list {
            Some(list) => state.numbers(list),
            None => {
                state.held.clear();
                state.session.partitions()
            }
        };
        for &partition in &partitions {
            tracing::warn!("{} lost", state.place(partition));
        }
        perform(&self.shared, &mut state, consumer);
        self.shared.count_revocation();
        state.session.lose(&partitions);
        state.commits.lose(&partitions);
        state.full.forget(&partitions);
        state.held.forget(&partitions);
        perform(&self.shared, &mut state, consumer);
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = {
            let mut state = self.shared.lock_here();
            perform(&self.shared, &mut state, consumer);
            let partitions = state.numbers(list);
            state.held.forget(&partitions);
            partitions
        };
        for element in list.elements() {
            tracing::info!("{}/{} revoked", element.topic(), element.partition());
        }
        self.let_go(consumer, &partitions);
    }

    /// Waits for what is in hand and for what others have overtaken, and commits.
    pub(super) fn let_go(&self, consumer: &BaseConsumer<Self>, partitions: &[Partition]) {
        /// How long the last commit may take: nobody else gets the partitions meanwhile.
        const COMMIT: Duration = Duration::from_secs(5);
        let started = self.shared.now();
        {
            let mut state = self.shared.lock_here();
            state.session.revoke(partitions);
            self.shared.count_revocation();
        }
        let mut state = loop {
            let mut state = self.shared.lock_here();
            tick(&self.shared, &mut state);
            perform(&self.shared, &mut state, consumer);
            let now = self.shared.now();
            let Some(until) = state.session.awaits(partitions, started, now) else { break state };
            let nap = until.min(state.session.next_tick()).saturating_sub(now).min(NAP);
            state.session.sleep(now.saturating_add(nap));
            drop(state);
            thread::park_timeout(nap);
        };
        let positions = state.session.release(partitions);
        store(&mut state, consumer, &positions);
        state.full.forget(partitions);
        perform(&self.shared, &mut state, consumer);
        let now = self.shared.now();
        let until = state.session.closing().map_or(now + COMMIT, |closing| closing.end.max(now + LEAVE));
        drop(state);
        commit_here(&self.shared, consumer, until);
    }
}

//! librdkafka's callbacks while it is polled: assigned, revoked and lost partitions.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use rdkafka::bindings::RD_KAFKA_OFFSET_END;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use super::super::core::Partition;
use super::super::session::LEAVE;
use super::commit::commit_here;
use super::nap::NAP;
use super::offsets;
use super::perform::{perform, store, tick};
use super::resets::Reset;
use super::shared::Shared;
use crate::kafka::client::{Monitor, native};
use crate::kafka::message::Place;

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
        self.monitor.statistics(statistics);
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.called.store(true, Ordering::Relaxed);
        match rebalance {
            // The core is told after it: what it says to an assignment is about assigned partitions.
            Rebalance::Assign(list) => self.start(consumer, list),
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
    /// Partitions without a committed offset start at the configured time, and nowhere else. Those that the brokers do not
    /// say it of are [held](super::held) until they do; they are at their end meanwhile, which `auto.offset.reset` has no
    /// part in.
    fn start(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        /// The thread does not poll meanwhile.
        const PATIENCE: Duration = Duration::from_secs(3);
        let Some(time) = self.start_at else { return };
        // A message that waits there for another attempt is older than the start, and its own offset is committed.
        let retries = self.shared.lock_here().retry_topics.clone();
        let elements = list.elements();
        let read = elements.iter().filter(|element| !retries.iter().any(|retry| retry == element.topic()));
        let places: Vec<Place> =
            read.map(|element| Place { topic: element.topic().into(), partition: element.partition() }).collect();
        let mut answers = offsets::starts(consumer, &places, time, PATIENCE).unwrap_or_default().into_iter();
        for place in &places {
            let start = match answers.next() {
                Some(Ok(offset)) => {
                    tracing::info!("group `{}`: {place} starts at offset {offset}", self.shared.telemetry.group());
                    offset
                }
                Some(Err(_)) | None => RD_KAFKA_OFFSET_END.into(),
            };
            native::set_offset(list, &place.topic, place.partition, start);
        }
    }

    pub(super) fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        for element in list.elements() {
            let group = self.shared.telemetry.group();
            tracing::info!("group `{group}`: {}/{} assigned", element.topic(), element.partition());
        }
        let mut state = self.shared.lock_here();
        let (mut ours, mut held) = (Vec::new(), Vec::new());
        for (partition, element) in state.numbers(list).into_iter().zip(list.elements()) {
            match element.offset() {
                Offset::End => held.push(partition),
                _ => ours.push(partition),
            }
            match element.offset() {
                Offset::Offset(offset) => state.starts.insert(partition, offset),
                _ => state.starts.remove(&partition),
            };
        }
        perform(&self.shared, &mut state, consumer);
        state.held.ask(held);
        state.session.assign(&ours);
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
            tracing::warn!("group `{}`: {} lost", self.shared.telemetry.group(), state.place(partition));
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
            let group = self.shared.telemetry.group();
            tracing::info!("group `{group}`: {}/{} revoked", element.topic(), element.partition());
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

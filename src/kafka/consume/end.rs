//! The end of a run that handles the messages that are there, and no more: [`End`].

use std::collections::HashMap;
use std::ops::Range;
use std::time::{Duration, Instant};

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use super::core::Partition;
use super::driver::Shared;
use crate::kafka::client::thread;
use crate::kafka::message::Place;

/// The time that the brokers have for each answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// The pauses after a look that found not all, longer each time.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);

/// An assignment of a partition, by its epoch.
type Assignment = (Partition, u64);

/// The offset of the last message to be handled, if there is one.
type Last = Option<i64>;

/// The end of each partition, as it was when the partition was assigned.
pub(super) struct End {
    settings: ClientConfig,
    last: HashMap<Assignment, Last>,
    /// How many looks in a row have found not all.
    failures: u32,
}

/// A partition to look for the end of.
struct Assigned {
    key: Assignment,
    place: Place,
    /// The offset where it was told to start.
    start: Option<i64>,
}

impl End {
    /// For a consumer with these settings.
    pub(super) fn new(mut settings: ClientConfig) -> Self {
        // It is no member of the group.
        settings.remove("group.instance.id");
        settings.set("enable.partition.eof", "true");
        Self { settings, last: HashMap::new(), failures: 0 }
    }

    /// Ready when all messages that were in the assigned partitions are handled. A consumer without partitions waits: it
    /// may get those of others.
    pub(super) async fn reached(mut self, shared: &Shared) {
        while !self.is_reached(shared).await {
            let pause = match self.failures {
                0 => PAUSE,
                failures => AFTER_FAILURE.saturating_mul(1 << u32::min(failures - 1, 10)).min(LONGEST),
            };
            tokio::time::sleep(pause).await;
        }
    }

    async fn is_reached(&mut self, shared: &Shared) -> bool {
        let unknown: Vec<Assigned> = {
            let state = shared.lock();
            let assigned = state.session.assigned();
            self.last.retain(|key, _| assigned.contains(key));
            if self.last.len() == assigned.len() {
                let is_past = |(&(partition, _), last): (&Assignment, &Last)| {
                    last.is_none_or(|last| state.session.is_past(partition, last))
                };
                return !assigned.is_empty() && !state.has_held() && self.last.iter().all(is_past);
            }
            let unknown = assigned.into_iter().filter(|key| !self.last.contains_key(key));
            let unknown =
                unknown.map(|key| Assigned { key, place: state.place(key.0).clone(), start: state.start(key.0) });
            unknown.collect()
        };
        let settings = self.settings.clone();
        // Nothing tells a slow scan of messages that nobody sees from brokers that are away.
        let patience = PATIENCE * (self.failures + 1);
        let found = thread::start("event-schema end", move || look(&settings, unknown, patience));
        let is_whole = match found.await {
            Ok(Ok((found, is_whole))) => {
                self.last.extend(found);
                is_whole
            }
            Ok(Err(error)) => {
                tracing::warn!("the brokers do not say where partitions end: {error}");
                false
            }
            // The log has the reason.
            Err(_) => false,
        };
        self.failures = if is_whole { 0 } else { self.failures.saturating_add(1).min(60) };
        false
    }
}

/// The last message of each partition that the group is to handle, and whether all were found.
fn look(
    settings: &ClientConfig,
    partitions: Vec<Assigned>,
    patience: Duration,
) -> KafkaResult<(Vec<(Assignment, Last)>, bool)> {
    let consumer: BaseConsumer = settings.create()?;
    let is_latest =
        settings.get("auto.offset.reset").is_some_and(|reset| ["latest", "largest", "end"].contains(&reset));
    let (mut found, asked) = (Vec::new(), partitions.len());
    for Assigned { key, place, start } in partitions {
        let unhandled = || {
            let last = last(&consumer, &place, patience)?;
            let start = match (start, last) {
                (None, Some(_)) => committed(&consumer, &place)?,
                (start, _) => start,
            };
            let is_handled = |last: &i64| start.map_or(is_latest, |start| *last < start);
            KafkaResult::Ok(last.filter(|last| !is_handled(last)))
        };
        match unhandled() {
            Ok(last) => found.push((key, last)),
            Err(error) => tracing::warn!("the brokers do not say where {place} ends: {error}"),
        }
    }
    let is_whole = found.len() == asked;
    Ok((found, is_whole))
}

fn committed(consumer: &BaseConsumer, place: &Place) -> KafkaResult<Option<i64>> {
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition(&place.topic, place.partition);
    let committed = consumer.committed_offsets(partitions, PATIENCE)?;
    let element = committed.find_partition(&place.topic, place.partition);
    Ok(element.and_then(|element| match element.offset() {
        Offset::Offset(offset) => Some(offset),
        _ => None,
    }))
}

/// The offset of the last message. It may be far from the end of the partition: markers of transactions have offsets too, and
/// so have messages of transactions that were aborted.
fn last(consumer: &BaseConsumer, place: &Place, patience: Duration) -> KafkaResult<Last> {
    let (first, end) = consumer.fetch_watermarks(&place.topic, place.partition, PATIENCE)?;
    let mut back = 1;
    loop {
        let from = (end - back).max(first);
        if from >= end {
            return Ok(None);
        }
        let last = read(consumer, place, from..end, patience)?;
        if last.is_some() || from == first {
            return Ok(last);
        }
        back *= 8;
    }
}

/// The offset of the last message between these two.
fn read(
    consumer: &BaseConsumer,
    place: &Place,
    Range { start: from, end }: Range<i64>,
    patience: Duration,
) -> KafkaResult<Last> {
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(&place.topic, place.partition, Offset::Offset(from))?;
    consumer.assign(&partitions)?;
    let mut last = None;
    let mut deadline = Instant::now() + patience;
    loop {
        match consumer.poll(deadline.saturating_duration_since(Instant::now())) {
            Some(Ok(message)) if message.offset() >= end => return Ok(last),
            Some(Ok(message)) => {
                last = Some(message.offset());
                if message.offset() + 1 == end {
                    return Ok(last);
                }
                deadline = Instant::now() + patience;
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(last),
            // The others are about the connection, which comes back.
            Some(Err(_)) if Instant::now() < deadline => {}
            Some(Err(error)) => return Err(error),
            None => return Err(KafkaError::MessageConsumption(RDKafkaErrorCode::RequestTimedOut)),
        }
    }
}

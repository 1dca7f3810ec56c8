//! Offsets that the brokers look up.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::message::{Place, millis};

/// The answer for each of the partitions, in their order.
type Answers = Vec<KafkaResult<i64>>;

/// The offset of the next message that is written.
pub(super) fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Place],
    patience: Duration,
) -> KafkaResult<Answers> {
    let found = list(consumer, partitions, Offset::End, patience)?;
    // No partition has none.
    Ok(found.into_iter().map(|end| end.and_then(|end| end.ok_or_else(unknown))).collect())
}

/// The offset of the first message with this timestamp or a later one; without any, the end.
pub(super) fn at<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Place],
    time: SystemTime,
    patience: Duration,
) -> KafkaResult<Answers> {
    // Before the times: a message that is written between the two questions lies behind this end.
    let ends = ends(consumer, partitions, patience)?;
    let times = list(consumer, partitions, Offset::Offset(millis(time)), patience)?;
    let offsets = times.into_iter().zip(ends).map(|(time, end)| match time? {
        Some(offset) => Ok(offset),
        None => end,
    });
    Ok(offsets.collect())
}

/// The committed offset of each partition; without one, that of a time.
pub(super) fn starts<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Place],
    time: SystemTime,
    patience: Duration,
) -> KafkaResult<Answers> {
    let mut asked = TopicPartitionList::with_capacity(partitions.len());
    for Place { topic, partition } in partitions {
        asked.add_partition(topic, *partition);
    }
    let committed = read(&consumer.committed_offsets(asked, patience)?, partitions);
    let without = partitions.iter().zip(&committed).filter(|(_, found)| matches!(found, Ok(None)));
    let without: Vec<Place> = without.map(|(place, _)| place.clone()).collect();
    let mut found = at(consumer, &without, time, patience)?.into_iter();
    let answers = committed.into_iter().map(|committed| match committed {
        Ok(Some(offset)) => Ok(offset),
        Ok(None) => found.next().unwrap_or_else(|| Err(unknown())),
        Err(error) => Err(error),
    });
    Ok(answers.collect())
}

/// Asks all partitions with one request for each broker.
fn list<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &[Place],
    of: Offset,
    patience: Duration,
) -> KafkaResult<Vec<KafkaResult<Option<i64>>>> {
    if partitions.is_empty() {
        return Ok(Vec::new());
    }
    let mut asked = TopicPartitionList::with_capacity(partitions.len());
    for Place { topic, partition } in partitions {
        asked.add_partition_offset(topic, *partition, of)?;
    }
    Ok(read(&consumer.offsets_for_times(asked, patience)?, partitions))
}

/// The offsets of a list, in the order of the partitions.
fn read(list: &TopicPartitionList, partitions: &[Place]) -> Vec<KafkaResult<Option<i64>>> {
    let elements = list.elements();
    let found: HashMap<_, _> =
        elements.iter().map(|element| ((element.topic(), element.partition()), element)).collect();
    let offset = |Place { topic, partition }: &Place| {
        let element = found.get(&(&**topic, *partition)).ok_or_else(unknown)?;
        element.error()?;
        Ok(match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        })
    };
    partitions.iter().map(offset).collect()
}

fn unknown() -> KafkaError {
    KafkaError::OffsetFetch(RDKafkaErrorCode::UnknownPartition)
}

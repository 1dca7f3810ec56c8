//! Offsets that the brokers look up.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::message::millis;

/// The time that the brokers have for each answer.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The offset of the next message that is written.
pub(super) fn end<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &str, partition: i32) -> KafkaResult<i64> {
    consumer.fetch_watermarks(topic, partition, PATIENCE).map(|(_, end)| end)
}

/// The offset of the first message with this timestamp or a later one, by topic and partition; without any, the end.
pub(super) fn at<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: impl IntoIterator<Item = (&'a str, i32)>,
    time: SystemTime,
) -> KafkaResult<Vec<(String, i32, i64)>> {
    let mut times = TopicPartitionList::new();
    for (topic, partition) in partitions {
        times.add_partition_offset(topic, partition, Offset::Offset(millis(time)))?;
    }
    if times.count() == 0 {
        return Ok(Vec::new());
    }
    // Before the times: a message that is written between the two questions lies behind this end.
    let ends = times.elements().into_iter().map(|element| {
        let (topic, partition) = (element.topic().to_owned(), element.partition());
        Ok(((topic.clone(), partition), end(consumer, &topic, partition)?))
    });
    let ends = ends.collect::<KafkaResult<HashMap<_, _>>>()?;
    let found = consumer.offsets_for_times(times, PATIENCE)?;
    let offsets = found.elements().into_iter().map(|found| {
        found.error()?;
        let place = (found.topic().to_owned(), found.partition());
        let offset = match found.offset() {
            Offset::Offset(offset) => offset,
            _ => ends.get(&place).copied().unwrap_or_default(),
        };
        Ok((place.0, place.1, offset))
    });
    offsets.collect()
}

/// The offsets where those of the partitions start that have no committed one; `of` selects topics.
pub(super) fn without_commit<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    partitions: &TopicPartitionList,
    time: SystemTime,
    of: impl Fn(&str) -> bool,
) -> KafkaResult<Vec<(String, i32, i64)>> {
    let committed = consumer.committed_offsets(partitions.clone(), PATIENCE)?;
    let elements = committed.elements();
    for element in &elements {
        element.error()?;
    }
    let without = elements.iter().filter(|element| element.offset() == Offset::Invalid && of(element.topic()));
    at(consumer, without.map(|element| (element.topic(), element.partition())), time)
}

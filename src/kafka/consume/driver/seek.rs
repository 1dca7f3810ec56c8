//! Partitions that continue at another offset.

use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use super::super::session::{Trouble, Why};
use super::offsets::{self, PATIENCE};
use super::perform::perform;
use super::poll::Poller;
use super::seeks::{Seek, SeekTo};
use crate::kafka::error::ConsumeErrorKind;

impl Poller {
    /// Gives up the partition, as if it was revoked, and takes it again at another offset.
    pub(super) fn seek(&self, seek: Seek) {
        let Seek { topic, partition, to, sender } = seek;
        // Nobody may be waiting any more, and that is fine.
        let _ = sender.send(self.go_to(&topic, partition, to));
    }

    fn go_to(&self, topic: &str, partition: i32, to: SeekTo) -> Result<(), ConsumeErrorKind> {
        let consumer = &self.connection.consumer;
        let number = {
            let mut state = self.shared.lock_here();
            let number = state.number(topic, partition);
            if state.session.closing().is_some() {
                return Err(ConsumeErrorKind::Closed);
            }
            if !state.session.partitions().contains(&number) {
                return Err(ConsumeErrorKind::NotAssigned(format!("{topic}/{partition}")));
            }
            number
        };
        let offset = self.offset(topic, partition, to)?;
        consumer.context().let_go(consumer, &[number]);
        let gone = self.continue_at(topic, partition, offset);
        let mut state = self.shared.lock_here();
        state.starts.insert(number, if let Offset::Offset(offset) = offset { offset } else { 0 });
        state.session.assign(&[number]);
        if let Err(error) = &gone {
            // The messages that were received and not handled are forgotten: they must not be passed over.
            tracing::error!("{topic}/{partition}: no seek to {offset:?}: {error}");
            let trouble = Trouble { code: RDKafkaErrorCode::Fail, why: Why::Fatal };
            state.session.fail(trouble, self.shared.now());
            self.shared.supervisor.notify_one();
        }
        perform(&self.shared, &mut state, consumer);
        gone.map_err(|_| ConsumeErrorKind::Fatal(RDKafkaErrorCode::Fail))
    }

    fn continue_at(&self, topic: &str, partition: i32, offset: Offset) -> KafkaResult<()> {
        const AGAIN: Duration = Duration::from_millis(10);
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset(topic, partition, offset)?;
        let started = Instant::now();
        loop {
            let sought = self.connection.consumer.seek_partitions(partitions.clone(), PATIENCE)?;
            match sought.elements().iter().try_for_each(TopicPartitionListElem::error) {
                // It was assigned a moment ago: librdkafka asks for its committed offset, and does not fetch yet.
                Err(error) if is_not_fetched(&error) && started.elapsed() < PATIENCE => thread::park_timeout(AGAIN),
                done => return done,
            }
        }
    }

    /// The offset, looked up now: librdkafka would look for the end later, when there may be more.
    fn offset(&self, topic: &str, partition: i32, to: SeekTo) -> Result<Offset, ConsumeErrorKind> {
        let consumer = &self.connection.consumer;
        let found = match to {
            SeekTo::Beginning => return Ok(Offset::Beginning),
            SeekTo::Offset(offset) if offset >= 0 => Ok(offset),
            SeekTo::Offset(_) => return Err(ConsumeErrorKind::Seek(RDKafkaErrorCode::InvalidArgument)),
            SeekTo::End => offsets::end(consumer, topic, partition),
            SeekTo::Time(time) => offsets::at(consumer, [(topic, partition)], time).and_then(|found| {
                found.first().map_or_else(|| offsets::end(consumer, topic, partition), |first| Ok(first.2))
            }),
        };
        let failed = |error: KafkaError| error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail);
        found.map(Offset::Offset).map_err(|error| ConsumeErrorKind::Seek(failed(error)))
    }
}

fn is_not_fetched(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::State)
}

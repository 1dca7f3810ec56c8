//! Partitions that continue at another offset.

use std::time::{Duration, SystemTime};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::oneshot;

use super::super::session::{Trouble, Why};
use super::perform::perform;
use super::poll::Poller;
use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::message::millis;

/// Where a partition continues; see [`RunHandle::seek`](crate::kafka::RunHandle::seek).
///
/// ```
/// use event_schema::kafka::SeekTo;
/// use std::time::{Duration, SystemTime};
///
/// let an_hour_ago = SeekTo::Time(SystemTime::now() - Duration::from_secs(3600));
/// assert_ne!(an_hour_ago, SeekTo::Beginning);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SeekTo {
    /// The first message that there is.
    Beginning,
    /// The messages that come from now on.
    End,
    /// The message with this offset.
    Offset(i64),
    /// The first message with this timestamp or a later one; without any, the messages that come from now on.
    Time(SystemTime),
}

/// A request for a seek, and who waits for it.
pub(crate) struct Seek {
    pub(super) topic: String,
    pub(super) partition: i32,
    pub(super) to: SeekTo,
    pub(super) sender: oneshot::Sender<Result<(), ConsumeErrorKind>>,
}

/// The time that the brokers have to find an offset, and librdkafka to go there.
const PATIENCE: Duration = Duration::from_secs(10);

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
        let gone = consumer.seek(topic, partition, offset, PATIENCE);
        let mut state = self.shared.lock_here();
        state.session.assign(&[number]);
        if let Err(error) = &gone {
            // What was received and not handled is forgotten: it must not be passed over.
            tracing::error!("{topic}/{partition}: no seek to {offset:?}: {error}");
            let trouble = Trouble { code: RDKafkaErrorCode::Fail, why: Why::Fatal };
            state.session.fail(trouble, self.shared.now());
            self.shared.supervisor.notify_one();
        }
        perform(&self.shared, &mut state, consumer);
        gone.map_err(|_| ConsumeErrorKind::Fatal(RDKafkaErrorCode::Fail))
    }

    /// The offset, looked up now: librdkafka would look for the end later, when there may be more.
    fn offset(&self, topic: &str, partition: i32, to: SeekTo) -> Result<Offset, ConsumeErrorKind> {
        let consumer = &self.connection.consumer;
        let failed =
            |error: KafkaError| ConsumeErrorKind::Seek(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Fail));
        let end = || consumer.fetch_watermarks(topic, partition, PATIENCE).map(|(_, end)| Offset::Offset(end));
        match to {
            SeekTo::Beginning => Ok(Offset::Beginning),
            SeekTo::End => end().map_err(failed),
            SeekTo::Offset(offset) if offset >= 0 => Ok(Offset::Offset(offset)),
            SeekTo::Offset(_) => Err(ConsumeErrorKind::Seek(RDKafkaErrorCode::InvalidArgument)),
            SeekTo::Time(time) => {
                let mut times = TopicPartitionList::new();
                let time = Offset::Offset(millis(time));
                times.add_partition_offset(topic, partition, time).map_err(failed)?;
                let offsets = consumer.offsets_for_times(times, PATIENCE).map_err(failed)?;
                let found = offsets.find_partition(topic, partition);
                let found = found.ok_or(ConsumeErrorKind::Seek(RDKafkaErrorCode::UnknownPartition))?;
                found.error().map_err(failed)?;
                match found.offset() {
                    Offset::Offset(offset) => Ok(Offset::Offset(offset)),
                    _ => end().map_err(failed),
                }
            }
        }
    }
}

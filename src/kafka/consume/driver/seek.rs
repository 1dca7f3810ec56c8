//! Partitions that continue at another offset.

use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{Offset, TopicPartitionList};

use super::super::core::Partition;
use super::connection::Connection;
use super::offsets;
use super::perform::perform;
use super::poll::Poller;
use super::seeks::{Seek, SeekTo};
use super::shared::Shared;
use crate::kafka::client::native;
use crate::kafka::client::thread::spawn;
use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::message::Place;

impl Poller {
    /// Gives up the partition, as if it was revoked, to take it again at another offset.
    pub(super) fn seek(&mut self, seek: Seek) {
        let number = match self.may_seek(&seek) {
            Ok(number) => number,
            Err(error) => {
                // Nobody may be waiting any more, and that is fine.
                let _ = seek.sender.send(Err(error));
                return;
            }
        };
        let offset = match seek.to {
            SeekTo::Beginning => Offset::Beginning,
            SeekTo::Offset(offset) => {
                self.sought.insert(number, offset);
                Offset::Offset(offset)
            }
            SeekTo::End | SeekTo::Time(_) => return look_up(Arc::downgrade(&self.connection), &self.shared, seek),
        };
        let consumer = &self.connection.consumer;
        let is_held = self.shared.lock_here().held.contains(number);
        if !is_held {
            consumer.context().let_go(consumer, &[number]);
        }
        self.shared.lock_here().held.go_to(number, offset, seek.sender, self.shared.now());
    }

    fn may_seek(&self, Seek { topic, partition, to, .. }: &Seek) -> Result<Partition, ConsumeErrorKind> {
        let mut state = self.shared.lock_here();
        let number = state.number(topic, *partition);
        if state.session.closing().is_some() {
            return Err(ConsumeErrorKind::Closed);
        }
        if !state.session.partitions().contains(&number) && !state.held.contains(number) {
            return Err(ConsumeErrorKind::NotAssigned(format!("{topic}/{partition}")));
        }
        match to {
            SeekTo::Offset(..0) => Err(ConsumeErrorKind::Seek(RDKafkaErrorCode::InvalidArgument)),
            _ => Ok(number),
        }
    }

    /// Has librdkafka continue at the offsets where partitions are to be read next. One that it does not take for now
    /// waits: its messages that were received and not handled are forgotten, and must not be passed over.
    pub(super) fn move_on(&self) {
        let now = self.shared.now();
        let due = self.shared.lock_here().held.due(now);
        for (number, offset) in due {
            let place = self.shared.lock_here().place(number).clone();
            let gone = self.continue_at(&place, offset);
            let mut state = self.shared.lock_here();
            match gone {
                Ok(()) => {
                    state.starts.insert(number, if let Offset::Offset(offset) = offset { offset } else { 0 });
                    state.session.assign(&[number]);
                    state.held.went(number);
                    perform(&self.shared, &mut state, &self.connection.consumer);
                }
                Err(error) => {
                    if state.held.failed(number, code(&error), self.shared.now()) {
                        tracing::warn!("{place} waits, because it cannot continue at {offset:?}: {error}");
                    }
                }
            }
        }
    }

    fn continue_at(&self, Place { topic, partition }: &Place, offset: Offset) -> KafkaResult<()> {
        /// It says only that it has begun.
        const PATIENCE: Duration = Duration::from_secs(1);
        // Not before librdkafka has found where it is now: it asks again if a seek comes while it waits for the answer,
        // and leaves the offset of the seek.
        if native::end(&self.connection.consumer, topic, *partition).is_none() {
            return Err(KafkaError::Seek("the partition is not read yet".to_owned()));
        }
        let mut partitions = TopicPartitionList::new();
        partitions.add_partition_offset(topic, *partition, offset)?;
        let sought = self.connection.consumer.seek_partitions(partitions, PATIENCE)?;
        sought.elements().iter().try_for_each(TopicPartitionListElem::error)
    }
}

/// Looks the offset up now, on a thread of its own: librdkafka would look for the end later, when there may be more.
fn look_up(connection: Weak<Connection>, shared: &Arc<Shared>, seek: Seek) {
    /// The time for each answer.
    const PATIENCE: Duration = Duration::from_secs(10);
    let shared = Arc::clone(shared);
    spawn("event-schema seek", move || {
        let Some(connection) = connection.upgrade() else { return };
        let (consumer, place) = (&connection.consumer, [seek.place()]);
        let found = match seek.to {
            SeekTo::Time(time) => offsets::at(consumer, &place, time, PATIENCE),
            _ => offsets::ends(consumer, &place, PATIENCE),
        };
        // The consumer may have closed meanwhile.
        drop(connection);
        match found.and_then(|mut found| found.pop().unwrap_or(Err(KafkaError::Canceled))) {
            Ok(offset) => shared.queue(Seek { to: SeekTo::Offset(offset), ..seek }),
            Err(error) => _ = seek.sender.send(Err(ConsumeErrorKind::Seek(code(&error)))),
        }
    });
}

fn code(error: &KafkaError) -> RDKafkaErrorCode {
    error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::State)
}

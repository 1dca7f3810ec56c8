//! The dead letters of a topic, one after the other.

use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;

use rdkafka::message::Message;
use tokio::sync::mpsc::{Receiver, Sender, channel};

use super::letter::Letter;
use super::memory::{self, Memory};
use super::selection::Selection;
use super::source::{Partitions, Source};
use crate::kafka::client::thread;
use crate::kafka::config::TopicNames;
use crate::kafka::error::{ConnectError, ConnectErrorKind, RedriveError};

/// How many letters are read ahead.
const AHEAD: usize = 16;

/// The dead letters of a [`DeadLetterTopic`](crate::kafka::DeadLetterTopic) that were there when it was opened, by
/// partition and offset.
pub struct Letters {
    receiver: Receiver<Read>,
    is_ended: bool,
}

/// A letter, or none behind the last.
type Read = Result<Option<Letter>, RedriveError>;

impl Letters {
    /// The next dead letter, or none behind the last.
    ///
    /// # Errors
    ///
    /// A [`RedriveError`] if the user may not read the topic, or if the brokers do not answer.
    ///
    /// For an example see [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
    pub async fn next(&mut self) -> Result<Option<Letter>, RedriveError> {
        if self.is_ended {
            return Ok(None);
        }
        let read = self.receiver.recv().await.unwrap_or_else(|| Err(no_thread()));
        self.is_ended = !matches!(read, Ok(Some(_)));
        read
    }
}

impl fmt::Debug for Letters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Letters").finish_non_exhaustive()
    }
}

/// A dead letter topic as it is now.
pub(super) struct Opened {
    topic: String,
    source: Arc<Source>,
    /// Those of all topics.
    pub(super) partitions: Partitions,
    ranges: Vec<Range<i64>>,
    memory: Memory,
}

impl Opened {
    pub(super) async fn new(source: Arc<Source>, topic: &str, names: &TopicNames) -> Result<Self, RedriveError> {
        let (topic, remembers) = (topic.to_owned(), memory::topic(topic, names));
        on_thread(move || Self::look(source, topic, &remembers)).await?
    }

    fn look(source: Arc<Source>, topic: String, remembers: &str) -> Result<Self, RedriveError> {
        let partitions = source.partitions()?;
        let Some(count) = partitions.get(&topic).copied().filter(|count| *count > 0) else {
            let reason = format!("missing, or not visible to this user: `{topic}`");
            return Err(ConnectError::from(ConnectErrorKind::Topic(reason)).into());
        };
        // Before the memory is read: a letter that is redriven meanwhile is remembered, or not read.
        let ranges = (0..count).map(|partition| source.range(&topic, partition)).collect::<Result<Vec<_>, _>>()?;
        let mut memory = Memory::default();
        for partition in 0..partitions.get(remembers).copied().unwrap_or(0) {
            let range = source.range(remembers, partition)?;
            source.read(remembers, partition, range, |mark| {
                memory.note(&topic, mark.key(), mark.payload());
                ControlFlow::Continue(())
            })?;
        }
        Ok(Self { topic, source, partitions, ranges, memory })
    }

    /// The places of letters that are remembered, and no longer there.
    pub(super) fn outlived(&self) -> Vec<(i32, i64)> {
        let first = |partition: i32| Some(self.ranges.get(usize::try_from(partition).ok()?)?.start);
        self.memory.outlived(first).collect()
    }

    /// Starts to read.
    pub(super) fn letters(self, selection: Selection, limit: u32, count: u64) -> Letters {
        let (sender, receiver) = channel(AHEAD);
        // Without a thread the sender is gone, and the first question gets the error.
        thread::spawn("event-schema letters", move || {
            let read = self.read(&selection, limit, count, &sender);
            // Nobody may be waiting for it any more.
            let _ = sender.blocking_send(read.map(|()| None));
        });
        Letters { receiver, is_ended: false }
    }

    fn read(self, selection: &Selection, limit: u32, count: u64, sender: &Sender<Read>) -> Result<(), RedriveError> {
        let Self { topic, source, ranges, memory, .. } = self;
        let mut left = count;
        for (partition, range) in (0..).zip(ranges) {
            let range = match selection.at {
                Some((wanted, _)) if wanted != partition => continue,
                Some((_, offset)) => offset.max(range.start)..range.end.min(offset.saturating_add(1)),
                None => range,
            };
            if left == 0 {
                break;
            }
            source.read(&topic, partition, range, |message| {
                // Nobody wants more.
                if sender.is_closed() {
                    left = 0;
                    return ControlFlow::Break(());
                }
                let letter =
                    Letter::read(message, limit, |partition, offset, time| memory.has(partition, offset, time));
                if selection.has(&letter) {
                    left -= 1;
                    if sender.blocking_send(Ok(Some(letter))).is_err() {
                        left = 0;
                    }
                }
                if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        Ok(())
    }
}

fn no_thread() -> RedriveError {
    ConnectError::client("the thread that reads dead letters did not start, or ended".to_owned()).into()
}

/// Runs a blocking call.
pub(super) async fn on_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, RedriveError> {
    let done = thread::start("event-schema dead letters", work).await;
    done.map_err(|_| no_thread())
}

#[cfg(test)]
mod tests {
    use rdkafka::Offset;
    use rdkafka::consumer::Consumer as _;

    use super::*;
    use crate::kafka::{EmbeddedKafka, EventProducer, ProducerRecord};

    /// None of them is selected: the reader has nothing to send.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_reader_ends_when_nobody_wants_more() {
        let kafka = EmbeddedKafka::start().unwrap();
        kafka.create_topic("dlt", 2).unwrap();
        let producer = EventProducer::connect(&kafka.config()).await.unwrap();
        for partition in [0, 0, 0, 1] {
            producer.send_record(&ProducerRecord::new("dlt").with_partition(partition)).await.unwrap();
        }
        for (is_wanted, expected) in [(true, [None, Some(1)]), (false, [Some(1), None])] {
            let source = Source::connect(&kafka.config()).await.unwrap();
            let opened = Opened::new(Arc::clone(&source), "dlt", &kafka.config().topic_names()).await.unwrap();
            let (sender, receiver) = channel(1);
            let receiver = is_wanted.then_some(receiver);
            let selection = Selection { id: Some("another".to_owned()), ..Selection::default() };
            on_thread(move || opened.read(&selection, 3, u64::MAX, &sender)).await.unwrap().unwrap();
            drop(receiver);
            let positions = source.consumer().position().unwrap();
            let position = |partition| match positions.find_partition("dlt", partition)?.offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            };
            assert_eq!([0, 1].map(position), expected);
        }
    }
}

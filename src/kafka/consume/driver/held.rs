//! Assigned partitions that are not read yet: it is to be found out where they start, or librdkafka is to be told.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::Offset;
use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::oneshot;

use super::super::core::Partition;
use crate::kafka::error::ConsumeErrorKind;

/// How long a caller waits for librdkafka to go to the offset. The partition waits until it does.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two tries.
const AGAIN: Duration = Duration::from_millis(20);

/// The pause before the first try after a search: librdkafka has found the leader or the offset as well by then.
const AFTER_SEARCH: Duration = Duration::from_secs(1);

/// The partitions that are ours and that the session does not know yet: of what is received, nothing counts.
#[derive(Default)]
pub(super) struct Held {
    partitions: BTreeMap<Partition, Wait>,
    /// The number of the last question.
    asked: u64,
    /// Questions that nobody has asked yet.
    questions: Vec<Question>,
}

enum Wait {
    /// For the answer to this question.
    Asked(u64),
    Move(Move),
}

/// The question where partitions start.
pub(super) struct Question {
    pub(super) number: u64,
    pub(super) partitions: Vec<Partition>,
}

/// A partition that is to continue at an offset.
struct Move {
    offset: Offset,
    next: Duration,
    until: Duration,
    sender: Option<oneshot::Sender<Result<(), ConsumeErrorKind>>>,
}

impl Held {
    pub(super) fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }

    pub(super) fn contains(&self, partition: Partition) -> bool {
        self.partitions.contains_key(&partition)
    }

    /// It is to be found out where these start.
    pub(super) fn ask(&mut self, partitions: Vec<Partition>) {
        if !partitions.is_empty() {
            self.asked += 1;
            self.partitions.extend(partitions.iter().map(|partition| (*partition, Wait::Asked(self.asked))));
            self.questions.push(Question { number: self.asked, partitions });
        }
    }

    /// The questions that are to be asked now.
    pub(super) fn questions(&mut self) -> Vec<Question> {
        std::mem::take(&mut self.questions)
    }

    /// Whether a question is still to be answered for this partition.
    pub(super) fn awaits(&self, partition: Partition, question: u64) -> bool {
        matches!(self.partitions.get(&partition), Some(Wait::Asked(number)) if *number == question)
    }

    /// The partition is to continue there.
    pub(super) fn go_to(
        &mut self,
        partition: Partition,
        offset: Offset,
        sender: oneshot::Sender<Result<(), ConsumeErrorKind>>,
        now: Duration,
    ) {
        let until = now.saturating_add(PATIENCE);
        let wait = Wait::Move(Move { offset, next: now, until, sender: Some(sender) });
        if let Some(Wait::Move(Move { sender: Some(earlier), .. })) = self.partitions.insert(partition, wait) {
            // Nobody may be waiting any more, and that is fine.
            let _ = earlier.send(Err(ConsumeErrorKind::Seek(RDKafkaErrorCode::Outdated)));
        }
    }

    /// The partition is to start there.
    pub(super) fn start_at(&mut self, partition: Partition, offset: i64, now: Duration) {
        let next = now.saturating_add(AFTER_SEARCH);
        let until = next.saturating_add(PATIENCE);
        let wait = Wait::Move(Move { offset: Offset::Offset(offset), next, until, sender: None });
        self.partitions.insert(partition, wait);
    }

    /// The partitions that librdkafka is to be told of now, and their offsets.
    pub(super) fn due(&self, now: Duration) -> Vec<(Partition, Offset)> {
        self.moves().filter(|(_, due)| due.next <= now).map(|(partition, due)| (partition, due.offset)).collect()
    }

    /// The time of the next try.
    pub(super) fn next(&self) -> Option<Duration> {
        self.moves().map(|(_, wait)| wait.next).min()
    }

    fn moves(&self) -> impl Iterator<Item = (Partition, &Move)> {
        self.partitions.iter().filter_map(|(partition, wait)| match wait {
            Wait::Move(wait) => Some((*partition, wait)),
            Wait::Asked(_) => None,
        })
    }

    /// librdkafka has gone there.
    pub(super) fn went(&mut self, partition: Partition) {
        if let Some(Wait::Move(Move { sender: Some(sender), .. })) = self.partitions.remove(&partition) {
            // Nobody may be waiting any more, and that is fine.
            let _ = sender.send(Ok(()));
        }
    }

    /// librdkafka did not go there: it is told again. Whether that has been so for long.
    pub(super) fn failed(&mut self, partition: Partition, code: RDKafkaErrorCode, now: Duration) -> bool {
        let Some(Wait::Move(wait)) = self.partitions.get_mut(&partition) else { return false };
        wait.next = now.saturating_add(AGAIN);
        let is_long = now >= wait.until;
        if is_long {
            wait.until = now.saturating_add(PATIENCE);
            if let Some(sender) = wait.sender.take() {
                let _ = sender.send(Err(ConsumeErrorKind::Seek(code)));
            }
        }
        is_long
    }

    /// Partitions are ours no more.
    pub(super) fn forget(&mut self, partitions: &[Partition]) {
        self.partitions.retain(|partition, _| !partitions.contains(partition));
    }

    pub(super) fn clear(&mut self) {
        self.partitions.clear();
    }
}

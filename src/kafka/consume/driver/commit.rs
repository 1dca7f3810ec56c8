//! Commits: how long they are waited for, and what became of each partition.

use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::metadata::MetadataTopic;

use super::super::core::Partition;
use super::super::session::NotCommitted;
use super::commits::CommitWaiter;
use super::shared::{Shared, State};
use crate::kafka::client::native;

/// How often a commit looks whether anybody waits for it still.
const LOOK: Duration = Duration::from_millis(100);

/// How long a commit that a rebalance refuses is tried again before partitions are given up. A member that is no longer
/// in the group is refused for good.
const RETRY: Duration = Duration::from_secs(3);

/// The time that the brokers have to answer with the committed offsets, and with the topics.
const ASK: Duration = Duration::from_secs(5);

/// The offsets that were not committed.
#[derive(Default)]
pub(super) struct Failed {
    /// The partitions whose commit failed, by topic and number.
    partitions: Vec<(String, i32, RDKafkaErrorCode, NotCommitted)>,
    /// The error of the whole commit.
    all: Option<(RDKafkaErrorCode, NotCommitted)>,
}

impl Failed {
    pub(super) fn all(code: RDKafkaErrorCode) -> Self {
        Self { partitions: Vec::new(), all: Some((code, reason(code))) }
    }

    fn is_for_a_rebalance(&self) -> bool {
        use RDKafkaErrorCode as C;
        matches!(self.all, Some((C::RebalanceInProgress | C::IllegalGeneration | C::StaleMemberEpoch, _)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_none() && self.partitions.is_empty()
    }
}

/// Commits the stored offsets, and waits for the broker as long as `waits` returns `true`.
pub(super) fn commit<C: ConsumerContext>(consumer: &BaseConsumer<C>, waits: impl Fn() -> bool) -> Failed {
    let committed = native::commit(consumer, || waits().then_some(LOOK));
    match committed {
        // The latter if nothing was stored since the last one.
        Ok(_) | Err((RDKafkaErrorCode::NoOffset, _)) => Failed::default(),
        // librdkafka says of all partitions what the broker says of one.
        Err((code, offsets)) if is_of_partition(code) && !offsets.is_empty() && waits() => {
            judge(consumer, code, offsets)
        }
        Err((code, _)) => Failed::all(code),
    }
}

/// Whether the broker says this of a partition, whatever becomes of the others.
fn is_of_partition(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::UnknownTopic
            | C::UnknownPartition
            | C::UnknownTopicOrPartition
            | C::TopicAuthorizationFailed
            | C::OffsetMetadataTooLarge
            | C::InvalidCommitOffsetSize
            | C::UnstableOffsetCommit
    )
}

/// Asks the brokers which of the offsets have arrived.
fn judge<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    code: RDKafkaErrorCode,
    offsets: Vec<(String, i32, i64)>,
) -> Failed {
    let mut list = TopicPartitionList::with_capacity(offsets.len());
    for (topic, partition, _) in &offsets {
        list.add_partition(topic, *partition);
    }
    let Ok(committed) = consumer.committed_offsets(list, ASK) else { return Failed::all(code) };
    let has_arrived = |topic: &str, partition, offset| {
        let found = committed.find_partition(topic, partition);
        found.and_then(|found| found.offset().to_raw()).is_some_and(|committed| committed >= offset)
    };
    let mut failed = Failed::default();
    for (topic, partition, offset) in offsets {
        if !has_arrived(&topic, partition, offset) {
            let is_gone =
                failed.partitions.iter().any(|(other, _, _, why)| *other == topic && *why == NotCommitted::Gone)
                    || is_gone(consumer, &topic);
            let why = if is_gone { NotCommitted::Gone } else { NotCommitted::Refused };
            failed.partitions.push((topic, partition, code, why));
        }
    }
    let gone = failed.partitions.iter().filter(|(.., why)| *why == NotCommitted::Gone);
    native::forget_offsets(consumer, gone.map(|(topic, partition, ..)| (topic.as_str(), *partition)));
    failed
}

fn is_gone<C: ConsumerContext>(consumer: &BaseConsumer<C>, topic: &str) -> bool {
    let Ok(metadata) = consumer.fetch_metadata(Some(topic), ASK) else { return false };
    let error = metadata.topics().iter().find_map(MetadataTopic::error).map(RDKafkaErrorCode::from);
    matches!(error, Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition))
}

/// Why nothing is committed at all.
pub(super) fn reason(code: RDKafkaErrorCode) -> NotCommitted {
    use RDKafkaErrorCode as C;
    match code {
        C::RebalanceInProgress
        | C::IllegalGeneration
        | C::UnknownMemberId
        | C::FencedInstanceId
        | C::FencedMemberEpoch
        | C::StaleMemberEpoch
        | C::AssignmentLost => NotCommitted::Rebalance,
        _ => NotCommitted::Refused,
    }
}

/// Reports the result of a commit to the session, to the log and to its waiters.
pub(super) fn settle(shared: &Shared, waiters: Vec<CommitWaiter>, failed: &Failed, when: &str) {
    let codes = {
        let mut state = shared.lock();
        let partitions = numbered(&mut state, failed);
        if failed.is_empty() {
            state.session.committed();
        } else {
            let told = state.session.not_committed(&partitions, failed.all, shared.now());
            for (partition, code) in told {
                match partition {
                    Some(partition) => tracing::warn!("{}: not committed{when}: {code}", state.place(partition)),
                    None => tracing::warn!("not committed{when}: {code}"),
                }
            }
        }
        partitions
    };
    shared.wake();
    let all = failed.all.map(|(code, _)| code);
    CommitWaiter::answer(waiters, |partition| {
        all.or_else(|| codes.iter().find(|(failed, ..)| *failed == partition).map(|(_, code, _)| *code))
    });
}

fn numbered(state: &mut State, failed: &Failed) -> Vec<(Partition, RDKafkaErrorCode, NotCommitted)> {
    let partitions = failed.partitions.iter();
    partitions.map(|(topic, partition, code, why)| (state.number(topic, *partition), *code, *why)).collect()
}

/// Commits the stored offsets on this thread, in the time that is left.
pub(super) fn commit_here<C: ConsumerContext>(shared: &Shared, consumer: &BaseConsumer<C>, until: Duration) {
    let waiters = shared.lock_here().commits.take();
    let until = shared.at(until);
    let waits = || Instant::now() < until;
    let started = Instant::now();
    // In any case: one that is under way may fail.
    let mut failed = commit(consumer, waits);
    // Another member joins or leaves at the same time. As soon as all members know their partitions, this one still has
    // those that it gives up, and the broker takes the commit.
    while failed.is_for_a_rebalance() && started.elapsed() < RETRY && waits() {
        std::thread::sleep(LOOK);
        failed = commit(consumer, waits);
    }
    settle(shared, waiters, &failed, " before the partitions were given up");
}

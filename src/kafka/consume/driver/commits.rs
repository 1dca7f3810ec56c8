//! Who waits for which commit.

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::oneshot;

use super::super::core::Partition;
use crate::kafka::error::ConsumeErrorKind;

#[derive(Default)]
pub(super) struct Commits {
    /// Whether offsets were stored since the last commit.
    pub(super) wanted: bool,
    /// Whoever waits for the one that is under way.
    pub(super) under_way: Option<Vec<CommitWaiter>>,
    /// For the next one.
    pub(super) waiting: Vec<CommitWaiter>,
}

/// Somebody waits until a partition is committed.
pub(super) struct CommitWaiter {
    pub(super) partition: Partition,
    pub(super) sender: oneshot::Sender<Result<(), ConsumeErrorKind>>,
}

impl CommitWaiter {
    pub(super) fn answer(all: Vec<Self>, committed: Result<(), RDKafkaErrorCode>) {
        for waiting in all {
            // Nobody may be waiting any more, and that is fine.
            let _ = waiting.sender.send(committed.map_err(ConsumeErrorKind::Commit));
        }
    }
}

impl Commits {
    /// Whether one is to begin now: then it is under way.
    pub(super) fn start(&mut self) -> bool {
        let begins = self.under_way.is_none() && (self.wanted || !self.waiting.is_empty());
        if begins {
            self.wanted = false;
            self.under_way = Some(std::mem::take(&mut self.waiting));
        }
        begins
    }

    /// Partitions are somebody else's: whoever waits for them is told.
    pub(super) fn lose(&mut self, partitions: &[Partition]) {
        let waiting = self.under_way.iter_mut().chain([&mut self.waiting]);
        for lost in waiting.flat_map(|all| all.extract_if(.., |waiting| partitions.contains(&waiting.partition))) {
            let _ = lost.sender.send(Err(ConsumeErrorKind::Revoked));
        }
    }

    /// The offset of a partition is not in the next commit.
    pub(super) fn fail(&mut self, partition: Partition, code: RDKafkaErrorCode) {
        for failed in self.waiting.extract_if(.., |waiting| waiting.partition == partition) {
            let error = match code {
                // It is not assigned any more, which is yet to be told.
                RDKafkaErrorCode::State => ConsumeErrorKind::Revoked,
                code => ConsumeErrorKind::Commit(code),
            };
            let _ = failed.sender.send(Err(error));
        }
    }
}

/// Whether a commit was refused because the group is sharing its partitions out anew, or has already: whoever has
/// them then receives again what was not committed.
pub(super) fn is_of_rebalance(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::RebalanceInProgress
            | C::IllegalGeneration
            | C::UnknownMemberId
            | C::FencedInstanceId
            | C::FencedMemberEpoch
            | C::StaleMemberEpoch
    )
}

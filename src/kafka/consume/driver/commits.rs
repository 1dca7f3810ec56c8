//! The callers that wait for commits.

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::oneshot;

use super::super::core::Partition;
use crate::kafka::error::ConsumeErrorKind;

#[derive(Default)]
pub(super) struct Commits {
    /// Whether offsets were stored since the last commit.
    wanted: bool,
    /// The callers that wait for the commit under way.
    under_way: Option<Vec<CommitWaiter>>,
    /// For the next one.
    waiters: Vec<CommitWaiter>,
}

/// A caller that waits until a partition is committed.
pub(super) struct CommitWaiter {
    pub(super) partition: Partition,
    pub(super) sender: oneshot::Sender<Result<(), ConsumeErrorKind>>,
}

impl CommitWaiter {
    /// Each learns the result of its own partition.
    pub(super) fn answer(all: Vec<Self>, failure: impl Fn(Partition) -> Option<RDKafkaErrorCode>) {
        for waiter in all {
            let committed = failure(waiter.partition).map_or(Ok(()), |code| Err(ConsumeErrorKind::Commit(code)));
            // Nobody may be waiting any more, and that is fine.
            let _ = waiter.sender.send(committed);
        }
    }
}

impl Commits {
    /// There is something to commit.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// Adds a waiter for the next commit.
    pub(super) fn wait(&mut self, waiter: CommitWaiter) {
        self.waiters.push(waiter);
    }

    /// Takes the waiters for the next commit, which is made on this thread.
    pub(super) fn take(&mut self) -> Vec<CommitWaiter> {
        self.wanted = false;
        std::mem::take(&mut self.waiters)
    }

    /// The commit under way has ended: takes its waiters.
    pub(super) fn end(&mut self) -> Vec<CommitWaiter> {
        self.under_way.take().unwrap_or_default()
    }

    /// Whether one is to begin now: then it is under way.
    pub(super) fn start(&mut self) -> bool {
        let begins = self.under_way.is_none() && (self.wanted || !self.waiters.is_empty());
        if begins {
            self.wanted = false;
            self.under_way = Some(std::mem::take(&mut self.waiters));
        }
        begins
    }

    /// Partitions are lost: their waiters learn it.
    pub(super) fn lose(&mut self, partitions: &[Partition]) {
        let waiters = self.under_way.iter_mut().chain([&mut self.waiters]);
        for lost in waiters.flat_map(|all| all.extract_if(.., |waiter| partitions.contains(&waiter.partition))) {
            let _ = lost.sender.send(Err(ConsumeErrorKind::Revoked));
        }
    }

    /// The offset of a partition is not in the next commit.
    pub(super) fn fail(&mut self, partition: Partition, code: RDKafkaErrorCode) {
        for failed in self.waiters.extract_if(.., |waiter| waiter.partition == partition) {
            let error = match code {
                // It is not assigned any more, which is yet to be told.
                RDKafkaErrorCode::State => ConsumeErrorKind::Revoked,
                code => ConsumeErrorKind::Commit(code),
            };
            let _ = failed.sender.send(Err(error));
        }
    }
}

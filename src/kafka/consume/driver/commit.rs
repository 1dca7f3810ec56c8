//! Commits, each on a thread of its own: they wait for the broker.

use std::sync::Arc;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;

use super::commits::CommitWaiter;
use super::connection::Connection;
use super::shared::Shared;
use crate::kafka::client::thread;

/// Commits what is stored, and waits for the broker.
pub(super) fn commit<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> Result<(), RDKafkaErrorCode> {
    match consumer.commit_consumer_state(CommitMode::Sync) {
        Ok(()) => Ok(()),
        Err(error) => match error.rdkafka_error_code() {
            // Nothing was stored since the last one.
            Some(RDKafkaErrorCode::NoOffset) => Ok(()),
            code => Err(code.unwrap_or(RDKafkaErrorCode::Unknown)),
        },
    }
}

/// Ends a commit, even one that never began, and tells whoever waits for it.
pub(super) struct CommitUnderWay {
    pub(super) shared: Arc<Shared>,
    pub(super) committed: Option<Result<(), RDKafkaErrorCode>>,
}

impl CommitUnderWay {
    pub(super) fn end(mut self, committed: Result<(), RDKafkaErrorCode>) {
        self.committed = Some(committed);
    }
}

impl Drop for CommitUnderWay {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.shared.lock();
            if !matches!(self.committed, Some(Ok(()))) {
                state.core.commit_failed();
            }
            state.commits.under_way.take()
        };
        self.shared.wake();
        if let Some(committed) = self.committed {
            CommitWaiter::answer(waiting.unwrap_or_default(), committed);
        }
    }
}

/// Commits what is stored, on a thread of its own: it waits for the broker.
pub(super) fn start(connection: &Arc<Connection>, shared: &Arc<Shared>) {
    let connection = Arc::clone(connection);
    let under_way = CommitUnderWay { shared: Arc::clone(shared), committed: None };
    drop(thread::start("event-schema commit", move || {
        let committed = commit(&connection.consumer);
        if let Err(code) = committed {
            tracing::warn!("not committed, to be tried again: {code}");
        }
        under_way.end(committed);
    }));
}

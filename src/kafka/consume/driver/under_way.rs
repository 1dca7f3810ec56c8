//! Commits on threads of their own.

use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode;

use super::super::session::NotCommitted;
use super::commit::{Failed, commit, settle};
use super::connection::Connection;
use super::shared::Shared;
use crate::kafka::client::thread;

/// A commit that is under way. It ends even if it never begins: then its waiters learn that there is no thread.
pub(super) struct CommitUnderWay {
    shared: Arc<Shared>,
    ended: bool,
}

impl CommitUnderWay {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), ended: false }
    }

    pub(super) fn end(mut self, failed: &Failed) {
        self.ended = true;
        let waiters = self.shared.lock().commits.end();
        settle(&self.shared, waiters, failed, ", to be tried again");
    }
}

impl Drop for CommitUnderWay {
    fn drop(&mut self) {
        if !self.ended {
            let mut state = self.shared.lock();
            let now = self.shared.now();
            state.session.not_committed(&[], Some((RDKafkaErrorCode::Fail, NotCommitted::Refused)), now);
            drop(state.commits.end());
        }
    }
}

/// Commits the stored offsets on a thread of its own, which waits for the broker, but not beyond the end.
pub(super) fn start(connection: &Arc<Connection>, shared: &Arc<Shared>) {
    let connection = Arc::clone(connection);
    let under_way = CommitUnderWay::new(shared);
    drop(thread::start("event-schema commit", move || {
        let failed = commit(&connection.consumer, || !under_way.shared.lock().session.is_over());
        under_way.end(&failed);
    }));
}

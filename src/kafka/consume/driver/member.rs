//! Member of a group.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::super::session::Closing;
use super::connection::Connection;
use super::shared::Shared;
use super::topics;
use crate::kafka::error::{CloseError, Open};

/// Member of a group, until it is dropped.
pub(crate) struct Member {
    pub(crate) shared: Arc<Shared>,
    /// Ready when the group is left and the client is gone.
    pub(crate) gone: watch::Receiver<()>,
    pub(super) connection: Weak<Connection>,
}

impl Member {
    /// Looks for topics that the run will need, and warns of missing ones with the consequence.
    pub(crate) fn look_for(&self, topics: Vec<(String, &'static str)>) {
        topics::look_for(Weak::clone(&self.connection), topics);
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.close(Closing::at_once(self.shared.now()));
    }
}

/// Waits until the group is left and the client is gone.
pub(crate) async fn left(
    shared: &Shared,
    gone: &mut watch::Receiver<()>,
    deadline: Duration,
) -> Result<(), CloseError> {
    match tokio::time::timeout(deadline, gone.changed()).await {
        Ok(_) => match shared.lock().session.uncommitted() {
            None => Ok(()),
            Some(code) => Err(CloseError { deadline, open: Open::Commit(code) }),
        },
        Err(_) => Err(CloseError { deadline, open: Open::Group }),
    }
}

//! librdkafka's blocking calls, each on a thread of its own.
//!
//! Not `spawn_blocking`: a runtime that shuts down waits for its blocking tasks, and a client
//! whose broker is gone can take minutes to come back.

use std::thread::Builder;
use std::time::Duration;

use tokio::sync::oneshot::{Receiver, channel};

/// Starts `work` on a new thread. The receiver gets what it returns, or an error if it panics or
/// if there is no thread to be had.
pub(crate) fn start<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
    let (sender, receiver) = channel();
    spawn(name, move || {
        // Nobody may be waiting any more, and that is fine.
        let _ = sender.send(work());
    });
    receiver
}

/// As [`start`], and returns whether the thread could be started.
pub(crate) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> bool {
    let started = Builder::new().name(name.to_owned()).spawn(work);
    if let Err(error) = &started {
        tracing::error!("no thread for {name}: {error}");
    }
    started.is_ok()
}

/// A deadline that librdkafka can count, which does so in an `i32` of milliseconds.
pub(crate) fn bounded(deadline: Duration) -> Duration {
    deadline.min(Duration::from_secs(24 * 60 * 60))
}

//! The way to a broker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::monitor::{Monitor, Trouble};
use super::thread;
use crate::kafka::error::{ConnectError, ConnectErrorKind};

/// Waits until a broker has answered, but no longer than `timeout`.
///
/// `cluster_id` blocks until the cluster's id is known or its time is over. It comes with the
/// metadata that every client fetches first; to ask for a topic instead could create the topic.
pub(crate) async fn connected(
    monitor: Arc<Monitor>,
    timeout: Duration,
    cluster_id: impl Fn(Duration) -> Option<String> + Send + 'static,
) -> Result<(), ConnectError> {
    // Short enough to notice soon that waiting cannot help.
    const SLICE: Duration = Duration::from_millis(50);
    let answered = thread::start("event-schema connect", move || {
        // The last question must end in time, too.
        let last = timeout.saturating_sub((2 * SLICE).max(timeout / 20));
        let started = Instant::now();
        loop {
            let asked = Instant::now();
            // No id before its time is over: a broker so old that it has none has answered.
            if cluster_id(SLICE).is_some() || asked.elapsed() < SLICE / 2 {
                return Ok(());
            }
            let trouble = monitor.trouble();
            if started.elapsed() >= last || trouble.as_ref().is_some_and(Trouble::is_final) {
                return Err(refusal(trouble, timeout));
            }
        }
    });
    answered
        .await
        .unwrap_or_else(|_| Err(ConnectErrorKind::Client("no thread could be started to connect".into()).into()))
}

fn refusal(trouble: Option<Trouble>, timeout: Duration) -> ConnectError {
    match trouble {
        Some(trouble) if trouble.is_authentication() => ConnectErrorKind::Authentication(trouble.reason).into(),
        Some(trouble) if trouble.is_tls() => ConnectErrorKind::Tls(trouble.reason).into(),
        trouble => ConnectErrorKind::Unreachable {
            timeout,
            reason: trouble.map_or_else(|| "no answer".to_owned(), |trouble| trouble.reason),
        }
        .into(),
    }
}

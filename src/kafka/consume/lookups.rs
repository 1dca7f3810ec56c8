//! The questions of a consumer to the sources of its codec: [`Lookups`].

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::error::with_causes;
use crate::format::Missing;
use crate::format::framing::SchemaId;

/// The schemas that are being looked up: each once, however many messages wait for it.
#[derive(Default)]
pub(super) struct Lookups(Mutex<State>);

#[derive(Default)]
struct State {
    /// By the codec that asks, and the id.
    under_way: HashMap<(usize, SchemaId), watch::Receiver<()>>,
    /// They end with the consumer.
    tasks: JoinSet<()>,
}

impl Lookups {
    /// Waits until the schema is known, or known to be unknown, for a message that was written at this time.
    pub(super) fn end_of(
        &self,
        missing: &Missing,
        written: Option<SystemTime>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let mut lookup = self.lookup(missing, written);
        async move {
            // Nothing is ever sent: the task drops the sender when it is done.
            let _ = lookup.changed().await;
        }
    }

    fn lookup(&self, missing: &Missing, written: Option<SystemTime>) -> watch::Receiver<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { under_way, tasks } = &mut *state;
        while tasks.try_join_next().is_some() {}
        under_way.retain(|_, lookup| lookup.has_changed().is_ok());
        let by = (Arc::as_ptr(&missing.found).addr(), missing.id);
        let lookup = under_way.entry(by).or_insert_with(|| {
            let (done, lookup) = watch::channel(());
            let missing = missing.clone();
            tasks.spawn(async move {
                look_up(&missing, written).await;
                drop(done);
            });
            lookup
        });
        lookup.clone()
    }
}

/// Asks until there is an answer. A schema that is not known may be on its way, but not that of an old message: its writer
/// knew it. After an outage the source may not know all of its schemas yet, and is given the same time.
async fn look_up(Missing { found, id }: &Missing, written: Option<SystemTime>) {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);
    let begun = Instant::now();
    let mut unknown_since = None;
    let mut trouble = Trouble::default();
    let mut pause = FIRST;
    loop {
        let mut most = LONGEST;
        match AssertUnwindSafe(found.ask(*id)).catch_unwind().await {
            Ok(Ok(())) => {
                if trouble.told.is_some() {
                    tracing::info!("the schema with {id} was found");
                }
                return;
            }
            Ok(Err(error)) if error.is_unknown() => {
                let age = written.and_then(|written| written.elapsed().ok()).unwrap_or_else(|| begun.elapsed());
                // The source may have no answer for another id, again and again.
                let unknown_for = unknown_since.get_or_insert_with(Instant::now).elapsed();
                most = found.patience().saturating_sub(age.min(found.sound_for().max(unknown_for)));
                if most.is_zero() {
                    let (patience, reason) = (found.patience(), with_causes(&error));
                    tracing::warn!("no schema with {id} within {patience:?}: messages with it are rejected: {reason}");
                    found.give_up(*id);
                    return;
                }
            }
            failed => {
                if failed.is_err() {
                    found.fail();
                }
                unknown_since = None;
                trouble.tell(|| match failed {
                    Ok(Err(error)) => tracing::warn!("messages wait for the schema with {id}: {}", with_causes(&error)),
                    _ => tracing::error!("messages wait for the schema with {id}: its source panicked"),
                });
            }
        }
        // Not all consumers at once.
        tokio::time::sleep(pause.mul_f64(1.0 - fastrand::f64() / 2.0).min(most)).await;
        pause = (pause * 2).min(LONGEST);
    }
}

/// Trouble that lasts is told again at growing distances.
#[derive(Default)]
struct Trouble {
    /// The time when it was told, and the distance to the next time.
    told: Option<(Instant, Duration)>,
}

impl Trouble {
    fn tell(&mut self, tell: impl FnOnce()) {
        const FIRST: Duration = Duration::from_secs(60);
        const LONGEST: Duration = Duration::from_secs(60 * 60);
        let next = match self.told {
            None => FIRST,
            Some((last, distance)) if last.elapsed() >= distance => (distance * 2).min(LONGEST),
            Some(_) => return,
        };
        tell();
        self.told = Some((Instant::now(), next));
    }
}

//! What a consumer asks the source of its codec for: [`Lookups`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

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
    /// Ready when the schema is known, or known to be unknown.
    pub(super) fn end_of(&self, missing: &Missing) -> impl Future<Output = ()> + Send + use<> {
        let mut lookup = self.lookup(missing);
        async move {
            // Nothing is ever sent: the task drops the sender when it is done.
            let _ = lookup.changed().await;
        }
    }

    fn lookup(&self, missing: &Missing) -> watch::Receiver<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State { under_way, tasks } = &mut *state;
        while tasks.try_join_next().is_some() {}
        under_way.retain(|_, lookup| lookup.has_changed().is_ok());
        let by = (Arc::as_ptr(&missing.found).addr(), missing.id);
        let lookup = under_way.entry(by).or_insert_with(|| {
            let (done, lookup) = watch::channel(());
            let missing = missing.clone();
            tasks.spawn(async move {
                look_up(&missing).await;
                drop(done);
            });
            lookup
        });
        lookup.clone()
    }
}

/// Asks until there is an answer.
async fn look_up(Missing { found, id }: &Missing) {
    const FIRST: Duration = Duration::from_millis(50);
    const LONGEST: Duration = Duration::from_secs(5);
    let mut unknown_since = None;
    let mut is_told = false;
    let mut pause = FIRST;
    loop {
        let mut most = LONGEST;
        match found.ask(*id).await {
            Ok(()) => {
                if is_told {
                    tracing::info!("the schema with {id} was found");
                }
                return;
            }
            Err(error) if error.is_unknown() => {
                let since = *unknown_since.get_or_insert_with(Instant::now);
                most = found.patience().saturating_sub(since.elapsed());
                if most.is_zero() {
                    tracing::warn!("no schema with {id} within {:?}: messages with it are rejected", found.patience());
                    found.give_up(*id);
                    return;
                }
            }
            Err(error) => {
                // Nobody said that it is unknown.
                unknown_since = None;
                if !is_told {
                    tracing::warn!("messages wait for the schema with {id}: {error}");
                }
                is_told = true;
            }
        }
        // Not all consumers at once.
        tokio::time::sleep(pause.mul_f64(1.0 - fastrand::f64() / 2.0).min(most)).await;
        pause = (pause * 2).min(LONGEST);
    }
}

//! One request for many waiters: [`Flights`].

use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, Shared};
use lru::LruCache;
use tokio::task::JoinSet;

use super::error::RegistryError;

type Answer<V> = Result<V, RegistryError>;
type Flight<V> = Shared<BoxFuture<'static, Answer<V>>>;

/// A cache of answers. Callers that ask for a key that is already being fetched share the request and its failure. Failures
/// are not kept.
///
/// A request goes on when its callers leave, so that the next one finds its answer, and its retries keep their pauses. It
/// ends with the client.
pub(super) struct Flights<K, V> {
    slots: Mutex<LruCache<K, Slot<V>>>,
    tasks: Mutex<JoinSet<()>>,
}

enum Slot<V> {
    Flying(Flight<V>),
    Known(V),
}

impl<K: Hash + Eq + Clone, V: Clone + Send + Sync + 'static> Flights<K, V> {
    pub(super) fn new(capacity: NonZeroUsize) -> Self {
        Self { slots: Mutex::new(LruCache::new(capacity)), tasks: Mutex::default() }
    }

    fn slots(&self) -> MutexGuard<'_, LruCache<K, Slot<V>>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds an answer that came with another one, unless the key has one.
    pub(super) fn put(&self, key: K, value: V) {
        let mut slots = self.slots();
        if !matches!(slots.get(&key), Some(Slot::Known(_))) {
            slots.put(key, Slot::Known(value));
        }
    }

    /// The answer that is known, is on its way or is asked for.
    pub(super) async fn get<F>(&self, key: K, ask: impl FnOnce() -> F) -> Answer<V>
    where
        F: Future<Output = Answer<V>> + Send + 'static,
    {
        let flight = {
            let mut slots = self.slots();
            match slots.get(&key) {
                Some(Slot::Known(value)) => return Ok(value.clone()),
                Some(Slot::Flying(flight)) if !matches!(flight.peek(), Some(Err(_))) => flight.clone(),
                _ => {
                    let flight = ask().boxed().shared();
                    self.start(flight.clone());
                    slots.put(key.clone(), Slot::Flying(flight.clone()));
                    flight
                }
            }
        };
        let answer = flight.await;
        let mut slots = self.slots();
        match &answer {
            Ok(value) => {
                slots.put(key, Slot::Known(value.clone()));
            }
            // Another caller may have begun a new request.
            Err(_) if matches!(slots.peek(&key), Some(Slot::Flying(flight)) if matches!(flight.peek(), Some(Err(_)))) =>
            {
                slots.pop(&key);
            }
            Err(_) => {}
        }
        answer
    }

    fn start(&self, flight: Flight<V>) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(flight.map(drop));
    }
}

impl<K, V> fmt::Debug for Flights<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn flights(capacity: usize) -> Flights<u32, u32> {
        Flights::new(NonZeroUsize::new(capacity).unwrap())
    }

    fn known(flights: &Flights<u32, u32>, key: u32) -> Option<u32> {
        match flights.slots().peek(&key) {
            Some(Slot::Known(value)) => Some(*value),
            _ => None,
        }
    }

    fn failure() -> RegistryError {
        RegistryError::unreachable("no answer".to_owned())
    }

    #[tokio::test]
    async fn waiters_share_a_request_and_its_failure() {
        let flights = Arc::new(flights(8));
        let asked = Arc::new(AtomicUsize::new(0));
        let (open, gate) = tokio::sync::watch::channel(None);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (flights, asked, gate) = (Arc::clone(&flights), Arc::clone(&asked), gate.clone());
                tokio::spawn(async move {
                    let ask = || {
                        asked.fetch_add(1, Ordering::SeqCst);
                        let mut gate = gate.clone();
                        async move { gate.wait_for(Option::is_some).await.unwrap().clone().unwrap() }
                    };
                    flights.get(7, ask).await
                })
            })
            .collect();
        while asked.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
        open.send(Some(Err(failure()))).unwrap();
        for task in tasks {
            assert!(task.await.unwrap().unwrap_err().is_transient());
        }
        assert_eq!(asked.load(Ordering::SeqCst), 1);

        // The failure was not kept, the answer is.
        assert_eq!(flights.get(7, || async { Ok(1) }).await.unwrap(), 1);
        assert_eq!(flights.get(7, || async { Err(failure()) }).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn a_request_goes_on_without_its_callers_and_ends_with_the_client() {
        let flights = flights(8);
        let (open, gate) = tokio::sync::watch::channel(false);
        let asked = AtomicUsize::new(0);
        let ask = |key| {
            let mut gate = gate.clone();
            flights.get(key, || {
                asked.fetch_add(1, Ordering::SeqCst);
                async move {
                    gate.wait_for(|open| *open).await.unwrap();
                    Ok(1)
                }
            })
        };
        // The callers leave, all of them and one of them.
        assert!(ask(7).now_or_never().is_none());
        assert!(ask(7).now_or_never().is_none());
        assert!(ask(8).now_or_never().is_none());
        let waiting = ask(8);
        open.send(true).unwrap();
        assert_eq!(waiting.await.unwrap(), 1);
        assert_eq!(ask(7).await.unwrap(), 1);
        assert_eq!(asked.load(Ordering::SeqCst), 2);

        let held = Arc::new(());
        let inside = Arc::clone(&held);
        let endless = flights.get(9, move || async move {
            let answer = pending().await;
            drop(inside);
            answer
        });
        assert!(endless.now_or_never().is_none());
        assert_eq!(Arc::strong_count(&held), 2);
        drop(flights);
        while Arc::strong_count(&held) > 1 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn failures_are_not_kept_and_the_oldest_answer_goes_first() {
        let flights = flights(2);
        flights.put(1, 10);
        flights.put(2, 20);
        for unknown in 100..200 {
            assert!(flights.get(unknown, || async { Err(failure()) }).await.is_err());
        }
        assert_eq!((known(&flights, 1), known(&flights, 2)), (None, Some(20)));
        flights.put(3, 30);
        flights.put(4, 40);
        assert_eq!((known(&flights, 2), known(&flights, 3), known(&flights, 4)), (None, Some(30), Some(40)));
    }
}

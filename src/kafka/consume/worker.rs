//! Those who handle records, and whoever keeps them.

use std::marker::PhantomData;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::core::{Taken, Ticket};
use super::delivery::Delivery;
use super::driver::{Dismissal, Shared};
use super::failure::{Failure, Handled};
use super::fault::Fault;
use super::forward::Forward;
use super::panics::guarded;
use super::raw::Raw;
use super::received::{self, Body};
use super::session;
use super::tell::tell;
use crate::EventSchema;
use crate::kafka::message::Place;

/// The outcome of a record.
type Finished = session::Finished<Fault>;

pub(super) type Tombstones =
    Box<dyn Fn(Delivery<()>) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> + Send + Sync>;

/// Keeps the workers until the polling thread is at its end, or nobody waits for it any more: it may wait for brokers
/// that are away.
pub(super) async fn supervise<E, H, F>(shared: &Arc<Shared>, job: &Arc<Job<E, H>>)
where
    E: EventSchema + Send + Sync + 'static,
    H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
    F: Future<Output: Handled> + Send + 'static,
{
    // Dropped with the future of `run`, and the workers with it.
    let mut workers = JoinSet::new();
    loop {
        let closing = {
            let mut state = shared.lock();
            if state.session.is_over() {
                return;
            }
            while let Some((seat, dismissal)) = state.seats.take() {
                let worker = Worker { shared: Arc::clone(shared), job: Arc::clone(job), seat, dismissal };
                workers.spawn(worker.work());
            }
            state.session.closing().map(|closing| shared.at(closing.end))
        };
        tokio::select! {
            () = shared.supervisor.notified() => {}
            () = until(closing) => return,
            // A worker catches what handlers panic with. If it panics itself, so does whoever keeps it.
            Some(ended) = workers.join_next() => {
                if let Some(panic) = ended.err().and_then(|error| error.try_into_panic().ok()) {
                    resume_unwind(panic);
                }
            }
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}

/// What there is to do for each record.
pub(super) struct Job<E, H> {
    pub(super) handler: H,
    pub(super) tombstones: Option<Tombstones>,
    pub(super) forward: Forward,
    pub(super) event: PhantomData<fn() -> E>,
}

struct Worker<E, H> {
    shared: Arc<Shared>,
    job: Arc<Job<E, H>>,
    seat: usize,
    dismissal: Arc<Dismissal>,
}

impl<E, H, F> Worker<E, H>
where
    E: EventSchema + Send + Sync + 'static,
    H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
    F: Future<Output: Handled> + Send + 'static,
{
    async fn work(self) {
        let mut finished: Option<(Ticket, Place, Finished)> = None;
        let mut handled = 0_u8;
        loop {
            let (next, ended, over) = {
                let mut state = self.shared.lock();
                if self.dismissal.is_given() {
                    return;
                }
                let now = self.shared.now();
                let ended = finished.take().map(|(ticket, place, finished)| {
                    let end = state.session.finish(&ticket, finished, now);
                    (ticket, place, end)
                });
                let next = state.session.take(now).map(|taken| {
                    let place = state.place(taken.ticket.partition).clone();
                    (taken, place)
                });
                state.seats.hold(self.seat, next.as_ref().map(|(taken, _)| taken.ticket));
                (next, ended, state.session.is_over())
            };
            if let Some((ticket, place, Some((outcome, fault)))) = ended {
                self.shared.tally.count(outcome);
                tell(&self.job.forward, &ticket, &place, outcome, fault);
            }
            let Some((taken, place)) = next else {
                if over {
                    return;
                }
                self.shared.ready.notified().await;
                continue;
            };
            let ticket = taken.ticket;
            let done = tokio::select! {
                biased;
                done = guarded(self.job.perform(&self.shared, taken, &place)) => done,
                () = self.dismissal.given() => return,
            };
            finished = Some((ticket, place, done));
            // Handlers may be ready at once, thousands in a row, and other tasks have to run, too.
            handled = handled.wrapping_add(1);
            if handled.is_multiple_of(32) {
                tokio::task::yield_now().await;
            }
        }
    }
}

impl<E, H, F> Job<E, H>
where
    E: EventSchema,
    H: Fn(Delivery<E>) -> F,
    F: Future<Output: Handled>,
{
    async fn perform(&self, shared: &Shared, taken: Taken<Raw>, place: &Place) -> Finished {
        if let Some(forwarded) = self.forward.forward(shared, &taken, place).await {
            return forwarded;
        }
        match self.handle(taken.ticket, taken.message, place).await {
            Ok(()) => Finished::Done,
            Err(fault) => Finished::Failed(fault),
        }
    }

    async fn handle(&self, ticket: Ticket, raw: Raw, place: &Place) -> Result<(), Fault> {
        let (body, structured) = received::load::<E>(raw.headers(), raw.value());
        let handled = match body {
            Body::Event(event) => {
                let delivery = Delivery::new(event, place.clone(), ticket, raw, structured);
                (self.handler)(delivery).await.handled()
            }
            Body::Rejected(rejection) => return Err(self.forward.rejected(rejection)),
            Body::Tombstone => match &self.tombstones {
                Some(handler) => handler(Delivery::new((), place.clone(), ticket, raw, structured)).await,
                None => Ok(()),
            },
        };
        handled.map_err(|failure| Fault::Handler(Arc::new(failure)))
    }
}

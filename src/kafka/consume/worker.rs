//! The workers, which handle records, and their supervisor.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::panic::resume_unwind;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tracing::Instrument;

use super::core::{Outcome, Partition, Taken, Ticket};
use super::delivery::Delivery;
use super::driver::{Dismissal, Shared, State};
use super::failure::{Failure, Handled, Publishing};
use super::fault::Fault;
use super::forward::{Forward, LONG, while_ready};
use super::loader::{At, LOOK, Loaded, Loader, NotYet};
use super::panics::guarded;
use super::raw::Raw;
use super::received::Body;
use super::selection::Selection;
use super::session;
use super::tell::tell;
use crate::EventSchema;
use crate::kafka::message::Place;
use crate::kafka::telemetry::Message;

/// The outcome of a record.
type Finished = session::Finished<Fault>;

pub(super) type Tombstones = Box<
    dyn Fn(Delivery<()>) -> Pin<Box<dyn Future<Output = Result<Option<Publishing>, Failure>> + Send>> + Send + Sync,
>;

/// Runs the workers until the polling thread ends, or until the close has reached its deadline: the polling thread may
/// wait for brokers that are away.
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
            // A worker catches the panics of handlers. If it panics itself, so does its supervisor.
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

/// The work on each record.
pub(super) struct Job<E, H> {
    pub(super) handler: H,
    pub(super) tombstones: Option<Tombstones>,
    pub(super) forward: Forward,
    pub(super) selection: Selection,
    pub(super) loader: Loader<E>,
}

struct Worker<E, H> {
    shared: Arc<Shared>,
    job: Arc<Job<E, H>>,
    seat: usize,
    dismissal: Arc<Dismissal>,
}

/// The records of one partition that a worker has in hand: begun one after the other, and reported to the session
/// together. Locking it for each would cost more than a quick handler does.
#[derive(Default)]
struct Row {
    /// Records that are not begun.
    rest: VecDeque<Taken<Raw>>,
    /// The results of those that were begun.
    ended: Vec<(Ticket, Finished)>,
    /// Where the last ones came from.
    place: Option<(Partition, Place)>,
}

/// The outcomes of a row that the log may name: of records that were neither handled nor passed over.
type Settled = Vec<(Ticket, Place, Outcome, Option<Fault>)>;

impl Row {
    /// Reports the results of the row to the session, and empties the row.
    fn settle(&mut self, state: &mut State, now: Duration) -> Settled {
        let mut settled = Settled::new();
        for (ticket, finished) in self.ended.drain(..) {
            match state.session.finish(&ticket, finished, now) {
                Some((Outcome::Done | Outcome::Ignored, _)) | None => {}
                Some((outcome, fault)) => {
                    settled.push((ticket, state.place(ticket.partition).clone(), outcome, fault));
                }
            }
        }
        state.session.return_row(self.rest.drain(..).map(|taken| taken.ticket));
        settled
    }

    /// Its place, in memory that no other worker uses: a shared reference count would slow both.
    fn place(&mut self, state: &State, partition: Partition) -> Place {
        let place = match self.place.take() {
            Some((same, place)) if same == partition => place,
            _ => state.place(partition).copied(),
        };
        self.place = Some((partition, place.clone()));
        place
    }
}

/// How many records a worker takes at once: more if the last ones were quick. Other workers cannot handle the records
/// in the row of a slow one.
struct Tempo {
    most: usize,
    started: Duration,
}

impl Tempo {
    const MOST: usize = 32;
    /// A row that took longer is followed by one record alone.
    const QUICK: Duration = Duration::from_millis(1);

    fn start(&mut self, now: Duration) -> usize {
        self.most = if now.saturating_sub(self.started) > Self::QUICK { 1 } else { Self::MOST.min(self.most * 2) };
        self.started = now;
        self.most
    }

    fn slow_down(&mut self) {
        self.started = Duration::ZERO;
    }
}

impl<E, H, F> Worker<E, H>
where
    E: EventSchema + Send + Sync + 'static,
    H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
    F: Future<Output: Handled> + Send + 'static,
{
    async fn work(self) {
        let mut row = Row::default();
        let mut tempo = Tempo { most: 1, started: Duration::ZERO };
        let mut handled = 0;
        loop {
            handled += row.ended.len();
            let (place, settled, interruptions, over) = {
                let mut state = self.shared.lock();
                if self.dismissal.is_given() {
                    return;
                }
                let now = self.shared.now();
                let settled = row.settle(&mut state, now);
                row.rest.extend(state.session.take_row(tempo.start(now), now));
                let place = row.rest.front().map(|taken| taken.ticket.partition);
                let place = place.map(|partition| row.place(&state, partition));
                state.seats.hold(self.seat, row.rest.iter().map(|taken| taken.ticket));
                (place, settled, state.session.interruptions(), state.session.is_over())
            };
            self.tell(settled);
            let Some(place) = place else {
                if over {
                    return;
                }
                self.shared.ready.notified().await;
                continue;
            };
            while let Some(taken) = row.rest.pop_front() {
                let ticket = taken.ticket;
                let mut work = pin!(guarded(self.job.perform(&self.shared, taken, &place, interruptions)));
                let done = match poll_fn(|context| Poll::Ready(work.as_mut().poll(context))).await {
                    Poll::Ready(done) => done,
                    Poll::Pending => {
                        // The handler waits: other records must not wait for it.
                        tempo.slow_down();
                        if !(row.ended.is_empty() && row.rest.is_empty()) {
                            handled += row.ended.len();
                            let settled = {
                                let mut state = self.shared.lock();
                                if self.dismissal.is_given() {
                                    return;
                                }
                                state.seats.hold(self.seat, [ticket]);
                                row.settle(&mut state, self.shared.now())
                            };
                            self.tell(settled);
                        }
                        tokio::select! {
                            biased;
                            done = &mut work => done,
                            () = self.dismissal.given() => return,
                        }
                    }
                };
                let goes_on = matches!(done, Finished::Done | Finished::Unhandled(_))
                    && self.shared.interruptions() == interruptions;
                row.ended.push((ticket, done));
                if !goes_on {
                    break;
                }
            }
            // Handlers may be ready at once, thousands in a row, and other tasks have to run, too.
            if handled >= 32 {
                handled = 0;
                tokio::task::yield_now().await;
            }
        }
    }

    fn tell(&self, settled: Settled) {
        for (ticket, place, outcome, fault) in settled {
            tell(&self.job.forward, &ticket, &place, outcome, fault);
        }
    }
}

impl<E, H, F> Job<E, H>
where
    E: EventSchema,
    H: Fn(Delivery<E>) -> F,
    F: Future<Output: Handled>,
{
    /// `interruptions`: their count when the record was taken.
    async fn perform(&self, shared: &Shared, taken: Taken<Raw>, place: &Place, interruptions: u64) -> Finished {
        if let Some(forwarded) = self.forward.forward(shared, &taken, place).await {
            return forwarded;
        }
        let Taken { ticket, message: raw, .. } = taken;
        if self.selection.filters_out(&raw, place, ticket.offset) {
            return Finished::Unhandled(Outcome::Ignored);
        }
        let at = At { topic: &place.topic, partition: place.partition, offset: ticket.offset };
        let loaded = match self.loader.load(&raw, at) {
            Ok(loaded) => loaded,
            Err(not_yet) => {
                // Boxed, so that others do not carry it along.
                Box::pin(self.wait(shared, &ticket, &not_yet, interruptions)).await;
                match self.loader.load(&raw, at) {
                    Ok(loaded) => loaded,
                    Err(_) => return Finished::NotYet,
                }
            }
        };
        match self.handle(shared, ticket, raw, loaded, place).await {
            Ok(finished) => finished,
            Err(fault) => Finished::Failed(fault),
        }
    }

    /// Waits until a message can be loaded, as long as there is no other. The time is not the handler's.
    async fn wait(&self, shared: &Shared, ticket: &Ticket, not_yet: &NotYet, interruptions: u64) {
        let ready = self.loader.wait(not_yet);
        shared.lock().session.put_by(ticket);
        let interrupted = async {
            tokio::time::sleep(LOOK).await;
            shared.lock().session.delay(ticket);
            while shared.interruptions() == interruptions {
                tokio::time::sleep(LOOK).await;
            }
        };
        let another = async {
            loop {
                shared.ready.notified().await;
                // Another worker may have taken what this one is told of.
                if shared.lock().session.wakes().taker {
                    break;
                }
            }
        };
        tokio::select! {
            () = ready => {}
            // This worker has something else to do: messages that need no schema, or know theirs.
            () = another => {}
            () = interrupted => {}
        }
        shared.lock().session.begin(ticket, shared.now());
    }

    async fn handle(
        &self,
        shared: &Shared,
        ticket: Ticket,
        raw: Raw,
        (body, structured): Loaded<E>,
        place: &Place,
    ) -> Result<Finished, Fault> {
        let name = match &body {
            Body::Event(event) => Some(event.described_by().name()),
            Body::Rejected(rejection) if self.selection.skips(rejection.error(), place) => {
                shared.telemetry.pass_over(&place.topic);
                return Ok(Finished::Unhandled(Outcome::Ignored));
            }
            Body::Rejected(_) => None,
            Body::Tombstone if self.tombstones.is_none() => return Ok(Finished::Unhandled(Outcome::Done)),
            Body::Tombstone => Some("tombstone"),
        };
        let message = Message {
            topic: &place.topic,
            partition: place.partition,
            offset: ticket.offset,
            headers: raw.headers(),
            structured: structured.as_deref(),
            is_tombstone: matches!(body, Body::Tombstone),
        };
        let event = name.map(|name| (name, raw.timestamp()));
        let mut processing = shared.telemetry.process(place, &message, ticket.attempt, event);
        let span = processing.span();
        let work = async {
            let handled = match body {
                Body::Event(event) => {
                    let delivery = Delivery::new(event, place.clone(), ticket, raw, structured);
                    (self.handler)(delivery).await.handled()
                }
                Body::Rejected(rejection) => return Err(self.forward.rejected(rejection)),
                Body::Tombstone => match &self.tombstones {
                    Some(handler) => handler(Delivery::new((), place.clone(), ticket, raw, structured)).await,
                    None => return Ok(Finished::Unhandled(Outcome::Done)),
                },
            };
            processing.returned();
            let published = match handled {
                Ok(Some(publishing)) => Box::pin(self.publish(shared, &ticket, place, publishing)).await,
                Ok(None) => Ok(()),
                Err(failure) => Err(failure),
            };
            published.map(|()| Finished::Done).map_err(|failure| Fault::Handler(Arc::new(failure)))
        };
        let finished = work.instrument(span).await;
        processing.end(finished.as_ref().err().map(Fault::class));
        finished
    }

    /// Publishes the events that a handler has returned. The time is not the handler's: brokers that are away spend no
    /// attempt. While they do not acknowledge, the consumer is not ready.
    async fn publish(
        &self,
        shared: &Shared,
        ticket: &Ticket,
        place: &Place,
        Publishing(sent): Publishing,
    ) -> Result<(), Failure> {
        shared.lock().session.put_by(ticket);
        let late = async {
            tokio::time::sleep(LONG).await;
            format!("{place}@{}: the events that its handler returned are not acknowledged yet", ticket.offset)
        };
        let published = while_ready(shared, ticket, sent, late).await;
        shared.lock().session.begin(ticket, shared.now());
        published
    }
}

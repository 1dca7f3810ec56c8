//! Runs a handler for each event.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::hash::RandomState;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::batch::{self, Batches};
use super::consumer::EventConsumer;
use super::core::{GiveUp, Limit, Order, Taken, Ticket};
use super::dead_letter::DeadLetter;
use super::delivery::{Delivery, Failure, Handled};
use super::driver::{self, Dismissal, Finished, Member, Place, Seat, Shared, Stopped};
use super::error::{CloseError, ConsumeErrorKind, RunError, RunErrorKind};
use super::fault::Fault;
use super::forward::{FORMS, Forward};
use super::policy::{Policy, Retry};
use super::raw::Raw;
use super::received::{self, Body};
use super::tally::Counts;
use crate::EventSchema;

type Tombstones = Box<dyn Fn(Delivery<()>) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>> + Send + Sync>;

/// A consumer and how it is to handle its events: [`EventConsumer::runner`].
///
/// ```
/// use event_schema::kafka::{
///     DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Failure, GiveUp, Order, Retry,
/// };
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders", key = customer)]
/// struct OrderPlaced { customer: String, number: u32 }
///
/// async fn handle(order: Delivery<OrderPlaced>) -> Result<(), Failure> {
///     println!("{}: order {} of {}", order, order.number, order.customer);
///     Ok(())
/// }
///
/// async fn forget(customer: Delivery<()>) {
///     println!("{:?} is deleted", customer.key());
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// for number in 0..10 {
///     let customer = ["alice", "bob"][number as usize % 2].to_owned();
///     producer.send(&OrderPlaced { customer, number }).await?;
/// }
/// producer.send_tombstone("orders", "alice").await?;
///
/// let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("billing")).await?;
/// let billing = consumer.handle();
/// let running = tokio::spawn(
///     consumer.runner()
///         .order(Order::Key)
///         .concurrency(100)
///         .buffer(10_000, 4 << 20)
///         .span(500)
///         .retry(Retry::park().attempts(3))
///         .give_up(GiveUp::DeadLetter)
///         .dead_letter(DeadLetter::new().topic("dead-letters"))
///         .handler_timeout(Duration::from_secs(30))
///         .revoke_timeout(Duration::from_secs(60))
///         .commit_interval(Duration::from_millis(200))
///         .on_tombstone(forget)
///         .run(handle),
/// );
/// # async fn until(what: impl Fn() -> bool) { while !what() { tokio::task::yield_now().await } }
/// until(|| billing.counts().done() == 11).await;
/// billing.close(Duration::from_secs(10)).await?;
/// assert_eq!(running.await??.done(), 11);
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is handled before it runs"]
pub struct Runner<E> {
    consumer: EventConsumer<E>,
    policy: Policy,
    tombstones: Option<Tombstones>,
    /// The last setting that batches do not have.
    for_handlers: Option<&'static str>,
}

impl<E: EventSchema + Send + Sync + 'static> Runner<E> {
    pub(super) fn new(consumer: EventConsumer<E>) -> Self {
        Self { consumer, policy: Policy::default(), tombstones: None, for_handlers: None }
    }

    /// What keeps its order; across, events are handled in parallel. [`Order::Partition`] unless set. For this and
    /// the following see the example of [`Runner`].
    pub fn order(mut self, order: Order) -> Self {
        self.policy.order = Some(order);
        self.for_handlers("order")
    }

    /// Nothing keeps its order.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # use tokio::sync::Barrier;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # for text in ["one", "two"] { kafka.publish(&Note { text: text.to_owned() }).await; }
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// # let handle = consumer.handle();
    /// // Two events of one partition wait for each other.
    /// let meeting = Arc::new(Barrier::new(2));
    /// let runner = consumer.runner().unordered().concurrency(2);
    /// let running = tokio::spawn(runner.run(move |_: Delivery<Note>| {
    ///     let meeting = Arc::clone(&meeting);
    ///     async move { drop(meeting.wait().await) }
    /// }));
    /// # kafka.handled("docs", "notes").await;
    /// # handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.done(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unordered(mut self) -> Self {
        self.policy.order = None;
        self
    }

    /// How many events are handled at once, at most: as many as the machine can do in parallel unless set, and no more
    /// than 65,536. More are worth it for handlers that wait for others.
    pub fn concurrency(mut self, workers: usize) -> Self {
        self.policy.concurrency = workers.clamp(1, 1 << 16);
        self.for_handlers("concurrency")
    }

    /// How much may wait in memory, in messages and in bytes: 100,000 and 32 MiB unless set. Each partition
    /// has an equal share. A thousand messages more may be on their way.
    pub fn buffer(mut self, messages: usize, bytes: usize) -> Self {
        self.policy.buffer.records = messages;
        self.policy.buffer.bytes = bytes;
        self
    }

    /// How far ahead of the first unfinished message of a partition others are handled: 1,000 messages
    /// unless set. So many a crash repeats at most, and what was finished since the last commit.
    pub fn span(mut self, messages: u64) -> Self {
        self.policy.span = messages.max(1);
        self
    }

    /// Whether and how a failed message is tried again: [`Retry::in_place`] unless set.
    pub fn retry(mut self, retry: Retry) -> Self {
        self.policy.retry = retry;
        self
    }

    /// What becomes of a message that failed for good: [`GiveUp::DeadLetter`] unless set.
    pub fn give_up(mut self, give_up: GiveUp) -> Self {
        self.policy.give_up = give_up;
        self
    }

    /// How dead letters are written, and where: [`DeadLetter::new`] unless set.
    pub fn dead_letter(mut self, dead_letter: DeadLetter) -> Self {
        self.policy.dead_letter = dead_letter;
        self
    }

    /// How long a handler may take before it is dropped and counts as failed; as long as it likes unless set.
    ///
    /// A handler that blocks its thread, or computes for long without an await, cannot be dropped. Its time is over
    /// all the same, and another takes its place; what it does then has no effect on the message any more, but it
    /// keeps a thread of the runtime from all others. What blocks belongs into `tokio::task::spawn_blocking`.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = Some(timeout);
        self
    }

    /// How long a partition that goes to another member of the group waits for the messages of it that are being
    /// handled, and for those that others have overtaken: 10 seconds unless set, or a third of
    /// `session.timeout.ms` or of `max.poll.interval.ms` if that is less. A handler that takes longer is dropped, and
    /// the next owner handles the message again.
    ///
    /// The whole group may wait for it, so it is to be as long as most handlers take, and not longer. It has to be
    /// less than `max.poll.interval.ms`, which is 5 minutes unless set: after that the group gives the member up.
    /// A run that stops by itself waits as long; a [close](RunHandle::close) no longer than it is told to.
    pub fn revoke_timeout(mut self, timeout: Duration) -> Self {
        self.policy.revoke_timeout = Some(timeout);
        self
    }

    /// How often what is done is committed: each second unless set, and each millisecond at most.
    pub fn commit_interval(mut self, interval: Duration) -> Self {
        self.policy.commit_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// What handles the messages without a value, which in a compacted topic delete a key. Without it they
    /// count as done.
    pub fn on_tombstone<H, F>(mut self, handler: H) -> Self
    where
        H: Fn(Delivery<()>) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        self.tombstones = Some(Box::new(move |tombstone| {
            let work = handler(tombstone);
            Box::pin(async move { work.await.handled() })
        }));
        self.for_handlers("on_tombstone")
    }

    /// Notes a setting that means nothing where there is no handler.
    fn for_handlers(self, setting: &'static str) -> Self {
        Self { for_handlers: Some(setting), ..self }
    }

    /// To receive many messages at a time, and say what came of each; for an example see [`Batches`].
    ///
    /// There is no handler then, and no place for [`order`](Self::order), [`concurrency`](Self::concurrency) and
    /// [`on_tombstone`](Self::on_tombstone).
    ///
    /// # Errors
    ///
    /// Of [`RunError`], if the settings cannot be used, or if one of these three was made.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let error = consumer.runner().concurrency(100).batches().unwrap_err();
    /// assert!(error.is_config());
    /// assert_eq!(error.to_string(), "`concurrency` is for handlers: batches have none");
    /// # Ok(())
    /// # }
    /// ```
    pub fn batches(mut self) -> Result<Batches<E>, RunError> {
        if let Some(setting) = self.for_handlers {
            return Err(RunErrorKind::ForHandlers(setting).into());
        }
        self.policy.order = None;
        let (member, forward) = prepare(self.consumer, &self.policy)?;
        Ok(Batches::new(member, forward))
    }

    /// Handles events until it is [closed](RunHandle::close) or cannot go on. See [`EventConsumer::run`].
    ///
    /// # Errors
    ///
    /// Of [`RunError`].
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, Failure, Order};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// # let handle = consumer.handle();
    /// # tokio::spawn(async move { handle.close(Duration::from_secs(5)).await });
    /// let counts = consumer
    ///     .runner()
    ///     .order(Order::Key)
    ///     .run(async |note: Delivery<Note>| -> Result<(), Failure> {
    ///         println!("{}", note.text);
    ///         Ok(())
    ///     })
    ///     .await?;
    /// assert_eq!(counts.done(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<H, F>(self, handler: H) -> Result<Counts, RunError>
    where
        H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        let Self { consumer, policy, tombstones, .. } = self;
        let (mut member, forward) = prepare(consumer, &policy)?;
        let shared = Arc::clone(&member.shared);
        {
            let mut state = shared.lock();
            state.seats.resize_with(policy.concurrency, Seat::default);
            state.vacant = (0..policy.concurrency).collect();
            state.forget_trouble();
            if state.refused.is_some() {
                shared.stop(&mut state);
            }
        }
        let job = Arc::new(Job { handler, tombstones, forward, event: PhantomData });
        supervise(&shared, &job).await;
        let (closing, stopped, fatal) = {
            let mut state = shared.lock();
            let refused = state.refused.map(ConsumeErrorKind::Receive);
            (state.closing, state.stopped.take(), state.fatal().or(refused))
        };
        let end = closing.map_or_else(|| Instant::now() + driver::LEAVE, |closing| closing.end);
        let _ = tokio::time::timeout_at(end.into(), member.gone.changed()).await;
        match (stopped, fatal) {
            (Some(Stopped { place, offset, fault, refusal }), _) => {
                let place = format!("{place}@{offset}");
                let refusal = refusal.filter(|_| policy.give_up == GiveUp::DeadLetter);
                Err(match refusal {
                    Some(refusal) => RunErrorKind::DeadLetterRefused { place, fault, refusal },
                    None => RunErrorKind::Stopped { place, fault },
                }
                .into())
            }
            (None, Some(fatal)) => Err(RunErrorKind::Consume(fatal.into()).into()),
            (None, None) => Ok(shared.tally.counts()),
        }
    }
}

/// Gives the core its rules.
fn prepare<E: EventSchema>(consumer: EventConsumer<E>, policy: &Policy) -> Result<(Member, Forward), RunError> {
    if let Some(fault) = policy.fault() {
        return Err(RunErrorKind::Policy(fault).into());
    }
    let (member, ahead, config, topics) = consumer.into_parts();
    if policy.has_retry_topics() && topics.iter().any(|topic| topic.starts_with('^')) {
        return Err(RunErrorKind::Policy("`Retry::topics` needs the names of the topics, not a pattern").into());
    }
    let settings = config.rdkafka_consumer().map_err(RunErrorKind::Config)?;
    if policy.revoke_timeout.is_some_and(|timeout| timeout >= driver::longest_revoke(&settings)) {
        return Err(RunErrorKind::Policy("`revoke_timeout` has to be less than `max.poll.interval.ms`").into());
    }
    let forward = Forward::new(&config, &topics, policy).map_err(RunErrorKind::Config)?;
    if let Some(topic) = forward.reads_its_own() {
        return Err(RunErrorKind::OwnDeadLetters(topic).into());
    }
    let shared = &member.shared;
    let mut state = shared.lock();
    // What was taken ahead of `recv` and not handed out.
    for (position, raw) in ahead.into_iter().rev() {
        state.core.unpop(&position, raw.size(), raw);
    }
    let keyed = (policy.order == Some(Order::Key)).then(RandomState::new);
    state.core.govern(policy.rules(FORMS), |raw| driver::key(keyed.as_ref(), raw), shared.now());
    state.keyed = keyed;
    state.revoke_timeout = policy.revoke_timeout.unwrap_or(state.revoke_timeout);
    state.patience = policy.timeout.unwrap_or(Duration::MAX);
    if policy.has_retry_topics() {
        state.returning = Some(forward.returning());
        let retries = forward.retry_topics().map(str::to_owned);
        state.topics = Some(topics.iter().cloned().chain(retries).collect());
    }
    drop(state);
    member.look_for(forward.needed());
    Ok((member, forward))
}

impl<E> fmt::Debug for Runner<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("policy", &self.policy).finish_non_exhaustive()
    }
}

/// Keeps the workers until the polling thread is at its end, or nobody waits for it any more: it may wait for brokers
/// that are away.
async fn supervise<E, H, F>(shared: &Arc<Shared>, job: &Arc<Job<E, H>>)
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
            if state.over {
                return;
            }
            while let Some(seat) = state.vacant.pop() {
                let dismissal = Arc::clone(&state.seats[seat].dismissal);
                let worker = Worker { shared: Arc::clone(shared), job: Arc::clone(job), seat, dismissal };
                workers.spawn(worker.work());
            }
            state.closing
        };
        tokio::select! {
            () = shared.supervisor.notified() => {}
            () = until(closing.map(|closing| closing.end)) => return,
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
struct Job<E, H> {
    handler: H,
    tombstones: Option<Tombstones>,
    forward: Forward,
    event: PhantomData<fn() -> E>,
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
        let mut turn = 0_u8;
        loop {
            let (next, ended, over) = {
                let mut state = self.shared.lock();
                if self.dismissal.is_given() {
                    return;
                }
                let now = self.shared.now();
                let ended = finished.take().map(|(ticket, place, finished)| {
                    let end = state.finish(Some(self.seat), &ticket, finished, now);
                    (ticket, place, end)
                });
                (state.take(Some(self.seat), now), ended, state.over)
            };
            if let Some((ticket, place, Some((outcome, fault)))) = ended {
                self.shared.tally.count(outcome);
                batch::tell(&self.job.forward, &ticket, &place, outcome, fault);
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
            // Handlers may be ready at once, thousands in a row, and other tasks want their turn.
            turn = turn.wrapping_add(1);
            if turn.is_multiple_of(32) {
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

/// What comes of a record; a panic is a failure of it.
pub(super) async fn guarded<T: From<Finished>>(work: impl Future<Output = T>) -> T {
    caught(work).await.unwrap_or_else(|panic| panicked(&*panic).into())
}

/// What comes of a record whose work panicked.
pub(super) fn panicked(panic: &(dyn Any + Send)) -> Finished {
    Finished::Failed(Fault::Panic(message(panic).into()))
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<&str>(), panic.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (None, Some(text)) => text,
        (None, None) => "",
    }
}

/// What a future gives, or what it panicked with.
async fn caught<F: Future>(future: F) -> Result<F::Output, Box<dyn Any + Send>> {
    let mut future = pin!(future);
    poll_fn(|context| {
        // It is not polled again after a panic.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Ready(output)) => Poll::Ready(Ok(output)),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic)),
        }
    })
    .await
}

/// Closes a consumer that runs, and says what it has done so far and whether it is ready. Cheap to clone.
///
/// ```
/// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
/// # use event_schema::prelude::*;
/// # #[derive(Serialize, EventSchema)]
/// # #[event(topic = "notes")]
/// # struct Note { text: String }
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
/// assert_eq!(consumer.handle().counts().done(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct RunHandle {
    shared: Arc<Shared>,
    gone: watch::Receiver<()>,
}

impl RunHandle {
    pub(super) fn new(shared: Arc<Shared>, gone: watch::Receiver<()>) -> Self {
        Self { shared, gone }
    }

    /// No new events: finishes those that are being handled, commits, and leaves the group, so that its
    /// other members go on at once. [`run`](EventConsumer::run) returns then, and by the deadline in any case.
    ///
    /// What is not handled a little before the deadline is given up and not committed: whoever has the
    /// partition next receives it again.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if that takes longer than `deadline`: for instance because the broker is gone. Or if the brokers
    /// [refuse](CloseError::is_not_committed) the last commit.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??, handle.counts());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(&self, deadline: Duration) -> Result<(), CloseError> {
        self.shared.close_within(deadline);
        driver::left(&self.shared, &mut self.gone.clone(), deadline).await
    }

    /// What the deliveries came to so far; see the example of [`close`](Self::close).
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.shared.tally.counts()
    }

    /// Whether it can be expected to handle messages, for the readiness probe of a service: it has joined its group,
    /// whether or not there was a partition for it; it is not closing, and has not failed for good; and no dead
    /// letter, nor a message for a topic for retries, waits for brokers that do not take it.
    ///
    /// Brokers that are away for less than `session.timeout.ms` do not make it unready: they are waited for.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 2)?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// # while !handle.is_ready() { tokio::task::yield_now().await }
    /// // A moment later, when it has joined its group:
    /// assert!(handle.is_ready());
    /// assert_eq!(handle.assigned(), [("notes".to_owned(), 0), ("notes".to_owned(), 1)]);
    ///
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert!(!handle.is_ready());
    /// assert!(handle.assigned().is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.shared.lock().is_ready()
    }

    /// The partitions that it has, by topic and number; see the example of [`is_ready`](Self::is_ready).
    #[must_use]
    pub fn assigned(&self) -> Vec<(String, i32)> {
        let state = self.shared.lock();
        let places = state.core.partitions().into_iter().map(|number| state.place(number));
        let mut assigned: Vec<_> = places.map(|place| (place.topic.to_string(), place.partition)).collect();
        assigned.sort_unstable();
        assigned
    }

    /// What waits in memory or is being handled.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let buffered = consumer.handle().buffered();
    /// assert_eq!((buffered.messages, buffered.bytes), (0, 0));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn buffered(&self) -> Buffered {
        let Limit { records: messages, bytes } = self.shared.lock().core.buffered();
        Buffered { messages, bytes }
    }
}

/// What a consumer holds: see the example of [`RunHandle::buffered`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Buffered {
    /// How many messages.
    pub messages: usize,
    /// What they take in memory.
    pub bytes: usize,
}

impl fmt::Debug for RunHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunHandle").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

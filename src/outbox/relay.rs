//! The relay: from the outbox to the brokers.

use std::fmt;
use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::Fuse;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::watch;
use tokio::time::Instant;

use super::backend::{Backend, Value, json};
use super::dialect::first_unsent_of_topic;
use super::dispatch::{Dispatch, Ended};
use super::error::{OutboxError, OutboxErrorKind};
use super::lease::Lease;
use super::listen::Listening;
#[cfg(feature = "metrics024")]
use super::metrics::Gauges;
use super::outbox::{Lag, NOT_CLEANED, Outbox};
use super::row::{COLUMNS, Row};
use super::send::{Pause, Said, Sent, send};
use crate::kafka::App;

/// Sends the events of an outbox, until it is told to end: a part of an [`App`], with [`App::relay`], or a future of its own,
/// [`run`](Self::run).
///
/// Every process of a service may run one: one of them leads, and the others take over when it ends, or when it was killed
/// and its [lease](Self::lease) is over.
///
/// - **Each committed event is sent at least once**, with the id that it got when it was put into the outbox. It is sent
///   again if it is unknown whether the brokers have stored it, or if the relay was killed before it could say so.
/// - **Order**: events with the same topic and key are sent in the order of their rows, each when the brokers have
///   acknowledged the one before it. Events without a key have no order. The rows of two transactions are in the order in
///   which they were put into the outbox. That is the order of the commits if the transactions for a key wait for each
///   other: they lock the same row before, as those do that update the same order, or handle events of the same key.
///   An event that is sent again comes at its place in this order, with one exception: the process of a relay that has lost
///   its [lease](Self::lease), because it could not reach the database, may still have an event in the producer's queue. If
///   the brokers were away from it, too, this repetition arrives after later events of its key. Consumers that know ids
///   ignore it; for others, `delivery.timeout.ms` of the outbox's producer is shorter than the lease.
/// - **The relay looks for rows that are not sent**, and not for those behind the last one: a transaction that was begun
///   earlier may commit later.
///
/// | trouble | what happens |
/// |---|---|
/// | the brokers are away, or answer too late | the events wait and are sent again, with the same ids |
/// | a partition is down | its events wait. An event that is not acknowledged for 3 seconds takes no place of [`in_flight`](Self::in_flight), and those behind it stay in the table, so that others are sent. This ends when ten times as many events wait in memory |
/// | the database is away, or has not answered for 5 seconds | the relay waits, and is not [ready](RelayHandle::is_ready) |
/// | a row is not as this library writes it | it is [parked](Outbox::parked); the others are sent |
/// | the topic does not exist, or the user may not write to it | the events of this topic wait in their order; one of them is tried again after a second, and at most a minute later each time. The log has an error |
/// | the brokers refuse an event by itself, for instance because it is too large | it is [parked](Outbox::parked) with the reason; later events, also those of its key, are sent. The log has an error |
///
/// None of this is lost, and [`Outbox::lag`] shows it: count and age of what waits, and the count of what is parked. The
/// relay that leads writes these to the log at its start and every half minute while there is something, as fields `unsent`,
/// `oldest_ms` and `parked`. With the feature `metrics024` they are [metrics](crate::guide::observability#outbox) as well.
///
/// An event is acknowledged after `linger.ms` (5 milliseconds by default) and a round trip, so that is also the time between
/// two events of the same key.
///
/// ```
/// # #[cfg(feature = "sqlx08-sqlite")]
/// # mod example {
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::outbox::Outbox;
/// use event_schema::prelude::*;
/// use event_schema::sqlx::SqlitePool;
/// use std::time::Duration;
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// #[event(topic = "notes", key = author)]
/// struct Note { author: String, text: String }
///
/// # #[tokio::main]
/// # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite://{}?mode=rwc", folder.path().join("notes.db").display());
/// let kafka = EmbeddedKafka::start()?;
/// # kafka.create_topic("notes", 1)?;
/// let pool = SqlitePool::connect(&url).await?;
/// let outbox = Outbox::new(&pool, &EventProducer::connect(&kafka.config()).await?);
/// outbox.migrate().await?;
///
/// let mut tx = outbox.begin().await?;
/// let note = Note { author: "alice".to_owned(), text: "hello".to_owned() };
/// outbox.add(&mut tx, &note).await?;
/// outbox.commit(tx).await?;
/// let lag = outbox.lag().await?;
/// assert_eq!((lag.unsent, lag.parked, lag.oldest.is_some()), (1, 0, true));
///
/// let relay = outbox
///     .relay()
///     .poll_interval(Duration::from_millis(100))
///     .lease(Duration::from_secs(5))
///     .keep_sent(Duration::from_secs(24 * 60 * 60))
///     .in_flight(5_000)
///     .drain(Duration::from_secs(10));
/// let handle = relay.handle();
/// assert!(!handle.is_ready() && !handle.leads());
/// let (close, closing) = tokio::sync::oneshot::channel::<()>();
/// let running = tokio::spawn(relay.run(async { drop(closing.await) }));
///
/// assert_eq!(kafka.received("notes", 1).await[0].event(), Some(&note));
/// assert!(handle.is_ready() && handle.leads());
/// drop(close);
/// running.await??;
/// # Ok(())
/// # }
/// # }
/// # #[cfg(feature = "sqlx08-sqlite")]
/// # fn main() { example::main().unwrap() }
/// # #[cfg(not(feature = "sqlx08-sqlite"))]
/// # fn main() {}
/// ```
#[must_use = "nothing is sent before `run` is called"]
pub struct Relay<DB: Backend> {
    outbox: Outbox<DB>,
    settings: Settings,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone)]
struct Settings {
    poll: Duration,
    lease: Duration,
    keep_sent: Duration,
    window: usize,
    drain: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct State {
    is_ready: bool,
    leads: bool,
}

impl<DB: Backend> Outbox<DB> {
    /// The relay that sends the events.
    pub fn relay(&self) -> Relay<DB> {
        Relay::new(self.clone())
    }
}

impl<DB: Backend> Relay<DB> {
    fn new(outbox: Outbox<DB>) -> Self {
        let settings = Settings {
            poll: Duration::from_millis(500),
            lease: Duration::from_secs(10),
            keep_sent: Duration::ZERO,
            window: 1_000,
            drain: Duration::from_secs(5),
        };
        Self { outbox, settings, state: watch::Sender::default() }
    }

    /// How often to look for rows that nobody has told of. Default: 500 milliseconds. For this and the following settings see
    /// the example of [`Relay`].
    ///
    /// It is told of the rows that its own process adds, and with PostgreSQL of all rows, when they are committed.
    pub fn poll_interval(mut self, interval: Duration) -> Self {
        self.settings.poll = interval.max(Duration::from_millis(1));
        self
    }

    /// How long a relay that was killed, or that does not reach the database, keeps the others from sending. Default: 10
    /// seconds, at least a second. A relay that ends well gives the lease back.
    pub fn lease(mut self, time: Duration) -> Self {
        self.settings.lease = time.clamp(Duration::from_secs(1), Duration::from_secs(24 * 60 * 60));
        self
    }

    /// How long sent events remain in the table. Default: they are deleted when the brokers have acknowledged them.
    pub fn keep_sent(mut self, age: Duration) -> Self {
        self.settings.keep_sent = age;
        self
    }

    /// The maximum number of events in memory, which are sent at the same time if their keys differ. Default: 1,000. Up to
    /// ten times as many wait beside these for partitions that are down.
    pub fn in_flight(mut self, events: usize) -> Self {
        self.settings.window = events.clamp(1, 1 << 16);
        self
    }

    /// How long the relay goes on when it is told to end, until the outbox is empty. Default: 5 seconds. What is left is sent
    /// by another relay, or at the next start.
    pub fn drain(mut self, time: Duration) -> Self {
        self.settings.drain = time;
        self
    }

    /// A handle that says whether the relay is ready. Cheap to clone.
    #[must_use]
    pub fn handle(&self) -> RelayHandle {
        RelayHandle(self.state.subscribe())
    }

    /// Sends events until `closing` is ready, and then those that are left, for at most the time of [`drain`](Self::drain).
    ///
    /// If the future is dropped, events in flight may be sent or not, and the next relay sends them again when the
    /// [lease](Self::lease) is over.
    ///
    /// # Errors
    ///
    /// If the producer was closed. Nothing else ends a relay.
    pub async fn run(self, closing: impl Future<Output = ()>) -> Result<(), OutboxError> {
        let Self { outbox, settings, state } = self;
        let _listening = Listening::start(&outbox);
        let lease = Lease::new(settings.lease);
        let mut closing = pin!(closing.fuse());
        let mut pause = Pause::default();
        loop {
            let taken = tokio::select! {
                biased;
                () = &mut closing => return Ok(()),
                taken = in_time(lease.take(&outbox), &state) => taken,
            };
            let wait = match taken {
                Ok(true) => {
                    pause.reset();
                    tracing::info!("this relay sends the events of the outbox");
                    state.send_replace(State { is_ready: true, leads: true });
                    let leader = Leader::new(&outbox, &settings, &state, &lease);
                    let end = leader.lead(closing.as_mut()).await;
                    state.send_replace(State::default());
                    match end {
                        End::Lost => continue,
                        End::Closed(error) => return error.map_or(Ok(()), |kind| Err(kind.into())),
                    }
                }
                Ok(false) => {
                    pause.reset();
                    state.send_replace(State { is_ready: true, leads: false });
                    settings.lease.min(Duration::from_secs(5)) / 5
                }
                Err(error) => {
                    let wait = pause.next();
                    tracing::warn!("the outbox cannot be reached, next attempt in {wait:?}: {error}");
                    state.send_replace(State::default());
                    wait
                }
            };
            tokio::select! {
                () = &mut closing => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// Waits for the database. A relay whose database is silent is not ready, as one whose database fails.
async fn in_time<T>(work: impl Future<Output = T>, state: &watch::Sender<State>) -> T {
    const LONG: Duration = Duration::from_secs(5);
    let mut work = pin!(work);
    tokio::select! {
        biased;
        done = &mut work => return done,
        () = tokio::time::sleep(LONG) => {}
    }
    tracing::warn!("the database of the outbox has not answered for {LONG:?}");
    state.send_modify(|state| state.is_ready = false);
    work.await
}

/// The end of a leadership.
enum End {
    /// Another relay leads.
    Lost,
    /// The relay was told to end, or cannot go on.
    Closed(Option<OutboxErrorKind>),
}

/// The relay that sends.
struct Leader<'a, DB: Backend> {
    outbox: &'a Outbox<DB>,
    settings: &'a Settings,
    state: &'a watch::Sender<State>,
    lease: &'a Lease,
    dispatch: Dispatch,
    started: Instant,
    /// Whether there may be rows that it has not seen.
    looks: bool,
    /// The time until it looks again without being told: short after it was told, because a commit takes a while.
    glance: Duration,
    /// When it talks to the database again, after a failure.
    next_try: Instant,
    pause: Pause,
    next_clean: Instant,
    next_report: Instant,
    /// When it ends, if it was told to.
    end: Option<Instant>,
    #[cfg(feature = "metrics024")]
    gauges: Gauges,
}

impl<'a, DB: Backend> Leader<'a, DB> {
    const FIRST_GLANCE: Duration = Duration::from_millis(5);
    const REPORT: Duration = Duration::from_secs(30);
    const CLEAN: Duration = Duration::from_secs(60);

    fn new(outbox: &'a Outbox<DB>, settings: &'a Settings, state: &'a watch::Sender<State>, lease: &'a Lease) -> Self {
        let now = Instant::now();
        Self {
            outbox,
            settings,
            state,
            lease,
            dispatch: Dispatch::new(settings.window),
            started: now,
            looks: true,
            glance: Self::FIRST_GLANCE,
            next_try: now,
            pause: Pause::default(),
            next_clean: now,
            next_report: now,
            end: None,
            #[cfg(feature = "metrics024")]
            gauges: Gauges::new(outbox.producer().source().unwrap_or_default()),
        }
    }

    async fn lead<C: Future<Output = ()>>(mut self, mut closing: Pin<&mut Fuse<C>>) -> End {
        let said = Said::default();
        let mut sends = FuturesUnordered::new();
        let mut next_look = Instant::now();
        loop {
            if Instant::now() >= self.next_try {
                let drain = self.settings.drain;
                let (mut is_told, is_closing) = (false, self.end.is_some());
                let worked = {
                    let state = self.state;
                    let mut work = pin!(in_time(self.work(), state));
                    tokio::select! {
                        biased;
                        worked = &mut work => worked,
                        // A database that is away may take longer to say so than there is time.
                        () = &mut closing, if !is_closing => {
                            is_told = true;
                            let worked = tokio::time::timeout(drain, work).await;
                            worked.unwrap_or(Err(sqlx::Error::PoolTimedOut))
                        }
                    }
                };
                if is_told {
                    self.is_told_to_end();
                }
                match worked {
                    Ok(true) => {
                        self.pause.reset();
                        self.state.send_replace(State { is_ready: true, leads: true });
                    }
                    Ok(false) => {
                        tracing::warn!("another relay sends the events of the outbox");
                        return if self.end.is_none() { End::Lost } else { End::Closed(None) };
                    }
                    Err(error) => {
                        let wait = self.pause.next();
                        self.next_try = Instant::now() + wait;
                        tracing::warn!("the database of the outbox failed, next attempt in {wait:?}: {error}");
                        self.state.send_replace(State { is_ready: false, leads: true });
                    }
                }
                next_look = Instant::now() + self.glance;
            }
            self.dispatch.note_slow(self.started.elapsed());
            self.looks |= self.dispatch.wants_more();
            for row in self.dispatch.start(self.started.elapsed()) {
                sends.push(send(self.outbox.producer().clone(), row, self.lease.watch(), &said));
            }
            if let Some(end) = self.end
                && (Instant::now() >= end || (self.dispatch.is_idle() && !self.looks))
            {
                return self.close().await;
            }
            let is_tried = Instant::now() >= self.next_try;
            let next = [Some(next_look), Some(self.lease.due()), self.next_topic(), Some(self.next_report)];
            let next = next.into_iter().flatten().min().filter(|_| is_tried).unwrap_or(self.next_try);
            let next = self.end.map_or(next, |end| next.min(end));
            let mut landed = None;
            tokio::select! {
                Some(end) = sends.next(), if !sends.is_empty() => landed = Some(end),
                () = self.outbox.woken() => {
                    self.looks = true;
                    self.glance = Self::FIRST_GLANCE;
                }
                () = &mut closing, if self.end.is_none() => self.is_told_to_end(),
                () = tokio::time::sleep_until(next) => self.looks |= Instant::now() >= next_look,
            }
            while let Some((row, sent)) = landed {
                match sent {
                    Sent::Acknowledged => self.dispatch.sent(&row),
                    Sent::Refused(refusal, reason) => {
                        let topic = row.topic.clone();
                        let now = self.started.elapsed();
                        if self.dispatch.refused(row, refusal, &reason, now) {
                            tracing::error!("the events of the outbox for `{topic}` wait: {reason}");
                        }
                    }
                    Sent::Closed => return End::Closed(self.end.is_none().then_some(OutboxErrorKind::Closed)),
                }
                landed = sends.next().now_or_never().flatten();
            }
        }
    }

    /// From now on it sends what is left, for a while.
    fn is_told_to_end(&mut self) {
        self.end = Some(Instant::now() + self.settings.drain);
        self.looks = true;
    }

    /// Talks to the database about all that is to be said. Returns whether the lease is still held.
    async fn work(&mut self) -> sqlx::Result<bool> {
        if Instant::now() >= self.lease.due() && !self.lease.renew(self.outbox).await? {
            return Ok(false);
        }
        self.store().await?;
        self.look().await?;
        if Instant::now() >= self.next_report {
            self.report().await?;
            self.next_report = Instant::now() + Self::REPORT;
        }
        // Not while the process ends.
        if Instant::now() >= self.next_clean && self.end.is_none() {
            let is_done = self.clean().await.unwrap_or_else(|error| {
                // Events are sent nevertheless.
                tracing::warn!("{NOT_CLEANED}, next attempt in {:?}: {error}", Self::CLEAN);
                true
            });
            self.next_clean = Instant::now() + if is_done { Self::CLEAN } else { Duration::ZERO };
        }
        Ok(true)
    }

    /// Deletes old rows, up to some thousand. Returns whether that was all.
    async fn clean(&self) -> sqlx::Result<bool> {
        let sent = self.outbox.clean_older(&self.outbox.dialect().clean_outbox(), self.settings.keep_sent).await?;
        Ok(self.outbox.clean().await? && sent)
    }

    /// Stores which rows are sent and which are parked.
    async fn store(&mut self) -> sqlx::Result<()> {
        let Ended { sent, parked } = self.dispatch.ended();
        if sent.is_empty() && parked.is_empty() {
            return Ok(());
        }
        if !sent.is_empty() {
            let dialect = self.outbox.dialect();
            let deletes = self.settings.keep_sent.is_zero();
            let sql = if deletes { dialect.delete_sent() } else { dialect.mark_sent() };
            self.outbox.change(&sql, vec![json(sent)]).await?;
        }
        for (seq, reason) in parked {
            let values = vec![Value::Number(Some(*seq)), Value::Text(Some(reason.replace('\0', "")))];
            self.outbox.change(&self.outbox.dialect().park(), values).await?;
            tracing::error!("row {seq} of the outbox is parked: {reason}");
        }
        self.dispatch.settle();
        // Others may wait in the table, of whose kind there were enough.
        self.looks |= self.dispatch.wants_more();
        Ok(())
    }

    /// Looks for rows that are not sent.
    async fn look(&mut self) -> sqlx::Result<()> {
        const MOST: usize = 500;
        for topic in self.dispatch.topics_to_try(self.started.elapsed()) {
            let first = self.rows(&first_unsent_of_topic(), vec![Value::Text(Some(topic.clone()))]).await?.pop();
            self.dispatch.try_topic(&topic, first);
            self.looks = true;
        }
        if !self.dispatch.has_room() {
            // The end of rows makes room, and it looks then.
            self.glance = self.settings.poll;
            return Ok(());
        }
        if !self.looks {
            return Ok(());
        }
        let limit = self.dispatch.room().min(MOST);
        let rows: Vec<i64> = self.dispatch.rows().collect();
        let lanes = self.dispatch.full_lanes();
        let held: Vec<&str> = self.dispatch.held().collect();
        let number = i64::try_from(limit).expect("it is small");
        let values = vec![json(&rows), json(&lanes), json(&held), Value::Number(Some(number))];
        let found = self.rows(&self.outbox.dialect().unsent(), values).await?;
        self.looks = found.len() == limit;
        self.glance = if found.is_empty() { (self.glance * 2).min(self.settings.poll) } else { Self::FIRST_GLANCE };
        self.dispatch.add(found);
        Ok(())
    }

    async fn rows(&self, sql: &str, values: Vec<Value>) -> sqlx::Result<Vec<Row>> {
        let mut connection = self.outbox.pool().acquire().await?;
        let rows = DB::rows(&mut connection, sql, values, COLUMNS).await?;
        Ok(rows.into_iter().filter_map(Row::read).collect())
    }

    async fn report(&self) -> sqlx::Result<()> {
        let lag = self.outbox.measure().await?;
        #[cfg(feature = "metrics024")]
        self.gauges.publish(lag);
        let Lag { unsent, oldest, parked } = lag;
        if unsent > 0 || parked > 0 {
            let oldest = oldest.unwrap_or_default();
            let oldest_ms = u64::try_from(oldest.as_millis()).unwrap_or(u64::MAX);
            tracing::info!(
                unsent,
                oldest_ms,
                parked,
                "{unsent} events wait in the outbox, the oldest for {oldest:?}, and {parked} are parked"
            );
        }
        Ok(())
    }

    fn next_topic(&self) -> Option<Instant> {
        self.dispatch.next_try().map(|next| self.started + next)
    }

    /// Stores what is known, and lets another relay lead.
    async fn close(mut self) -> End {
        let stored = async {
            self.store().await?;
            self.lease.give_up(self.outbox).await
        };
        // The time is the app's: a database that is away does not get more of it.
        match tokio::time::timeout(Duration::from_secs(1), stored).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!("the relay ends without its database: {error}"),
            Err(_) => tracing::warn!("the relay ends without its database"),
        }
        End::Closed(None)
    }
}

/// Says whether a relay is ready; see the example of [`Relay`].
#[derive(Clone)]
pub struct RelayHandle(watch::Receiver<State>);

impl RelayHandle {
    /// Whether the relay runs and reaches its database, for the readiness probe of a service.
    ///
    /// It is also `true` if another relay leads, and while brokers are away: the events wait in the outbox, and the service
    /// can go on putting events there. [`Outbox::lag`] shows that they wait.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.0.borrow().is_ready
    }

    /// Whether this relay is the one that sends.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.0.borrow().leads
    }
}

impl fmt::Debug for RelayHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RelayHandle").field(&*self.0.borrow()).finish()
    }
}

impl<DB: Backend> fmt::Debug for Relay<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl App {
    /// Adds the relay of an outbox. It ends after the consumers, whose handlers put events into the outbox, and before the
    /// producers. It does not keep an app alive whose consumers and tasks have ended.
    #[cfg_attr(docsrs, doc(cfg(feature = "sqlx08")))]
    pub fn relay<DB: Backend>(self, relay: Relay<DB>) -> Self {
        let handle = relay.handle();
        let run = move |closing| async move { relay.run(closing).await.map_err(Into::into) };
        self.after_consumers("outbox", move || handle.is_ready(), run)
    }
}

//! The state that the polling thread shares with the takers of records.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread::Thread;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::{Notify, oneshot};

use super::super::core::{Incoming, Partition, Position, Rules};
use super::super::fault::Fault;
use super::super::raw::Raw;
use super::super::session::{Closing, Session, Stopped, Wakes, Word};
use super::commits::{CommitWaiter, Commits};
use super::full::Full;
use super::held::Held;
use super::seats::Seats;
use super::seeks::{Seek, SeekTo};
use crate::kafka::client::bounded;
use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::message::Place;
use crate::kafka::telemetry::Consumer;

/// The shared state of the polling thread and the takers of records.
pub(crate) struct Shared {
    state: Mutex<State>,
    /// Wakes workers: there may be a record to take, or there will never be one again.
    pub(crate) ready: Notify,
    /// Wakes the supervisor of the workers: a seat is vacant, or the run ends.
    pub(crate) supervisor: Notify,
    /// The consumer in spans and metrics.
    pub(crate) telemetry: Consumer,
    /// Counts how often partitions were taken away.
    revocations: AtomicU64,
    /// A copy of the session's count of interruptions.
    interruptions: AtomicU64,
    thread: OnceLock<Thread>,
    born: Instant,
}

pub(crate) struct State {
    pub(crate) session: Session<Raw, Fault, RDKafkaErrorCode>,
    /// The numbers that the core knows partitions by. They are never used again for others.
    numbers: HashMap<Arc<str>, HashMap<i32, Partition>>,
    places: Vec<Place>,
    /// Whether the core needs keys.
    pub(crate) keyed: Option<RandomState>,
    /// The waker of the caller in `recv`.
    pub(crate) waker: Option<Waker>,
    pub(crate) seats: Seats,
    /// How records come back from the topics for retries, if there are any.
    pub(crate) returning: Option<Returning>,
    /// Topics to subscribe to.
    pub(crate) topics: Option<Vec<String>>,
    /// The topics of messages that wait for another attempt.
    pub(crate) retry_topics: Vec<String>,
    pub(super) commits: Commits,
    pub(super) full: Full,
    pub(super) seeks: VecDeque<Seek>,
    pub(super) held: Held,
    /// The offsets where assigned partitions were told to start; others start at their commit.
    pub(super) starts: HashMap<Partition, i64>,
}

/// The headers of a record from a retry topic.
pub(crate) struct Returned {
    pub(crate) tried: u32,
    pub(crate) wait: Duration,
    /// Where it was first: the partition and the offset there.
    pub(crate) origin: Option<(Place, i64)>,
}

/// Reads it, by the topic of the record. Nothing in other topics.
pub(crate) type Returning = Box<dyn Fn(&str, &Raw) -> Option<Returned> + Send>;

impl Shared {
    pub(super) fn new(rules: Rules, telemetry: Consumer) -> Self {
        Self {
            telemetry,
            state: Mutex::new(State {
                session: Session::new(rules, RandomState::new().hash_one(0)),
                numbers: HashMap::new(),
                places: Vec::new(),
                keyed: None,
                waker: None,
                seats: Seats::default(),
                returning: None,
                topics: None,
                retry_topics: Vec::new(),
                commits: Commits::default(),
                full: Full::default(),
                seeks: VecDeque::new(),
                held: Held::default(),
                starts: HashMap::new(),
            }),
            ready: Notify::new(),
            supervisor: Notify::new(),
            revocations: AtomicU64::new(0),
            interruptions: AtomicU64::new(0),
            thread: OnceLock::new(),
            born: Instant::now(),
        }
    }

    /// In the time of the core.
    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    /// When that is by the clock.
    pub(crate) fn at(&self, time: Duration) -> Instant {
        self.born + bounded(time.saturating_sub(self.now())).saturating_add(self.now())
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        Guard { shared: self, state: Some(self.state()), is_poller: false }
    }

    /// As the polling thread, which need not be woken by itself.
    pub(super) fn lock_here(&self) -> Guard<'_> {
        Guard { shared: self, state: Some(self.state()), is_poller: true }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes when partitions are taken away.
    pub(crate) fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::Acquire)
    }

    /// Counts that partitions were taken away. A reader of the new number finds them revoked.
    pub(super) fn count_revocation(&self) {
        self.revocations.fetch_add(1, Ordering::Release);
    }

    /// [`Session::interruptions`], without the lock.
    pub(crate) fn interruptions(&self) -> u64 {
        self.interruptions.load(Ordering::Acquire)
    }

    /// The present thread polls.
    pub(super) fn poll_here(&self) {
        let _ = self.thread.set(std::thread::current());
    }

    pub(crate) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Leaves the group when the records in hand are finished or their time is over.
    pub(crate) fn close(&self, closing: Closing) {
        self.lock().session.close(closing);
        self.wake();
        self.supervisor.notify_one();
    }

    /// Leaves the group within this time.
    pub(crate) fn close_within(&self, deadline: Duration) {
        self.close(Closing::within(bounded(deadline), self.now()));
    }

    /// Marks a record as done, for the next commit.
    pub(crate) fn store(&self, position: &Position) -> Result<(), ConsumeErrorKind> {
        if self.lock().session.mark(position) { Ok(()) } else { Err(ConsumeErrorKind::Revoked) }
    }

    /// Marks a record as done, commits, and waits for the result.
    pub(crate) async fn commit(&self, position: &Position) -> Result<(), ConsumeErrorKind> {
        let (sender, committed) = oneshot::channel();
        {
            let mut state = self.lock();
            if !state.session.mark(position) {
                return Err(ConsumeErrorKind::Revoked);
            }
            if state.session.is_over() {
                return Err(ConsumeErrorKind::NoThread);
            }
            state.session.commit();
            state.commits.wait(CommitWaiter { partition: position.partition, sender });
        }
        self.wake();
        match committed.await {
            Ok(committed) => committed,
            Err(_) => Err(ConsumeErrorKind::NoThread),
        }
    }
}

impl Shared {
    /// Has a partition continue elsewhere, and waits until it does.
    pub(crate) async fn seek(&self, topic: &str, partition: i32, to: SeekTo) -> Result<(), ConsumeErrorKind> {
        let (sender, done) = oneshot::channel();
        self.queue(Seek { topic: topic.to_owned(), partition, to, sender });
        done.await.unwrap_or_else(|_| {
            let state = self.lock();
            let is_closed = state.session.is_over() || state.session.closing().is_some();
            // Otherwise the partition was revoked meanwhile.
            let not_assigned = || ConsumeErrorKind::NotAssigned(format!("{topic}/{partition}"));
            Err(if is_closed { ConsumeErrorKind::Closed } else { not_assigned() })
        })
    }

    /// Leaves it to the polling thread. At the end nobody does it, and its caller learns that from the sender.
    pub(super) fn queue(&self, seek: Seek) {
        {
            let mut state = self.lock();
            if state.session.is_over() {
                return;
            }
            state.seeks.push_back(seek);
        }
        self.wake();
    }
}

/// The key hash that keeps the order of a message, with order by key.
pub(crate) fn key(keyed: Option<&RandomState>, message: &Raw) -> Option<u64> {
    Some(keyed?.hash_one(message.key()?))
}

/// The state, locked. When it is given up, those are woken who have something to do.
pub(crate) struct Guard<'a> {
    shared: &'a Shared,
    state: Option<MutexGuard<'a, State>>,
    is_poller: bool,
}

impl Deref for Guard<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state.as_deref().expect("the state is there until `self` is dropped")
    }
}

impl DerefMut for Guard<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.state.as_deref_mut().expect("the state is there until `self` is dropped")
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        let Some(mut state) = self.state.take() else { return };
        let Wakes { poller, taker, receiver } = state.session.wakes();
        let waker = if receiver { state.waker.take() } else { None };
        let interruptions = state.session.interruptions();
        if self.shared.interruptions.load(Ordering::Relaxed) != interruptions {
            self.shared.interruptions.store(interruptions, Ordering::Release);
        }
        drop(state);
        if poller && !self.is_poller {
            self.shared.wake();
        }
        if taker {
            // One is enough: a taker that leaves records wakes the next.
            self.shared.ready.notify_one();
        }
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl State {
    pub(super) fn number(&mut self, topic: &str, partition: i32) -> Partition {
        if let Some(number) = self.numbers.get(topic).and_then(|partitions| partitions.get(&partition)) {
            return *number;
        }
        let number = Partition::try_from(self.places.len()).expect("fewer partitions than that");
        let topic = self.numbers.get_key_value(topic).map_or_else(|| topic.into(), |(topic, _)| Arc::clone(topic));
        self.numbers.entry(Arc::clone(&topic)).or_default().insert(partition, number);
        self.places.push(Place { topic, partition });
        number
    }

    pub(super) fn numbers(&mut self, list: &TopicPartitionList) -> Vec<Partition> {
        list.elements().iter().map(|element| self.number(element.topic(), element.partition())).collect()
    }

    pub(super) fn receive(&mut self, mut incoming: Incoming<Raw>, now: Duration) {
        incoming.key = key(self.keyed.as_ref(), &incoming.message);
        if let Some(returning) = &self.returning
            && let Some(Returned { tried, wait, origin }) =
                returning(&self.place(incoming.partition).topic, &incoming.message)
        {
            incoming.tried = tried;
            incoming.origin = origin.map(|(place, offset)| (self.number(&place.topic, place.partition), offset));
            incoming.due = Some(now.saturating_add(wait));
        }
        self.session.receive(incoming, now);
    }

    /// Whether partitions are assigned of which it is not known yet where they start.
    pub(crate) fn has_held(&self) -> bool {
        !self.held.is_empty()
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(crate) fn place(&self, number: Partition) -> &Place {
        &self.places[number as usize]
    }

    /// The offset where the partition was told to start, if it does not start at its commit.
    pub(crate) fn start(&self, number: Partition) -> Option<i64> {
        self.starts.get(&number).copied()
    }

    /// Why there is nothing to receive: told once, or for ever if it is fatal.
    pub(crate) fn trouble(&mut self) -> Option<ConsumeErrorKind> {
        self.session.word().map(|word| self.kind(word))
    }

    /// Why the consumer is of no more use, if it is not.
    pub(crate) fn fatal(&self) -> Option<ConsumeErrorKind> {
        self.session.fatal().map(|word| self.kind(word))
    }

    fn kind(&self, word: Word<RDKafkaErrorCode>) -> ConsumeErrorKind {
        match word {
            Word::Trouble(code) => ConsumeErrorKind::Receive(code),
            Word::Fatal(code) => ConsumeErrorKind::Fatal(code),
            Word::Gone => ConsumeErrorKind::Fatal(RDKafkaErrorCode::DestroyBroker),
            Word::Closed => self.session.stopped().map_or(ConsumeErrorKind::Closed, |stopped| {
                let Stopped { ticket, refusal, .. } = stopped;
                let place = format!("{}@{}", self.place(ticket.partition), ticket.offset);
                ConsumeErrorKind::Stopped(match refusal {
                    Some(refusal) => format!("{place}, which failed for good and was {refusal}"),
                    None => format!("{place}, which failed for good"),
                })
            }),
        }
    }

    pub(super) fn list(&self, partitions: &[Partition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for &number in partitions {
            let Place { topic, partition } = self.place(number);
            list.add_partition(topic, *partition);
        }
        list
    }
}

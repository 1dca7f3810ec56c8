//! What the polling thread and those who take the records share.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::thread::Thread;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::{Notify, oneshot};

use super::super::core::{Core, Incoming, Outcome, Partition, Position, Rules, Taken, Ticket, Verdict};
use super::super::fault::Fault;
use super::super::raw::Raw;
use super::super::tally::Tally;
use super::closing::Closing;
use super::commits::{CommitWaiter, Commits};
use super::full::Full;
use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::message::Place;

/// What the polling thread and those who take the records share.
pub(crate) struct Shared {
    pub(super) state: Mutex<State>,
    /// For workers: there may be something to take, or nothing ever again.
    pub(crate) ready: Notify,
    /// For whoever keeps the workers: a seat is vacant, or the end is there.
    pub(crate) supervisor: Notify,
    pub(crate) tally: Tally,
    /// Counts how often partitions were taken away.
    pub(super) revocations: AtomicU64,
    pub(super) thread: OnceLock<Thread>,
    pub(super) born: Instant,
}

pub(crate) struct State {
    pub(crate) core: Core<Raw>,
    /// The numbers that the core knows partitions by. They are never used again for others.
    pub(super) numbers: HashMap<Arc<str>, HashMap<i32, Partition>>,
    pub(super) places: Vec<Place>,
    /// Whether the core needs keys.
    pub(crate) keyed: Option<RandomState>,
    /// Of whoever waits in `recv`.
    pub(crate) waker: Option<Waker>,
    /// What `recv` is to be told.
    pub(super) trouble: Option<ConsumeErrorKind>,
    /// The workers, by number.
    pub(crate) seats: Vec<Seat>,
    /// What was taken for a batch that is not complete.
    pub(crate) pending: Vec<(Taken<Raw>, Place)>,
    /// Seats whose worker does not come back.
    pub(crate) vacant: Vec<usize>,
    /// Why those failed that are not finished yet.
    pub(super) faults: HashMap<(Partition, u64, u64), Fault>,
    /// How long a handler may take.
    pub(crate) patience: Duration,
    /// How long a partition that is to be given up may wait for what is in hand of it.
    pub(crate) revoke_timeout: Duration,
    /// The group has let it in, and has not given it up since.
    pub(super) joined: bool,
    /// What is to be forwarded, and was not taken so far.
    pub(super) unsent: BTreeSet<(Partition, u64, u64)>,
    /// Why the others were not.
    pub(super) refusals: HashMap<(Partition, u64, u64), String>,
    /// Why the consumer stops.
    pub(crate) stopped: Option<Stopped>,
    /// Why what was done is not committed although the consumer has closed.
    pub(super) uncommitted: Option<RDKafkaErrorCode>,
    /// A right is missing, which ends a run.
    pub(crate) refused: Option<RDKafkaErrorCode>,
    /// How records come back from the topics for retries, if there are any.
    pub(crate) returning: Option<Returning>,
    /// Topics that are to be subscribed to.
    pub(crate) topics: Option<Vec<String>>,
    pub(super) commits: Commits,
    pub(super) full: Full,
    /// The polling thread waits for what is in hand.
    pub(super) awaited: bool,
    /// The consumer closes.
    pub(crate) closing: Option<Closing>,
    /// The polling thread is at its end.
    pub(crate) over: bool,
}

/// Of a worker.
#[derive(Default)]
pub(crate) struct Seat {
    /// What it has in hand.
    pub(super) ticket: Option<Ticket>,
    pub(crate) dismissal: Arc<Dismissal>,
}

/// Tells a worker that nobody waits for it any more, and another has its seat.
#[derive(Default)]
pub(crate) struct Dismissal {
    pub(super) given: AtomicBool,
    pub(super) notify: Notify,
}

impl Dismissal {
    pub(crate) fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    pub(crate) async fn given(&self) {
        self.notify.notified().await;
    }
}

/// The record because of which the consumer stops.
pub(crate) struct Stopped {
    pub(crate) place: Place,
    pub(crate) offset: i64,
    pub(crate) fault: Fault,
    /// Why it is not where such records are kept, if it was to be.
    pub(crate) refusal: Option<String>,
}

/// What a record from a topic for retries says of itself.
pub(crate) struct Returned {
    pub(crate) tried: u32,
    pub(crate) wait: Duration,
}

/// Reads it, by the topic of the record. Nothing in other topics.
pub(crate) type Returning = Box<dyn Fn(&str, &Raw) -> Option<Returned> + Send>;

/// What came of a record.
pub(crate) enum Finished {
    Done,
    /// Of a handler, or of what should have come before it.
    Failed(Fault),
    /// It was not forwarded, but may be another time.
    NotYet,
    /// It cannot be forwarded, for this reason.
    Refused {
        why: String,
        is_too_large: bool,
    },
}

impl Shared {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            state: Mutex::new(State {
                core: Core::new(rules, RandomState::new().hash_one(0)),
                numbers: HashMap::new(),
                places: Vec::new(),
                keyed: None,
                waker: None,
                trouble: None,
                seats: Vec::new(),
                pending: Vec::new(),
                vacant: Vec::new(),
                faults: HashMap::new(),
                patience: Duration::MAX,
                revoke_timeout: Duration::ZERO,
                joined: false,
                unsent: BTreeSet::new(),
                refusals: HashMap::new(),
                stopped: None,
                uncommitted: None,
                refused: None,
                returning: None,
                topics: None,
                commits: Commits::default(),
                full: Full::default(),
                awaited: false,
                closing: None,
                over: false,
            }),
            ready: Notify::new(),
            supervisor: Notify::new(),
            tally: Tally::default(),
            revocations: AtomicU64::new(0),
            thread: OnceLock::new(),
            born: Instant::now(),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    pub(crate) fn lock(&self) -> Guard<'_> {
        Guard { shared: self, state: Some(self.state()), is_poller: false }
    }

    /// As the polling thread, which need not be woken by itself.
    pub(super) fn lock_here(&self) -> Guard<'_> {
        Guard { shared: self, state: Some(self.state()), is_poller: true }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes when partitions are taken away.
    pub(crate) fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::Acquire)
    }

    pub(super) fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Leaves the group when what is in hand is finished or given up.
    pub(crate) fn close(&self, Closing { give_up, end }: Closing) {
        let mut state = self.lock();
        let before = state.closing.unwrap_or(Closing { give_up, end });
        state.closing = Some(Closing { give_up: give_up.min(before.give_up), end: end.min(before.end) });
        drop(state);
        self.wake();
        self.supervisor.notify_one();
    }

    /// Leaves the group within this time.
    pub(crate) fn close_within(&self, deadline: Duration) {
        self.close(Closing::within(deadline));
    }

    /// Closes by itself, unless somebody has closed it already.
    pub(crate) fn stop(&self, state: &mut State) {
        let patience = state.revoke_timeout;
        state.closing.get_or_insert_with(|| Closing::after(patience));
        self.supervisor.notify_one();
    }

    /// Notes what is done for the next commit.
    pub(crate) fn store(&self, position: &Position) -> Result<(), ConsumeErrorKind> {
        if self.lock().core.mark(position) { Ok(()) } else { Err(ConsumeErrorKind::Revoked) }
    }

    /// Commits what is done, and waits for it.
    pub(crate) async fn commit(&self, position: &Position) -> Result<(), ConsumeErrorKind> {
        let (sender, committed) = oneshot::channel();
        {
            let mut state = self.lock();
            if !state.core.mark(position) {
                return Err(ConsumeErrorKind::Revoked);
            }
            if state.over {
                return Err(ConsumeErrorKind::NoThread);
            }
            state.core.commit();
            state.commits.waiting.push(CommitWaiter { partition: position.partition, sender });
        }
        self.wake();
        match committed.await {
            Ok(committed) => committed,
            Err(_) => Err(ConsumeErrorKind::NoThread),
        }
    }
}

/// What keeps the order of a message, if keys do.
pub(crate) fn key(keyed: Option<&RandomState>, message: &Raw) -> Option<u64> {
    Some(keyed?.hash_one(message.key()?))
}

/// Names a record in all its turns.
pub(super) fn record(ticket: &Ticket) -> (Partition, u64, u64) {
    (ticket.partition, ticket.epoch, ticket.number)
}

/// The state, locked. When it is given up, those are woken who have something to do.
pub(crate) struct Guard<'a> {
    pub(super) shared: &'a Shared,
    pub(super) state: Option<MutexGuard<'a, State>>,
    pub(super) is_poller: bool,
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
        let thread_has_work = !self.is_poller && (state.core.has_actions() || state.awaited);
        let there_is_news = state.core.has_ready() || state.trouble.is_some() || state.over;
        let waker = if there_is_news { state.waker.take() } else { None };
        drop(state);
        if thread_has_work {
            self.shared.wake();
        }
        if there_is_news {
            // One is enough: whoever takes something and leaves something wakes the next.
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
            && let Some(Returned { tried, wait }) = returning(&self.place(incoming.partition).topic, &incoming.message)
        {
            incoming.tried = tried;
            incoming.due = Some(now.saturating_add(wait));
        }
        self.core.receive(incoming, now);
    }

    pub(crate) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(crate) fn place(&self, number: Partition) -> &Place {
        &self.places[number as usize]
    }

    /// Why there is nothing to receive: told once, or for ever if it is fatal.
    pub(crate) fn trouble(&mut self) -> Option<ConsumeErrorKind> {
        self.fatal().or_else(|| self.trouble.take()).or_else(|| self.over.then(|| self.closed()))
    }

    pub(super) fn closed(&self) -> ConsumeErrorKind {
        let stopped = self.stopped.as_ref().map(|Stopped { place, offset, refusal, .. }| match refusal {
            Some(refusal) => format!("{place}@{offset}, which failed for good and was {refusal}"),
            None => format!("{place}@{offset}, which failed for good"),
        });
        stopped.map_or(ConsumeErrorKind::Closed, ConsumeErrorKind::Stopped)
    }

    /// Why the consumer is of no more use, if it is not.
    pub(crate) fn fatal(&self) -> Option<ConsumeErrorKind> {
        match self.trouble {
            Some(ConsumeErrorKind::Fatal(code)) => Some(ConsumeErrorKind::Fatal(code)),
            // The thread is at its end, and nobody has asked for it.
            _ if self.over && self.closing.is_none() => Some(ConsumeErrorKind::Fatal(RDKafkaErrorCode::DestroyBroker)),
            _ => None,
        }
    }

    /// `recv` is not called any more, and has nothing to be told.
    pub(crate) fn forget_trouble(&mut self) {
        if self.fatal().is_none() {
            self.trouble = None;
        }
    }

    /// The brokers serve this consumer, so that what was refused before is not any more. Behind it a run ends.
    pub(super) fn forget_refusal(&mut self) {
        if self.seats.is_empty() {
            self.refused = None;
        }
    }

    /// Whether messages can be expected to be received and handled.
    pub(crate) fn is_ready(&self) -> bool {
        let is_open = self.closing.is_none() && !self.over && self.fatal().is_none();
        is_open && self.joined && self.unsent.is_empty()
    }

    /// The next record to do something with, for the worker in this seat, if it is one.
    pub(crate) fn take(&mut self, seat: Option<usize>, now: Duration) -> Option<(Taken<Raw>, Place)> {
        let taken = self.core.take(now)?;
        if let Some(seat) = seat {
            self.seats[seat].ticket = Some(taken.ticket);
        }
        let place = self.place(taken.ticket.partition).clone();
        Some((taken, place))
    }

    /// A batch of what was taken for it, so many at most, the records of a partition in their order.
    pub(crate) fn begin(&mut self, most: usize, now: Duration) -> Vec<(Taken<Raw>, Place)> {
        let most = most.min(self.pending.len());
        let Self { core, pending, .. } = self;
        let mut batch: Vec<_> = pending.drain(..most).inspect(|(taken, _)| core.begin(&taken.ticket, now)).collect();
        // Those that are tried again come as their time does.
        batch.sort_by_key(|(Taken { ticket, .. }, _)| (ticket.partition, ticket.number));
        batch
    }

    /// What no batch has shown to anybody is for whoever has its partition next.
    pub(super) fn give_back(&mut self) {
        let Self { core, pending, .. } = self;
        pending.retain(|(taken, _)| {
            let holds = core.holds(&taken.ticket.position());
            if !holds {
                core.give_back(&taken.ticket);
            }
            holds
        });
    }

    /// What a batch had that nobody has said anything of: it comes again, before what was taken for the next.
    pub(crate) fn untake(&mut self, batch: impl IntoIterator<Item = Ticket>) {
        let Self { core, pending, .. } = self;
        let tickets: Vec<_> = batch.into_iter().chain(pending.drain(..).map(|(taken, _)| taken.ticket)).collect();
        for ticket in tickets.iter().rev() {
            if core.holds(&ticket.position()) {
                core.untake(ticket);
            } else {
                core.give_back(ticket);
            }
        }
    }

    /// Why a record failed that is to be forwarded. It is a time that ran out if nobody said why.
    pub(crate) fn fault(&self, ticket: &Ticket) -> Fault {
        self.faults.get(&record(ticket)).cloned().unwrap_or(self.too_long())
    }

    /// What came of what the worker in this seat had in hand: what became of it, and why, if it was not
    /// handled. Nothing if it is to be taken again, or nobody waits for it any more.
    pub(crate) fn finish(
        &mut self,
        seat: Option<usize>,
        ticket: &Ticket,
        finished: Finished,
        now: Duration,
    ) -> Option<(Outcome, Option<Fault>)> {
        if let Some(seat) = seat {
            self.seats[seat].ticket = None;
        }
        if !self.core.waits_for(ticket) {
            return None;
        }
        self.unsent.remove(&record(ticket));
        let verdict = match finished {
            Finished::Done => Verdict::Done,
            Finished::NotYet => {
                self.unsent.insert(record(ticket));
                Verdict::Retry
            }
            Finished::Refused { why, is_too_large } => {
                self.refusals.insert(record(ticket), why);
                if is_too_large { Verdict::TooLarge } else { Verdict::Reject }
            }
            Finished::Failed(fault) => {
                let verdict = if fault.may_pass() { Verdict::Retry } else { Verdict::Reject };
                self.faults.insert(record(ticket), fault);
                verdict
            }
        };
        let outcome = self.core.finish(ticket, verdict, now)?;
        self.refusals.remove(&record(ticket));
        let fault = (outcome != Outcome::Done).then(|| self.faults.remove(&record(ticket)).unwrap_or(self.too_long()));
        Some((outcome, fault))
    }

    /// The fault of whoever was given up.
    pub(super) fn too_long(&self) -> Fault {
        Fault::Timeout(self.patience)
    }

    pub(super) fn dismiss(&mut self, ticket: &Ticket) {
        let Some(index) = self.seats.iter().position(|seat| seat.ticket.as_ref() == Some(ticket)) else { return };
        let seat = std::mem::take(&mut self.seats[index]);
        seat.dismissal.given.store(true, Ordering::Release);
        seat.dismissal.notify.notify_one();
        self.vacant.push(index);
    }

    /// Those of partitions that are not ours any more.
    pub(super) fn forget_faults(&mut self) {
        let Self { core, faults, unsent, refusals, .. } = self;
        let is_ours = |&(partition, epoch, _): &_| core.holds(&Position { partition, epoch, offset: 0 });
        faults.retain(|record, _| is_ours(record));
        refusals.retain(|record, _| is_ours(record));
        unsent.retain(is_ours);
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

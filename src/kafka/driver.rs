//! The thread that polls librdkafka, and what it shares with those who take the records.
//!
//! All that is told to librdkafka is told by this thread, in the order in which the core says it: what the
//! calls of others lead to stays in the core's queue, and they wake the thread. The exception are commits:
//! they wait for the broker, and each has a thread of its own.

mod full;
#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::task::Waker;
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, RebalanceProtocol};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::metadata::MetadataTopic;
use rdkafka::{ClientContext, TopicPartitionList};
use tokio::sync::{Notify, oneshot, watch};

use self::full::Full;
use super::client::{self, Monitor};
use super::core::{Action, Core, Incoming, Limit, Outcome, Partition, Position, Rules, Taken, Ticket, Verdict};
use super::error::{CloseError, ConnectError, ConsumeErrorKind, Open};
use super::fault::Fault;
use super::native;
use super::raw::{Packer, Raw};
use super::tally::Tally;

/// How many messages are told to the core at once.
const BURST: usize = 1024;
const BURST_BYTES: usize = 1 << 20;

/// The longest that the thread sleeps: librdkafka is to be polled, and the core to be ticked, some times
/// a second.
const NAP: Duration = Duration::from_millis(100);

/// How often the thread looks whether the group is left.
const SETTLE: Duration = Duration::from_millis(10);

/// How much may wait to be freed.
const SPENT_BYTES: usize = 4 << 20;

/// How long leaving the group may take of the time that is left for a close.
pub(super) const LEAVE: Duration = Duration::from_secs(2);

/// Member of a group, until it is dropped.
pub(super) struct Member {
    pub(super) shared: Arc<Shared>,
    /// Ready when the group is left and the client is gone.
    pub(super) gone: watch::Receiver<()>,
    client: Weak<Client>,
}

impl Member {
    /// Looks for topics that are to be there when they are needed, and warns of those that are not, with what comes
    /// of that.
    pub(super) fn look_for(&self, topics: Vec<(String, &'static str)>) {
        let client = Weak::clone(&self.client);
        let look = move || {
            for (topic, otherwise) in topics {
                // Nothing waits for it, but for a close.
                let Some(client) = client.upgrade() else { return };
                // Not even a broker that makes topics makes one for a consumer that asks for it.
                let found = client.consumer.fetch_metadata(Some(&topic), LEAVE);
                let error = match &found {
                    Ok(metadata) => metadata.topics().iter().find_map(MetadataTopic::error).map(RDKafkaErrorCode::from),
                    Err(error) => error.rdkafka_error_code(),
                };
                match error {
                    None | Some(RDKafkaErrorCode::LeaderNotAvailable) => {}
                    Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                        tracing::warn!(
                            "there is no topic `{topic}`: create it, unless the brokers do when it is needed; {otherwise}"
                        );
                    }
                    Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                        tracing::warn!(
                            "no right to topic `{topic}`: the user needs the right to write to it; {otherwise}"
                        );
                    }
                    Some(other) => tracing::debug!("it is not known whether there is a topic `{topic}`: {other}"),
                }
            }
        };
        drop(super::thread::start("event-schema look", look));
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.shared.close(Closing::now());
    }
}

/// How long a consumer that closes may take.
#[derive(Debug, Clone, Copy)]
pub(super) struct Closing {
    /// Then what is in hand is given up.
    pub(super) give_up: Instant,
    /// Then nobody waits any more until the group is left.
    pub(super) end: Instant,
}

impl Closing {
    /// For those who have nothing in hand.
    pub(super) fn now() -> Self {
        let now = Instant::now();
        Self { give_up: now, end: now }
    }

    /// To be over within this time.
    fn within(deadline: Duration) -> Self {
        let leave = LEAVE.min(deadline / 4);
        let give_up = Instant::now() + client::bounded(deadline).saturating_sub(leave);
        Self { give_up, end: give_up + leave }
    }

    /// What is in hand has this time.
    fn after(patience: Duration) -> Self {
        let give_up = Instant::now() + patience;
        Self { give_up, end: give_up + LEAVE }
    }
}

/// Whether a commit was refused because the group is sharing its partitions out anew, or has already: whoever has
/// them then receives again what was not committed.
fn is_of_rebalance(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::RebalanceInProgress
            | C::IllegalGeneration
            | C::UnknownMemberId
            | C::FencedInstanceId
            | C::FencedMemberEpoch
            | C::StaleMemberEpoch
    )
}

/// Waits until the group is left and the client is gone.
pub(super) async fn left(
    shared: &Shared,
    gone: &mut watch::Receiver<()>,
    deadline: Duration,
) -> Result<(), CloseError> {
    match tokio::time::timeout(deadline, gone.changed()).await {
        Ok(_) => match shared.lock().uncommitted {
            None => Ok(()),
            Some(code) => Err(CloseError { deadline, open: Open::Commit(code) }),
        },
        Err(_) => Err(CloseError { deadline, open: Open::Group }),
    }
}

/// What the polling thread and those who take the records share.
pub(super) struct Shared {
    state: Mutex<State>,
    /// For workers: there may be something to take, or nothing ever again.
    pub(super) ready: Notify,
    /// For whoever keeps the workers: a seat is vacant, or the end is there.
    pub(super) supervisor: Notify,
    pub(super) tally: Tally,
    /// Counts how often partitions were taken away.
    revocations: AtomicU64,
    thread: OnceLock<Thread>,
    born: Instant,
}

pub(super) struct State {
    pub(super) core: Core<Raw>,
    /// The numbers that the core knows partitions by. They are never used again for others.
    numbers: HashMap<Arc<str>, HashMap<i32, Partition>>,
    places: Vec<Place>,
    /// Whether the core needs keys.
    pub(super) keyed: Option<RandomState>,
    /// Of whoever waits in `recv`.
    pub(super) waker: Option<Waker>,
    /// What `recv` is to be told.
    trouble: Option<ConsumeErrorKind>,
    /// The workers, by number.
    pub(super) seats: Vec<Seat>,
    /// What was taken for a batch that is not complete.
    pub(super) pending: Vec<(Taken<Raw>, Place)>,
    /// Seats whose worker does not come back.
    pub(super) vacant: Vec<usize>,
    /// Why those failed that are not finished yet.
    faults: HashMap<(Partition, u64, u64), Fault>,
    /// How long a handler may take.
    pub(super) patience: Duration,
    /// How long a partition that is to be given up may wait for what is in hand of it.
    pub(super) revoke_timeout: Duration,
    /// The group has let it in, and has not given it up since.
    joined: bool,
    /// What is to be forwarded, and was not taken so far.
    unsent: BTreeSet<(Partition, u64, u64)>,
    /// Why the others were not.
    refusals: HashMap<(Partition, u64, u64), String>,
    /// Why the consumer stops.
    pub(super) stopped: Option<Stopped>,
    /// Why what was done is not committed although the consumer has closed.
    uncommitted: Option<RDKafkaErrorCode>,
    /// A right is missing, which ends a run.
    pub(super) refused: Option<RDKafkaErrorCode>,
    /// How records come back from the topics for retries, if there are any.
    pub(super) returning: Option<Returning>,
    /// Topics that are to be subscribed to.
    pub(super) topics: Option<Vec<String>>,
    commits: Commits,
    full: Full,
    /// The polling thread waits for what is in hand.
    awaited: bool,
    /// The consumer closes.
    pub(super) closing: Option<Closing>,
    /// The polling thread is at its end.
    pub(super) over: bool,
}

/// Of a worker.
#[derive(Default)]
pub(super) struct Seat {
    /// What it has in hand.
    ticket: Option<Ticket>,
    pub(super) dismissal: Arc<Dismissal>,
}

/// Tells a worker that nobody waits for it any more, and another has its seat.
#[derive(Default)]
pub(super) struct Dismissal {
    given: AtomicBool,
    notify: Notify,
}

impl Dismissal {
    pub(super) fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    pub(super) async fn given(&self) {
        self.notify.notified().await;
    }
}

/// The record because of which the consumer stops.
pub(super) struct Stopped {
    pub(super) place: Place,
    pub(super) offset: i64,
    pub(super) fault: Fault,
    /// Why it is not where such records are kept, if it was to be.
    pub(super) refusal: Option<String>,
}

/// What a record from a topic for retries says of itself.
pub(super) struct Returned {
    pub(super) tried: u32,
    pub(super) wait: Duration,
}

/// Reads it, by the topic of the record. Nothing in other topics.
pub(super) type Returning = Box<dyn Fn(&str, &Raw) -> Option<Returned> + Send>;

/// What came of a record.
pub(super) enum Finished {
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

/// A partition of a topic.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.topic, self.partition)
    }
}

#[derive(Default)]
struct Commits {
    /// Whether offsets were stored since the last commit.
    wanted: bool,
    /// Whoever waits for the one that is under way.
    under_way: Option<Vec<Waiting>>,
    /// For the next one.
    waiting: Vec<Waiting>,
}

/// Somebody waits until a partition is committed.
struct Waiting {
    partition: Partition,
    sender: oneshot::Sender<Result<(), ConsumeErrorKind>>,
}

impl Waiting {
    fn answer(all: Vec<Self>, committed: Result<(), RDKafkaErrorCode>) {
        for waiting in all {
            // Nobody may be waiting any more, and that is fine.
            let _ = waiting.sender.send(committed.map_err(ConsumeErrorKind::Commit));
        }
    }
}

impl Commits {
    /// Whether one is to begin now: then it is under way.
    fn begin(&mut self) -> bool {
        let begins = self.under_way.is_none() && (self.wanted || !self.waiting.is_empty());
        if begins {
            self.wanted = false;
            self.under_way = Some(std::mem::take(&mut self.waiting));
        }
        begins
    }

    /// Partitions are somebody else's: whoever waits for them is told.
    fn lose(&mut self, partitions: &[Partition]) {
        let waiting = self.under_way.iter_mut().chain([&mut self.waiting]);
        for lost in waiting.flat_map(|all| all.extract_if(.., |waiting| partitions.contains(&waiting.partition))) {
            let _ = lost.sender.send(Err(ConsumeErrorKind::Revoked));
        }
    }

    /// The offset of a partition is not in the next commit.
    fn fail(&mut self, partition: Partition, code: RDKafkaErrorCode) {
        for failed in self.waiting.extract_if(.., |waiting| waiting.partition == partition) {
            let error = match code {
                // It is not assigned any more, which is yet to be told.
                RDKafkaErrorCode::State => ConsumeErrorKind::Revoked,
                code => ConsumeErrorKind::Commit(code),
            };
            let _ = failed.sender.send(Err(error));
        }
    }
}

impl Shared {
    fn new(rules: Rules) -> Self {
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

    pub(super) fn now(&self) -> Duration {
        self.born.elapsed()
    }

    pub(super) fn lock(&self) -> Turn<'_> {
        Turn { shared: self, state: Some(self.state()), is_poller: false }
    }

    /// As the polling thread, which need not be woken by itself.
    fn lock_here(&self) -> Turn<'_> {
        Turn { shared: self, state: Some(self.state()), is_poller: true }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes when partitions are taken away.
    pub(super) fn revocations(&self) -> u64 {
        self.revocations.load(Ordering::Acquire)
    }

    fn wake(&self) {
        if let Some(thread) = self.thread.get() {
            thread.unpark();
        }
    }

    /// Leaves the group when what is in hand is finished or given up.
    pub(super) fn close(&self, Closing { give_up, end }: Closing) {
        let mut state = self.lock();
        let before = state.closing.unwrap_or(Closing { give_up, end });
        state.closing = Some(Closing { give_up: give_up.min(before.give_up), end: end.min(before.end) });
        drop(state);
        self.wake();
        self.supervisor.notify_one();
    }

    /// Leaves the group within this time.
    pub(super) fn close_within(&self, deadline: Duration) {
        self.close(Closing::within(deadline));
    }

    /// Closes by itself, unless somebody has closed it already.
    pub(super) fn stop(&self, state: &mut State) {
        let patience = state.revoke_timeout;
        state.closing.get_or_insert_with(|| Closing::after(patience));
        self.supervisor.notify_one();
    }

    /// Does what the core says.
    fn perform(&self, state: &mut State, consumer: &BaseConsumer<Group>) {
        let now = self.now();
        let mut resumed = Vec::new();
        while let Some(action) = state.core.action() {
            match action {
                Action::Pause(partition) => state.full.fill(partition, now),
                Action::Resume(partition) => {
                    if state.full.drain(partition, now) {
                        resumed.push(partition);
                    }
                }
                Action::Commit(positions) => {
                    state.store(consumer, &positions);
                    state.commits.wanted = true;
                }
                Action::Abandon(ticket) => {
                    self.tally.count(Outcome::Abandoned);
                    state.dismiss(&ticket);
                    self.supervisor.notify_one();
                }
                Action::End(ticket, outcome) => {
                    self.tally.count(outcome);
                    state.too_long().tell(state.place(ticket.partition), &ticket, outcome);
                }
                Action::Stop(ticket) => {
                    let fault = state.faults.remove(&record(&ticket)).unwrap_or(state.too_long());
                    let refusal = state.refusals.remove(&record(&ticket));
                    let place = state.place(ticket.partition).clone();
                    state.stopped.get_or_insert(Stopped { place, offset: ticket.offset, fault, refusal });
                    self.stop(state);
                }
            }
        }
        if !resumed.is_empty()
            && let Err(error) = consumer.resume(&state.list(&resumed))
        {
            tracing::warn!("cannot resume partitions: {error}");
        }
        let paused = state.full.take(now);
        if !paused.is_empty()
            && let Err(error) = consumer.pause(&state.list(&paused))
        {
            tracing::warn!("cannot pause partitions: {error}");
        }
    }

    /// Notes what is done for the next commit.
    pub(super) fn store(&self, position: &Position) -> Result<(), ConsumeErrorKind> {
        if self.lock().core.mark(position) { Ok(()) } else { Err(ConsumeErrorKind::Revoked) }
    }

    /// Commits what is done, and waits for it.
    pub(super) async fn commit(&self, position: &Position) -> Result<(), ConsumeErrorKind> {
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
            state.commits.waiting.push(Waiting { partition: position.partition, sender });
        }
        self.wake();
        match committed.await {
            Ok(committed) => committed,
            Err(_) => Err(ConsumeErrorKind::NoThread),
        }
    }
}

/// What keeps the order of a message, if keys do.
pub(super) fn key(keyed: Option<&RandomState>, message: &Raw) -> Option<u64> {
    Some(keyed?.hash_one(message.key()?))
}

/// Names a record in all its turns.
fn record(ticket: &Ticket) -> (Partition, u64, u64) {
    (ticket.partition, ticket.epoch, ticket.number)
}

/// The state, locked. When it is given up, those are woken who have something to do.
pub(super) struct Turn<'a> {
    shared: &'a Shared,
    state: Option<MutexGuard<'a, State>>,
    is_poller: bool,
}

impl Deref for Turn<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state.as_deref().expect("the state is there until `self` is dropped")
    }
}

impl DerefMut for Turn<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.state.as_deref_mut().expect("the state is there until `self` is dropped")
    }
}

impl Drop for Turn<'_> {
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
    fn number(&mut self, topic: &str, partition: i32) -> Partition {
        if let Some(number) = self.numbers.get(topic).and_then(|partitions| partitions.get(&partition)) {
            return *number;
        }
        let number = Partition::try_from(self.places.len()).expect("fewer partitions than that");
        let topic = self.numbers.get_key_value(topic).map_or_else(|| topic.into(), |(topic, _)| Arc::clone(topic));
        self.numbers.entry(Arc::clone(&topic)).or_default().insert(partition, number);
        self.places.push(Place { topic, partition });
        number
    }

    fn numbers(&mut self, list: &TopicPartitionList) -> Vec<Partition> {
        list.elements().iter().map(|element| self.number(element.topic(), element.partition())).collect()
    }

    fn receive(&mut self, mut incoming: Incoming<Raw>, now: Duration) {
        incoming.key = key(self.keyed.as_ref(), &incoming.message);
        if let Some(returning) = &self.returning
            && let Some(Returned { tried, wait }) = returning(&self.place(incoming.partition).topic, &incoming.message)
        {
            incoming.tried = tried;
            incoming.due = Some(now.saturating_add(wait));
        }
        self.core.receive(incoming, now);
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.places
    }

    pub(super) fn place(&self, number: Partition) -> &Place {
        &self.places[number as usize]
    }

    /// Why there is nothing to receive: told once, or for ever if it is fatal.
    pub(super) fn trouble(&mut self) -> Option<ConsumeErrorKind> {
        self.fatal().or_else(|| self.trouble.take()).or_else(|| self.over.then(|| self.closed()))
    }

    fn closed(&self) -> ConsumeErrorKind {
        let stopped = self.stopped.as_ref().map(|Stopped { place, offset, refusal, .. }| match refusal {
            Some(refusal) => format!("{place}@{offset}, which failed for good and was {refusal}"),
            None => format!("{place}@{offset}, which failed for good"),
        });
        stopped.map_or(ConsumeErrorKind::Closed, ConsumeErrorKind::Stopped)
    }

    /// Why the consumer is of no more use, if it is not.
    pub(super) fn fatal(&self) -> Option<ConsumeErrorKind> {
        match self.trouble {
            Some(ConsumeErrorKind::Fatal(code)) => Some(ConsumeErrorKind::Fatal(code)),
            // The thread is at its end, and nobody has asked for it.
            _ if self.over && self.closing.is_none() => Some(ConsumeErrorKind::Fatal(RDKafkaErrorCode::DestroyBroker)),
            _ => None,
        }
    }

    /// `recv` is not called any more, and has nothing to be told.
    pub(super) fn forget_trouble(&mut self) {
        if self.fatal().is_none() {
            self.trouble = None;
        }
    }

    /// The brokers serve this consumer, so that what was refused before is not any more. Behind it a run ends.
    fn forget_refusal(&mut self) {
        if self.seats.is_empty() {
            self.refused = None;
        }
    }

    /// Whether messages can be expected to be received and handled.
    pub(super) fn is_ready(&self) -> bool {
        let is_open = self.closing.is_none() && !self.over && self.fatal().is_none();
        is_open && self.joined && self.unsent.is_empty()
    }

    /// The next record to do something with, for the worker in this seat, if it is one.
    pub(super) fn take(&mut self, seat: Option<usize>, now: Duration) -> Option<(Taken<Raw>, Place)> {
        let taken = self.core.take(now)?;
        if let Some(seat) = seat {
            self.seats[seat].ticket = Some(taken.ticket);
        }
        let place = self.place(taken.ticket.partition).clone();
        Some((taken, place))
    }

    /// A batch of what was taken for it, so many at most, the records of a partition in their order.
    pub(super) fn begin(&mut self, most: usize, now: Duration) -> Vec<(Taken<Raw>, Place)> {
        let most = most.min(self.pending.len());
        let Self { core, pending, .. } = self;
        let mut batch: Vec<_> = pending.drain(..most).inspect(|(taken, _)| core.begin(&taken.ticket, now)).collect();
        // Those that are tried again come as their time does.
        batch.sort_by_key(|(Taken { ticket, .. }, _)| (ticket.partition, ticket.number));
        batch
    }

    /// What no batch has shown to anybody is for whoever has its partition next.
    fn give_back(&mut self) {
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
    pub(super) fn untake(&mut self, batch: impl IntoIterator<Item = Ticket>) {
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
    pub(super) fn fault(&self, ticket: &Ticket) -> Fault {
        self.faults.get(&record(ticket)).cloned().unwrap_or(self.too_long())
    }

    /// What came of what the worker in this seat had in hand: what became of it, and why, if it was not
    /// handled. Nothing if it is to be taken again, or nobody waits for it any more.
    pub(super) fn finish(
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
    fn too_long(&self) -> Fault {
        Fault::Timeout(self.patience)
    }

    fn dismiss(&mut self, ticket: &Ticket) {
        let Some(index) = self.seats.iter().position(|seat| seat.ticket.as_ref() == Some(ticket)) else { return };
        let seat = std::mem::take(&mut self.seats[index]);
        seat.dismissal.given.store(true, Ordering::Release);
        seat.dismissal.notify.notify_one();
        self.vacant.push(index);
    }

    /// Those of partitions that are not ours any more.
    fn forget_faults(&mut self) {
        let Self { core, faults, unsent, refusals, .. } = self;
        let is_ours = |&(partition, epoch, _): &_| core.holds(&Position { partition, epoch, offset: 0 });
        faults.retain(|record, _| is_ours(record));
        refusals.retain(|record, _| is_ours(record));
        unsent.retain(is_ours);
    }

    fn list(&self, partitions: &[Partition]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for &number in partitions {
            let Place { topic, partition } = self.place(number);
            list.add_partition(topic, *partition);
        }
        list
    }

    /// Notes the offsets for the next commit. They are never committed by an explicit list: the broker takes
    /// one from a member that has lost the partition, and sets the group back.
    fn store(&mut self, consumer: &BaseConsumer<Group>, positions: &[Position]) {
        for position in positions {
            let Place { topic, partition } = self.place(position.partition);
            // librdkafka adds the one to get the offset of the next message.
            if let Err(error) = consumer.store_offset(topic, *partition, position.offset) {
                tracing::warn!("{topic}/{partition}@{}: not stored for the commit: {error}", position.offset);
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                self.commits.fail(position.partition, code);
                self.core.commit_failed();
            }
        }
    }
}

/// Told by librdkafka, while the thread polls it.
pub(super) struct Group {
    monitor: Arc<Monitor>,
    shared: Arc<Shared>,
    /// Something other than a message was polled.
    called: AtomicBool,
    /// Where librdkafka could not go on, and looked for another place: told by its log alone.
    resets: Mutex<Vec<Reset>>,
}

/// A partition does not have this offset, which was to come next.
#[derive(Debug, PartialEq, Eq)]
struct Reset {
    place: (String, i32),
    offset: i64,
}

impl Reset {
    /// Of a line such as `[thrd:main]: orders [0]: offset reset (at offset 3 (leader epoch 0), broker 1) to ...`.
    fn read(facility: &str, line: &str) -> Option<Self> {
        let (place, rest) = line.split_once("]: offset reset (at offset ").filter(|_| facility == "OFFSET")?;
        let (topic, partition) = place.rsplit_once(" [")?;
        // There are no blanks in a topic.
        let topic = topic.rsplit(' ').next()?.to_owned();
        let offset = rest.split(|other: char| !other.is_ascii_digit()).next()?;
        Some(Self { place: (topic, partition.parse().ok()?), offset: offset.parse().ok()? })
    }
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.called.store(true, Ordering::Relaxed);
        if matches!(level, RDKafkaLogLevel::Warning) {
            self.resets.lock().unwrap_or_else(PoisonError::into_inner).extend(Reset::read(facility, line));
        }
        client::log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.monitor.error(&error, reason);
    }

    fn stats_raw(&self, statistics: &[u8]) {
        self.called.store(true, Ordering::Relaxed);
        tracing::debug!(target: "librdkafka", "{}", String::from_utf8_lossy(statistics));
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        self.called.store(true, Ordering::Relaxed);
        match rebalance {
            // After it: what the core says to an assignment is about assigned partitions.
            Rebalance::Assign(_) => {}
            Rebalance::Revoke(list) if consumer.assignment_lost() => self.lose(consumer, Some(list)),
            Rebalance::Revoke(list) => self.revoke(consumer, list),
            Rebalance::Error(error) => {
                tracing::warn!("rebalance failed: {error}");
                self.lose(consumer, None);
            }
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = rebalance {
            self.assign(consumer, list);
        }
    }

    fn commit_callback(&self, _: KafkaResult<()>, _: &TopicPartitionList) {
        self.called.store(true, Ordering::Relaxed);
    }
}

impl Group {
    fn assign(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        for element in list.elements() {
            tracing::info!("{}/{} assigned", element.topic(), element.partition());
        }
        let mut state = self.shared.lock_here();
        state.joined = true;
        state.forget_refusal();
        let partitions = state.numbers(list);
        self.shared.perform(&mut state, consumer);
        state.core.assign(&partitions);
        if state.closing.is_some() {
            state.core.revoke(&partitions);
        }
        self.shared.perform(&mut state, consumer);
    }

    fn lose(&self, consumer: &BaseConsumer<Self>, list: Option<&TopicPartitionList>) {
        let mut state = self.shared.lock_here();
        state.joined = false;
        let partitions = match list {
            Some(list) => state.numbers(list),
            None => state.core.partitions(),
        };
        for &partition in &partitions {
            tracing::warn!("{} lost", state.place(partition));
        }
        self.shared.perform(&mut state, consumer);
        self.shared.revocations.fetch_add(1, Ordering::Release);
        state.core.revoke(&partitions);
        state.give_back();
        state.core.lose(&partitions);
        state.commits.lose(&partitions);
        state.forget_faults();
        state.full.forget(&partitions);
        self.shared.perform(&mut state, consumer);
    }

    fn revoke(&self, consumer: &BaseConsumer<Self>, list: &TopicPartitionList) {
        let partitions = {
            let mut state = self.shared.lock_here();
            self.shared.perform(&mut state, consumer);
            state.numbers(list)
        };
        for element in list.elements() {
            tracing::info!("{}/{} revoked", element.topic(), element.partition());
        }
        self.give_up(consumer, &partitions);
    }

    /// Waits for what is in hand and for what others have overtaken, and commits.
    fn give_up(&self, consumer: &BaseConsumer<Self>, partitions: &[Partition]) {
        let started = Instant::now();
        {
            // Whoever sees the new number finds the partitions revoked.
            let mut state = self.shared.lock_here();
            state.core.revoke(partitions);
            state.give_back();
            self.shared.revocations.fetch_add(1, Ordering::Release);
        }
        let mut state = loop {
            let mut state = self.shared.lock_here();
            state.core.tick(self.shared.now());
            self.shared.perform(&mut state, consumer);
            let patience = started + state.revoke_timeout;
            let deadline = state.closing.map_or(patience, |closing| closing.give_up.min(patience));
            let left = deadline.saturating_duration_since(Instant::now());
            if state.core.is_idle(partitions) || left.is_zero() {
                break state;
            }
            state.awaited = true;
            drop(state);
            thread::park_timeout(left.min(NAP));
        };
        state.awaited = false;
        self.shared.perform(&mut state, consumer);
        let positions = state.core.release(partitions);
        state.store(consumer, &positions);
        state.full.forget(partitions);
        self.shared.perform(&mut state, consumer);
        state.forget_faults();
        let waiting = std::mem::take(&mut state.commits.waiting);
        state.commits.wanted = false;
        drop(state);
        // In any case: one that is under way may fail.
        let committed = commit(consumer);
        if let Err(code) = committed {
            tracing::warn!("not committed before the partitions were given up: {code}");
            let mut state = self.shared.lock_here();
            if state.closing.is_some() && !is_of_rebalance(code) {
                state.uncommitted.get_or_insert(code);
            }
        }
        Waiting::answer(waiting, committed);
    }
}

/// Commits what is stored, and waits for the broker.
fn commit(consumer: &BaseConsumer<Group>) -> Result<(), RDKafkaErrorCode> {
    match consumer.commit_consumer_state(CommitMode::Sync) {
        Ok(()) => Ok(()),
        Err(error) => match error.rdkafka_error_code() {
            // Nothing was stored since the last one.
            Some(RDKafkaErrorCode::NoOffset) => Ok(()),
            code => Err(code.unwrap_or(RDKafkaErrorCode::Unknown)),
        },
    }
}

/// librdkafka's consumer. It is never dropped where somebody waits: it leaves the group and joins its
/// threads, and has been seen to hang.
pub(super) struct Client {
    pub(super) consumer: BaseConsumer<Group>,
    /// Dropped after it.
    _gone: watch::Sender<()>,
}

/// Makes a client and a thread that polls it.
pub(super) fn start(
    settings: &ClientConfig,
    rules: Rules,
    monitor: Arc<Monitor>,
) -> Result<(Member, Arc<Client>), ConnectError> {
    let shared = Arc::new(Shared::new(rules));
    shared.lock().revoke_timeout = revoke_timeout(settings);
    let group =
        Group { monitor, shared: Arc::clone(&shared), called: AtomicBool::new(false), resets: Mutex::default() };
    let mut consumer = BaseConsumer::from_config_and_context(settings, group).map_err(ConnectError::creation)?;
    let woken = Arc::clone(&shared);
    consumer.set_nonempty_callback(move || woken.wake());
    let (sender, gone) = watch::channel(());
    let client = Arc::new(Client { consumer, _gone: sender });
    let poller = Poller {
        client: Arc::clone(&client),
        shared: Arc::clone(&shared),
        last: None,
        packer: Packer::default(),
        gaps: HashMap::new(),
        ticked: Duration::ZERO,
        is_static: settings.get("group.instance.id").is_some_and(|id| !id.is_empty()),
        is_kip_848: settings.get("group.protocol").is_some_and(|protocol| protocol.eq_ignore_ascii_case("consumer")),
    };
    let member = Member { shared, gone, client: Arc::downgrade(&client) };
    let started = thread::Builder::new().name("event-schema poll".to_owned()).spawn(move || poller.run());
    match started {
        Ok(_) => Ok((member, client)),
        Err(error) => Err(ConnectError::client(format!("no thread to poll on: {error}"))),
    }
}

/// How long a partition that is to be given up waits for what is in hand of it, unless a user says so: the others
/// of the group wait for it too.
fn revoke_timeout(settings: &ClientConfig) -> Duration {
    const LONGEST: Duration = Duration::from_secs(10);
    let session = setting(settings, "session.timeout.ms", 45_000);
    LONGEST.min(session.min(longest_revoke(settings)) / 3)
}

/// The group gives up a member that takes longer than this.
pub(super) fn longest_revoke(settings: &ClientConfig) -> Duration {
    setting(settings, "max.poll.interval.ms", 300_000)
}

/// A setting in milliseconds.
fn setting(settings: &ClientConfig, key: &str, default: u64) -> Duration {
    Duration::from_millis(settings.get(key).and_then(|value| value.parse().ok()).unwrap_or(default))
}

/// The thread that polls.
struct Poller {
    client: Arc<Client>,
    shared: Arc<Shared>,
    /// Topic (where librdkafka keeps it), partition and number of the last message: many in a row have the
    /// same.
    last: Option<(usize, i32, Partition)>,
    packer: Packer,
    /// The offsets that were to come next, of partitions that do not have them, and when that was, counted in
    /// [revocations](Shared::revocations).
    gaps: HashMap<Partition, (i64, u64)>,
    ticked: Duration,
    is_static: bool,
    is_kip_848: bool,
}

/// Messages that were copied and are yet to be freed: not each by itself, since the thread of librdkafka that
/// makes them holds the lock of the allocator just as often, and not while it reads what the broker has sent.
#[derive(Default)]
struct Spent<'a> {
    messages: Vec<BorrowedMessage<'a>>,
    bytes: usize,
}

impl Poller {
    fn run(mut self) {
        let _ = self.shared.thread.set(thread::current());
        let over = Over(Arc::clone(&self.shared));
        let client = Arc::clone(&self.client);
        let mut burst = Vec::with_capacity(BURST);
        let mut spent = Spent::default();
        while let Some(nap) = self.turn(&client, &mut burst, &mut spent) {
            if spent.bytes >= SPENT_BYTES || !nap.is_zero() {
                spent = Spent::default();
            }
            if !nap.is_zero() {
                thread::park_timeout(nap);
            }
        }
        drop(spent);
        let consumer = &self.client.consumer;
        let all = self.shared.lock_here().core.partitions();
        consumer.context().give_up(consumer, &all);
        let is_cooperative = || matches!(consumer.rebalance_protocol(), RebalanceProtocol::Cooperative);
        if all.is_empty() && !self.is_static && is_cooperative() {
            // A cooperative member without partitions is closed by librdkafka without a word to the group, which
            // then waits for it until its session is over. This tells it, unless it is to come back (KIP-345). Not
            // one that is about to join another group: librdkafka 2.12.1 may abort the process when what it is
            // assigned meanwhile comes in between (confluentinc/librdkafka#4792).
            consumer.unsubscribe();
            // While the group shares its partitions out that is put off, and closing would be in between again.
            let until = self.shared.lock_here().closing.map(|closing| closing.give_up).filter(|_| !self.is_kip_848);
            while until.is_some_and(|until| Instant::now() < until) && native::is_member(consumer) {
                drop(consumer.poll(SETTLE));
            }
        }
        drop(over);
        // The last but for a commit under way: here or there, the group is left.
    }

    /// Polls, tells the core, and does what it says. How long there is nothing to do, unless woken; `None`
    /// at the end.
    fn turn<'a>(
        &mut self,
        client: &'a Client,
        burst: &mut Vec<Incoming<Raw>>,
        spent: &mut Spent<'a>,
    ) -> Option<Duration> {
        // In a statement of its own, which gives the lock up.
        let (has_room, share) = {
            let state = self.shared.lock_here();
            (!state.full.is_awaited(), state.core.share())
        };
        self.note_gaps();
        let again = has_room && self.poll(client, share, burst, spent);
        // Under KIP-848 no callback tells a member that there is no partition for it.
        let has_joined =
            self.is_kip_848 && !self.shared.lock_here().joined && native::has_joined(&self.client.consumer);
        let mut state = self.shared.lock_here();
        state.joined |= has_joined;
        let now = self.shared.now();
        if !burst.is_empty() {
            state.forget_refusal();
        }
        for incoming in burst.drain(..) {
            state.receive(incoming, now);
        }
        if let Some(topics) = state.topics.take() {
            let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
            if let Err(error) = self.client.consumer.subscribe(&topics) {
                tracing::error!("not subscribed to {topics:?}: {error}");
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                state.trouble = Some(ConsumeErrorKind::Fatal(code));
                self.shared.stop(&mut state);
            }
        }
        if state.core.next_tick() <= now || self.ticked + NAP <= now {
            state.core.tick(now);
            self.ticked = now;
        }
        let consumer = &self.client.consumer;
        self.shared.perform(&mut state, consumer);
        // librdkafka does not tell again of messages that have been there all the time.
        let again = again || !has_room && !state.full.is_awaited();
        if let Some(Closing { give_up, .. }) = state.closing {
            let all = state.core.partitions();
            self.shared.revocations.fetch_add(1, Ordering::Release);
            state.core.revoke(&all);
            state.give_back();
            // Whoever finishes something wakes this thread.
            state.awaited = true;
            if state.core.is_idle(&all) || give_up <= Instant::now() {
                return None;
            }
        }
        let mut until = state.core.next_tick().min(self.ticked + NAP);
        if let Some(pause) = state.full.next() {
            until = until.min(pause);
        }
        let mut nap = until.saturating_sub(now);
        if let Some(Closing { give_up, .. }) = state.closing {
            nap = nap.min(give_up.saturating_duration_since(Instant::now()));
        }
        let commits = state.commits.begin();
        drop(state);
        if commits {
            self.commit();
        }
        Some(if again { Duration::ZERO } else { nap })
    }

    /// Fills the burst with what is there, but not beyond a callback: that may take partitions away, and what
    /// was received before is to be told to the core before they come back. Whether there may be more.
    fn poll<'a>(
        &mut self,
        client: &'a Client,
        share: Limit,
        burst: &mut Vec<Incoming<Raw>>,
        spent: &mut Spent<'a>,
    ) -> bool {
        // All of it may be of one partition, which is to hold no more than its share.
        let most = Limit { records: BURST.min(share.records), bytes: BURST_BYTES.min(share.bytes) };
        let called = &client.consumer.context().called;
        let (mut bytes, mut sealed) = (0, 0);
        let more = loop {
            if burst.len() >= most.records || bytes >= most.bytes {
                break true;
            }
            match client.consumer.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    if self.packer.is_full(&message) {
                        self.seal(&mut burst[sealed..]);
                        sealed = burst.len();
                    }
                    let incoming = self.incoming(&message);
                    bytes += incoming.bytes;
                    spent.bytes += incoming.bytes;
                    burst.push(incoming);
                    spent.messages.push(message);
                }
                Some(Err(error)) => self.fail(error),
                None if called.swap(false, Ordering::Relaxed) => {
                    self.last = None;
                    break true;
                }
                None => break !burst.is_empty(),
            }
        };
        self.seal(&mut burst[sealed..]);
        more
    }

    fn seal(&mut self, packed: &mut [Incoming<Raw>]) {
        if !packed.is_empty() {
            self.packer.seal(packed.iter_mut().map(|incoming| &mut incoming.message));
        }
    }

    fn incoming(&mut self, message: &BorrowedMessage<'_>) -> Incoming<Raw> {
        let (topic, partition) = (message.topic_ptr().addr(), message.partition());
        let number = match self.last {
            Some((same, also, number)) if same == topic && also == partition => number,
            _ => {
                let number = self.shared.lock_here().number(message.topic(), partition);
                self.last = Some((topic, partition, number));
                number
            }
        };
        if !self.gaps.is_empty()
            && let Some((expected, revocations)) = self.gaps.remove(&number)
            && revocations == self.shared.revocations()
        {
            self.tell_gap(number, expected, message.offset());
        }
        let raw = self.packer.pack(message);
        Incoming {
            partition: number,
            offset: message.offset(),
            key: None,
            bytes: raw.size(),
            tried: 0,
            due: None,
            message: raw,
        }
    }

    /// Notes where librdkafka could not go on.
    fn note_gaps(&mut self) {
        let resets = &self.client.consumer.context().resets;
        let resets = std::mem::take(&mut *resets.lock().unwrap_or_else(PoisonError::into_inner));
        for Reset { place: (topic, partition), offset } in resets {
            let number = self.shared.lock_here().number(&topic, partition);
            self.gaps.insert(number, (offset, self.shared.revocations()));
        }
    }

    /// What was to come next is gone, or was never there, and this comes instead.
    fn tell_gap(&self, number: Partition, expected: i64, first: i64) {
        let place = self.shared.lock_here().place(number).clone();
        match u64::try_from(first - expected) {
            Ok(lost) if lost > 0 => {
                self.shared.tally.lose(lost);
                tracing::warn!(
                    "{place}@{expected}: gone, with all before offset {first}: at most {lost} messages are lost"
                );
            }
            _ => tracing::warn!("{place}@{expected}: there is no such offset; goes on at offset {first}"),
        }
    }

    fn fail(&self, error: KafkaError) {
        let trouble = match error {
            KafkaError::PartitionEOF(_) => return,
            // Messages are gone, and `auto.offset.reset` says that it is not to go on without them: as good as fatal.
            KafkaError::MessageConsumptionFatal(code)
            | KafkaError::MessageConsumption(code @ RDKafkaErrorCode::AutoOffsetReset) => ConsumeErrorKind::Fatal(code),
            // The monitor has logged it with its reason.
            error => match error.rdkafka_error_code() {
                Some(code) if !is_waited_for(code) => ConsumeErrorKind::Receive(code),
                _ => return,
            },
        };
        let mut state = self.shared.lock_here();
        let is_fatal = matches!(trouble, ConsumeErrorKind::Fatal(_));
        // librdkafka says it once, and waits for the right without a word.
        let refused = trouble.unauthorized();
        state.refused = state.refused.or(refused);
        if !state.seats.is_empty() {
            tracing::error!("{trouble}");
            if is_fatal || refused.is_some() {
                self.shared.stop(&mut state);
            }
        }
        if is_fatal || state.seats.is_empty() && state.fatal().is_none() {
            state.trouble = Some(trouble);
        }
    }

    /// Commits what is stored, on a thread of its own: it waits for the broker.
    fn commit(&self) {
        let client = Arc::clone(&self.client);
        let turn = CommitTurn { shared: Arc::clone(&self.shared), committed: None };
        drop(super::thread::start("event-schema commit", move || {
            let committed = commit(&client.consumer);
            if let Err(code) = committed {
                tracing::warn!("not committed, to be tried again: {code}");
            }
            turn.end(committed);
        }));
    }
}

/// Ends a commit, even one that never began, and tells whoever waits for it.
struct CommitTurn {
    shared: Arc<Shared>,
    committed: Option<Result<(), RDKafkaErrorCode>>,
}

impl CommitTurn {
    fn end(mut self, committed: Result<(), RDKafkaErrorCode>) {
        self.committed = Some(committed);
    }
}

impl Drop for CommitTurn {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.shared.lock();
            if !matches!(self.committed, Some(Ok(()))) {
                state.core.commit_failed();
            }
            state.commits.under_way.take()
        };
        self.shared.wake();
        if let Some(committed) = self.committed {
            Waiting::answer(waiting.unwrap_or_default(), committed);
        }
    }
}

/// Says that the polling thread is at its end, also if it panics.
struct Over(Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.0.lock();
            state.over = true;
            // Nobody commits any more.
            std::mem::take(&mut state.commits.waiting)
        };
        drop(waiting);
        self.0.supervisor.notify_one();
    }
}

/// Whether an error passes by itself, or is none of the caller's: brokers that come back, a topic
/// that is yet to be made, a group that is joined again.
fn is_waited_for(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::AllBrokersDown
            | C::BrokerTransportFailure
            | C::Resolve
            | C::SSL
            | C::OperationTimedOut
            | C::RequestTimedOut
            | C::UnknownTopic
            | C::UnknownPartition
            | C::UnknownTopicOrPartition
            | C::LeaderNotAvailable
            | C::PollExceeded
    )
}

//! The state machine.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::super::core::{
    Action, Core, Incoming, Limit, NOT_YET, Outcome, Partition, Position, Rules, Taken, Ticket, Verdict, Work,
};
use super::super::tally::{Counts, Tally};
use super::closing::Closing;
#[cfg(feature = "metrics024")]
use super::outcome::Measures;
use super::outcome::{Cause, Finished, Mode, NotCommitted, Stopped, Trouble, Wakes, Why, Word};

/// The identity of a record: its partition, the epoch of the assignment, and its number in it.
type RecordId = (Partition, u64, u64);

fn id(ticket: &Ticket) -> RecordId {
    (ticket.partition, ticket.epoch, ticket.number)
}

/// The pause before a commit that a rebalance refused is retried, if nothing says that the rebalance is over.
const AFTER_REBALANCE: Duration = Duration::from_millis(100);

/// The state machine: of messages `M` that fail because of `F`, and codes `C`. Times are those of the core.
#[derive(Debug)]
pub(crate) struct Session<M, F, C> {
    core: Core<M>,
    mode: Mode,
    /// Trouble that nobody was told of yet, and whether it is fatal: then it stays.
    trouble: Option<(C, bool)>,
    /// A right is missing.
    unauthorized: Option<C>,
    /// Why the consumer stops.
    stopped: Option<Stopped<F>>,
    /// The consumer closes.
    closing: Option<Closing>,
    /// The polling thread is at its end.
    over: bool,
    /// The consumer has joined the group, and has not lost its membership since.
    joined: bool,
    /// Records that were taken for an incomplete batch.
    pending: Vec<Taken<M>>,
    /// Why those failed that are not finished yet.
    causes: HashMap<RecordId, F>,
    /// Records to forward that were not taken yet.
    unsent: BTreeSet<RecordId>,
    /// Why the others were not.
    refusals: HashMap<RecordId, String>,
    /// Why finished records are not committed although the consumer has closed.
    uncommitted: Option<C>,
    /// Partitions whose topic is gone and that the log has named.
    gone: BTreeSet<Partition>,
    /// How long a handler may take.
    timeout: Option<Duration>,
    /// How long a revoked partition may wait for its records in hand.
    revoke_timeout: Duration,
    /// The polling thread waits for records in hand.
    awaited: bool,
    /// How often workers had to give back the records of their row that were not begun.
    interruptions: u64,
    /// The polling thread sleeps until then.
    asleep_until: Duration,
    /// The outcomes of all deliveries, each counted where it is decided.
    tally: Tally,
    /// Records that were returned while a batch was gathered.
    #[cfg(test)]
    pub(super) given_back: Vec<Ticket>,
}

impl<M: Clone, F: Cause, C: Copy> Session<M, F, C> {
    pub(crate) fn new(rules: Rules, seed: u64) -> Self {
        Self {
            timeout: rules.patience,
            core: Core::new(rules, seed),
            mode: Mode::Received,
            trouble: None,
            unauthorized: None,
            stopped: None,
            closing: None,
            over: false,
            joined: false,
            pending: Vec::new(),
            causes: HashMap::new(),
            unsent: BTreeSet::new(),
            refusals: HashMap::new(),
            uncommitted: None,
            gone: BTreeSet::new(),
            revoke_timeout: Duration::ZERO,
            awaited: false,
            interruptions: 0,
            asleep_until: Duration::ZERO,
            tally: Tally::default(),
            #[cfg(test)]
            given_back: Vec::new(),
        }
    }

    // ---- who takes the records

    /// Sets other rules, and other keys for the records received so far. Only before any record is taken.
    pub(crate) fn govern(&mut self, rules: Rules, key: impl Fn(&M) -> Option<u64>, now: Duration) {
        self.timeout = rules.patience;
        self.core.govern(rules, key, now);
    }

    /// Puts back a record that was taken ahead: as [`Core::unpop`].
    pub(crate) fn unpop(&mut self, position: &Position, bytes: usize, message: M) {
        self.core.unpop(position, bytes, message);
    }

    pub(crate) fn set_revoke_timeout(&mut self, timeout: Duration) {
        self.revoke_timeout = timeout;
    }

    /// From now on handlers take the records. Trouble that nobody was told of may have ended the run already.
    pub(crate) fn handle(&mut self, now: Duration) {
        self.mode = Mode::Handled;
        self.trouble = self.trouble.filter(|(_, is_fatal)| *is_fatal);
        if self.trouble.is_some() || self.unauthorized.is_some() {
            self.stop(now);
        }
    }

    // ---- partitions

    pub(crate) fn partitions(&self) -> Vec<Partition> {
        self.core.partitions()
    }

    pub(crate) fn assigned(&self) -> Vec<(Partition, u64)> {
        self.core.assigned()
    }

    pub(crate) fn is_past(&self, partition: Partition, offset: i64) -> bool {
        self.core.is_past(partition, offset)
    }

    /// Partitions are ours from now on; none if a rebalance changed nothing for this member. Positions that the
    /// rebalance kept from being committed are committed at once.
    pub(crate) fn assign(&mut self, partitions: &[Partition]) {
        self.joined = true;
        self.served();
        self.gone.retain(|partition| !partitions.contains(partition));
        self.core.commit();
        self.core.assign(partitions);
        if self.closing.is_some() {
            self.core.revoke(partitions);
        }
    }

    /// The group has let the consumer in, with whatever partitions.
    pub(crate) fn join(&mut self) {
        self.joined = true;
    }

    pub(crate) fn has_joined(&self) -> bool {
        self.joined
    }

    /// Partitions are being revoked: they are released when their records in hand are finished or the time is over.
    pub(crate) fn revoke(&mut self, partitions: &[Partition]) {
        self.interruptions += 1;
        self.core.revoke(partitions);
        self.clear_pending();
    }

    /// The end of the wait for partitions that are being revoked since `started`; nothing if there is nothing to wait
    /// for.
    pub(crate) fn awaits(&mut self, partitions: &[Partition], started: Duration, now: Duration) -> Option<Duration> {
        let patience = started.saturating_add(self.revoke_timeout);
        let until = self.closing.map_or(patience, |closing| closing.hands_until.min(patience));
        self.awaited = !self.core.is_idle(partitions) && now < until;
        self.awaited.then_some(until)
    }

    /// Releases partitions, and returns the positions to commit before another member gets them.
    pub(crate) fn release(&mut self, partitions: &[Partition]) -> Vec<Position> {
        self.awaited = false;
        let positions = self.core.release(partitions);
        self.forget();
        positions
    }

    /// Partitions belong to another member already.
    pub(crate) fn lose(&mut self, partitions: &[Partition]) {
        self.joined = false;
        self.revoke(partitions);
        self.core.lose(partitions);
        self.forget();
    }

    /// Forgets records of partitions that are not ours any more.
    fn forget(&mut self) {
        let Self { core, causes, unsent, refusals, .. } = self;
        let is_ours = |&(partition, epoch, _): &RecordId| core.owns(partition, epoch);
        causes.retain(|record, _| is_ours(record));
        refusals.retain(|record, _| is_ours(record));
        unsent.retain(is_ours);
    }

    pub(crate) fn holds(&self, position: &Position) -> bool {
        self.core.holds(position)
    }

    // ---- records

    pub(crate) fn receive(&mut self, incoming: Incoming<M>, now: Duration) {
        self.served();
        self.core.receive(incoming, now);
    }

    /// The brokers serve this consumer: a right that was missing is granted. A run that was refused ends all the same.
    fn served(&mut self) {
        if self.mode == Mode::Received {
            self.unauthorized = None;
        }
    }

    pub(crate) fn share(&self) -> Limit {
        self.core.share()
    }

    pub(crate) fn buffered(&self) -> Limit {
        self.core.buffered()
    }

    pub(crate) fn pop(&mut self, now: Duration) -> Option<(Position, M)> {
        self.core.pop(now)
    }

    /// Nothing more of the partition is popped, or gathered for a batch, until it is released.
    pub(crate) fn withhold(&mut self, partition: Partition) {
        self.core.withhold(partition);
    }

    pub(crate) fn release_withheld(&mut self, partition: Partition) {
        self.core.release_withheld(partition);
    }

    pub(crate) fn mark(&mut self, position: &Position) -> bool {
        self.core.mark(position)
    }

    /// Takes up to `most` records of one partition, to be handled one after the other. The next is begun only if the
    /// one before it is done and there was no [interruption](Self::interruptions) since; records that are not begun are
    /// [returned](Self::return_row).
    pub(crate) fn take_row(&mut self, most: usize, now: Duration) -> Vec<Taken<M>> {
        self.core.take_row(most, now)
    }

    /// Puts back the records of a row that were not begun, after those before them were [finished](Self::finish).
    pub(crate) fn return_row(&mut self, row: impl DoubleEndedIterator<Item = Ticket>) {
        for ticket in row.rev() {
            self.core.untake(&ticket);
        }
    }

    /// Changes when a worker must begin no more records of its row: a record failed and others may have to wait for it,
    /// partitions are being revoked, or the consumer pauses or stops.
    pub(crate) fn interruptions(&self) -> u64 {
        self.interruptions
    }

    /// Notes the end of the work on a record in hand. Returns the outcome of its delivery and, if it was not handled,
    /// the cause; nothing if the record is to be taken again, or if nobody waits for it any more.
    pub(crate) fn finish(
        &mut self,
        ticket: &Ticket,
        finished: Finished<F>,
        now: Duration,
    ) -> Option<(Outcome, Option<F>)> {
        if !self.core.waits_for(ticket) {
            return None;
        }
        let record = id(ticket);
        if matches!(finished, Finished::NotYet) {
            self.unsent.insert(record);
        } else if !self.unsent.is_empty() {
            self.unsent.remove(&record);
        }
        if !matches!(finished, Finished::Done | Finished::Unhandled(_)) {
            self.interruptions += 1;
        }
        let verdict = match finished {
            Finished::Done => Verdict::Done,
            Finished::Unhandled(outcome) => Verdict::Unhandled(outcome),
            Finished::NotYet => Verdict::NotYet,
            Finished::Refused { why, is_too_large } => {
                self.refusals.insert(record, why);
                if is_too_large { Verdict::TooLarge } else { Verdict::Reject }
            }
            Finished::Failed(cause) => {
                let verdict = cause.verdict();
                self.causes.insert(record, cause);
                verdict
            }
        };
        let outcome = self.core.finish(ticket, verdict, now);
        self.clear_pending();
        let outcome = outcome?;
        self.tally.count(ticket.partition, outcome);
        // Most have none, and each look would hash.
        if !self.refusals.is_empty() {
            self.refusals.remove(&record);
        }
        let cause = if self.causes.is_empty() { None } else { self.causes.remove(&record) };
        Some((outcome, cause.filter(|_| outcome != Outcome::Done)))
    }

    /// A record that is being forwarded is refused for now, perhaps for long.
    pub(crate) fn delay(&mut self, ticket: &Ticket) {
        if self.core.waits_for(ticket) {
            self.unsent.insert(id(ticket));
        }
    }

    /// A record in hand has to wait before its handler begins: that does not take too long.
    pub(crate) fn put_by(&mut self, ticket: &Ticket) {
        self.core.begin(ticket, NOT_YET);
    }

    /// The handler of a record that was put by begins now.
    pub(crate) fn begin(&mut self, ticket: &Ticket, now: Duration) {
        self.core.begin(ticket, now);
    }

    /// Why a record failed, as long as it is unfinished and ours.
    pub(crate) fn cause(&self, ticket: &Ticket) -> Option<F> {
        self.causes.get(&id(ticket)).cloned()
    }

    // ---- batches

    /// Takes records for a batch of `most`, and returns those to forward. [`gathered`](Self::gathered) is the number of
    /// records for the batch.
    pub(crate) fn gather(&mut self, most: usize, now: Duration) -> Vec<Taken<M>> {
        let mut forwards = Vec::new();
        while self.pending.len() < most
            && let Some(taken) = self.core.take_for_later(now)
        {
            if taken.work != Work::Handle {
                forwards.push(taken);
            } else if self.core.holds(&taken.ticket.position()) {
                self.pending.push(taken);
            } else {
                #[cfg(test)]
                self.given_back.push(taken.ticket);
                self.core.give_back(&taken.ticket);
            }
        }
        forwards
    }

    /// How many records wait for their batch.
    pub(crate) fn gathered(&self) -> usize {
        self.pending.len()
    }

    /// The records that a batch of `most` would have now.
    pub(crate) fn for_batch(&self, most: usize) -> impl Iterator<Item = &Taken<M>> {
        self.pending.iter().take(most)
    }

    /// [Withholds](Self::withhold) the partition of a gathered record, from this record on.
    pub(crate) fn withhold_from(&mut self, ticket: &Ticket) {
        let Self { core, pending, .. } = self;
        let waits =
            |taken: &mut Taken<M>| taken.ticket.partition == ticket.partition && taken.ticket.number >= ticket.number;
        let waiting: Vec<_> = pending.extract_if(.., waits).collect();
        core.withhold(ticket.partition);
        put_back(core, waiting.iter().map(|taken| &taken.ticket).rev());
    }

    /// Returns up to `most` gathered records as a batch, those of a partition in their order.
    pub(crate) fn hand_out(&mut self, most: usize, now: Duration) -> Vec<Taken<M>> {
        let most = most.min(self.pending.len());
        let Self { core, pending, .. } = self;
        let mut batch: Vec<_> = pending.drain(..most).inspect(|taken| core.begin(&taken.ticket, now)).collect();
        // Those that are tried again come as their time does.
        batch.sort_by_key(|Taken { ticket, .. }| (ticket.partition, ticket.number));
        batch
    }

    /// Puts back the records of a batch that was dropped: they come again, before those that were gathered for the next
    /// batch. Those that somebody still waited for are [abandoned](Outcome::Abandoned).
    pub(crate) fn untake(&mut self, batch: impl IntoIterator<Item = Ticket>) {
        let Self { core, pending, tally, .. } = self;
        let mut tickets: Vec<_> = batch.into_iter().filter(|ticket| core.waits_for(ticket)).collect();
        for ticket in &tickets {
            tally.count(ticket.partition, Outcome::Abandoned);
        }
        tickets.extend(pending.drain(..).map(|taken| taken.ticket));
        put_back(core, tickets.iter().rev());
    }

    /// Takes back gathered records that no batch may contain any more. They are left to the next owner of their
    /// partition, or wait for the record that holds it, for the breaker, or for the end of a pause.
    fn clear_pending(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let Self { core, pending, .. } = self;
        let must_wait = |taken: &mut Taken<M>| {
            !core.holds(&taken.ticket.position()) || core.is_held_up(&taken.ticket) || core.excludes(&taken.ticket)
        };
        let cleared: Vec<_> = pending.extract_if(.., must_wait).collect();
        put_back(core, cleared.iter().map(|taken| &taken.ticket).rev());
    }

    // ---- time, commits

    pub(crate) fn tick(&mut self, now: Duration) -> Vec<(Ticket, Outcome, F)> {
        let mut told = Vec::new();
        for (ticket, outcome) in self.core.tick(now) {
            let cause = F::timed_out(self.timeout.unwrap_or_default());
            // Its handler had begun.
            self.unsent.remove(&id(&ticket));
            match outcome {
                Some(outcome) => {
                    self.tally.count(ticket.partition, outcome);
                    self.causes.remove(&id(&ticket));
                    told.push((ticket, outcome, cause));
                }
                None => _ = self.causes.insert(id(&ticket), cause),
            }
        }
        self.clear_pending();
        told
    }

    pub(crate) fn next_tick(&self) -> Duration {
        self.core.next_tick()
    }

    pub(crate) fn commit(&mut self) {
        self.core.commit();
    }

    /// The actions to perform now. A record that stops the consumer has done so already.
    pub(crate) fn action(&mut self, now: Duration) -> Option<Action> {
        let action = self.core.action()?;
        match action {
            Action::Abandon(ticket) => self.tally.count(ticket.partition, Outcome::Abandoned),
            Action::Stop(ticket) => {
                let cause = self.causes.remove(&id(&ticket));
                let refusal = self.refusals.remove(&id(&ticket));
                self.stopped.get_or_insert(Stopped { ticket, cause, refusal });
                self.stop(now);
            }
            _ => {}
        }
        Some(action)
    }

    // ---- counts

    /// The outcomes of all deliveries, and the messages that were lost.
    pub(crate) fn counts(&self) -> Counts {
        self.tally.sum()
    }

    /// The state of the consumer, for its metrics.
    #[cfg(feature = "metrics024")]
    pub(crate) fn measures(&self) -> Measures<'_> {
        let (positions, in_flight, waiting, is_open) = self.core.measures();
        Measures { counts: self.tally.by_partition(), positions, in_flight, waiting, is_open }
    }

    /// Messages were deleted before they were received: at most so many.
    pub(crate) fn count_lost(&mut self, partition: Partition, messages: u64) {
        self.tally.lose(partition, messages);
    }

    /// A commit failed for these partitions, or for all of them if none is named. Returns the failures to log.
    pub(crate) fn not_committed(
        &mut self,
        failed: &[(Partition, C, NotCommitted)],
        all: Option<(C, NotCommitted)>,
        now: Duration,
    ) -> Vec<(Option<Partition>, C)> {
        let mut told = Vec::new();
        if let Some((code, why)) = all.filter(|_| failed.is_empty()) {
            self.core.commit_failed();
            told.extend(self.weigh(None, code, why, now));
        }
        for &(partition, code, why) in failed {
            if why != NotCommitted::Gone {
                self.core.commit_failed_of(partition);
            }
            told.extend(self.weigh(Some(partition), code, why, now));
        }
        told
    }

    fn weigh(
        &mut self,
        partition: Option<Partition>,
        code: C,
        why: NotCommitted,
        now: Duration,
    ) -> Option<(Option<Partition>, C)> {
        match why {
            NotCommitted::Rebalance => self.core.commit_by(now.saturating_add(AFTER_REBALANCE)),
            NotCommitted::Gone => {
                return partition.filter(|gone| self.gone.insert(*gone)).map(|gone| (Some(gone), code));
            }
            NotCommitted::Refused if self.closing.is_some() && !self.over => _ = self.uncommitted.get_or_insert(code),
            NotCommitted::Refused => {}
        }
        Some((partition, code))
    }

    /// The position of a partition is not in the next commit.
    pub(crate) fn not_stored(&mut self, partition: Partition) {
        self.core.commit_failed_of(partition);
    }

    /// The last commit has succeeded, and it includes the positions of a failed commit before it.
    pub(crate) fn committed(&mut self) {
        self.uncommitted = None;
    }

    /// Why finished records are not committed although the consumer has closed.
    pub(crate) fn uncommitted(&self) -> Option<C> {
        self.uncommitted
    }

    // ---- trouble, and the end

    /// The consumer cannot receive. Whether the log must say it, because no caller learns it.
    pub(crate) fn fail(&mut self, Trouble { code, why }: Trouble<C>, now: Duration) -> bool {
        if why.is_unauthorized() {
            self.unauthorized.get_or_insert(code);
        }
        let is_fatal = self.trouble.is_some_and(|(_, is_fatal)| is_fatal);
        if !is_fatal && (why.is_fatal() || self.mode == Mode::Received) {
            self.trouble = Some((code, why.is_fatal()));
        }
        if self.mode == Mode::Received {
            return false;
        }
        if why != Why::Passing {
            self.stop(now);
        }
        true
    }

    /// Why there is nothing to receive.
    pub(crate) fn word(&mut self) -> Option<Word<C>> {
        self.fatal()
            .or_else(|| self.trouble.take().map(|(code, _)| Word::Trouble(code)))
            .or_else(|| self.over.then_some(Word::Closed))
    }

    /// Why the consumer is of no more use, if it is not.
    pub(crate) fn fatal(&self) -> Option<Word<C>> {
        match self.trouble {
            Some((code, true)) => Some(Word::Fatal(code)),
            _ if self.over && self.closing.is_none() => Some(Word::Gone),
            _ => None,
        }
    }

    /// The right that is missing.
    pub(crate) fn unauthorized(&self) -> Option<C> {
        self.unauthorized
    }

    /// Whether messages can be expected to be received and handled.
    pub(crate) fn is_ready(&self) -> bool {
        let is_open = self.closing.is_none() && !self.over && self.fatal().is_none();
        is_open && self.joined && self.unsent.is_empty() && !self.core.has_waiting()
    }

    /// No further record is handled until [`resume`](Self::resume).
    pub(crate) fn pause(&mut self) {
        self.interruptions += 1;
        self.core.pause();
        self.clear_pending();
    }

    pub(crate) fn resume(&mut self) {
        self.core.resume();
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.core.is_paused()
    }

    /// Leaves the group when the records in hand are finished or their time is over.
    pub(crate) fn close(&mut self, closing: Closing) {
        self.interruptions += 1;
        self.closing = Some(self.closing.map_or(closing, |before| before.and(closing)));
    }

    /// Closes by itself, unless it is closing already.
    fn stop(&mut self, now: Duration) {
        self.interruptions += 1;
        self.closing.get_or_insert(Closing::after(self.revoke_timeout, now));
    }

    pub(crate) fn closing(&self) -> Option<Closing> {
        self.closing
    }

    /// The record at which the consumer stops.
    pub(crate) fn stopped(&self) -> Option<&Stopped<F>> {
        self.stopped.as_ref()
    }

    /// Gives up all partitions if the consumer closes. Whether nothing is waited for any more.
    pub(crate) fn wind_up(&mut self, now: Duration) -> bool {
        let Some(Closing { hands_until, .. }) = self.closing else { return false };
        let all = self.core.partitions();
        self.revoke(&all);
        // A finished record wakes the polling thread.
        self.awaited = true;
        self.core.is_idle(&all) || hands_until <= now
    }

    /// The polling thread is at its end.
    pub(crate) fn end(&mut self) {
        self.over = true;
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    // ---- who is woken

    /// The polling thread sleeps until then, if nobody wakes it.
    pub(crate) fn sleep(&mut self, until: Duration) {
        self.asleep_until = until;
    }

    /// The threads to wake.
    pub(crate) fn wakes(&self) -> Wakes {
        let is_ready = self.core.has_ready() || self.over;
        let is_told = self.mode == Mode::Received && self.trouble.is_some();
        Wakes {
            poller: self.core.has_actions() || self.awaited || self.core.next_tick() < self.asleep_until,
            taker: is_ready || is_told,
            receiver: is_ready || is_told,
        }
    }

    /// The next record to do something with.
    #[cfg(test)]
    pub(crate) fn take(&mut self, now: Duration) -> Option<Taken<M>> {
        self.core.take(now)
    }

    /// Whether there is a record to take.
    #[cfg(test)]
    pub(crate) fn has_ready(&self) -> bool {
        self.core.has_ready()
    }

    #[cfg(test)]
    pub(crate) fn core(&self) -> &Core<M> {
        &self.core
    }

    #[cfg(test)]
    pub(crate) fn pending(&self) -> impl Iterator<Item = &Taken<M>> {
        self.pending.iter()
    }
}

/// Puts records back where they were. They come in the reverse order of the takes.
fn put_back<'a, M: Clone>(core: &mut Core<M>, tickets: impl Iterator<Item = &'a Ticket>) {
    for ticket in tickets {
        if core.holds(&ticket.position()) {
            core.untake(ticket);
        } else {
            core.give_back(ticket);
        }
    }
}

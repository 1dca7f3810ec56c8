//! The state machine.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::time::Duration;

use super::lane::{Lane, Next};
use super::outage::Outage;
use super::outcome::Outcome;
use super::record::{Action, Incoming, NOT_YET, Partition, Position, Taken, Ticket, Verdict, Work};
use super::rules::{FailureKind, GiveUp, Limit, Order, Rules, Waiting};

/// The state machine. Times are counted from any moment that stays the same.
#[derive(Debug)]
pub(crate) struct Core<M> {
    pub(super) rules: Rules,
    epoch: u64,
    lanes: BTreeMap<Partition, Lane<M>>,
    /// The limit of each partition.
    share: Limit,
    /// The numbers of the records that may be taken, in this order.
    ready: VecDeque<(Partition, u64)>,
    /// The timers of waiting records.
    timers: BinaryHeap<Reverse<(Duration, Partition, u64)>>,
    outage: Outage,
    /// No record is to be handled until this is over.
    paused: bool,
    /// The records that might be taken if the breaker were not open and nothing paused.
    barred: VecDeque<(Partition, u64)>,
    /// The numbers of the records that might be taken if their partitions were not [withheld](Self::withhold).
    withheld: BTreeMap<Partition, BTreeSet<u64>>,
    next_commit: Duration,
    actions: VecDeque<Action>,
    /// Nothing is taken any more.
    stopped: bool,
    chance: fastrand::Rng,
}

impl<M: Clone> Core<M> {
    pub(crate) fn new(rules: Rules, seed: u64) -> Self {
        Self {
            next_commit: rules.commit_every,
            share: rules.buffer,
            rules,
            epoch: 0,
            lanes: BTreeMap::new(),
            ready: VecDeque::new(),
            timers: BinaryHeap::new(),
            outage: Outage::default(),
            paused: false,
            barred: VecDeque::new(),
            withheld: BTreeMap::new(),
            actions: VecDeque::new(),
            stopped: false,
            chance: fastrand::Rng::with_seed(seed),
        }
    }

    /// The actions to perform now, in this order.
    pub(crate) fn action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether there is something to be done.
    pub(crate) fn has_actions(&self) -> bool {
        !self.actions.is_empty()
    }

    /// Whether [`take`](Self::take) or [`pop`](Self::pop) may find something.
    pub(crate) fn has_ready(&self) -> bool {
        !self.stopped && !self.ready.is_empty()
    }

    /// How much a partition may hold before it is paused.
    pub(crate) fn share(&self) -> Limit {
        self.share
    }

    /// How much is held in memory.
    pub(crate) fn buffered(&self) -> Limit {
        self.lanes.values().fold(Limit { records: 0, bytes: 0 }, |sum, lane| lane.buffered_with(sum))
    }

    // ---- partitions

    /// Partitions are ours from now on. Their records are received after this, never before.
    pub(crate) fn assign(&mut self, partitions: &[Partition]) {
        self.forget(partitions);
        self.epoch += 1;
        for &partition in partitions {
            self.lanes.insert(partition, Lane::new(self.epoch));
            // librdkafka keeps a partition paused that was lost and came back.
            self.actions.push_back(Action::Resume(partition));
        }
        self.share_out();
    }

    /// Partitions are being revoked: of their records only those are taken that are unfinished before finished ones.
    /// These go first, and like the records in hand they may still be finished, until [`release`](Self::release).
    pub(crate) fn revoke(&mut self, partitions: &[Partition]) {
        for &partition in partitions {
            if let Some(lane) = self.lanes.get_mut(&partition) {
                lane.revoked = true;
                for number in lane.freed() {
                    lane.queue(&mut self.ready, partition, number);
                }
            }
        }
        self.put_revoked_first();
    }

    /// The other members of the group wait for revoked partitions.
    fn put_revoked_first(&mut self) {
        let is_revoked = |partition: &Partition| self.lanes.get(partition).is_some_and(|lane| lane.revoked);
        self.ready.make_contiguous().sort_by_key(|(partition, _)| !is_revoked(partition));
    }

    /// Whether no record of these partitions, which are being revoked, is in hand or may be taken.
    pub(crate) fn is_idle(&self, partitions: &[Partition]) -> bool {
        let waits = |(partition, number): &(Partition, u64)| {
            partitions.contains(partition) && self.lanes.get(partition).is_some_and(|lane| !lane.is_held_up(*number))
        };
        partitions.iter().filter_map(|partition| self.lanes.get(partition)).all(|lane| lane.in_hand() == 0)
            && (self.stopped || !self.ready.iter().any(waits))
    }

    /// Releases partitions, and abandons their records in hand. The positions must be committed before another member
    /// gets the partitions, even if they were committed before: a commit may be under way and fail.
    pub(crate) fn release(&mut self, partitions: &[Partition]) -> Vec<Position> {
        let position = |&partition: &Partition| {
            let lane = self.lanes.get_mut(&partition)?;
            lane.commit_again();
            lane.position(partition)
        };
        let positions = partitions.iter().filter_map(position).collect();
        self.lose(partitions);
        positions
    }

    /// Partitions belong to another member already: their positions must not be committed.
    pub(crate) fn lose(&mut self, partitions: &[Partition]) {
        self.forget(partitions);
        self.share_out();
    }

    fn forget(&mut self, partitions: &[Partition]) {
        for &partition in partitions {
            if let Some(lane) = self.lanes.remove(&partition) {
                let in_hand = lane.in_hand_since(partition, Duration::MAX);
                self.actions.extend(in_hand.map(|(ticket, _)| Action::Abandon(ticket)));
            }
        }
        self.ready.retain(|(partition, _)| self.lanes.contains_key(partition));
        self.barred.retain(|(partition, _)| self.lanes.contains_key(partition));
        self.withheld.retain(|partition, _| self.lanes.contains_key(partition));
        self.timers.retain(|Reverse((_, partition, _))| self.lanes.contains_key(partition));
        let was_probed = self.outage.is_open() && self.outage.next().is_none();
        if self.outage.forget(|partition| self.lanes.contains_key(&partition)) {
            self.closed();
        } else if was_probed && self.outage.next().is_some() {
            // The probe went with its partition.
            self.unbar();
        }
    }

    /// All partitions that are ours.
    pub(crate) fn partitions(&self) -> Vec<Partition> {
        self.lanes.keys().copied().collect()
    }

    /// The same, each with its epoch: that of another assignment is another.
    pub(crate) fn assigned(&self) -> Vec<(Partition, u64)> {
        self.lanes.iter().map(|(&partition, lane)| (partition, lane.epoch)).collect()
    }

    /// Whether all records of the partition up to this offset are finished, and that one or a later one was received.
    pub(crate) fn is_past(&self, partition: Partition, offset: i64) -> bool {
        self.lanes.get(&partition).is_some_and(|lane| lane.is_past(offset))
    }

    /// There are more or fewer to share the room.
    fn share_out(&mut self) {
        let partitions = self.lanes.len().max(1);
        let Limit { records, bytes } = self.rules.buffer;
        self.share = Limit { records: (records / partitions).max(1), bytes: (bytes / partitions).max(1) };
        for (&partition, lane) in &mut self.lanes {
            self.actions.extend(lane.pause_or_resume(self.share).map(|action| action(partition)));
        }
    }

    // ---- records

    /// A record was received. One of a partition that is not ours is dropped: its owner gets it.
    pub(crate) fn receive(&mut self, incoming: Incoming<M>, now: Duration) {
        let partition = incoming.partition;
        let Some(lane) = self.lanes.get_mut(&partition).filter(|lane| !lane.revoked) else { return };
        lane.push(incoming);
        self.go_on(partition, None, now);
    }

    /// The next record to do something with, if there is one, in hand from now on.
    pub(crate) fn take(&mut self, now: Duration) -> Option<Taken<M>> {
        self.take_since(now, now)
    }

    /// The same, but it is put by, to [`begin`](Self::begin) later.
    pub(crate) fn take_for_later(&mut self, now: Duration) -> Option<Taken<M>> {
        self.take_since(now, NOT_YET)
    }

    fn take_since(&mut self, now: Duration, begun: Duration) -> Option<Taken<M>> {
        if self.has_ready() {
            // Before the next tick, too, a later record is not the probe.
            self.unbar_in_time(now);
        }
        while self.has_ready() {
            let taken = self.take_front(now, begun);
            if taken.is_some() {
                return taken;
            }
        }
        None
    }

    /// Takes up to `most` records of one partition for a worker that handles one after the other: the next is begun
    /// when the one before it is done, and records that are not begun are [taken back](Self::untake). This keeps even
    /// the order of the partition. It is one record alone if handlers have a timeout, which counts from the take, if
    /// others wait for it, or if the breaker is open.
    pub(crate) fn take_row(&mut self, most: usize, now: Duration) -> Vec<Taken<M>> {
        let Some(first) = self.take(now) else { return Vec::new() };
        let partition = first.ticket.partition;
        let is_held = self.lanes.get(&partition).is_some_and(|lane| !lane.holders.is_empty());
        let is_alone = is_held || self.rules.patience.is_some() || self.outage.is_open();
        let has_followers = first.work == Work::Handle && !is_alone;
        let most = if has_followers { most } else { 1 };
        let mut row = vec![first];
        while row.len() < most {
            match self.rules.order {
                Some(Order::Partition) => {
                    let lane = self.lanes.get_mut(&partition);
                    let Some(taken) = lane.and_then(|lane| lane.take_follower(partition, now)) else { break };
                    row.push(taken);
                }
                Some(Order::Key) | None if self.ready.front().is_some_and(|(next, _)| *next == partition) => {
                    row.extend(self.take_front(now, now));
                }
                _ => break,
            }
        }
        row
    }

    /// The record that is ready first, unless it has to wait for others that hold its partition, for the breaker, or for the
    /// end of a pause, or for that of a partition that is withheld.
    fn take_front(&mut self, now: Duration, begun: Duration) -> Option<Taken<M>> {
        let (partition, number) = self.ready.pop_front()?;
        let lane = self.lanes.get_mut(&partition)?;
        if lane.is_held_up(number) {
            lane.aside.push(number);
            return None;
        }
        let is_handled = lane.work(number) == Some(Work::Handle);
        if is_handled && let Some(withheld) = self.withheld.get_mut(&partition) {
            withheld.insert(number);
            return None;
        }
        if is_handled && (self.paused || self.outage.bars(now)) {
            self.barred.push_back((partition, number));
            return None;
        }
        let taken = lane.take(partition, number, begun)?;
        if is_handled {
            self.outage.take((partition, number));
        }
        // Those that hold the partition, too, may follow.
        for number in lane.freed() {
            lane.queue(&mut self.ready, partition, number);
        }
        Some(taken)
    }

    /// Takes the next record and forgets it, for callers with a loop of their own, who [`mark`](Self::mark) finished
    /// records. Needs rules without an order.
    pub(crate) fn pop(&mut self, now: Duration) -> Option<(Position, M)> {
        loop {
            let (partition, number) = self.ready.pop_front()?;
            if let Some(withheld) = self.withheld.get_mut(&partition) {
                withheld.insert(number);
                continue;
            }
            let Some(lane) = self.lanes.get_mut(&partition).filter(|lane| !lane.revoked) else { continue };
            if let Some((position, message)) = lane.pop(partition) {
                self.go_on(partition, None, now);
                return Some((position, message));
            }
        }
    }

    /// A record that was popped, back where it was: to be called in the reverse order of the pops. Its partition is
    /// [withheld](Self::withhold), or [`govern`](Self::govern) is called next.
    pub(crate) fn unpop(&mut self, position: &Position, bytes: usize, message: M) {
        if let Some(lane) = self.lanes.get_mut(&position.partition).filter(|lane| lane.epoch == position.epoch) {
            let number = lane.unpop(position, bytes, message);
            self.actions.extend(lane.pause_or_resume(self.share).map(|action| action(position.partition)));
            if let Some(withheld) = self.withheld.get_mut(&position.partition) {
                withheld.insert(number);
            }
        }
    }

    /// No record of the partition is taken to be handled, or popped, until it is [released](Self::release_withheld), or lost.
    pub(crate) fn withhold(&mut self, partition: Partition) {
        if self.lanes.contains_key(&partition) {
            self.withheld.entry(partition).or_default();
        }
    }

    pub(crate) fn release_withheld(&mut self, partition: Partition) {
        for number in self.withheld.remove(&partition).into_iter().flatten().rev() {
            self.queue_first(partition, number);
        }
        self.put_revoked_first();
    }

    /// Whether the partition is still ours, in the same assignment.
    pub(crate) fn holds(&self, position: &Position) -> bool {
        let lane = self.lanes.get(&position.partition);
        lane.is_some_and(|lane| lane.epoch == position.epoch && !lane.revoked)
    }

    /// All is done up to this record that was popped. `false` if its partition has been taken away since.
    pub(crate) fn mark(&mut self, position: &Position) -> bool {
        match self.lanes.get_mut(&position.partition) {
            Some(lane) if lane.epoch == position.epoch => {
                lane.mark(position);
                true
            }
            _ => false,
        }
    }

    /// Sets other rules, and other keys for the records received so far. Only before any record is taken.
    pub(crate) fn govern(&mut self, rules: Rules, key: impl Fn(&M) -> Option<u64>, now: Duration) {
        self.next_commit = now.saturating_add(rules.commit_every);
        self.rules = rules;
        self.ready.clear();
        self.barred.clear();
        self.withheld.clear();
        self.timers.clear();
        self.lanes.values_mut().for_each(|lane| lane.rewind(&key));
        self.share_out();
        for partition in self.partitions() {
            self.go_on(partition, None, now);
        }
    }

    /// Whether a record waits for another that holds its partition.
    pub(crate) fn is_held_up(&self, ticket: &Ticket) -> bool {
        let lane = self.lanes.get(&ticket.partition).filter(|lane| lane.epoch == ticket.epoch);
        lane.is_some_and(|lane| lane.is_held_up(ticket.number))
    }

    /// Whether an assignment lasts, even if its partition is being revoked.
    pub(crate) fn owns(&self, partition: Partition, epoch: u64) -> bool {
        self.lanes.get(&partition).is_some_and(|lane| lane.epoch == epoch)
    }

    /// Whether the result of a record that was taken still counts.
    pub(crate) fn waits_for(&self, ticket: &Ticket) -> bool {
        let lane = self.lanes.get(&ticket.partition).filter(|lane| lane.epoch == ticket.epoch);
        lane.is_some_and(|lane| lane.is_in_hand(ticket))
    }

    /// Notes the verdict on a record that was taken, and returns the outcome of its delivery. Returns nothing if nobody
    /// waits for the record any more: its partition has another owner, or it took too long.
    pub(crate) fn finish(&mut self, ticket: &Ticket, verdict: Verdict, now: Duration) -> Option<Outcome> {
        let lane = self.lanes.get_mut(&ticket.partition).filter(|lane| lane.epoch == ticket.epoch)?;
        let work = lane.put_back(ticket)?;
        match (work, verdict) {
            (_, Verdict::Stop) => self.stop(ticket),
            (Work::Handle, _) => self.handled(ticket, verdict, now),
            (Work::Retry(_), Verdict::Done | Verdict::Unhandled(_)) => self.end(ticket, Outcome::Retried, now),
            (Work::Retry(_), Verdict::Reject | Verdict::TooLarge | Verdict::Invalid) => {
                self.fail(ticket, FailureKind::Failed, now)
            }
            (Work::DeadLetter(_), Verdict::Done | Verdict::Unhandled(_)) => self.end(ticket, Outcome::Dead, now),
            (
                Work::Retry(_) | Work::DeadLetter(_),
                Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Panic | Verdict::Unavailable | Verdict::NotYet,
            ) => self.delay(ticket, work, now),
            (Work::DeadLetter(form), Verdict::TooLarge) if form + 1 < self.rules.forms => {
                self.again(ticket, Work::DeadLetter(form + 1), ticket.attempt, None);
                None
            }
            (Work::DeadLetter(_), Verdict::Reject | Verdict::TooLarge | Verdict::Invalid) => self.stop(ticket),
        }
    }

    /// The verdict of a handler on a record.
    fn handled(&mut self, ticket: &Ticket, verdict: Verdict, now: Duration) -> Option<Outcome> {
        let record = (ticket.partition, ticket.number);
        let was_probe = self.outage.put_back(record);
        let is_last = ticket.attempt >= self.rules.attempts;
        let pause = match verdict {
            Verdict::Done => {
                if self.outage.succeed(record) {
                    self.closed();
                }
                return self.end(ticket, Outcome::Done, now);
            }
            Verdict::Unhandled(_) | Verdict::Invalid | Verdict::Reject | Verdict::TooLarge | Verdict::Stop => {
                // It says nothing about what is away: another record is the next probe, at once.
                if was_probe {
                    self.unbar();
                }
                self.available(ticket);
                if let Verdict::Unhandled(outcome) = verdict {
                    return self.end(ticket, outcome, now);
                }
                let is_invalid = verdict == Verdict::Invalid;
                let kind = if is_invalid { FailureKind::Invalid } else { FailureKind::Rejected };
                return self.fail(ticket, kind, now);
            }
            Verdict::NotYet => {
                // Its handler was not asked: another record is the next probe, at once.
                if was_probe {
                    self.unbar();
                }
                return self.delay(ticket, Work::Handle, now);
            }
            Verdict::Panic => {
                self.probe_failed(was_probe, now);
                self.available(ticket);
                if is_last {
                    return self.fail(ticket, FailureKind::Failed, now);
                }
                return self.retry(ticket, None, now);
            }
            Verdict::RetryAfter(pause) => Some(pause),
            Verdict::Retry | Verdict::Unavailable => None,
        };
        let lane = self.lanes.get(&ticket.partition)?;
        // It may have failed in another topic before, perhaps when another consumer had it.
        let place = lane.origin(ticket.number).unwrap_or((ticket.partition, ticket.offset));
        let since = lane.away_since(ticket.number);
        let are_many = self.outage.fail(place, self.rules.breaker);
        self.probe_failed(was_probe, now);
        let is_unavailable = verdict == Verdict::Unavailable || self.outage.is_open();
        let trips = !is_unavailable && is_last && are_many;
        let end = self.rules.away_limit.map(|limit| since.unwrap_or(now).saturating_add(limit));
        // The message may be to blame, and others wait for it.
        let is_suspected = was_probe
            && verdict != Verdict::Unavailable
            && since.is_some_and(|since| self.outage.gives_up(since, &self.rules.breaker_patience, now));
        if is_suspected {
            self.outage.give_up(now);
        } else if (is_unavailable || trips) && end.is_none_or(|end| now < end) {
            if trips {
                let next = self.after_a_pause(1, now);
                self.outage.open(next);
                self.actions.push_back(Action::Opened(self.rules.breaker.unwrap_or_default()));
            }
            return self.wait(ticket, pause, end, now);
        }
        self.available(ticket);
        if is_unavailable || is_last {
            self.fail(ticket, FailureKind::Failed, now)
        } else {
            self.retry(ticket, pause, now)
        }
    }

    /// The same work again, later: the trouble is not that of the handler, whatever it has been through.
    fn delay(&mut self, ticket: &Ticket, work: Work, now: Duration) -> Option<Outcome> {
        let lane = self.lanes.get_mut(&ticket.partition)?;
        let pause = self.rules.forward_backoff.before(lane.unsent(ticket.number), self.chance.f64());
        self.again(ticket, work, ticket.attempt, Some(now.saturating_add(pause)));
        None
    }

    /// A dependency of the record's handler is away: it is tried again later, at the latest at the end.
    fn wait(
        &mut self,
        ticket: &Ticket,
        pause: Option<Duration>,
        end: Option<Duration>,
        now: Duration,
    ) -> Option<Outcome> {
        let lane = self.lanes.get_mut(&ticket.partition)?;
        let times = lane.away(ticket.number, now);
        if self.rules.waiting == Waiting::Partition {
            lane.hold(ticket.number);
        }
        self.outage.wait((ticket.partition, ticket.number));
        let at = pause.map_or_else(|| self.after_a_pause(times, now), |pause| now.saturating_add(pause));
        self.again(ticket, Work::Handle, ticket.attempt, Some(end.map_or(at, |end| at.min(end))));
        Some(Outcome::Unavailable)
    }

    /// The record does not wait for what is away, or does no longer.
    fn available(&mut self, ticket: &Ticket) {
        if let Some(lane) = self.lanes.get_mut(&ticket.partition) {
            lane.back(ticket.number);
        }
        if self.outage.leave((ticket.partition, ticket.number)) {
            self.closed();
        }
    }

    /// The next probe comes later, if the last one failed.
    fn probe_failed(&mut self, was_probe: bool, now: Duration) {
        if was_probe {
            let failed = self.outage.probe_failed();
            let next = self.after_a_pause(failed.saturating_add(1), now);
            self.outage.probe_at(next);
        }
    }

    /// The breaker is closed.
    fn closed(&mut self) {
        self.unbar();
        self.actions.push_back(Action::Closed);
    }

    /// The records that were barred may be taken, unless they are barred again.
    fn unbar(&mut self) {
        while let Some(record) = self.barred.pop_back() {
            self.ready.push_front(record);
        }
        self.put_revoked_first();
    }

    /// The same, if nothing bars them any more.
    fn unbar_in_time(&mut self, now: Duration) {
        if !self.barred.is_empty() && !self.paused && !self.outage.bars(now) {
            self.unbar();
        }
    }

    /// Whether this record, which is in hand, must not be handled: the breaker is open and it is not the probe, or nothing is
    /// handled now.
    pub(crate) fn excludes(&self, ticket: &Ticket) -> bool {
        self.paused || self.outage.excludes((ticket.partition, ticket.number))
    }

    /// No further record is handled until [`resume`](Self::resume). Others are forwarded, and those in hand are finished.
    pub(crate) fn pause(&mut self) {
        self.paused = true;
    }

    pub(crate) fn resume(&mut self) {
        self.paused = false;
        self.unbar();
    }

    pub(crate) fn is_paused(&self) -> bool {
        self.paused
    }

    /// Whether records wait because a dependency of their handlers is away.
    pub(crate) fn has_waiting(&self) -> bool {
        self.outage.has_waiting()
    }

    /// A record is in hand no longer, and its handler has said nothing.
    fn put_down(&mut self, ticket: &Ticket) {
        if self.outage.put_back((ticket.partition, ticket.number)) {
            self.unbar();
        }
    }

    /// A record that was put by is being handled from now on.
    pub(crate) fn begin(&mut self, ticket: &Ticket, now: Duration) {
        if let Some(lane) = self.lanes.get_mut(&ticket.partition).filter(|lane| lane.epoch == ticket.epoch) {
            lane.begin(ticket, now);
        }
    }

    /// A record that was taken, back where it was: it is taken again before the others, but for the earlier ones of its
    /// partition, and has not failed. To be called in the reverse order of the takes.
    pub(crate) fn untake(&mut self, ticket: &Ticket) {
        let order = self.rules.order;
        let lane = self.lanes.get_mut(&ticket.partition).filter(|lane| lane.epoch == ticket.epoch);
        let Some(lane) = lane.filter(|lane| lane.is_in_hand(ticket)) else { return };
        lane.put_back(ticket);
        let is_follower = lane.retract(ticket.number, order);
        if !is_follower {
            lane.has_returned(ticket.number);
        }
        self.put_down(ticket);
        if is_follower {
            return;
        }
        match self.withheld.get_mut(&ticket.partition) {
            Some(withheld) => _ = withheld.insert(ticket.number),
            None => self.queue_first(ticket.partition, ticket.number),
        }
    }

    /// The record may be taken, before all others but the earlier ones of its partition.
    fn queue_first(&mut self, partition: Partition, number: u64) {
        if !self.barred.is_empty() {
            // They may be later ones, and are barred again behind this one.
            self.unbar();
        }
        let of_partition = |(_, (other, _)): &(usize, &(Partition, u64))| *other == partition;
        let own = self.ready.iter().enumerate().filter(of_partition);
        let earlier = own.take_while(|(_, (_, other))| *other < number).last();
        self.ready.insert(earlier.map_or(0, |(index, _)| index + 1), (partition, number));
    }

    /// Gives back a record that was taken and not seen. It is not taken again: the next owner of its partition gets it.
    pub(crate) fn give_back(&mut self, ticket: &Ticket) {
        let lane = self.lanes.get_mut(&ticket.partition).filter(|lane| lane.epoch == ticket.epoch);
        if lane.is_some_and(|lane| lane.put_back(ticket).is_some()) {
            self.put_down(ticket);
        }
    }

    /// The record is finished.
    fn end(&mut self, ticket: &Ticket, outcome: Outcome, now: Duration) -> Option<Outcome> {
        let lane = self.lanes.get_mut(&ticket.partition)?;
        let next = lane.finish(ticket.number);
        // They come before the others of the partition, which may have been received since.
        let freed = lane.freed();
        if !freed.is_empty() {
            for number in freed.into_iter().rev() {
                self.queue_first(ticket.partition, number);
            }
            self.put_revoked_first();
        }
        self.go_on(ticket.partition, next, now);
        Some(outcome)
    }

    /// After this pause, if the handler names one.
    fn retry(&mut self, ticket: &Ticket, pause: Option<Duration>, now: Duration) -> Option<Outcome> {
        let waiting = self.rules.waiting;
        if waiting == Waiting::Nothing {
            self.again(ticket, Work::Retry(ticket.attempt), ticket.attempt, None);
            return None;
        }
        let at = pause.map_or_else(|| self.after_a_pause(ticket.attempt, now), |pause| now.saturating_add(pause));
        self.again(ticket, Work::Handle, ticket.attempt + 1, Some(at));
        if waiting == Waiting::Key {
            return Some(Outcome::Parked);
        }
        self.lanes.get_mut(&ticket.partition)?.hold(ticket.number);
        Some(Outcome::Retried)
    }

    fn fail(&mut self, ticket: &Ticket, kind: FailureKind, now: Duration) -> Option<Outcome> {
        match self.rules.give_up.on(kind) {
            GiveUp::DeadLetter => {
                self.again(ticket, Work::DeadLetter(0), ticket.attempt, None);
                None
            }
            GiveUp::Skip => self.end(ticket, Outcome::Skipped, now),
            GiveUp::Stop => self.stop(ticket),
        }
    }

    fn stop(&mut self, ticket: &Ticket) -> Option<Outcome> {
        self.stopped = true;
        self.actions.push_back(Action::Stop(*ticket));
        None
    }

    /// Puts the record back, to be taken again at once or at a later time.
    fn again(&mut self, ticket: &Ticket, work: Work, attempt: u32, at: Option<Duration>) {
        let Some(lane) = self.lanes.get_mut(&ticket.partition) else { return };
        lane.again(ticket.number, work, attempt);
        match at {
            // Before the others, who wait for it or do not mind.
            None => self.ready.push_front((ticket.partition, ticket.number)),
            Some(at) => self.timers.push(Reverse((at, ticket.partition, ticket.number))),
        }
    }

    fn after_a_pause(&mut self, attempt: u32, now: Duration) -> Duration {
        now.saturating_add(self.rules.backoff.before(attempt, self.chance.f64()))
    }

    /// Finds the records whose turn it is, and whether there is room for more.
    fn go_on(&mut self, partition: Partition, next: Option<Next>, now: Duration) {
        let Some(lane) = self.lanes.get_mut(&partition) else { return };
        let mut next = next.or_else(|| lane.next(self.rules.order, self.rules.span));
        while let Some(Next { number, due }) = next {
            match due.filter(|due| *due > now) {
                None => lane.queue(&mut self.ready, partition, number),
                Some(due) => self.timers.push(Reverse((due, partition, number))),
            }
            next = lane.next(self.rules.order, self.rules.span);
        }
        self.actions.extend(lane.pause_or_resume(self.share).map(|action| action(partition)));
    }

    // ---- time

    /// Time has passed. To be called at [`next_tick`](Self::next_tick), and some times a second for what
    /// takes too long: that is given up, and this becomes of it.
    pub(crate) fn tick(&mut self, now: Duration) -> Vec<(Ticket, Option<Outcome>)> {
        let late = self.rules.patience.map_or_else(Vec::new, |patience| self.expire(patience, now));
        while let Some(&Reverse((due, partition, number))) = self.timers.peek()
            && due <= now
        {
            self.timers.pop();
            if let Some(lane) = self.lanes.get(&partition) {
                lane.queue(&mut self.ready, partition, number);
            }
        }
        self.unbar_in_time(now);
        if now >= self.next_commit {
            self.next_commit = now.saturating_add(self.rules.commit_every);
            self.commit();
        }
        late
    }

    /// The next commit is not to wait for longer than that.
    pub(crate) fn commit_by(&mut self, time: Duration) {
        self.next_commit = self.next_commit.min(time);
    }

    /// Commits finished records at once.
    pub(crate) fn commit(&mut self) {
        let positions: Vec<_> =
            self.lanes.iter_mut().filter_map(|(&partition, lane)| lane.position(partition)).collect();
        if !positions.is_empty() {
            self.actions.push_back(Action::Commit(positions));
        }
    }

    /// Abandons records that have been in hand for too long.
    fn expire(&mut self, patience: Duration, now: Duration) -> Vec<(Ticket, Option<Outcome>)> {
        let Some(since) = now.checked_sub(patience) else { return Vec::new() };
        let in_hand = self.lanes.iter().flat_map(|(&partition, lane)| lane.in_hand_since(partition, since));
        // Forwarding has its own limits, and a second copy would be worse than a late one.
        let late: Vec<_> = in_hand.filter(|(_, work)| *work == Work::Handle).map(|(ticket, _)| ticket).collect();
        late.into_iter()
            .map(|ticket| {
                self.actions.push_back(Action::Abandon(ticket));
                (ticket, self.finish(&ticket, Verdict::Retry, now))
            })
            .collect()
    }

    /// When there is something to do without anything happening.
    pub(crate) fn next_tick(&self) -> Duration {
        let timer = self.timers.peek().map(|&Reverse((due, ..))| due);
        let probe = self.outage.next().filter(|_| !self.barred.is_empty() && !self.paused);
        timer.into_iter().chain(probe).fold(self.next_commit, Duration::min)
    }

    /// The last commit failed: the next one is to make up for it.
    pub(crate) fn commit_failed(&mut self) {
        self.lanes.values_mut().for_each(Lane::commit_again);
    }

    /// The last commit failed for this partition alone.
    pub(crate) fn commit_failed_of(&mut self, partition: Partition) {
        if let Some(lane) = self.lanes.get_mut(&partition) {
            lane.commit_again();
        }
    }

    /// The partitions with the offset of the next record to finish, the number of records in hand, the number of those that
    /// wait for dependencies of their handlers, and whether the breaker is open.
    #[cfg(feature = "metrics024")]
    pub(crate) fn measures(&self) -> (Vec<(Partition, Option<i64>)>, usize, usize, bool) {
        let positions = self.lanes.iter().map(|(&partition, lane)| (partition, lane.next_offset())).collect();
        let in_hand = self.lanes.values().map(Lane::in_hand).sum();
        (positions, in_hand, self.outage.waiting(), self.outage.is_open())
    }

    /// The number of records in hand, the number in queues, and whether nothing is left over.
    #[cfg(test)]
    pub(crate) fn census(&self) -> (usize, usize, bool) {
        let in_hand = self.lanes.values().map(Lane::in_hand).sum();
        let aside: usize = self.lanes.values().map(|lane| lane.aside.len()).sum();
        let withheld: usize = self.withheld.values().map(BTreeSet::len).sum();
        let queued = self.ready.len() + self.timers.len() + self.barred.len() + withheld;
        (in_hand, queued + aside, queued == 0 && self.lanes.values().all(Lane::is_clear))
    }
}

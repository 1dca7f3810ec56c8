//! The ledger: the state of every record of a partition since it was assigned. Its methods are the promises of the core
//! as questions.

use std::time::Duration;

use super::super::super::core::{
    Backoff, FailureKind, GiveUp, Limit, Order, Outcome, Partition, Rules, Verdict, Waiting, Work,
};
use super::broker::Entry;
use super::outage::{Outage, pause};

pub(super) struct Ledger {
    pub(super) epoch: u64,
    pub(super) revoked: bool,
    /// Nothing is taken to be handled, or popped.
    pub(super) withheld: bool,
    pub(super) records: Vec<Record>,
    /// The number of the first that is not finished.
    pub(super) first: usize,
    /// The offset of the last before it.
    pub(super) done: Option<i64>,
    /// The last position that was to be committed.
    pub(super) committed: Option<i64>,
    /// It may not have arrived.
    pub(super) again: bool,
    /// The number and size of the unfinished records.
    pub(super) buffered: Limit,
}

pub(super) struct Record {
    /// The index in the log.
    pub(super) entry: usize,
    pub(super) offset: i64,
    key: Option<u64>,
    bytes: usize,
    pub(super) state: State,
    pub(super) work: Work,
    pub(super) attempt: u32,
    pub(super) taken: u32,
    /// How often it was not forwarded.
    unsent: u32,
    /// The place where it was first.
    origin: (Partition, i64),
    /// How often in a row a dependency of its handler was away, and since when.
    away: Option<(u32, Duration)>,
    /// The later records of the partition wait for it.
    holds: bool,
    /// It was put back after a take, and not taken again.
    pub(super) returned: bool,
    /// No other waits for it: it comes when its own time has come.
    has_own_time: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum State {
    /// It may be taken from this time on, and has to be after the first tick from that time on.
    Waiting(Duration, Duration),
    InHand(Duration),
    /// Nobody has seen it, and nobody is to.
    GivenBack,
    /// Popped, and not yet marked as done.
    Popped,
    /// The consumer stops because of it.
    Stopped,
    Finished,
}

impl Ledger {
    pub(super) fn new(epoch: u64) -> Self {
        Self {
            epoch,
            revoked: false,
            withheld: false,
            records: Vec::new(),
            first: 0,
            done: None,
            committed: None,
            again: false,
            buffered: Limit { records: 0, bytes: 0 },
        }
    }

    pub(super) fn receive(&mut self, partition: Partition, index: usize, entry: &Entry) {
        let due = entry.due.unwrap_or_default();
        self.buffered.records += 1;
        self.buffered.bytes += entry.bytes;
        self.records.push(Record {
            entry: index,
            offset: entry.offset,
            key: entry.key,
            bytes: entry.bytes,
            state: State::Waiting(due, due),
            work: Work::Handle,
            attempt: entry.tried + 1,
            taken: 0,
            unsent: 0,
            origin: entry.origin.unwrap_or((partition, entry.offset)),
            away: None,
            holds: false,
            returned: false,
            has_own_time: entry.due.is_some(),
        });
    }

    /// Whether it is its turn, but for its time.
    pub(super) fn has_turn(&self, number: usize, rules: &Rules) -> bool {
        let record = &self.records[number];
        let unfinished = |record: &&Record| record.state != State::Finished;
        let mut before = self.records[self.first..number].iter().filter(unfinished);
        // Records that are left to the next owner hold up nothing.
        let end = if self.revoked { self.reach() } else { self.records.len() };
        matches!(record.state, State::Waiting(..))
            && number < end
            && number - self.first < window(rules)
            && (rules.order != Some(Order::Key) || record.key.is_none() || before.all(|other| other.key != record.key))
            && !self.is_held_up(number)
    }

    /// Whether earlier ones hold the partition, and the record does not or one of them is not in hand. One that does also
    /// waits for earlier ones that have returned.
    pub(super) fn is_held_up(&self, number: usize) -> bool {
        let end = if self.revoked { self.reach() } else { self.records.len() };
        let holds = |number: &usize| self.records[*number].holds && self.records[*number].state != State::Finished;
        let waits = |holder: usize| !matches!(self.records[holder].state, State::InHand(_));
        let mut holders = (self.first..end.min(number)).filter(holds);
        let mut earlier = self.records[self.first..number].iter();
        if self.records[number].holds {
            holders.any(waits) || earlier.any(|record| record.returned)
        } else {
            holders.next().is_some()
        }
    }

    /// The number of an earlier record that is to be handed out later than this one, which is handed out now.
    pub(super) fn overtaken_by(&self, number: usize, is_gathered: impl Fn(usize) -> bool) -> Option<usize> {
        let is_overtaken = |other: &usize| {
            let Record { state, work, has_own_time, .. } = self.records[*other];
            let waits = matches!(state, State::Waiting(..)) && work == Work::Handle;
            (waits || is_gathered(*other)) && !has_own_time
        };
        (self.first..number).find(is_overtaken)
    }

    /// The number behind the last that is finished.
    pub(super) fn reach(&self) -> usize {
        let last = self.records.iter().rposition(|record| record.state == State::Finished);
        last.map_or(0, |last| last + 1).max(self.first)
    }

    /// The records whose turn it is: the work on each, its number, and the times from and until which it may wait.
    pub(super) fn numbered_turns(&self, rules: &Rules) -> impl Iterator<Item = (Work, usize, Duration, Duration)> {
        (self.first..self.records.len()).filter_map(|number| match &self.records[number] {
            &Record { state: State::Waiting(from, until), work, .. } if self.has_turn(number, rules) => {
                Some((work, number, from, until))
            }
            _ => None,
        })
    }

    /// The same, without the numbers.
    pub(super) fn turns(&self, rules: &Rules) -> impl Iterator<Item = (Work, Duration, Duration)> {
        self.numbered_turns(rules).map(|(work, _, from, until)| (work, from, until))
    }

    /// Finishes a record in hand, and returns the outcome that its delivery must have.
    pub(super) fn finish(
        &mut self,
        (partition, number): (Partition, usize),
        verdict: Verdict,
        now: Duration,
        rules: &Rules,
        outage: &mut Outage,
    ) -> Option<Outcome> {
        let record = &mut self.records[number];
        record.has_own_time |= rules.waiting != Waiting::Partition;
        let wait = |backoff: &Backoff, pauses: u32| {
            let (from, until) = pause(backoff, pauses);
            State::Waiting(now + from, now + until)
        };
        let at_once = State::Waiting(Duration::ZERO, Duration::ZERO);
        let id = (partition, number);
        let was_probe = match &mut outage.open {
            Some(open) if open.probe == Some(id) => open.probe.take().is_some(),
            _ => false,
        };
        let mut kind = FailureKind::Failed;
        let outcome = match (record.work, verdict) {
            (Work::Handle, Verdict::Done) => {
                outage.succeed(id);
                Some(Outcome::Done)
            }
            (Work::Handle, Verdict::Unhandled(outcome)) => {
                record.away = None;
                outage.leave(id);
                Some(outcome)
            }
            (Work::Retry(_), Verdict::Done) => Some(Outcome::Retried),
            (Work::DeadLetter(_), Verdict::Done) => Some(Outcome::Dead),
            (Work::Handle, Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Unavailable | Verdict::Panic) => {
                let says = |verdict| match verdict {
                    Verdict::RetryAfter(pause) => Some(State::Waiting(now + pause, now + pause)),
                    _ => None,
                };
                let is_last = record.attempt >= rules.attempts;
                if verdict != Verdict::Panic {
                    outage.failed.insert(record.origin);
                }
                if was_probe {
                    outage.probe_failed(now, &rules.backoff);
                }
                let are_many = rules.breaker.is_some_and(|many| outage.failed.len() >= many as usize);
                let is_away = verdict == Verdict::Unavailable || outage.open.is_some();
                let waits = verdict != Verdict::Panic && (is_away || is_last && are_many);
                let (times, since) = record.away.unwrap_or((0, now));
                let end = rules.away_limit.map(|limit| since + limit);
                let may_be_suspected = was_probe && matches!(verdict, Verdict::Retry | Verdict::RetryAfter(_));
                let is_suspected =
                    may_be_suspected && record.away.is_some() && outage.gives_up(since, &rules.breaker_patience, now);
                if waits && !is_suspected && end.is_none_or(|end| now < end) {
                    if !is_away {
                        outage.open(now, &rules.backoff);
                    }
                    record.away = Some((times + 1, since));
                    outage.waiting.insert(id);
                    record.holds |= rules.waiting == Waiting::Partition;
                    record.state = says(verdict).unwrap_or_else(|| wait(&rules.backoff, times + 1));
                    if let (Some(end), State::Waiting(from, until)) = (end, record.state) {
                        record.state = State::Waiting(from.min(end), until.min(end));
                    }
                    return Some(Outcome::Unavailable);
                }
                record.away = None;
                outage.leave(id);
                let is_given_up = is_last || is_away && verdict != Verdict::Panic;
                if !is_given_up {
                    if rules.waiting == Waiting::Nothing {
                        (record.state, record.work) = (at_once, Work::Retry(record.attempt));
                        return None;
                    }
                    record.state = says(verdict).unwrap_or_else(|| wait(&rules.backoff, record.attempt));
                    record.attempt += 1;
                    record.holds = rules.waiting == Waiting::Partition;
                    return Some(if record.holds { Outcome::Retried } else { Outcome::Parked });
                }
                self.gives_up(number, kind, rules)
            }
            (_, Verdict::NotYet) | (Work::Retry(_) | Work::DeadLetter(_), Verdict::Retry) => {
                record.unsent += 1;
                record.state = wait(&rules.forward_backoff, record.unsent);
                return None;
            }
            (Work::DeadLetter(form), Verdict::TooLarge) if form + 1 < rules.forms => {
                (record.state, record.work) = (at_once, Work::DeadLetter(form + 1));
                return None;
            }
            (Work::DeadLetter(_), _) => {
                record.state = State::Stopped;
                return None;
            }
            (Work::Handle, _) => {
                kind = if verdict == Verdict::Invalid { FailureKind::Invalid } else { FailureKind::Rejected };
                record.away = None;
                outage.leave(id);
                self.gives_up(number, kind, rules)
            }
            (Work::Retry(_), _) => self.gives_up(number, kind, rules),
        };
        if outcome.is_some() {
            self.end(number);
        }
        outcome
    }

    fn gives_up(&mut self, number: usize, kind: FailureKind, rules: &Rules) -> Option<Outcome> {
        let record = &mut self.records[number];
        match rules.give_up.on(kind) {
            GiveUp::DeadLetter => {
                record.state = State::Waiting(Duration::ZERO, Duration::ZERO);
                record.work = Work::DeadLetter(0);
                None
            }
            GiveUp::Skip => Some(Outcome::Skipped),
            GiveUp::Stop => {
                record.state = State::Stopped;
                None
            }
        }
    }

    fn end(&mut self, number: usize) {
        let record = &mut self.records[number];
        record.state = State::Finished;
        self.buffered.records -= 1;
        self.buffered.bytes -= record.bytes;
        while let Some(Record { state: State::Finished, offset, .. }) = self.records.get(self.first) {
            self.done = Some(*offset);
            self.first += 1;
        }
    }

    /// Its owner has got the first record, and says later what is done.
    pub(super) fn pop(&mut self) {
        let record = &mut self.records[self.first];
        record.state = State::Popped;
        self.buffered.records -= 1;
        self.buffered.bytes -= record.bytes;
        self.first += 1;
    }

    /// The record that was popped last is where it was.
    pub(super) fn unpop(&mut self) {
        self.first -= 1;
        let record = &mut self.records[self.first];
        assert_eq!(record.state, State::Popped);
        record.state = State::Waiting(Duration::ZERO, Duration::ZERO);
        self.buffered.records += 1;
        self.buffered.bytes += record.bytes;
    }

    /// The offset after all that is finished without a gap.
    pub(super) fn next(&self) -> i64 {
        self.done.map_or(0, |done| done + 1)
    }

    /// How many records are repeated by a next owner who starts at this offset: there is a limit.
    pub(super) fn repeated(&self, from: i64, rules: &Rules) -> usize {
        let finished = |record: &&Record| record.offset >= from && record.state == State::Finished;
        let repeated = self.records.iter().filter(finished).count();
        assert!(repeated < window(rules), "{repeated} records are repeated");
        repeated
    }

    /// Whether a record is left to the next owner though it may be a hole: it was given back, or waits for its
    /// time, which had not come at that of the last tick.
    pub(super) fn leaves(&self, ticked: Duration) -> bool {
        self.records.iter().any(|record| match record.state {
            State::Waiting(_, until) => until >= ticked && until > Duration::ZERO,
            State::GivenBack => true,
            _ => false,
        })
    }

    /// The position to commit, if there is one.
    pub(super) fn dirty(&self) -> Option<i64> {
        self.done.filter(|_| self.again || self.done != self.committed)
    }
}

/// How many records there are from the first unfinished one to the last that may be finished.
fn window(rules: &Rules) -> usize {
    match rules.order {
        Some(Order::Partition) => 1,
        Some(Order::Key) | None => usize::try_from(rules.span.max(1)).expect("a small number"),
    }
}

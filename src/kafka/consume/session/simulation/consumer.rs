//! A consumer: what its driver does for the core, and the ledgers that the core has to agree with.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Duration;

use super::super::super::core::{
    Action, GiveUp, Incoming, Limit, NOT_YET, Order, Outcome, Partition, Position, Rules, Taken, Ticket, Verdict, Work,
};
use super::super::closing::Closing;
use super::super::machine::Session;
use super::super::outcome::{Cause, Finished, NotCommitted, Trouble, Why, Word};
use super::ledger::{Ledger, Record, State};
use super::outage::{Open, Outage};
use super::{Event, World};

#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub(super) struct Consumer {
    pub(super) id: u64,
    pub(super) session: Session<Place, Reason, u32>,
    rules: Rules,
    /// Its owner keeps the loop in his own hands.
    is_manual: bool,
    /// Whether the rules are those by which records are taken.
    governed: bool,
    epoch: u64,
    pub(super) ledgers: Vec<Option<Ledger>>,
    client: Vec<Client>,
    pub(super) hands: Vec<Hand>,
    /// How many rows were taken.
    rows: u64,
    /// Nobody waits for these any more.
    late: Vec<Hand>,
    popped: Vec<(Position, usize)>,
    /// Commits without an answer.
    commits: VecDeque<Vec<Position>>,
    /// Partitions that are to be given up.
    pub(super) revoking: Vec<Partition>,
    /// Its partitions are somebody else's, and it does not know.
    pub(super) expired: bool,
    pub(super) stopped: bool,
    /// It handles nothing until this is over.
    paused: bool,
    /// Its client failed for good.
    fatal: bool,
    /// A right is missing.
    unauthorized: bool,
    closing: bool,
    joined: bool,
    /// Why records failed that are not finished.
    causes: HashMap<RecordId, Reason>,
    /// Records that were not forwarded so far.
    unsent: BTreeSet<RecordId>,
    outage: Outage,
    /// The outcomes of the last tick.
    told: Vec<(Ticket, Outcome, Reason)>,
    failures: u64,
    /// Actions that the core owes.
    owed: Vec<Action>,
    asleep_until: Duration,
    ticked: Duration,
    may_commit: bool,
    next_commit: Duration,
}

/// librdkafka's knowledge of a partition.
#[derive(Clone, Default)]
struct Client {
    /// Stays when the partition is lost.
    paused: bool,
    /// How many records come in spite of the pause.
    under_way: usize,
    /// The index of the record that is received next.
    next: usize,
}

/// A partition and the index of a record in its log.
type Place = (Partition, usize);

pub(super) struct Hand {
    ticket: Ticket,
    work: Work,
    entry: usize,
    stuck: bool,
    /// Nobody has seen it yet: its batch is not complete.
    pending: bool,
    row: Option<Row>,
}

/// Where a record is in the row that it was taken in.
struct Row {
    number: u64,
    place: usize,
    /// The session's count when the row was taken.
    interruptions: u64,
    begun: bool,
}

type RecordId = (Partition, u64, u64);

fn id(ticket: &Ticket) -> RecordId {
    (ticket.partition, ticket.epoch, ticket.number)
}

/// Why a record failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Reason {
    Handler { number: u64, verdict: Verdict },
    TimedOut(Duration),
}

impl Cause for Reason {
    fn timed_out(limit: Duration) -> Self {
        Self::TimedOut(limit)
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::TimedOut(_) => Verdict::Retry,
            Self::Handler { verdict, .. } => *verdict,
        }
    }
}

impl Consumer {
    pub(super) fn new(id: u64, world: &mut World) -> Self {
        let is_manual = world.plan.is_manual;
        let governed = !is_manual && !world.one_in(4);
        let rules = if governed { world.plan.rules.clone() } else { world.plan.manual.clone() };
        world.tally.note(Event::Joined);
        let mut session = Session::new(rules.clone(), id);
        if governed && !world.plan.has_batches {
            session.handle(world.now);
        }
        Self {
            id,
            session,
            fatal: false,
            unauthorized: false,
            closing: false,
            joined: false,
            causes: HashMap::new(),
            unsent: BTreeSet::new(),
            outage: Outage::default(),
            told: Vec::new(),
            failures: 0,
            is_manual,
            governed,
            epoch: 0,
            ledgers: (0..world.plan.partitions).map(|_| None).collect(),
            client: vec![Client::default(); world.broker.logs.len()],
            hands: Vec::new(),
            rows: 0,
            late: Vec::new(),
            popped: Vec::new(),
            commits: VecDeque::new(),
            revoking: Vec::new(),
            expired: false,
            stopped: false,
            paused: false,
            owed: Vec::new(),
            asleep_until: Duration::ZERO,
            ticked: Duration::ZERO,
            may_commit: false,
            next_commit: rules.commit_every,
            rules,
        }
    }

    fn ledger(&mut self, partition: Partition) -> Option<&mut Ledger> {
        self.ledgers[partition as usize].as_mut()
    }

    pub(super) fn partitions(&self) -> Vec<Partition> {
        let partitions: Vec<_> =
            (0..).zip(&self.ledgers).filter(|(_, ledger)| ledger.is_some()).map(|of| of.0).collect();
        assert_eq!(partitions, self.session.partitions());
        partitions
    }

    // ---- partitions

    pub(super) fn assign(&mut self, partitions: &[Partition], world: &mut World) {
        self.epoch += 1;
        for &partition in partitions {
            let log = world.broker.log(partition);
            log.owner = Some(self.id);
            let client = &mut self.client[partition as usize];
            client.next = log.seek(log.committed);
            client.under_way = 0;
            if log.entries[client.next..].iter().any(|entry| entry.finished) {
                world.tally.note(Event::Repeated);
            }
            assert!(self.ledgers[partition as usize].replace(Ledger::new(self.epoch)).is_none(), "it was ours before");
        }
        self.joined = true;
        self.served();
        self.session.assign(partitions);
        // Positions that a rebalance kept from being committed are committed now.
        self.may_commit = true;
        self.obey(world);
        self.may_commit = false;
        let kept = self.ledgers.iter().flatten().filter(|ledger| ledger.epoch != self.epoch);
        assert!(kept.filter(|ledger| ledger.dirty().is_some()).count() == 0, "not all is committed");
    }

    pub(super) fn revoke(&mut self, partitions: &[Partition], world: &mut World) {
        world.tally.note(Event::Revoked);
        self.revoking = partitions.to_vec();
        for &partition in partitions {
            self.ledger(partition).expect("it is ours").revoked = true;
        }
        self.session.revoke(partitions);
        self.obey(world);
    }

    /// Whether nothing is waited for before the release.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        let idle = self.session.core().is_idle(&self.revoking);
        let in_hand = self.hands.iter().any(|hand| self.revoking.contains(&hand.ticket.partition));
        let ledgers = self.revoking.iter().filter_map(|partition| self.ledgers[*partition as usize].as_ref());
        let turns = ledgers.flat_map(|ledger| ledger.turns(&self.rules).map(|turn| (ledger.withheld, turn)));
        let mut turns = turns.filter(|_| !self.stopped);
        if idle {
            assert!(!in_hand, "not idle with something in hand");
            assert!(turns.all(|(withheld, turn)| self.may_be_left(turn, withheld)), "not idle with a hole");
        } else {
            assert!(in_hand || turns.any(|(_, (_, from, _))| from <= now), "there is nothing to wait for");
        }
        idle
    }

    /// Records that failed at the time of the last tick may have to wait for another one.
    fn may_wait(&self, until: Duration) -> bool {
        until >= self.ticked && until > Duration::ZERO
    }

    /// Whether a record whose turn it is may have to wait for another tick, for the breaker, for the end of a pause, or for
    /// that of a partition that is withheld.
    fn may_be_left(&self, (work, _, until): (Work, Duration, Duration), withheld: bool) -> bool {
        let is_barred = |open: &Open| {
            let is_probed = self.hands.iter().any(|hand| Self::is_probe(open, hand));
            work == Work::Handle && (is_probed || self.may_wait(open.until))
        };
        let is_paused = (self.paused || withheld) && work == Work::Handle;
        self.may_wait(until) || is_paused || self.outage.open.as_ref().is_some_and(is_barred)
    }

    fn is_probe(open: &Open, hand: &Hand) -> bool {
        let number = usize::try_from(hand.ticket.number).expect("a small number");
        hand.work == Work::Handle && open.probe == Some((hand.ticket.partition, number))
    }

    pub(super) fn release(&mut self, world: &mut World) {
        let partitions = std::mem::take(&mut self.revoking);
        self.release_these(&partitions, world);
    }

    /// While it closes, the group takes one of its partitions.
    pub(super) fn release_one(&mut self, world: &mut World) {
        let partition = self.revoking.swap_remove(world.chance.usize(..self.revoking.len()));
        self.session.revoke(&[partition]);
        world.tally.note(Event::RevokedWhileClosing);
        self.release_these(&[partition], world);
    }

    fn release_these(&mut self, partitions: &[Partition], world: &mut World) {
        if self.hands.iter().any(|hand| partitions.contains(&hand.ticket.partition)) {
            world.tally.note(Event::RevokedInHand);
        }
        let idle = self.session.core().is_idle(partitions);
        let are_barred = self.paused || self.outage.open.is_some();
        self.settle(partitions, world);
        for &partition in partitions {
            self.ledger(partition).expect("it is ours").again = true;
        }
        let positions = self.session.release(partitions);
        for position in &positions {
            self.commits(position);
        }
        let arrives = !world.fault(5);
        for position in positions.iter().filter(|_| arrives) {
            world.broker.log(position.partition).commit(self.id, position.offset, &mut world.tally);
        }
        for &partition in partitions {
            let ledger = self.ledgers[partition as usize].take().expect("it is ours");
            assert_eq!(ledger.dirty(), None, "released without being committed");
            let log = world.broker.log(partition);
            let from = if arrives && log.owner == Some(self.id) { log.committed } else { ledger.next() };
            let repeated = ledger.repeated(from, &self.rules);
            if idle && !self.stopped {
                let may_repeat = ledger.leaves(self.ticked) || ledger.withheld || are_barred;
                assert!(repeated == 0 || may_repeat, "{repeated} records are repeated for nothing");
                world.tally.note(if repeated == 0 { Event::Released } else { Event::ReleasedWithHoles });
            }
        }
        self.forget();
        self.obey(world);
        self.give_up(partitions, world);
    }

    /// Forgets records that are not its own any more.
    fn forget(&mut self) {
        let was_open = self.outage.open.is_some();
        let Self { ledgers, causes, unsent, outage, .. } = self;
        outage.forget(|partition| ledgers[partition as usize].is_some());
        let is_ours = |&(partition, epoch, _): &RecordId| {
            ledgers[partition as usize].as_ref().is_some_and(|ledger| ledger.epoch == epoch)
        };
        causes.retain(|record, _| is_ours(record));
        unsent.retain(is_ours);
        self.owes(was_open);
    }

    /// The breaker has opened or closed: the core is to say so.
    fn owes(&mut self, was_open: bool) {
        match (was_open, self.outage.open.is_some()) {
            (false, true) => self.owed.push(Action::Opened(self.rules.breaker.expect("there is a breaker"))),
            (true, false) => self.owed.push(Action::Closed),
            _ => {}
        }
    }

    /// The broker gives its partitions to others.
    pub(super) fn expire(&mut self, world: &mut World) {
        let partitions = self.partitions();
        self.settle(&partitions, world);
        self.ledgers.iter().flatten().for_each(|ledger| _ = ledger.repeated(ledger.next(), &self.rules));
        self.give_up(&partitions, world);
        self.expired = true;
    }

    fn give_up(&self, partitions: &[Partition], world: &mut World) {
        for &partition in partitions {
            let owner = &mut world.broker.log(partition).owner;
            *owner = owner.filter(|owner| *owner != self.id);
        }
    }

    /// It learns that its partitions are lost.
    pub(super) fn lose(&mut self, world: &mut World) {
        world.tally.note(Event::Lost);
        let partitions = self.partitions();
        self.ledgers.fill_with(|| None);
        self.session.lose(&partitions);
        self.joined = false;
        self.forget();
        self.revoking.clear();
        self.commits.clear();
        self.expired = false;
        self.obey(world);
    }

    // ---- records

    /// Receives the next record of a partition, if there is one and it may. Whether it counts.
    pub(super) fn receive(&mut self, partition: Partition, world: &mut World) -> bool {
        let index = partition as usize;
        let (log, client) = (&world.broker.logs[index], &mut self.client[index]);
        if client.next >= log.produced || (client.paused && client.under_way == 0) {
            return false;
        }
        let entry = &log.entries[client.next];
        let incoming = Incoming {
            partition,
            offset: entry.offset,
            // Before it is governed nobody has looked at the keys.
            key: entry.key.filter(|_| self.governed),
            bytes: entry.bytes,
            tried: entry.tried,
            origin: entry.origin,
            due: entry.due,
            leader_epoch: client.next.try_into().expect("a small number"),
            message: (partition, client.next),
        };
        // Messages of a partition that is not ours, or not for long, do not count.
        let ledger = self.ledgers[index].as_mut().filter(|ledger| !ledger.revoked);
        let counts = ledger.is_some();
        if let Some(ledger) = ledger {
            ledger.receive(partition, client.next, entry);
            client.under_way = client.under_way.saturating_sub(1);
            client.next += 1;
        }
        self.served();
        self.session.receive(incoming, world.now);
        self.obey(world);
        counts
    }

    /// Takes what there is for free hands. Whether there was anything.
    pub(super) fn take(&mut self, world: &mut World) -> bool {
        if self.is_manual {
            return self.pop(world);
        }
        if !self.governed {
            // Some is received in another way before.
            if !world.plan.from_retry && world.fault(2) {
                return self.pop(world);
            }
            self.govern(world);
        }
        if world.plan.has_batches {
            return self.gather(world);
        }
        let hands = self.hands.len();
        while self.hands.len() < world.plan.hands {
            let ready = self.session.has_ready();
            let most = world.chance.usize(1..=world.plan.hands - self.hands.len());
            let row = self.session.take_row(most, world.now);
            if row.is_empty() {
                self.nothing_waits(world);
                assert!(!self.session.wakes().taker, "woken for nothing");
                break;
            }
            assert!(ready && row.len() <= most, "it was to be told");
            self.takes_row(&row, world);
        }
        self.hands.len() > hands
    }

    fn govern(&mut self, world: &mut World) {
        self.governed = true;
        self.rules = world.plan.rules.clone();
        self.next_commit = world.now + self.rules.commit_every;
        // Nothing that was popped has been dealt with, but for what was marked.
        let mut popped = std::mem::take(&mut self.popped);
        popped.sort_by_key(|(_, number)| Reverse(*number));
        for (position, number) in popped {
            let partition = position.partition as usize;
            let place = match &mut self.ledgers[partition] {
                Some(ledger) if ledger.epoch == position.epoch && ledger.done < Some(position.offset) => {
                    ledger.unpop();
                    ledger.records[number].entry
                }
                Some(ledger) if ledger.epoch == position.epoch => continue,
                _ => 0,
            };
            let bytes = world.broker.logs[partition].entries[place].bytes;
            self.session.unpop(&position, bytes, (position.partition, place));
        }
        let key = |&(partition, entry): &Place| world.broker.logs[partition as usize].entries[entry].key;
        self.session.govern(self.rules.clone(), key, world.now);
        self.ledgers.iter_mut().flatten().for_each(|ledger| ledger.withheld = false);
        world.tally.note(Event::Governed);
        if !world.plan.has_batches {
            self.session.handle(world.now);
            if self.fatal || self.unauthorized {
                self.closing = true;
                world.tally.note(Event::FailedBefore);
            }
        }
        self.obey(world);
    }

    /// Records that are handled one after the other: the first has begun.
    fn takes_row(&mut self, row: &[Taken<Place>], world: &mut World) {
        self.rows += 1;
        assert!(row.len() == 1 || self.rules.patience.is_none(), "their time runs before they are begun");
        assert!(row.len() == 1 || self.outage.open.is_none() || row[0].work != Work::Handle, "more than the probe");
        for (place, taken) in row.iter().enumerate() {
            assert_eq!(taken.ticket.partition, row[0].ticket.partition, "of another partition");
            let follows = place > 0 && self.rules.order == Some(Order::Partition);
            if follows {
                // The one before it is not finished.
                let Ticket { partition, number, .. } = taken.ticket;
                let ledger = self.ledgers[partition as usize].as_ref().expect("what is taken is ours");
                let number = usize::try_from(number).expect("a small number");
                let State::Waiting(from, _) = ledger.records[number].state else { panic!("taken twice: {taken:?}") };
                assert!(from <= world.now, "taken too early");
                assert_eq!(row[place - 1].ticket.number + 1, taken.ticket.number, "taken out of turn");
                assert!(!ledger.revoked && !self.stopped && row[0].work == Work::Handle);
            }
            self.takes_next(taken, world.now, follows, world);
            let interruptions = self.session.interruptions();
            let hand = self.hands.last_mut().expect("it was taken");
            hand.row = Some(Row { number: self.rows, place, interruptions, begun: place == 0 });
            if place > 0 {
                world.tally.note(Event::TakenBehind);
            }
        }
    }

    /// The record before it in the row is done: it is begun, or what is left of the row is returned.
    fn goes_on(&mut self, ended: &Row, is_done: bool, world: &mut World) {
        let is_next = |hand: &Hand| {
            hand.row.as_ref().is_some_and(|row| row.number == ended.number && row.place == ended.place + 1)
        };
        let Some(next) = self.hands.iter().position(is_next) else { return };
        if !is_done || self.session.interruptions() != ended.interruptions {
            world.tally.note(Event::Interrupted);
            return self.return_row(ended.number, world);
        }
        let hand = &mut self.hands[next];
        hand.row.as_mut().expect("it is in a row").begun = true;
        let (ticket, entry) = (hand.ticket, hand.entry);
        let number = usize::try_from(ticket.number).expect("a small number");
        let ledger = self.ledgers[ticket.partition as usize].as_ref().expect("what is in hand is ours");
        assert!(!self.stopped && !self.paused, "begun after the stop, or while it pauses");
        assert!(!ledger.revoked || number < ledger.reach(), "begun, and is left to the next owner");
        assert!(!ledger.is_held_up(number), "begun, and is to wait");
        self.is_in_order(ticket.partition, entry, world);
    }

    /// Puts back the rest of a row.
    fn return_row(&mut self, row: u64, world: &mut World) {
        let is_left = |hand: &mut Hand| hand.row.as_ref().is_some_and(|own| own.number == row && !own.begun);
        let mut rest: Vec<_> = self.hands.extract_if(.., is_left).collect();
        rest.sort_by_key(|hand| hand.row.as_ref().map(|row| row.place));
        self.session.return_row(rest.iter().map(|hand| hand.ticket));
        for hand in rest {
            self.put_back(&hand.ticket);
            world.tally.note(Event::Returned);
            self.late.push(hand);
        }
        self.obey(world);
    }

    /// A worker waits for its handler: what is left of a row goes to others.
    pub(super) fn return_rest(&mut self, world: &mut World) {
        let rows = self.hands.iter().filter_map(|hand| hand.row.as_ref()).filter(|row| !row.begun);
        let rows: Vec<_> = rows.map(|row| row.number).collect();
        if let Some(&row) = world.chance.choice(&rows) {
            self.return_row(row, world);
        }
    }

    /// Checks that the record has waited for all before it, whoever owned the partition then.
    fn is_in_order(&self, partition: Partition, entry: usize, world: &World) {
        let entries = &world.broker.logs[partition as usize].entries;
        let key = entries[entry].key;
        let before = &entries[..entry];
        match self.rules.order {
            Some(Order::Partition) => assert!(before.iter().all(|entry| entry.finished), "out of order"),
            Some(Order::Key) if key.is_some() => {
                assert!(before.iter().all(|entry| entry.finished || entry.key != key), "out of order");
            }
            _ => {}
        }
    }

    fn takes(&mut self, taken: &Taken<Place>, begun: Duration, world: &mut World) {
        self.takes_next(taken, begun, false, world);
    }

    fn takes_next(&mut self, taken: &Taken<Place>, begun: Duration, follows: bool, world: &mut World) {
        assert!(!self.stopped, "taken after the stop");
        let Ticket { partition, number, .. } = taken.ticket;
        let number = usize::try_from(number).expect("a small number");
        let rules = &self.rules;
        let ledger = self.ledgers[partition as usize].as_mut().expect("what is taken is ours");
        assert!(follows || ledger.has_turn(number, rules), "taken out of turn: {taken:?}");
        if ledger.revoked {
            world.tally.note(Event::HoleTaken);
        }
        let (epoch, withheld) = (ledger.epoch, ledger.withheld);
        let record = &mut ledger.records[number];
        let State::Waiting(from, _) = record.state else { unreachable!("it has its turn") };
        assert!(from <= world.now, "taken too early");
        (record.state, record.returned) = (State::InHand(begun), false);
        record.taken += 1;
        let ticket = Ticket {
            partition,
            epoch,
            number: number as u64,
            offset: record.offset,
            leader_epoch: record.entry.try_into().expect("a small number"),
            attempt: record.attempt,
            taken: record.taken,
        };
        assert_eq!((taken.ticket, taken.work, taken.message), (ticket, record.work, (partition, record.entry)));
        let (work, entry) = (record.work, record.entry);
        assert!(work != Work::Handle || !self.paused && !withheld, "taken while it pauses, or while it is withheld");
        if work == Work::Handle
            && let Some(open) = &self.outage.open
        {
            assert!(open.from <= world.now, "probed too early");
            assert!(!self.hands.iter().any(|hand| Self::is_probe(open, hand)), "there is a probe");
            self.outage.open.as_mut().expect("it is open").probe = Some((partition, number));
            world.tally.note(Event::Probed);
        }
        if !follows {
            self.is_in_order(partition, entry, world);
        }
        let stuck = world.fault(10) && work == Work::Handle;
        if work != Work::Handle {
            assert_eq!(self.session.cause(&ticket), self.causes.get(&id(&ticket)).cloned(), "another cause");
            assert!(self.causes.contains_key(&id(&ticket)), "forwarded without a cause");
            world.tally.note(Event::CauseTold);
        }
        self.hands.push(Hand {
            ticket,
            work,
            entry,
            stuck,
            pending: begun == NOT_YET && work == Work::Handle,
            row: None,
        });
    }

    fn nothing_waits(&self, world: &mut World) {
        let next = self.session.next_tick();
        for ledger in self.ledgers.iter().flatten().filter(|_| !self.stopped) {
            for (work, number, from, until) in ledger.numbered_turns(&self.rules) {
                assert!(self.may_be_left((work, from, until), ledger.withheld), "record {number} is forgotten");
                if from <= world.now
                    && work == Work::Handle
                    && !self.paused
                    && !ledger.withheld
                    && let Some(open) = &self.outage.open
                    && !self.hands.iter().any(|hand| Self::is_probe(open, hand))
                {
                    assert!(next <= open.until.max(until), "the next tick is too late for a probe");
                    world.tally.note(Event::Barred);
                }
            }
        }
    }

    fn pop(&mut self, world: &mut World) -> bool {
        let ready = self.session.has_ready();
        let Some((position, (_, entry))) = self.session.pop(world.now) else {
            self.nothing_waits(world);
            return false;
        };
        assert!(ready, "it was to be told");
        let ledger = self.ledger(position.partition).expect("what is popped is ours");
        assert!(!ledger.revoked && !ledger.withheld, "popped after the revoke, or while it is withheld");
        let record = &ledger.records[ledger.first];
        assert_eq!((position.epoch, position.offset, entry), (ledger.epoch, record.offset, record.entry));
        let number = ledger.first;
        ledger.pop();
        self.obey(world);
        if world.fault(10) {
            let bytes = world.broker.logs[position.partition as usize].entries[entry].bytes;
            let ledger = self.ledger(position.partition).expect("what is popped is ours");
            ledger.unpop();
            ledger.withheld = true;
            self.session.withhold(position.partition);
            self.session.unpop(&position, bytes, (position.partition, entry));
            world.tally.note(Event::Withheld);
        } else {
            self.popped.push((position, number));
        }
        self.obey(world);
        true
    }

    /// Its owner says that all is done up to one of the records that he popped.
    pub(super) fn mark(&mut self, world: &mut World) -> bool {
        if self.popped.is_empty() {
            return false;
        }
        let (position, number) = self.popped.swap_remove(world.chance.usize(..self.popped.len()));
        let holds = self.session.holds(&position);
        let ours = self.session.mark(&position);
        match self.ledger(position.partition).filter(|ledger| ledger.epoch == position.epoch) {
            Some(ledger) => {
                assert!(ours && holds != ledger.revoked, "it is ours");
                ledger.done = ledger.done.max(Some(position.offset));
                let log = world.broker.log(position.partition);
                ledger.records[..=number].iter().for_each(|record| log.entries[record.entry].finished = true);
                world.tally.note(Event::Marked);
            }
            None => {
                assert!(!ours && !holds, "it is not ours");
                world.tally.note(Event::MarkedInVain);
            }
        }
        true
    }

    /// Something comes of a record in hand. Whether there was one.
    pub(super) fn finish(&mut self, world: &mut World) -> bool {
        if world.one_in(2) && self.hand_out(world) {
            return true;
        }
        let is_begun = |hand: &Hand| !hand.pending && hand.row.as_ref().is_none_or(|row| row.begun);
        let possible = |hand: &Hand| is_begun(hand) && (!world.faults || !hand.stuck);
        let possible: Vec<_> = (0..self.hands.len()).filter(|index| possible(&self.hands[*index])).collect();
        let Some(&index) = world.chance.choice(&possible) else { return self.hand_out(world) };
        if world.plan.has_batches && self.hands[index].work == Work::Handle && world.fault(8) {
            self.untake(world);
            return true;
        }
        let mut hand = self.hands.swap_remove(index);
        let row = hand.row.take();
        let verdict = world.verdict(&hand);
        let Ticket { partition, number, .. } = hand.ticket;
        let finished = self.says(&hand, verdict);
        let expected = self.settles(&hand, verdict, world);
        let cause = self.causes.get(&id(&hand.ticket)).cloned().filter(|_| expected != Some(Outcome::Done));
        let outcome = self.session.finish(&hand.ticket, finished, world.now);
        assert_eq!(outcome, expected.map(|outcome| (outcome, cause)), "{verdict:?} of {:?}", hand.work);
        let outcome = expected;
        if outcome.is_some() {
            self.causes.remove(&id(&hand.ticket));
        }
        if let Some(outcome) = outcome {
            world.tally.note(match outcome {
                Outcome::Done => Event::Done,
                Outcome::Retried => Event::Retried,
                Outcome::Parked => Event::Parked,
                Outcome::Ignored => Event::Ignored,
                Outcome::Unavailable => Event::Unavailable,
                Outcome::Dead => Event::Dead,
                Outcome::Skipped => Event::Skipped,
                Outcome::Abandoned => unreachable!("nobody is told"),
            });
        }
        let ledger = self.ledgers[partition as usize].as_ref().expect("what is in hand is ours");
        if number > ledger.first as u64 {
            world.tally.note(Event::OutOfOrder);
        }
        if world.fault(8) {
            // The same result again, later.
            self.late.push(hand);
        }
        self.obey(world);
        if let Some(row) = row {
            self.goes_on(&row, matches!(verdict, Verdict::Done | Verdict::Unhandled(_)), world);
        }
        true
    }

    /// How the session is told of it.
    fn says(&mut self, hand: &Hand, verdict: Verdict) -> Finished<Reason> {
        let record = id(&hand.ticket);
        let is_forward = hand.work != Work::Handle;
        if verdict == Verdict::NotYet || is_forward && verdict == Verdict::Retry {
            self.unsent.insert(record);
            return Finished::NotYet;
        }
        self.unsent.remove(&record);
        match verdict {
            Verdict::Done => Finished::Done,
            Verdict::Unhandled(outcome) => Finished::Unhandled(outcome),
            Verdict::Reject | Verdict::TooLarge if is_forward => {
                Finished::Refused { why: "refused".to_owned(), is_too_large: verdict == Verdict::TooLarge }
            }
            verdict => {
                self.failures += 1;
                let reason = Reason::Handler { number: self.failures, verdict };
                self.causes.insert(record, reason.clone());
                Finished::Failed(reason)
            }
        }
    }

    // ---- batches

    /// Takes what there is for a batch. Whether there was anything.
    fn gather(&mut self, world: &mut World) -> bool {
        let free = world.plan.hands.saturating_sub(self.hands.len());
        if free == 0 {
            return false;
        }
        let before = self.session.gathered();
        let most = before + world.chance.usize(1..=free);
        let forwards = self.session.gather(most, world.now);
        let gathered: Vec<_> = self.session.pending().skip(before).cloned().collect();
        let given_back = std::mem::take(&mut self.session.given_back);
        let found = !(forwards.is_empty() && gathered.is_empty() && given_back.is_empty());
        // Those that hold a partition are taken in their order.
        let mut all: Vec<_> = forwards.iter().chain(&gathered).collect();
        all.sort_by_key(|taken| (taken.ticket.partition, taken.ticket.number));
        for taken in all {
            self.takes(taken, NOT_YET, world);
        }
        for ticket in given_back {
            let ledger = self.ledger(ticket.partition).expect("what is given back was ours");
            let record = &mut ledger.records[usize::try_from(ticket.number).expect("a small number")];
            assert!(record.work == Work::Handle && ledger.revoked, "there is no reason to give it back");
            (record.state, record.taken) = (State::GivenBack, ticket.taken);
            world.tally.note(Event::GivenBack);
        }
        if self.session.gathered() < most {
            self.nothing_waits(world);
            let is_told = self.fatal || self.session.wakes().taker;
            assert!(!is_told || self.session.word().is_some() || !self.session.wakes().taker, "woken for nothing");
        }
        let pending: Vec<_> = self.session.pending().map(|taken| taken.ticket).collect();
        if world.fault(10)
            && let Some(&ticket) = world.chance.choice(&pending)
        {
            self.withhold_from(&ticket, world);
        }
        self.obey(world);
        found
    }

    /// A gathered record cannot be loaded yet: it is where it was, and so are those behind it.
    fn withhold_from(&mut self, from: &Ticket, world: &mut World) {
        self.session.withhold_from(from);
        self.ledger(from.partition).expect("what is gathered is ours").withheld = true;
        let is_withheld = |hand: &mut Hand| {
            hand.pending && hand.ticket.partition == from.partition && hand.ticket.number >= from.number
        };
        for hand in self.hands.extract_if(.., is_withheld).collect::<Vec<_>>() {
            self.put_back(&hand.ticket);
            self.late.push(hand);
        }
        world.tally.note(Event::Withheld);
    }

    /// What partitions were withheld for is there.
    pub(super) fn release_withheld(&mut self, world: &mut World) {
        for (partition, ledger) in (0..).zip(&mut self.ledgers) {
            if let Some(ledger) = ledger
                && std::mem::take(&mut ledger.withheld)
            {
                self.session.release_withheld(partition);
                world.tally.note(Event::WithheldReleased);
            }
        }
        self.obey(world);
    }

    /// A batch is complete, or its time is over. Whether there was anything in it.
    fn hand_out(&mut self, world: &mut World) -> bool {
        let gathered = self.session.gathered();
        if gathered == 0 {
            return false;
        }
        let batch = self.session.hand_out(world.chance.usize(1..=gathered), world.now);
        let places = batch.iter().map(|taken| (taken.ticket.partition, taken.ticket.number));
        assert!(places.is_sorted(), "the records of a partition are in their order");
        for taken in &batch {
            let hand = self.hands.iter_mut().find(|hand| hand.ticket == taken.ticket).expect("it was gathered");
            assert!(std::mem::take(&mut hand.pending), "handed out twice");
            *self.state(&taken.ticket) = State::InHand(world.now);
            world.tally.note(Event::Begun);
        }
        for Taken { ticket: Ticket { partition, number, .. }, .. } in batch {
            let is_gathered = |other: usize| {
                let is_it = |hand: &Hand| (hand.ticket.partition, hand.ticket.number) == (partition, other as u64);
                self.hands.iter().any(|hand| hand.pending && is_it(hand))
            };
            let number = usize::try_from(number).expect("a small number");
            let ledger = self.ledgers[partition as usize].as_ref().expect("what is handed out is ours");
            let overtaken = ledger.overtaken_by(number, is_gathered);
            assert_eq!(overtaken, None, "record {number} is handed out first");
        }
        self.obey(world);
        true
    }

    /// Batches are dropped, and nobody says what came of their records: what was gathered for the next batch is where it was,
    /// too.
    fn untake(&mut self, world: &mut World) {
        let is_dropped = |hand: &mut Hand| !hand.pending && hand.work == Work::Handle;
        let mut dropped: Vec<_> = self.hands.extract_if(.., is_dropped).collect();
        dropped.sort_by_key(|hand| (hand.ticket.partition, hand.ticket.number));
        for hand in &dropped {
            let is_revoked = self.ledger(hand.ticket.partition).expect("what is in hand is ours").revoked;
            if is_revoked {
                *self.state(&hand.ticket) = State::GivenBack;
            } else {
                self.put_back(&hand.ticket);
            }
            world.tally.note(Event::Untaken);
        }
        let abandoned = self.session.counts().of(Outcome::Abandoned);
        self.session.untake(dropped.iter().map(|hand| hand.ticket));
        assert_eq!(self.session.counts().of(Outcome::Abandoned), abandoned + dropped.len() as u64);
        for hand in self.hands.extract_if(.., |hand| hand.pending).collect::<Vec<_>>() {
            self.put_back(&hand.ticket);
            self.late.push(hand);
        }
        self.late.extend(dropped);
        self.obey(world);
    }

    /// Sorts out the gathered records: each stays unless its partition is to be given up or is held by another record.
    fn sort_out(&mut self, world: &mut World) {
        let pending: Vec<_> = self.session.pending().map(|taken| taken.ticket).collect();
        let (is_open, probe) = (self.outage.open.is_some(), self.outage.open.as_ref().and_then(|open| open.probe));
        let is_paused = self.paused;
        for hand in
            self.hands.extract_if(.., |hand| hand.pending && !pending.contains(&hand.ticket)).collect::<Vec<_>>()
        {
            let Ticket { partition, epoch, number, .. } = hand.ticket;
            if let Some(ledger) = self.ledger(partition).filter(|ledger| ledger.epoch == epoch) {
                let number = usize::try_from(number).expect("a small number");
                let is_excluded = is_paused || is_open && probe != Some((partition, number));
                let has_reason = ledger.revoked || ledger.is_held_up(number) || is_excluded;
                assert!(has_reason, "there is no reason to put it back");
                if ledger.revoked {
                    ledger.records[number].state = State::GivenBack;
                    world.tally.note(Event::GivenBack);
                } else {
                    self.put_back(&hand.ticket);
                    world.tally.note(Event::PutBack);
                }
            }
            self.late.push(hand);
        }
        for ticket in pending {
            let ledger = self.ledger(ticket.partition).expect("what is gathered is ours");
            let number = usize::try_from(ticket.number).expect("a small number");
            assert!(!ledger.revoked && !ledger.is_held_up(number), "gathered, and may not be handed out");
            assert!(!is_open || probe == Some((ticket.partition, number)), "gathered, and is not the probe");
            assert!(!is_paused, "gathered while it pauses");
        }
    }

    // ---- trouble, and the end

    pub(super) fn is_closing(&self) -> bool {
        self.closing
    }

    /// Whether another has to take its place.
    pub(super) fn is_ending(&self) -> bool {
        self.stopped || self.closing || self.fatal
    }

    fn is_handled(&self, world: &World) -> bool {
        self.governed && !self.is_manual && !world.plan.has_batches
    }

    fn served(&mut self) {
        // Behind it a run ends.
        if !self.closing {
            self.unauthorized = false;
        }
    }

    /// The client reports trouble.
    pub(super) fn fail(&mut self, why: Why, world: &mut World) {
        let is_handled = self.is_handled(world);
        let is_logged = self.session.fail(Trouble { code: 7, why }, world.now);
        assert_eq!(is_logged, is_handled, "nobody is told, or two");
        if why.is_unauthorized() {
            self.unauthorized = true;
            world.tally.note(Event::Unauthorized);
        }
        if why.is_fatal() {
            self.fatal = true;
            world.tally.note(Event::FailedForGood);
        }
        if is_handled {
            self.closing |= why != Why::Passing;
        } else if self.fatal {
            assert!((0..2).all(|_| self.session.word() == Some(Word::Fatal(7))), "it is told to each");
        } else {
            assert_eq!(self.session.word(), Some(Word::Trouble(7)));
            assert_eq!(self.session.word(), None, "it is told once");
        }
        self.obey(world);
    }

    /// A dead letter, or a message for another attempt, is refused for now.
    pub(super) fn delay(&mut self, world: &mut World) {
        if let Some(hand) = self.hands.iter().find(|hand| hand.work != Work::Handle) {
            self.session.delay(&hand.ticket);
            self.unsent.insert(id(&hand.ticket));
            world.tally.note(Event::Delayed);
        }
        if let Some(late) = world.chance.choice(&self.late) {
            // Nobody waits for it.
            let ticket = late.ticket;
            let is_taken = self.hands.iter().any(|hand| hand.ticket == ticket);
            if !is_taken {
                self.session.delay(&ticket);
            }
        }
        self.obey(world);
    }

    /// A message waits before its handler begins, or has waited.
    pub(super) fn put_by(&mut self, world: &mut World) {
        let is_begun =
            |hand: &&Hand| hand.work == Work::Handle && !hand.pending && hand.row.as_ref().is_none_or(|row| row.begun);
        let tickets: Vec<_> = self.hands.iter().filter(is_begun).map(|hand| hand.ticket).collect();
        if let Some(ticket) = world.chance.choice(&tickets) {
            let since = if *self.state(ticket) == State::InHand(NOT_YET) {
                self.session.begin(ticket, world.now);
                world.now
            } else {
                self.session.put_by(ticket);
                NOT_YET
            };
            *self.state(ticket) = State::InHand(since);
            world.tally.note(Event::PutBy);
        }
        self.obey(world);
    }

    /// Its owner lets it handle nothing for a while.
    pub(super) fn pause(&mut self, world: &mut World) {
        self.paused = true;
        self.session.pause();
        world.tally.note(Event::HandlingPaused);
        self.obey(world);
    }

    pub(super) fn resume(&mut self, world: &mut World) {
        if std::mem::take(&mut self.paused) {
            self.session.resume();
            world.tally.note(Event::HandlingResumed);
            self.obey(world);
        }
    }

    pub(super) fn close(&mut self, world: &mut World) {
        self.session.close(Closing::within(Duration::from_secs(1), world.now));
        self.closing = true;
        self.obey(world);
    }

    /// Winds up a consumer that closes: all partitions are to be given up.
    pub(super) fn wind_up(&mut self, world: &mut World) {
        let partitions = self.partitions();
        self.revoking = partitions.clone();
        for &partition in &partitions {
            self.ledger(partition).expect("it is ours").revoked = true;
        }
        self.session.wind_up(world.now);
        world.tally.note(Event::WoundUp);
        self.obey(world);
    }

    fn record(&mut self, ticket: &Ticket) -> &mut Record {
        let number = usize::try_from(ticket.number).expect("a small number");
        &mut self.ledger(ticket.partition).expect("what is in hand is ours").records[number]
    }

    fn state(&mut self, ticket: &Ticket) -> &mut State {
        &mut self.record(ticket).state
    }

    /// The record is where it was before it was taken.
    fn put_back(&mut self, ticket: &Ticket) {
        let record = self.record(ticket);
        (record.state, record.returned) = (State::Waiting(Duration::ZERO, Duration::ZERO), true);
    }

    /// The outcome that the verdict must have.
    fn settles(&mut self, hand: &Hand, verdict: Verdict, world: &mut World) -> Option<Outcome> {
        let number = usize::try_from(hand.ticket.number).expect("a small number");
        let rules = &self.rules;
        let ledger = self.ledgers[hand.ticket.partition as usize].as_mut().expect("what is in hand is ours");
        let was_open = self.outage.open.is_some();
        let given_up = self.outage.given_up.0;
        let was_away = self.outage.waiting.contains(&(hand.ticket.partition, number));
        let place = (hand.ticket.partition, number);
        let outcome = ledger.finish(place, verdict, world.now, rules, &mut self.outage);
        let is_given_up = !matches!(ledger.records[number].state, State::Waiting(..))
            || matches!(ledger.records[number].work, Work::DeadLetter(_));
        if was_away && is_given_up && matches!(verdict, Verdict::Retry | Verdict::RetryAfter(_) | Verdict::Unavailable)
        {
            world.tally.note(Event::GaveUpUnavailable);
        }
        if self.outage.given_up.0 > given_up {
            world.tally.note(Event::GaveUpProbe);
        }
        match ledger.records[number].state {
            State::Finished => world.broker.log(hand.ticket.partition).entries[hand.entry].finished = true,
            State::Stopped => self.owed.push(Action::Stop(hand.ticket)),
            _ => {}
        }
        self.owes(was_open);
        outcome
    }

    /// A result that nobody waits for.
    pub(super) fn finish_late(&mut self, world: &mut World) {
        if self.late.is_empty() {
            return;
        }
        let hand = self.late.swap_remove(world.chance.usize(..self.late.len()));
        let verdicts = [Verdict::Done, Verdict::NotYet, Verdict::Reject, Verdict::Unavailable, Verdict::TooLarge];
        let verdict = verdicts[world.chance.usize(..verdicts.len())];
        let finished = match verdict {
            Verdict::Done => Finished::Done,
            Verdict::NotYet => Finished::NotYet,
            Verdict::Reject | Verdict::Unavailable => Finished::Failed(Reason::Handler { number: 0, verdict }),
            _ => Finished::Refused { why: String::new(), is_too_large: true },
        };
        let is_taken = self.hands.iter().any(|other| other.ticket == hand.ticket);
        assert!(!is_taken, "a ticket counts once");
        assert_eq!(self.session.finish(&hand.ticket, finished, world.now), None, "nobody waits for it");
        world.tally.note(Event::Late);
        self.obey(world);
    }

    // ---- time

    pub(super) fn tick(&mut self, world: &mut World) {
        let now = world.now;
        self.ticked = now;
        let commits = now >= self.next_commit;
        if commits {
            self.next_commit = now + self.rules.commit_every;
        }
        self.told = self.session.tick(now);
        self.may_commit = commits;
        self.obey(world);
        self.may_commit = false;
        assert!(self.told.is_empty(), "there is no reason for {:?}", self.told);
        let mut dirty = self.ledgers.iter().flatten().filter(|ledger| ledger.dirty().is_some());
        assert!(!commits || dirty.next().is_none(), "not all is committed");
        for hand in self.hands.iter().filter(|hand| hand.work == Work::Handle) {
            assert!(!self.takes_too_long(hand, now), "nothing may take so long");
        }
        let next = self.session.next_tick();
        assert!(now < next && next <= self.next_commit, "the next tick is at {next:?}");
        for (_, number, from, until) in
            self.ledgers.iter().flatten().flat_map(|ledger| ledger.numbered_turns(&self.rules))
        {
            assert!(from <= now || next <= until, "the next tick is too late for record {number}");
        }
    }

    /// Its owner does not want to wait for the time.
    pub(super) fn commit(&mut self, world: &mut World) {
        self.session.commit();
        self.may_commit = true;
        self.obey(world);
        self.may_commit = false;
        assert!(self.ledgers.iter().flatten().all(|ledger| ledger.dirty().is_none()), "not all is committed");
    }

    fn takes_too_long(&self, hand: &Hand, now: Duration) -> bool {
        let ledger = self.ledgers[hand.ticket.partition as usize].as_ref().expect("what is in hand is ours");
        let number = usize::try_from(hand.ticket.number).expect("a small number");
        let State::InHand(since) = ledger.records[number].state else { unreachable!("it is in hand") };
        self.rules.patience.is_some_and(|patience| since.saturating_add(patience) <= now)
    }

    /// The broker answers a commit. Whether there was one.
    pub(super) fn answer(&mut self, world: &mut World) -> bool {
        let Some(positions) = self.commits.pop_front() else { return false };
        let fails = world.fault(4);
        if fails && world.one_in(3) {
            self.answer_each(&positions, world);
            return true;
        }
        let mut arrived = !fails || world.chance.bool();
        for position in &positions {
            arrived =
                arrived && world.broker.log(position.partition).commit(self.id, position.offset, &mut world.tally);
        }
        if fails || !arrived {
            world.tally.note(Event::CommitFailed);
            let why = if world.chance.bool() { NotCommitted::Rebalance } else { NotCommitted::Refused };
            self.session.not_committed(&[], Some((7, why)), world.now);
            if why == NotCommitted::Rebalance {
                self.next_commit = self.next_commit.min(world.now + Duration::from_millis(100));
            }
            self.ledgers.iter_mut().flatten().for_each(|ledger| ledger.again = true);
            self.obey(world);
        }
        true
    }

    /// The broker takes some of the offsets.
    fn answer_each(&mut self, positions: &[Position], world: &mut World) {
        let mut failed = Vec::new();
        for position in positions {
            let arrived = world.chance.bool()
                && world.broker.log(position.partition).commit(self.id, position.offset, &mut world.tally);
            if !arrived {
                failed.push((position.partition, 7, NotCommitted::Refused));
                if let Some(ledger) = self.ledger(position.partition) {
                    ledger.again = true;
                }
            }
        }
        if !failed.is_empty() {
            world.tally.note(Event::PartlyCommitted);
            let told = self.session.not_committed(&failed, Some((7, NotCommitted::Refused)), world.now);
            assert_eq!(told.len(), failed.len());
        }
        self.obey(world);
    }

    /// Commits without an answer arrive before the partitions are somebody else's, or never.
    fn settle(&mut self, partitions: &[Partition], world: &mut World) {
        let mut arrives = true;
        for positions in &mut self.commits {
            arrives = arrives && !world.fault(2);
            positions.retain(|position| {
                let ends = partitions.contains(&position.partition);
                if ends && arrives {
                    world.broker.log(position.partition).commit(self.id, position.offset, &mut world.tally);
                }
                !ends
            });
        }
    }

    // ---- what the core says

    /// Does what the core says, then looks whether the core keeps its promises.
    fn obey(&mut self, world: &mut World) {
        while let Some(action) = self.session.action(world.now) {
            match action {
                Action::Pause(partition) => {
                    let client = &mut self.client[partition as usize];
                    assert!(!client.paused, "paused twice");
                    client.paused = true;
                    client.under_way = world.chance.usize(..3);
                    world.tally.note(Event::Paused);
                }
                Action::Resume(partition) => {
                    let Limit { records, bytes } = self.ledger(partition).expect("it is ours").buffered;
                    let Limit { records: most, bytes: most_bytes } = self.share();
                    assert!(records <= most / 2 && bytes <= most_bytes / 2, "resumed too early");
                    self.client[partition as usize].paused = false;
                    world.tally.note(Event::Resumed);
                }
                Action::Abandon(ticket) => self.abandon(ticket, world),
                Action::Commit(positions) => {
                    assert!(self.may_commit && !positions.is_empty(), "it is not the time, or there is nothing");
                    for position in &positions {
                        self.commits(position);
                    }
                    self.commits.push_back(positions);
                }
                Action::Opened(_) => {
                    self.pay(&action);
                    world.tally.note(Event::Opened);
                }
                Action::Closed => {
                    self.pay(&action);
                    world.tally.note(Event::Closed);
                }
                Action::Stop(ticket) => {
                    self.pay(&action);
                    (self.stopped, self.closing) = (true, true);
                    let cause = self.causes.remove(&id(&ticket));
                    assert!(cause.is_some(), "stopped without a cause");
                    let stopped = self.session.stopped().expect("it has stopped");
                    assert!(stopped.ticket != ticket || stopped.cause == cause, "another cause");
                    world.tally.note(Event::Stopped);
                }
            }
        }
        assert!(self.owed.is_empty(), "the core owes {:?}", self.owed);
        self.sort_out(world);
        self.check();
        // The thread that polls: what comes before it would wake by itself wakes it.
        let next = self.session.next_tick();
        assert!(self.session.wakes().poller || next >= self.asleep_until, "nobody is awake at {next:?}");
        self.asleep_until = next.min(world.now + Duration::from_millis(100));
        self.session.sleep(self.asleep_until);
    }

    fn pay(&mut self, action: &Action) {
        let owed = self.owed.iter().position(|owed| owed == action);
        self.owed.swap_remove(owed.unwrap_or_else(|| panic!("there is no reason for {action:?}")));
    }

    fn abandon(&mut self, ticket: Ticket, world: &mut World) {
        let index = self.hands.iter().position(|hand| hand.ticket == ticket).expect("it is in hand");
        let hand = self.hands.swap_remove(index);
        if self.ledger(ticket.partition).is_some_and(|ledger| ledger.epoch == ticket.epoch) {
            assert!(hand.work == Work::Handle && self.takes_too_long(&hand, world.now), "there is no reason for it");
            world.tally.note(Event::TookTooLong);
            let reason = Reason::TimedOut(self.rules.patience.expect("there is a limit"));
            self.unsent.remove(&id(&ticket));
            if let Some(outcome) = self.settles(&hand, Verdict::Retry, world) {
                if outcome == Outcome::Skipped {
                    world.tally.note(Event::SkippedForTime);
                }
                self.causes.remove(&id(&ticket));
                let told = self.told.iter().position(|told| *told == (ticket, outcome, reason.clone()));
                self.told.swap_remove(told.expect("it was to be told"));
            } else {
                self.causes.insert(id(&ticket), reason);
            }
        }
        self.late.push(hand);
    }

    fn commits(&mut self, position: &Position) {
        let ledger = self.ledger(position.partition).expect("what is committed is ours");
        assert_eq!((position.epoch, Some(position.offset)), (ledger.epoch, ledger.dirty()));
        (ledger.committed, ledger.again) = (ledger.done, false);
    }

    /// The limit of each partition.
    fn share(&self) -> Limit {
        let partitions = self.ledgers.iter().flatten().count().max(1);
        let Limit { records, bytes } = self.rules.buffer;
        Limit { records: (records / partitions).max(1), bytes: (bytes / partitions).max(1) }
    }

    fn check(&self) {
        let share = self.share();
        let mut buffered = 0;
        for ((partition, client), ledger) in (0..).zip(&self.client).zip(&self.ledgers) {
            let Some(ledger) = ledger else { continue };
            if let Some(last) = ledger.records.last() {
                let is_over = |record: &&Record| matches!(record.state, State::Finished | State::Popped);
                let unfinished = ledger.records[ledger.first..].iter().find(|record| !is_over(record));
                let is_past = |offset| self.session.is_past(partition, offset);
                assert_eq!(is_past(last.offset), unfinished.is_none(), "past the last record, or not");
                let is_at = |record: &Record| is_past(record.offset - 1) && !is_past(record.offset);
                assert!(unfinished.is_none_or(is_at), "not at the first unfinished record");
            }
            let Limit { records, bytes } = ledger.buffered;
            let full = records >= share.records || bytes >= share.bytes;
            let low = records <= share.records / 2 && bytes <= share.bytes / 2;
            assert!(client.paused || !full, "{records} records and {bytes} bytes are too many");
            assert!(!client.paused || !low, "paused with {records} records and {bytes} bytes");
            buffered += records;
        }
        let (in_hand, queued, _) = self.session.core().census();
        assert_eq!(in_hand, self.hands.len());
        assert!(queued + in_hand <= buffered, "queues hold more than there is");
        assert_eq!(self.session.closing().is_some(), self.closing, "it is to close, or not");
        assert!(self.outage.open.is_none() || !self.outage.waiting.is_empty(), "open for nothing");
        let is_ready =
            self.joined && !self.closing && !self.fatal && self.unsent.is_empty() && self.outage.waiting.is_empty();
        assert_eq!(self.session.is_ready(), is_ready, "it is ready, or not");
    }

    /// Whether everything that was received has come to its end; then nothing may be left over.
    pub(super) fn has_finished(&self) -> bool {
        let done = self.ledgers.iter().flatten().all(|ledger| ledger.buffered.records == 0);
        if done && !self.stopped {
            assert!(self.session.core().census().2 && self.session.gathered() == 0, "something is left over");
            assert!(self.causes.is_empty() && self.unsent.is_empty(), "something is left over");
            assert!(self.outage.waiting.is_empty() && self.outage.open.is_none(), "something is left over");
            assert!(self.client.iter().zip(&self.ledgers).all(|(client, ledger)| ledger.is_none() || !client.paused));
        }
        done
    }
}

impl World {
    fn verdict(&mut self, hand: &Hand) -> Verdict {
        let entry = &self.broker.logs[hand.ticket.partition as usize].entries[hand.entry];
        let rejected = match hand.work {
            // Only a better handler helps when a record stops the consumer.
            Work::Handle if entry.stubborn => return Verdict::Retry,
            Work::Handle => entry.poison && (self.faults || self.plan.rules.give_up.rejected != GiveUp::Stop),
            Work::Retry(_) => false,
            Work::DeadLetter(form) => form < entry.form,
        };
        // Batches have no such messages.
        if hand.work == Work::Handle
            && !self.plan.has_batches
            && self.faults
            && self.chance.u32(..400) < self.plan.failures
        {
            self.tally.note(Event::NotYet);
            Verdict::NotYet
        } else if rejected {
            if hand.work == Work::Handle { Verdict::Reject } else { Verdict::TooLarge }
        } else if self.faults && self.chance.u32(..100) < self.plan.failures {
            match (self.chance.u32(..12), hand.work) {
                (0, Work::Handle) => Verdict::Invalid,
                (0, _) | (1, Work::Handle) => Verdict::Reject,
                (1, _) => Verdict::TooLarge,
                (2 | 3, Work::Handle) => Verdict::Unavailable,
                (4, Work::Handle) => Verdict::Panic,
                (5, Work::Handle) => Verdict::RetryAfter(Duration::from_millis(self.chance.u64(..200))),
                _ => Verdict::Retry,
            }
        } else if hand.work == Work::Handle && self.one_in(12) {
            Verdict::Unhandled([Outcome::Done, Outcome::Ignored][self.chance.usize(..2)])
        } else {
            Verdict::Done
        }
    }
}

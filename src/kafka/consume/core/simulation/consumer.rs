//! A consumer: what its driver does for the core, and the ledgers that the core has to agree with.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::time::Duration;

use super::super::lane::Lane;
use super::super::{
    Action, Core, GiveUp, Incoming, Limit, NOT_YET, Order, Outcome, Partition, Position, Rules, Taken, Ticket, Verdict,
    Work,
};
use super::ledger::{Ledger, State};
use super::{Event, World};

#[expect(clippy::struct_excessive_bools, reason = "each says something of its own")]
pub(super) struct Consumer {
    pub(super) id: u64,
    pub(super) core: Core<Place>,
    rules: Rules,
    /// Its owner keeps the loop in his own hands.
    is_manual: bool,
    /// Whether the rules are those by which records are taken.
    governed: bool,
    epoch: u64,
    pub(super) ledgers: Vec<Option<Ledger>>,
    client: Vec<Client>,
    pub(super) hands: Vec<Hand>,
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
    /// Actions that the core owes.
    owed: Vec<Action>,
    ticked: Duration,
    may_commit: bool,
    next_commit: Duration,
}

/// What librdkafka knows of a partition.
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
}

impl Consumer {
    pub(super) fn new(id: u64, world: &mut World) -> Self {
        let is_manual = world.plan.is_manual;
        let governed = !is_manual && !world.one_in(4);
        let rules = if governed { world.plan.rules.clone() } else { world.plan.manual.clone() };
        world.tally.note(Event::Joined);
        Self {
            id,
            core: Core::new(rules.clone(), id),
            is_manual,
            governed,
            epoch: 0,
            ledgers: (0..world.plan.partitions).map(|_| None).collect(),
            client: vec![Client::default(); world.broker.logs.len()],
            hands: Vec::new(),
            late: Vec::new(),
            popped: Vec::new(),
            commits: VecDeque::new(),
            revoking: Vec::new(),
            expired: false,
            stopped: false,
            owed: Vec::new(),
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
        assert_eq!(partitions, self.core.partitions());
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
        self.core.assign(partitions);
        self.obey(world);
    }

    pub(super) fn revoke(&mut self, partitions: &[Partition], world: &mut World) {
        world.tally.note(Event::Revoked);
        self.revoking = partitions.to_vec();
        self.core.revoke(partitions);
        for &partition in partitions {
            self.ledger(partition).expect("it is ours").revoked = true;
        }
        for hand in std::mem::take(&mut self.hands) {
            let partition = hand.ticket.partition;
            let state = self.state(&hand.ticket);
            if *state == State::InHand(NOT_YET) && partitions.contains(&partition) {
                *state = State::GivenBack;
                self.core.give_back(&hand.ticket);
                world.tally.note(Event::GivenBack);
            } else {
                self.hands.push(hand);
            }
        }
        self.obey(world);
    }

    /// Whether nothing is waited for before the release.
    pub(super) fn is_idle(&self, now: Duration) -> bool {
        let idle = self.core.is_idle(&self.revoking);
        let in_hand = self.hands.iter().any(|hand| self.revoking.contains(&hand.ticket.partition));
        let ledgers = self.revoking.iter().filter_map(|partition| self.ledgers[*partition as usize].as_ref());
        let mut turns = ledgers.flat_map(|ledger| ledger.turns(&self.rules)).filter(|_| !self.stopped);
        if idle {
            assert!(!in_hand, "not idle with something in hand");
            assert!(turns.all(|(_, _, until)| self.may_wait(until)), "not idle with a hole");
        } else {
            assert!(in_hand || turns.any(|(_, from, _)| from <= now), "there is nothing to wait for");
        }
        idle
    }

    /// What failed at the time of the last tick may have to wait for another one.
    fn may_wait(&self, until: Duration) -> bool {
        until >= self.ticked && until > Duration::ZERO
    }

    pub(super) fn release(&mut self, world: &mut World) {
        let partitions = std::mem::take(&mut self.revoking);
        if self.hands.iter().any(|hand| partitions.contains(&hand.ticket.partition)) {
            world.tally.note(Event::RevokedInHand);
        }
        let idle = self.core.is_idle(&partitions);
        self.settle(&partitions, world);
        for &partition in &partitions {
            self.ledger(partition).expect("it is ours").again = true;
        }
        let positions = self.core.release(&partitions);
        for position in &positions {
            self.commits(position);
        }
        let arrives = !world.fault(5);
        for position in positions.iter().filter(|_| arrives) {
            world.broker.log(position.partition).commit(self.id, position.offset, &mut world.tally);
        }
        for &partition in &partitions {
            let ledger = self.ledgers[partition as usize].take().expect("it is ours");
            assert_eq!(ledger.dirty(), None, "released without being committed");
            let log = world.broker.log(partition);
            let from = if arrives && log.owner == Some(self.id) { log.committed } else { ledger.next() };
            let repeated = ledger.repeated(from, &self.rules);
            if idle && !self.stopped {
                assert!(repeated == 0 || ledger.leaves(self.ticked), "{repeated} records are repeated for nothing");
                world.tally.note(if repeated == 0 { Event::Released } else { Event::ReleasedWithHoles });
            }
        }
        self.obey(world);
        self.give_up(&partitions, world);
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
        self.core.lose(&partitions);
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
            due: entry.due,
            message: (partition, client.next),
        };
        // What comes of a partition that is not ours, or not for long, does not count.
        let ledger = self.ledgers[index].as_mut().filter(|ledger| !ledger.revoked);
        let counts = ledger.is_some();
        if let Some(ledger) = ledger {
            ledger.receive(client.next, entry);
            client.under_way = client.under_way.saturating_sub(1);
            client.next += 1;
        }
        self.core.receive(incoming, world.now);
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
        let hands = self.hands.len();
        while self.hands.len() < world.plan.hands {
            let ready = self.core.has_ready();
            let begun = if world.one_in(8) { NOT_YET } else { world.now };
            let Some(taken) = self.core.take(begun) else {
                self.nothing_waits();
                break;
            };
            assert!(ready, "it was to be told");
            self.takes(&taken, begun, world);
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
            self.core.unpop(&position, bytes, (position.partition, place));
        }
        let key = |&(partition, entry): &Place| world.broker.logs[partition as usize].entries[entry].key;
        self.core.govern(self.rules.clone(), key, world.now);
        world.tally.note(Event::Governed);
        self.obey(world);
    }

    fn takes(&mut self, taken: &Taken<Place>, begun: Duration, world: &mut World) {
        assert!(!self.stopped, "taken after the stop");
        let Ticket { partition, number, .. } = taken.ticket;
        let number = usize::try_from(number).expect("a small number");
        let rules = &self.rules;
        let ledger = self.ledgers[partition as usize].as_mut().expect("what is taken is ours");
        assert!(ledger.has_turn(number, rules), "taken out of turn: {taken:?}");
        if ledger.revoked {
            world.tally.note(Event::HoleTaken);
        }
        let epoch = ledger.epoch;
        let record = &mut ledger.records[number];
        let State::Waiting(from, _) = record.state else { unreachable!("it has its turn") };
        assert!(from <= world.now, "taken too early");
        record.state = State::InHand(begun);
        record.turn += 1;
        let ticket = Ticket {
            partition,
            epoch,
            number: number as u64,
            offset: record.offset,
            attempt: record.attempt,
            turn: record.turn,
        };
        assert_eq!((taken.ticket, taken.work, taken.message), (ticket, record.work, (partition, record.entry)));
        // Whoever owned the partition before: the record waits for all that come before it.
        let entries = &world.broker.logs[partition as usize].entries;
        let key = entries[record.entry].key;
        let before = &entries[..record.entry];
        match rules.order {
            Some(Order::Partition) => assert!(before.iter().all(|entry| entry.finished), "out of order"),
            Some(Order::Key) if key.is_some() => {
                assert!(before.iter().all(|entry| entry.finished || entry.key != key), "out of order");
            }
            _ => {}
        }
        let stuck = world.fault(10) && record.work == Work::Handle;
        self.hands.push(Hand { ticket, work: record.work, entry: record.entry, stuck });
    }

    fn nothing_waits(&self) {
        for ledger in self.ledgers.iter().flatten().filter(|_| !self.stopped) {
            for (number, _, until) in ledger.turns(&self.rules) {
                assert!(self.may_wait(until), "record {number} is forgotten");
            }
        }
    }

    fn pop(&mut self, world: &mut World) -> bool {
        let ready = self.core.has_ready();
        let Some((position, (_, entry))) = self.core.pop(world.now) else {
            self.nothing_waits();
            return false;
        };
        assert!(ready, "it was to be told");
        let ledger = self.ledger(position.partition).expect("what is popped is ours");
        assert!(!ledger.revoked, "popped after the revoke");
        let record = &ledger.records[ledger.first];
        assert_eq!((position.epoch, position.offset, entry), (ledger.epoch, record.offset, record.entry));
        let number = ledger.first;
        ledger.pop();
        self.popped.push((position, number));
        self.obey(world);
        true
    }

    /// Its owner says that all is done up to one of the records that he popped.
    pub(super) fn mark(&mut self, world: &mut World) -> bool {
        if self.popped.is_empty() {
            return false;
        }
        let (position, number) = self.popped.swap_remove(world.chance.usize(..self.popped.len()));
        let holds = self.core.holds(&position);
        let ours = self.core.mark(&position);
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
        let possible = |hand: &&Hand| !world.faults || !hand.stuck;
        let possible: Vec<_> = (0..self.hands.len()).filter(|index| possible(&&self.hands[*index])).collect();
        let Some(&index) = world.chance.choice(&possible) else { return false };
        let ticket = self.hands[index].ticket;
        let state = self.state(&ticket);
        if *state == State::InHand(NOT_YET) && world.fault(2) {
            *state = State::InHand(world.now);
            self.core.begin(&ticket, world.now);
            world.tally.note(Event::Begun);
            return true;
        }
        let hand = self.hands.swap_remove(index);
        if world.fault(8) {
            self.untake(hand, world);
            return true;
        }
        let verdict = world.verdict(&hand);
        let Ticket { partition, number, .. } = hand.ticket;
        let expected = self.settles(&hand, verdict, world);
        let outcome = self.core.finish(&hand.ticket, verdict, world.now);
        assert_eq!(outcome, expected, "{verdict:?} of {:?}", hand.work);
        if let Some(outcome) = outcome {
            world.tally.note(match outcome {
                Outcome::Done => Event::Done,
                Outcome::Retried => Event::Retried,
                Outcome::Parked => Event::Parked,
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
        true
    }

    /// Nobody says what came of it.
    fn untake(&mut self, hand: Hand, world: &mut World) {
        *self.state(&hand.ticket) = State::Waiting(Duration::ZERO, Duration::ZERO);
        self.core.untake(&hand.ticket);
        world.tally.note(Event::Untaken);
        self.late.push(hand);
        self.obey(world);
    }

    fn state(&mut self, ticket: &Ticket) -> &mut State {
        let number = usize::try_from(ticket.number).expect("a small number");
        &mut self.ledger(ticket.partition).expect("what is in hand is ours").records[number].state
    }

    /// What has to come of it.
    fn settles(&mut self, hand: &Hand, verdict: Verdict, world: &mut World) -> Option<Outcome> {
        let number = usize::try_from(hand.ticket.number).expect("a small number");
        let rules = &self.rules;
        let ledger = self.ledgers[hand.ticket.partition as usize].as_mut().expect("what is in hand is ours");
        let outcome = ledger.finish(number, verdict, world.now, rules);
        match ledger.records[number].state {
            State::Finished => world.broker.log(hand.ticket.partition).entries[hand.entry].finished = true,
            State::Stopped => self.owed.push(Action::Stop(hand.ticket)),
            _ => {}
        }
        outcome
    }

    /// A result that nobody waits for.
    pub(super) fn finish_late(&mut self, world: &mut World) {
        if self.late.is_empty() {
            return;
        }
        let hand = self.late.swap_remove(world.chance.usize(..self.late.len()));
        let verdict = [Verdict::Done, Verdict::Retry, Verdict::Reject, Verdict::TooLarge][world.chance.usize(..4)];
        assert_eq!(self.core.finish(&hand.ticket, verdict, world.now), None, "nobody waits for it");
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
        self.core.tick(now);
        self.may_commit = commits;
        self.obey(world);
        self.may_commit = false;
        let mut dirty = self.ledgers.iter().flatten().filter(|ledger| ledger.dirty().is_some());
        assert!(!commits || dirty.next().is_none(), "not all is committed");
        for hand in self.hands.iter().filter(|hand| hand.work == Work::Handle) {
            assert!(!self.takes_too_long(hand, now), "nothing may take so long");
        }
        let next = self.core.next_tick();
        assert!(now < next && next <= self.next_commit, "the next tick is at {next:?}");
        for (number, from, until) in self.ledgers.iter().flatten().flat_map(|ledger| ledger.turns(&self.rules)) {
            assert!(from <= now || next <= until, "the next tick is too late for record {number}");
        }
    }

    /// Its owner does not want to wait for the time.
    pub(super) fn commit(&mut self, world: &mut World) {
        self.core.commit();
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
        let mut arrived = !fails || world.chance.bool();
        for position in &positions {
            arrived =
                arrived && world.broker.log(position.partition).commit(self.id, position.offset, &mut world.tally);
        }
        if fails || !arrived {
            world.tally.note(Event::CommitFailed);
            self.core.commit_failed();
            self.ledgers.iter_mut().flatten().for_each(|ledger| ledger.again = true);
            self.obey(world);
        }
        true
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
        while let Some(action) = self.core.action() {
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
                Action::End(..) => self.pay(&action),
                Action::Stop(_) => {
                    self.pay(&action);
                    self.stopped = true;
                    world.tally.note(Event::Stopped);
                }
            }
        }
        assert!(self.owed.is_empty(), "the core owes {:?}", self.owed);
        self.check();
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
            if let Some(outcome) = self.settles(&hand, Verdict::Retry, world) {
                if outcome == Outcome::Skipped {
                    world.tally.note(Event::SkippedForTime);
                }
                self.owed.push(Action::End(ticket, outcome));
            }
        }
        self.late.push(hand);
    }

    fn commits(&mut self, position: &Position) {
        let ledger = self.ledger(position.partition).expect("what is committed is ours");
        assert_eq!((position.epoch, Some(position.offset)), (ledger.epoch, ledger.dirty()));
        (ledger.committed, ledger.again) = (ledger.done, false);
    }

    /// What each partition may hold.
    fn share(&self) -> Limit {
        let partitions = self.ledgers.iter().flatten().count().max(1);
        let Limit { records, bytes } = self.rules.buffer;
        Limit { records: (records / partitions).max(1), bytes: (bytes / partitions).max(1) }
    }

    fn check(&self) {
        let share = self.share();
        let mut buffered = 0;
        for (client, ledger) in self.client.iter().zip(&self.ledgers) {
            let Some(ledger) = ledger else { continue };
            let Limit { records, bytes } = ledger.buffered;
            let full = records >= share.records || bytes >= share.bytes;
            let low = records <= share.records / 2 && bytes <= share.bytes / 2;
            assert!(client.paused || !full, "{records} records and {bytes} bytes are too many");
            assert!(!client.paused || !low, "paused with {records} records and {bytes} bytes");
            buffered += records;
        }
        let in_hand: usize = self.core.lanes.values().map(|lane| lane.in_hand).sum();
        assert_eq!(in_hand, self.hands.len());
        let queued = self.core.ready.len() + self.core.timers.len();
        let aside: usize = self.core.lanes.values().map(|lane| lane.aside.len()).sum();
        assert!(queued + aside + in_hand <= buffered, "queues hold more than there is");
    }

    /// Whether everything that was received has come to its end; then nothing may be left over.
    pub(super) fn has_finished(&self) -> bool {
        let done = self.ledgers.iter().flatten().all(|ledger| ledger.buffered.records == 0);
        if done && !self.stopped {
            assert!(self.core.lanes.values().all(Lane::is_clear), "something is left over");
            assert!(self.core.ready.is_empty() && self.core.timers.is_empty(), "something is left over");
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
            Work::Handle => entry.poison && (self.faults || self.plan.rules.give_up != GiveUp::Stop),
            Work::Retry(_) => false,
            Work::DeadLetter(form) => form < entry.form,
        };
        if rejected {
            if hand.work == Work::Handle { Verdict::Reject } else { Verdict::TooLarge }
        } else if self.faults && self.chance.u32(..100) < self.plan.failures {
            match (self.chance.u32(..8), hand.work) {
                (0, _) | (1, Work::Handle) => Verdict::Reject,
                (1, _) => Verdict::TooLarge,
                _ => Verdict::Retry,
            }
        } else {
            Verdict::Done
        }
    }
}

//! One partition, from its assignment to its end.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::time::Duration;

use super::in_hand::InHand;
use super::record::{Action, Incoming, Origin, Partition, Position, Taken, Ticket, Work};
use super::rules::{Limit, Order};

#[derive(Debug)]
pub(super) struct Lane<M> {
    pub(super) epoch: u64,
    /// The partition is being revoked: only holes are taken any more.
    pub(super) revoked: bool,
    pub(super) paused: bool,
    /// From the first unfinished record on.
    records: VecDeque<Record<M>>,
    /// The number of the first of them.
    first: u64,
    /// The number of the first that has not been looked at: it is too far from the first unfinished one.
    admitted: u64,
    /// The number after the last finished record. An unfinished record before it is a hole.
    reach: u64,
    /// The last of the admitted, unfinished records of each key. The first of them has its turn, each
    /// knows the [`next`](Record::next).
    keys: HashMap<u64, u64, BuildHasherDefault<Hashed>>,
    /// The only records that may be taken, until they are finished.
    pub(super) holders: Vec<u64>,
    /// Records that became ready while the key was blocked.
    pub(super) aside: Vec<u64>,
    /// Records that were put back after a take, and not taken again.
    returned: BTreeSet<u64>,
    in_hand: InHand,
    /// The offset of the last record that was received.
    received: Option<i64>,
    /// The number and size of the unfinished records.
    buffered: Limit,
    /// The offset of the last record that is finished as are all before it.
    done: Option<Done>,
    /// Whether that is yet to be committed.
    dirty: bool,
}

/// For keys that are hashes already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The offset of a record, and the epoch of the leader that wrote it.
#[derive(Debug, Clone, Copy)]
struct Done {
    offset: i64,
    leader_epoch: i32,
}

#[derive(Debug)]
struct Record<M> {
    offset: i64,
    leader_epoch: i32,
    key: Option<u64>,
    bytes: usize,
    /// Gone when it is finished.
    message: Option<M>,
    due: Option<Duration>,
    work: Work,
    attempt: u32,
    taken: u32,
    /// How often it could not be forwarded, or not be loaded yet.
    unsent: u32,
    /// The place where it was first, if that is another.
    origin: Option<Origin>,
    /// How often in a row a dependency of its handler was away, and since when.
    away: Option<(u32, Duration)>,
    /// The number of the next record of the same key.
    next: Option<u64>,
}

impl<M> Record<M> {
    fn new(offset: i64, leader_epoch: i32, bytes: usize, message: M) -> Self {
        Self {
            offset,
            leader_epoch,
            key: None,
            bytes,
            message: Some(message),
            due: None,
            work: Work::Handle,
            attempt: 1,
            taken: 0,
            unsent: 0,
            origin: None,
            away: None,
            next: None,
        }
    }
}

/// A record whose turn it is.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) number: u64,
    /// Not before this.
    pub(super) due: Option<Duration>,
}

impl<M: Clone> Lane<M> {
    pub(super) fn new(epoch: u64) -> Self {
        Self {
            epoch,
            revoked: false,
            paused: false,
            records: VecDeque::new(),
            first: 0,
            admitted: 0,
            reach: 0,
            keys: HashMap::default(),
            holders: Vec::new(),
            aside: Vec::new(),
            returned: BTreeSet::new(),
            in_hand: InHand::default(),
            received: None,
            buffered: Limit { records: 0, bytes: 0 },
            done: None,
            dirty: false,
        }
    }

    fn index(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.first)?).ok()
    }

    fn record(&mut self, number: u64) -> Option<&mut Record<M>> {
        let index = self.index(number)?;
        self.records.get_mut(index)
    }

    fn end(&self) -> u64 {
        self.first + self.records.len() as u64
    }

    pub(super) fn push(&mut self, incoming: Incoming<M>) {
        self.buffered.records += 1;
        self.buffered.bytes += incoming.bytes;
        let Incoming { offset, leader_epoch, key, bytes, tried, origin, due, message, .. } = incoming;
        self.received = Some(offset);
        self.records.push_back(Record {
            key,
            due,
            attempt: tried.saturating_add(1),
            origin,
            ..Record::new(offset, leader_epoch, bytes, message)
        });
    }

    /// A record whose turn has come since the last call, if there is one.
    pub(super) fn next(&mut self, order: Option<Order>, span: u64) -> Option<Next> {
        while self.admitted < self.end() {
            if self.admitted - self.first >= Self::window(order, span) {
                return None;
            }
            let number = self.admitted;
            self.admitted += 1;
            let (key, due) = self.record(number).map(|record| (record.key, record.due))?;
            let behind_another = match (order, key) {
                (Some(Order::Key), Some(key)) => self.keys.insert(key, number),
                _ => None,
            };
            match behind_another.and_then(|last| self.record(last)) {
                Some(last) => last.next = Some(number),
                None => return Some(Next { number, due }),
            }
        }
        None
    }

    /// How far from the first unfinished record others may be taken.
    fn window(order: Option<Order>, span: u64) -> u64 {
        match order {
            Some(Order::Partition) => 1,
            Some(Order::Key) | None => span.max(1),
        }
    }

    /// Takes the record into hand.
    pub(super) fn take(&mut self, partition: Partition, number: u64, now: Duration) -> Option<Taken<M>> {
        let epoch = self.epoch;
        let record = self.record(number)?;
        let message = record.message.clone()?;
        record.taken += 1;
        let Record { offset, leader_epoch, attempt, taken, work, .. } = *record;
        self.in_hand.insert(number, now);
        self.returned.remove(&number);
        let ticket = Ticket { partition, epoch, number, offset, leader_epoch, attempt, taken };
        Some(Taken { ticket, work, message })
    }

    /// Takes the record after the last one whose turn it was, for a worker that has those before it in hand and handles
    /// it after them.
    pub(super) fn take_follower(&mut self, partition: Partition, now: Duration) -> Option<Taken<M>> {
        let number = self.admitted;
        let is_due = self.record(number)?.due.is_none_or(|due| due <= now);
        if self.revoked || !is_due {
            return None;
        }
        self.admitted += 1;
        self.take(partition, number, now)
    }

    /// Whether the record has no turn any more, now that it is in nobody's hands: it
    /// [followed](Self::take_follower) others that are not finished.
    pub(super) fn retract(&mut self, number: u64, order: Option<Order>) -> bool {
        let is_follower = order == Some(Order::Partition) && number > self.first;
        if is_follower {
            self.admitted = number;
        }
        is_follower
    }

    /// Takes the first record and forgets it: its receiver reports with [`mark`](Self::mark).
    pub(super) fn pop(&mut self, partition: Partition) -> Option<(Position, M)> {
        let Record { offset, leader_epoch, bytes, message, .. } = self.records.pop_front()?;
        self.first += 1;
        self.buffered.records -= 1;
        self.buffered.bytes -= bytes;
        Some((Position { partition, epoch: self.epoch, offset, leader_epoch }, message?))
    }

    /// The record that was popped last, back where it was: its number.
    pub(super) fn unpop(&mut self, position: &Position, bytes: usize, message: M) -> u64 {
        self.first -= 1;
        self.buffered.records += 1;
        self.buffered.bytes += bytes;
        self.records.push_front(Record::new(position.offset, position.leader_epoch, bytes, message));
        self.first
    }

    /// It is done up to this offset, if it was not further before.
    pub(super) fn mark(&mut self, &Position { offset, leader_epoch, .. }: &Position) {
        if self.done.is_none_or(|done| done.offset < offset) {
            self.done = Some(Done { offset, leader_epoch });
            self.dirty = true;
        }
    }

    /// Nothing has had its turn yet, and these are the keys.
    pub(super) fn rewind(&mut self, key: impl Fn(&M) -> Option<u64>) {
        self.admitted = self.first;
        self.keys.clear();
        for record in &mut self.records {
            record.key = record.message.as_ref().and_then(&key);
        }
    }

    /// Begins a record that was in hand and not handled.
    pub(super) fn begin(&mut self, ticket: &Ticket, now: Duration) {
        if self.is_in_hand(ticket) {
            self.in_hand.insert(ticket.number, now);
        }
    }

    /// Takes the record out of hand, and returns the work on it, unless the ticket is out of date.
    pub(super) fn put_back(&mut self, ticket: &Ticket) -> Option<Work> {
        let work = self.record(ticket.number).filter(|record| record.taken == ticket.taken)?.work;
        self.in_hand.remove(ticket.number).then_some(work)
    }

    /// The record was [put back](Self::put_back) as it was before its take.
    pub(super) fn has_returned(&mut self, number: u64) {
        self.returned.insert(number);
    }

    /// Whether it is in hand, and the ticket is the last.
    pub(super) fn is_in_hand(&self, ticket: &Ticket) -> bool {
        let record = self.index(ticket.number).and_then(|index| self.records.get(index));
        record.is_some_and(|record| record.taken == ticket.taken) && self.in_hand.has(ticket.number)
    }

    /// The records that have been in hand since this time or longer, and the work on each.
    pub(super) fn in_hand_since(&self, partition: Partition, time: Duration) -> impl Iterator<Item = (Ticket, Work)> {
        let late = self.in_hand.iter().filter(move |(_, since)| *since <= time);
        late.filter_map(move |(number, _)| {
            let &Record { offset, leader_epoch, attempt, taken, work, .. } = self.records.get(self.index(number)?)?;
            Some((Ticket { partition, epoch: self.epoch, number, offset, leader_epoch, attempt, taken }, work))
        })
    }

    /// Nothing later of the partition is taken before the record is finished, but for those that hold it, too: in their
    /// order, and after those before them that have returned.
    pub(super) fn hold(&mut self, number: u64) {
        if !self.holders.contains(&number) {
            self.holders.push(number);
        }
    }

    /// Whether the record must wait for earlier ones that hold the partition, or is left to its next owner. The latter are
    /// all but the holes, because records finished behind a hole cannot be committed before it.
    pub(super) fn is_held_up(&self, number: u64) -> bool {
        let is_left = |number: u64| self.revoked && number >= self.reach;
        let mut earlier = self.holders.iter().filter(|holder| **holder < number);
        let waits = if self.holders.contains(&number) {
            let has_returned = self.returned.first().is_some_and(|returned| *returned < number);
            has_returned || earlier.any(|holder| !self.in_hand.has(*holder))
        } else {
            earlier.next().is_some()
        };
        is_left(number) || waits
    }

    /// The record may be taken. Records of revoked partitions go first, because the other members of the group wait for
    /// them.
    pub(super) fn queue(&self, ready: &mut VecDeque<(Partition, u64)>, partition: Partition, number: u64) {
        if self.revoked {
            ready.push_front((partition, number));
        } else {
            ready.push_back((partition, number));
        }
    }

    /// The numbers of the records that were put aside and are held up no longer.
    pub(super) fn freed(&mut self) -> Vec<u64> {
        if self.aside.is_empty() {
            return Vec::new();
        }
        let (held_up, freed) = std::mem::take(&mut self.aside).into_iter().partition(|number| self.is_held_up(*number));
        self.aside = held_up;
        freed
    }

    /// The record is to be taken again, for this work.
    pub(super) fn again(&mut self, number: u64, work: Work, attempt: u32) {
        if let Some(record) = self.record(number) {
            record.work = work;
            record.attempt = attempt;
        }
    }

    /// The record could not be forwarded: how often that was so, this time included.
    pub(super) fn unsent(&mut self, number: u64) -> u32 {
        self.record(number).map_or(1, |record| {
            record.unsent = record.unsent.saturating_add(1);
            record.unsent
        })
    }

    /// The work on the record.
    pub(super) fn work(&self, number: u64) -> Option<Work> {
        self.records.get(self.index(number)?).map(|record| record.work)
    }

    /// The place where it was first, if that is another: it may have failed there before.
    pub(super) fn origin(&self, number: u64) -> Option<Origin> {
        self.records.get(self.index(number)?)?.origin
    }

    /// Since when a dependency of its handler is away, if one is.
    pub(super) fn away_since(&self, number: u64) -> Option<Duration> {
        self.records.get(self.index(number)?)?.away.map(|(_, since)| since)
    }

    /// A dependency of its handler is away: how often in a row that was so, this time included.
    pub(super) fn away(&mut self, number: u64, now: Duration) -> u32 {
        self.record(number).map_or(1, |record| {
            let (times, since) = record.away.unwrap_or((0, now));
            let times = times.saturating_add(1);
            record.away = Some((times, since));
            times
        })
    }

    /// The dependencies of its handler are there again.
    pub(super) fn back(&mut self, number: u64) {
        if let Some(record) = self.record(number) {
            record.away = None;
        }
    }

    /// The record is finished. The next of the same key has its turn, if there is one.
    pub(super) fn finish(&mut self, number: u64) -> Option<Next> {
        let record = self.record(number)?;
        record.message.take()?;
        let Record { key, bytes, next, .. } = *record;
        self.reach = self.reach.max(number + 1);
        self.buffered.records -= 1;
        self.buffered.bytes -= bytes;
        while let Some(&Record { message: None, offset, leader_epoch, .. }) = self.records.front() {
            self.done = Some(Done { offset, leader_epoch });
            self.dirty = true;
            self.first += 1;
            self.records.pop_front();
        }
        self.holders.retain(|holder| *holder != number);
        match next {
            Some(number) => self.record(number).map(|record| Next { number, due: record.due }),
            None => {
                self.keys.remove(&key?);
                None
            }
        }
    }

    /// The sum of what this partition and others hold in memory.
    pub(super) fn buffered_with(&self, others: Limit) -> Limit {
        Limit { records: others.records + self.buffered.records, bytes: others.bytes + self.buffered.bytes }
    }

    /// Up to where it is finished, if that is yet to be committed.
    pub(super) fn position(&mut self, partition: Partition) -> Option<Position> {
        let Done { offset, leader_epoch } = self.done.filter(|_| std::mem::take(&mut self.dirty))?;
        Some(Position { partition, epoch: self.epoch, offset, leader_epoch })
    }

    /// The last commit failed, or may fail.
    pub(super) fn commit_again(&mut self) {
        self.dirty = self.done.is_some();
    }

    /// Whether all records up to this offset are finished, and that one or a later one was received.
    pub(super) fn is_past(&self, offset: i64) -> bool {
        let is_later = |first: &Record<M>| first.offset > offset;
        self.received.is_some_and(|received| received >= offset) && self.records.front().is_none_or(is_later)
    }

    /// The offset of the next record to finish, as far as it is known.
    #[cfg(feature = "metrics024")]
    pub(super) fn next_offset(&self) -> Option<i64> {
        let waiting = || self.records.front().map(|record| record.offset);
        self.done.map(|done| done.offset + 1).or_else(waiting)
    }

    /// How many records are in hand.
    pub(super) fn in_hand(&self) -> usize {
        self.in_hand.len()
    }

    /// Whether nothing is left over.
    #[cfg(test)]
    pub(super) fn is_clear(&self) -> bool {
        let Self { records, keys, holders, aside, returned, in_hand, buffered, paused, .. } = self;
        let queues_are_empty = records.is_empty() && keys.is_empty() && holders.is_empty() && aside.is_empty();
        queues_are_empty
            && returned.is_empty()
            && in_hand.len() == 0
            && *buffered == Limit { records: 0, bytes: 0 }
            && !paused
    }

    /// Whether to pause or resume it, if either, when this much is its share.
    pub(super) fn pause_or_resume(&mut self, share: Limit) -> Option<fn(Partition) -> Action> {
        let full = self.buffered.records >= share.records || self.buffered.bytes >= share.bytes;
        let low = self.buffered.records <= share.records / 2 && self.buffered.bytes <= share.bytes / 2;
        match self.paused {
            false if full => {
                self.paused = true;
                Some(Action::Pause)
            }
            true if low => {
                self.paused = false;
                Some(Action::Resume)
            }
            _ => None,
        }
    }
}

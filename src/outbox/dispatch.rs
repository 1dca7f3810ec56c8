//! Which rows are sent when: the relay without its database, its broker and its clock.
//!
//! A row of a lane is sent when the one before it is acknowledged, and not before: if the two were in flight together and
//! the first failed, it would come behind the second.
//!
//! A row that is not acknowledged for a while is slow: the brokers of its partition may be away. It does not count against
//! the window, and the rows behind it are left to the table. So others pass a partition that is down.
//!
//! A topic that does not exist, or that the producer may not write to, is held: all of its rows stay in the table, and its
//! first one is tried again from time to time. So nothing of it is lost or overtaken, and it takes no room from others.
//!
//! A row that is too large may be refused together with others of its batch. So each of these is sent again while no
//! other row of its topic is in flight; what is refused then is parked.

use std::collections::{HashMap, HashSet, VecDeque};
use std::time::Duration;

use super::row::Row;
use crate::kafka::Refusal;

pub(super) struct Dispatch {
    /// How many rows it holds at most.
    window: usize,
    /// The lanes that had enough rows when it was last asked.
    full: Vec<i64>,
    /// Whether a topic is no longer held.
    is_freed: bool,
    /// The first rows of their lanes, and rows without a lane.
    ready: VecDeque<Row>,
    /// For each lane with a row that is ready or in flight, the rows behind it.
    lanes: HashMap<i64, VecDeque<Row>>,
    /// All rows that it holds, also those whose end is not stored.
    known: HashSet<i64>,
    /// When to look for slow rows again.
    next_slow: Duration,
    /// Rows in flight that are slow, with their lanes.
    slow: HashMap<i64, Option<i64>>,
    /// Topics with rows in flight, and those with trouble.
    topics: HashMap<String, Topic>,
    ended: Ended,
}

/// Rows whose end is not stored yet.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) sent: Vec<i64>,
    /// With the reasons.
    pub(super) parked: Vec<(i64, String)>,
}

#[derive(Default)]
struct Topic {
    /// The rows in flight, without the slow ones: since when, and their lanes.
    in_flight: HashMap<i64, (Duration, Option<i64>)>,
    /// The number of slow rows.
    slow: usize,
    /// Rows that were refused in company, because of their size.
    suspects: VecDeque<Row>,
    /// The suspect in flight.
    alone: Option<i64>,
    held: Option<Hold>,
}

/// A topic that refuses all rows.
struct Hold {
    until: Duration,
    pause: Duration,
    /// Whether its first row is tried.
    is_tried: bool,
}

impl Dispatch {
    const FIRST_PAUSE: Duration = Duration::from_secs(1);
    const LONGEST_PAUSE: Duration = Duration::from_secs(60);
    /// A row that is in flight for longer is slow.
    const SLOW: Duration = Duration::from_secs(3);
    /// How many windows of slow rows it holds: the producer's queue and the memory have their ends.
    const MOST_SLOW: usize = 10;

    pub(super) fn new(window: usize) -> Self {
        Self {
            window,
            full: Vec::new(),
            is_freed: false,
            ready: VecDeque::new(),
            lanes: HashMap::new(),
            known: HashSet::new(),
            next_slow: Duration::ZERO,
            slow: HashMap::new(),
            topics: HashMap::new(),
            ended: Ended::default(),
        }
    }

    /// How many more rows it takes.
    pub(super) fn room(&self) -> usize {
        let quick = self.known.len() - self.slow.len();
        let most = self.window.saturating_mul(Self::MOST_SLOW);
        self.window.saturating_sub(quick).min(most.saturating_sub(self.known.len()))
    }

    pub(super) fn is_idle(&self) -> bool {
        self.known.is_empty()
    }

    /// The rows that it holds: they are not to be added.
    pub(super) fn rows(&self) -> impl Iterator<Item = i64> {
        self.known.iter().copied()
    }

    /// How many rows of a lane it holds behind the first one: one that stands still leaves room for others.
    fn depth(&self) -> usize {
        (self.window / 20).max(1)
    }

    /// The lanes that have enough rows: later ones are not to be added.
    pub(super) fn full_lanes(&mut self) -> Vec<i64> {
        let depth = self.depth();
        let full = self.lanes.iter().filter(|(_, behind)| behind.len() >= depth);
        self.full = full.map(|(lane, _)| *lane).collect();
        self.full.iter().chain(self.slow.values().flatten()).copied().collect()
    }

    /// Notes which rows are slow.
    pub(super) fn note_slow(&mut self, now: Duration) {
        if now < self.next_slow {
            return;
        }
        self.next_slow = now + Self::SLOW / 6;
        for topic in self.topics.values_mut() {
            for (seq, (_, lane)) in topic.in_flight.extract_if(|_, (since, _)| *since + Self::SLOW <= now) {
                // It no longer keeps the others of its topic waiting.
                topic.alone.take_if(|alone| *alone == seq);
                topic.slow += 1;
                self.slow.insert(seq, lane);
                self.is_freed = true;
                let behind = lane.and_then(|lane| self.lanes.get_mut(&lane));
                for row in behind.into_iter().flat_map(|behind| behind.drain(..)) {
                    self.known.remove(&row.seq);
                }
            }
        }
    }

    /// Whether there may be rows that it would take now, and would not when it was last asked for full lanes.
    pub(super) fn wants_more(&mut self) -> bool {
        let depth = self.depth();
        let is_low = |lane| self.lanes.get(lane).is_none_or(|behind| behind.len() <= depth / 2);
        std::mem::take(&mut self.is_freed) || self.full.iter().any(is_low)
    }

    /// Whether a look at the table is worth its cost.
    pub(super) fn has_room(&self) -> bool {
        self.room() > 0 && self.room() >= self.window / 4
    }

    /// The topics whose rows are not to be added.
    pub(super) fn held(&self) -> impl Iterator<Item = &str> {
        self.topics.iter().filter(|(_, topic)| topic.held.is_some()).map(|(name, _)| &**name)
    }

    /// Takes rows in their order.
    pub(super) fn add(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.known.insert(row.seq);
            match row.lane.and_then(|lane| self.lanes.get_mut(&lane)) {
                Some(behind) => behind.push_back(row),
                None => {
                    if let Some(lane) = row.lane {
                        self.lanes.insert(lane, VecDeque::new());
                    }
                    self.ready.push_back(row);
                }
            }
        }
    }

    /// The rows that are to be sent now, all at the same time.
    pub(super) fn start(&mut self, now: Duration) -> Vec<Row> {
        let mut started = Vec::new();
        for row in std::mem::take(&mut self.ready) {
            let topic = self.topics.entry(row.topic.clone()).or_default();
            // Slow rows may take for ever: until they have landed, suspects wait, and not the others.
            let makes_way = !topic.suspects.is_empty() && topic.slow == 0;
            if topic.alone.is_none() && !makes_way {
                topic.in_flight.insert(row.seq, (now, row.lane));
                started.push(row);
            } else {
                self.ready.push_back(row);
            }
        }
        for topic in self.topics.values_mut().filter(|topic| topic.in_flight.is_empty() && topic.slow == 0) {
            if let Some(suspect) = topic.suspects.pop_front() {
                topic.alone = Some(suspect.seq);
                topic.in_flight.insert(suspect.seq, (now, suspect.lane));
                started.push(suspect);
            }
        }
        started
    }

    /// A row is acknowledged.
    pub(super) fn sent(&mut self, row: &Row) {
        let was_slow = self.slow.remove(&row.seq).is_some();
        self.is_freed |= was_slow;
        let topic = self.topics.entry(row.topic.clone()).or_default();
        topic.land(row.seq, was_slow);
        self.is_freed |= topic.held.take().is_some();
        self.ended.sent.push(row.seq);
        self.go_on(row);
    }

    /// A row is refused. Returns whether its topic is held from now on, and was not before.
    pub(super) fn refused(&mut self, row: Row, refusal: Refusal, reason: &str, now: Duration) -> bool {
        let was_slow = self.slow.remove(&row.seq).is_some();
        self.is_freed |= was_slow;
        let topic = self.topics.entry(row.topic.clone()).or_default();
        let was_alone = topic.land(row.seq, was_slow);
        match refusal {
            Refusal::Size if !was_alone => {
                topic.suspects.push_back(row);
                false
            }
            Refusal::Size | Refusal::Record => {
                // The topic takes rows: it has looked at this one.
                self.is_freed |= topic.held.take().is_some();
                self.ended.parked.push((row.seq, reason.to_owned()));
                self.go_on(&row);
                false
            }
            Refusal::Topic => {
                let pause = match &topic.held {
                    None => Some(Self::FIRST_PAUSE),
                    Some(held) if held.is_tried => Some((held.pause * 2).min(Self::LONGEST_PAUSE)),
                    // Another row was refused before this one: both were in flight.
                    Some(_) => None,
                };
                let is_new = topic.held.is_none();
                if let Some(pause) = pause {
                    topic.held = Some(Hold { until: now + pause, pause, is_tried: false });
                }
                self.forget(row);
                is_new
            }
        }
    }

    /// The next row of the lane is ready.
    fn go_on(&mut self, row: &Row) {
        let Some(lane) = row.lane else { return };
        match self.lanes.get_mut(&lane).and_then(VecDeque::pop_front) {
            Some(next) => self.ready.push_back(next),
            None => drop(self.lanes.remove(&lane)),
        }
    }

    /// Leaves a row, and all others of its topic that are not in flight, to the table.
    fn forget(&mut self, row: Row) {
        let name = row.topic.clone();
        let mut heads = vec![row];
        let (of_topic, others) = std::mem::take(&mut self.ready).into_iter().partition(|ready| ready.topic == name);
        self.ready = others;
        heads.append(&mut Vec::from(of_topic));
        if let Some(topic) = self.topics.get_mut(&name) {
            heads.extend(topic.suspects.drain(..));
        }
        for head in heads {
            self.known.remove(&head.seq);
            let behind = head.lane.and_then(|lane| self.lanes.remove(&lane)).unwrap_or_default();
            for row in behind {
                self.known.remove(&row.seq);
            }
        }
        // Behind rows in flight, whose lanes remain.
        for behind in self.lanes.values_mut().filter(|behind| behind.front().is_some_and(|row| row.topic == name)) {
            for row in behind.drain(..) {
                self.known.remove(&row.seq);
            }
        }
    }

    /// The topics whose first row is to be tried; each is answered by [`try_topic`](Self::try_topic).
    pub(super) fn topics_to_try(&self, now: Duration) -> Vec<String> {
        let is_due = |topic: &Topic| {
            let held = topic.held.as_ref();
            topic.in_flight.is_empty() && held.is_some_and(|held| !held.is_tried && held.until <= now)
        };
        self.topics.iter().filter(|(_, topic)| is_due(topic)).map(|(name, _)| name.clone()).collect()
    }

    /// When the next one is to be tried, unless a row of it is in flight.
    pub(super) fn next_try(&self) -> Option<Duration> {
        let topics = self.topics.values().filter(|topic| topic.in_flight.is_empty());
        topics.filter_map(|topic| topic.held.as_ref().filter(|held| !held.is_tried)).map(|held| held.until).min()
    }

    /// Tries a topic with its first row. A topic without rows is no longer held.
    pub(super) fn try_topic(&mut self, name: &str, first: Option<Row>) {
        let Some(topic) = self.topics.get_mut(name) else { return };
        match (&mut topic.held, first) {
            (Some(held), Some(first)) if !self.known.contains(&first.seq) => {
                held.is_tried = true;
                self.add([first]);
            }
            _ => topic.held = None,
        }
    }

    /// The rows whose end is to be stored.
    pub(super) fn ended(&self) -> &Ended {
        &self.ended
    }

    /// The end of these is stored.
    pub(super) fn settle(&mut self) {
        let Ended { sent, parked } = std::mem::take(&mut self.ended);
        for seq in sent.into_iter().chain(parked.into_iter().map(|(seq, _)| seq)) {
            self.known.remove(&seq);
        }
        self.topics.retain(|_, topic| {
            !topic.in_flight.is_empty() || topic.slow > 0 || !topic.suspects.is_empty() || topic.held.is_some()
        });
    }
}

impl Topic {
    /// A row is no longer in flight. Returns whether it was alone there.
    fn land(&mut self, seq: i64, was_slow: bool) -> bool {
        self.slow -= usize::from(was_slow);
        self.in_flight.remove(&seq);
        self.alone.take_if(|alone| *alone == seq).is_some()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn row(seq: i64, topic: &str, lane: Option<i64>) -> Row {
        Row { seq, topic: topic.to_owned(), lane, record: None }
    }

    fn seqs(rows: &[Row]) -> Vec<i64> {
        rows.iter().map(|row| row.seq).collect()
    }

    #[test]
    fn a_lane_goes_on_when_its_row_is_acknowledged() {
        let mut dispatch = Dispatch::new(10);
        dispatch.add([row(1, "t", Some(7)), row(2, "t", Some(7)), row(3, "t", None), row(4, "t", Some(8))]);
        let started = dispatch.start(Duration::ZERO);
        assert_eq!(seqs(&started), [1, 3, 4]);
        assert_eq!(dispatch.room(), 6);
        dispatch.sent(&started[0]);
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [2]);
        assert_eq!(dispatch.ended().sent, [1]);
        dispatch.settle();
        assert_eq!(dispatch.room(), 7);
    }

    #[test]
    fn a_row_that_is_refused_in_company_is_tried_alone() {
        let mut dispatch = Dispatch::new(10);
        dispatch.add((1..=3).map(|seq| row(seq, "t", Some(seq))));
        let started = dispatch.start(Duration::ZERO);
        for refused in &started[..2] {
            dispatch.refused(refused.clone(), Refusal::Size, "too large", Duration::ZERO);
        }
        dispatch.add([row(4, "t", None), row(5, "other", None)]);
        // The third is in flight still; another topic has nothing to do with it.
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [5]);
        dispatch.sent(&started[2]);
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [1]);
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [0; 0]);
        dispatch.refused(row(1, "t", Some(1)), Refusal::Size, "too large", Duration::ZERO);
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [2]);
        dispatch.sent(&row(2, "t", Some(2)));
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [4]);
        assert_eq!(dispatch.ended(), &Ended { sent: vec![3, 2], parked: vec![(1, "too large".to_owned())] });
    }

    #[test]
    fn a_topic_that_is_missing_waits_and_is_tried_with_its_first_row() {
        let second = Duration::from_secs(1);
        let mut dispatch = Dispatch::new(10);
        dispatch.add([row(1, "t", Some(1)), row(2, "t", Some(1)), row(3, "t", Some(3)), row(4, "t", Some(3))]);
        let started = dispatch.start(Duration::ZERO);
        assert!(dispatch.refused(started[0].clone(), Refusal::Topic, "", Duration::ZERO));
        assert_eq!((dispatch.held().collect::<Vec<_>>(), dispatch.room()), (vec!["t"], 9));
        assert!(!dispatch.refused(started[1].clone(), Refusal::Topic, "", Duration::ZERO));
        assert!(dispatch.is_idle());
        assert_eq!((dispatch.topics_to_try(Duration::ZERO), dispatch.next_try()), (vec![], Some(second)));
        assert_eq!(dispatch.topics_to_try(second), ["t"]);
        dispatch.try_topic("t", Some(row(1, "t", Some(1))));
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [1]);
        assert_eq!(dispatch.topics_to_try(second), [""; 0]);
        assert!(!dispatch.refused(row(1, "t", Some(1)), Refusal::Topic, "", second));
        assert_eq!(dispatch.next_try(), Some(3 * second));
        dispatch.try_topic("t", Some(row(1, "t", Some(1))));
        let started = dispatch.start(Duration::ZERO);
        dispatch.sent(&started[0]);
        assert_eq!(dispatch.held().count(), 0);
    }

    #[test]
    fn slow_rows_leave_room_for_others() {
        let mut dispatch = Dispatch::new(2);
        dispatch.add([row(1, "t", Some(1)), row(2, "t", Some(2))]);
        let started = dispatch.start(Duration::ZERO);
        dispatch.note_slow(Duration::from_secs(2));
        assert_eq!((dispatch.room(), dispatch.wants_more()), (0, false));
        dispatch.note_slow(Duration::from_secs(3));
        assert_eq!((dispatch.room(), dispatch.wants_more()), (2, true));
        let mut lanes = dispatch.full_lanes();
        lanes.sort_unstable();
        assert_eq!(lanes, [1, 2]);
        // As many as it has room for in the end.
        for number in 1..10 {
            let now = Duration::from_secs(10 * u64::try_from(number).unwrap());
            dispatch.add([row(2 * number + 1, "t", None), row(2 * number + 2, "t", None)]);
            assert_eq!(dispatch.start(now).len(), 2);
            dispatch.note_slow(now + Duration::from_secs(3));
        }
        assert_eq!((dispatch.known.len(), dispatch.room()), (20, 0));
        // One that is too large waits for them, and not the others.
        dispatch.refused(row(2, "t", Some(2)), Refusal::Size, "too large", Duration::ZERO);
        dispatch.add([row(100, "t", Some(100))]);
        assert_eq!(seqs(&dispatch.start(Duration::ZERO)), [100]);
        dispatch.sent(&row(100, "t", Some(100)));
        // One that is acknowledged makes room, and its lane goes on in the table.
        dispatch.sent(&started[0]);
        dispatch.settle();
        assert_eq!((dispatch.room(), dispatch.full_lanes(), dispatch.wants_more()), (1, vec![], true));
        assert!(!dispatch.is_idle());
    }

    /// A table, and a broker that answers in any order: nothing is lost, and no row overtakes another of its lane.
    #[test]
    fn nothing_is_lost_or_overtaken_in_any_schedule() {
        for seed in 0..500 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut table, mut all) = (BTreeMap::<i64, Row>::new(), BTreeMap::<i64, Row>::new());
            let mut dispatch = Dispatch::new(random.usize(1..12));
            let (mut in_flight, mut sent, mut parked) = (Vec::<Row>::new(), Vec::<i64>::new(), Vec::<i64>::new());
            let (mut now, mut added) = (Duration::ZERO, 0);
            // Too large, and never to be stored.
            let large: HashSet<i64> = (0..40).filter(|_| random.u8(..) < 20).collect();
            let mut missing = random.bool();
            while added < 40 || !table.is_empty() {
                now += Duration::from_millis(random.u64(0..2_000));
                if added < 40 && random.bool() {
                    let topic = random.usize(0..2);
                    let lane = random.bool().then(|| i64::try_from(topic).unwrap() * 10 + random.i64(0..3));
                    let row = row(added, ["a", "b"][topic], lane);
                    all.insert(added, row.clone());
                    table.insert(added, row);
                    added += 1;
                }
                missing &= random.u8(..) > 10;
                match random.u8(0..4) {
                    0 => {
                        let (rows, lanes) = (dispatch.rows().collect::<Vec<_>>(), dispatch.full_lanes());
                        let held: Vec<String> = dispatch.held().map(str::to_owned).collect();
                        let free = |row: &&Row| {
                            let is_behind = row.lane.is_some_and(|lane| lanes.contains(&lane));
                            !rows.contains(&row.seq) && !is_behind && !held.contains(&row.topic)
                        };
                        let fetched: Vec<Row> = table.values().filter(free).take(dispatch.room()).cloned().collect();
                        dispatch.add(fetched);
                    }
                    1 => {
                        dispatch.note_slow(now);
                        let started = dispatch.start(now);
                        for row in started {
                            let is_behind = |other: &&Row| other.lane.is_some() && other.lane == row.lane;
                            assert!(in_flight.iter().find(is_behind).is_none(), "seed {seed}");
                            in_flight.push(row);
                        }
                    }
                    2 if !in_flight.is_empty() => {
                        let row = in_flight.swap_remove(random.usize(0..in_flight.len()));
                        let is_beside = |other: &Row| other.topic == row.topic && large.contains(&other.seq);
                        let shares = in_flight.iter().any(is_beside);
                        if missing && row.topic == "b" {
                            dispatch.refused(row, Refusal::Topic, "missing", now);
                        } else if large.contains(&row.seq) || (shares && random.bool()) {
                            dispatch.refused(row, Refusal::Size, "too large", now);
                        } else {
                            sent.push(row.seq);
                            dispatch.sent(&row);
                        }
                    }
                    _ => {
                        let Ended { sent, parked: refused } = dispatch.ended().clone();
                        for seq in sent.into_iter().chain(refused.iter().map(|(seq, _)| *seq)) {
                            table.remove(&seq).unwrap();
                        }
                        parked.extend(refused.into_iter().map(|(seq, _)| seq));
                        dispatch.settle();
                        for topic in dispatch.topics_to_try(now) {
                            let first = table.values().find(|row| row.topic == topic).cloned();
                            dispatch.try_topic(&topic, first);
                        }
                    }
                }
                // A slow row that has landed counts until its end is stored.
                assert!(dispatch.known.len() <= dispatch.window * Dispatch::MOST_SLOW + 2, "seed {seed}");
                assert!(dispatch.slow.keys().all(|seq| dispatch.known.contains(seq)), "seed {seed}");
            }
            assert_eq!(sent.len() + parked.len(), 40, "seed {seed}");
            for lane in all.values().filter_map(|row| row.lane) {
                assert!(sent.iter().filter(|seq| all[seq].lane == Some(lane)).is_sorted(), "seed {seed}: {sent:?}");
            }
            assert_eq!(parked.iter().copied().collect::<HashSet<_>>(), large, "seed {seed}");
        }
    }
}

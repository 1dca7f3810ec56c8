//! Leads core and session through seeded schedules: consumers that join, leave, stall and crash, partitions that
//! move between them or are lost, handlers and forwards that take their time and fail, batches that nobody takes,
//! clients that fail for good, rights that are missing, revokes while a consumer closes, commits that do not arrive,
//! time that jumps, dependencies of handlers that are away, records that always fail.
//!
//! Beside each core a [`Ledger`] is kept of every partition: what has become of each record that was
//! received, so plainly that what may be taken, what has to be taken, what is paused and what is committed
//! can be read from it. After every call core and session have to agree with it. Then faults stop: everything has
//! to come to its end in a bounded number of rounds, and nothing may be left over.
//!
//! `SIMULATION_SCHEDULES` says how many schedules there are. One that fails prints its seed;
//! `SIMULATION_SEED` runs that one alone.

mod broker;
mod consumer;
mod ledger;
mod outage;
mod plan;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use fastrand::Rng;

use self::broker::Broker;
use self::consumer::Consumer;
use self::plan::Plan;
use super::super::core::Partition;
use super::outcome::Why;

#[test]
fn schedules() {
    let number = |name| std::env::var(name).ok().map(|value| value.parse::<u64>().expect("a number"));
    if let Some(seed) = number("SIMULATION_SEED") {
        run(seed);
        return;
    }
    let schedules = number("SIMULATION_SCHEDULES").unwrap_or(20_000);
    let next = AtomicU64::new(0);
    let tally = Mutex::new(Tally::default());
    let lead = || {
        let mut mine = Tally::default();
        loop {
            let seed = next.fetch_add(1, Relaxed);
            if seed >= schedules {
                break;
            }
            let _report = Report { seed, next: &next, schedules };
            mine.add(&run(seed));
        }
        tally.lock().expect("no thread panics with it").add(&mine);
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(lead);
        }
    });
    let tally = tally.into_inner().expect("no thread panics with it");
    let counts: Vec<_> = Event::ALL.iter().zip(tally.0).collect();
    println!("{schedules} schedules: {counts:?}");
    if schedules >= 1000 {
        assert!(tally.0.iter().all(|count| *count > 0), "not everything has happened: {counts:?}");
    }
}

/// Names the schedule that fails, and ends the others.
struct Report<'a> {
    seed: u64,
    next: &'a AtomicU64,
    schedules: u64,
}

impl Drop for Report<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.next.store(self.schedules, Relaxed);
            let seed = self.seed;
            eprintln!("schedule {seed} fails; alone: SIMULATION_SEED={seed} cargo test --lib simulation");
        }
    }
}

macro_rules! events {
    ($($event:ident,)*) => {
        /// Counts of events: a simulation in which one of them never happens would show nothing.
        #[derive(Debug, Clone, Copy)]
        enum Event {
            $($event,)*
        }

        impl Event {
            const ALL: &[Self] = &[$(Self::$event,)*];
        }
    };
}

events! {
    Done,
    Retried,
    Parked,
    Ignored,
    Unavailable,
    Opened,
    Closed,
    Probed,
    Barred,
    GaveUpUnavailable,
    GaveUpProbe,
    Dead,
    Skipped,
    SkippedForTime,
    TookTooLong,
    Late,
    Stopped,
    Paused,
    Resumed,
    Committed,
    CommitFailed,
    CommitRefused,
    Revoked,
    RevokedInHand,
    HoleTaken,
    GivenBack,
    Untaken,
    TakenBehind,
    Interrupted,
    Returned,
    Begun,
    PutBack,
    Delayed,
    PutBy,
    NotYet,
    HandlingPaused,
    HandlingResumed,
    Withheld,
    WithheldReleased,
    FailedForGood,
    FailedBefore,
    Unauthorized,
    WoundUp,
    RevokedWhileClosing,
    CauseTold,
    PartlyCommitted,
    Released,
    ReleasedWithHoles,
    Lost,
    Crashed,
    Joined,
    Governed,
    Repeated,
    OutOfOrder,
    Marked,
    MarkedInVain,
}

struct Tally([u64; Event::ALL.len()]);

impl Default for Tally {
    fn default() -> Self {
        Self([0; Event::ALL.len()])
    }
}

impl Tally {
    fn note(&mut self, event: Event) {
        self.0[event as usize] += 1;
    }

    fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }
}

/// The shared state of all consumers.
struct World {
    plan: Plan,
    broker: Broker,
    now: Duration,
    chance: Rng,
    /// Whether anything goes wrong from now on.
    faults: bool,
    tally: Tally,
}

impl World {
    fn one_in(&mut self, number: u32) -> bool {
        self.chance.u32(..number) == 0
    }

    /// Whether this goes wrong, as one in so many do.
    fn fault(&mut self, number: u32) -> bool {
        self.faults && self.one_in(number)
    }
}

/// Leads a schedule to its end.
fn run(seed: u64) -> Tally {
    let mut chance = Rng::with_seed(seed);
    let plan = Plan::new(&mut chance);
    let broker = Broker::new(&plan, &mut chance);
    let now = Duration::from_millis(chance.u64(1..1000));
    let world = World { plan, broker, now, chance, faults: true, tally: Tally::default() };
    let mut group = Group { world, consumers: Vec::new(), joined: 0 };
    for _ in 0..group.world.plan.consumers {
        group.join();
        group.assign();
    }
    for _ in 0..group.world.plan.steps {
        group.step();
    }
    group.calm_down();
    group.close()
}

struct Group {
    world: World,
    consumers: Vec<Consumer>,
    /// How many consumers there have been.
    joined: u64,
}

impl Group {
    fn step(&mut self) {
        match self.world.chance.u32(..100) {
            0 => self.rebalance(),
            1 if self.world.chance.bool() => self.crash(),
            1 => self.expire(),
            2 => self.join(),
            3..8 => self.assign(),
            8..12 => self.produce(),
            action => {
                if self.consumers.is_empty() {
                    self.join();
                }
                let consumer = self.world.chance.usize(..self.consumers.len());
                self.advance(consumer, action);
            }
        }
    }

    fn advance(&mut self, index: usize, action: u32) {
        let world = &mut self.world;
        let consumer = &mut self.consumers[index];
        if consumer.expired && world.one_in(8) {
            return consumer.lose(world);
        }
        if !consumer.revoking.is_empty() && world.one_in(4) && (consumer.is_idle(world.now) || world.one_in(4)) {
            return consumer.release(world);
        }
        if consumer.is_ending() && consumer.revoking.is_empty() && world.one_in(8) {
            return self.restart(index);
        }
        if consumer.is_closing() && world.one_in(6) {
            return consumer.wind_up(world);
        }
        if consumer.is_closing() && consumer.revoking.len() > 1 && world.one_in(4) {
            return consumer.release_one(world);
        }
        if world.fault(400) {
            let why = [Why::Fatal, Why::Unauthorized, Why::FatallyUnauthorized, Why::Passing][world.chance.usize(..4)];
            return consumer.fail(why, world);
        }
        match action {
            12..32 => {
                let partition = world.chance.u32(..world.plan.partitions);
                for _ in 0..world.chance.u32(1..=6) {
                    consumer.receive(partition, world);
                }
            }
            32..54 => _ = consumer.take(world),
            54..78 => _ = consumer.finish(world),
            78 => consumer.return_rest(world),
            79 if world.chance.bool() => consumer.put_by(world),
            79 => consumer.delay(world),
            80..84 => consumer.finish_late(world),
            84 => _ = consumer.mark(world),
            85 if world.chance.bool() => consumer.commit(world),
            85 if world.one_in(4) => consumer.pause(world),
            85 if world.chance.bool() => consumer.resume(world),
            85 => consumer.release_withheld(world),
            86..96 => {
                world.now = match world.chance.u32(..4) {
                    0 => world.now.max(consumer.session.next_tick()),
                    1 => world.now + Duration::from_millis(world.chance.u64(..1000)),
                    _ => world.now + Duration::from_millis(world.chance.u64(..10)),
                };
                consumer.tick(world);
            }
            _ => _ = consumer.answer(world),
        }
    }

    fn join(&mut self) {
        if self.consumers.len() < self.world.plan.consumers {
            self.joined += 1;
            self.consumers.push(Consumer::new(self.joined, &mut self.world));
        }
    }

    fn produce(&mut self) {
        let partition = self.world.chance.u32(..self.world.plan.partitions);
        let log = self.world.broker.log(partition);
        log.produced = log.entries.len().min(log.produced + self.world.chance.usize(..4));
    }

    /// Rebalances some partitions of one consumer, or all partitions of all consumers.
    fn rebalance(&mut self) {
        let eager = self.world.chance.bool();
        let one = self.world.chance.usize(..self.consumers.len().max(1));
        for (index, consumer) in self.consumers.iter_mut().enumerate() {
            let mut partitions = consumer.partitions();
            partitions.retain(|_| eager || self.world.chance.bool());
            if (eager || index == one) && consumer.revoking.is_empty() && !partitions.is_empty() {
                consumer.revoke(&partitions, &mut self.world);
            }
        }
    }

    /// Partitions without an owner become somebody's.
    fn assign(&mut self) {
        let may = |consumer: &Consumer| consumer.revoking.is_empty() && !consumer.expired && !consumer.is_ending();
        let candidates: Vec<_> = (0..self.consumers.len()).filter(|index| may(&self.consumers[*index])).collect();
        let Some(&index) = self.world.chance.choice(&candidates) else { return };
        let free = |partition: &Partition| self.world.broker.logs[*partition as usize].owner.is_none();
        let mut partitions: Vec<_> = (0..self.world.plan.partitions).filter(free).collect();
        partitions.retain(|_| !self.world.fault(3));
        self.consumers[index].assign(&partitions, &mut self.world);
    }

    fn crash(&mut self) {
        if self.consumers.is_empty() {
            return;
        }
        let index = self.world.chance.usize(..self.consumers.len());
        self.consumers.swap_remove(index).expire(&mut self.world);
        self.world.tally.note(Event::Crashed);
    }

    fn expire(&mut self) {
        if let Some(consumer) = self.consumers.iter_mut().find(|consumer| !consumer.expired) {
            consumer.expire(&mut self.world);
        }
    }

    /// A consumer that stopped gives up its partitions in good order, and another one takes its place.
    fn restart(&mut self, index: usize) {
        let mut consumer = self.consumers.swap_remove(index);
        consumer.close(&mut self.world);
        consumer.wind_up(&mut self.world);
        while !consumer.is_idle(self.world.now) && consumer.finish(&mut self.world) {}
        consumer.release(&mut self.world);
        self.join();
    }

    /// Nothing goes wrong any more: everything comes to its end.
    fn calm_down(&mut self) {
        self.world.faults = false;
        for consumer in &mut self.consumers {
            consumer.resume(&mut self.world);
            consumer.release_withheld(&mut self.world);
        }
        self.join();
        let logs = &mut self.world.broker.logs;
        for log in logs.iter_mut() {
            log.produced = log.entries.len();
        }
        let records: usize = logs.iter().map(|log| log.entries.len()).sum();
        // Each round but those that wait brings a record further. Records that always fail are tried until their time is
        // over.
        let has_stubborn = self.world.plan.stubborn.is_some();
        let mut rounds = 200 + records * if has_stubborn { 1000 } else { 10 };
        while !self.settled() {
            rounds = rounds.checked_sub(1).expect("everything comes to its end");
            let moved = self.round();
            if !moved || has_stubborn {
                let world = &mut self.world;
                let next = self.consumers.iter().map(|consumer| consumer.session.next_tick()).min();
                let next = next.filter(|_| !moved).unwrap_or(world.now + Duration::from_millis(10));
                world.now = world.now.max(next);
                self.consumers.iter_mut().for_each(|consumer| consumer.tick(world));
            }
        }
    }

    fn settled(&self) -> bool {
        self.world.broker.is_finished()
            && self
                .consumers
                .iter()
                .all(|consumer| !consumer.expired && !consumer.is_ending() && consumer.has_finished())
    }

    /// Everybody does what there is to do. Whether there was anything.
    fn round(&mut self) -> bool {
        let mut moved = false;
        if let Some(index) = self.consumers.iter().position(|consumer| consumer.is_ending() && !consumer.expired) {
            if !self.consumers[index].revoking.is_empty() {
                self.consumers[index].release(&mut self.world);
            }
            self.restart(index);
            moved = true;
        }
        self.assign();
        let world = &mut self.world;
        for consumer in &mut self.consumers {
            if consumer.expired {
                consumer.lose(world);
            }
            while consumer.finish(world) {
                moved = true;
            }
            if !consumer.revoking.is_empty() {
                while consumer.take(world) || consumer.finish(world) {}
                assert!(consumer.is_idle(world.now));
                consumer.release(world);
                moved = true;
            }
            for partition in 0..world.plan.partitions {
                while consumer.receive(partition, world) {
                    moved = true;
                }
            }
            while consumer.take(world) || consumer.mark(world) || consumer.answer(world) {
                moved = true;
            }
        }
        moved
    }

    /// Everybody leaves in good order, and nothing is left.
    fn close(mut self) -> Tally {
        for consumer in &mut self.consumers {
            let partitions = consumer.partitions();
            consumer.revoke(&partitions, &mut self.world);
            assert!(consumer.is_idle(self.world.now));
            consumer.release(&mut self.world);
            assert!(consumer.session.partitions().is_empty() && consumer.partitions().is_empty());
        }
        assert!(self.world.broker.is_finished());
        self.world.tally
    }
}

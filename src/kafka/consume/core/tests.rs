//! Each rule by itself; `simulation` shows what they come to together.

use std::time::Duration;

use super::{
    Action, Backoff, Core, GiveUp, Incoming, Limit, NOT_YET, Order, Outcome, Partition, Position, Rules, Taken,
    Verdict, Waiting, Work,
};

const NOW: Duration = Duration::from_secs(1);

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Without order, without limits that matter, without waiting.
fn rules() -> Rules {
    Rules {
        order: None,
        buffer: Limit { records: 100, bytes: 1000 },
        span: 100,
        attempts: 3,
        backoff: Backoff { first: millis(100), longest: millis(1000), jitter: 0.0 },
        forward_backoff: Backoff { first: millis(10), longest: millis(30), jitter: 0.0 },
        waiting: Waiting::Key,
        give_up: GiveUp::DeadLetter.into(),
        away_limit: None,
        breaker: None,
        breaker_patience: Backoff { first: minutes(5), longest: minutes(60), jitter: 0.0 },
        forms: 2,
        patience: None,
        commit_every: millis(5000),
    }
}

/// Partition 0 is ours.
fn core(rules: Rules) -> Core<i64> {
    let mut core = Core::new(rules, 7);
    core.assign(&[0]);
    assert_eq!(actions(&mut core), [Action::Resume(0)]);
    core
}

fn record(offset: i64, key: Option<u64>) -> Incoming<i64> {
    Incoming {
        partition: 0,
        offset,
        key,
        leader_epoch: -1,
        bytes: 10,
        tried: 0,
        origin: None,
        due: None,
        message: offset,
    }
}

/// Records of these keys, from offset 0 on.
fn receive(core: &mut Core<i64>, keys: &[Option<u64>]) {
    for (offset, key) in (0..).zip(keys) {
        core.receive(record(offset, *key), NOW);
    }
}

fn actions(core: &mut Core<i64>) -> Vec<Action> {
    std::iter::from_fn(|| core.action()).collect()
}

fn take(core: &mut Core<i64>, now: Duration) -> Vec<Taken<i64>> {
    std::iter::from_fn(|| core.take(now)).collect()
}

/// The records that can be taken.
fn offsets(core: &mut Core<i64>, now: Duration) -> Vec<i64> {
    take(core, now).iter().map(|taken| taken.ticket.offset).collect()
}

fn take_one(core: &mut Core<i64>, now: Duration) -> Taken<i64> {
    let mut taken = take(core, now);
    assert_eq!(taken.len(), 1);
    taken.remove(0)
}

fn position(partition: Partition, epoch: u64, offset: i64) -> Position {
    Position { partition, epoch, offset, leader_epoch: -1 }
}

/// The commits that are due.
fn committed(core: &mut Core<i64>, now: Duration) -> Option<i64> {
    core.tick(now);
    match actions(core).as_slice() {
        [] => None,
        [Action::Commit(positions)] => Some(positions[0].offset),
        other => panic!("{other:?}"),
    }
}

#[test]
fn by_partition_one_record_waits_for_the_other() {
    let mut core = core(Rules { order: Some(Order::Partition), ..rules() });
    receive(&mut core, &[Some(1), Some(2), None]);
    for offset in 0..3 {
        let taken = take_one(&mut core, NOW);
        assert_eq!((taken.ticket.offset, taken.work), (offset, Work::Handle));
        assert_eq!(core.finish(&taken.ticket, Verdict::Done, NOW), Some(Outcome::Done));
    }
}

#[test]
fn a_row_of_a_partition_is_taken_in_its_order_and_what_is_not_begun_is_where_it_was() {
    let mut core = core(Rules { order: Some(Order::Partition), ..rules() });
    receive(&mut core, &[None; 5]);
    let row = core.take_row(3, NOW);
    assert_eq!(row.iter().map(|taken| taken.ticket.offset).collect::<Vec<_>>(), [0, 1, 2]);
    // Nobody else has anything to do with the partition.
    assert!(core.take_row(3, NOW).is_empty());
    core.finish(&row[0].ticket, Verdict::Done, NOW);
    assert_eq!(core.finish(&row[1].ticket, Verdict::Retry, NOW), Some(Outcome::Parked));
    core.untake(&row[2].ticket);
    assert!(core.take_row(3, NOW).is_empty(), "the one that failed waits, and the others behind it");
    let later = NOW + millis(1000);
    core.tick(later);
    let row = core.take_row(9, later);
    assert_eq!(row.iter().map(|taken| taken.ticket.offset).collect::<Vec<_>>(), [1, 2, 3, 4]);
    for taken in &row {
        assert_eq!(core.finish(&taken.ticket, Verdict::Done, later), Some(Outcome::Done));
    }
    assert!(core.census().2, "nothing is left over");
}

#[test]
fn there_is_no_row_where_time_or_what_failed_counts() {
    let timed = Rules { patience: Some(millis(100)), ..rules() };
    for order in [None, Some(Order::Key), Some(Order::Partition)] {
        let mut core = core(Rules { order, ..timed.clone() });
        receive(&mut core, &[None; 3]);
        assert_eq!(core.take_row(3, NOW).len(), 1, "its time counts from when it is taken");
    }
    let mut core = core(Rules { waiting: Waiting::Partition, ..rules() });
    receive(&mut core, &[None; 3]);
    let row = core.take_row(3, NOW);
    core.finish(&row[0].ticket, Verdict::Retry, NOW);
    core.finish(&row[1].ticket, Verdict::Retry, NOW);
    core.untake(&row[2].ticket);
    let later = NOW + millis(1000);
    core.tick(later);
    let first = core.take_row(3, later);
    assert_eq!(first.len(), 1, "each of those that failed is taken alone");
}

/// The time for a look at what takes too long does not grow with what waits: each look at 200,000 records takes a
/// hundred times what is allowed here.
#[test]
fn a_tick_looks_at_what_is_in_hand_alone() {
    let shortest_tick = |records: usize| {
        let limit = Limit { records: usize::MAX, bytes: usize::MAX };
        let mut core = core(Rules { patience: Some(millis(900)), buffer: limit, ..rules() });
        receive(&mut core, &vec![None; records]);
        assert!(core.take(NOW).is_some());
        let ticks = (1..200).map(|tick| {
            let started = std::time::Instant::now();
            core.tick(NOW + millis(tick));
            started.elapsed()
        });
        ticks.min().unwrap()
    };
    let (few, many) = (shortest_tick(200), shortest_tick(200_000));
    assert!(many < few * 20 + Duration::from_micros(5), "{few:?} with 200 records, {many:?} with 200,000");
}

#[test]
fn by_key_one_record_waits_for_the_others_of_its_key() {
    let mut core = core(Rules { order: Some(Order::Key), ..rules() });
    receive(&mut core, &[Some(1), Some(2), Some(1), None, None, Some(1)]);
    let taken = take(&mut core, NOW);
    assert_eq!(taken.iter().map(|taken| taken.ticket.offset).collect::<Vec<_>>(), [0, 1, 3, 4]);
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    assert!(offsets(&mut core, NOW).is_empty());
    core.finish(&taken[0].ticket, Verdict::Done, NOW);
    let next = take_one(&mut core, NOW);
    assert_eq!(next.ticket.offset, 2);
    core.finish(&next.ticket, Verdict::Done, NOW);
    assert_eq!(offsets(&mut core, NOW), [5]);
}

#[test]
fn the_span_counts_from_the_first_unfinished_record() {
    let mut core = core(Rules { span: 3, ..rules() });
    receive(&mut core, &[None; 6]);
    let taken = take(&mut core, NOW);
    assert_eq!(taken.len(), 3);
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    assert!(offsets(&mut core, NOW).is_empty());
    core.finish(&taken[0].ticket, Verdict::Done, NOW);
    assert_eq!(offsets(&mut core, NOW), [3, 4]);
}

#[test]
fn committed_is_what_is_finished_without_a_gap_once() {
    let mut core = core(rules());
    for offset in [3, 7, 8] {
        core.receive(record(offset, None), NOW);
    }
    let taken = take(&mut core, NOW);
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    assert_eq!(committed(&mut core, millis(5000)), None);
    core.finish(&taken[0].ticket, Verdict::Done, NOW);
    assert_eq!(committed(&mut core, millis(9999)), None);
    assert_eq!(committed(&mut core, millis(10_000)), Some(7));
    assert_eq!(committed(&mut core, millis(15_000)), None);
    core.commit_failed();
    assert_eq!(committed(&mut core, millis(20_000)), Some(7));
    // The next owner reads the last committed position, so that must be this one.
    assert_eq!(core.release(&[0]), [position(0, 1, 7)]);
}

#[test]
fn a_result_counts_once() {
    let mut core = core(Rules { backoff: Backoff { first: millis(0), ..rules().backoff }, ..rules() });
    receive(&mut core, &[None]);
    let first = take_one(&mut core, NOW);
    assert_eq!(core.finish(&first.ticket, Verdict::Retry, NOW), Some(Outcome::Parked));
    assert_eq!(core.finish(&first.ticket, Verdict::Done, NOW), None);
    core.tick(NOW);
    let second = take_one(&mut core, NOW);
    assert_eq!((second.ticket.attempt, second.ticket.taken), (2, 2));
    assert_eq!(core.finish(&first.ticket, Verdict::Done, NOW), None);
    assert_eq!(core.finish(&second.ticket, Verdict::Done, NOW), Some(Outcome::Done));
    assert_eq!(core.finish(&second.ticket, Verdict::Done, NOW), None);
}

#[test]
fn an_assignment_that_is_over_has_no_effect() {
    let mut core = core(rules());
    receive(&mut core, &[None, None]);
    let old = take(&mut core, NOW);
    core.lose(&[0]);
    assert_eq!(actions(&mut core), [Action::Abandon(old[0].ticket), Action::Abandon(old[1].ticket)]);
    core.receive(record(2, None), NOW);
    core.assign(&[0]);
    receive(&mut core, &[None]);
    let new = take_one(&mut core, NOW);
    assert_eq!((new.ticket.number, new.ticket.epoch), (0, 2));
    assert_eq!(core.finish(&old[0].ticket, Verdict::Done, NOW), None);
    assert_eq!(core.finish(&new.ticket, Verdict::Done, NOW), Some(Outcome::Done));
    assert_eq!(core.release(&[0]), [position(0, 2, 0)]);
}

#[test]
fn a_partition_that_is_assigned_anew_starts_afresh() {
    let mut core = core(rules());
    receive(&mut core, &[None, None]);
    let taken = core.take(NOW).expect("the first");
    core.assign(&[0]);
    assert_eq!(actions(&mut core), [Action::Abandon(taken.ticket), Action::Resume(0)]);
    assert!(offsets(&mut core, NOW).is_empty());
    receive(&mut core, &[None]);
    assert_eq!(offsets(&mut core, NOW), [0]);
}

#[test]
fn what_is_lost_is_not_committed_nor_waited_for() {
    let mut core = core(rules());
    receive(&mut core, &[None, None]);
    let taken = take(&mut core, NOW);
    core.finish(&taken[0].ticket, Verdict::Done, NOW);
    core.finish(&taken[1].ticket, Verdict::Retry, NOW);
    assert_eq!(core.next_tick(), NOW + millis(100));
    core.lose(&[0]);
    assert_eq!(core.next_tick(), millis(5000));
    assert_eq!(committed(&mut core, millis(5000)), None);
}

#[test]
fn what_is_revoked_is_finished_but_not_begun() {
    let mut core = core(rules());
    core.assign(&[1]);
    receive(&mut core, &[None, None, None]);
    let taken = [core.take(NOW).expect("the first").ticket, core.take(NOW).expect("the second").ticket];
    actions(&mut core);
    core.revoke(&[0]);
    core.receive(record(3, None), NOW);
    core.receive(Incoming { partition: 1, ..record(9, None) }, NOW);
    assert_eq!(offsets(&mut core, NOW), [9]);
    assert_eq!(core.finish(&taken[0], Verdict::Done, NOW), Some(Outcome::Done));
    assert!(!core.is_idle(&[0]));
    assert_eq!(core.release(&[0]), [position(0, 1, 0)]);
    assert_eq!(actions(&mut core), [Action::Abandon(taken[1])]);
    assert!(core.is_idle(&[0]));
    assert_eq!(core.partitions(), [1]);
}

#[test]
fn holes_of_what_is_revoked_are_filled_first() {
    let mut core = core(Rules { order: Some(Order::Key), ..rules() });
    core.assign(&[1]);
    core.receive(Incoming { partition: 1, ..record(7, None) }, NOW);
    receive(&mut core, &[Some(1), Some(1), Some(1), Some(2), Some(2), None, Some(1)]);
    assert_eq!(core.take(NOW).expect("of the other partition").ticket.offset, 7);
    let taken = [core.take(NOW).expect("the first").ticket, core.take(NOW).expect("of another key").ticket];
    assert_eq!(taken.map(|ticket| ticket.offset), [0, 3]);
    core.receive(Incoming { partition: 1, ..record(8, None) }, NOW);
    core.finish(&taken[1], Verdict::Done, NOW);
    core.revoke(&[0]);
    // The next of the first key is a hole as soon as it has its turn. Those behind the last that is finished are
    // left to the next owner, until that is another one.
    assert_eq!(offsets(&mut core, NOW), [8]);
    core.finish(&taken[0], Verdict::Done, NOW);
    assert!(!core.is_idle(&[0]));
    core.receive(Incoming { partition: 1, ..record(9, None) }, NOW);
    let second = core.take(NOW).expect("the hole");
    assert_eq!(second.ticket.offset, 1);
    core.finish(&second.ticket, Verdict::Done, NOW);
    assert_eq!(offsets(&mut core, NOW), [2, 9]);
    assert!(!core.is_idle(&[0]));
}

#[test]
fn what_the_group_waits_for_goes_before_other_partitions() {
    let mut core = core(rules());
    core.assign(&[1]);
    receive(&mut core, &[None, None]);
    let taken = take(&mut core, NOW);
    core.finish(&taken[0].ticket, Verdict::Retry, NOW);
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    core.receive(Incoming { partition: 1, ..record(8, None) }, NOW);
    core.tick(NOW + millis(100));
    core.revoke(&[0]);
    assert_eq!(offsets(&mut core, NOW), [0, 8]);
}

#[test]
fn what_is_idle_repeats_nothing_unless_a_failed_record_waits() {
    let mut core = core(Rules { order: Some(Order::Key), ..rules() });
    receive(&mut core, &[Some(1), Some(1), Some(2), Some(3), Some(1)]);
    let taken = take(&mut core, NOW);
    core.revoke(&[0]);
    core.finish(&taken[2].ticket, Verdict::Done, NOW);
    core.finish(&taken[1].ticket, Verdict::Reject, NOW);
    assert_eq!(core.finish(&taken[0].ticket, Verdict::Done, NOW), Some(Outcome::Done));
    let [second, dead] = <[_; 2]>::try_from(take(&mut core, NOW)).expect("two holes");
    let works = [&second, &dead].map(|taken| (taken.ticket.offset, taken.work));
    assert_eq!(works, [(1, Work::Handle), (2, Work::DeadLetter(0))]);
    assert!(!core.is_idle(&[0]));
    core.finish(&dead.ticket, Verdict::Done, NOW);
    assert_eq!(core.finish(&second.ticket, Verdict::Retry, NOW), Some(Outcome::Parked));
    // Nobody waits for its time, but it is taken if that comes.
    assert!(core.is_idle(&[0]));
    core.tick(NOW + millis(100));
    actions(&mut core);
    assert!(!core.is_idle(&[0]));
    let second = take_one(&mut core, NOW);
    core.finish(&second.ticket, Verdict::Done, NOW);
    assert!(core.is_idle(&[0]));
    assert_eq!(core.release(&[0]), [position(0, 1, 3)]);
}

#[test]
fn what_stops_the_consumer_leaves_its_holes() {
    let mut core = core(Rules { order: Some(Order::Key), give_up: GiveUp::Stop.into(), ..rules() });
    receive(&mut core, &[Some(1), Some(1), Some(2), Some(3)]);
    let taken = take(&mut core, NOW);
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    core.finish(&taken[2].ticket, Verdict::Reject, NOW);
    core.finish(&taken[0].ticket, Verdict::Done, NOW);
    core.revoke(&[0]);
    assert!(core.is_idle(&[0]));
    assert_eq!(core.release(&[0]), [position(0, 1, 0)]);
}

#[test]
fn a_failed_record_waits_longer_each_time() {
    let mut core = core(Rules { order: Some(Order::Partition), waiting: Waiting::Partition, ..rules() });
    receive(&mut core, &[None, None]);
    let mut now = NOW;
    for (attempt, pause) in [(1, 100), (2, 200)] {
        let taken = take_one(&mut core, now);
        assert_eq!((taken.ticket.offset, taken.ticket.attempt), (0, attempt));
        assert_eq!(core.finish(&taken.ticket, Verdict::Retry, now), Some(Outcome::Retried));
        assert_eq!(core.next_tick(), now + millis(pause));
        core.tick(now + millis(pause - 1));
        assert!(offsets(&mut core, now).is_empty());
        now += millis(pause);
        core.tick(now);
    }
    let last = take_one(&mut core, now);
    assert_eq!(core.finish(&last.ticket, Verdict::Retry, now), None);
    assert_eq!(take_one(&mut core, now).work, Work::DeadLetter(0));
}

#[test]
fn the_partition_waits_for_all_that_failed() {
    let mut core = core(Rules { waiting: Waiting::Partition, ..rules() });
    receive(&mut core, &[None; 4]);
    let first = core.take(NOW).expect("the first");
    let second = core.take(NOW).expect("the second");
    core.finish(&first.ticket, Verdict::Retry, NOW);
    core.finish(&second.ticket, Verdict::Retry, NOW);
    assert!(offsets(&mut core, NOW).is_empty());
    let later = NOW + millis(100);
    core.tick(later);
    let again = take(&mut core, later);
    assert_eq!(again.iter().map(|taken| taken.ticket.offset).collect::<Vec<_>>(), [0, 1]);
    core.finish(&again[0].ticket, Verdict::Done, later);
    assert!(offsets(&mut core, later).is_empty());
    core.finish(&again[1].ticket, Verdict::Done, later);
    assert_eq!(offsets(&mut core, later), [2, 3]);
}

#[test]
fn a_parked_key_stops_no_other() {
    let mut core = core(Rules { order: Some(Order::Key), ..rules() });
    receive(&mut core, &[Some(1), Some(1), Some(2), Some(2)]);
    let taken = take(&mut core, NOW);
    assert_eq!(core.finish(&taken[0].ticket, Verdict::Retry, NOW), Some(Outcome::Parked));
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    assert_eq!(offsets(&mut core, NOW), [3]);
    core.tick(NOW + millis(100));
    let again = take_one(&mut core, NOW + millis(100));
    assert_eq!(again.ticket.offset, 0);
    core.finish(&again.ticket, Verdict::Done, NOW);
    assert_eq!(offsets(&mut core, NOW), [1]);
}

#[test]
fn nothing_waits_for_what_goes_to_a_topic_for_retries() {
    let mut core = core(Rules { order: Some(Order::Partition), waiting: Waiting::Nothing, ..rules() });
    core.receive(Incoming { tried: 1, ..record(0, None) }, NOW);
    core.receive(record(1, None), NOW);
    let taken = take_one(&mut core, NOW);
    assert_eq!(taken.ticket.attempt, 2);
    assert_eq!(core.finish(&taken.ticket, Verdict::Retry, NOW), None);
    let forward = take_one(&mut core, NOW);
    assert_eq!((forward.ticket.offset, forward.work), (0, Work::Retry(2)));
    assert_eq!(core.finish(&forward.ticket, Verdict::Done, NOW), Some(Outcome::Retried));
    assert_eq!(offsets(&mut core, NOW), [1]);
}

#[test]
fn what_was_tried_before_has_fewer_attempts_left_and_waits_until_it_is_due() {
    let mut core = core(rules());
    let due = NOW + millis(50);
    core.receive(Incoming { tried: 2, due: Some(due), ..record(0, None) }, NOW);
    assert!(offsets(&mut core, NOW).is_empty());
    assert_eq!(core.next_tick(), due);
    core.tick(due);
    let taken = take_one(&mut core, due);
    assert_eq!(taken.ticket.attempt, 3);
    core.finish(&taken.ticket, Verdict::Retry, due);
    assert_eq!(take_one(&mut core, due).work, Work::DeadLetter(0));
    // The number is read from a header, where anything may stand.
    core.receive(Incoming { tried: u32::MAX, ..record(1, None) }, due);
    assert_eq!(take_one(&mut core, due).ticket.attempt, u32::MAX);
}

#[test]
fn a_dead_letter_waits_out_trouble_and_shrinks_when_it_is_too_large() {
    let mut core = core(rules());
    receive(&mut core, &[None]);
    let taken = take_one(&mut core, NOW);
    assert_eq!(core.finish(&taken.ticket, Verdict::Reject, NOW), None);
    let first = take_one(&mut core, NOW);
    assert_eq!((first.work, first.ticket.taken), (Work::DeadLetter(0), 2));
    assert_eq!(core.finish(&first.ticket, Verdict::Retry, NOW), None);
    assert!(offsets(&mut core, NOW).is_empty());
    assert_eq!(core.next_tick(), NOW + millis(10));
    core.tick(NOW + millis(10));
    let again = take_one(&mut core, NOW);
    assert_eq!((again.work, again.ticket.attempt), (Work::DeadLetter(0), 1));
    assert_eq!(core.finish(&again.ticket, Verdict::TooLarge, NOW), None);
    let small = take_one(&mut core, NOW);
    assert_eq!(small.work, Work::DeadLetter(1));
    assert_eq!(core.finish(&small.ticket, Verdict::Done, NOW), Some(Outcome::Dead));
    assert_eq!(core.release(&[0]), [position(0, 1, 0)]);
}

#[test]
fn a_dead_letter_waits_by_its_own_tries_and_not_by_those_of_the_handler() {
    let mut core = core(Rules { attempts: 4, ..rules() });
    receive(&mut core, &[None]);
    let mut now = NOW;
    for _ in 0..4 {
        let taken = take_one(&mut core, now);
        core.finish(&taken.ticket, Verdict::Retry, now);
        now += millis(1000);
        core.tick(now);
    }
    for pause in [10, 20, 30, 30] {
        let letter = take_one(&mut core, now);
        assert_eq!(letter.work, Work::DeadLetter(0));
        assert_eq!(core.finish(&letter.ticket, Verdict::Retry, now), None);
        core.tick(now + millis(pause - 1));
        assert!(offsets(&mut core, now).is_empty());
        now += millis(pause);
        core.tick(now);
    }
}

#[test]
fn the_consumer_stops_for_a_dead_letter_that_is_too_large_in_every_form() {
    let mut core = core(Rules { forms: 1, ..rules() });
    receive(&mut core, &[None]);
    let taken = take_one(&mut core, NOW);
    core.finish(&taken.ticket, Verdict::Reject, NOW);
    let dead = take_one(&mut core, NOW);
    assert_eq!(core.finish(&dead.ticket, Verdict::TooLarge, NOW), None);
    assert_eq!(actions(&mut core), [Action::Stop(dead.ticket)]);
}

#[test]
fn the_consumer_stops_for_a_dead_letter_that_is_refused() {
    let mut core = core(Rules { forms: 3, ..rules() });
    receive(&mut core, &[None, None, None]);
    let taken = [core.take(NOW).expect("the first"), core.take(NOW).expect("the second")];
    core.finish(&taken[0].ticket, Verdict::Reject, NOW);
    let dead = core.take(NOW).expect("the dead letter");
    assert_eq!(core.finish(&dead.ticket, Verdict::Reject, NOW), None);
    assert_eq!(actions(&mut core), [Action::Stop(dead.ticket)]);
    // Records in hand may finish, but no commit passes an unfinished record.
    assert!(offsets(&mut core, NOW).is_empty());
    assert_eq!(core.finish(&taken[1].ticket, Verdict::Done, NOW), Some(Outcome::Done));
    assert!(core.is_idle(&[0]));
    assert!(core.release(&[0]).is_empty());
}

#[test]
fn what_failed_is_skipped_or_stops_the_consumer_by_rule() {
    let mut skips = core(Rules { give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut skips, &[None]);
    let taken = take_one(&mut skips, NOW);
    assert_eq!(skips.finish(&taken.ticket, Verdict::Reject, NOW), Some(Outcome::Skipped));
    assert_eq!(skips.release(&[0]), [position(0, 1, 0)]);

    let mut stops = core(Rules { give_up: GiveUp::Stop.into(), ..rules() });
    receive(&mut stops, &[None]);
    let taken = take_one(&mut stops, NOW);
    assert_eq!(stops.finish(&taken.ticket, Verdict::Reject, NOW), None);
    assert_eq!(actions(&mut stops), [Action::Stop(taken.ticket)]);
    assert!(stops.release(&[0]).is_empty());
}

/// Whatever is to become of records that failed: this one has not.
#[test]
fn what_the_consumer_is_not_set_up_for_stops_it() {
    for give_up in [GiveUp::DeadLetter, GiveUp::Skip, GiveUp::Stop] {
        let mut core = core(Rules { give_up: give_up.into(), ..rules() });
        receive(&mut core, &[None]);
        let taken = take_one(&mut core, NOW);
        assert_eq!(core.finish(&taken.ticket, Verdict::Stop, NOW), None);
        assert_eq!(actions(&mut core), [Action::Stop(taken.ticket)]);
        assert!(core.release(&[0]).is_empty());
    }
}

#[test]
fn forwards_go_before_what_has_not_begun() {
    let mut core = core(rules());
    receive(&mut core, &[None, None]);
    let taken = core.take(NOW).expect("the first");
    core.finish(&taken.ticket, Verdict::Reject, NOW);
    assert_eq!(offsets(&mut core, NOW), [0, 1]);
}

#[test]
fn a_handler_that_takes_too_long_has_failed() {
    let mut core = core(Rules { patience: Some(millis(300)), attempts: 2, give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut core, &[None]);
    let mut now = NOW;
    let first = take_one(&mut core, now);
    assert_eq!(core.tick(now + millis(299)), []);
    assert!(actions(&mut core).is_empty());
    now += millis(300);
    assert_eq!(core.tick(now), [(first.ticket, Some(Outcome::Parked))]);
    assert_eq!(actions(&mut core), [Action::Abandon(first.ticket)]);
    assert!(!core.waits_for(&first.ticket));
    assert_eq!(core.finish(&first.ticket, Verdict::Done, now), None);
    now += millis(100);
    core.tick(now);
    let second = take_one(&mut core, now);
    assert_eq!(second.ticket.attempt, 2);
    assert!(core.waits_for(&second.ticket) && !core.waits_for(&first.ticket));
    assert_eq!(core.tick(now + millis(300)), [(second.ticket, Some(Outcome::Skipped))]);
    assert_eq!(actions(&mut core), [Action::Abandon(second.ticket)]);
    assert_eq!(core.release(&[0]), [position(0, 1, 0)]);
}

#[test]
fn the_time_of_what_is_put_by_begins_later_and_once() {
    let backoff = Backoff { first: millis(0), ..rules().backoff };
    let mut core = core(Rules { patience: Some(millis(300)), backoff, ..rules() });
    receive(&mut core, &[None]);
    let abandons = |core: &mut Core<i64>, taken: &Taken<i64>, now| {
        core.tick(now);
        actions(core).contains(&Action::Abandon(taken.ticket))
    };
    let first = take_one(&mut core, NOT_YET);
    assert!(!abandons(&mut core, &first, NOW + millis(1000)));
    core.begin(&first.ticket, NOW + millis(1000));
    assert!(!abandons(&mut core, &first, NOW + millis(1299)));
    assert!(abandons(&mut core, &first, NOW + millis(1300)));

    // Nobody waits for the first any more: the second has its own time, in this assignment and the next.
    let now = NOW + millis(1300);
    let second = take_one(&mut core, now);
    core.begin(&first.ticket, now + millis(200));
    assert!(abandons(&mut core, &second, now + millis(300)));
    core.assign(&[0]);
    receive(&mut core, &[None]);
    let new = take_one(&mut core, now);
    assert_eq!(new.ticket.taken, first.ticket.taken);
    core.begin(&first.ticket, now + millis(200));
    assert!(abandons(&mut core, &new, now + millis(300)));
}

#[test]
fn a_forward_may_take_as_long_as_it_does() {
    let mut core = core(Rules { patience: Some(millis(300)), ..rules() });
    receive(&mut core, &[None]);
    let taken = take_one(&mut core, NOW);
    core.finish(&taken.ticket, Verdict::Reject, NOW);
    let forward = take_one(&mut core, NOW);
    core.tick(NOW + millis(1000));
    assert!(actions(&mut core).is_empty());
    assert_eq!(core.finish(&forward.ticket, Verdict::Done, NOW), Some(Outcome::Dead));
}

#[test]
fn a_full_partition_is_paused_until_half_of_its_share_is_finished() {
    let mut core = core(Rules { buffer: Limit { records: 8, bytes: 80 }, ..rules() });
    core.assign(&[1]);
    actions(&mut core);
    receive(&mut core, &[None; 3]);
    assert!(actions(&mut core).is_empty());
    core.receive(record(3, None), NOW);
    assert_eq!(actions(&mut core), [Action::Pause(0)]);
    // Records under way are kept.
    core.receive(record(4, None), NOW);
    let taken = take(&mut core, NOW);
    assert_eq!(taken.len(), 5);
    for taken in &taken[..2] {
        core.finish(&taken.ticket, Verdict::Done, NOW);
    }
    assert!(actions(&mut core).is_empty());
    core.finish(&taken[2].ticket, Verdict::Done, NOW);
    assert_eq!(actions(&mut core), [Action::Resume(0)]);
    // Bytes count as well: 39 of 40, then more.
    core.receive(Incoming { bytes: 19, ..record(5, None) }, NOW);
    assert!(actions(&mut core).is_empty());
    core.receive(Incoming { partition: 1, bytes: 40, ..record(0, None) }, NOW);
    assert_eq!(actions(&mut core), [Action::Pause(1)]);
    // The partition that is left has all of the room.
    core.lose(&[0]);
    let resumed = actions(&mut core).into_iter().filter(|action| *action == Action::Resume(1));
    assert_eq!(resumed.count(), 1);
}

#[test]
fn whoever_pops_says_what_is_done() {
    let mut core = core(Rules { span: 1, ..rules() });
    receive(&mut core, &[None; 3]);
    let popped: Vec<_> = std::iter::from_fn(|| core.pop(NOW)).map(|(position, _)| position).collect();
    assert_eq!(popped, [position(0, 1, 0), position(0, 1, 1), position(0, 1, 2)]);
    assert_eq!(committed(&mut core, millis(5000)), None);
    assert!(core.mark(&popped[1]));
    assert!(core.mark(&popped[0]));
    core.commit();
    assert_eq!(actions(&mut core), [Action::Commit(vec![popped[1]])]);
    assert!(core.holds(&popped[2]));
    core.revoke(&[0]);
    assert!(!core.holds(&popped[2]));
    core.lose(&[0]);
    core.assign(&[0]);
    assert!(!core.mark(&popped[2]));
    assert!(core.release(&[0]).is_empty());
}

#[test]
fn what_was_received_under_other_rules_is_taken_once() {
    let mut core = core(rules());
    receive(&mut core, &[None, None]);
    core.receive(Incoming { due: Some(NOW + millis(50)), ..record(2, None) }, NOW);
    core.receive(record(3, None), NOW);
    let popped = [core.pop(NOW).expect("the first").0, core.pop(NOW).expect("the second").0];
    core.unpop(&popped[1], 10, 1);
    core.unpop(&popped[0], 10, 0);
    let rules = Rules { order: Some(Order::Key), buffer: Limit { records: 4, bytes: 1000 }, ..rules() };
    core.govern(rules, |message| (*message < 2).then_some(5), NOW);
    assert_eq!(actions(&mut core), [Action::Pause(0)]);
    assert_eq!(offsets(&mut core, NOW), [0, 3]);
    core.tick(NOW + millis(50));
    assert_eq!(offsets(&mut core, NOW), [2]);
}

#[test]
fn a_partition_that_is_withheld_leaves_the_others_theirs() {
    let mut core = core(rules());
    core.assign(&[1]);
    let of_the_other = |offset| Incoming { partition: 1, ..record(offset, None) };
    receive(&mut core, &[None, None, None]);
    core.receive(of_the_other(0), NOW);
    let popped = [core.pop(NOW).expect("the first").0, core.pop(NOW).expect("the second").0];
    core.withhold(0);
    core.unpop(&popped[1], 10, 1);
    core.receive(record(3, None), NOW);
    let (position, _) = core.pop(NOW).expect("that of the other");
    assert_eq!(position.partition, 1);
    assert!(core.pop(NOW).is_none() && !core.has_ready());
    core.release_withheld(0);
    let popped: Vec<_> = std::iter::from_fn(|| core.pop(NOW)).map(|(_, offset)| offset).collect();
    assert_eq!(popped, [1, 2, 3]);

    // What failed for good goes its way; another owner's are none of ours.
    let mut core = self::core(rules());
    receive(&mut core, &[None]);
    let first = take_one(&mut core, NOW);
    core.withhold(0);
    core.receive(record(1, None), NOW);
    assert!(core.take(NOW).is_none());
    core.finish(&first.ticket, Verdict::Reject, NOW);
    assert_eq!(take_one(&mut core, NOW).work, Work::DeadLetter(0));
    core.lose(&[0]);
    core.release_withheld(0);
    core.withhold(0);
    core.assign(&[0]);
    receive(&mut core, &[None]);
    assert_eq!(offsets(&mut core, NOW), [0]);
}

#[test]
fn records_of_a_partition_that_is_withheld_keep_their_order() {
    for is_taken in [false, true] {
        let mut core = core(rules());
        receive(&mut core, &[None; 6]);
        let taken: Vec<_> = std::iter::from_fn(|| core.take_for_later(NOW)).take(4).collect();
        core.withhold(0);
        assert!(core.take(NOW).is_none());
        // The later ones are withheld already.
        taken.iter().rev().for_each(|taken| core.untake(&taken.ticket));
        if is_taken {
            assert!(core.take(NOW).is_none());
        }
        core.release_withheld(0);
        assert_eq!(offsets(&mut core, NOW), [0, 1, 2, 3, 4, 5], "taken: {is_taken}");
    }
}

#[test]
fn pauses_double_up_to_the_longest_and_chance_makes_them_shorter() {
    let backoff = Backoff { first: millis(100), longest: millis(1000), jitter: 0.5 };
    let pauses = |chance: f64| (1..=6).map(|attempt| backoff.before(attempt, chance).as_millis()).collect::<Vec<_>>();
    assert_eq!(pauses(0.0), [100, 200, 400, 800, 1000, 1000]);
    assert_eq!(pauses(1.0), [50, 100, 200, 400, 500, 500]);
}

#[test]
fn times_may_be_as_long_as_they_like() {
    let backoff = Backoff { first: Duration::MAX, longest: Duration::MAX, jitter: 0.0 };
    let mut core = core(Rules { backoff, commit_every: Duration::MAX, patience: Some(Duration::MAX), ..rules() });
    core.govern(core.rules.clone(), |_| None, NOW);
    receive(&mut core, &[None]);
    let taken = take_one(&mut core, NOW);
    core.finish(&taken.ticket, Verdict::Retry, NOW);
    core.tick(NOW);
    assert_eq!(core.next_tick(), Duration::MAX);
}

/// The offsets of the records that can be taken and are to be handled.
fn probes(core: &mut Core<i64>, now: Duration) -> Vec<Taken<i64>> {
    take(core, now).into_iter().filter(|taken| taken.work == Work::Handle).collect()
}

#[test]
fn what_a_handler_needs_is_away_for_as_long_as_it_is_and_no_attempt_is_spent() {
    let mut core = core(Rules { order: Some(Order::Partition), waiting: Waiting::Partition, attempts: 1, ..rules() });
    receive(&mut core, &[None, None]);
    let mut now = NOW;
    for pause in [100, 200, 400, 800, 1000, 1000] {
        let taken = core.take(now).unwrap();
        assert_eq!((taken.ticket.offset, taken.ticket.attempt), (0, 1));
        assert_eq!(core.finish(&taken.ticket, Verdict::Unavailable, now), Some(Outcome::Unavailable));
        assert!(core.has_waiting() && core.take(now).is_none());
        now += millis(pause);
        assert_eq!(core.next_tick(), now.min(millis(5000)));
        core.tick(now);
    }
    let taken = core.take(now).unwrap();
    assert_eq!(core.finish(&taken.ticket, Verdict::Done, now), Some(Outcome::Done));
    assert!(!core.has_waiting());
    assert_eq!(core.take(now).unwrap().ticket.offset, 1);
}

#[test]
fn a_limit_ends_the_wait_with_a_last_try() {
    let limit = Some(millis(150));
    let mut core = core(Rules { away_limit: limit, give_up: GiveUp::Skip.into(), attempts: 9, ..rules() });
    receive(&mut core, &[None]);
    let mut now = NOW;
    for at in [0, 100, 150] {
        now = NOW + millis(at);
        core.tick(now);
        let taken = core.take(now).unwrap();
        let outcome = if at < 150 { Outcome::Unavailable } else { Outcome::Skipped };
        assert_eq!(core.finish(&taken.ticket, Verdict::Unavailable, now), Some(outcome), "at {at}");
    }
    core.tick(now);
    assert!(!core.has_waiting() && core.census().2);
}

#[test]
fn a_failure_that_names_its_pause_is_retried_after_it() {
    let mut core = core(rules());
    receive(&mut core, &[None]);
    let taken = core.take(NOW).unwrap();
    assert_eq!(core.finish(&taken.ticket, Verdict::RetryAfter(millis(777)), NOW), Some(Outcome::Parked));
    assert_eq!(core.next_tick(), NOW + millis(777));
    core.tick(NOW + millis(777));
    assert_eq!(core.take(NOW + millis(777)).unwrap().ticket.attempt, 2);
}

#[test]
fn the_breaker_opens_instead_of_giving_up_and_closes_when_one_is_handled() {
    let mut core = core(Rules { attempts: 1, breaker: Some(3), ..rules() });
    receive(&mut core, &[None; 8]);
    let taken: Vec<_> = (0..4).map(|_| core.take(NOW).unwrap().ticket).collect();
    // Two are given up before it can be told from what is wrong with them.
    for ticket in &taken[..2] {
        assert_eq!(core.finish(ticket, Verdict::Retry, NOW), None);
    }
    for ticket in &taken[2..] {
        assert_eq!(core.finish(ticket, Verdict::Retry, NOW), Some(Outcome::Unavailable));
    }
    assert_eq!(actions(&mut core), [Action::Opened(3)]);
    // Dead letters are sent meanwhile.
    let forwards = take(&mut core, NOW);
    assert!(forwards.iter().all(|taken| taken.work == Work::DeadLetter(0)) && forwards.len() == 2);
    assert_eq!(core.next_tick(), NOW + millis(100));
    // One at a time, each another one, after pauses that grow.
    let mut now = NOW;
    let mut tried = Vec::new();
    for pause in [100, 200, 400] {
        now += millis(pause);
        core.tick(now);
        let probe = probes(&mut core, now);
        assert_eq!(probe.len(), 1);
        tried.push(probe[0].ticket.offset);
        assert_eq!(core.finish(&probe[0].ticket, Verdict::Retry, now), Some(Outcome::Unavailable));
        assert_eq!(actions(&mut core), []);
    }
    assert_eq!(tried, [4, 5, 6]);
    now += millis(800);
    core.tick(now);
    let probe = probes(&mut core, now);
    assert_eq!(core.finish(&probe[0].ticket, Verdict::Done, now), Some(Outcome::Done));
    assert_eq!(actions(&mut core), [Action::Closed]);
    core.tick(now);
    assert_eq!(probes(&mut core, now).len(), 5, "all that are left");
}

#[test]
fn a_probe_that_is_rejected_or_put_back_makes_room_for_another_at_once() {
    let mut core = core(Rules { attempts: 1, breaker: Some(2), give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut core, &[None; 6]);
    let taken: Vec<_> = (0..2).map(|_| core.take(NOW).unwrap().ticket).collect();
    assert_eq!(core.finish(&taken[0], Verdict::Retry, NOW), Some(Outcome::Skipped));
    assert_eq!(core.finish(&taken[1], Verdict::Retry, NOW), Some(Outcome::Unavailable));
    assert!(take(&mut core, NOW).is_empty());
    let now = NOW + millis(100);
    core.tick(now);
    let probe = probes(&mut core, now);
    assert_eq!(core.finish(&probe[0].ticket, Verdict::Reject, now), Some(Outcome::Skipped));
    let probe = probes(&mut core, now);
    assert_eq!(probe.len(), 1);
    core.untake(&probe[0].ticket);
    let again = probes(&mut core, now);
    assert_eq!((again.len(), again[0].ticket.offset), (1, probe[0].ticket.offset));
    // The breaker closes when the partition goes, and with it all that waited.
    actions(&mut core);
    core.lose(&[0]);
    assert_eq!(actions(&mut core), [Action::Abandon(again[0].ticket), Action::Closed]);
    assert!(!core.has_waiting());
}

#[test]
fn no_record_is_the_probe_before_earlier_ones_that_wait_for_it() {
    let mut core = core(Rules { attempts: 1, breaker: Some(2), give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut core, &[None; 4]);
    let taken: Vec<_> = (0..2).map(|_| core.take(NOW).unwrap().ticket).collect();
    assert_eq!(core.finish(&taken[0], Verdict::Retry, NOW), Some(Outcome::Skipped));
    assert_eq!(core.finish(&taken[1], Verdict::Retry, NOW), Some(Outcome::Unavailable));
    assert!(take(&mut core, NOW).is_empty());
    // Received when it is time for a probe, and before the tick that says so.
    let now = NOW + millis(100);
    core.receive(record(4, None), now);
    assert_eq!(offsets(&mut core, now), [2]);
}

#[test]
fn a_probe_that_cannot_be_loaded_yet_makes_room_for_another_at_once() {
    let mut core = core(Rules { attempts: 1, breaker: Some(2), give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut core, &[None; 5]);
    let taken: Vec<_> = (0..2).map(|_| core.take(NOW).unwrap().ticket).collect();
    assert_eq!(core.finish(&taken[0], Verdict::Retry, NOW), Some(Outcome::Skipped));
    assert_eq!(core.finish(&taken[1], Verdict::Retry, NOW), Some(Outcome::Unavailable));
    let now = NOW + millis(100);
    core.tick(now);
    let waits = probes(&mut core, now).remove(0).ticket;
    assert_eq!(core.finish(&waits, Verdict::NotYet, now), None);
    let probe = probes(&mut core, now);
    assert_eq!(probe.len(), 1);
    assert_ne!(probe[0].ticket.number, waits.number);
    assert_eq!(core.finish(&probe[0].ticket, Verdict::Done, now), Some(Outcome::Done));
    // It comes again after its own pause, with no attempt spent.
    core.tick(now + millis(10));
    let again = probes(&mut core, now + millis(10)).into_iter().find(|taken| taken.ticket.number == waits.number);
    assert_eq!(again.unwrap().ticket.attempt, waits.attempt);
}

#[test]
fn a_partition_is_past_an_offset_when_all_up_to_it_is_finished() {
    let mut core = core(Rules { give_up: GiveUp::Skip.into(), ..rules() });
    assert!(!core.is_past(0, 0));
    receive(&mut core, &[None; 3]);
    let taken = take(&mut core, NOW);
    core.finish(&taken[1].ticket, Verdict::Done, NOW);
    assert!(!core.is_past(0, 0) && !core.is_past(0, 1), "the first is in hand");
    core.finish(&taken[0].ticket, Verdict::Retry, NOW);
    assert!(!core.is_past(0, 1), "the first waits for its retry");
    core.tick(NOW + millis(100));
    let again = take_one(&mut core, NOW + millis(100));
    core.finish(&again.ticket, Verdict::Reject, NOW + millis(100));
    assert!(core.is_past(0, 1) && !core.is_past(0, 2) && !core.is_past(1, 0));
    core.finish(&taken[2].ticket, Verdict::Done, NOW);
    assert!(core.is_past(0, 2) && !core.is_past(0, 3));
    // Nothing is known of another assignment.
    core.assign(&[0]);
    assert!(!core.is_past(0, 0));
}

#[test]
fn nothing_is_handled_during_a_pause_and_dead_letters_are_sent() {
    let mut core = core(rules());
    receive(&mut core, &[None; 3]);
    let first = core.take(NOW).unwrap().ticket;
    core.pause();
    assert!(core.take(NOW).is_none() && !core.has_ready());
    assert_eq!(core.finish(&first, Verdict::Reject, NOW), None);
    assert_eq!(take_one(&mut core, NOW).work, Work::DeadLetter(0));
    core.tick(NOW + millis(10));
    assert!(core.take(NOW + millis(10)).is_none());
    core.resume();
    assert!(core.has_ready());
    assert_eq!(offsets(&mut core, NOW), [1, 2]);
}

#[test]
fn a_panic_opens_nothing_and_spends_its_attempts() {
    let mut core = core(Rules { attempts: 2, breaker: Some(2), give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut core, &[None; 3]);
    let mut now = NOW;
    for outcome in [Outcome::Parked, Outcome::Skipped] {
        for _ in 0..3 {
            let taken = core.take(now).unwrap();
            assert_eq!(core.finish(&taken.ticket, Verdict::Panic, now), Some(outcome));
        }
        now += millis(100);
        core.tick(now);
    }
    assert_eq!(actions(&mut core), []);
}

#[test]
fn a_message_that_always_fails_holds_up_its_partition_for_a_while_only() {
    let mut core = core(Rules {
        order: Some(Order::Partition),
        waiting: Waiting::Partition,
        breaker: Some(3),
        give_up: GiveUp::Skip.into(),
        ..rules()
    });
    receive(&mut core, &[None; 8]);
    let (mut now, mut skipped) = (NOW, Vec::new());
    let attempts = core.rules.attempts;
    while skipped.len() < 7 {
        if let Some(taken) = core.take(now) {
            if core.finish(&taken.ticket, Verdict::Retry, now) == Some(Outcome::Skipped) {
                skipped.push(now);
            }
        } else {
            now = core.next_tick();
            core.tick(now);
        }
    }
    // Two before it can be told from an outage; each of the others after twice the time, but for the last pause and for
    // the attempts before the breaker opens anew.
    let slack = millis(1000) * (attempts + 1);
    let mut last = NOW;
    for (at, patience) in skipped.into_iter().zip([0, 0, 5, 10, 20, 40, 60].map(minutes)) {
        assert!((last + patience..=last + patience + slack).contains(&at), "{at:?} after {last:?}");
        last = at;
    }
    // The next is fine: nothing waits any more, and the first time counts again.
    let taken = take_one(&mut core, now);
    assert_eq!(core.finish(&taken.ticket, Verdict::Done, now), Some(Outcome::Done));
    assert!(!core.has_waiting());
}

#[test]
fn what_is_unavailable_is_not_given_up_for_the_breaker() {
    let mut core = core(Rules { attempts: 1, breaker: Some(2), give_up: GiveUp::Skip.into(), ..rules() });
    receive(&mut core, &[None; 2]);
    let mut now = NOW;
    let first = core.take(now).unwrap();
    assert_eq!(core.finish(&first.ticket, Verdict::Retry, now), Some(Outcome::Skipped));
    while now < NOW + minutes(24 * 60) {
        if let Some(taken) = core.take(now) {
            let verdict = if now == NOW { Verdict::Retry } else { Verdict::Unavailable };
            assert_eq!(core.finish(&taken.ticket, verdict, now), Some(Outcome::Unavailable));
        }
        now = core.next_tick();
        core.tick(now);
    }
}

/// A record from a topic for retries, at its last attempt.
fn returned(offset: i64, origin: i64) -> Incoming<i64> {
    Incoming { tried: 1, origin: Some((7, origin)), ..record(offset, None) }
}

#[test]
fn what_comes_back_for_its_last_attempt_opens_the_breaker_of_a_consumer_that_has_just_started() {
    let mut core = core(Rules { attempts: 2, breaker: Some(3), give_up: GiveUp::Skip.into(), ..rules() });
    (0..10).for_each(|offset| core.receive(returned(offset, offset), NOW));
    let outcomes: Vec<_> =
        take(&mut core, NOW).iter().map(|taken| core.finish(&taken.ticket, Verdict::Retry, NOW).unwrap()).collect();
    assert_eq!(outcomes[..2], [Outcome::Skipped; 2]);
    assert_eq!(outcomes[2..], [Outcome::Unavailable; 8]);
    assert_eq!(actions(&mut core), [Action::Opened(3)]);
}

#[test]
fn a_message_that_comes_back_counts_once() {
    let mut core = core(Rules { attempts: 2, breaker: Some(2), give_up: GiveUp::Skip.into(), ..rules() });
    core.assign(&[7]);
    actions(&mut core);
    core.receive(Incoming { partition: 7, ..record(3, None) }, NOW);
    let first = take_one(&mut core, NOW);
    assert_eq!(core.finish(&first.ticket, Verdict::Retry, NOW), Some(Outcome::Parked));
    for offset in 0..3 {
        core.receive(returned(offset, 3), NOW);
        let taken = take_one(&mut core, NOW);
        assert_eq!(core.finish(&taken.ticket, Verdict::Retry, NOW), Some(Outcome::Skipped));
    }
    core.receive(returned(3, 4), NOW);
    let taken = take_one(&mut core, NOW);
    assert_eq!(core.finish(&taken.ticket, Verdict::Retry, NOW), Some(Outcome::Unavailable));
}

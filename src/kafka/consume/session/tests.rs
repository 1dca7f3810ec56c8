//! Each decision by itself; the simulation shows what they come to together.

use std::time::Duration;

use super::super::core::{
    Action, Backoff, GiveUp, Incoming, Limit, Order, Outcome, Partition, Position, Rules, Taken, Verdict, Waiting, Work,
};
use super::outcome::{Cause, Finished, NotCommitted, Trouble, Why, Word};
use super::{Closing, Session};

#[derive(Debug, Clone, PartialEq)]
enum Reason {
    Retry(u32),
    Reject(u32),
    TimedOut(Duration),
}

impl Cause for Reason {
    fn timed_out(limit: Duration) -> Self {
        Self::TimedOut(limit)
    }

    fn verdict(&self) -> Verdict {
        if matches!(self, Self::Reject(_)) { Verdict::Reject } else { Verdict::Retry }
    }
}

type Machine = Session<i64, Reason, u32>;

const NOW: Duration = Duration::from_secs(1);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn rules() -> Rules {
    Rules {
        order: None,
        buffer: Limit { records: 100, bytes: 1000 },
        span: 100,
        attempts: 3,
        backoff: Backoff { first: millis(100), longest: millis(1000), jitter: 0.0 },
        forward_backoff: Backoff { first: millis(10), longest: millis(30), jitter: 0.0 },
        waiting: Waiting::Partition,
        give_up: GiveUp::DeadLetter.into(),
        away_limit: None,
        breaker: None,
        breaker_patience: Backoff { first: millis(1000), longest: millis(1000), jitter: 0.0 },
        forms: 2,
        patience: None,
        commit_every: millis(5000),
    }
}

/// With so many records of each of these partitions.
fn session(rules: Rules, partitions: &[Partition], records: i64) -> Machine {
    let mut session = Machine::new(rules, 7);
    session.assign(partitions);
    for &partition in partitions {
        for offset in 0..records {
            receive(&mut session, partition, offset);
        }
    }
    while session.action(NOW).is_some() {}
    session
}

fn receive(session: &mut Machine, partition: Partition, offset: i64) {
    let incoming = Incoming {
        partition,
        offset,
        leader_epoch: 3,
        key: None,
        bytes: 1,
        tried: 0,
        origin: None,
        due: None,
        message: offset,
    };
    session.receive(incoming, NOW);
}

fn offsets(batch: &[Taken<i64>]) -> Vec<i64> {
    batch.iter().map(|taken| taken.ticket.offset).collect()
}

fn fatal(code: u32) -> Trouble<u32> {
    Trouble { code, why: Why::Fatal }
}

#[test]
fn what_failed_for_good_before_there_were_handlers_ends_the_run_and_wakes_nobody() {
    for why in [Why::Fatal, Why::Unauthorized] {
        let mut session = session(rules(), &[0], 0);
        assert!(!session.fail(Trouble { code: 7, why }, NOW));
        assert!(session.wakes().receiver && session.closing().is_none());
        session.handle(NOW);
        assert_eq!(session.closing().map(|closing| closing.hands_until), Some(NOW));
        // A taker would find no record, and wake the next taker.
        assert!(session.take(NOW).is_none() && !session.wakes().taker);
        assert!(session.wind_up(NOW));
        session.end();
        assert!(session.wakes().taker, "they end");
    }
}

#[test]
fn handlers_that_are_at_work_when_the_client_fails_are_woken_no_more() {
    let mut session = session(rules(), &[0], 1);
    session.handle(NOW);
    session.set_revoke_timeout(millis(500));
    let taken = session.take(NOW).unwrap();
    assert!(session.fail(fatal(7), NOW), "it is in the log");
    assert!(!session.wakes().taker);
    assert!(!session.wind_up(NOW) && !session.wakes().taker);
    session.finish(&taken.ticket, Finished::Done, NOW);
    assert!(session.wind_up(NOW));
    assert_eq!(session.fatal(), Some(Word::Fatal(7)));
}

#[test]
fn trouble_that_passes_is_told_once_and_never_hides_what_is_for_good() {
    let mut session = session(rules(), &[0], 0);
    session.fail(Trouble { code: 1, why: Why::Passing }, NOW);
    assert_eq!((session.word(), session.word()), (Some(Word::Trouble(1)), None));
    session.fail(fatal(2), NOW);
    session.fail(Trouble { code: 3, why: Why::Passing }, NOW);
    assert_eq!((session.word(), session.word()), (Some(Word::Fatal(2)), Some(Word::Fatal(2))));
}

#[test]
fn what_failed_is_known_when_another_partition_is_taken_away_while_it_closes() {
    let mut session = session(Rules { attempts: 1, waiting: Waiting::Key, ..rules() }, &[0, 1], 2);
    session.handle(NOW);
    let taken: Vec<_> = std::iter::from_fn(|| session.take(NOW)).collect();
    let first = taken.iter().find(|taken| (taken.ticket.partition, taken.ticket.offset) == (0, 0)).unwrap();
    let second = taken.iter().find(|taken| (taken.ticket.partition, taken.ticket.offset) == (0, 1)).unwrap();
    // Records done behind it cannot be committed before it is done.
    session.finish(&second.ticket, Finished::Done, NOW);
    session.finish(&first.ticket, Finished::Failed(Reason::Retry(1)), NOW);
    session.close(Closing::within(Duration::from_secs(10), NOW));
    assert!(!session.wind_up(NOW));
    session.revoke(&[1]);
    session.release(&[1]);
    let letter = session.take(NOW).unwrap();
    assert_eq!((letter.work, letter.ticket.offset), (Work::DeadLetter(0), 0));
    assert_eq!(session.cause(&letter.ticket), Some(Reason::Retry(1)));
}

#[test]
fn what_took_too_long_says_so_and_what_did_not_does_not() {
    let mut session = session(Rules { attempts: 1, patience: Some(millis(300)), ..rules() }, &[0], 2);
    session.handle(NOW);
    let (late, refused) = (session.take(NOW).unwrap(), session.take(NOW).unwrap());
    session.finish(&refused.ticket, Finished::Failed(Reason::Reject(2)), NOW);
    assert_eq!(session.tick(NOW + millis(300)), []);
    let letters: Vec<_> = std::iter::from_fn(|| session.take(NOW + millis(300))).collect();
    let causes: Vec<_> = letters.iter().map(|letter| (letter.ticket.offset, session.cause(&letter.ticket))).collect();
    let expected = [(0, Some(Reason::TimedOut(millis(300)))), (1, Some(Reason::Reject(2)))];
    assert!(expected.iter().all(|cause| causes.contains(cause)), "{causes:?}");
    assert_eq!(late.ticket.offset, 0);
}

#[test]
fn what_was_gathered_behind_a_record_that_failed_waits_for_it() {
    let mut session = session(rules(), &[0, 1], 4);
    session.gather(2, NOW);
    let batch = session.hand_out(2, NOW);
    // Somebody waits for another batch, and gives it up.
    session.gather(6, NOW);
    assert_eq!(session.gathered(), 6);
    session.finish(&batch[0].ticket, Finished::Failed(Reason::Retry(1)), NOW);
    session.finish(&batch[1].ticket, Finished::Done, NOW);
    session.gather(8, NOW);
    let rest = session.hand_out(8, NOW);
    let held = batch[0].ticket.partition;
    assert!(rest.iter().all(|taken| taken.ticket.partition != held), "{:?}", offsets(&rest));
    assert_eq!(rest.len(), 4);
    session.tick(NOW + millis(100));
    session.gather(8, NOW);
    let again = session.hand_out(8, NOW + millis(100));
    assert_eq!(offsets(&again), [0]);
    session.finish(&again[0].ticket, Finished::Done, NOW + millis(100));
    session.gather(8, NOW);
    assert_eq!(offsets(&session.hand_out(8, NOW + millis(100))), [2, 3]);
}

/// Six records: a batch of `first` of them is handed out, what is left up to the fifth waits for its batch, and the
/// partition is withheld from the fifth on.
fn withheld(first: usize) -> (Machine, Vec<Taken<i64>>) {
    let mut session = session(rules(), &[0], 6);
    session.gather(6, NOW);
    let batch = session.hand_out(first, NOW);
    let fifth = session.pending().find(|taken| taken.ticket.offset == 4).expect("the fifth").ticket;
    session.withhold_from(&fifth);
    session.gather(6, NOW);
    assert_eq!(session.gathered(), 4 - first);
    (session, batch)
}

/// All that can be handed out, in batches of four.
fn batches_of_four(session: &mut Machine) -> Vec<Vec<i64>> {
    let batch = || {
        session.gather(4, NOW);
        offsets(&session.hand_out(4, NOW))
    };
    std::iter::repeat_with(batch).take_while(|batch| !batch.is_empty()).collect()
}

#[test]
fn records_that_were_withheld_do_not_overtake_a_batch_that_was_dropped() {
    for is_gathered in [false, true] {
        let (mut session, batch) = withheld(4);
        session.untake(batch.iter().map(|taken| taken.ticket));
        if is_gathered {
            session.gather(4, NOW);
        }
        session.release_withheld(0);
        assert_eq!(batches_of_four(&mut session), [vec![0, 1, 2, 3], vec![4, 5]], "gathered: {is_gathered}");
    }
}

#[test]
fn records_that_were_withheld_do_not_overtake_those_that_a_pause_puts_back() {
    for is_released_first in [false, true] {
        let (mut session, _) = withheld(0);
        session.pause();
        if is_released_first {
            session.release_withheld(0);
        }
        assert_eq!(batches_of_four(&mut session), [[0; 0]; 0]);
        session.resume();
        session.release_withheld(0);
        assert_eq!(batches_of_four(&mut session), [vec![0, 1, 2, 3], vec![4, 5]], "first: {is_released_first}");
    }
}

#[test]
fn what_waited_for_a_record_that_failed_comes_before_what_was_received_since() {
    let mut session = session(rules(), &[0], 3);
    session.gather(3, NOW);
    let first = session.hand_out(1, NOW);
    session.finish(&first[0].ticket, Finished::Failed(Reason::Retry(1)), NOW);
    let now = NOW + millis(100);
    session.tick(now);
    session.gather(3, now);
    let again = session.hand_out(3, now);
    assert_eq!(offsets(&again), [0]);
    receive(&mut session, 0, 3);
    session.finish(&again[0].ticket, Finished::Done, now);
    session.gather(2, now);
    assert_eq!(offsets(&session.hand_out(2, now)), [1, 2]);
}

/// The batches of one record each, in the order in which they are handed out.
fn handed_out(session: &mut Machine, now: Duration) -> Vec<i64> {
    let one = || {
        session.gather(1, now);
        let batch = session.hand_out(1, now);
        for taken in &batch {
            session.finish(&taken.ticket, Finished::Done, now);
        }
        offsets(&batch).first().copied()
    };
    std::iter::from_fn(one).collect()
}

#[test]
fn batches_that_are_dropped_one_after_the_other_come_in_the_order_of_their_records() {
    let mut session = session(rules(), &[0, 1], 4);
    session.gather(8, NOW);
    let batches = [3, 3, 2].map(|most| session.hand_out(most, NOW));
    for batch in batches {
        session.untake(batch.iter().map(|taken| taken.ticket));
    }
    assert_eq!(handed_out(&mut session, NOW), [0, 1, 2, 3, 0, 1, 2, 3]);
}

#[test]
fn a_record_that_is_dropped_comes_before_a_later_one_that_failed() {
    for is_at_once in [true, false] {
        let mut session = session(rules(), &[0], 4);
        session.gather(4, NOW);
        let [first, second] = [1, 1].map(|most| session.hand_out(most, NOW));
        session.finish(&second[0].ticket, Finished::Failed(Reason::Retry(1)), NOW);
        assert_eq!(handed_out(&mut session, NOW), [0; 0], "they wait for what failed");
        let later = NOW + millis(100);
        if is_at_once {
            session.untake(first.iter().map(|taken| taken.ticket));
            assert_eq!(handed_out(&mut session, NOW), [0]);
        }
        session.tick(later);
        session.gather(4, later);
        assert_eq!(session.gathered(), 1);
        session.untake(first.iter().map(|taken| taken.ticket));
        let rest: &[i64] = if is_at_once { &[1, 2, 3] } else { &[0, 1, 2, 3] };
        assert_eq!(handed_out(&mut session, later), rest, "at once: {is_at_once}");
    }
}

#[test]
fn records_that_are_dropped_come_between_those_that_failed_before_and_behind_them() {
    let mut session = session(rules(), &[0], 5);
    session.gather(5, NOW);
    let [first, middle, last] = [1, 2, 1].map(|most| session.hand_out(most, NOW));
    for failed in [first, last] {
        session.finish(&failed[0].ticket, Finished::Failed(Reason::Retry(1)), NOW);
    }
    session.untake(middle.iter().map(|taken| taken.ticket));
    assert_eq!(handed_out(&mut session, NOW), [0; 0]);
    let later = NOW + millis(100);
    session.tick(later);
    assert_eq!(handed_out(&mut session, later), [0, 1, 2, 3, 4]);
}

#[test]
fn of_those_that_failed_together_the_first_is_tried_first() {
    // Chance may give the second a shorter pause.
    for seed in 0..50 {
        let backoff = Backoff { first: millis(100), longest: millis(1000), jitter: 1.0 };
        let mut session = Machine::new(Rules { backoff, ..rules() }, seed);
        session.assign(&[0]);
        for offset in 0..5 {
            receive(&mut session, 0, offset);
        }
        session.gather(5, NOW);
        for taken in session.hand_out(5, NOW) {
            let failed = [1, 3].contains(&taken.ticket.offset);
            let finished = if failed { Finished::Failed(Reason::Retry(1)) } else { Finished::Done };
            session.finish(&taken.ticket, finished, NOW);
        }
        let mut order = Vec::new();
        for now in (0..=100).map(|late| NOW + millis(late)) {
            session.tick(now);
            session.gather(5, NOW);
            for taken in session.hand_out(5, now) {
                order.push(taken.ticket.offset);
                session.finish(&taken.ticket, Finished::Done, now);
            }
        }
        assert_eq!(order, [1, 3], "seed {seed}");
    }
}

#[test]
fn it_is_not_ready_from_the_first_refusal_of_a_dead_letter_on() {
    let mut session = session(Rules { attempts: 1, ..rules() }, &[0, 1], 1);
    session.handle(NOW);
    assert!(session.is_ready());
    let taken = session.take(NOW).unwrap();
    session.finish(&taken.ticket, Finished::Failed(Reason::Reject(1)), NOW);
    let letter = session.take(NOW).unwrap();
    assert_eq!(letter.work, Work::DeadLetter(0));
    assert!(session.is_ready());
    session.delay(&letter.ticket);
    assert!(!session.is_ready());
    let (outcome, cause) = session.finish(&letter.ticket, Finished::Done, NOW).unwrap();
    assert_eq!((outcome, cause), (Outcome::Dead, Some(Reason::Reject(1))));
    assert!(session.is_ready());
    // Nobody waits for it any more.
    session.delay(&letter.ticket);
    assert!(session.is_ready());
}

#[test]
fn a_record_that_is_to_be_tried_again_before_the_polling_thread_wakes_wakes_it() {
    let mut session = session(rules(), &[0], 1);
    session.handle(NOW);
    let taken = session.take(NOW).unwrap();
    session.sleep(NOW + millis(101));
    assert!(!session.wakes().poller);
    session.finish(&taken.ticket, Finished::Failed(Reason::Retry(1)), NOW);
    assert!(session.wakes().poller);
    session.sleep(NOW + millis(100));
    assert!(!session.wakes().poller);
}

#[test]
fn what_a_rebalance_kept_from_being_committed_is_committed_when_it_is_over() {
    let mut session = session(Rules { order: Some(Order::Partition), ..rules() }, &[0, 1], 1);
    session.handle(NOW);
    let taken = session.take(NOW).unwrap();
    let Position { partition, .. } = taken.ticket.position();
    session.finish(&taken.ticket, Finished::Done, NOW);
    session.commit();
    assert!(matches!(session.action(NOW), Some(Action::Commit(_))));
    let told = session.not_committed(&[], Some((22, NotCommitted::Rebalance)), NOW);
    assert_eq!(told, [(None, 22)]);
    assert_eq!(session.next_tick(), NOW + millis(100));
    // Others came or went, and nothing of ours.
    session.assign(&[]);
    let Some(Action::Commit(positions)) = session.action(NOW) else { panic!("nothing is committed") };
    assert_eq!(positions, [Position { partition, epoch: 1, offset: 0, leader_epoch: 3 }]);
}

#[test]
fn a_topic_that_is_gone_is_told_of_once_and_fails_no_close() {
    let mut session = session(rules(), &[0, 1], 1);
    for _ in 0..2 {
        let told = session.not_committed(&[(1, 3, NotCommitted::Gone)], Some((3, NotCommitted::Refused)), NOW);
        assert_eq!(told.len(), usize::from(session.next_tick() > NOW && told == [(Some(1), 3)]));
    }
    session.close(Closing::within(Duration::from_secs(10), NOW));
    session.not_committed(&[(1, 3, NotCommitted::Gone)], Some((3, NotCommitted::Refused)), NOW);
    session.not_committed(&[], Some((22, NotCommitted::Rebalance)), NOW);
    assert_eq!(session.uncommitted(), None);
    session.not_committed(&[(0, 29, NotCommitted::Refused)], Some((29, NotCommitted::Refused)), NOW);
    assert_eq!(session.uncommitted(), Some(29));
    session.committed();
    assert_eq!(session.uncommitted(), None);
}

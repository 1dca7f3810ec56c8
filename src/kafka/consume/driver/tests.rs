//! Callers that wait for a commit get its result; librdkafka's log lines are read.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use tokio::sync::oneshot;

use super::super::core::{Partition, Position};
use super::super::policy::Policy;
use super::commit::Failed;
use super::commits::{CommitWaiter, Commits};
use super::full::Full;
use super::poll::Over;
use super::resets::Reset;
use super::shared::Shared;
use super::under_way::CommitUnderWay;
use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::telemetry::Consumer;

fn waiting(partition: Partition) -> (CommitWaiter, oneshot::Receiver<Result<(), ConsumeErrorKind>>) {
    let (sender, answer) = oneshot::channel();
    (CommitWaiter { partition, sender }, answer)
}

#[test]
fn a_commit_of_a_lost_partition_is_refused_even_when_it_is_under_way() {
    let mut commits = Commits::default();
    let ((one, mut lost), (other, mut kept), (bad, mut refused)) = (waiting(1), waiting(2), waiting(4));
    for waiter in [one, other, bad] {
        commits.wait(waiter);
    }
    assert!(commits.start());
    let ((one, mut lost_too), (other, mut not_stored)) = (waiting(1), waiting(3));
    for waiter in [one, other] {
        commits.wait(waiter);
    }
    assert!(!commits.start(), "one at a time");
    commits.lose(&[1]);
    for lost in [&mut lost, &mut lost_too] {
        assert!(matches!(lost.try_recv(), Ok(Err(ConsumeErrorKind::Revoked))));
    }
    commits.fail(3, RDKafkaErrorCode::InvalidArgument);
    let answer = not_stored.try_recv();
    assert!(matches!(answer, Ok(Err(ConsumeErrorKind::Commit(RDKafkaErrorCode::InvalidArgument)))), "{answer:?}");
    assert!(kept.try_recv().is_err(), "it is under way");
    // Each is told of its own partition.
    let code = RDKafkaErrorCode::UnknownTopicOrPartition;
    CommitWaiter::answer(commits.end(), |partition| (partition == 4).then_some(code));
    assert!(matches!(kept.try_recv(), Ok(Ok(()))));
    assert!(matches!(refused.try_recv(), Ok(Err(ConsumeErrorKind::Commit(answer))) if answer == code));
}

#[test]
fn the_end_of_a_commit_answers_its_own_alone() {
    let shared = Arc::new(Shared::new(Policy::by_hand(), Consumer::default()));
    for (end, answered) in [(true, true), (false, false)] {
        let ((one, mut answer), (next, mut later)) = (waiting(0), waiting(0));
        shared.lock().commits.wait(one);
        assert!(shared.lock().commits.start());
        shared.lock().commits.wait(next);
        let under_way = CommitUnderWay::new(&shared);
        if end {
            under_way.end(&Failed::default());
        } else {
            drop(under_way);
        }
        // Without an end there is no thread to commit on: the sender is gone.
        assert_eq!(matches!(answer.try_recv(), Ok(Ok(()))), answered);
        assert!(matches!(later.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        drop(shared.lock().commits.take());
    }
}

#[test]
fn what_no_commit_has_brought_to_the_broker_is_in_the_next() {
    for failed in [Some(Failed::default()), Some(Failed::all(RDKafkaErrorCode::RequestTimedOut)), None] {
        let shared = Arc::new(Shared::new(Policy::by_hand(), Consumer::default()));
        shared.lock().session.assign(&[0]);
        shared.lock().session.mark(&POSITION);
        shared.lock().session.commit();
        while shared.lock().session.action(Duration::ZERO).is_some() {}
        let has_arrived = failed.as_ref().is_some_and(Failed::is_empty);
        let under_way = CommitUnderWay::new(&shared);
        match failed {
            Some(failed) => under_way.end(&failed),
            None => drop(under_way),
        }
        shared.lock().session.commit();
        assert_eq!(shared.lock().session.action(Duration::ZERO).is_some(), !has_arrived);
    }
}

const POSITION: Position = Position { partition: 0, epoch: 1, offset: 7, leader_epoch: -1 };

#[test]
fn a_commit_that_nobody_makes_is_an_error() {
    let shared = Arc::new(Shared::new(Policy::by_hand(), Consumer::default()));
    let over = Over(Arc::clone(&shared));
    shared.lock().session.assign(&[0]);
    let mut commit = std::pin::pin!(shared.commit(&POSITION));
    let mut context = std::task::Context::from_waker(Waker::noop());
    assert!(commit.as_mut().poll(&mut context).is_pending());
    drop(over);
    let answer = commit.as_mut().poll(&mut context);
    assert!(matches!(answer, std::task::Poll::Ready(Err(ConsumeErrorKind::NoThread))), "{answer:?}");
}

#[test]
fn a_reset_is_read_from_the_log() {
    let line = "[thrd:main]: my-orders.v1 [12]: offset reset (at offset 3 (leader epoch 0), broker 1) to cached \
        BEGINNING offset offset 6 (leader epoch -1): fetch failed due to requested offset not available on the broker: \
        Broker: Offset out of range";
    let reset = Reset { place: ("my-orders.v1".to_owned(), 12), offset: 3 };
    assert_eq!(Reset::read("OFFSET", line), Some(reset));
    assert_eq!(Reset::read("FAIL", line), None);
    assert_eq!(Reset::read("OFFSET", "orders [0]: offset reset (at offset BEGINNING, broker 1) to ..."), None);
}

#[test]
fn a_partition_that_is_slow_to_empty_is_waited_for_once() {
    const ROOM: Duration = Duration::from_millis(100);
    let at = Duration::from_secs;
    let mut full = Full::default();
    full.fill(1, at(1));
    full.fill(2, at(1));
    assert!(full.is_awaited() && full.take(at(1)).is_empty());
    assert!(!full.drain(1, at(1) + ROOM / 2), "it was not paused");
    assert_eq!(full.next(), Some(at(1) + ROOM));
    assert_eq!(full.take(at(1) + ROOM), [2]);
    assert!(!full.is_awaited());
    assert!(full.drain(2, at(2)), "it was paused");

    // It was full for a second: the others do not wait for it again. It may be quicker then.
    full.fill(1, at(3));
    full.fill(2, at(3));
    assert_eq!(full.take(at(3)), [2]);
    assert!(full.drain(2, at(3) + ROOM / 2));
    full.fill(2, at(4));
    assert_eq!(full.take(at(4)), [1]);

    full.forget(&[1, 2]);
    assert!(!full.is_awaited() && full.next().is_none());
}

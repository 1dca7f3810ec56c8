//! Whoever waits for a commit is told.

use super::*;
use crate::kafka::policy::Policy;

fn waiting(partition: Partition) -> (Waiting, oneshot::Receiver<Result<(), ConsumeErrorKind>>) {
    let (sender, answer) = oneshot::channel();
    (Waiting { partition, sender }, answer)
}

#[test]
fn a_commit_of_a_lost_partition_is_refused_even_when_it_is_under_way() {
    let mut commits = Commits::default();
    let ((one, mut lost), (other, mut kept)) = (waiting(1), waiting(2));
    commits.waiting.extend([one, other]);
    assert!(commits.begin());
    let ((one, mut lost_too), (other, mut not_stored)) = (waiting(1), waiting(3));
    commits.waiting.extend([one, other]);
    assert!(!commits.begin(), "one at a time");
    commits.lose(&[1]);
    for lost in [&mut lost, &mut lost_too] {
        assert!(matches!(lost.try_recv(), Ok(Err(ConsumeErrorKind::Revoked))));
    }
    commits.fail(3, RDKafkaErrorCode::InvalidArgument);
    let answer = not_stored.try_recv();
    assert!(matches!(answer, Ok(Err(ConsumeErrorKind::Commit(RDKafkaErrorCode::InvalidArgument)))), "{answer:?}");
    assert!(kept.try_recv().is_err(), "it is under way");
    Waiting::answer(commits.under_way.take().unwrap_or_default(), Ok(()));
    assert!(matches!(kept.try_recv(), Ok(Ok(()))));
}

#[test]
fn a_commit_that_nobody_makes_is_an_error() {
    let shared = Arc::new(Shared::new(Policy::by_hand()));
    let over = Over(Arc::clone(&shared));
    shared.lock().core.assign(&[0]);
    let position = Position { partition: 0, epoch: 1, offset: 7 };
    let mut commit = std::pin::pin!(shared.commit(&position));
    let mut context = std::task::Context::from_waker(Waker::noop());
    assert!(commit.as_mut().poll(&mut context).is_pending());
    drop(over);
    let answer = commit.as_mut().poll(&mut context);
    assert!(matches!(answer, std::task::Poll::Ready(Err(ConsumeErrorKind::NoThread))), "{answer:?}");
}

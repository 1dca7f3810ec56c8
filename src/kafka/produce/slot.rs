//! One delivery report, and the task that waits for it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rdkafka::error::RDKafkaErrorCode;

/// The place of a stored message, or the error code and whether it is certain that the message is not stored.
pub(super) type Report = Result<(i32, i64, Option<i64>), (RDKafkaErrorCode, bool)>;

/// A place for one report. A channel would take a second allocation for every event.
#[derive(Default)]
pub(super) struct Slot(Mutex<SlotState>);

#[derive(Default)]
struct SlotState {
    report: Option<Report>,
    waker: Option<Waker>,
}

impl Slot {
    pub(super) fn fill(&self, report: Report) {
        let mut state = self.state();
        state.report = Some(report);
        let waker = state.waker.take();
        drop(state);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Report> {
        let mut state = self.state();
        match state.report {
            Some(report) => Poll::Ready(report),
            None => {
                state.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

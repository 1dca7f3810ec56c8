//! Delivery reports that are counted, and not waited for one by one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::slot::Report;

/// The reports of events that are sent together.
pub(super) struct Many {
    /// How many are not reported, and one more as long as events are added.
    open: AtomicUsize,
    reports: Mutex<Vec<Option<Report>>>,
    done: Notify,
}

impl Many {
    pub(super) fn new(count: usize) -> Arc<Self> {
        let reports = Mutex::new(vec![None; count]);
        Arc::new(Self { open: AtomicUsize::new(1), reports, done: Notify::new() })
    }

    pub(super) fn report(&self, number: usize, report: Report) {
        self.reports()[number] = Some(report);
        self.close();
    }

    pub(super) fn open(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn close(&self) {
        if self.open.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.done.notify_one();
        }
    }

    /// Waits for the last report. No event may be added any more.
    pub(super) async fn wait(&self) {
        self.close();
        self.done.notified().await;
    }

    pub(super) fn reports(&self) -> MutexGuard<'_, Vec<Option<Report>>> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

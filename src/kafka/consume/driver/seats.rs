//! The places of the workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use super::super::core::Ticket;

/// The workers, by number.
#[derive(Default)]
pub(crate) struct Seats {
    seats: Vec<Seat>,
    /// Seats whose worker does not come back.
    vacant: Vec<usize>,
}

/// The seat of a worker.
#[derive(Default)]
struct Seat {
    /// The records in its hands, all of one partition.
    row: Vec<Ticket>,
    dismissal: Arc<Dismissal>,
}

/// Tells a worker that nobody waits for it any more, and another has its seat.
#[derive(Default)]
pub(crate) struct Dismissal {
    given: AtomicBool,
    notify: Notify,
}

impl Dismissal {
    pub(crate) fn is_given(&self) -> bool {
        self.given.load(Ordering::Acquire)
    }

    pub(crate) async fn given(&self) {
        self.notify.notified().await;
    }
}

impl Seats {
    /// So many, all vacant.
    pub(crate) fn new(count: usize) -> Self {
        Self { seats: (0..count).map(|_| Seat::default()).collect(), vacant: (0..count).collect() }
    }

    /// A seat for a worker, with the notice that it gets when the seat is given to another.
    pub(crate) fn take(&mut self) -> Option<(usize, Arc<Dismissal>)> {
        let seat = self.vacant.pop()?;
        Some((seat, Arc::clone(&self.seats[seat].dismissal)))
    }

    /// Sets the records that the worker in this seat handles.
    pub(crate) fn hold(&mut self, seat: usize, row: impl IntoIterator<Item = Ticket>) {
        let held = &mut self.seats[seat].row;
        held.clear();
        held.extend(row);
    }

    /// Dismisses the worker that has this record in hand: nobody waits for it any more.
    pub(super) fn dismiss(&mut self, ticket: &Ticket) {
        let Some(index) = self.seats.iter().position(|seat| seat.row.contains(ticket)) else { return };
        let seat = std::mem::take(&mut self.seats[index]);
        seat.dismissal.given.store(true, Ordering::Release);
        seat.dismissal.notify.notify_one();
        self.vacant.push(index);
    }
}

//! The receiver of a message's delivery report.

use std::sync::Arc;

use super::many::Many;
use super::slot::{Report, Slot};
use super::stamp::Stamp;

/// The data of a message in the queue.
pub(super) struct Pending {
    pub(super) recipient: Recipient,
    /// The owner of its headers, which gets them back.
    pub(super) stamp: Option<Arc<Stamp>>,
}

/// The receiver of a report, shared by the message in the queue and the caller that waits for it.
pub(super) enum Recipient {
    One(Slot),
    /// One of many that are reported together, by its number.
    OneOf(Arc<Many>, usize),
}

impl Recipient {
    pub(super) fn tell(&self, report: Report) {
        match self {
            Self::One(slot) => slot.fill(report),
            Self::OneOf(many, number) => many.report(*number, report),
        }
    }
}

//! Reports the outcome of a record, which is logged if it failed.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::core::{Outcome, Ticket};
use super::driver::Shared;
use super::fault::Fault;
use super::forward::Forward;
use super::session::Finished;
use crate::kafka::message::Place;

/// Reports the end of the work on a record to the session, and logs its fault.
pub(super) fn finish(shared: &Shared, forward: &Forward, ticket: &Ticket, place: &Place, finished: Finished<Fault>) {
    let ended = shared.lock().session.finish(ticket, finished, shared.now());
    if let Some((outcome, fault)) = ended {
        tell(forward, ticket, place, outcome, fault);
    }
}

/// One line in the log for what does not go as it should. A fault that panics when it is written, as errors of users
/// may, has been told by the panic hook: it is not to take others along.
pub(super) fn tell(forward: &Forward, ticket: &Ticket, place: &Place, outcome: Outcome, fault: Option<Fault>) {
    if let Some(fault) = fault {
        let _ = catch_unwind(AssertUnwindSafe(|| log(forward, ticket, place, outcome, &fault)));
    }
}

fn log(forward: &Forward, ticket: &Ticket, place: &Place, outcome: Outcome, fault: &Fault) {
    if outcome == Outcome::Dead {
        let topic = forward.dead_letter_topic(place);
        tracing::warn!("{place}@{}: sent to `{topic}`: {fault}", ticket.offset);
    } else {
        fault.tell(place, ticket, outcome);
    }
}

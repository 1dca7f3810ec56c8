//! Why a record could not be handled.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::core::{Outcome, Ticket};
use super::dead_letter::Cause;
use super::delivery::Failure;
use super::driver::Place;
use crate::LoadError;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It is no valid event.
    Load(Arc<LoadError>),
    /// The handler said so.
    Handler(Arc<Failure>),
    /// It panicked, with this message.
    Panic(Arc<str>),
    /// It took longer than this.
    Timeout(Duration),
}

impl Fault {
    /// Whether it may go better another time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Load(_) => false,
            Self::Handler(failure) => !failure.is_reject(),
            Self::Panic(_) | Self::Timeout(_) => true,
        }
    }

    /// For a dead letter.
    pub(super) fn cause(&self) -> Cause<'_> {
        match self {
            Self::Load(error) => Cause::rejected(error),
            Self::Handler(failure) => Cause::failed(failure.class(), failure.reason()),
            Self::Panic(message) => Cause::panicked(message),
            Self::Timeout(limit) => Cause::timed_out(*limit),
        }
    }
}

impl Fault {
    /// One line in the log, of what does not go on in another topic.
    pub(super) fn tell(&self, place: &Place, ticket: &Ticket, outcome: Outcome) {
        let offset = ticket.offset;
        match outcome {
            Outcome::Skipped => tracing::warn!("{place}@{offset}: skipped: {self}"),
            Outcome::Retried | Outcome::Parked => {
                tracing::info!("{place}@{offset}: attempt {} failed: {self}", ticket.attempt);
            }
            _ => {}
        }
    }
}

/// On one line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Load(error) => error.to_string(),
            Self::Handler(failure) => failure.reason().to_string(),
            // The panic hook has told the rest.
            Self::Panic(_) => "the handler panicked".to_owned(),
            Self::Timeout(limit) => format!("the handler took longer than {limit:?}"),
        };
        f.write_str(&text.lines().collect::<Vec<_>>().join("; "))
    }
}

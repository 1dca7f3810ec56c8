//! The reason why a record could not be handled.

use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::core::{FailureKind, Outcome, Ticket, Verdict};
use super::failure::Failure;
use super::session::Cause;
use crate::LoadError;
use crate::kafka::letters;
use crate::kafka::message::Place;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It is no valid event; with the id of the schema by which it is framed, if it is.
    Load(Arc<LoadError>, Option<u32>),
    /// The handler said so.
    Handler(Arc<Failure>),
    /// It panicked, with this message.
    Panic(Arc<str>),
    /// It took longer than this.
    Timeout(Duration),
}

impl Cause for Fault {
    fn timed_out(limit: Duration) -> Self {
        Self::Timeout(limit)
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Load(error, _) if error.is_config() => Verdict::Stop,
            Self::Load(..) => Verdict::Invalid,
            Self::Handler(failure) if failure.is_unavailable() => Verdict::Unavailable,
            Self::Handler(failure) if failure.is_reject() => Verdict::Reject,
            Self::Handler(failure) => failure.delay().map_or(Verdict::Retry, Verdict::RetryAfter),
            Self::Panic(_) => Verdict::Panic,
            Self::Timeout(_) => Verdict::Retry,
        }
    }
}

impl Fault {
    /// Why the record has failed for good, if it has.
    pub(super) fn kind(&self) -> FailureKind {
        match self.verdict() {
            Verdict::Invalid => FailureKind::Invalid,
            Verdict::Reject => FailureKind::Rejected,
            _ => FailureKind::Failed,
        }
    }

    /// The pause before the next attempt, if the handler named one.
    pub(super) fn delay(&self) -> Option<Duration> {
        match self {
            Self::Handler(failure) => failure.delay(),
            _ => None,
        }
    }
}

impl Fault {
    /// Its kind, for traces: the type of the handler's error, or a word.
    pub(super) fn class(&self) -> &str {
        match self {
            Self::Load(..) => "invalid",
            Self::Handler(failure) => failure.class(),
            Self::Panic(_) => "panic",
            Self::Timeout(_) => "timeout",
        }
    }

    /// On one line. An error of users' may panic when it is written: that is to take nobody along.
    pub(super) fn text(&self) -> String {
        let text = catch_unwind(AssertUnwindSafe(|| self.to_string()));
        text.unwrap_or_else(|_| "an error whose text panics".to_owned())
    }

    /// For a dead letter.
    pub(super) fn cause(&self) -> letters::Cause<'_> {
        match self {
            Self::Load(error, schema) => letters::Cause::rejected(error, schema.map(framed).as_deref()),
            Self::Handler(failure) => letters::Cause::failed(failure.class(), failure.reason()),
            Self::Panic(message) => letters::Cause::panicked(message),
            Self::Timeout(limit) => letters::Cause::timed_out(*limit),
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
            Outcome::Unavailable => {
                tracing::info!("{place}@{offset}: waits, and attempt {} is not spent: {self}", ticket.attempt);
            }
            _ => {}
        }
    }
}

fn framed(schema: u32) -> String {
    format!("not plain JSON but framed by Confluent's serializers, with schema id {schema}")
}

/// The text of an error and of its causes, but for those that it quotes itself.
fn with_causes(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    text
}

/// On one line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Load(error, _) if error.is_config() => {
                format!("{error}; a consumer is given it by `EventConsumer::with_context`")
            }
            Self::Load(error, None) if error.other_type().is_some() => format!("{error}; {}", letters::OTHER_TYPES),
            Self::Load(error, None) => error.to_string(),
            Self::Load(error, Some(schema)) => format!("{}: {error}", framed(*schema)),
            Self::Handler(failure) => with_causes(failure.reason()),
            // The panic hook has told the rest.
            Self::Panic(_) => "the handler panicked".to_owned(),
            Self::Timeout(limit) => format!("the handler took longer than {limit:?}"),
        };
        f.write_str(&text.lines().collect::<Vec<_>>().join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("nothing reserved")]
    struct NotReserved(#[source] std::num::ParseIntError);

    /// Its text quotes its cause.
    #[derive(Debug, thiserror::Error)]
    #[error("no order: {0}")]
    struct NoOrder(#[source] NotReserved);

    #[test]
    fn a_line_tells_the_causes_and_each_once() {
        let error = NoOrder(NotReserved("one".parse::<u32>().unwrap_err()));
        let fault = Fault::Handler(Arc::new(error.into()));
        assert_eq!(fault.to_string(), "no order: nothing reserved: invalid digit found in string");
    }
}

//! The cause in a dead letter.

use std::error::Error;
use std::time::Duration;

use crate::{LoadError, Violations};

/// The maximum size of each text of an exception.
pub(super) const MAX_TEXT: usize = 4 * 1024;

/// The advice for messages of other types.
pub(crate) const OTHER_TYPES: &str = "`runner().skip_other_types()` passes over messages of other types";

/// Why a message could not be handled. Spring's headers ask for a class and a stack trace: the class is
/// a name that says of what kind the error is, and the trace its causes.
pub(crate) struct Cause<'a> {
    pub(super) class: &'a str,
    pub(super) message: String,
    pub(super) trace: String,
    /// Whether message and trace are not of this crate, and may quote anything.
    pub(super) is_foreign: bool,
    pub(super) violations: Option<&'a Violations>,
}

impl<'a> Cause<'a> {
    /// It cannot be loaded, perhaps because of its framing. Our own texts quote no value.
    pub(crate) fn rejected(error: &'a LoadError, framed: Option<&str>) -> Self {
        let trace = match framed {
            Some(framed) => format!("{framed}: {error}"),
            None if error.other_type().is_some() => format!("{error}; {OTHER_TYPES}"),
            None => error.to_string(),
        };
        let message = trace.lines().collect::<Vec<_>>().join("; ");
        Self { class: "event_schema::LoadError", message, trace, is_foreign: false, violations: error.violations() }
    }

    /// The handler failed with an error of this type, or said so in this manner.
    pub(crate) fn failed(class: &'a str, error: &(dyn Error + 'static)) -> Self {
        let mut trace = format!("{class}: {error}");
        let mut source = error.source();
        while let Some(error) = source.filter(|_| trace.len() < MAX_TEXT) {
            trace = format!("{trace}\nCaused by: {error}");
            source = error.source();
        }
        Self { class, message: error.to_string(), trace, is_foreign: true, violations: None }
    }

    /// The handler panicked.
    pub(crate) fn panicked(message: &str) -> Self {
        Self { is_foreign: true, ..Self::of("panic", message.to_owned()) }
    }

    /// The handler took longer than it may.
    pub(crate) fn timed_out(limit: Duration) -> Self {
        Self::of("timeout", format!("the handler took longer than {limit:?}"))
    }

    fn of(class: &'static str, message: String) -> Self {
        Self { class, trace: format!("{class}: {message}"), message, is_foreign: false, violations: None }
    }
}

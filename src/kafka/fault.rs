//! Why a record could not be handled.

use std::fmt;
use std::sync::Arc;

use super::delivery::Failure;
use crate::LoadError;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub(super) enum Fault {
    /// It is no valid event.
    Load(Arc<LoadError>),
    /// The handler said so.
    Handler(Arc<Failure>),
    Panic,
    Timeout,
}

impl Fault {
    /// Whether it may go better another time.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Load(_) => false,
            Self::Handler(failure) => !failure.is_reject(),
            Self::Panic | Self::Timeout => true,
        }
    }
}

/// On one line.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::Load(error) => error.to_string(),
            Self::Handler(failure) => failure.reason().to_string(),
            Self::Panic => "the handler panicked".to_owned(),
            Self::Timeout => "the handler took too long".to_owned(),
        };
        f.write_str(&text.lines().collect::<Vec<_>>().join("; "))
    }
}

//! How many deliveries came to which end.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::core::Outcome;

/// Counts while it goes on.
#[derive(Debug, Default)]
pub(super) struct Tally([AtomicU64; KINDS.len()]);

const KINDS: [Outcome; 6] =
    [Outcome::Done, Outcome::Retried, Outcome::Parked, Outcome::Dead, Outcome::Skipped, Outcome::Abandoned];

impl Tally {
    pub(super) fn count(&self, outcome: Outcome) {
        if let Some(index) = KINDS.iter().position(|kind| *kind == outcome) {
            self.0[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn counts(&self) -> Counts {
        Counts(self.0.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }
}

/// How many deliveries came to which end, since the consumer began to run.
///
/// ```
/// use event_schema::kafka::{Counts, Outcome};
///
/// let counts = Counts::default();
/// assert_eq!(counts.done(), 0);
/// assert_eq!(counts.of(Outcome::Dead), 0);
/// assert_eq!(counts.to_string(), "nothing");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts([u64; KINDS.len()]);

impl Counts {
    /// How many came to this end; see the example of [`Counts`].
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        KINDS.iter().zip(self.0).find(|(kind, _)| **kind == outcome).map_or(0, |(_, count)| count)
    }

    /// How many were handled: [`Outcome::Done`].
    #[must_use]
    pub fn done(&self) -> u64 {
        self.of(Outcome::Done)
    }
}

/// What there is to count: `3 done, 1 dead`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = KINDS.iter().zip(self.0).filter(|(_, count)| *count > 0);
        let texts: Vec<_> =
            counted.map(|(kind, count)| format!("{count} {}", format!("{kind:?}").to_lowercase())).collect();
        f.write_str(if texts.is_empty() { "nothing" } else { "" })?;
        f.write_str(&texts.join(", "))
    }
}

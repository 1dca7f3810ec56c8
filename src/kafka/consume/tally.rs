//! The number of deliveries with each outcome.

use std::fmt;

use super::core::{Outcome, Partition};

/// The counts of each partition, by its number.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<Counts>);

const KINDS: [Outcome; 8] = [
    Outcome::Done,
    Outcome::Retried,
    Outcome::Parked,
    Outcome::Unavailable,
    Outcome::Dead,
    Outcome::Skipped,
    Outcome::Ignored,
    Outcome::Abandoned,
];

impl Tally {
    pub(super) fn count(&mut self, partition: Partition, outcome: Outcome) {
        if let Some(index) = KINDS.iter().position(|kind| *kind == outcome) {
            self.of(partition).outcomes[index] += 1;
        }
    }

    pub(super) fn lose(&mut self, partition: Partition, messages: u64) {
        self.of(partition).lost += messages;
    }

    fn of(&mut self, partition: Partition) -> &mut Counts {
        let index = partition as usize;
        if index >= self.0.len() {
            self.0.resize(index + 1, Counts::default());
        }
        &mut self.0[index]
    }

    /// The counts of each partition, by its number; later ones have none.
    #[cfg(feature = "metrics024")]
    pub(super) fn by_partition(&self) -> &[Counts] {
        &self.0
    }

    /// The counts of all partitions.
    pub(super) fn sum(&self) -> Counts {
        self.0.iter().fold(Counts::default(), Counts::and)
    }
}

/// The number of deliveries with each outcome since the start of the run.
///
/// ```
/// use event_schema::kafka::{Counts, Outcome};
///
/// let counts = Counts::default();
/// assert_eq!(counts.done(), 0);
/// assert_eq!(counts.of(Outcome::Dead), 0);
/// assert_eq!(counts.to_string(), "nothing");
/// assert_eq!(format!("{counts:?}"), "Counts");
///
/// // For metrics: every outcome, also those with a count of zero.
/// let mut lines = counts.iter().map(|(outcome, count)| format!("deliveries{{outcome=\"{outcome}\"}} {count}"));
/// assert_eq!(lines.next().unwrap(), "deliveries{outcome=\"done\"} 0");
/// assert_eq!(lines.count(), 7);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    outcomes: [u64; KINDS.len()],
    lost: u64,
}

impl Counts {
    /// Those that are not zero, with their names.
    fn counted(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let outcomes = self.iter().map(|(outcome, count)| (outcome.as_str(), count));
        outcomes.chain([("lost", self.lost)]).filter(|(_, count)| *count > 0)
    }

    fn and(mut self, other: &Self) -> Self {
        for (sum, count) in self.outcomes.iter_mut().zip(other.outcomes) {
            *sum += count;
        }
        self.lost += other.lost;
        self
    }

    /// How many messages need no further delivery.
    #[cfg(feature = "metrics024")]
    pub(super) fn finished(&self) -> u64 {
        [Outcome::Done, Outcome::Dead, Outcome::Skipped, Outcome::Ignored].map(|outcome| self.of(outcome)).iter().sum()
    }

    /// The number of deliveries with this outcome; see the example of [`Counts`].
    #[must_use]
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.iter().find(|(kind, _)| *kind == outcome).map_or(0, |(_, count)| count)
    }

    /// Every outcome with its count; see the example of [`Counts`].
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> {
        KINDS.into_iter().zip(self.outcomes)
    }

    /// The number of deliveries that were handled: [`Outcome::Done`].
    #[must_use]
    pub fn done(&self) -> u64 {
        self.of(Outcome::Done)
    }

    /// The maximum number of messages that were deleted before they could be received: the number of offsets between
    /// the next expected one and the first that still exists. Retention deletes messages that a slow or stopped
    /// consumer has not yet received. A warning in the log names each gap. With `auto.offset.reset=none` the consumer
    /// stops instead.
    ///
    /// ```
    /// use event_schema::kafka::Counts;
    ///
    /// assert_eq!(Counts::default().lost(), 0);
    /// ```
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }
}

/// The counts that are not zero: `3 done, 1 dead`.
impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.counted().map(|(kind, count)| format!("{count} {kind}")).collect();
        f.write_str(if texts.is_empty() { "nothing" } else { "" })?;
        f.write_str(&texts.join(", "))
    }
}

/// The counts that are not zero: `Counts { done: 3, dead: 1 }`.
impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Counts");
        for (kind, count) in self.counted() {
            fields.field(kind, &count);
        }
        fields.finish()
    }
}

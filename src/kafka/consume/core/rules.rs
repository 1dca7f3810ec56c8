//! The settings of the core.

use std::time::Duration;

/// Which messages are handled in order; all others are handled in parallel.
///
/// ```
/// use event_schema::kafka::Order;
///
/// assert_eq!(Order::default(), Order::Partition);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Order {
    /// The messages of each partition, one after the other.
    #[default]
    Partition,
    /// The messages of each partition with the same key. Messages without a key have no order.
    Key,
}

/// The records that wait while a failed record waits for its next attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Waiting {
    /// All of its partition.
    Partition,
    /// The later records of the same key.
    Key,
    /// Nothing: the record goes to a topic for that, and comes back from there.
    Nothing,
}

/// The policy for messages that failed for good.
///
/// A rule whose [context](crate::kafka::EventConsumer::with_context) was not set stops the consumer with any policy,
/// because the message is not to blame: see [`LoadError::is_config`](crate::LoadError::is_config).
///
/// ```
/// use event_schema::kafka::GiveUp;
///
/// assert_eq!(GiveUp::default(), GiveUp::DeadLetter);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum GiveUp {
    /// The message is sent to the dead letter topic, and the consumer continues.
    #[default]
    DeadLetter,
    /// The message is skipped, logged and counted, and the consumer continues.
    Skip,
    /// The consumer stops. The message is not committed: a restarted consumer receives it first.
    Stop,
}

/// Why a message has failed for good. A setting of [`Runner::give_up_on`](crate::kafka::Runner::give_up_on).
///
/// ```
/// use event_schema::kafka::FailureKind;
///
/// assert_ne!(FailureKind::Invalid, FailureKind::Rejected);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// The message cannot be loaded, or breaks a rule of its event.
    Invalid,
    /// The handler [rejected](crate::kafka::Failure::reject) it.
    Rejected,
    /// Its last attempt failed, or a dependency of its handler was unavailable for
    /// [too long](crate::kafka::Retry::unavailable_limit).
    Failed,
}

/// The policy for each kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct GiveUps {
    pub(crate) invalid: GiveUp,
    pub(crate) rejected: GiveUp,
    pub(crate) failed: GiveUp,
}

impl GiveUps {
    pub(crate) fn on(self, kind: FailureKind) -> GiveUp {
        match kind {
            FailureKind::Invalid => self.invalid,
            FailureKind::Rejected => self.rejected,
            FailureKind::Failed => self.failed,
        }
    }

    pub(crate) fn set(&mut self, kind: FailureKind, give_up: GiveUp) {
        *match kind {
            FailureKind::Invalid => &mut self.invalid,
            FailureKind::Rejected => &mut self.rejected,
            FailureKind::Failed => &mut self.failed,
        } = give_up;
    }

    /// Whether any kind of failure has this policy.
    pub(crate) fn contain(self, give_up: GiveUp) -> bool {
        [self.invalid, self.rejected, self.failed].contains(&give_up)
    }
}

/// The same for all.
impl From<GiveUp> for GiveUps {
    fn from(give_up: GiveUp) -> Self {
        Self { invalid: give_up, rejected: give_up, failed: give_up }
    }
}

/// How long something that failed waits for its next attempt: longer each time, up to a limit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
    /// How much of it may be taken off by chance, so that what failed together is not tried together: 0 to 1.
    pub(crate) jitter: f64,
}

impl Backoff {
    /// Before the attempt of this number, from 1 on; `chance` is from 0 to 1.
    pub(crate) fn before(&self, attempt: u32, chance: f64) -> Duration {
        let doubled = 2_u32.checked_pow(attempt.saturating_sub(1)).and_then(|factor| self.first.checked_mul(factor));
        let whole = doubled.unwrap_or(self.longest).min(self.longest);
        let factor = 1.0 - self.jitter.clamp(0.0, 1.0) * chance;
        Duration::try_from_secs_f64(whole.as_secs_f64() * factor).unwrap_or(whole)
    }
}

/// A limit on the records in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) records: usize,
    pub(crate) bytes: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct Rules {
    /// Nothing has an order if there is none.
    pub(crate) order: Option<Order>,
    /// The limit of all partitions together. Each has an equal share, so a partition that stands still leaves the
    /// others theirs.
    pub(crate) buffer: Limit,
    /// How many records of a partition may be in hand from the first unfinished one on. It bounds what
    /// a crash repeats.
    pub(crate) span: u64,
    /// How often a record is tried, the first time included.
    pub(crate) attempts: u32,
    pub(crate) backoff: Backoff,
    /// How long something waits that could not be forwarded, or not be loaded yet: by how often that was so.
    pub(crate) forward_backoff: Backoff,
    pub(crate) waiting: Waiting,
    pub(crate) give_up: GiveUps,
    /// How long a record may wait for a dependency of its handler: since the handler first said so.
    pub(crate) away_limit: Option<Duration>,
    /// How many different records have to fail, without one that is handled, for the next that would be given up to open
    /// the breaker instead. There is no breaker if there is none.
    pub(crate) breaker: Option<u32>,
    /// How long a record waits for an open breaker before it is given up, if it fails then as the probe: by how many
    /// were, since one was handled.
    pub(crate) breaker_patience: Backoff,
    /// How many forms of a dead letter there are: one that is too large in the last stops the consumer.
    pub(crate) forms: u32,
    /// How long a handler may take before it counts as failed.
    pub(crate) patience: Option<Duration>,
    pub(crate) commit_every: Duration,
}

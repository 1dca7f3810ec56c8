//! The settings of a run, as users choose them.

use std::time::Duration;

use super::breaker::CircuitBreaker;
use super::core::{Backoff, FailureKind, GiveUp, GiveUps, Limit, Order, Rules, Waiting};
use super::retry::Retry;
use crate::kafka::letters::DeadLetter;

/// All settings of a [`Runner`](crate::kafka::Runner), without the handlers.
#[derive(Debug, Clone)]
pub(super) struct Policy {
    pub(super) order: Option<Order>,
    pub(super) concurrency: usize,
    pub(super) buffer: Limit,
    pub(super) span: u64,
    pub(super) retry: Retry,
    pub(super) give_up: GiveUp,
    /// The exceptions: of those of one kind, the last counts.
    pub(super) give_up_on: Vec<(FailureKind, GiveUp)>,
    pub(super) breaker: CircuitBreaker,
    /// The run ends when the messages are handled that were there.
    pub(super) until_end: bool,
    pub(super) dead_letter: DeadLetter,
    /// Whether it receives what is redriven to the group.
    pub(super) redrive_topics: bool,
    pub(super) timeout: Option<Duration>,
    pub(super) revoke_timeout: Option<Duration>,
    pub(super) commit_interval: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            order: Some(Order::Partition),
            concurrency: std::thread::available_parallelism().map_or(1, Into::into),
            buffer: BUFFER,
            span: 1_000,
            retry: Retry::default(),
            give_up: GiveUp::default(),
            give_up_on: Vec::new(),
            breaker: CircuitBreaker::default(),
            until_end: false,
            dead_letter: DeadLetter::new(),
            redrive_topics: false,
            timeout: None,
            revoke_timeout: None,
            commit_interval: Duration::from_secs(1),
        }
    }
}

/// librdkafka hands over thousands of messages of one partition in a row: with a small share, the partition would be
/// full before its receiver wakes.
const BUFFER: Limit = Limit { records: 100_000, bytes: 32 << 20 };

/// Between two tries to send a dead letter. They are for brokers that come back, and not for the handler: its own
/// pauses may be long.
const FORWARD: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(5), jitter: 0.5 };

/// Before a message that fails whenever it is the probe of an open breaker is given up. In an outage of a day, fewer than
/// thirty messages are.
const BREAKER: Backoff =
    Backoff { first: Duration::from_secs(5 * 60), longest: Duration::from_secs(60 * 60), jitter: 0.0 };

impl Policy {
    /// The contradiction in the settings, if there is one.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match (self.order, self.retry.waiting) {
            (Some(Order::Partition), Waiting::Key) => {
                Some("`Retry::park` does not keep the order of a partition: use `Order::Key`, or `Retry::in_place`")
            }
            (Some(_), Waiting::Nothing) => {
                Some("`Retry::topics` does not keep any order: use `unordered`, or `Retry::park` with `Order::Key`")
            }
            (None, Waiting::Nothing) if self.until_end => {
                Some("`until_end` does not wait for retry topics: use `Retry::in_place` or `Retry::park`")
            }
            _ if self.until_end && self.redrive_topics => {
                Some("`until_end` does not wait for redrive topics: run without `redrive_topics`")
            }
            _ => None,
        }
    }

    pub(super) fn has_retry_topics(&self) -> bool {
        self.retry.waiting == Waiting::Nothing
    }

    /// The policy for each kind of failure.
    pub(super) fn give_ups(&self) -> GiveUps {
        let mut all = GiveUps::from(self.give_up);
        self.give_up_on.iter().for_each(|(kind, give_up)| all.set(*kind, *give_up));
        all
    }

    pub(super) fn rules(&self, forms: u32) -> Rules {
        let give_up = self.give_ups();
        Rules {
            order: self.order,
            buffer: self.buffer,
            span: self.span,
            attempts: self.retry.attempts,
            backoff: self.retry.backoff,
            forward_backoff: FORWARD,
            waiting: self.retry.waiting,
            give_up,
            away_limit: self.retry.unavailable_limit,
            // A run that stops at what it cannot handle has no use for it.
            breaker: self.breaker.messages.filter(|_| give_up.failed != GiveUp::Stop),
            breaker_patience: BREAKER,
            forms,
            patience: self.timeout,
            commit_every: self.commit_interval,
        }
    }

    /// The rules of consumers with a loop of their own, which reports finished messages itself.
    pub(super) fn by_hand() -> Rules {
        let unordered = Self { order: None, span: u64::MAX, ..Self::default() };
        unordered.rules(1)
    }
}

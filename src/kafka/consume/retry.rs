//! The retry settings of failed messages.

use std::time::Duration;

use super::core::{Backoff, Waiting};
use crate::kafka::letters;

/// How failed messages are retried: what waits meanwhile, how often, and after which pauses. A setting of
/// [`Runner::retry`](crate::kafka::Runner::retry).
///
/// ```
/// use event_schema::kafka::Retry;
/// use std::time::Duration;
///
/// // The default: five attempts, after pauses of at most half a second, then one, two and four seconds.
/// let retry = Retry::in_place();
/// // Six attempts, the first retry after 100 ms, no pause longer than 10 s, without jitter.
/// let retry = Retry::in_place()
///     .attempts(6)
///     .backoff(Duration::from_millis(100), Duration::from_secs(10))
///     .jitter(0.0);
/// assert_ne!(retry, Retry::in_place());
/// ```
///
/// | | what waits meanwhile | order | requires |
/// |---|---|---|---|
/// | [`in_place`](Self::in_place) | the later messages of its partition | kept | |
/// | [`park`](Self::park) | the later messages of its key | kept for each key | [`Order::Key`](crate::kafka::Order::Key) or [`unordered`](crate::kafka::Runner::unordered) |
/// | [`topics`](Self::topics) | nothing | lost | [`unordered`](crate::kafka::Runner::unordered); the retry topics exist |
/// | [`never`](Self::never) | the later messages of its partition, while a dependency of the handler is unavailable: there is no other retry | kept | |
///
/// A message whose handler says that a dependency is [unavailable](crate::kafka::Failure::unavailable) spends no attempt. It
/// is handled again where it is, after the same pauses, and the same messages wait meanwhile; with
/// [`topics`](Self::topics) and [`never`](Self::never) too, and it is not sent to a retry topic.
///
/// A handler's error, panic or [timeout](crate::kafka::Runner::handler_timeout) is retried. A message that cannot be
/// loaded, breaks a rule of its event or is [rejected](crate::kafka::Failure::reject) is never retried. A message that
/// is not retried, or whose last attempt fails, has failed for good: [`Runner::give_up`](crate::kafka::Runner::give_up)
/// decides what happens to it, a dead letter by default.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    pub(super) waiting: Waiting,
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
    pub(super) unavailable_limit: Option<Duration>,
}

impl Retry {
    fn new(waiting: Waiting) -> Self {
        let backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(30), jitter: 0.5 };
        Self { waiting, attempts: 5, backoff, unavailable_limit: None }
    }

    /// The later messages of its partition wait until the message has succeeded or failed for good, which keeps their
    /// order.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    ///
    /// assert_eq!(Retry::default(), Retry::in_place());
    /// ```
    #[must_use]
    pub fn in_place() -> Self {
        Self::new(Waiting::Partition)
    }

    /// Only the later messages with the same key wait; those with other keys are handled. Requires
    /// [`Order::Key`](crate::kafka::Order::Key), or no order.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    ///
    /// assert_ne!(Retry::park(), Retry::in_place());
    /// ```
    #[must_use]
    pub fn park() -> Self {
        Self::new(Waiting::Key)
    }

    /// The message is sent to a retry topic, and received from there when its backoff is over; no other message waits
    /// for it. Messages lose their order, so [`unordered`](crate::kafka::Runner::unordered) is required.
    ///
    /// The retry topics are named `<topic>-<group>-retry-1` and so on, one for each attempt except the first
    /// ([`topics_of`](Self::topics_of)). They must exist when the consumer starts; a warning names those that are missing. Characters that are illegal in
    /// topic names become `_`, as in [`DeadLetter::topic_of`](crate::kafka::DeadLetter::topic_of).
    ///
    /// Headers hold the original place of the message, the time of the next attempt and its number. They are Spring
    /// Kafka's: `kafka_original-topic` and so on, `retry_topic-backoff-timestamp`, `retry_topic-attempts`. The consumer
    /// trusts these headers in the retry topics only, and never waits longer than the longest [backoff](Self::backoff).
    /// Restrict who may write to these topics by the brokers' access control lists.
    ///
    /// If you lower [`attempts`](Self::attempts), the topics of the removed attempts are no longer read: let them run
    /// empty first.
    ///
    /// Different pairs of topic and group must not give the same name: the topic `orders-eu` with the group `billing`,
    /// and the topic `orders` with the group `eu-billing`, would share their retry topics and their dead letter topic.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    ///
    /// assert_ne!(Retry::topics(), Retry::park());
    /// ```
    #[must_use]
    pub fn topics() -> Self {
        Self::new(Waiting::Nothing)
    }

    /// The retry topics of a topic and a group, in their order: none but for [`topics`](Self::topics). They have the same
    /// names at the brokers as [`DeadLetter::topic_of`](crate::kafka::DeadLetter::topic_of) has.
    ///
    /// ```
    /// use event_schema::kafka::{DeadLetter, Retry, Topics};
    ///
    /// let retry = Retry::topics().attempts(3);
    /// let topics = retry.topics_of("orders", "billing");
    /// assert_eq!(topics, ["orders-billing-retry-1", "orders-billing-retry-2"]);
    /// assert!(Retry::park().topics_of("orders", "billing").is_empty());
    ///
    /// // All that a consumer with this setting needs, to be created or checked.
    /// let needed = Topics::new().topic("orders").topic(DeadLetter::new().topic_of("orders", "billing"));
    /// let needed = topics.into_iter().fold(needed, Topics::topic);
    /// ```
    #[must_use]
    pub fn topics_of(&self, topic: &str, group: &str) -> Vec<String> {
        match self.waiting {
            Waiting::Nothing => (1..self.attempts).map(|number| letters::retry_topic(topic, group, number)).collect(),
            Waiting::Partition | Waiting::Key => Vec::new(),
        }
    }

    /// One attempt only.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    ///
    /// assert_eq!(Retry::never(), Retry::in_place().attempts(1));
    /// ```
    #[must_use]
    pub fn never() -> Self {
        Self::in_place().attempts(1)
    }

    /// The maximum number of attempts, including the first; at least 1. Default: 5.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    ///
    /// assert_eq!(Retry::in_place().attempts(5), Retry::in_place());
    /// ```
    #[must_use]
    pub fn attempts(self, attempts: u32) -> Self {
        Self { attempts: attempts.max(1), ..self }
    }

    /// The wait before the second attempt, and the longest wait; the wait doubles after each attempt. Default: half a
    /// second and 30 seconds.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    /// use std::time::Duration;
    ///
    /// let same = Retry::in_place().backoff(Duration::from_millis(500), Duration::from_secs(30));
    /// assert_eq!(same, Retry::in_place());
    /// ```
    #[must_use]
    pub fn backoff(self, first: Duration, longest: Duration) -> Self {
        Self { backoff: Backoff { first, longest, ..self.backoff }, ..self }
    }

    /// The random part of the wait, from 0 to 1: each wait is shortened by a random part of up to this fraction, so
    /// that messages that failed together are not retried together. Default: 0.5.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    ///
    /// assert_eq!(Retry::in_place().jitter(0.5), Retry::in_place());
    /// ```
    #[must_use]
    pub fn jitter(self, jitter: f64) -> Self {
        Self { backoff: Backoff { jitter, ..self.backoff }, ..self }
    }

    /// The time that a message may wait because a dependency of its handler is
    /// [unavailable](crate::kafka::Failure::unavailable), or because the
    /// [circuit breaker](crate::kafka::Runner::circuit_breaker) is open. It is tried once more at the end of this time; then
    /// it has failed for good, with whichever attempts left. Default: no limit, but for the
    /// [limit of the breaker](crate::kafka::CircuitBreaker).
    ///
    /// The time starts with the first such failure in a row. It starts anew when another consumer of the group gets the
    /// partition.
    ///
    /// ```
    /// use event_schema::kafka::Retry;
    /// use std::time::Duration;
    ///
    /// let retry = Retry::in_place().unavailable_limit(Duration::from_secs(3600));
    /// assert_ne!(retry, Retry::in_place());
    /// ```
    #[must_use]
    pub fn unavailable_limit(self, limit: Duration) -> Self {
        Self { unavailable_limit: Some(limit), ..self }
    }

    pub(super) fn most(&self) -> u32 {
        self.attempts
    }

    /// No wait is longer.
    pub(super) fn longest(&self) -> Duration {
        self.backoff.longest
    }

    /// Before the attempt behind this one.
    pub(super) fn delay(&self, attempt: u32) -> Duration {
        self.backoff.before(attempt, fastrand::f64())
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self::in_place()
    }
}

//! Whether and how a failed message is tried again.

use std::time::Duration;

use super::core::{Backoff, Waiting};

/// Whether and how a failed message is tried again.
///
/// ```
/// use event_schema::kafka::Retry;
/// use std::time::Duration;
///
/// // The default: five attempts, about half a second, then one, two and four seconds apart.
/// let retry = Retry::in_place();
/// // One more attempt, the first retry after 100 ms, none later than after 10 s, by a clock.
/// let retry = Retry::in_place()
///     .attempts(6)
///     .backoff(Duration::from_millis(100), Duration::from_secs(10))
///     .jitter(0.0);
/// assert_ne!(retry, Retry::in_place());
/// ```
///
/// | | what waits meanwhile | order | needs |
/// |---|---|---|---|
/// | [`in_place`](Self::in_place) | its partition | kept | |
/// | [`park`](Self::park) | the later messages of its key | kept | order by key, or none |
/// | [`topics`](Self::topics) | nothing | lost | no order; the topics |
/// | [`never`](Self::never) | nothing | kept | |
///
/// What cannot be loaded, breaks the rules of the event or is [rejected](crate::kafka::Failure::reject) is never
/// tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Retry {
    pub(super) waiting: Waiting,
    pub(super) attempts: u32,
    pub(super) backoff: Backoff,
}

impl Retry {
    fn new(waiting: Waiting) -> Self {
        let backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(30), jitter: 0.5 };
        Self { waiting, attempts: 5, backoff }
    }

    /// The partition waits, and with it the order of its messages.
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

    /// Only the later messages of the same key wait; those of other keys are handled. Needs
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

    /// The message is sent to a topic for that, and comes back from there when its time has come; nothing
    /// waits for it. There is no order then, so that none may be asked for.
    ///
    /// The topics are named `<topic>-<group>-retry-1` and so on, one for each attempt but the first, and
    /// have to be there when the consumer starts, which warns of those that are not. Characters that no topic may have become `_`, as in
    /// [`DeadLetter::topic_of`](crate::kafka::DeadLetter::topic_of).
    ///
    /// Its headers say where the message was first, when it is to be tried and which attempt that is, as
    /// Spring Kafka's do: `kafka_original-topic` and so on, `retry_topic-backoff-timestamp`,
    /// `retry_topic-attempts`. They are believed in these topics only, and no wait is longer than the
    /// longest [backoff](Self::backoff): who may write to the topics is for the brokers' access lists to say.
    ///
    /// With fewer [`attempts`](Self::attempts) than before there are fewer topics, and nobody reads what is left in
    /// the others: let them run empty first. And no two pairs of topic and group may make the same name, as the topic
    /// `orders-eu` of the group `billing` and the topic `orders` of the group `eu-billing` do: they would share their
    /// topics for retries and for dead letters.
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

    /// One attempt and no more.
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

    /// How often a message is tried, the first time included: 5 unless set, and at least once.
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

    /// How long to wait before the second attempt, and at most; in between it doubles each time. Half a
    /// second and 30 seconds unless set.
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

    /// How much of the wait may be taken off by chance, so that what failed together is not tried together:
    /// from 0 to 1, one half unless set.
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

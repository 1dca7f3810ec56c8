//! The setting of the circuit breaker.

/// When failed messages start to wait instead of becoming dead letters. A setting of
/// [`Runner::circuit_breaker`](crate::kafka::Runner::circuit_breaker).
///
/// If a database is unreachable, every handler fails. Without a breaker, each message would use up its attempts and become
/// a dead letter. With a breaker, at most two messages do: if three different messages have failed, and none was handled in
/// between, the breaker opens when the next of them would be given up, and that message waits.
///
/// While the breaker is open:
/// - One message at a time is handled, as a probe; after each that fails, the pause until the next probe is longer, as the
///   [backoff](crate::kafka::Retry::backoff) says. The first that is handled closes the breaker.
/// - A failed message waits, keeps its order and spends no attempt: its outcome is
///   [`Unavailable`](crate::kafka::Outcome::Unavailable).
/// - The consumer is not [ready](crate::kafka::RunHandle::is_ready).
/// - Messages that cannot be loaded or are rejected are given up as usual. So is a message whose handler panics at every
///   attempt: a panic does not count as an outage.
///
/// A breaker cannot distinguish a message that always fails from an outage, so up to two messages are given up before it opens,
/// and later one now and then. Otherwise three such messages in a row would hold up their partition for ever, although
/// the fourth is fine: with [`Order::Partition`](crate::kafka::Order::Partition) only the first of a partition can be the
/// probe. A message that has waited for five minutes and fails again as the probe is given up. The next must wait for
/// ten minutes after that, then 20, 40, and an hour each time, until a message is handled. An outage of a day thus costs
/// fewer than thirty dead letters of each consumer.
///
/// No message is given up if handlers return [`Failure::unavailable`](crate::kafka::Failure::unavailable), however long an
/// outage takes. [`Retry::unavailable_limit`](crate::kafka::Retry::unavailable_limit) bounds the wait of each message. With
/// [`GiveUp::Stop`](crate::kafka::GiveUp::Stop) the breaker never opens, and the run ends.
///
/// A message counts once, by its place in its first topic: messages in [retry topics](crate::kafka::Retry::topics) open the
/// breaker of a consumer that has just started, too.
///
/// ```
/// use event_schema::kafka::CircuitBreaker;
///
/// assert_eq!(CircuitBreaker::default(), CircuitBreaker::after(3));
/// assert_ne!(CircuitBreaker::default(), CircuitBreaker::off());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitBreaker {
    pub(super) messages: Option<u32>,
}

impl CircuitBreaker {
    /// Opens when this many different messages have failed, at least two, and none was handled in between. See the example
    /// of [`CircuitBreaker`].
    #[must_use]
    pub fn after(messages: u32) -> Self {
        Self { messages: Some(messages.max(2)) }
    }

    /// Never opens: each message is given up after its own attempts. See the example of [`CircuitBreaker`].
    #[must_use]
    pub fn off() -> Self {
        Self { messages: None }
    }
}

/// After three messages.
impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::after(3)
    }
}

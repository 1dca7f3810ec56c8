//! The setting of the circuit breaker.

/// When the consumer stops giving messages up because none can be handled. A setting of
/// [`Runner::circuit_breaker`](crate::kafka::Runner::circuit_breaker).
///
/// A database that is away makes every handler fail. Without a breaker, each message would use up its attempts and
/// become a dead letter. With it, a message whose last attempt failed is given up only if another was handled lately: if
/// three different messages have failed and none was handled in between, the breaker opens instead.
///
/// While the breaker is open:
/// - One message at a time is handled, as a probe; after each that fails, the pause until the next probe is longer, as the
///   [backoff](crate::kafka::Retry::backoff) says. The first that is handled closes the breaker.
/// - A failed message waits, keeps its order and spends no attempt: its outcome is
///   [`Unavailable`](crate::kafka::Outcome::Unavailable).
/// - The consumer is not [ready](crate::kafka::RunHandle::is_ready).
/// - Messages that cannot be loaded or are rejected are given up as ever, and so is a message whose handler panics until
///   its attempts are spent: a panic does not count as a sign that something is away.
///
/// A breaker cannot tell a message that no handler will ever take from one that comes while the database is away. At
/// most two messages are given up before it opens. A handler that says
/// [`Failure::unavailable`](crate::kafka::Failure::unavailable) loses none. If all messages of a topic fail because of the
/// handler itself, the breaker stays open until it is mended; [`Retry::unavailable_limit`](crate::kafka::Retry::unavailable_limit)
/// ends the wait of each message, and so does the policy [`GiveUp::Stop`](crate::kafka::GiveUp::Stop), under which the breaker
/// never opens.
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

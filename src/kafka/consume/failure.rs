//! The results of handlers.

use std::error::Error;
use std::pin::Pin;
use std::time::Duration;

use crate::kafka::error::SendError;
use crate::{DumpError, LoadError, Violation, Violations};

/// The error of a handler, and whether to retry the message.
///
/// `?` converts any error into a `Failure` that is retried. The exceptions are errors that say that an event is
/// invalid, which are rejected: a [`Violation`], [`Violations`], a [`DumpError`], a [`LoadError`], or a [`SendError`] that
/// [is invalid](SendError::is_invalid). An error of the service's configuration ([`DumpError::is_config`],
/// [`LoadError::is_config`]) or of a source ([`LoadError::is_io`]) is retried. With the feature `sqlx08`, an error of sqlx, or
/// one that it is the source of, is [`unavailable`](Self::unavailable) if it says that the database is away or too busy.
///
/// | | is the message retried? | is an attempt spent? |
/// |---|---|---|
/// | [`retry`](Self::retry), and any other error | after the [backoff](crate::kafka::Retry::backoff) | yes |
/// | [`retry_after`](Self::retry_after) | after the pause that the handler names | yes |
/// | [`unavailable`](Self::unavailable) | after the backoff, until it is handled | no |
/// | [`reject`](Self::reject) | never | |
///
/// ```
/// use event_schema::kafka::Failure;
/// use event_schema::prelude::*;
///
/// #[derive(Serialize, EventSchema)]
/// struct Paid { #[validate(range(min = 1))] amount: u32 }
///
/// fn pay(amount: &str) -> Result<Vec<u8>, Failure> {
///     let amount: u32 = amount.parse()?;
///     if amount > 1000 {
///         return Err(Failure::reject("too much to pay"));
///     }
///     Ok(Paid { amount }.dump()?)
/// }
/// assert!(pay("1").is_ok());
/// assert!(!pay("one").unwrap_err().is_reject());
/// assert!(pay("1001").unwrap_err().is_reject());
/// assert!(pay("0").unwrap_err().is_reject());
/// ```
///
/// The text of the reason goes into the log and into the headers of the dead letter (not if the dead letter is
/// [redacted](crate::kafka::DeadLetter::redact)): keep payloads out of it. The dead letter also names the type of the
/// reason, or `failed`, `unavailable` or `rejected` if the reason is a string. `Failure` itself does not implement
/// [`Error`], because every error converts into it.
#[derive(Debug)]
pub struct Failure {
    kind: Kind,
    /// The type of the error, if it was one.
    class: Option<&'static str>,
    reason: Box<dyn Error + Send + Sync>,
}

/// The consequence for the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Retry,
    RetryAfter(Duration),
    Unavailable,
    Reject,
}

impl Failure {
    /// A failure that may pass, such as a conflict with another transaction or a taken lock: the message is retried.
    ///
    /// ```
    /// use event_schema::kafka::Failure;
    ///
    /// let failure = Failure::retry("the order is locked");
    /// assert_eq!(failure.reason().to_string(), "the order is locked");
    /// assert!(!failure.is_reject());
    /// ```
    pub fn retry<R: Into<Box<dyn Error + Send + Sync>>>(reason: R) -> Self {
        Self { kind: Kind::Retry, class: class_of::<R>(), reason: reason.into() }
    }

    /// A failure that will not pass, such as an order for a product that does not exist: the message is not retried.
    ///
    /// ```
    /// use event_schema::kafka::Failure;
    ///
    /// assert!(Failure::reject("no such product").is_reject());
    /// ```
    pub fn reject<R: Into<Box<dyn Error + Send + Sync>>>(reason: R) -> Self {
        Self { kind: Kind::Reject, ..Self::retry(reason) }
    }

    /// A failure that may pass after this pause, such as the `Retry-After` of another service: the message is retried
    /// after the pause, instead of after the [backoff](crate::kafka::Retry::backoff). It counts as an attempt, as
    /// [`retry`](Self::retry) does.
    ///
    /// With [retry topics](crate::kafka::Retry::topics) the pause is at most the longest backoff. Otherwise nothing shortens
    /// it, and later messages of the partition (or key) wait for all of it: limit a pause that another service chooses.
    ///
    /// ```
    /// use event_schema::kafka::Failure;
    /// use std::time::Duration;
    ///
    /// let failure = Failure::retry_after(Duration::from_secs(60), "too many requests");
    /// assert_eq!(failure.delay(), Some(Duration::from_secs(60)));
    /// assert!(!failure.is_reject() && !failure.is_unavailable());
    /// ```
    pub fn retry_after<R: Into<Box<dyn Error + Send + Sync>>>(delay: Duration, reason: R) -> Self {
        Self { kind: Kind::RetryAfter(delay), ..Self::retry(reason) }
    }

    /// A dependency of the handler is unavailable, such as its database: no message could be handled, and this one is not
    /// to blame.
    ///
    /// The message waits for the next [backoff](crate::kafka::Retry::backoff), and no attempt is counted, however often this
    /// happens. It does not become a dead letter because of such failures. Later messages wait as they do for a
    /// [retry](crate::kafka::Retry): those of its partition, those of its key, or none. It is not sent to a retry topic. The
    /// consumer is not [ready](crate::kafka::RunHandle::is_ready) meanwhile, and the delivery counts as
    /// [`Outcome::Unavailable`](crate::kafka::Outcome::Unavailable). [`Retry::unavailable_limit`](crate::kafka::Retry::unavailable_limit)
    /// ends the wait.
    ///
    /// ```
    /// use event_schema::kafka::{Delivery, Failure};
    ///
    /// # struct Order;
    /// # async fn insert(_: &Order) -> std::io::Result<()> { Err(std::io::ErrorKind::ConnectionRefused.into()) }
    /// async fn store(order: Delivery<Order>) -> Result<(), Failure> {
    ///     insert(&order).await.map_err(|error| match error.kind() {
    ///         std::io::ErrorKind::ConnectionRefused => Failure::unavailable(error),
    ///         _ => Failure::retry(error),
    ///     })
    /// }
    /// # let _ = store;
    /// assert!(Failure::unavailable("the database is away").is_unavailable());
    /// ```
    pub fn unavailable<R: Into<Box<dyn Error + Send + Sync>>>(cause: R) -> Self {
        Self { kind: Kind::Unavailable, ..Self::retry(cause) }
    }

    /// Whether the message waits without spending an attempt; see the example of [`unavailable`](Self::unavailable).
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.kind == Kind::Unavailable
    }

    /// The pause before the next attempt, if it was named; see the example of [`retry_after`](Self::retry_after).
    #[must_use]
    pub fn delay(&self) -> Option<Duration> {
        match self.kind {
            Kind::RetryAfter(delay) => Some(delay),
            _ => None,
        }
    }

    /// Whether the message is not retried; see the examples of [`Failure`].
    #[must_use]
    pub fn is_reject(&self) -> bool {
        self.kind == Kind::Reject
    }

    /// The reason; see the example of [`retry`](Self::retry).
    #[must_use]
    pub fn reason(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.reason
    }
}

impl Failure {
    /// The type of the error, for the dead letter.
    pub(super) fn class(&self) -> &'static str {
        self.class.unwrap_or(match self.kind {
            Kind::Reject => "rejected",
            Kind::Unavailable => "unavailable",
            Kind::Retry | Kind::RetryAfter(_) => "failed",
        })
    }
}

/// The type of an error; none if it is a text, or boxed.
fn class_of<R>() -> Option<&'static str> {
    let name = std::any::type_name::<R>();
    let texts = ["&", "alloc::boxed::Box<", "alloc::borrow::Cow<"];
    let is_text = name == "alloc::string::String" || texts.iter().any(|start| name.starts_with(start));
    (!is_text).then_some(name)
}

impl<R: Into<Box<dyn Error + Send + Sync>>> From<R> for Failure {
    fn from(reason: R) -> Self {
        let failure = Self::retry(reason);
        if is_invalid(&*failure.reason) {
            return Self { kind: Kind::Reject, ..failure };
        }
        #[cfg(feature = "sqlx08")]
        if crate::outbox::is_outage(&*failure.reason) {
            return Self { kind: Kind::Unavailable, ..failure };
        }
        failure
    }
}

/// Whether it says that something is no valid event, which it will not be another time.
fn is_invalid(reason: &(dyn Error + Send + Sync + 'static)) -> bool {
    reason.is::<Violation>()
        || reason.is::<Violations>()
        || reason.downcast_ref().is_some_and(|error: &DumpError| !error.is_config())
        || reason.downcast_ref().is_some_and(|error: &LoadError| !error.is_io() && !error.is_config())
        || reason.downcast_ref().is_some_and(SendError::is_invalid)
        || is_invalid_for_outbox(reason)
}

#[cfg(feature = "sqlx08")]
fn is_invalid_for_outbox(reason: &(dyn Error + Send + Sync + 'static)) -> bool {
    reason.downcast_ref().is_some_and(crate::outbox::OutboxError::is_invalid)
}

#[cfg(not(feature = "sqlx08"))]
fn is_invalid_for_outbox(_: &(dyn Error + Send + Sync + 'static)) -> bool {
    false
}

/// The return types of handlers: `()`, or `Result<(), E>` with an error that converts into a [`Failure`].
///
/// ```
/// use event_schema::kafka::Handled;
///
/// fn is_handled<T: Handled>() -> bool { true }
/// assert!(is_handled::<()>());
/// assert!(is_handled::<Result<(), event_schema::kafka::Failure>>());
/// assert!(is_handled::<std::io::Result<()>>());
/// ```
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    label = "returns neither `()` nor a `Result<(), E>`",
    note = "a handler returns nothing, or a `Result<(), E>`, where `E` is `Failure` or any error that is `Send + Sync`"
)]
pub trait Handled: sealed::Sealed {
    #[doc(hidden)]
    fn handled(self) -> Result<Option<Publishing>, Failure>;
}

/// Events that a handler has returned, on their way.
#[doc(hidden)]
#[expect(missing_debug_implementations, reason = "not named outside")]
pub struct Publishing(pub(super) Pin<Box<dyn Future<Output = Result<(), Failure>> + Send>>);

impl Handled for () {
    fn handled(self) -> Result<Option<Publishing>, Failure> {
        Ok(None)
    }
}

impl<F: Into<Failure>> Handled for Result<(), F> {
    fn handled(self) -> Result<Option<Publishing>, Failure> {
        self.map(|()| None).map_err(Into::into)
    }
}

pub(super) mod sealed {
    pub trait Sealed {}

    impl Sealed for () {}
    impl<F: Into<super::Failure>> Sealed for Result<(), F> {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_rule_found_is_rejected() {
        let violation = || Violation::new("odd");
        assert!(Failure::from(violation()).is_reject());
        assert!(Failure::from(Violations::from(violation())).is_reject());
        assert!(!Failure::from(std::io::Error::other("away")).is_reject());
    }

    #[test]
    fn a_failure_is_called_by_the_type_of_its_error_or_by_what_was_said() {
        let error = || std::io::Error::other("away");
        let boxed: Box<dyn Error + Send + Sync> = error().into();
        for (failure, class) in [
            (Failure::retry("away"), "failed"),
            (Failure::retry("away".to_owned()), "failed"),
            (Failure::retry(String::from_utf8(vec![0xff]).unwrap_err()), "alloc::string::FromUtf8Error"),
            (Failure::from(boxed), "failed"),
            (Failure::reject("no such product"), "rejected"),
            (Failure::unavailable("away"), "unavailable"),
            (Failure::retry_after(Duration::ZERO, "away"), "failed"),
            (Failure::from(error()), "std::io::error::Error"),
            (Failure::retry(error()), "std::io::error::Error"),
            (Failure::reject(error()), "std::io::error::Error"),
        ] {
            assert_eq!(failure.class(), class, "{failure:?}");
        }
    }
}

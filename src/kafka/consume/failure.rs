//! The results of handlers.

use std::error::Error;

use crate::kafka::error::SendError;
use crate::{DumpError, LoadError, Violation, Violations};

/// The error of a handler, and whether to retry the message.
///
/// `?` converts any error into a `Failure` that is retried. The exceptions are errors that say that an event is
/// invalid, which are rejected: a [`Violation`], [`Violations`], a [`DumpError`], a [`LoadError`], or a [`SendError`] that
/// [is invalid](SendError::is_invalid). An error of the service's configuration ([`DumpError::is_config`],
/// [`LoadError::is_config`]) or of a source ([`LoadError::is_io`]) is retried.
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
/// reason, or `failed` or `rejected` if the reason is a string. `Failure` itself does not implement [`Error`], because
/// every error converts into it.
#[derive(Debug)]
pub struct Failure {
    reject: bool,
    /// The type of the error, if it was one.
    class: Option<&'static str>,
    reason: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// A failure that may pass, such as an unreachable database or a taken lock: the message is retried.
    ///
    /// ```
    /// use event_schema::kafka::Failure;
    ///
    /// let failure = Failure::retry("the database is away");
    /// assert_eq!(failure.reason().to_string(), "the database is away");
    /// assert!(!failure.is_reject());
    /// ```
    pub fn retry<R: Into<Box<dyn Error + Send + Sync>>>(reason: R) -> Self {
        Self { reject: false, class: class_of::<R>(), reason: reason.into() }
    }

    /// A failure that will not pass, such as an order for a product that does not exist: the message is not retried.
    ///
    /// ```
    /// use event_schema::kafka::Failure;
    ///
    /// assert!(Failure::reject("no such product").is_reject());
    /// ```
    pub fn reject<R: Into<Box<dyn Error + Send + Sync>>>(reason: R) -> Self {
        Self { reject: true, ..Self::retry(reason) }
    }

    /// Whether the message is not retried; see the examples of [`Failure`].
    #[must_use]
    pub fn is_reject(&self) -> bool {
        self.reject
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
        self.class.unwrap_or(if self.reject { "rejected" } else { "failed" })
    }
}

/// The type of an error; none if it is a text, or boxed.
fn class_of<R>() -> Option<&'static str> {
    let name = std::any::type_name::<R>();
    let is_text = name.starts_with('&') || name.starts_with("alloc::");
    (!is_text).then_some(name)
}

impl<R: Into<Box<dyn Error + Send + Sync>>> From<R> for Failure {
    fn from(reason: R) -> Self {
        let failure = Self::retry(reason);
        Self { reject: is_invalid(&*failure.reason), ..failure }
    }
}

/// Whether it says that something is no valid event, which it will not be another time.
fn is_invalid(reason: &(dyn Error + Send + Sync + 'static)) -> bool {
    reason.is::<Violation>()
        || reason.is::<Violations>()
        || reason.downcast_ref().is_some_and(|error: &DumpError| !error.is_config())
        || reason.downcast_ref().is_some_and(|error: &LoadError| !error.is_io() && !error.is_config())
        || reason.downcast_ref().is_some_and(SendError::is_invalid)
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
    fn handled(self) -> Result<(), Failure>;
}

impl Handled for () {
    fn handled(self) -> Result<(), Failure> {
        Ok(())
    }
}

impl<F: Into<Failure>> Handled for Result<(), F> {
    fn handled(self) -> Result<(), Failure> {
        self.map_err(Into::into)
    }
}

mod sealed {
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
            (Failure::from(boxed), "failed"),
            (Failure::reject("no such product"), "rejected"),
            (Failure::from(error()), "std::io::error::Error"),
            (Failure::retry(error()), "std::io::error::Error"),
            (Failure::reject(error()), "std::io::error::Error"),
        ] {
            assert_eq!(failure.class(), class, "{failure:?}");
        }
    }
}

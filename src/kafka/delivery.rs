//! What a handler is given, and what it says.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use super::core::Ticket;
use super::driver::Place;
use super::error::SendError;
use super::raw::Raw;
use super::received::{self, Headers};
use crate::{DumpError, Envelope, LoadError, Violations};

/// An event in the hands of a handler, and where it came from. Cheap to clone; it derefs to the event.
///
/// ```
/// use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, EventProducer};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderPlaced { order_id: String }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("orders", 1)?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// producer.send(&OrderPlaced { order_id: "A-1".to_owned() }).await?;
///
/// let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
/// let handle = consumer.handle();
/// let counts = consumer.run(move |order: Delivery<OrderPlaced>| {
///     assert_eq!(order.order_id, "A-1");
///     assert_eq!(order.to_string(), "orders/0@0");
///     assert_eq!((order.topic(), order.partition(), order.offset()), ("orders", 0, 0));
///     assert_eq!(order.key(), Some(&b"A-1"[..]));
///     assert!(order.headers().get("ce_id").is_some());
///     assert!(order.timestamp().is_some());
///     assert_eq!(order.attempt(), 1);
///     let handle = handle.clone();
///     async move { drop(tokio::spawn(async move { handle.close(Duration::from_secs(5)).await })) }
/// }).await?;
/// # assert_eq!(counts.done(), 1);
/// # Ok(())
/// # }
/// ```
pub struct Delivery<E>(Arc<Inner<E>>);

struct Inner<E> {
    event: E,
    place: Place,
    ticket: Ticket,
    raw: Raw,
    structured: Option<Box<Envelope>>,
}

impl<E> Delivery<E> {
    pub(super) fn new(event: E, place: Place, ticket: Ticket, raw: Raw, structured: Option<Box<Envelope>>) -> Self {
        Self(Arc::new(Inner { event, place, ticket, raw, structured }))
    }

    /// The event. For this and the following see the example of [`Delivery`].
    #[must_use]
    pub fn event(&self) -> &E {
        &self.0.event
    }

    /// The topic. Of a message that is tried again by [topics for retries](super::Retry::topics) it is one of
    /// those, and so are partition and offset: where it was first is in its headers, and in the id of its
    /// [envelope](Self::envelope) if it has no other.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.0.place.topic
    }

    /// The partition of the topic.
    #[must_use]
    pub fn partition(&self) -> i32 {
        self.0.place.partition
    }

    /// The offset in the partition.
    #[must_use]
    pub fn offset(&self) -> i64 {
        self.0.ticket.offset
    }

    /// When it was sent or, where the topic says so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.0.raw.timestamp()
    }

    /// The key's bytes. No key is not an empty one.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.0.raw.key()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.0.raw.headers()
    }

    /// What travels beside the event, as in [`Received::envelope`](super::Received::envelope).
    ///
    /// ```
    /// use event_schema::kafka::Delivery;
    /// use event_schema::Envelope;
    ///
    /// /// The envelope of an event that comes of another.
    /// fn answer<E>(to: &Delivery<E>) -> Envelope {
    ///     Envelope::caused_by(&to.envelope())
    /// }
    /// # let _ = answer::<()>;
    /// ```
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        received::envelope(self.0.structured.as_deref(), self.headers(), self, self.timestamp())
    }

    /// How often the event has been given to a handler, this time included: 1 unless an earlier attempt
    /// failed. After a restart of the consumer it counts anew.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.ticket.attempt
    }
}

impl<E> Clone for Delivery<E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<E> Deref for Delivery<E> {
    type Target = E;

    fn deref(&self) -> &E {
        self.event()
    }
}

/// Where it came from: `topic/partition@offset`.
impl<E> fmt::Display for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.topic(), self.partition(), self.offset())
    }
}

/// Without key and headers, which may hold personal data.
impl<E: fmt::Debug> fmt::Debug for Delivery<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("place", &self.to_string())
            .field("attempt", &self.attempt())
            .field("event", self.event())
            .finish_non_exhaustive()
    }
}

/// Why a handler could not do its work, and whether it may go better another time.
///
/// Any error becomes one by `?`, to be tried again, unless it says that an event is invalid: a
/// [`LoadError`], [`DumpError`] or [`Violations`], or a [`SendError`] that [is](SendError::is_invalid). That is rejected.
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
/// The text of the reason goes into the log and, unless it is to [redact](super::DeadLetter::redact), into the
/// headers of the dead letter: keep payloads out of it. The kind of error there is the type of the reason, or
/// `failed` or `rejected` if that is a text. Since any error becomes one, `Failure` is no [`Error`] itself.
#[derive(Debug)]
pub struct Failure {
    reject: bool,
    /// The type of the error, if it was one.
    class: Option<&'static str>,
    reason: Box<dyn Error + Send + Sync>,
}

impl Failure {
    /// It may go better another time: a database that is away, a lock that is taken.
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

    /// It never will: an order for a product that there never was. It is not tried again.
    ///
    /// ```
    /// use event_schema::kafka::Failure;
    ///
    /// assert!(Failure::reject("no such product").is_reject());
    /// ```
    pub fn reject<R: Into<Box<dyn Error + Send + Sync>>>(reason: R) -> Self {
        Self { reject: true, ..Self::retry(reason) }
    }

    /// Whether it is not to be tried again; see the examples of [`Failure`].
    #[must_use]
    pub fn is_reject(&self) -> bool {
        self.reject
    }

    /// Why; see the example of [`retry`](Self::retry).
    #[must_use]
    pub fn reason(&self) -> &(dyn Error + Send + Sync + 'static) {
        &*self.reason
    }
}

impl Failure {
    /// Of what kind it is, for the dead letter.
    pub(super) fn class(&self) -> &'static str {
        self.class.unwrap_or(if self.reject { "rejected" } else { "failed" })
    }
}

/// The type of an error. A text says nothing by its type, and what is boxed does not tell it.
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
    reason.is::<Violations>()
        || reason.is::<DumpError>()
        || reason.downcast_ref().is_some_and(|error: &LoadError| !error.is_io())
        || reason.downcast_ref().is_some_and(SendError::is_invalid)
}

/// What a handler may return: nothing, or a `Result` of nothing whose error becomes a [`Failure`].
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

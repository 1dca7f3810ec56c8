//! The argument of handlers.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::time::SystemTime;

use super::core::Ticket;
use super::raw::Raw;
use super::received;
use crate::format::cloudevents::{SPECVERSION, format_millis};
use crate::kafka::message::{Headers, Place, millis};
use crate::{Envelope, EventSchema};

/// The argument of a handler: an event, and the message that it came from. Cheap to clone; it derefs to the event.
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

    /// A delivery of this event without a broker, for tests of handlers: the first message of partition 0 of its topic, with
    /// its key and a new envelope, at its first attempt.
    ///
    /// ```
    /// use event_schema::kafka::{Delivery, Failure};
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "orders", key = order_id)]
    /// struct OrderPlaced { order_id: String, quantity: u32 }
    ///
    /// async fn handle(order: Delivery<OrderPlaced>) -> Result<(), Failure> {
    ///     if order.quantity == 0 { Err(Failure::reject("nothing is ordered")) } else { Ok(()) }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let order = Delivery::test(OrderPlaced { order_id: "A-1".to_owned(), quantity: 0 });
    /// assert_eq!((order.to_string(), order.attempt()), ("orders/0@0".to_owned(), 1));
    /// assert_eq!(order.key(), Some(&b"A-1"[..]));
    /// assert_eq!(order.envelope().event_type(), Some("order-placed.v1"));
    /// assert!(handle(order).await.unwrap_err().is_reject());
    /// # }
    /// ```
    #[must_use]
    pub fn test(event: E) -> Self
    where
        E: EventSchema,
    {
        let descriptor = event.described_by();
        let (envelope, now) = (Envelope::new(), Envelope::now());
        let (event_type, time) = (descriptor.event_type(), format_millis(now));
        let headers = [
            ("ce_specversion", SPECVERSION),
            ("ce_id", envelope.id()),
            ("ce_source", "/test"),
            ("ce_type", event_type.as_str()),
            ("ce_time", time.as_str()),
        ];
        let headers = headers.into_iter().map(|(name, value)| (name, Some(value.as_bytes()))).collect();
        let raw = Raw::made(event.key().as_deref(), headers, millis(now));
        let topic = E::descriptor().topic().or_else(|| descriptor.topic()).unwrap_or("test");
        Self::first(event, topic, raw)
    }

    fn first(event: E, topic: &str, raw: Raw) -> Self {
        let ticket = Ticket { partition: 0, epoch: 0, number: 0, offset: 0, leader_epoch: -1, attempt: 1, taken: 1 };
        Self::new(event, Place { topic: topic.into(), partition: 0 }, ticket, raw, None)
    }

    /// The event itself, unless the delivery was cloned.
    pub(super) fn into_event(self) -> Option<E> {
        Arc::into_inner(self.0).map(|inner| inner.event)
    }

    /// The event. For this and the following methods see the example of [`Delivery`].
    #[must_use]
    pub fn event(&self) -> &E {
        &self.0.event
    }

    /// The topic. For a message from a [retry topic](crate::kafka::Retry::topics), topic, partition and offset are
    /// those of the retry topic. The headers hold the original ones, and so does the id of its
    /// [envelope](Self::envelope) if the message has no id of its own.
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

    /// The time when the message was sent or, if the topic is configured so, stored.
    #[must_use]
    pub fn timestamp(&self) -> Option<SystemTime> {
        self.0.raw.timestamp()
    }

    /// The bytes of the key. A message without a key differs from one with an empty key.
    #[must_use]
    pub fn key(&self) -> Option<&[u8]> {
        self.0.raw.key()
    }

    /// The headers.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        self.0.raw.headers()
    }

    /// The metadata of the event, as in [`Received::envelope`](crate::kafka::Received::envelope).
    ///
    /// ```
    /// use event_schema::kafka::Delivery;
    /// use event_schema::Envelope;
    ///
    /// /// The envelope of an event that is caused by another.
    /// fn answer<E>(to: &Delivery<E>) -> Envelope {
    ///     Envelope::caused_by(&to.envelope())
    /// }
    /// # let _ = answer::<()>;
    /// ```
    #[must_use]
    pub fn envelope(&self) -> Envelope {
        received::envelope(self.0.structured.as_deref(), self.headers(), self, self.timestamp())
    }

    /// The id by which a group knows that it has handled the event.
    pub(super) fn identity(&self) -> String {
        received::identity(self.0.structured.as_deref(), self.headers(), self, self.timestamp())
    }

    /// The number of this attempt to handle the event: 1 unless an earlier attempt failed. A restart of the consumer
    /// resets it.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.0.ticket.attempt
    }
}

impl Delivery<()> {
    /// A tombstone without a broker, for tests of [its handlers](crate::kafka::Runner::on_tombstone): the first message of
    /// partition 0 of this topic, with this key and no headers, at its first attempt.
    ///
    /// ```
    /// use event_schema::kafka::{Delivery, Failure};
    ///
    /// async fn forget(customer: Delivery<()>) -> Result<(), Failure> {
    ///     match customer.key() {
    ///         Some(_) => Ok(()),
    ///         None => Err(Failure::reject("nobody is deleted")),
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let tombstone = Delivery::test_tombstone("customers", "alice");
    /// assert_eq!((tombstone.to_string(), tombstone.attempt()), ("customers/0@0".to_owned(), 1));
    /// assert_eq!(tombstone.key(), Some(&b"alice"[..]));
    /// assert!(forget(tombstone).await.is_ok());
    /// # }
    /// ```
    #[must_use]
    pub fn test_tombstone(topic: &str, key: impl AsRef<[u8]>) -> Self {
        Self::first((), topic, Raw::made(Some(key.as_ref()), Headers::default(), millis(Envelope::now())))
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

/// The place of the message: `topic/partition@offset`.
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

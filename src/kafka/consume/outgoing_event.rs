//! An event that a handler returns, with more than the event itself says.

use std::fmt;
use std::time::SystemTime;

use crate::EventSchema;
use crate::kafka::message::millis;
use crate::kafka::produce::Outgoing;

/// An event that a handler of [`Runner::run_with`](crate::kafka::Runner::run_with) returns, with another topic, key or
/// partition than its own, or with headers. [`Outgoing`] borrows and sends; `OutgoingEvent` is returned.
///
/// Its envelope is that of a returned event: with a derived id, the causation and the trace.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer, Failure, OutgoingEvent};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderRequested { order_id: String, country: String }
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// #[event(key = order_id)]
/// struct OrderAccepted { order_id: String }
///
/// async fn accept(order: OrderRequested) -> Result<OutgoingEvent<OrderAccepted>, Failure> {
///     let topic = match &*order.country {
///         "at" => "accepted-at",
///         "de" => "accepted-de",
///         _ => return Err(Failure::reject("no such country")),
///     };
///     let accepted = OrderAccepted { order_id: order.order_id };
///     Ok(OutgoingEvent::new(accepted).topic(topic).key(order.country).header("tenant", "7"))
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // A handler is a function: a test calls it.
/// let order = OrderRequested { order_id: "A-1".to_owned(), country: "at".to_owned() };
/// let expected = OutgoingEvent::new(OrderAccepted { order_id: "A-1".to_owned() });
/// assert_eq!(accept(order).await.unwrap(), expected.topic("accepted-at").key("at").header("tenant", "7"));
///
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("accepted-de", 1)?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// let (order_id, country) = ("A-1".to_owned(), "de".to_owned());
/// producer.send(&OrderRequested { order_id, country }).await?;
///
/// let consumer = EventConsumer::<OrderRequested>::subscribe(&kafka.config().group("shop")).await?;
/// let handle = consumer.handle();
/// let running = tokio::spawn(consumer.runner().publish_with(&producer).run_with(accept));
/// let accepted = kafka.received::<OrderAccepted>("accepted-de", 1).await;
/// assert_eq!(accepted[0].event().unwrap().order_id, "A-1");
/// assert_eq!(accepted[0].key(), Some(&b"de"[..]));
/// assert_eq!(accepted[0].headers().get("tenant"), Some(&b"7"[..]));
/// assert!(accepted[0].envelope().causation().is_some());
/// # handle.close(Duration::from_secs(10)).await?;
/// # running.await??;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq)]
#[must_use = "it is sent when the handler returns it"]
pub struct OutgoingEvent<E> {
    pub(super) event: E,
    pub(super) address: Address,
}

/// What a message has beside its event.
#[derive(Clone, Default, PartialEq)]
pub(super) struct Address {
    topic: Option<String>,
    pub(super) key: Option<Vec<u8>>,
    partition: Option<i32>,
    timestamp: Option<SystemTime>,
    headers: Vec<(String, Vec<u8>)>,
}

impl Address {
    pub(super) fn write<'a, E: EventSchema + 'static>(&'a self, message: Outgoing<'a, E>) -> Outgoing<'a, E> {
        let mut message = message;
        if let Some(topic) = &self.topic {
            message = message.topic(topic);
        }
        if let Some(key) = &self.key {
            message = message.key(key);
        }
        if let Some(partition) = self.partition {
            message = message.partition(partition);
        }
        if let Some(timestamp) = self.timestamp {
            message = message.timestamp(timestamp);
        }
        for (name, value) in &self.headers {
            message = message.header(name, value);
        }
        message
    }
}

impl<E: EventSchema> OutgoingEvent<E> {
    /// This event, with its own topic and key.
    pub fn new(event: E) -> Self {
        Self { event, address: Address::default() }
    }

    /// Sets a topic other than the event's own. It must exist: until it does, the handled message waits, and those behind it in
    /// its partition. So a name should not be made of what the message says: a message of anybody could name a topic that
    /// never exists. A name that no topic can have rejects the message.
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        self.address.topic = Some(topic.into());
        self
    }

    /// Sets the bytes of the key, instead of the [event's own](EventSchema::key). The derived id depends on the key.
    pub fn key(mut self, key: impl Into<Vec<u8>>) -> Self {
        self.address.key = Some(key.into());
        self
    }

    /// Sets the partition, as [`Outgoing::partition`] does. One that the topic does not have rejects the handled message.
    ///
    /// ```
    /// use event_schema::kafka::OutgoingEvent;
    /// use event_schema::prelude::*;
    /// use std::time::SystemTime;
    ///
    /// #[derive(Serialize, EventSchema)]
    /// #[event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// let outgoing = OutgoingEvent::new(Note { text: "hello".to_owned() });
    /// let outgoing = outgoing.partition(2).timestamp(SystemTime::now());
    /// assert_eq!(outgoing.event().text, "hello");
    /// ```
    pub fn partition(mut self, partition: i32) -> Self {
        self.address.partition = Some(partition);
        self
    }

    /// Sets the timestamp of the message, as [`Outgoing::timestamp`] does. See the example of
    /// [`partition`](Self::partition).
    pub fn timestamp(mut self, timestamp: SystemTime) -> Self {
        self.address.timestamp = Some(timestamp);
        self
    }

    /// Adds a header. Headers of the envelope come after it and take precedence.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.address.headers.push((name.into(), value.into()));
        self
    }

    /// The event, for tests of handlers. See the example of [`partition`](Self::partition).
    #[must_use]
    pub fn event(&self) -> &E {
        &self.event
    }
}

/// The event as its own `Debug` shows it; of the key and the headers the lengths, because they may hold personal data.
impl<E: fmt::Debug> fmt::Debug for OutgoingEvent<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { topic, key, partition, timestamp, headers } = &self.address;
        let timestamp = timestamp.map(millis);
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name, value.len())).collect();
        f.debug_struct("OutgoingEvent")
            .field("event", &self.event)
            .field("topic", topic)
            .field("key", &key.as_ref().map(Vec::len))
            .field("partition", partition)
            .field("timestamp", &timestamp)
            .field("headers", &headers)
            .finish()
    }
}

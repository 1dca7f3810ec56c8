//! Events that handlers return: they are published, and their message is finished when all are acknowledged.

use std::borrow::Cow;
use std::future::ready;
use std::sync::Arc;

use rdkafka::error::RDKafkaErrorCode;

use super::delivery::Delivery;
use super::failure::{Failure, Handled, Publishing, sealed as handled};
use super::outgoing_event::{Address, OutgoingEvent};
use super::transactions::{Boxed, EventId};
use crate::derived_id::derived_id;
use crate::event::events;
use crate::kafka::error::SendError;
use crate::kafka::message::{Origin, ProducerRecord};
use crate::kafka::produce::EventProducer;
use crate::{Descriptor, Envelope, EventSchema};

/// The result of a handler for [`Runner::run_with`](crate::kafka::Runner::run_with): [`Events`], or a `Result` of them
/// whose error is [`Failure`] or any error that is `Send + Sync`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "a handler returns nothing, an event, an `OutgoingEvent`, an `Option`, a `Vec` or a tuple of events, or a \
            `Result<_, E>` of these, where `E` is `Failure` or any error that is `Send + Sync`"
)]
pub trait Returned: sealed::Returned {}

impl<T: Events> Returned for T {}
impl<T: Events, F: Into<Failure> + Send> Returned for Result<T, F> {}

/// The events that a handler returns: one, an `Option`, a `Vec` or a tuple of events; `()` is none. An [`OutgoingEvent`] is
/// an event with another topic, key or partition than its own, or with headers.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event, nor several",
    note = "a handler returns nothing, an event, an `OutgoingEvent`, an `Option`, a `Vec` or a tuple of up to four of these"
)]
pub trait Events: sealed::Events {}

impl Events for () {}
impl<E: EventSchema + Send + Sync + 'static> Events for E {}
impl<T: Events> Events for Option<T> {}
impl<T: Events> Events for Vec<T> {}

pub(super) mod sealed {
    use super::{EventProducer, Failure, Publication, SendError};

    pub trait Returned: Send {
        type Events: super::Events;

        fn events(self) -> Result<Self::Events, Failure>;
    }

    pub trait Events: Send + 'static {
        /// Whether there can be any.
        const ANY: bool;

        /// The name of an event that says no topic.
        fn without_topic() -> Option<&'static str>;

        /// Asks the registry for what [`add`](Self::add) needs.
        fn prepare(producer: &EventProducer) -> impl Future<Output = Result<(), SendError>> + Send;

        /// Adds the topics that the types of the events say.
        fn topics(topics: &mut Vec<&'static str>);

        fn add(self, to: &mut Publication) -> impl Future<Output = Result<(), SendError>> + Send;
    }
}

impl<T: Events> sealed::Returned for T {
    type Events = T;

    fn events(self) -> Result<T, Failure> {
        Ok(self)
    }
}

impl<T: Events, F: Into<Failure> + Send> sealed::Returned for Result<T, F> {
    type Events = T;

    fn events(self) -> Result<T, Failure> {
        self.map_err(Into::into)
    }
}

impl sealed::Events for () {
    const ANY: bool = false;

    fn without_topic() -> Option<&'static str> {
        None
    }

    fn prepare(_: &EventProducer) -> impl Future<Output = Result<(), SendError>> + Send {
        ready(Ok(()))
    }

    fn topics(_: &mut Vec<&'static str>) {}

    fn add(self, _: &mut Publication) -> impl Future<Output = Result<(), SendError>> + Send {
        ready(Ok(()))
    }
}

impl<E: EventSchema + Send + Sync + 'static> sealed::Events for E {
    const ANY: bool = true;

    fn without_topic() -> Option<&'static str> {
        // An enum's topic is that of all its variants.
        if E::descriptor().topic().is_some() {
            return None;
        }
        let homeless = |(event, is_earlier): &(&Descriptor, bool)| !is_earlier && event.topic().is_none();
        events::<E>().into_iter().find(homeless).map(|(event, _)| event.name())
    }

    async fn prepare(producer: &EventProducer) -> Result<(), SendError> {
        producer.prepare::<E>().await
    }

    fn topics(topics: &mut Vec<&'static str>) {
        match E::descriptor().topic() {
            Some(topic) => topics.push(topic),
            None => {
                let now = events::<E>().into_iter().filter(|(_, is_earlier)| !is_earlier);
                topics.extend(now.filter_map(|(event, _)| event.topic()));
            }
        }
    }

    async fn add(self, to: &mut Publication) -> Result<(), SendError> {
        to.add(&self, &Address::default()).await
    }
}

impl<E: EventSchema + Send + Sync + 'static> Events for OutgoingEvent<E> {}

impl<E: EventSchema + Send + Sync + 'static> sealed::Events for OutgoingEvent<E> {
    const ANY: bool = true;

    /// Its topic is known when it is returned.
    fn without_topic() -> Option<&'static str> {
        None
    }

    fn prepare(_: &EventProducer) -> impl Future<Output = Result<(), SendError>> + Send {
        ready(Ok(()))
    }

    fn topics(_: &mut Vec<&'static str>) {}

    async fn add(self, to: &mut Publication) -> Result<(), SendError> {
        to.add(&self.event, &self.address).await
    }
}

impl<T: Events> sealed::Events for Option<T> {
    const ANY: bool = T::ANY;

    fn without_topic() -> Option<&'static str> {
        T::without_topic()
    }

    async fn prepare(producer: &EventProducer) -> Result<(), SendError> {
        T::prepare(producer).await
    }

    fn topics(topics: &mut Vec<&'static str>) {
        T::topics(topics);
    }

    async fn add(self, to: &mut Publication) -> Result<(), SendError> {
        match self {
            Some(events) => events.add(to).await,
            None => Ok(()),
        }
    }
}

impl<T: Events> sealed::Events for Vec<T> {
    const ANY: bool = T::ANY;

    fn without_topic() -> Option<&'static str> {
        T::without_topic()
    }

    async fn prepare(producer: &EventProducer) -> Result<(), SendError> {
        T::prepare(producer).await
    }

    fn topics(topics: &mut Vec<&'static str>) {
        T::topics(topics);
    }

    async fn add(self, to: &mut Publication) -> Result<(), SendError> {
        for events in self {
            events.add(to).await?;
        }
        Ok(())
    }
}

macro_rules! tuples {
    ($($event:ident $index:tt),*) => {
        impl<$($event: Events),*> Events for ($($event,)*) {}

        impl<$($event: Events),*> sealed::Events for ($($event,)*) {
            const ANY: bool = $($event::ANY)||*;

            fn without_topic() -> Option<&'static str> {
                [$($event::without_topic()),*].into_iter().flatten().next()
            }

            async fn prepare(producer: &EventProducer) -> Result<(), SendError> {
                $($event::prepare(producer).await?;)*
                Ok(())
            }

            fn topics(topics: &mut Vec<&'static str>) {
                $($event::topics(topics);)*
            }

            async fn add(self, to: &mut Publication) -> Result<(), SendError> {
                $(self.$index.add(to).await?;)*
                Ok(())
            }
        }
    };
}

tuples!(A 0, B 1);
tuples!(A 0, B 1, C 2);
tuples!(A 0, B 1, C 2, D 3);

/// Publishes what the handlers of a group return.
pub(super) struct Publisher {
    producer: EventProducer,
    group: Arc<str>,
}

impl Publisher {
    pub(super) fn new(producer: EventProducer, group: &str) -> Arc<Self> {
        Arc::new(Self { producer, group: group.into() })
    }

    /// The events that are caused by this message.
    pub(super) fn of<E>(self: &Arc<Self>, cause: &Delivery<E>) -> Publication {
        let envelope = cause.envelope();
        let cause_source = source(cause, &envelope);
        Publication {
            publisher: Arc::clone(self),
            cause: envelope,
            cause_id: cause.identity(),
            cause_source,
            before: Vec::new(),
            records: Vec::new(),
        }
    }

    /// The id of the event that this message carries, for its group.
    pub(super) fn event_id<E>(&self, delivery: &Delivery<E>) -> EventId {
        let envelope = delivery.envelope();
        let source = source(delivery, &envelope);
        EventId { group: Arc::clone(&self.group), source, id: delivery.identity() }
    }

    /// Warns of topics that are missing, and of a producer whose acknowledgements say little.
    pub(super) async fn look_for(self: Arc<Self>, topics: Vec<&'static str>) {
        if !self.producer.acks_all() {
            tracing::warn!(
                "events that handlers return can be lost after their messages are finished: their producer has not \
                 `acks=all`"
            );
        }
        for topic in self.producer.missing(topics).await {
            tracing::warn!(
                "missing topic `{topic}`, or not visible to this user: create it, unless the brokers create topics \
                 themselves; until it exists, messages wait if their handlers return events for it"
            );
        }
    }

    /// Sends messages in their order, and waits until all are acknowledged.
    async fn send(&self, records: &[ProducerRecord]) -> Result<(), SendError> {
        let mut sent = Vec::with_capacity(records.len());
        for record in records {
            sent.push(self.producer.enqueue_record(record).await?);
        }
        for sent in sent {
            sent.await?;
        }
        Ok(())
    }
}

/// The source of an event. Without one, its id is only known to be its own among those of its topic.
fn source<E>(of: &Delivery<E>, envelope: &Envelope) -> String {
    match envelope.source() {
        Some(source) => source.to_owned(),
        None => Origin::before_retries(of.headers()).map_or(of.topic(), |origin| origin.topic).to_owned(),
    }
}

/// The events that one call of a handler has returned.
#[expect(missing_debug_implementations, reason = "in signatures of sealed traits")]
pub struct Publication {
    publisher: Arc<Publisher>,
    cause: Envelope,
    cause_id: String,
    cause_source: String,
    /// Type and key of the events before.
    before: Vec<(String, Option<Vec<u8>>)>,
    records: Vec<ProducerRecord>,
}

impl Publication {
    async fn add<E: EventSchema + 'static>(&mut self, event: &E, address: &Address) -> Result<(), SendError> {
        let Publisher { producer, group } = &*self.publisher;
        let mut message = address.write(producer.message(event));
        if let Some(source) = producer.source() {
            let key = address.key.clone().or_else(|| event.key().map(Cow::into_owned));
            let kind = (event.described_by().event_type(), key);
            let index = self.before.iter().filter(|before| **before == kind).count();
            let (event_type, key) = &kind;
            let index = (index as u64).to_be_bytes();
            // The same each time the handler runs for the same message.
            let mut parts = vec![
                source.as_bytes(),
                group.as_bytes(),
                self.cause_source.as_bytes(),
                self.cause_id.as_bytes(),
                event_type.as_bytes(),
                key.as_deref().unwrap_or_default(),
                &index,
            ];
            if key.as_deref() == Some(&[]) {
                // It is another event than one without a key.
                parts.push(&[]);
            }
            message = message.envelope(Envelope::caused_by(&self.cause).with_id(derived_id(&parts)));
            self.before.push(kind);
        }
        self.records.push(message.to_record().await?);
        Ok(())
    }
}

/// The messages of events that a handler has returned, while they are encoded.
pub(super) type Records = Boxed<'static, Result<Vec<ProducerRecord>, Failure>>;

/// The end of a call: its failure, or its events, which are not encoded yet.
#[expect(missing_debug_implementations, reason = "in signatures of sealed traits")]
pub struct Outputs {
    records: Result<Option<Records>, Failure>,
    publisher: Option<Arc<Publisher>>,
}

impl Outputs {
    /// Its events, for a publisher that is not Kafka.
    pub(super) fn records(self) -> Result<Option<Records>, Failure> {
        self.records
    }
}

impl Handled for Outputs {
    fn handled(self) -> Result<Option<Publishing>, Failure> {
        let Self { records, publisher } = self;
        Ok(records?.zip(publisher).map(|(records, publisher)| {
            Publishing(Box::pin(async move { publisher.send(&records.await?).await.map_err(failure) }))
        }))
    }
}

impl handled::Sealed for Outputs {}

/// Encodes what a handler has returned, all of it before any is sent: an event that is invalid is not half of an answer.
pub(super) fn outputs(returned: impl Returned, publication: Option<Publication>) -> Outputs {
    use sealed::Events;

    let publisher = publication.as_ref().map(|publication| Arc::clone(&publication.publisher));
    let records = returned.events().map(|events| {
        let mut publication = publication?;
        let records: Records = Box::pin(async move {
            events.add(&mut publication).await.map_err(failure)?;
            Ok(publication.records)
        });
        Some(records)
    });
    Outputs { records, publisher }
}

/// Asks the registry for what these events need, if there is one. A registry that is away makes the message wait. Any other
/// error is one of an event that the handler may never return.
pub(super) async fn prepare<T: Events>(producer: &EventProducer) -> Result<(), Failure> {
    match T::prepare(producer).await {
        Err(error) if error.is_unavailable() => Err(failure(error)),
        _ => Ok(()),
    }
}

/// A fault of the event, or of the topic or partition that the handler gave it, rejects the message. Anything else is no fault of the message, which waits: also where somebody has
/// to act, because a topic or a right is missing.
fn failure(error: SendError) -> Failure {
    use RDKafkaErrorCode as C;

    if let Some(event) = error.without_topic() {
        return Failure::reject(format!(
            "event `{event}` has no topic: give it one with `#[event(topic = \"...\")]` or use `OutgoingEvent::topic`"
        ));
    }
    let refused = matches!(
        error.code(),
        Some(
            C::MessageSizeTooLarge
                | C::MessageBatchTooLarge
                | C::InvalidMessage
                | C::InvalidMessageSize
                | C::InvalidRecord
                | C::InvalidTopic
                | C::UnknownPartition
        )
    );
    if error.is_invalid() || refused { Failure::reject(error) } else { Failure::unavailable(error) }
}

//! Events that handlers return: they are published, and their message is finished when all are acknowledged.

use std::future::ready;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::failure::Failure;
use crate::kafka::error::SendError;
use crate::kafka::produce::{Enqueued, EventProducer};
use crate::{Envelope, EventSchema};

/// The result of a handler for [`Runner::run_with`](crate::kafka::Runner::run_with): [`Events`], or a `Result` of them
/// whose error is [`Failure`] or any error that is `Send + Sync`.
#[diagnostic::on_unimplemented(
    message = "a handler cannot return `{Self}`",
    note = "a handler returns nothing, an event, an `Option`, a `Vec` or a tuple of events, or a `Result<_, E>` of these, \
            where `E` is `Failure` or any error that is `Send + Sync`"
)]
pub trait Returned: sealed::Returned {}

impl<T: Events> Returned for T {}
impl<T: Events, F: Into<Failure> + Send> Returned for Result<T, F> {}

/// The events that a handler returns: one, an `Option`, a `Vec` or a tuple of events; `()` is none.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event, nor several",
    note = "a handler returns nothing, an event, an `Option`, a `Vec` or a tuple of up to four of these"
)]
pub trait Events: sealed::Events {}

impl Events for () {}
impl<E: EventSchema + Send + Sync + 'static> Events for E {}
impl<T: Events> Events for Option<T> {}
impl<T: Events> Events for Vec<T> {}

pub(super) mod sealed {
    use super::{Failure, Publication, SendError};

    pub trait Returned: Send {
        type Events: super::Events;

        fn events(self) -> Result<Self::Events, Failure>;
    }

    pub trait Events: Send {
        /// Whether there can be any.
        const ANY: bool;

        /// The name of an event that says no topic.
        fn without_topic() -> Option<&'static str>;

        fn enqueue(self, to: &mut Publication) -> impl Future<Output = Result<(), SendError>> + Send;
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

    fn enqueue(self, _: &mut Publication) -> impl Future<Output = Result<(), SendError>> + Send {
        ready(Ok(()))
    }
}

impl<E: EventSchema + Send + Sync + 'static> sealed::Events for E {
    const ANY: bool = true;

    fn without_topic() -> Option<&'static str> {
        let descriptor = E::descriptor();
        // Each variant's event has its own.
        (!E::HAS_TYPES && descriptor.topic().is_none()).then(|| descriptor.name())
    }

    async fn enqueue(self, to: &mut Publication) -> Result<(), SendError> {
        to.enqueue(&self).await
    }
}

impl<T: Events> sealed::Events for Option<T> {
    const ANY: bool = T::ANY;

    fn without_topic() -> Option<&'static str> {
        T::without_topic()
    }

    async fn enqueue(self, to: &mut Publication) -> Result<(), SendError> {
        match self {
            Some(events) => events.enqueue(to).await,
            None => Ok(()),
        }
    }
}

impl<T: Events> sealed::Events for Vec<T> {
    const ANY: bool = T::ANY;

    fn without_topic() -> Option<&'static str> {
        T::without_topic()
    }

    async fn enqueue(self, to: &mut Publication) -> Result<(), SendError> {
        for events in self {
            events.enqueue(to).await?;
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

            async fn enqueue(self, to: &mut Publication) -> Result<(), SendError> {
                $(self.$index.enqueue(to).await?;)*
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
    group: Box<str>,
}

impl Publisher {
    pub(super) fn new(producer: EventProducer, group: &str) -> Arc<Self> {
        Arc::new(Self { producer, group: group.into() })
    }

    /// The events that are caused by the one with this envelope.
    pub(super) fn of(self: &Arc<Self>, cause: Envelope) -> Publication {
        Publication { publisher: Arc::clone(self), cause, index: 0, sent: Vec::new() }
    }
}

/// The events that one call of a handler has returned.
#[expect(missing_debug_implementations, reason = "in signatures of sealed traits")]
pub struct Publication {
    publisher: Arc<Publisher>,
    cause: Envelope,
    /// How many events came before.
    index: u32,
    sent: Vec<Enqueued>,
}

impl Publication {
    async fn enqueue<E: EventSchema + 'static>(&mut self, event: &E) -> Result<(), SendError> {
        let Publisher { producer, group } = &*self.publisher;
        let mut message = producer.message(event);
        if let Some(source) = producer.source() {
            let id = id([
                source.as_bytes(),
                group.as_bytes(),
                self.cause.source().unwrap_or_default().as_bytes(),
                self.cause.id().as_bytes(),
                event.described_by().event_type().as_bytes(),
                &self.index.to_be_bytes(),
            ]);
            message = message.envelope(Envelope::caused_by(&self.cause).with_id(id));
        }
        self.index += 1;
        self.sent.push(message.enqueue().await?);
        Ok(())
    }
}

/// The id of an event that a handler returned: the same each time the handler runs for the same message.
///
/// A UUID of version 8 (RFC 9562, section 5.8 and its example B.2), the first bits of the SHA-256 of the parts, each with
/// its length before it.
fn id(parts: [&[u8]; 6]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Uuid::new_v8(bytes).to_string()
}

/// Publishes what a handler has returned, and waits until it is acknowledged.
pub(super) async fn finish(returned: impl Returned, publication: Option<Publication>) -> Result<(), Failure> {
    use sealed::Events;

    let events = returned.events()?;
    let Some(mut publication) = publication else { return Ok(()) };
    events.enqueue(&mut publication).await.map_err(failure)?;
    for sent in publication.sent {
        sent.await.map_err(failure)?;
    }
    Ok(())
}

/// Brokers that are away are no fault of the message: it waits for them.
fn failure(error: SendError) -> Failure {
    if error.is_invalid() || error.is_config() || error.is_permanent() {
        error.into()
    } else {
        Failure::unavailable(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids of events that were published by an earlier release must come out again.
    #[test]
    fn ids_stay_as_they_are() {
        let parts = [&b"/shop"[..], b"billing", b"/orders", b"7", b"accepted.v1", &[0, 0, 0, 1]];
        assert_eq!(id(parts), "89b8be96-d338-8653-9be5-c8697fa8d63f");
        // No two lists of parts are the same bytes.
        let moved = [&b"/shopb"[..], b"illing", b"/orders", b"7", b"accepted.v1", &[0, 0, 0, 1]];
        assert_ne!(id(moved), id(parts));
    }
}

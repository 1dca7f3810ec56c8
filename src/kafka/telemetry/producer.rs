//! What operators see of a producer.

use std::borrow::{Borrow, Cow};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Span;

#[cfg(feature = "opentelemetry033")]
use super::link;
#[cfg(feature = "metrics024")]
use super::metrics;
use super::span;
use crate::kafka::error::SendError;
use crate::{Descriptor, Envelope};

/// A producer, as its metrics name it.
pub(crate) struct Producer {
    #[cfg(feature = "metrics024")]
    metrics: metrics::Producer,
}

impl Producer {
    /// By its `client.id`.
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn new(client: &str) -> Self {
        Self {
            #[cfg(feature = "metrics024")]
            metrics: metrics::Producer::new(client),
        }
    }

    /// A message was put into the queue.
    #[cfg_attr(not(feature = "metrics024"), allow(clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn queued(&self) {
        #[cfg(feature = "metrics024")]
        self.metrics.queued();
    }

    /// A message of the queue is reported: its place, or whether it is certain that it is not stored.
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn reported(&self, topic: &str, is_stored: bool, is_certain: bool) {
        #[cfg(feature = "metrics024")]
        self.metrics.reported(
            topic,
            match (is_stored, is_certain) {
                (true, _) => "sent",
                (false, true) => "not_sent",
                (false, false) => "unknown",
            },
        );
    }

    /// A message did not get into the queue.
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn refused(&self, topic: &str, error: &SendError) {
        #[cfg(feature = "metrics024")]
        self.metrics.count(topic, if error.is_invalid() { "invalid" } else { "not_sent" });
    }

    /// A producer of this name is open, and ready or not, or closed.
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, clippy::unused_self, reason = "of metrics"))]
    fn change(&self, from: Option<bool>, to: Option<bool>) {
        #[cfg(feature = "metrics024")]
        self.metrics.change(from, to);
    }
}

/// Whether a producer is ready, until it is closed or dropped.
pub(crate) struct Readiness {
    producer: Arc<Producer>,
    /// None if it is closed.
    is_ready: Mutex<Option<bool>>,
}

impl Readiness {
    /// It is ready.
    pub(crate) fn new(producer: &Arc<Producer>) -> Self {
        producer.change(None, Some(true));
        Self { producer: Arc::clone(producer), is_ready: Mutex::new(Some(true)) }
    }

    /// Whether its client has reached a broker. It stays closed if it is.
    pub(crate) fn set(&self, is_ready: bool) {
        let mut state = self.state();
        if state.is_some() {
            self.producer.change(*state, Some(is_ready));
            *state = Some(is_ready);
        }
    }

    /// It is closed.
    pub(crate) fn close(&self) {
        let mut state = self.state();
        if state.is_some() {
            self.producer.change(*state, None);
            *state = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, Option<bool>> {
        self.is_ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Readiness {
    fn drop(&mut self) {
        self.close();
    }
}

/// The span of a send, until it is acknowledged.
#[derive(Clone)]
pub(crate) struct Sending(Span);

impl Sending {
    /// Of one message.
    pub(crate) fn one(topic: &str) -> Self {
        Self(span::send(topic))
    }

    /// Of many, with their topic if it is the same.
    pub(crate) fn many(topic: Option<&str>, count: usize) -> Self {
        Self(span::send_batch(topic, count))
    }

    /// Of an event that becomes a record.
    pub(crate) fn create(topic: &str) -> Self {
        Self(span::create(topic))
    }

    /// The message has an envelope of its own, which may be in a trace.
    #[cfg_attr(not(feature = "opentelemetry033"), allow(unused_variables, clippy::unused_self, reason = "of links"))]
    pub(crate) fn join<E: Borrow<Envelope>>(&self, envelope: impl FnOnce() -> E) {
        #[cfg(feature = "opentelemetry033")]
        if !self.0.is_disabled() {
            link::join(&self.0, envelope().borrow());
        }
    }

    /// Whether the span is to name the event, or the event is to name the trace.
    pub(crate) fn is_traced(&self) -> bool {
        #[cfg(feature = "opentelemetry033")]
        if self.0.is_disabled() {
            return link::is_ambient();
        }
        !self.0.is_disabled()
    }

    /// The envelope with the trace that the event is sent in.
    #[cfg_attr(not(feature = "opentelemetry033"), allow(clippy::unused_self, reason = "of links"))]
    pub(crate) fn written<'a>(&self, envelope: Cow<'a, Envelope>) -> Cow<'a, Envelope> {
        #[cfg(feature = "opentelemetry033")]
        let envelope = link::written(&self.0, envelope);
        envelope
    }

    /// The event is this.
    pub(crate) fn name(&self, id: &str, descriptor: &Descriptor) {
        if !self.0.is_disabled() {
            self.0.record("messaging.message.id", id);
            self.0.record("cloudevents.event_type", descriptor.event_type());
        }
    }

    /// It is stored.
    pub(crate) fn stored(&self, partition: i32, offset: i64) {
        if !self.0.is_disabled() {
            self.0.record("messaging.destination.partition.id", tracing::field::display(partition));
            self.0.record("kafka.offset", offset);
        }
    }

    /// It failed.
    pub(crate) fn failed(&self, error: &SendError) {
        if !self.0.is_disabled() {
            span::fail(&self.0, &error.class());
        }
    }
}

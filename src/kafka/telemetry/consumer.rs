//! What operators see of a consumer.

use std::time::SystemTime;

use tracing::Span;

#[cfg(feature = "metrics024")]
use super::measures::Measures;
#[cfg(feature = "metrics024")]
use super::metrics;
use super::span::{self, Message};
use crate::kafka::message::Place;

/// A consumer, as its spans and metrics name it.
#[derive(Default)]
pub(crate) struct Consumer {
    group: Box<str>,
    #[cfg(feature = "metrics024")]
    metrics: metrics::Consumer,
}

impl Consumer {
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, reason = "of metrics"))]
    pub(crate) fn new(group: &str, topics: &[&str]) -> Self {
        Self {
            group: group.into(),
            #[cfg(feature = "metrics024")]
            metrics: metrics::Consumer::new(group, topics),
        }
    }

    /// For the log, which is one for all consumers of a process.
    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    /// The work on a message begins, at this attempt. If there is a handler, it is for an event of this name, that was sent
    /// at this time.
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, reason = "of metrics"))]
    pub(crate) fn process<'a>(
        &'a self,
        place: &'a Place,
        message: &Message<'_>,
        attempt: u32,
        handled: Option<(&'static str, Option<SystemTime>)>,
    ) -> Processing<'a> {
        Processing {
            span: span::process(&self.group, message, attempt),
            is_over: false,
            #[cfg(feature = "metrics024")]
            measured: handled.map(|(event, sent)| self.metrics.begin(&place.topic, event, sent)),
            #[cfg(not(feature = "metrics024"))]
            consumer: std::marker::PhantomData,
        }
    }

    /// A message is handed to the caller; with the reason if it is rejected.
    pub(crate) fn poll(&self, message: &Message<'_>, rejected: bool) {
        let span = span::poll(&self.group, message);
        if rejected {
            span::fail(&span, "invalid");
        }
    }

    /// A batch is handed to the caller.
    pub(crate) fn poll_batch<'a>(&self, messages: &(impl ExactSizeIterator<Item = Message<'a>> + Clone)) {
        drop(span::poll_batch(&self.group, messages));
    }

    /// A message of another type is passed over.
    #[cfg_attr(not(feature = "metrics024"), allow(unused_variables, clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn pass_over(&self, topic: &str) {
        #[cfg(feature = "metrics024")]
        self.metrics.pass_over(topic);
    }

    /// The circuit breaker has opened.
    #[cfg_attr(not(feature = "metrics024"), allow(clippy::unused_self, reason = "of metrics"))]
    pub(crate) fn breaker_opened(&self) {
        #[cfg(feature = "metrics024")]
        self.metrics.breaker_opened();
    }

    /// The state of the consumer, once a second and at its end.
    #[cfg(feature = "metrics024")]
    pub(crate) fn publish(&self, measures: &Measures) {
        self.metrics.publish(measures);
    }
}

/// The work of a handler on a message. It ends with an [`end`](Self::end), or is dropped: then the handler panicked, or
/// nobody waits for it any more.
pub(crate) struct Processing<'a> {
    span: Span,
    is_over: bool,
    #[cfg(feature = "metrics024")]
    measured: Option<metrics::Handling<'a>>,
    #[cfg(not(feature = "metrics024"))]
    consumer: std::marker::PhantomData<&'a Consumer>,
}

impl Processing<'_> {
    pub(crate) fn span(&self) -> Span {
        self.span.clone()
    }

    /// The handler has returned. Its events are not published yet.
    #[cfg_attr(
        not(feature = "metrics024"),
        allow(clippy::unused_self, clippy::needless_pass_by_ref_mut, reason = "of metrics")
    )]
    pub(crate) fn returned(&mut self) {
        #[cfg(feature = "metrics024")]
        if let Some(measured) = &mut self.measured {
            measured.returned();
        }
    }

    /// All is done, or this is the error.
    pub(crate) fn end(mut self, error: Option<&str>) {
        self.is_over = true;
        #[cfg(feature = "metrics024")]
        if let (None, Some(measured)) = (error, &mut self.measured) {
            measured.done();
        }
        if let Some(error) = error {
            span::fail(&self.span, error);
        }
    }
}

impl Drop for Processing<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            span::fail(&self.span, if std::thread::panicking() { "panic" } else { "abandoned" });
        }
    }
}

//! The links between spans and the traces of other processes, by OpenTelemetry's crates.

use std::borrow::Cow;

use opentelemetry::Context;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::Envelope;

impl Envelope {
    /// The trace of the event as the remote parent of spans, if it is a W3C `traceparent`.
    ///
    /// A handler runs in a span of this trace already. This is for a loop of your own, whose spans are to be in the trace of
    /// a message:
    ///
    /// ```
    /// use event_schema::Envelope;
    /// use opentelemetry::trace::TraceContextExt;
    ///
    /// let trace = "00-0af7651916cd43dd8448eb211c80319c-b9c7c989f97918e1-01";
    /// let context = Envelope::new().with_trace_parent(trace).opentelemetry033().unwrap();
    /// assert_eq!(context.span().span_context().trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
    /// // With `tracing_opentelemetry::OpenTelemetrySpanExt`: span.set_parent(context)
    ///
    /// assert!(Envelope::new().opentelemetry033().is_none());
    /// ```
    #[must_use]
    pub fn opentelemetry033(&self) -> Option<Context> {
        self.trace_parent()?;
        let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &Carrier(self));
        context.span().span_context().is_valid().then_some(context)
    }
}

struct Carrier<'a>(&'a Envelope);

impl Extractor for Carrier<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        match key {
            "traceparent" => self.0.trace_parent(),
            "tracestate" => self.0.trace_state(),
            _ => None,
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate"]
    }
}

/// An envelope that gets another trace.
struct Written(Envelope);

impl Injector for Written {
    fn set(&mut self, key: &str, value: String) {
        match key {
            "traceparent" => self.0.set_trace_parent(value),
            "tracestate" if !value.is_empty() => self.0.set_trace_state(value),
            _ => {}
        }
    }
}

/// The attributes that all spans of an operation have.
pub(super) fn describe(span: &Span, name: &'static str, kind: &'static str) {
    if !span.is_disabled() {
        span.set_attribute("messaging.system.name", "kafka");
        span.set_attribute("messaging.operation.name", name);
        span.set_attribute("messaging.operation.type", kind);
    }
}

/// The span is a child of this trace.
pub(super) fn follow(span: &Span, envelope: &Envelope) {
    if let Some(context) = envelope.opentelemetry033() {
        // It fails if the subscriber has nothing of OpenTelemetry's.
        let _ = span.set_parent(context);
    }
}

/// The span has to do with this trace, but may be in another.
pub(super) fn link(span: &Span, envelope: &Envelope) {
    if let Some(context) = envelope.opentelemetry033() {
        span.add_link(context.span().span_context().clone());
    }
}

/// The trace that the caller is in.
fn ambient() -> Context {
    traced(&Span::current()).unwrap_or_else(Context::current)
}

/// The trace of the span. It has none if nobody is interested in it, or if the subscriber has nothing of OpenTelemetry's: then
/// the program may use OpenTelemetry without it.
fn traced(span: &Span) -> Option<Context> {
    Some(span.context()).filter(|context| context.span().span_context().is_valid())
}

/// Whether the caller is in a trace.
pub(super) fn is_ambient() -> bool {
    ambient().span().span_context().is_valid()
}

/// A span of sending an event whose envelope may have a trace of its own: that is its parent if the caller is in no trace,
/// and linked if the caller is in another.
pub(super) fn join(span: &Span, envelope: &Envelope) {
    let Some(given) = envelope.opentelemetry033() else { return };
    let (given, ambient) = (given.span().span_context().clone(), ambient().span().span_context().clone());
    if !ambient.is_valid() {
        follow(span, envelope);
    } else if given.trace_id() != ambient.trace_id() {
        span.add_link(given);
    }
}

/// The envelope with the trace of the span, or of the caller if nobody is interested in the span. An envelope that is in
/// another trace, because somebody has said so, stays there.
pub(super) fn written<'a>(span: &Span, envelope: Cow<'a, Envelope>) -> Cow<'a, Envelope> {
    let context = traced(span).unwrap_or_else(ambient);
    let trace = context.span().span_context().clone();
    let given = envelope.opentelemetry033().map(|given| given.span().span_context().trace_id());
    if !trace.is_valid() || given.is_some_and(|given| given != trace.trace_id()) {
        return envelope;
    }
    let mut written = Written(envelope.into_owned().without_trace());
    TraceContextPropagator::new().inject_context(&context, &mut written);
    Cow::Owned(written.0)
}

//! The spans, after OpenTelemetry's semantic conventions for messaging and Kafka, version 1.45.
//!
//! Their fields are what differs from span to span. What is the same in all, and what only OpenTelemetry reads, is added with
//! the feature alone: it would be in the way in log lines.

use std::fmt;

use tracing::{Span, field};

#[cfg(feature = "opentelemetry033")]
use super::link;
use crate::Envelope;
use crate::kafka::message::Headers;

/// A received message, as spans describe it.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) topic: &'a str,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) headers: &'a Headers,
    /// The envelope of a message that has it in its value.
    pub(crate) structured: Option<&'a Envelope>,
    pub(crate) is_tombstone: bool,
}

impl<'a> Message<'a> {
    fn id(&self) -> Option<&'a str> {
        self.attribute(|envelope| Some(envelope.id()), "ce_id")
    }

    fn event_type(&self) -> Option<&'a str> {
        self.attribute(Envelope::event_type, "ce_type")
    }

    fn attribute(&self, get: impl Fn(&'a Envelope) -> Option<&'a str>, header: &str) -> Option<&'a str> {
        let text = match self.structured {
            Some(envelope) => get(envelope),
            None => str::from_utf8(self.headers.get(header)?).ok(),
        };
        text.map(limited)
    }

    #[cfg(feature = "opentelemetry033")]
    fn envelope(&self) -> Envelope {
        Envelope::of(self.structured, self.headers.iter())
    }
}

/// The beginning of a text that anybody may have written.
fn limited(text: &str) -> &str {
    const MOST: usize = 256;
    let end = (0..=MOST.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}

/// The name of a span: `process orders`.
#[cfg_attr(
    not(feature = "opentelemetry033"),
    allow(dead_code, reason = "OpenTelemetry's names are other than tracing's")
)]
struct Name<'a>(&'static str, Option<&'a str>);

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)?;
        self.1.map_or(Ok(()), |topic| write!(f, " {topic}"))
    }
}

/// A span of an operation with a topic: its name, the type of the operation, the kind of the span, the topic.
macro_rules! operation {
    ($name:literal, $type:literal, $kind:literal, $topic:expr, $($fields:tt)*) => {{
        let topic: Option<&str> = $topic;
        #[cfg(not(feature = "opentelemetry033"))]
        let span = tracing::info_span!(
            $name,
            "messaging.destination.name" = topic,
            "error.type" = field::Empty,
            $($fields)*
        );
        #[cfg(feature = "opentelemetry033")]
        let span = tracing::info_span!(
            $name,
            "otel.name" = %Name($name, topic),
            "otel.kind" = $kind,
            "otel.status_code" = field::Empty,
            "messaging.destination.name" = topic,
            "error.type" = field::Empty,
            $($fields)*
        );
        #[cfg(feature = "opentelemetry033")]
        link::describe(&span, $name, $type);
        span
    }};
}

/// The work of a handler on a message, in the trace of the message.
pub(super) fn process(group: &str, message: &Message<'_>, attempt: u32) -> Span {
    let span = operation!(
        "process",
        "process",
        "consumer",
        Some(message.topic),
        "messaging.consumer.group.name" = group,
        "messaging.destination.partition.id" = %message.partition,
        "kafka.offset" = message.offset,
        "messaging.message.id" = message.id(),
        "cloudevents.event_type" = message.event_type(),
        "kafka.message.tombstone" = message.is_tombstone.then_some(true),
        "event_schema.attempt" = attempt,
    );
    #[cfg(feature = "opentelemetry033")]
    if !span.is_disabled() {
        link::follow(&span, &message.envelope());
    }
    span
}

/// A message is handed to a caller, whose own span it may be in: it is linked to the trace of the message.
pub(super) fn poll(group: &str, message: &Message<'_>) -> Span {
    let span = operation!(
        "poll",
        "receive",
        "client",
        Some(message.topic),
        "messaging.consumer.group.name" = group,
        "messaging.destination.partition.id" = %message.partition,
        "kafka.offset" = message.offset,
        "messaging.message.id" = message.id(),
        "cloudevents.event_type" = message.event_type(),
        "kafka.message.tombstone" = message.is_tombstone.then_some(true),
    );
    #[cfg(feature = "opentelemetry033")]
    if !span.is_disabled() {
        link::link(&span, &message.envelope());
    }
    span
}

/// The same for a batch of messages. It has a topic if all are of the same.
pub(super) fn poll_batch<'a>(group: &str, messages: &(impl ExactSizeIterator<Item = Message<'a>> + Clone)) -> Span {
    let mut topics = messages.clone().map(|message| message.topic);
    let topic = topics.next().filter(|first| topics.all(|topic| topic == *first));
    let span = operation!(
        "poll",
        "receive",
        "client",
        topic,
        "messaging.consumer.group.name" = group,
        "messaging.batch.message_count" = messages.len(),
    );
    #[cfg(feature = "opentelemetry033")]
    if !span.is_disabled() {
        messages.clone().for_each(|message| link::link(&span, &message.envelope()));
    }
    span
}

/// A message is sent, until it is acknowledged.
pub(super) fn send(topic: &str) -> Span {
    operation!(
        "send",
        "send",
        "producer",
        Some(topic),
        "messaging.message.id" = field::Empty,
        "cloudevents.event_type" = field::Empty,
        "messaging.destination.partition.id" = field::Empty,
        "kafka.offset" = field::Empty,
    )
}

/// Many events are sent together, until the last is acknowledged.
pub(super) fn send_batch(topic: Option<&str>, count: usize) -> Span {
    operation!("send", "send", "producer", topic, "messaging.batch.message_count" = count,)
}

/// An event becomes a record that is sent later.
pub(super) fn create(topic: &str) -> Span {
    operation!(
        "create",
        "create",
        "producer",
        Some(topic),
        "messaging.message.id" = field::Empty,
        "cloudevents.event_type" = field::Empty,
    )
}

/// The operation failed.
pub(super) fn fail(span: &Span, error: &str) {
    span.record("error.type", limited(error));
    #[cfg(feature = "opentelemetry033")]
    span.record("otel.status_code", "ERROR");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Most programs have spans for little of what they do.
    #[test]
    fn spans_that_nobody_wants_are_not_made() {
        let headers = [("ce_id", Some(&b"A-1"[..])), ("ce_type", Some(b"order.placed.v1"))].into_iter().collect();
        let (topic, structured) = ("orders", None);
        let message = Message { topic, partition: 0, offset: 7, headers: &headers, structured, is_tombstone: false };
        assert!(process("billing", &message, 1).is_disabled());
        assert!(send(topic).is_disabled());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(limited("order.placed.v1"), "order.placed.v1");
        assert_eq!(limited(""), "");
        let long = format!("a{}", "é".repeat(1000));
        assert_eq!(limited(&long), &long[..255]);
    }
}

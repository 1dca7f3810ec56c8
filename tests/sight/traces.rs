//! A trace goes through producers and handlers.

use std::time::Duration;

use event_schema::Envelope;
use event_schema::kafka::{DeadLetterTopic, Delivery, Failure, Outcome, Received, Redrive, Retry};
use event_schema::prelude::*;
use event_schema::serde_json;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::common::{until, within};
use crate::recorder::{attribute, exported};
use crate::service::{DEADLINE, OrderAccepted, OrderPlaced, Shop, placed};

/// A `traceparent` that no other test has.
struct Trace {
    trace: String,
    span: String,
}

impl Trace {
    fn new() -> Self {
        let id = Uuid::now_v7().simple().to_string();
        Self { span: id[16..].to_owned(), trace: id }
    }

    fn parent(&self) -> String {
        format!("00-{}-{}-01", self.trace, self.span)
    }

    /// The only span of this name that is in the trace.
    fn span(&self, name: &str) -> SpanData {
        let mut spans = self.spans(name);
        assert_eq!(spans.len(), 1, "{name}: {:?}", exported(name));
        spans.pop().unwrap()
    }

    fn spans(&self, name: &str) -> Vec<SpanData> {
        let mut spans = exported(name);
        spans.retain(|span| span.span_context.trace_id().to_string() == self.trace);
        spans
    }
}

/// The trace and the span that a message names.
fn named<E>(received: &Received<E>) -> (String, String) {
    let envelope = received.envelope();
    let trace = envelope.trace_parent().unwrap_or_else(|| panic!("{envelope:?}"));
    for header in ["traceparent", "ce_traceparent"] {
        assert_eq!(received.headers().get(header), Some(trace.as_bytes()));
    }
    (trace[3..35].to_owned(), trace[36..52].to_owned())
}

async fn accept(order: OrderPlaced) -> Result<OrderAccepted, Failure> {
    tracing::info_span!("pay").in_scope(|| tracing::info!("paid"));
    Ok(OrderAccepted { order_id: order.order_id })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_and_what_it_returns_are_in_the_trace_of_the_message() {
    let shop = Shop::open();
    let trace = Trace::new();
    shop.put("A-1", &[("traceparent", trace.parent().as_bytes()), ("tracestate", b"rojo=1")]).await;
    let producer = shop.producer().await;
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.publish_with(&producer).run_with(accept));
    let accepted = shop.kafka.received::<OrderAccepted>("accepted", 1).await;
    shop.finish(handle, running).await;

    let process = trace.span(&format!("process {}", shop.topic));
    assert_eq!(process.parent_span_id.to_string(), trace.span);
    assert!(process.parent_span_is_remote);
    assert_eq!((process.span_kind.clone(), process.status.clone()), (SpanKind::Consumer, Status::Unset));
    for (name, value) in [
        ("messaging.system.name", "kafka"),
        ("messaging.operation.name", "process"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", &shop.topic),
        ("messaging.consumer.group.name", &shop.group),
        ("messaging.destination.partition.id", "0"),
        ("kafka.offset", "0"),
    ] {
        assert_eq!(attribute(&process, name).as_deref(), Some(value), "{name}");
    }
    let id = process.span_context.span_id();
    assert_eq!(trace.span("pay").parent_span_id, id);
    let create = trace.span("create accepted");
    assert_eq!((create.parent_span_id, create.span_kind.clone()), (id, SpanKind::Producer));
    assert_eq!(trace.span("send accepted").parent_span_id, id);
    assert_eq!(named(&accepted[0]), (trace.trace.clone(), create.span_context.span_id().to_string()));
    assert_eq!(accepted[0].envelope().trace_state(), Some("rojo=1"));
}

/// A structured CloudEvent has its attributes in its value; the last hop may have written headers, too.
#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_a_structured_event_is_in_its_value_or_its_headers() {
    let shop = Shop::open();
    let (inner, hop) = (Trace::new(), Trace::new());
    let event = |id: &str, trace: &Trace| {
        serde_json::json!({
            "specversion": "1.0", "id": id, "source": "/test", "type": "order.placed.v2",
            "traceparent": trace.parent(), "data": {"order_id": id, "quantity": 1},
        })
        .to_string()
    };
    let content_type = ("content-type", &b"application/cloudevents+json"[..]);
    let value = event("A-1", &inner);
    shop.kafka.publish_bytes(&shop.topic, None, Some(value.as_bytes()), &[content_type]).await;
    let value = event("A-2", &Trace::new());
    let parent = hop.parent();
    let headers = [content_type, ("traceparent", parent.as_bytes())];
    shop.kafka.publish_bytes(&shop.topic, None, Some(value.as_bytes()), &headers).await;
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| {}));
    assert_eq!(shop.finish(handle, running).await.done(), 2);
    for (trace, id) in [(inner, "A-1"), (hop, "A-2")] {
        let process = trace.span(&format!("process {}", shop.topic));
        assert_eq!(process.parent_span_id.to_string(), trace.span);
        assert_eq!(attribute(&process, "messaging.message.id").as_deref(), Some(id));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_sent_in_the_trace_of_the_caller() {
    let shop = Shop::open();
    let producer = shop.producer().await;
    let request = tracing::info_span!("request");
    let context = request.context();
    let trace = {
        use opentelemetry::trace::TraceContextExt;
        let span = context.span().span_context().clone();
        Trace { trace: span.trace_id().to_string(), span: span.span_id().to_string() }
    };
    let given = Envelope::new().with_id("given").with_trace_parent(trace.parent()).with_trace_state("old=1");
    let other = Trace::new();
    let elsewhere = Envelope::new().with_id("elsewhere").with_trace_parent(other.parent());
    let orders = [placed("A-4", 1), placed("A-5", 1)];
    let send = async {
        producer.send_to(&shop.topic, &placed("A-1", 1)).await.unwrap();
        producer.message(&placed("A-2", 1)).topic(&shop.topic).envelope(given).send().await.unwrap();
        producer.message(&placed("A-3", 1)).topic(&shop.topic).envelope(elsewhere).send().await.unwrap();
        producer.send_all_to(&shop.topic, &orders).await;
        let record = producer.message(&placed("A-6", 1)).topic(&shop.topic).to_record().await.unwrap();
        producer.send_record(&record).await.unwrap();
        producer.clone().plain().send_to(&shop.topic, &placed("A-7", 1)).await.unwrap();
    };
    send.instrument(request.clone()).await;
    drop(request);
    let received = shop.kafka.received::<OrderPlaced>(&shop.topic, 7).await;

    let sends = trace.spans(&format!("send {}", shop.topic));
    assert_eq!(sends.len(), 6);
    for send in &sends {
        assert_eq!(send.parent_span_id.to_string(), trace.span);
        assert_eq!(send.span_kind, SpanKind::Producer);
    }
    let span = |of: usize| (trace.trace.clone(), sends[of].span_context.span_id().to_string());
    assert_eq!(named(&received[0]), span(0));
    assert_eq!(named(&received[1]), span(1));
    assert_eq!(received[1].envelope().trace_state(), None);
    assert_eq!(received[1].envelope().id(), "given");
    // Somebody has said that this event belongs elsewhere.
    assert_eq!(named(&received[2]), (other.trace.clone(), other.span.clone()));
    let links: Vec<_> = sends[2].links.iter().map(|link| link.span_context.span_id().to_string()).collect();
    assert_eq!(links, [other.span]);
    // All of a batch have the same context.
    assert_eq!((named(&received[3]), named(&received[4])), (span(3), span(3)));
    assert_eq!(attribute(&sends[3], "messaging.batch.message_count").as_deref(), Some("2"));
    let create = trace.span(&format!("create {}", shop.topic));
    assert_eq!(named(&received[5]), (trace.trace.clone(), create.span_context.span_id().to_string()));
    assert!(received[6].headers().is_empty());
}

/// A program may use OpenTelemetry without the layer that makes spans of `tracing` part of it.
#[tokio::test]
async fn an_event_is_sent_in_the_context_of_a_program_without_the_layer() {
    let shop = Shop::open();
    let trace = Trace::new();
    let producer = shop.producer().await;
    let _subscriber = tracing::subscriber::set_default(tracing_subscriber::registry());
    let _context = Envelope::new().with_trace_parent(trace.parent()).opentelemetry033().unwrap().attach();
    producer.send_to(&shop.topic, &placed("A-1", 1)).await.unwrap();
    let received = shop.kafka.received::<OrderPlaced>(&shop.topic, 1).await;
    assert_eq!(named(&received[0]), (trace.trace, trace.span));
}

/// It is redriven in the trace, and the group handles it there.
#[tokio::test(flavor = "multi_thread")]
async fn a_redriven_message_and_its_retries_stay_in_the_trace() {
    let shop = Shop::open();
    let trace = Trace::new();
    let (dead, retries) =
        (format!("{}-{}-dlt", shop.topic, shop.group), format!("{}-{}-retry-1", shop.topic, shop.group));
    for topic in [&dead, &retries] {
        shop.kafka.create_topic(topic, 1).unwrap();
    }
    shop.put("A-1", &[("traceparent", trace.parent().as_bytes())]).await;
    let (handle, runner) = shop.runner().await;
    let moment = Duration::from_millis(1);
    let runner = runner.unordered().retry(Retry::topics().attempts(2).backoff(moment, moment));
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| Err::<(), _>(Failure::retry("not yet"))));
    until(30, "dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    let redriven = DeadLetterTopic::new(&dead).redrive(&shop.kafka.config(), Redrive::to_group(), |_, _| {}).await;
    assert_eq!(redriven.unwrap().redriven(), 1);
    until(30, "dead letter", || handle.counts().of(Outcome::Dead) == 2).await;
    shop.finish(handle, running).await;

    // The first attempt, its retry, and the redriven one.
    let [first, again] = [&shop.topic, &retries].map(|topic| trace.spans(&format!("process {topic}")));
    assert_eq!((first.len(), again.len()), (1, 2));
    assert!(first.iter().chain(&again).all(|span| span.parent_span_id.to_string() == trace.span));
    assert_eq!(trace.spans(&format!("send {dead}")).len(), 2);
    assert_eq!(trace.spans(&format!("send {retries}")).len(), 2);
}

/// A task that is in no span sends because of a message.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_caused_by_another_continues_its_trace() {
    let shop = Shop::open();
    let trace = Trace::new();
    let cause = Envelope::new().with_trace_parent(trace.parent());
    let producer = shop.producer().await;
    let order = placed("A-1", 1);
    let message = producer.message(&order).topic(&shop.topic);
    message.envelope(Envelope::caused_by(&cause)).send().await.unwrap();
    let received = shop.kafka.received::<OrderPlaced>(&shop.topic, 1).await;
    let send = trace.span(&format!("send {}", shop.topic));
    assert_eq!(send.parent_span_id.to_string(), trace.span);
    assert_eq!(named(&received[0]), (trace.trace, send.span_context.span_id().to_string()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_received_message_is_linked_and_can_be_followed() {
    let shop = Shop::open();
    let traces = [Trace::new(), Trace::new()];
    for trace in &traces {
        shop.put("A-1", &[("traceparent", trace.parent().as_bytes())]).await;
    }
    let mut consumer = shop.consumer().await;
    let poll = format!("poll {}", shop.topic);
    for (number, trace) in traces.iter().enumerate() {
        let received = within(20, "message", consumer.recv()).await.unwrap();
        let span = exported(&poll).pop().unwrap();
        assert_eq!((span.span_kind.clone(), span.links.len()), (SpanKind::Client, 1), "{number}");
        assert_eq!(span.links[0].span_context.span_id().to_string(), trace.span);
        assert_eq!(span.parent_span_id, SpanId::INVALID);
        let work = tracing::info_span!("work");
        work.set_parent(received.envelope().opentelemetry033().unwrap()).unwrap();
        drop(work);
        assert_eq!(trace.span("work").parent_span_id.to_string(), trace.span);
    }
    consumer.close(DEADLINE).await.unwrap();

    let mut batches = shop.consumer().await.runner().batches().unwrap();
    drop(within(20, "batch", batches.recv(2, Duration::from_secs(10))).await.unwrap());
    let batch = exported(&poll).pop().unwrap();
    let links: Vec<_> = batch.links.iter().map(|link| link.span_context.span_id().to_string()).collect();
    assert_eq!(links, traces.map(|trace| trace.span));
    batches.close(DEADLINE).await.unwrap();
}

/// The dead letter has the headers of the message, and is sent in its trace.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_stays_in_the_trace() {
    let shop = Shop::open();
    let trace = Trace::new();
    shop.put("A-1", &[("traceparent", trace.parent().as_bytes())]).await;
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| Err(Failure::reject("no such product"))));
    shop.finish(handle, running).await;
    let process = trace.span(&format!("process {}", shop.topic));
    assert!(matches!(process.status, Status::Error { .. }), "{:?}", process.status);
    assert_eq!(attribute(&process, "error.type").as_deref(), Some("rejected"));
    let dead = format!("{}-{}-dlt", shop.topic, shop.group);
    assert_eq!(trace.span(&format!("send {dead}")).parent_span_id.to_string(), trace.span);
    let dead = shop.kafka.received::<OrderPlaced>(&dead, 1).await;
    assert_eq!(dead[0].headers().get("traceparent"), Some(trace.parent().as_bytes()));
}

/// Anybody may write any header.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_trace_is_ignored() {
    let shop = Shop::open();
    let zero = format!("00-{}-{}-01", "0".repeat(32), "0".repeat(16));
    let long = "9".repeat(100_000);
    for bogus in ["bogus", &zero, "", &long] {
        shop.put("A-1", &[("traceparent", bogus.as_bytes()), ("tracestate", &[0xff])]).await;
    }
    let (handle, runner) = shop.runner().await;
    let producer = shop.producer().await;
    let running = tokio::spawn(runner.publish_with(&producer).run_with(accept));
    let accepted = shop.kafka.received::<OrderAccepted>("accepted", 4).await;
    assert_eq!(shop.finish(handle, running).await.done(), 4);
    let process = exported(&format!("process {}", shop.topic));
    assert_eq!(process.len(), 4);
    for (process, accepted) in process.iter().zip(&accepted) {
        assert_eq!(process.parent_span_id, SpanId::INVALID);
        assert_eq!(named(accepted).0, process.span_context.trace_id().to_string());
    }
}

//! Each operation has a span, and a handler's log stands inside that of its message.

use std::time::Duration;

use event_schema::kafka::{CircuitBreaker, Delivery, Failure, Outcome, ProducerRecord};

use crate::common::{until, within};
use crate::recorder::{Span, all_spans, spans};
use crate::service::{OrderPlaced, Shop, placed};

/// The spans of this name.
fn named(topic: &str, name: &str) -> Vec<Span> {
    let mut spans = spans(topic);
    spans.retain(|span| span.name == name);
    spans
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_sent_and_handled_in_spans() {
    let shop = Shop::open();
    let producer = shop.producer().await;
    let sent = producer.send_to(&shop.topic, &placed("A-1", 2)).await.unwrap();
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.run(async |order: Delivery<OrderPlaced>| {
        tracing::info!("order {} is stored", order.order_id);
        tokio::task::yield_now().await;
        tracing::info!("and paid");
    }));
    assert_eq!(shop.finish(handle, running).await.done(), 1);

    let [sending] = &named(&shop.topic, "send")[..] else { panic!("{:?}", spans(&shop.topic)) };
    assert_eq!(sending.field("kafka.offset"), sent.offset().to_string());
    assert_eq!(sending.field("messaging.destination.partition.id"), "0");
    assert_eq!(sending.field("cloudevents.event_type"), "order.placed.v2");
    assert_eq!(sending.field("messaging.message.id").len(), 36);
    assert_eq!(sending.target, "event_schema::kafka::telemetry::span");

    let [processing] = &named(&shop.topic, "process")[..] else { panic!("{:?}", spans(&shop.topic)) };
    assert_eq!(processing.lines, ["order A-1 is stored", "and paid"]);
    assert_eq!(processing.field("messaging.consumer.group.name"), shop.group);
    assert_eq!(processing.field("kafka.offset"), "0");
    assert_eq!(processing.field("messaging.destination.partition.id"), "0");
    assert_eq!(processing.field("messaging.message.id"), sending.field("messaging.message.id"));
    assert_eq!(processing.field("cloudevents.event_type"), "order.placed.v2");
    assert_eq!(processing.field("event_schema.attempt"), "1");
    for span in [sending, processing] {
        assert!(!span.fields.contains_key("error.type"), "{span:?}");
        assert!(!span.fields.contains_key("kafka.message.tombstone"), "{span:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_attempt_names_its_error() {
    let shop = Shop::open();
    for order in ["error", "text", "reject", "panic", "late"] {
        shop.put(order, &[]).await;
    }
    shop.kafka.publish_bytes(&shop.topic, None, Some(b"{}"), &[]).await;
    shop.kafka.publish_bytes(&shop.topic, Some(b"gone"), None, &[]).await;
    let (handle, runner) = shop.runner().await;
    let runner = runner.circuit_breaker(CircuitBreaker::off()).on_tombstone(async |_| {});
    let runner = runner.handler_timeout(Duration::from_millis(500));
    let running = tokio::spawn(runner.run(async |order: Delivery<OrderPlaced>| match &*order.order_id {
        "error" => Err(std::io::Error::other("the database is away").into()),
        "text" => Err(Failure::retry("the order is locked")),
        "reject" => Err(Failure::reject("no such product")),
        "panic" => panic!("this panic is part of the test"),
        _ => std::future::pending().await,
    }));
    assert_eq!(shop.finish(handle, running).await.of(Outcome::Dead), 6);

    until(10, "the end of all spans", || named(&shop.topic, "process").len() == 11).await;
    let mut processing = named(&shop.topic, "process");
    // A handler that is dropped may end later than the next begins.
    processing
        .sort_by_key(|span| (span.field("kafka.offset").to_owned(), span.field("event_schema.attempt").to_owned()));
    let errors: Vec<_> = processing
        .iter()
        .map(|span| {
            let attempt = span.field("event_schema.attempt").to_owned();
            (span.field("kafka.offset").to_owned(), attempt, span.field("error.type").to_owned())
        })
        .collect();
    let expected = [
        ("0", "1", "std::io::error::Error"),
        ("0", "2", "std::io::error::Error"),
        ("1", "1", "failed"),
        ("1", "2", "failed"),
        ("2", "1", "rejected"),
        ("3", "1", "panic"),
        ("3", "2", "panic"),
        ("4", "1", "abandoned"),
        ("4", "2", "abandoned"),
        ("5", "1", "invalid"),
        ("6", "1", ""),
    ];
    assert_eq!(errors, expected.map(|(offset, attempt, error)| (offset.into(), attempt.into(), error.into())));
    assert_eq!(processing[10].field("kafka.message.tombstone"), "true");
    // The dead letters are sent, too.
    let dead = format!("{}-{}-dlt", shop.topic, shop.group);
    assert_eq!(named(&dead, "send").len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_of_the_callers_has_a_span_for_each_message_or_batch() {
    let shop = Shop::open();
    shop.put("A-1", &[("ce_id", b"one")]).await;
    shop.kafka.publish_bytes(&shop.topic, None, Some(b"{}"), &[]).await;
    let mut consumer = shop.consumer().await;
    for _ in 0..2 {
        within(20, "message", consumer.recv()).await.unwrap();
    }
    let [good, bad] = &named(&shop.topic, "poll")[..] else { panic!("{:?}", spans(&shop.topic)) };
    assert_eq!((good.field("kafka.offset"), good.field("messaging.message.id")), ("0", "one"));
    assert_eq!(good.field("messaging.consumer.group.name"), shop.group);
    assert_eq!((good.field("error.type"), bad.field("error.type")), ("", "invalid"));
    consumer.close(Duration::from_secs(10)).await.unwrap();

    let mut batches = shop.consumer().await.runner().batches().unwrap();
    drop(within(20, "batch", batches.recv(2, Duration::from_secs(10))).await.unwrap());
    let batch = named(&shop.topic, "poll").pop().unwrap();
    assert_eq!(batch.field("messaging.batch.message_count"), "2");
    assert!(!batch.fields.contains_key("kafka.offset"));
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_send_that_fails_names_its_error() {
    let shop = Shop::open();
    let producer = shop.producer().await;
    assert!(producer.send_to(&shop.topic, &placed("A-1", 1001)).await.unwrap_err().is_invalid());
    let all = producer.send_all_to(&shop.topic, &[placed("A-2", 1), placed("A-3", 1001)]).await;
    assert!(all[0].is_ok() && all[1].is_err());
    let record = ProducerRecord::new(&shop.topic).with_partition(7).with_value("{}");
    producer.send_record(&record).await.unwrap_err();
    let [one, many, record] = &named(&shop.topic, "send")[..] else { panic!("{:?}", spans(&shop.topic)) };
    assert_eq!(one.field("error.type"), "invalid");
    assert_eq!((many.field("messaging.batch.message_count"), many.field("error.type")), ("2", "invalid"));
    assert_eq!(record.field("error.type"), "UnknownPartition");
}

/// Values, keys and headers of users may be personal data.
#[tokio::test(flavor = "multi_thread")]
async fn no_span_tells_a_key_or_a_value() {
    const SECRET: &str = "secret-7f3a";
    let shop = Shop::open();
    shop.put(SECRET, &[("name", SECRET.as_bytes())]).await;
    shop.kafka.publish_bytes(&shop.topic, Some(SECRET.as_bytes()), Some(SECRET.as_bytes()), &[]).await;
    let producer = shop.producer().await;
    producer.send_to(&shop.topic, &placed(SECRET, 1)).await.unwrap();
    producer.message(&placed(SECRET, 1)).topic(&shop.topic).to_record().await.unwrap();
    producer.send_tombstone(&shop.topic, SECRET).await.unwrap();
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| Err(Failure::reject(SECRET))));
    shop.finish(handle, running).await;
    assert!(spans(&shop.topic).len() >= 6);
    let telling: Vec<_> = all_spans().into_iter().filter(|span| format!("{span:?}").contains(SECRET)).collect();
    assert!(telling.is_empty(), "{telling:?}");
}

/// Anybody may write the attributes of a message, of any size.
#[tokio::test(flavor = "multi_thread")]
async fn long_attributes_are_cut() {
    let shop = Shop::open();
    let long = "x".repeat(10_000);
    shop.put("A-1", &[("ce_id", long.as_bytes())]).await;
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| {}));
    shop.finish(handle, running).await;
    assert_eq!(named(&shop.topic, "process")[0].field("messaging.message.id"), &long[..256]);
}

//! What travels beside an event, from producer to consumer and from and to clients of other languages.

use std::time::{Duration, SystemTime};

use crate::common::{Kafka, within};
use event_schema::Envelope;
use event_schema::format::cloudevents::{CloudEvent, Data};
use event_schema::kafka::rdkafka039::message::{Header, OwnedHeaders};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{Body, EventConsumer, Received};
use event_schema::prelude::*;

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(name = "order.placed", key = order_id)]
struct OrderPlacedV1 {
    order_id: String,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(name = "order.placed", version = 2, key = order_id, previous = OrderPlacedV1)]
struct OrderPlaced {
    order_id: String,
    #[validate(range(min = 1))]
    quantity: u32,
}

impl From<OrderPlacedV1> for OrderPlaced {
    fn from(v1: OrderPlacedV1) -> Self {
        Self { order_id: v1.order_id, quantity: 1 }
    }
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(name = "order.cancelled", key = order_id)]
struct OrderCancelled {
    order_id: String,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(types)]
#[serde(untagged)]
enum OrderEvent {
    Placed(OrderPlaced),
    Cancelled(OrderCancelled),
}

fn placed(order_id: &str, quantity: u32) -> OrderPlaced {
    OrderPlaced { order_id: order_id.to_owned(), quantity }
}

/// A broker with a topic, and what a client of another kind puts there.
struct Topic {
    kafka: Kafka,
    name: String,
    foreign: FutureProducer,
}

impl Topic {
    async fn new() -> Self {
        let kafka = Kafka::start();
        let name = kafka.topic(1).await;
        let foreign = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
        Self { kafka, name, foreign }
    }

    async fn put(&self, headers: &[(&str, &[u8])], value: Option<&[u8]>) {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }));
        let mut record = FutureRecord::to(&self.name).key("k").headers(headers);
        record.payload = value;
        self.foreign.send(record, Duration::from_secs(20)).await.unwrap();
    }

    async fn receive<E: EventSchema>(&self, count: usize) -> Vec<Received<E>> {
        let mut consumer = EventConsumer::subscribe_to(&self.kafka.group(), &[&self.name]).await.unwrap();
        let mut received = Vec::new();
        for _ in 0..count {
            received.push(within(20, "message", consumer.recv()).await.unwrap());
        }
        consumer.close(Duration::from_secs(10)).await.unwrap();
        received
    }
}

#[tokio::test]
async fn an_envelope_arrives_as_it_was_sent() {
    let topic = Topic::new().await;
    let producer = topic.kafka.producer().await.with_source("/shop").unwrap();
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let cause = Envelope::new().with_id("cause-1").with_trace_parent(trace).with_trace_state("rojo=1");
    let given = Envelope::caused_by(&cause)
        .with_id("order-1")
        .with_source("/elsewhere")
        .with_time(SystemTime::UNIX_EPOCH + Duration::from_micros(1_500_001));
    let order = placed("A-1", 2);
    producer.message(&order).topic(&topic.name).envelope(given.clone()).send().await.unwrap();
    let before = Envelope::new();
    producer.send_to(&topic.name, &order).await.unwrap();
    let outcomes = producer.send_all_to(&topic.name, &[placed("A-2", 1), placed("A-3", 1)]).await;
    assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
    producer.clone().plain().send_to(&topic.name, &order).await.unwrap();

    let received = topic.receive::<OrderPlaced>(5).await;
    assert!(received.iter().all(|received| received.event().is_some()), "{received:?}");
    let envelopes: Vec<Envelope> = received.iter().map(Received::envelope).collect();
    assert_eq!((envelopes[0].id(), envelopes[0].source()), ("order-1", Some("/elsewhere")));
    assert_eq!((envelopes[0].time(), envelopes[0].causation()), (given.time(), Some("cause-1")));
    assert_eq!((envelopes[0].trace_parent(), envelopes[0].trace_state()), (Some(trace), Some("rojo=1")));
    assert_eq!((envelopes[0].event_type(), envelopes[0].version()), (Some("order.placed.v2"), Some(2)));

    // What was made by the producer itself, one by one and of many.
    for (earlier, later) in [(&before, &envelopes[1]), (&envelopes[1], &envelopes[2]), (&envelopes[2], &envelopes[3])] {
        assert!(earlier.id() < later.id(), "{earlier:?} {later:?}");
        assert_eq!(later.source(), Some("/shop"));
        assert_eq!(later.event_type(), Some("order.placed.v2"));
        assert!(later.time() >= earlier.time() && later.time() <= Some(SystemTime::now()));
    }

    // Without envelope: what Kafka knows.
    let plain = &received[4];
    assert!(plain.headers().is_empty());
    assert_eq!(envelopes[4].id(), format!("{}/0@4", topic.name));
    assert_eq!(envelopes[4].time(), plain.timestamp());
    assert_eq!((envelopes[4].source(), envelopes[4].version()), (None, None));
    // The same at each delivery.
    assert_eq!(topic.receive::<OrderPlaced>(5).await[4].envelope().id(), envelopes[4].id());
}

#[tokio::test]
async fn each_event_has_an_envelope_of_its_own() {
    let topic = Topic::new().await;
    let shop = topic.kafka.producer().await.with_source("/shop").unwrap();
    let store = shop.clone().with_source("/store").unwrap();
    let before = Envelope::new();
    // Each is acknowledged before the next, and leaves its headers to one of the same source and type.
    for number in 0..99 {
        let sent = match number % 3 {
            0 => shop.send_to(&topic.name, &placed("A-1", 1)).await,
            1 => shop.send_to(&topic.name, &OrderCancelled { order_id: "A-1".to_owned() }).await,
            _ => store.send_to(&topic.name, &placed("A-1", 1)).await,
        };
        sent.unwrap();
    }
    let mut last = before;
    for (number, received) in topic.receive::<OrderEvent>(99).await.iter().enumerate() {
        let envelope = received.envelope();
        assert!(envelope.id() > last.id(), "{number}");
        assert!(envelope.time() >= last.time() && envelope.time() <= Some(SystemTime::now()), "{number}");
        let expected =
            [("/shop", "order.placed.v2"), ("/shop", "order.cancelled.v1"), ("/store", "order.placed.v2")][number % 3];
        assert_eq!((envelope.source(), envelope.event_type()), (Some(expected.0), Some(expected.1)), "{number}");
        let strict = CloudEvent::read(received.headers().iter(), Some(b"{}")).unwrap();
        assert_eq!((strict.id(), strict.time()), (envelope.id(), envelope.time()));
        assert_eq!(received.headers().len(), 6);
        last = envelope;
    }
}

#[tokio::test]
async fn what_is_sent_is_a_valid_cloud_event() {
    let topic = Topic::new().await;
    let config = topic.kafka.config.clone().set("client.id", "my shop/100%");
    let producer = event_schema::kafka::EventProducer::connect(&config).await.unwrap();
    assert_eq!(producer.source(), Some("my%20shop/100%25"));
    let order = placed("A-1", 2);
    producer.send_to(&topic.name, &order).await.unwrap();
    let cause = Envelope::new().with_trace_parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    let outgoing = producer.message(&order).topic(&topic.name).envelope(Envelope::caused_by(&cause));
    outgoing.header("tenant", b"7").send().await.unwrap();

    for received in topic.receive::<OrderPlaced>(2).await {
        let value = order.dump().unwrap();
        let event = CloudEvent::read(received.headers().iter(), Some(&value)).unwrap();
        assert_eq!(event.id(), received.envelope().id());
        assert_eq!((event.event_type(), event.source()), ("order.placed.v2", "my%20shop/100%25"));
        assert_eq!(event.data_content_type(), Some("application/json"));
        assert_eq!(event.data(), Some(&Data::Text(String::from_utf8(value).unwrap())));
        assert_eq!(event.time(), received.envelope().time());
    }

    let broken = Envelope::new().with_id("");
    let refused = producer.message(&order).topic(&topic.name).envelope(broken).send().await.unwrap_err();
    assert!(refused.is_invalid() && refused.is_not_sent());
    assert_eq!(refused.to_string(), "not sent: CloudEvents does not allow this envelope: attribute `id` is empty");
}

#[tokio::test]
async fn the_writers_version_is_read_from_the_type() {
    let topic = Topic::new().await;
    let v1: &[u8] = br#"{"order_id": "A-1"}"#;
    let v2: &[u8] = br#"{"order_id": "A-1", "quantity": 7}"#;
    topic.put(&[("ce_type", b"order.placed.v1")], Some(v1)).await;
    topic.put(&[("ce_type", b"order.placed.v2")], Some(v2)).await;
    topic.put(&[("ce_type", b"order.placed")], Some(v2)).await;
    topic.put(&[], Some(v2)).await;
    topic.put(&[("ce_type", b"order.placed.v3")], Some(v2)).await;
    topic.put(&[("ce_type", b"order.placed.v3")], Some(v1)).await;
    topic.put(&[("ce_type", b"order.placed.v2")], Some(v1)).await;
    // Neither a version.
    topic.put(&[("ce_type", b"order.placed.v0")], Some(v2)).await;
    topic.put(&[("ce_type", b"order.placed.v+2")], Some(v2)).await;
    topic.put(&[("ce_type", b"order.cancelled.v1")], Some(v2)).await;

    let received = topic.receive::<OrderPlaced>(10).await;
    let quantities: Vec<_> = received.iter().map(|received| received.event().map(|order| order.quantity)).collect();
    assert_eq!(quantities[..5], [Some(1), Some(7), Some(7), Some(7), Some(7)]);
    assert_eq!(quantities[5..], [None; 5]);
    let error = |number: usize| received[number].rejection().unwrap().error();
    assert!(error(5).is_unsupported_version());
    assert!(error(6).is_invalid());
    assert!(error(7).is_other_event() && error(8).is_other_event() && error(9).is_other_event());
    assert_eq!(error(9).to_string(), "the event has type `order.cancelled.v1`, expected `order.placed`");
    assert_eq!(received[9].rejection().unwrap().bytes(), v2);
}

#[tokio::test]
async fn several_events_share_a_topic() {
    let topic = Topic::new().await;
    let producer = topic.kafka.producer().await;
    let cancelled = || OrderEvent::Cancelled(OrderCancelled { order_id: "A-1".to_owned() });
    let events = [OrderEvent::Placed(placed("A-1", 2)), cancelled(), cancelled()];
    for outcome in producer.send_all_to(&topic.name, &events).await {
        outcome.unwrap();
    }
    // What another service sends of one of them.
    producer.send_to(&topic.name, &placed("A-2", 3)).await.unwrap();
    topic.put(&[("ce_type", b"order.placed.v1")], Some(br#"{"order_id": "A-3"}"#)).await;
    topic.put(&[("ce_type", b"order.lost.v1")], Some(br#"{"order_id": "A-3"}"#)).await;
    // Which of them it is, nothing tells: it may be an order that lost its quantity.
    topic.put(&[], Some(br#"{"order_id": "A-4"}"#)).await;
    topic.put(&[("ce_type", &[0xff])], Some(br#"{"order_id": "A-4"}"#)).await;

    let received = topic.receive::<OrderEvent>(8).await;
    assert_eq!(received[0].event(), Some(&events[0]));
    assert_eq!(received[1].event(), Some(&events[1]));
    assert_eq!(received[1].key(), Some(&b"A-1"[..]));
    let types: Vec<_> = received.iter().map(|received| received.envelope().event_type().map(str::to_owned)).collect();
    assert_eq!(types[0].as_deref(), Some("order.placed.v2"));
    assert_eq!(types[2].as_deref(), Some("order.cancelled.v1"));
    assert_eq!(received[3].event(), Some(&OrderEvent::Placed(placed("A-2", 3))));
    assert_eq!(received[4].event(), Some(&OrderEvent::Placed(placed("A-3", 1))));
    let error = received[5].rejection().unwrap().error();
    assert_eq!(error.to_string(), "the event has type `order.lost.v1`, expected `order.placed` or `order.cancelled`");
    for received in &received[6..] {
        let error = received.rejection().unwrap().error();
        assert!(error.is_other_event());
        assert_eq!(
            error.to_string(),
            "the message has no type (header `ce_type`), which selects the event: `order.placed` or `order.cancelled`"
        );
    }
}

#[tokio::test]
async fn structured_events_are_read_as_well() {
    const STRUCTURED: (&str, &[u8]) = ("content-type", b"application/cloudevents+json; charset=UTF-8");
    let topic = Topic::new().await;
    let event = |event_type: &str, data: &str| {
        format!(
            r#"{{"specversion": "1.0", "id": "1", "source": "/a", "type": "{event_type}", "causationid": "7"{data}}}"#
        )
    };
    let good = event("order.placed.v2", r#", "data": {"order_id": "A-1", "quantity": 7}"#);
    // In another mode than its headers say too: the body decides.
    topic.put(&[("ce_id", b"x"), ("ce_type", b"y"), STRUCTURED], Some(good.as_bytes())).await;
    let base64 = event("order.placed", r#", "data_base64": "eyJvcmRlcl9pZCI6ICJBLTEiLCAicXVhbnRpdHkiOiA3fQ==""#);
    topic.put(&[STRUCTURED], Some(base64.as_bytes())).await;
    let invalid = event("order.placed.v2", r#", "data": {"order_id": "A-1", "quantity": 0}"#);
    topic.put(&[STRUCTURED], Some(invalid.as_bytes())).await;
    topic.put(&[STRUCTURED], Some(event("order.placed.v2", "").as_bytes())).await;
    topic.put(&[STRUCTURED], Some(b"{}")).await;
    topic.put(&[("content-type", b"application/cloudevents-batch+json")], Some(b"[]")).await;
    topic.put(&[STRUCTURED], None).await;

    let received = topic.receive::<OrderPlaced>(7).await;
    for received in &received[..2] {
        assert_eq!(received.event(), Some(&placed("A-1", 7)));
        let envelope = received.envelope();
        assert_eq!((envelope.id(), envelope.source(), envelope.causation()), ("1", Some("/a"), Some("7")));
        assert_eq!(envelope.time(), received.timestamp());
    }
    let violations = received[2].rejection().unwrap().violations().unwrap();
    assert_eq!(violations[0].path().to_pointer(), "/quantity");
    assert_eq!(received[2].rejection().unwrap().bytes(), invalid.as_bytes());
    assert_eq!(received[2].envelope().id(), "1");
    assert!(received[3].rejection().unwrap().error().is_empty());
    for (received, error) in [
        (&received[4], "not a valid CloudEvent: required attribute `specversion` is missing"),
        (
            &received[5],
            "not a valid CloudEvent: the event format `application/cloudevents-batch+json` is not supported",
        ),
    ] {
        assert_eq!(received.rejection().unwrap().error().to_string(), error);
        assert!(received.rejection().unwrap().error().is_no_cloud_event());
    }
    assert!(matches!(received[6].body(), Body::Tombstone));
}

#[tokio::test]
async fn a_broken_envelope_does_not_spoil_the_event() {
    let topic = Topic::new().await;
    let value: &[u8] = br#"{"order_id": "A-1", "quantity": 7}"#;
    let headers: &[(&str, &[u8])] = &[
        ("ce_specversion", b"9"),
        ("ce_id", b""),
        ("ce_source", &[0xff]),
        ("ce_time", b"yesterday"),
        ("ce_type", &[0xff]),
        ("ce_causationid", b"7"),
        ("ce_traceparent", b"first hop"),
        ("traceparent", b"last hop"),
    ];
    topic.put(headers, Some(value)).await;
    topic.put(&[("ce_id", b"tomb")], None).await;

    let received = topic.receive::<OrderPlaced>(2).await;
    assert_eq!(received[0].event(), Some(&placed("A-1", 7)));
    let envelope = received[0].envelope();
    assert_eq!(envelope.id(), received[0].to_string());
    assert_eq!((envelope.source(), envelope.event_type(), envelope.causation()), (None, None, Some("7")));
    assert_eq!(envelope.time(), received[0].timestamp());
    assert_eq!(envelope.trace_parent(), Some("last hop"));

    assert!(matches!(received[1].body(), Body::Tombstone));
    assert_eq!(received[1].envelope().id(), "tomb");
}

#[tokio::test]
async fn because_of_any_message_an_event_can_be_sent() {
    let topic = Topic::new().await;
    let value: &[u8] = br#"{"order_id": "A-1", "quantity": 7}"#;
    for headers in [
        &[("ce_id", &b"7\n"[..])][..],
        &[("ce_source", b"my service")],
        &[("traceparent", b"a\tb"), ("tracestate", "\u{ffff}".as_bytes())],
        &[("ce_traceparent", b"\x01"), ("ce_tracestate", b"\x01"), ("ce_causationid", b"\x01")],
        &[("ce_time", b"9999-12-31T23:59:59.999999999-23:59")],
        &[
            ("kafka_dlt-original-topic", b"orders"),
            ("kafka_dlt-original-partition", &0_i32.to_be_bytes()),
            ("kafka_dlt-original-offset", &0_i64.to_be_bytes()),
            ("kafka_dlt-original-timestamp", &i64::MAX.to_be_bytes()),
        ],
    ] {
        topic.put(headers, Some(value)).await;
    }
    let producer = topic.kafka.producer().await;
    for received in topic.receive::<OrderPlaced>(6).await {
        let event = received.event().unwrap();
        for envelope in [received.envelope(), Envelope::caused_by(&received.envelope())] {
            producer.message(event).topic(&topic.name).envelope(envelope).send().await.unwrap();
        }
    }
    assert_eq!(topic.receive::<OrderPlaced>(18).await.len(), 18);
}

#[tokio::test]
async fn what_is_no_trace_is_not_sent() {
    let topic = Topic::new().await;
    let producer = topic.kafka.producer().await;
    let envelope = Envelope::new().with_trace_parent("bogus").with_trace_state("rojo=1");
    producer.message(&placed("A-1", 2)).topic(&topic.name).envelope(envelope).send().await.unwrap();
    let received = topic.receive::<OrderPlaced>(1).await;
    let envelope = received[0].envelope();
    assert_eq!((envelope.trace_parent(), envelope.trace_state()), (None, None));
    assert!(received[0].headers().get("traceparent").is_none());
}

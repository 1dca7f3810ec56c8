//! What is sent arrives as it was, with all that Kafka knows of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use crate::common::{Kafka, note, within};
use event_schema::kafka::rdkafka039::message::{Header, OwnedHeaders};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{Body, EventConsumer};
use event_schema::prelude::*;
use futures_util::StreamExt;
use futures_util::future::join_all;

#[tokio::test]
async fn an_event_arrives_with_its_place_time_and_key() {
    let kafka = Kafka::start();
    let topic = kafka.topic(3).await;
    let producer = kafka.producer().await;
    let before = SystemTime::now() - Duration::from_secs(5);
    let sent = producer.send_to(&topic, &note("a", 1)).await.unwrap();

    let mut consumer = EventConsumer::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    assert_eq!(received.event(), Some(&note("a", 1)));
    assert_eq!(received.topic(), topic);
    assert_eq!((received.partition(), received.offset()), (sent.partition(), sent.offset()));
    assert_eq!(received.key(), Some(&b"a"[..]));
    if kafka.embedded.is_none() {
        assert_eq!(received.timestamp(), sent.timestamp());
    }
    let time = received.timestamp().unwrap();
    assert!(time > before && time < SystemTime::now() + Duration::from_secs(5));
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn headers_keep_their_order_and_repetitions_and_no_key_is_no_empty_key() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer: FutureProducer = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
    let value = note("a", 1).dump().unwrap();
    let headers = OwnedHeaders::new()
        .insert(Header { key: "trace", value: Some("one") })
        .insert(Header { key: "none", value: None::<&str> })
        .insert(Header { key: "trace", value: Some("two") });
    let record: FutureRecord<'_, str, Vec<u8>> = FutureRecord::to(&topic).payload(&value).headers(headers);
    producer.send(record, Duration::from_secs(20)).await.unwrap();
    kafka.put(&topic, "", Some(&value)).await;

    let mut consumer = EventConsumer::<crate::common::Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    let all: Vec<_> = received.headers().iter().collect();
    assert_eq!(all, [("trace", Some(&b"one"[..])), ("none", None), ("trace", Some(&b"two"[..]))]);
    assert_eq!(received.headers().get("trace"), Some(&b"two"[..]));
    assert_eq!(received.headers().get("none"), None);
    assert_eq!(received.key(), None);

    let received = within(20, "message", consumer.recv()).await.unwrap();
    assert_eq!(received.key(), Some(&b""[..]));
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_message_without_a_value_is_a_tombstone() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.put(&topic, "gone", None).await;
    kafka.put(&topic, "empty", Some(b"")).await;

    let mut consumer = EventConsumer::<crate::common::Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let tombstone = within(20, "message", consumer.recv()).await.unwrap();
    assert!(matches!(tombstone.body(), Body::Tombstone), "{tombstone:?}");
    assert_eq!(tombstone.key(), Some(&b"gone"[..]));
    let empty = within(20, "message", consumer.recv()).await.unwrap();
    assert!(empty.rejection().unwrap().error().is_syntax(), "{empty:?}");
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_loop_over_fetched_messages_lets_other_tasks_run() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    let notes: Vec<_> = (0..1000).map(|number| note("a", number)).collect();
    for sent in join_all(notes.iter().map(|note| producer.send_to(&topic, note))).await {
        sent.unwrap();
    }
    let mut consumer = EventConsumer::<crate::common::Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    within(20, "message", consumer.recv()).await.unwrap();

    let turns = Arc::new(AtomicU32::new(0));
    let other = tokio::spawn({
        let turns = Arc::clone(&turns);
        async move {
            loop {
                turns.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 1..1000 {
        consumer.recv().await.unwrap();
    }
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns > 10, "{turns} turns");
    other.abort();
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_stream_ends_behind_a_fatal_error_which_recv_returns_again() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    // Without a committed offset there is nowhere to begin.
    let group = kafka.group().set("auto.offset.reset", "none");
    let mut consumer = EventConsumer::<crate::common::Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let mut errors = Vec::new();
    while errors.len() < 3
        && let Some(received) = within(20, "error or end", consumer.stream().next()).await
    {
        errors.push(received.unwrap_err());
    }
    let [error] = &errors[..] else { panic!("{errors:?}") };
    assert!(error.is_fatal() && !error.is_closed(), "{error}");
    assert!(!handle.is_ready());
    for _ in 0..2 {
        let again = within(1, "error", consumer.recv()).await.unwrap_err();
        assert!(again.is_fatal() && again.to_string() == error.to_string(), "{again}");
    }
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

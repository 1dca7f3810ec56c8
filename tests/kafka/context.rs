//! Rules with `use_context`: producers and consumers have the context that their user sets.

use std::sync::Arc;
use std::time::Duration;

use crate::common::{until, within};
use event_schema::kafka::{
    Body, Delivery, EmbeddedKafka, EventConsumer, EventProducer, GiveUp, Outcome, Received, SendError,
};
use event_schema::prelude::*;

struct Limits {
    max: u32,
}

#[event_schema::event(topic = "bids")]
#[derive(Debug, Clone, PartialEq)]
#[validate(context = Limits)]
struct Bid {
    #[validate(custom(function = affordable, use_context))]
    cents: u32,
}

fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
}

/// One of several events in a topic, which its CloudEvents type selects.
#[event_schema::event(types, topic = "bids")]
#[derive(Debug)]
enum Auction {
    Bid(Bid),
}

fn limits(max: u32) -> Arc<Limits> {
    Arc::new(Limits { max })
}

fn kafka() -> EmbeddedKafka {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("bids", 1).unwrap();
    kafka
}

/// Bids of 1, 2, 3, ... cents.
async fn publish(kafka: &EmbeddedKafka, count: u32) {
    let producer = EventProducer::connect(&kafka.config()).await.unwrap().with_context(limits(u32::MAX));
    let bids: Vec<Bid> = (1..=count).map(|cents| Bid { cents }).collect();
    assert!(producer.send_all(&bids).await.iter().all(Result::is_ok));
    producer.close(Duration::from_secs(10)).await.unwrap();
}

async fn consumer(kafka: &EmbeddedKafka) -> EventConsumer<Bid> {
    EventConsumer::subscribe(&kafka.config().group("g")).await.unwrap()
}

/// The cents of a valid bid, or the code of its violation.
fn verdict(received: &Received<Bid>) -> Result<u32, String> {
    match received.body() {
        Body::Event(bid) => Ok(bid.cents),
        Body::Rejected(rejection) => Err(rejection.violations().unwrap()[0].code().to_owned()),
        body => panic!("{body:?}"),
    }
}

#[tokio::test]
async fn each_way_to_send_has_the_context() {
    let kafka = kafka();
    let without = EventProducer::connect(&kafka.config()).await.unwrap();
    let producer = without.clone().with_context(limits(10)).with_source("/auction").unwrap();
    let (cheap, dear) = (Bid { cents: 10 }, Bid { cents: 11 });
    assert_eq!(producer.send(&cheap).await.unwrap().offset(), 0);
    assert!(producer.send(&dear).await.unwrap_err().is_invalid());
    assert!(producer.enqueue(&dear).await.unwrap_err().is_invalid());
    assert!(producer.message(&dear).header("a", b"b").send().await.unwrap_err().is_invalid());
    let outcomes = producer.send_all(&[dear.clone(), cheap.clone(), dear.clone()]).await;
    assert!(outcomes[0].as_ref().is_err_and(SendError::is_invalid));
    assert_eq!(outcomes[1].as_ref().unwrap().offset(), 1);
    assert!(outcomes[2].as_ref().is_err_and(SendError::is_invalid));
    assert_eq!(producer.with_context(limits(11)).plain().send(&dear).await.unwrap().offset(), 2);

    // The one that it was cloned from has none, nor does a context of another type serve.
    for producer in [without.clone(), without.with_context(Arc::new(11_u32))] {
        let error = producer.send(&cheap).await.unwrap_err();
        assert!(error.is_config() && error.is_not_sent() && !error.is_invalid(), "{error}");
        assert!(error.to_string().ends_with("a producer is given it by `EventProducer::with_context`"), "{error}");
        assert!(producer.send_all(std::slice::from_ref(&cheap)).await[0].as_ref().is_err_and(SendError::is_config));
    }
}

#[tokio::test]
async fn each_way_to_receive_has_the_context() {
    let kafka = kafka();
    publish(&kafka, 3).await;
    let structured = br#"{"specversion": "1.0", "id": "1", "source": "/a", "type": "bid.v1", "data": {"cents": 3}}"#;
    let content_type = ("content-type", &b"application/cloudevents+json"[..]);
    kafka.publish_bytes("bids", None, Some(structured), &[content_type]).await;
    kafka.publish_bytes("bids", None, Some(br#"{"cents": 2}"#), &[]).await;
    let dear = || Err("too_expensive".to_owned());
    let expected = [Ok(1), Ok(2), dear(), dear(), Ok(2)];

    let mut loop_of_ones_own = consumer(&kafka).await.with_context(limits(2));
    for expected in &expected {
        assert_eq!(&verdict(&within(20, "message", loop_of_ones_own.recv()).await.unwrap()), expected);
    }
    loop_of_ones_own.close(Duration::from_secs(10)).await.unwrap();

    let mut batches = consumer(&kafka).await.with_context(limits(2)).runner().batches().unwrap();
    let batch = within(20, "batch", batches.recv(5, Duration::from_secs(20))).await.unwrap();
    assert_eq!(batch.iter().map(verdict).collect::<Vec<_>>(), expected);
    drop(batch);
    batches.close(Duration::from_secs(10)).await.unwrap();

    let consumer = consumer(&kafka).await.with_context(limits(2));
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |bid: Delivery<Bid>| assert!(bid.cents <= 2)));
    until(20, "outcomes", || handle.counts().done() == 3 && handle.counts().of(Outcome::Dead) == 2).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn one_of_several_events_has_the_context() {
    let kafka = kafka();
    publish(&kafka, 2).await;
    let auction = EventConsumer::<Auction>::subscribe(&kafka.config().group("g")).await.unwrap();
    let mut auction = auction.with_context(limits(1));
    let first = within(20, "message", auction.recv()).await.unwrap();
    assert!(matches!(first.event(), Some(Auction::Bid(Bid { cents: 1 }))));
    let second = within(20, "message", auction.recv()).await.unwrap();
    assert_eq!(second.rejection().unwrap().violations().unwrap()[0].code(), "too_expensive");
}

/// No message is to blame, and each would be a dead letter.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_its_context_stops() {
    let kafka = kafka();
    for message in [r#"{"cents": "x"}"#, r#"{"cents": 1}"#] {
        kafka.publish_bytes("bids", None, Some(message.as_bytes()), &[]).await;
    }
    // The second run begins with the message at which the first stopped: it was not committed.
    for dead in [1, 0] {
        let consumer = consumer(&kafka).await;
        let handle = consumer.handle();
        let run = consumer.runner().give_up(GiveUp::DeadLetter).run(async |_: Delivery<Bid>| {});
        let error = within(30, "end of the run", run).await.unwrap_err();
        assert!(error.is_stopped() && !error.is_dead_letter_refused(), "{error}");
        let told = error.to_string();
        assert!(told.starts_with("stopped at bids/0@1: a rule needs a context of type "), "{told}");
        assert!(told.ends_with("; a consumer is given it by `EventConsumer::with_context`"), "{told}");
        assert_eq!(handle.counts().of(Outcome::Dead), dead);
    }
    let consumer = consumer(&kafka).await.with_context(limits(1));
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Bid>| {}));
    kafka.handled("g", "bids").await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().done(), 1);
}

//! Handlers that take what they need by argument, and return the events that they cause.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::log::{Log, lines};
use crate::common::shop::Shop;
use crate::common::{until, within};
use event_schema::Envelope;
use event_schema::kafka::{
    ApiKey, Attempt, BrokerError, Counts, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Failure, Headers, Key,
    Outcome, OutgoingEvent, Retry, RunError, RunHandle, SeekTo, State,
};
use event_schema::prelude::*;
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[event(topic = "orders", key = order_id)]
struct Ordered {
    order_id: String,
    quantity: u32,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(topic = "accepted", key = order_id)]
struct Accepted {
    order_id: String,
    #[validate(range(max = 100))]
    quantity: u32,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[event(topic = "packed", key = order_id)]
struct Packed {
    order_id: String,
}

#[derive(Debug, Serialize, EventSchema)]
struct Homeless {
    order_id: String,
}

#[derive(Debug, Serialize, EventSchema)]
#[event(types)]
#[serde(untagged)]
enum Either {
    // Never made: it has a topic.
    Accepted(Accepted),
    Homeless(Homeless),
}

fn order(order_id: &str, quantity: u32) -> Ordered {
    Ordered { order_id: order_id.to_owned(), quantity }
}

impl Shop {
    async fn consumer(&self, group: &str) -> EventConsumer<Ordered> {
        EventConsumer::subscribe(&self.kafka.config().group(group)).await.unwrap()
    }
}

async fn end(handle: &RunHandle, running: JoinHandle<Result<Counts, RunError>>) -> Counts {
    handle.close(DEADLINE).await.unwrap();
    within(10, "end of the run", running).await.unwrap().unwrap()
}

type Seen = Arc<Mutex<Vec<String>>>;

async fn see(
    delivery: Delivery<Ordered>,
    envelope: Envelope,
    headers: Headers,
    Key(key): Key,
    Attempt(attempt): Attempt,
    State(seen): State<Seen>,
) {
    let tenant = String::from_utf8_lossy(headers.get("tenant").unwrap()).into_owned();
    let key = String::from_utf8(key.unwrap()).unwrap();
    assert_eq!(envelope, delivery.envelope());
    seen.lock().unwrap().push(format!("{delivery} {} {tenant} {key} {attempt}", envelope.event_type().unwrap()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_takes_what_it_needs() {
    let shop = Shop::open().await;
    shop.producer.message(&order("A-1", 1)).header("tenant", b"7").send().await.unwrap();
    let consumer = shop.consumer("docs").await;
    let (handle, seen) = (consumer.handle(), Seen::default());
    let running = tokio::spawn(consumer.runner().state(Arc::clone(&seen)).run_with(see));
    shop.kafka.handled("docs", "orders").await;
    assert_eq!(end(&handle, running).await.done(), 1);
    assert_eq!(*seen.lock().unwrap(), ["orders/0@0 ordered.v1 7 A-1 1"]);
}

/// A handler runs twice for a message after a crash, or a seek: what it publishes then has the ids of the first time.
#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_handler_publishes_the_same_ids() {
    async fn accept(order: Ordered) -> (Option<Accepted>, Vec<Packed>) {
        let accepted = Accepted { order_id: order.order_id.clone(), quantity: order.quantity };
        let packed = |part| Packed { order_id: format!("{}/{part}", order.order_id) };
        ((order.quantity < 10).then_some(accepted), (0..2).map(packed).collect())
    }

    let shop = Shop::open().await;
    let causes = [order("A-1", 1), order("A-2", 10)];
    for order in &causes {
        shop.producer.send(order).await.unwrap();
    }
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().publish_with(&shop.producer).run_with(accept));
    shop.kafka.handled("docs", "orders").await;
    handle.seek("orders", 0, SeekTo::Beginning).await.unwrap();
    until(30, "four messages", || handle.counts().done() == 4).await;
    assert_eq!(end(&handle, running).await.done(), 4);

    let accepted = shop.kafka.received::<Accepted>("accepted", 2).await;
    assert_eq!(accepted[0].event(), Some(&Accepted { order_id: "A-1".to_owned(), quantity: 1 }));
    assert_eq!(accepted[0].envelope().id(), accepted[1].envelope().id());
    let orders = shop.kafka.received::<Ordered>("orders", 2).await;
    assert_eq!(accepted[0].envelope().causation(), Some(orders[0].envelope().id()));
    assert_eq!(accepted[0].envelope().source(), Some("/shop"));
    let packed = shop.kafka.received::<Packed>("packed", 8).await;
    let names: Vec<&str> = packed.iter().map(|packed| &*packed.event().unwrap().order_id).collect();
    assert_eq!(names, ["A-1/0", "A-1/1", "A-2/0", "A-2/1", "A-1/0", "A-1/1", "A-2/0", "A-2/1"]);
    let ids: Vec<String> = packed.iter().map(|packed| packed.envelope().id().to_owned()).collect();
    assert_eq!(ids[..4], ids[4..]);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 4);
    assert!(ids.iter().all(|id| id.as_bytes()[14] == b'8'), "{ids:?}");

    // Another group's handler is another one.
    let consumer = shop.consumer("other").await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().publish_with(&shop.producer).run_with(accept));
    shop.kafka.handled("other", "orders").await;
    end(&handle, running).await;
    let accepted = shop.kafka.received::<Accepted>("accepted", 3).await;
    assert_ne!(accepted[0].envelope().id(), accepted[2].envelope().id());
}

/// A broker that does not take what was returned is no fault of the message: it waits, and no attempt is spent.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_waits_until_its_events_are_taken() {
    let shop = Shop::open().await;
    shop.producer.send(&order("A-1", 1)).await.unwrap();
    let accept = async |order: Ordered, Attempt(attempt): Attempt| {
        (attempt == 1).then_some(Accepted { order_id: order.order_id, quantity: 1 })
    };
    let config = shop.kafka.config().set("enable.idempotence", "false").set("retries", "0");
    let producer = EventProducer::connect(&config).await.unwrap();
    shop.kafka.fail(ApiKey::Produce, &[BrokerError::NotEnoughReplicas; 3]);
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let retry = Retry::in_place().backoff(Duration::from_millis(10), Duration::from_millis(10)).attempts(1);
    let running = tokio::spawn(consumer.runner().retry(retry).publish_with(&producer).run_with(accept));
    until(30, "a message that waits", || handle.counts().of(Outcome::Unavailable) > 0).await;
    shop.kafka.handled("docs", "orders").await;
    let counts = end(&handle, running).await;
    assert_eq!((counts.done(), counts.of(Outcome::Dead)), (1, 0), "{counts}");
    assert_eq!(shop.kafka.received::<Accepted>("accepted", 1).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invalid_event_rejects_its_message() {
    async fn accept(order: Ordered) -> Result<(Packed, Accepted), Failure> {
        let packed = Packed { order_id: order.order_id.clone() };
        Ok((packed, Accepted { order_id: order.order_id, quantity: order.quantity }))
    }

    let shop = Shop::open().await;
    shop.producer.send(&order("A-1", 101)).await.unwrap();
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().publish_with(&shop.producer).run_with(accept));
    shop.kafka.handled("docs", "orders").await;
    let counts = end(&handle, running).await;
    assert_eq!((counts.done(), counts.of(Outcome::Dead), counts.of(Outcome::Retried)), (0, 1, 0), "{counts}");
    // Nor is the first one sent.
    assert_eq!(shop.kafka.committed("docs", "orders").await[&0], 1);
    let mut packed = EventConsumer::<Packed>::subscribe(&shop.kafka.config().group("look")).await.unwrap();
    shop.producer.send(&Packed { order_id: "last".to_owned() }).await.unwrap();
    assert_eq!(packed.recv().await.unwrap().event().unwrap().order_id, "last");
}

/// The time until the acknowledgement is not the handler's, and the service is not ready meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn brokers_that_are_slow_spend_no_attempt() {
    let shop = Shop::open().await;
    shop.producer.send(&order("A-1", 1)).await.unwrap();
    let accept = async |order: Ordered| Accepted { order_id: order.order_id, quantity: 1 };
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    until(30, "readiness", || handle.is_ready()).await;
    let other = EmbeddedKafka::start().unwrap();
    other.create_topic("accepted", 1).unwrap();
    let producer = EventProducer::connect(&other.config()).await.unwrap();
    other.broker_down();
    let retry = Retry::in_place().attempts(1);
    let runner = consumer.runner().retry(retry).handler_timeout(Duration::from_millis(100)).publish_with(&producer);
    let running = tokio::spawn(runner.run_with(accept));
    until(30, "a consumer that is not ready", || !handle.is_ready()).await;
    other.broker_up();
    until(30, "an accepted order", || handle.counts().done() == 1).await;
    assert!(handle.is_ready());
    let counts = end(&handle, running).await;
    assert_eq!((counts.done(), counts.of(Outcome::Dead), counts.of(Outcome::Abandoned)), (1, 0, 0), "{counts}");
}

/// An event that is missing the second time does not change the ids of the others.
#[tokio::test(flavor = "multi_thread")]
async fn ids_do_not_depend_on_events_of_other_types_and_keys() {
    let shop = Shop::open().await;
    shop.producer.send(&order("A-1", 1)).await.unwrap();
    let runs = Arc::new(AtomicU32::new(0));
    let pack = {
        let runs = Arc::clone(&runs);
        move |order: Ordered| {
            let first = runs.fetch_add(1, Ordering::Relaxed) == 0;
            let packed = |part: u32| Packed { order_id: format!("{}/{part}", order.order_id) };
            let parts = if first { [1, 2] } else { [2, 1] };
            let accepted = first.then(|| Accepted { order_id: order.order_id.clone(), quantity: 1 });
            std::future::ready((accepted, parts.map(packed).into_iter().collect::<Vec<_>>()))
        }
    };
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().publish_with(&shop.producer).run_with(pack));
    shop.kafka.handled("docs", "orders").await;
    handle.seek("orders", 0, SeekTo::Beginning).await.unwrap();
    until(30, "two runs", || handle.counts().done() == 2).await;
    end(&handle, running).await;
    let packed = shop.kafka.received::<Packed>("packed", 4).await;
    let ids: BTreeSet<_> = packed
        .iter()
        .map(|packed| (packed.event().unwrap().order_id.clone(), packed.envelope().id().to_owned()))
        .collect();
    assert_eq!(ids.len(), 2, "{ids:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn events_that_cannot_be_published_are_told_at_the_start() {
    let shop = Shop::open().await;
    let accepting = async |order: Ordered| Accepted { order_id: order.order_id, quantity: 1 };
    let error = shop.consumer("docs").await.runner().run_with(accepting).await.unwrap_err();
    assert!(error.is_config());
    assert_eq!(error.to_string(), "the handler returns events: set their producer with `publish_with`");

    let homeless = async |order: Ordered| Some((Homeless { order_id: order.order_id }, ()));
    let runner = shop.consumer("docs").await.runner().publish_with(&shop.producer);
    let error = runner.run_with(homeless).await.unwrap_err();
    assert!(error.is_config());
    let told = "the handler returns `homeless`, which has no topic: give it one with `#[event(topic = \"...\")]`";
    assert_eq!(error.to_string(), told);

    let either = async |order: Ordered| Either::Homeless(Homeless { order_id: order.order_id });
    let runner = shop.consumer("docs").await.runner().publish_with(&shop.producer);
    assert_eq!(runner.run_with(either).await.unwrap_err().to_string(), told);

    let runner = shop.consumer("docs").await.runner().publish_with(&shop.producer);
    let error = runner.run(async |_: Delivery<Ordered>| {}).await.unwrap_err();
    assert_eq!((error.is_config(), error.to_string()), (true, "`publish_with` is a setting of `run_with`".to_owned()));
}

/// The same events twice: with another topic, key and header than their own, and the same ids each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_returned_event_has_the_topic_key_and_headers_that_the_handler_sets() {
    async fn copy(order: Ordered) -> (Option<OutgoingEvent<Homeless>>, Vec<OutgoingEvent<Packed>>) {
        let homeless = OutgoingEvent::new(Homeless { order_id: order.order_id.clone() }).topic("packed").key("home");
        let packed = |country| {
            let packed = Packed { order_id: order.order_id.clone() };
            OutgoingEvent::new(packed).topic("accepted").key(country).header("country", country)
        };
        (Some(homeless), ["de", "fr", "de"].map(packed).into())
    }

    let shop = Shop::open().await;
    shop.producer.send(&order("A-1", 1)).await.unwrap();
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().publish_with(&shop.producer).run_with(copy));
    shop.kafka.handled("docs", "orders").await;
    handle.seek("orders", 0, SeekTo::Beginning).await.unwrap();
    until(30, "two runs", || handle.counts().done() == 2).await;
    end(&handle, running).await;

    let homeless = shop.kafka.received::<Homeless>("packed", 2).await;
    assert_eq!(homeless[0].key(), Some(&b"home"[..]));
    assert_eq!(homeless[0].envelope().id(), homeless[1].envelope().id());
    let packed = shop.kafka.received::<Packed>("accepted", 6).await;
    for (packed, country) in packed.iter().zip(["de", "fr", "de"].iter().cycle()) {
        assert_eq!(
            (packed.key(), packed.headers().get("country")),
            (Some(country.as_bytes()), Some(country.as_bytes()))
        );
        assert_eq!(packed.event().unwrap().order_id, "A-1");
        assert_eq!(packed.envelope().source(), Some("/shop"));
        assert!(packed.envelope().causation().is_some());
    }
    let ids: Vec<String> = packed.iter().map(|packed| packed.envelope().id().to_owned()).collect();
    assert_eq!(ids[..3], ids[3..]);
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), 3);
}

#[test]
fn a_returned_event_is_compared_and_shown() {
    let outgoing = || OutgoingEvent::new(Packed { order_id: "A-1".to_owned() }).topic("copies").header("tenant", "7");
    assert_eq!(outgoing().key("secret"), outgoing().key("secret"));
    assert_ne!(outgoing().key("secret"), outgoing().key("other"));
    assert_ne!(outgoing(), outgoing().topic("packed"));
    assert_ne!(outgoing(), outgoing().header("tenant", "8"));
    assert_eq!(
        format!("{:?}", outgoing().key("secret").partition(2)),
        "OutgoingEvent { event: Packed { order_id: \"A-1\" }, topic: Some(\"copies\"), key: Some(6), partition: Some(2), \
         timestamp: None, headers: [(\"tenant\", 1)] }"
    );
}

/// A handler that makes the address of what the message says: no message holds up its partition for ever.
#[tokio::test(flavor = "multi_thread")]
async fn a_returned_event_that_can_have_no_place_rejects_its_message() {
    async fn copy(order: Ordered) -> OutgoingEvent<Homeless> {
        let outgoing = OutgoingEvent::new(Homeless { order_id: order.order_id.clone() });
        match &*order.order_id {
            "none" => outgoing,
            "-1" => outgoing.topic("packed").partition(-1),
            "7" => outgoing.topic("packed").partition(7),
            "long" => outgoing.topic("x".repeat(250)),
            topic => outgoing.topic(topic),
        }
    }

    let shop = Shop::open().await;
    let codes = ["", "d/e", "d/e", "d\0e", "..", "long", "none", "-1", "7", "packed"];
    for topic in codes {
        shop.producer.send(&order(topic, 1)).await.unwrap();
    }
    shop.kafka.create_topic("orders-docs-dlt", 1).unwrap();
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().publish_with(&shop.producer).run_with(copy));
    until(30, "the last message", || handle.counts().done() == 1).await;
    let counts = end(&handle, running).await;
    assert_eq!((counts.of(Outcome::Dead), counts.of(Outcome::Unavailable)), (9, 0), "{counts}");
    let dead = shop.kafka.received::<Ordered>("orders-docs-dlt", 9).await;
    for (dead, topic) in dead.iter().zip(codes) {
        let reason = String::from_utf8_lossy(dead.headers().get("kafka_dlt-exception-message").unwrap()).into_owned();
        let end = match topic {
            "none" => {
                "event `homeless` has no topic: give it one with `#[event(topic = \"...\")]` or use `OutgoingEvent::topic`"
            }
            "-1" | "7" => "(Local: Unknown partition)",
            _ => "; the name of a topic has up to 249 letters, digits, `.`, `_` and `-`",
        };
        assert!(reason.ends_with(end), "{topic}: {reason}");
    }
    assert_eq!(shop.kafka.received::<Homeless>("packed", 1).await[0].event().unwrap().order_id, "packed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_of_tombstones_takes_arguments_and_returns_events() {
    async fn forget(
        tombstone: Delivery<()>,
        Key(key): Key,
        Attempt(attempt): Attempt,
        State(seen): State<Seen>,
    ) -> Result<Packed, Failure> {
        seen.lock().unwrap().push(format!("{tombstone} {attempt}"));
        if attempt == 1 {
            return Err(Failure::retry("not yet"));
        }
        Ok(Packed { order_id: String::from_utf8(key.unwrap()).unwrap() })
    }

    let shop = Shop::open().await;
    shop.producer.send_tombstone("orders", "A-1").await.unwrap();
    let seen = Seen::default();
    let pause = Duration::from_millis(1);
    let retry = Retry::in_place().backoff(pause, pause);
    let runner = async || shop.consumer("docs").await.runner().retry(retry.clone()).state(Arc::clone(&seen));
    let ignore = async |_: Ordered| {};
    let running = runner().await.on_tombstone_with(forget).publish_with(&shop.producer);
    let handle = running.handle();
    // Another state than that of the handler of tombstones.
    let running = tokio::spawn(running.state(7_u32).run_with(async |_: Ordered, _: State<u32>| {}));
    let packed = shop.kafka.received::<Packed>("packed", 1).await;
    assert_eq!(packed[0].event().unwrap().order_id, "A-1");
    assert_eq!(packed[0].envelope().causation(), Some("orders/0@0"));
    assert_eq!(end(&handle, running).await.done(), 1);
    assert_eq!(*seen.lock().unwrap(), ["orders/0@0 1", "orders/0@0 2"]);
    assert_eq!(handle.counts().of(Outcome::Retried), 1);

    let error = runner().await.on_tombstone_with(forget).run_with(ignore).await.unwrap_err();
    let told = "the handler of tombstones returns events: set their producer with `publish_with`";
    assert_eq!((error.is_config(), &*error.to_string()), (true, told));
    let homeless = async |_: Delivery<()>| Homeless { order_id: String::new() };
    let error = shop.consumer("docs").await.runner().on_tombstone_with(homeless).publish_with(&shop.producer);
    let error = error.run_with(ignore).await.unwrap_err().to_string();
    assert!(error.starts_with("the handler of tombstones returns `homeless`, which has no topic"), "{error}");
    let nothing = async |_: Delivery<()>| {};
    let runner = shop.consumer("docs").await.runner().on_tombstone_with(nothing);
    let error = runner.run(async |_: Delivery<Ordered>| {}).await.unwrap_err();
    assert_eq!(error.to_string(), "`on_tombstone_with` is a setting of `run_with`");
    let error = shop.consumer("docs").await.runner().on_tombstone_with(nothing).batches().unwrap_err();
    assert_eq!(error.to_string(), "`on_tombstone_with` is a setting of handlers and does not apply to batches");
}

/// A topic of returned events that is missing is named before the first message, and is not created by that.
#[tokio::test(flavor = "multi_thread")]
async fn topics_of_returned_events_that_are_missing_are_named_at_the_start() {
    #[derive(Debug, Serialize, EventSchema)]
    #[event(topic = "never-made")]
    struct Lost {
        order_id: String,
    }

    let _ = tracing::subscriber::set_global_default(Log);
    let shop = Shop::open().await;
    let config = shop.kafka.config().set("acks", "1").set("event.schema.topic.prefix", "prefix-of-lost.");
    let producer = EventProducer::connect(&config).await.unwrap();
    let consumer = shop.consumer("docs").await;
    let handle = consumer.handle();
    let lose = async |order: Ordered| -> Result<(Option<Lost>, Vec<Packed>), Failure> {
        Ok((Some(Lost { order_id: order.order_id }), Vec::new()))
    };
    let running = tokio::spawn(consumer.runner().publish_with(&producer).run_with(lose));
    let missing = "missing topic `prefix-of-lost.never-made`, declared as `never-made`, or not visible to this user: ";
    until(30, "warning", || !lines(missing).is_empty()).await;
    assert_eq!(lines("missing topic `prefix-of-lost.packed`").len(), 1);
    assert!(lines("their producer has not `acks=all`").iter().any(|(level, _)| *level == tracing::Level::WARN));
    let missing =
        event_schema::kafka::Topics::new().topic("prefix-of-lost.never-made").check(&shop.kafka.config()).await;
    assert!(missing.unwrap_err().is_missing_topic());
    assert_eq!(end(&handle, running).await.done(), 0);
}

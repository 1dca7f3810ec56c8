//! From a topic that is full to the last event, loaded and checked.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use event_schema::format::framing::SchemaId;
use event_schema::format::{Codec, Encoder};
use event_schema::jiff::Timestamp;
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::rdkafka039::consumer::{CommitMode, Consumer, StreamConsumer};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{Delivery, EventConsumer, KafkaConfig, Order as Ordered, Runner};
use event_schema::prelude::*;
use validator::Validate;

use super::{Contender, Order, Setup, runtime};

pub(crate) const CONTENDERS: &[Contender] = &[
    Contender { name: "StreamConsumer, serde_json, validator", run: |setup, topic| raw(setup, topic, "5", false) },
    Contender { name: "the same with librdkafka's defaults", run: |setup, topic| raw(setup, topic, "1000", false) },
    Contender { name: "the same, each offset stored when done", run: |setup, topic| raw(setup, topic, "5", true) },
    Contender { name: "recv", run: |setup, topic| recv(setup, topic, false) },
    Contender { name: "recv, each offset stored when done", run: |setup, topic| recv(setup, topic, true) },
    Contender { name: "recv, Avro", run: |setup, topic| recv_as(setup, topic, false, &avro()) },
    Contender { name: "run, order by partition", run: |setup, topic| run(setup, topic, |runner| runner) },
    Contender { name: "run, order by key", run: |setup, topic| run(setup, topic, |runner| runner.order(Ordered::Key)) },
    Contender { name: "run, no order", run: |setup, topic| run(setup, topic, Runner::unordered) },
    Contender { name: "ruststream, validator, tracked commits", run: ruststream },
    Contender { name: "Java's ConsumerPerformance, decodes nothing", run: java },
];

/// The event, read as without us.
#[derive(serde::Deserialize, Validate)]
#[expect(dead_code, reason = "what is read is what is measured")]
pub(crate) struct Twin {
    pub(crate) id: Uuid,
    #[validate(length(min = 1))]
    pub(crate) sku: String,
    #[validate(range(min = 1, max = 1000))]
    quantity: u32,
    placed_at: Timestamp,
}

/// Avro in Confluent's framing, with the id of the schema in each message.
pub(crate) fn avro() -> Codec {
    Codec::confluent_avro().with_event::<Order>(SchemaId::Number(7)).expect("an Avro schema")
}

/// Fills a topic, as fast as it goes.
pub(crate) fn fill(setup: &Setup, topic: &str, codec: &Codec) {
    let encoder = Encoder::<Order>::new(codec).expect("a codec of orders");
    runtime().block_on(async {
        let config = setup.config.clone().set("queue.buffering.max.messages", "0").set("linger.ms", "20");
        let producer: FutureProducer =
            config.rdkafka039_producer().expect("a configuration").create().expect("a producer");
        let mut deliveries = Vec::with_capacity(setup.orders.len());
        for order in &setup.orders {
            let (key, value) = (order.id.to_string(), encoder.dump(order).expect("a valid order"));
            let record = FutureRecord::to(topic).key(&key).payload(&value);
            deliveries.push(producer.send_result(record).map_err(|(error, _)| error).expect("room"));
        }
        for delivery in deliveries {
            delivery.await.expect("a report").expect("an acknowledgement");
        }
    });
}

/// Of nobody else.
pub(crate) fn group(setup: &Setup) -> KafkaConfig {
    setup.config.clone().group(Uuid::now_v7().to_string())
}

fn raw(setup: &Setup, topic: &str, backoff: &str, stores: bool) -> Duration {
    runtime().block_on(async {
        let mut settings =
            group(setup).set("fetch.queue.backoff.ms", backoff).rdkafka039_consumer().expect("a configuration");
        settings
            .set("enable.auto.commit", "true")
            .set("enable.auto.offset.store", if stores { "false" } else { "true" });
        let consumer: StreamConsumer = settings.create().expect("a consumer");
        consumer.subscribe(&[topic]).expect("a subscription");
        let mut started = None;
        for _ in 0..setup.orders.len() {
            let message = consumer.recv().await.expect("a message");
            started.get_or_insert_with(Instant::now);
            let order: Twin = serde_json::from_slice(message.payload().expect("a value")).expect("an order");
            order.validate().expect("a valid order");
            std::hint::black_box(&order);
            if stores {
                consumer.store_offset_from_message(&message).expect("an offset");
            }
        }
        let took = started.expect("messages").elapsed();
        consumer.commit_consumer_state(CommitMode::Sync).expect("a commit");
        took
    })
}

fn recv(setup: &Setup, topic: &str, stores: bool) -> Duration {
    recv_as(setup, topic, stores, &Codec::json())
}

fn recv_as(setup: &Setup, topic: &str, stores: bool, codec: &Codec) -> Duration {
    runtime().block_on(async {
        let consumer = EventConsumer::<Order>::subscribe_to(&group(setup), &[topic]).await.expect("a consumer");
        let mut consumer = consumer.with_codec(codec).expect("a codec of orders");
        let mut started = None;
        for _ in 0..setup.orders.len() {
            let received = consumer.recv().await.expect("a message");
            started.get_or_insert_with(Instant::now);
            std::hint::black_box(received.event().expect("a valid order"));
            if stores {
                consumer.store_offset(&received).expect("an offset");
            }
        }
        let took = started.expect("messages").elapsed();
        consumer.close(Duration::from_secs(10)).await.expect("left");
        took
    })
}

fn run(setup: &Setup, topic: &str, settings: fn(Runner<Order>) -> Runner<Order>) -> Duration {
    runtime().block_on(async {
        let consumer = EventConsumer::<Order>::subscribe_to(&group(setup), &[topic]).await.expect("a consumer");
        let handle = consumer.handle();
        let seen = Arc::new((OnceLock::new(), AtomicUsize::new(0), tokio::sync::Notify::new()));
        let (of_all, count) = (Arc::clone(&seen), setup.orders.len());
        let handler = move |order: Delivery<Order>| {
            let (started, handled, all) = &*of_all;
            started.get_or_init(Instant::now);
            std::hint::black_box(order.event());
            if handled.fetch_add(1, Ordering::Relaxed) + 1 == count {
                all.notify_one();
            }
            async {}
        };
        let running = tokio::spawn(settings(consumer.runner()).run(handler));
        seen.2.notified().await;
        let took = seen.0.get().expect("messages").elapsed();
        handle.close(Duration::from_secs(10)).await.expect("left");
        running.await.expect("no panic").expect("no error");
        took
    })
}

/// A service of ruststream, in a process of its own.
fn ruststream(setup: &Setup, topic: &str) -> Duration {
    let output = Command::new(setup.ruststream.as_ref().expect("`--ruststream`"))
        .args([&servers(setup), topic, &Uuid::now_v7().to_string(), &setup.orders.len().to_string()])
        .output()
        .expect("the program");
    let text = String::from_utf8_lossy(&output.stdout);
    let nanos = text.lines().last().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))))
}

fn servers(setup: &Setup) -> String {
    let settings = setup.config.rdkafka039_consumer().expect("a configuration");
    settings.get("metadata.broker.list").or(settings.get("bootstrap.servers")).expect("servers").to_owned()
}

/// Java's own consumer, by its program for measuring.
fn java(setup: &Setup, topic: &str) -> Duration {
    let jars = setup.java.as_ref().expect("`--java`");
    let output = Command::new("java")
        .arg("-cp")
        .arg(jars.join("*"))
        .args(["org.apache.kafka.tools.ConsumerPerformance", "--hide-header", "--topic", topic])
        .args(["--bootstrap-server", &servers(setup)])
        .args(["--group", &Uuid::now_v7().to_string(), "--messages", &setup.orders.len().to_string()])
        .output()
        .expect("java");
    let text = String::from_utf8_lossy(&output.stdout);
    // start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms,
    // fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
    let fields: Vec<&str> = text.lines().last().unwrap_or_default().split(", ").collect();
    let millis = fields.get(7).and_then(|millis| millis.trim().parse().ok());
    Duration::from_millis(millis.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr))))
}

//! The metrics are those of the guide, and say what has happened.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use event_schema::kafka::{
    ApiKey, BrokerError, CircuitBreaker, Delivery, EventConsumer, EventProducer, Failure, KafkaConfig, Outcome,
    ProducerRecord, Retry, Topics,
};
use event_schema::serde_json;

use crate::common::{Gate, until, within};
use crate::recorder::rendered;
use crate::service::{DEADLINE, OrderPlaced, Shop, placed};

/// A sample of Prometheus' text format: name, labels, value.
type Sample = (String, BTreeMap<String, String>, f64);

/// The samples of a text. No label of these tests contains what would have to be escaped.
fn samples(text: &str) -> Vec<Sample> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let sample = |line: &str| {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = name.split_once('{').unwrap_or((name, ""));
        let mut labels = labels.trim_end_matches('}');
        let mut all = BTreeMap::new();
        while let Some((name, rest)) = labels.split_once("=\"") {
            let (value, rest) = rest.split_once('"').unwrap();
            all.insert(name.to_owned(), value.to_owned());
            labels = rest.trim_start_matches(',');
        }
        (name.to_owned(), all, value.parse().unwrap())
    };
    lines.map(sample).collect()
}

/// The value of the only sample with this name and these labels among others.
fn value(name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let mut found = samples(&rendered());
    found.retain(|(found, all, _)| {
        found == name && labels.iter().all(|(label, value)| all.get(*label).is_some_and(|found| found == value))
    });
    assert!(found.len() <= 1, "{found:?}");
    found.pop().map(|(.., value)| value)
}

fn consumer(name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    value(&format!("event_schema_consumer_{name}"), labels)
}

/// Waits until a metric has this value.
async fn is(name: &str, labels: &[(&str, &str)], expected: f64) {
    let what = format!("{expected} for {name}");
    until(20, &what, || consumer(name, labels) == Some(expected)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_counts_and_measures() {
    let shop = Shop::open();
    let (group, topic) = (&*shop.group, &*shop.topic);
    let of_group = [("group", group), ("topics", topic)];
    let of_partition = [("group", group), ("topic", topic), ("partition", "0")];
    let gate = Gate::default();
    for order in ["A-1", "A-2", "A-3"] {
        shop.put(order, &[]).await;
    }
    shop.put("reject", &[]).await;
    shop.put("A-4", &[("ce_id", b"1"), ("ce_source", b"/"), ("ce_specversion", b"1.0"), ("ce_type", b"hostile.type")])
        .await;
    let (handle, runner) = shop.runner().await;
    let passed = gate.clone();
    let running = tokio::spawn(runner.skip_other_types().run(move |order: Delivery<OrderPlaced>| {
        let gate = passed.clone();
        async move {
            gate.pass().await;
            if order.order_id == "reject" { Err(Failure::reject("no such product")) } else { Ok(()) }
        }
    }));
    is("lag_messages", &of_partition, 5.0).await;
    is("buffered_messages", &of_group, 5.0).await;
    assert_eq!(consumer("position", &of_partition), Some(0.0));
    assert_eq!(consumer("assigned_partitions", &of_group), Some(1.0));
    assert!(consumer("in_flight_messages", &of_group) >= Some(1.0));
    assert!(consumer("buffered_bytes", &of_group) > Some(100.0));
    assert_eq!(consumer("ready", &of_group), Some(1.0));
    until(20, "a consumer that is stalled", || consumer("stalled_seconds", &of_group) >= Some(1.0)).await;
    let counted = |outcome| consumer("deliveries_total", &[("group", group), ("topic", topic), ("outcome", outcome)]);
    assert_eq!(counted("done"), Some(0.0));

    gate.open();
    is("lag_messages", &of_partition, 0.0).await;
    is("position", &of_partition, 5.0).await;
    assert_eq!(consumer("stalled_seconds", &of_group), Some(0.0));
    // More came and went.
    shop.put("A-5", &[]).await;
    let counts = shop.finish(handle, running).await;

    for (outcome, count) in counts.iter() {
        #[expect(clippy::cast_precision_loss, reason = "few")]
        let count = count as f64;
        assert_eq!(counted(outcome.as_str()), Some(count), "{outcome}");
    }
    assert_eq!((counts.done(), counts.of(Outcome::Dead), counts.of(Outcome::Ignored)), (4, 1, 1));
    assert_eq!(consumer("other_types_total", &[("group", group), ("topic", topic)]), Some(1.0));
    assert_eq!(consumer("lost_messages_total", &[("group", group), ("topic", topic)]), Some(0.0));
    let of_event = [("group", group), ("topic", topic), ("event", "order.placed")];
    assert_eq!(consumer("handler_seconds_count", &of_event), Some(5.0));
    assert_eq!(consumer("latency_seconds_count", &of_event), Some(4.0));
    assert!(consumer("latency_seconds_sum", &of_event) >= Some(1.0));
    assert!(!rendered().contains("hostile"));

    // The consumer is closed: nothing of it is left but counts.
    for gauge in ["lag_messages", "position"] {
        assert_eq!(consumer(gauge, &of_partition), Some(0.0), "{gauge}");
    }
    for gauge in ["assigned_partitions", "in_flight_messages", "buffered_messages", "buffered_bytes", "ready"] {
        assert_eq!(consumer(gauge, &of_group), Some(0.0), "{gauge}");
    }
}

/// Fails orders while a dependency of their handler is away.
async fn outage(shop: &Shop) {
    let of_group = [("group", &*shop.group), ("topics", &*shop.topic)];
    for order in ["A-1", "A-2", "A-3", "A-4"] {
        shop.put(order, &[]).await;
    }
    let (handle, runner) = shop.runner().await;
    let away = Arc::new(AtomicBool::new(true));
    let store = {
        let away = Arc::clone(&away);
        move |_: Delivery<OrderPlaced>| {
            std::future::ready(if away.load(Ordering::Relaxed) { Err(Failure::retry("locked")) } else { Ok(()) })
        }
    };
    let retry = Retry::never().backoff(Duration::from_millis(5), Duration::from_millis(5));
    let runner = runner.unordered().retry(retry).circuit_breaker(CircuitBreaker::after(2));
    let running = tokio::spawn(runner.run(store));
    is("breaker_open", &of_group, 1.0).await;
    until(20, "messages that wait", || consumer("waiting_messages", &of_group) >= Some(1.0)).await;
    assert_eq!(consumer("breaker_opened_total", &of_group), Some(1.0));
    assert_eq!(consumer("ready", &of_group), Some(0.0));
    away.store(false, Ordering::Relaxed);
    is("breaker_open", &of_group, 0.0).await;
    assert_eq!(consumer("waiting_messages", &of_group), Some(0.0));
    assert_eq!(consumer("ready", &of_group), Some(1.0));
    shop.finish(handle, running).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_shows() {
    outage(&Shop::open()).await;
}

/// A consumer that ends during an outage leaves no alarm.
#[tokio::test(flavor = "multi_thread")]
async fn an_outage_ends_with_its_consumer() {
    let shop = Shop::open();
    let of_group = [("group", &*shop.group), ("topics", &*shop.topic)];
    for order in ["A-1", "A-2", "A-3"] {
        shop.put(order, &[]).await;
    }
    let (handle, runner) = shop.runner().await;
    let retry = Retry::never().backoff(Duration::from_millis(5), Duration::from_millis(5));
    let runner = runner.unordered().retry(retry).circuit_breaker(CircuitBreaker::after(2));
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| Err::<(), _>(Failure::retry("locked"))));
    is("breaker_open", &of_group, 1.0).await;
    until(20, "a consumer that is stalled", || consumer("stalled_seconds", &of_group) >= Some(1.0)).await;
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();
    for gauge in ["breaker_open", "waiting_messages", "stalled_seconds", "buffered_messages", "ready"] {
        assert_eq!(consumer(gauge, &of_group), Some(0.0), "{gauge}");
    }
}

/// Sends what is stored, what is invalid and what is refused, with a client of this id.
async fn send(config: &KafkaConfig, topic: &str, client: &str) -> EventProducer {
    let producer = EventProducer::connect(&config.clone().set("client.id", client)).await.unwrap();
    producer.send_to(topic, &placed("A-1", 1)).await.unwrap();
    producer.send_to(topic, &placed("A-1", 1001)).await.unwrap_err();
    let sent = producer.send_all_to(topic, &[placed("A-1", 1), placed("A-1", 1001)]).await;
    assert_eq!(sent.iter().filter(|sent| sent.is_ok()).count(), 1);
    // There is no such partition.
    let record = ProducerRecord::new(topic).with_partition(7).with_value("{}");
    producer.send_record(&record).await.unwrap_err();
    producer
}

#[tokio::test(flavor = "multi_thread")]
async fn a_producer_counts_by_outcome() {
    let shop = Shop::open();
    let client = &*shop.group;
    let producer = send(&shop.kafka.config(), &shop.topic, client).await;
    let of_client = |name: &str| value(&format!("event_schema_producer_{name}"), &[("client", client)]);
    for (outcome, count) in [("sent", Some(2.0)), ("invalid", Some(2.0)), ("not_sent", Some(1.0)), ("unknown", None)] {
        let labels = [("client", client), ("topic", &*shop.topic), ("outcome", outcome)];
        assert_eq!(value("event_schema_producer_messages_total", &labels), count, "{outcome}");
    }
    assert_eq!((of_client("queued_messages"), of_client("ready")), (Some(0.0), Some(1.0)));
    producer.close(DEADLINE).await.unwrap();
    assert_eq!(of_client("ready"), Some(0.0));
}

/// The gauge of a client is that of all its producers: one that is closed, or fails, does not speak for the others.
#[tokio::test(flavor = "multi_thread")]
async fn producers_with_one_name_have_one_readiness() {
    let shop = Shop::open();
    let client = &*shop.group;
    let config = shop.kafka.config().set("client.id", client);
    let ready = || value("event_schema_producer_ready", &[("client", client)]);
    let first = EventProducer::connect(&config).await.unwrap();
    // Makes a producer of its own for a moment.
    Topics::new().topic(&*shop.topic).check(&config).await.unwrap();
    assert_eq!(ready(), Some(1.0));
    let second = EventProducer::connect(&config).await.unwrap();
    first.close(DEADLINE).await.unwrap();
    assert_eq!(ready(), Some(1.0));

    // It fails for good, and is replaced.
    shop.kafka.fail(ApiKey::InitProducerId, &[BrokerError::ClusterAuthorizationFailed; 4]);
    let third = EventProducer::connect(&config).await.unwrap();
    third.send_to(&shop.topic, &placed("A-1", 1)).await.unwrap_err();
    until(20, "a producer that is not ready", || ready() == Some(0.0)).await;
    assert!(second.is_ready());
    until(20, "readiness", || ready() == Some(1.0)).await;
    assert!(third.is_ready());
    drop(third);
    assert_eq!(ready(), Some(1.0));
    second.close(DEADLINE).await.unwrap();
    assert_eq!(ready(), Some(0.0));
}

/// The metrics of the guide: name, type, labels.
fn guide() -> BTreeMap<String, (String, BTreeSet<String>)> {
    let guide = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/observability.rs"));
    let guide = guide.unwrap();
    let rows = guide.lines().filter_map(|line| line.strip_prefix("//! | `event_schema_"));
    let row = |row: &str| {
        let mut cells = row.split('|').map(|cell| cell.trim().replace('`', ""));
        let mut next = || cells.next().unwrap();
        let (name, kind, _unit, labels) = (next(), next(), next(), next());
        (format!("event_schema_{name}"), (kind, labels.split(", ").map(str::to_owned).collect()))
    };
    // Those of the outbox are in the tests of the outbox, which compile a database.
    rows.map(row).filter(|(name, _)| !name.starts_with("event_schema_outbox_")).collect()
}

/// The metrics of a text, without those of other recorders.
fn described(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
    let mut all: BTreeMap<String, (String, BTreeSet<String>)> = BTreeMap::new();
    for line in text.lines() {
        if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap();
            all.insert(name.to_owned(), (kind.to_owned(), BTreeSet::new()));
        }
    }
    for (name, labels, _) in samples(text) {
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        let name = base.filter(|base| all.contains_key(*base)).unwrap_or(&name);
        let labels = labels.into_keys().filter(|label| label != "le");
        all.get_mut(name).unwrap_or_else(|| panic!("{name} has no type")).1.extend(labels);
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guide_lists_all_metrics_and_prometheus_reads_them() {
    let shop = Shop::open();
    shop.put("A-0", &[("ce_id", b"1"), ("ce_source", b"/"), ("ce_specversion", b"1.0"), ("ce_type", b"other.v1")])
        .await;
    let config = shop.kafka.config().group(&shop.group).set("statistics.interval.ms", "100");
    let consumer = EventConsumer::<OrderPlaced>::subscribe_to(&config, &[&shop.topic]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().skip_other_types().run(async |_: Delivery<OrderPlaced>| {}));
    let producer = send(&config, &shop.topic, "guide").await;
    until(20, "statistics", || rendered().contains("event_schema_librdkafka_broker_round_trip_seconds{")).await;
    shop.finish(handle, running).await;
    producer.close(DEADLINE).await.unwrap();
    let is_up = |(name, _, value): &Sample| name == "event_schema_librdkafka_broker_up" && *value > 0.0;
    until(20, "the end of all clients", || !samples(&rendered()).iter().any(is_up)).await;
    outage(&Shop { kafka: shop.kafka, topic: shop.topic, group: format!("{}-2", shop.group) }).await;

    let text = rendered();
    assert_eq!(described(&text), guide());

    let Some(parsed) = parsed_by_prometheus(&text) else { return };
    let ours: BTreeSet<_> =
        samples(&text).iter().map(|(name, labels, value)| format!("{name} {labels:?} {value}")).collect();
    let theirs = parsed.iter().map(|(name, labels, value)| format!("{name} {labels:?} {value}")).collect();
    assert_eq!(ours, theirs);
}

/// The samples as Prometheus' client for Python reads them, if it is there.
fn parsed_by_prometheus(text: &str) -> Option<Vec<Sample>> {
    let has_parser = Command::new("python3").args(["-c", "import prometheus_client"]).stderr(Stdio::null()).status();
    if !has_parser.is_ok_and(|status| status.success()) {
        eprintln!("skipped: no prometheus_client for Python");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sight/prometheus.py");
    let mut parser = Command::new("python3");
    let mut running = parser.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = running.stdin.take().unwrap();
    let text = text.to_owned();
    let written = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = running.wait_with_output().unwrap();
    written.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let sample = |line: &str| {
        let (name, _, labels, value): (String, String, BTreeMap<String, String>, f64) =
            serde_json::from_str(line).unwrap();
        (name, labels, value)
    };
    Some(lines.lines().map(sample).collect())
}

/// A receiver without handlers has its lag and position as well.
#[tokio::test(flavor = "multi_thread")]
async fn a_loop_of_the_callers_has_a_position() {
    let shop = Shop::open();
    for order in ["A-1", "A-2", "A-3"] {
        shop.put(order, &[]).await;
    }
    let of_partition = [("group", &*shop.group), ("topic", &*shop.topic), ("partition", "0")];
    let mut receiver = shop.consumer().await;
    let first = within(20, "message", receiver.recv()).await.unwrap();
    receiver.commit(&first).await.unwrap();
    is("position", &of_partition, 1.0).await;
    is("lag_messages", &of_partition, 2.0).await;
    receiver.close(DEADLINE).await.unwrap();
    assert_eq!(consumer("lag_messages", &of_partition), Some(0.0));
    assert_eq!(consumer("position", &of_partition), Some(0.0));
}

/// A consumer that is restarted when there is nothing new.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_a_new_message_begins_at_its_commit() {
    let shop = Shop::open();
    for order in ["A-1", "A-2", "A-3"] {
        shop.put(order, &[]).await;
    }
    let (handle, runner) = shop.runner().await;
    let running = tokio::spawn(runner.run(async |_: Delivery<OrderPlaced>| {}));
    shop.finish(handle, running).await;
    let of_partition = [("group", &*shop.group), ("topic", &*shop.topic), ("partition", "0")];
    assert_eq!(consumer("position", &of_partition), Some(0.0));

    let restarted = shop.consumer().await;
    is("position", &of_partition, 3.0).await;
    is("lag_messages", &of_partition, 0.0).await;
    restarted.close(DEADLINE).await.unwrap();
}

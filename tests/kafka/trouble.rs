//! Clients that fail for good, brokers that take their time, ports that speak another protocol.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::log::{Log, lines};
use crate::common::{Note, note, until, within};
use event_schema::kafka::{
    ApiKey, BrokerError, ConnectError, DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig,
    Outcome,
};
use tokio::io::AsyncReadExt;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// A consumer of a group that has committed nothing, and may not begin anywhere.
fn without_a_beginning(kafka: &EmbeddedKafka) -> KafkaConfig {
    kafka.config().group("readers").set("auto.offset.reset", "none")
}

#[tokio::test]
async fn a_run_on_a_consumer_that_failed_before_ends_and_leaves_the_runtime_alone() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 0)).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(&without_a_beginning(&kafka), &["notes"]).await.unwrap();
    let error = within(20, "error", consumer.recv()).await.unwrap_err();
    assert!(error.is_fatal(), "{error}");
    let handle = consumer.handle();
    // On the only thread of this runtime.
    let error = within(20, "end of the run", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_fatal(), "{error}");
    assert!(!handle.is_ready());
}

#[tokio::test]
async fn a_consumer_that_fails_while_a_handler_is_at_work_waits_for_it() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 0)).await;
    let config = kafka.config().group("readers").set("group.instance.id", "reader-1");
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &["notes"]).await.unwrap();
    let (came, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handle = consumer.handle();
    let running = {
        let (came, go) = (Arc::clone(&came), Arc::clone(&go));
        tokio::spawn(consumer.run(move |_: Delivery<Note>| {
            let (came, go) = (Arc::clone(&came), Arc::clone(&go));
            async move {
                came.notify_one();
                go.notified().await;
            }
        }))
    };
    within(20, "handler", came.notified()).await;
    kafka.fail(ApiKey::Heartbeat, &[BrokerError::FencedInstanceId]);
    until(20, "that it is not ready", || !handle.is_ready()).await;
    assert!(!running.is_finished(), "a handler is at work");
    go.notify_one();
    let error = within(20, "end of the run", running).await.unwrap().unwrap_err();
    assert!(error.is_fatal(), "{error}");
    assert_eq!(handle.counts().done(), 1);
}

#[tokio::test]
async fn a_consumer_is_not_ready_while_a_dead_letter_is_not_taken() {
    let kafka = EmbeddedKafka::start().unwrap();
    for topic in ["notes", "dead"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    kafka.publish_bytes("notes", None, Some(b"{"), &[]).await;
    // Longer than the answers of the broker take below.
    let config = kafka.config().group("readers").set("session.timeout.ms", "30000");
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let runner = consumer.runner().dead_letter(DeadLetter::new().topic("dead"));
    let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    until(20, "first dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    assert!(handle.is_ready());

    kafka.publish_bytes("notes", None, Some(b"{"), &[]).await;
    kafka.answer_after(Duration::from_secs(8));
    until(20, "that it is not ready", || !handle.is_ready()).await;
    assert_eq!(handle.counts().of(Outcome::Dead), 1);
    kafka.answer_after(Duration::ZERO);
    until(20, "second dead letter", || handle.counts().of(Outcome::Dead) == 2).await;
    assert!(handle.is_ready());
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_consumer_is_not_ready_as_soon_as_there_is_no_topic_for_its_dead_letter() {
    let _ = tracing::subscriber::set_global_default(Log);
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let config = kafka.config().group("readers").set("allow.auto.create.topics", "false");
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let runner = consumer.runner().dead_letter(DeadLetter::new().topic("not-made-yet"));
    let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    until(20, "that it is ready", || handle.is_ready()).await;

    kafka.publish_bytes("notes", None, Some(b"{"), &[]).await;
    let told = || lines("not acknowledged yet").into_iter().filter(|(_, line)| line.contains("`not-made-yet`"));
    until(20, "that it is not ready", || !handle.is_ready()).await;
    until(20, "a line in the log", || told().count() == 1).await;
    let (_, line) = told().next().unwrap();
    assert_eq!(line, "notes/0@0: not acknowledged yet: there is no topic `not-made-yet`");
    kafka.create_topic("not-made-yet", 1).unwrap();
    until(20, "dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    assert!(handle.is_ready() && told().count() == 1);
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_message_that_times_out_on_its_way_ends_its_client() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let config = kafka.config().set("delivery.timeout.ms", "1000").set("linger.ms", "0");
    let producer = EventProducer::connect(&config).await.unwrap();
    producer.send_to("notes", &note("a", 0)).await.unwrap();

    kafka.answer_after(Duration::from_secs(60));
    let note = note("a", 1);
    let first = producer.enqueue(&note).await;
    assert!(first.is_err(), "it has no topic of its own");
    let first = producer.message(&note).topic("notes").enqueue().await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    let second = producer.message(&note).topic("notes").enqueue().await.unwrap();
    let error = within(20, "first report", first).await.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    // What was sent behind it may be stored, or was not sent: it is sent by nobody any more.
    assert!(!producer.is_ready());
    let error = within(20, "second report", second).await.unwrap_err();
    assert!(error.is_unknown() || error.is_fatal(), "{error}");

    kafka.answer_after(Duration::ZERO);
    within(20, "another client", producer.ready()).await;
    assert_eq!(producer.in_flight(), 0);
    within(20, "report", async { while producer.send_to("notes", &note).await.is_err() {} }).await;
    producer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_port_that_hangs_up_on_the_first_request_is_told_from_one_that_is_not_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // As a port for TLS does that gets plain text.
    let server = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 16]).await;
        }
    });
    let timeout = Duration::from_secs(4);
    let config = KafkaConfig::new(format!("127.0.0.1:{port}")).connect_timeout(timeout);
    let started = Instant::now();
    let error: ConnectError = EventProducer::connect(&config).await.unwrap_err();
    assert!(started.elapsed() < timeout, "{:?}", started.elapsed());
    assert!(error.is_unreachable() && error.to_string().contains("See `security.protocol`"), "{error}");
    server.abort();
}

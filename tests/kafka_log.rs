//! The lines of the log, and how often they come. Alone in its process, whose log is one for all.
#![cfg(feature = "kafka")]

#[path = "kafka/common/mod.rs"]
mod common;

use std::time::Duration;

use common::log::{Log, lines};
use event_schema::kafka::{EventProducer, KafkaConfig};
use tokio::sync::{Mutex, MutexGuard};

/// The log, of which each test has its part.
async fn log() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::const_new(());
    let guard = ONE_AT_A_TIME.lock().await;
    let _ = tracing::subscriber::set_global_default(Log);
    guard
}

/// How many clients of librdkafka the process has: each has a thread of this name.
#[cfg(target_os = "linux")]
fn clients() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().path().join("comm"));
    // A thread may end meanwhile.
    threads.filter_map(|file| std::fs::read_to_string(file).ok()).filter(|name| name.trim() == "rdk:main").count()
}

#[tokio::test]
async fn brokers_that_are_away_are_told_once_and_not_at_every_try() {
    let _log = log().await;
    // Those of another test, whose broker is gone, would say it too.
    #[cfg(target_os = "linux")]
    common::until(30, "the end of another test's clients", || clients() == 0).await;
    let before = lines("brokers are down").len();
    let config = KafkaConfig::new("127.0.0.1:1").connect_timeout(Duration::from_secs(3));
    assert!(EventProducer::connect(&config).await.unwrap_err().is_unreachable());
    let lines = lines("brokers are down");
    assert_eq!(lines.len() - before, 1, "{lines:?}");
}

/// The consumers of a process have one log.
#[tokio::test]
async fn a_consumer_names_its_group_when_partitions_come_and_go_and_when_its_handlers_fail() {
    use common::{Note, note};
    use event_schema::kafka::{CircuitBreaker, Delivery, EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};

    let _log = log().await;
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("named", 1).unwrap();
    kafka.create_topic("named-namers-dlt", 1).unwrap();
    for number in 0..3 {
        kafka.publish_to("named", &note("a", number)).await;
    }
    let config = kafka.config().group("namers");
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &["named"]).await.unwrap();
    let handle = consumer.handle();
    let failed = handle.clone();
    let retry = Retry::never().backoff(Duration::from_millis(10), Duration::from_millis(10));
    let runner = consumer.runner().retry(retry).circuit_breaker(CircuitBreaker::after(2));
    let running = tokio::spawn(runner.run(move |_: Delivery<Note>| {
        let was_away = failed.counts().of(Outcome::Unavailable) > 0;
        std::future::ready(if was_away { Ok(()) } else { Err(Failure::retry("away")) })
    }));
    kafka.handled("namers", "named").await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();
    let lines = lines("group `namers`: ");
    for end in ["named/0 assigned", "messages are handled again", "named/0 revoked"] {
        assert!(lines.iter().any(|(_, line)| *line == format!("group `namers`: {end}")), "{end}: {lines:#?}");
    }
    assert!(lines.iter().any(|(_, line)| line.starts_with("group `namers`: the handlers of 2 ")), "{lines:#?}");
}

/// A consumer that ends takes the producer of its dead letters along, with nothing to say to its user.
#[cfg(target_os = "linux")]
mod dead_letters {
    use std::time::Duration;

    use event_schema::kafka::{
        Counts, DeadLetter, Delivery, EmbeddedKafka, EventConsumer, Outcome, RunError, RunHandle, Runner,
    };
    use tokio::task::JoinHandle;

    use super::common::log::lines;
    use super::common::{Note, note, until, within};
    use super::{clients, log};

    const DEADLINE: Duration = Duration::from_secs(10);

    /// A broker with a poison message and without a topic for its dead letter, and how many clients there are without a
    /// consumer.
    async fn kafka() -> (EmbeddedKafka, usize) {
        until(30, "the end of another test's clients", || clients() == 0).await;
        let kafka = EmbeddedKafka::start().unwrap();
        kafka.create_topic("notes", 1).unwrap();
        kafka.publish_bytes("notes", None, Some(b"{"), &[]).await;
        (kafka, clients())
    }

    async fn runner(kafka: &EmbeddedKafka) -> (RunHandle, Runner<Note>) {
        let config = kafka.config().group("readers").set("allow.auto.create.topics", "false");
        let consumer = EventConsumer::<Note>::subscribe_to(&config, &["notes"]).await.unwrap();
        (consumer.handle(), consumer.runner().dead_letter(DeadLetter::new().topic("dead")))
    }

    /// A run with a dead letter in the queue of its producer, which waits for the topic.
    async fn stuck(kafka: &EmbeddedKafka) -> (RunHandle, JoinHandle<Result<Counts, RunError>>) {
        let (handle, runner) = runner(kafka).await;
        let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
        until(20, "that it is ready", || handle.is_ready()).await;
        until(20, "a letter that is not taken", || !handle.is_ready()).await;
        (handle, running)
    }

    /// The clients of the consumer end. The log has no warning about a producer that its user does not know, and no
    /// message is lost: the next consumer receives it.
    async fn nothing_is_left(kafka: &EmbeddedKafka, before: usize) {
        until(30, "the end of the clients", || clients() == before).await;
        let told = lines("a producer was dropped");
        assert!(told.is_empty(), "{told:?}");

        kafka.create_topic("dead", 1).unwrap();
        let (handle, runner) = runner(kafka).await;
        let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
        until(60, "a dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
        handle.close(DEADLINE).await.unwrap();
        within(20, "end of the run", running).await.unwrap().unwrap();
        assert_eq!(clients(), before, "the producer is closed before the run ends");
        assert_eq!(kafka.received::<Note>("dead", 1).await.len(), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_producer_ends_with_a_run_that_its_deadline_ends() {
        let _log = log().await;
        let (kafka, before) = kafka().await;
        let (handle, running) = stuck(&kafka).await;
        let _ = handle.close(Duration::from_secs(1)).await;
        within(20, "end of the run", running).await.unwrap().unwrap();
        nothing_is_left(&kafka, before).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_producer_ends_with_a_run_that_is_dropped() {
        let _log = log().await;
        let (kafka, before) = kafka().await;
        let (_, running) = stuck(&kafka).await;
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        nothing_is_left(&kafka, before).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_producer_ends_with_batches_that_are_dropped() {
        let _log = log().await;
        let (kafka, before) = kafka().await;
        let (handle, runner) = runner(&kafka).await;
        let mut batches = runner.batches().unwrap();
        within(20, "batch", batches.recv(1, DEADLINE)).await.unwrap().finish();
        assert!(handle.is_ready());
        tokio::select! {
            _ = batches.recv(1, DEADLINE) => panic!("there is no other message"),
            () = until(20, "a letter that is not taken", || !handle.is_ready()) => {}
        }
        drop(batches);
        nothing_is_left(&kafka, before).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn the_producer_ends_with_batches_that_are_closed() {
        let _log = log().await;
        let (kafka, before) = kafka().await;
        kafka.create_topic("dead", 1).unwrap();
        kafka.publish_to("notes", &note("a", 1)).await;
        let (_, runner) = runner(&kafka).await;
        let mut batches = runner.batches().unwrap();
        within(20, "batch", batches.recv(2, DEADLINE)).await.unwrap().finish();
        // The close sends the letter, because a later message is finished.
        batches.close(DEADLINE).await.unwrap();
        assert_eq!(clients(), before, "the producer is closed with the batches");
        assert_eq!(kafka.received::<Note>("dead", 1).await.len(), 1);
    }
}

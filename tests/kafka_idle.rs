//! What a consumer costs that has nothing to do: alone in its process.
#![cfg(all(feature = "kafka", target_os = "linux"))]

#[path = "kafka/common/mod.rs"]
mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::{Kafka, Note, note, properties, until, within};
use event_schema::kafka::{Delivery, EventConsumer};

const PARTITIONS: i32 = 100;

/// How long all threads of the process have been on a processor.
fn on_processors() -> Duration {
    let threads = fs::read_dir("/proc/self/task").unwrap().map(|thread| thread.unwrap().path().join("schedstat"));
    // A thread may end meanwhile.
    let texts = threads.filter_map(|file| fs::read_to_string(file).ok());
    let nanos = texts.map(|text| text.split(' ').next().unwrap().parse::<u64>().unwrap());
    Duration::from_nanos(nanos.sum())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_consumer_of_a_hundred_partitions_takes_no_hundredth_of_a_core() {
    if properties().is_none() {
        eprintln!("skipped: the embedded broker works in this process");
        return;
    }
    let kafka = Kafka::start();
    let topic = kafka.topic(PARTITIONS).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    // With all that needs to be looked for.
    let runner = consumer.runner().handler_timeout(Duration::from_secs(60));
    let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    kafka.publish(&topic, (0..1_000).map(|number| note(&number.to_string(), number))).await;
    until(60, "all of them", || handle.counts().done() == 1_000).await;

    // The producer is gone, and what was handled is committed.
    tokio::time::sleep(Duration::from_secs(3)).await;
    let (started, before) = (Instant::now(), on_processors());
    tokio::time::sleep(Duration::from_secs(15)).await;
    let (took, passed) = (on_processors().saturating_sub(before), started.elapsed());
    let share = took.as_secs_f64() / passed.as_secs_f64();
    println!("{:.2} % of a core", share * 100.0);
    assert!(share < 0.01, "{took:?} in {passed:?}");
    handle.close(Duration::from_secs(10)).await.unwrap();
    within(10, "end of the run", running).await.unwrap().unwrap();
}

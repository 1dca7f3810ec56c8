//! What a consumer takes of the memory of its process, librdkafka's included: alone in its process.
#![cfg(all(feature = "kafka", target_os = "linux"))]

#[path = "kafka/common/mod.rs"]
mod common;

use std::time::Duration;

use common::{Gate, Kafka, Note, note, properties, standstill, until, within};
use event_schema::kafka::{Delivery, EventConsumer};

const MB: usize = 1 << 20;
const COUNT: u32 = 10_000;

/// What the process has in memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// 1 GB waits behind handlers that stand still, and then behind slow ones, and the process grows by a fraction of it.
#[tokio::test(flavor = "multi_thread")]
async fn a_stalled_handler_before_a_full_topic_takes_little_memory() {
    if properties().is_none() {
        eprintln!("skipped: the embedded broker has its messages in this process");
        return;
    }
    let before = resident();
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    let long = "x".repeat(100_000);
    for first in (0..COUNT).step_by(200) {
        kafka.publish(&topic, (first..first + 200).map(|number| note(&format!("{number}{long}"), number))).await;
    }

    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let gate = Gate::default();
    let handler = {
        let gate = gate.clone();
        move |_: Delivery<Note>| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    };
    let runner = consumer.runner().unordered().concurrency(4).buffer(usize::MAX, 4 * MB);
    let running = tokio::spawn(runner.run(handler));
    until(30, "four at the gate", || gate.came() == 4).await;
    let mut most = 0;
    standstill(&handle, 4, Duration::from_secs(3), || most = most.max(resident())).await;
    let grown = most.saturating_sub(before) / MB;
    println!("{grown} MB at most, for 1 GB that waits");
    // librdkafka fetches 64 MB of each of the two partitions ahead, until it is told to pause.
    assert!(grown < 300, "{grown} MB");

    gate.open();
    until(240, "all of them", || {
        most = most.max(resident());
        handle.counts().done() == u64::from(COUNT)
    })
    .await;
    let grown = most.saturating_sub(before) / MB;
    println!("{grown} MB at most, behind slow handlers");
    assert!(grown < 300, "{grown} MB");
    handle.close(Duration::from_secs(10)).await.unwrap();
    within(10, "end of the run", running).await.unwrap().unwrap();
}

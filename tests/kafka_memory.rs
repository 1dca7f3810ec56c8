//! What a consumer takes of the memory of its process, librdkafka's included: alone in its process.
#![cfg(all(feature = "kafka", target_os = "linux"))]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use common::{Kafka, Note, note, properties, until, within};
use event_schema::kafka::{Delivery, EventConsumer};
use tokio::sync::Semaphore;

const MB: usize = 1 << 20;
const COUNT: u32 = 8_000;

/// What the process has in memory, in bytes.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<usize>().unwrap() * 1024
}

/// 800 MB wait behind a handler that stands still, and the process grows by a fraction of them.
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
    let (gate, at_gate) = (Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
    let handler = {
        let (gate, at_gate) = (Arc::clone(&gate), Arc::clone(&at_gate));
        move |_: Delivery<Note>| {
            let (gate, at_gate) = (Arc::clone(&gate), Arc::clone(&at_gate));
            async move {
                at_gate.fetch_add(1, Ordering::Relaxed);
                gate.acquire().await.unwrap().forget();
            }
        }
    };
    let runner = consumer.runner().unordered().concurrency(4).buffer(usize::MAX, 4 * MB);
    let running = tokio::spawn(runner.run(handler));
    until(30, "four at the gate", || at_gate.load(Ordering::Relaxed) == 4).await;
    // Until it holds as much as it may, for some time: all is fetched by then that is fetched without a limit.
    let (mut held, mut most) = ((handle.buffered(), Instant::now()), 0);
    until(60, "standstill", || {
        most = most.max(resident());
        let now = handle.buffered();
        if now != held.0 {
            held = (now, Instant::now());
        }
        now.0 > 4 && held.1.elapsed() > Duration::from_secs(3)
    })
    .await;
    let grown = most.saturating_sub(before) / MB;
    println!("{grown} MB at most, for 800 MB that wait");
    // librdkafka fetches 64 MB of each of the two partitions ahead, until it is told to pause.
    assert!(grown < 300, "{grown} MB");

    gate.add_permits(COUNT as usize);
    until(120, "all of them", || handle.counts().done() == u64::from(COUNT)).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    within(10, "end of the run", running).await.unwrap().unwrap();
}

//! Listeners that come and go, and messages meanwhile.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::Result;
use event_schema::kafka::{Counts, EmbeddedKafka, EventProducer, KafkaConfig, Order, RunError, RunHandle};
use tokio::task::JoinHandle;

use crate::{GROUP, Test, listen, subscribe, watch};

const PATIENCE: Duration = Duration::from_secs(30);

struct Listener {
    name: &'static str,
    handle: RunHandle,
    running: JoinHandle<Result<Counts, RunError>>,
    watching: JoinHandle<()>,
}

impl Listener {
    async fn start(config: &KafkaConfig, name: &'static str) -> Result<Self> {
        let consumer = subscribe(config).await?;
        let handle = consumer.handle();
        let running = consumer.runner().order(Order::Key).state(name.to_owned()).run_with(listen);
        let watching = tokio::spawn(watch(name.to_owned(), handle.clone()));
        Ok(Self { name, handle, running: tokio::spawn(running), watching })
    }

    async fn close(self) -> Result<()> {
        self.handle.close(PATIENCE).await?;
        self.watching.abort();
        println!("{} ends: {}", self.name, self.running.await??);
        Ok(())
    }
}

pub(crate) async fn run(kafka: &EmbeddedKafka) -> Result<()> {
    let config = &kafka.config();
    let producer = EventProducer::connect(config).await?.with_source("/listener")?;
    println!("> one listener has all partitions");
    let one = Listener::start(config, "listener-1").await?;
    round(kafka, &producer, &[&one], 1).await?;
    println!("> three listeners share them");
    let two = Listener::start(config, "listener-2").await?;
    let three = Listener::start(config, "listener-3").await?;
    round(kafka, &producer, &[&one, &two, &three], 2).await?;
    println!("> the first one ends, and the others take over");
    one.close().await?;
    round(kafka, &producer, &[&two, &three], 3).await?;
    two.close().await?;
    three.close().await?;
    Ok(producer.close(PATIENCE).await?)
}

/// Waits until each listener has a part, publishes two messages for each of six keys, and waits until all are handled and
/// committed: a listener that takes over begins behind them.
async fn round(kafka: &EmbeddedKafka, producer: &EventProducer, listeners: &[&Listener], number: usize) -> Result<()> {
    until(|| {
        let shares: Vec<_> = listeners.iter().map(|listener| listener.handle.assigned()).collect();
        let all: BTreeSet<_> = shares.iter().flatten().collect();
        all.len() == 3 && shares.iter().all(|share| !share.is_empty())
    })
    .await?;
    for message in 1..=2 {
        for key in ["A", "B", "C", "D", "E", "F"] {
            let message = format!("message {message} of round {number}");
            producer.send(&Test { key: key.to_owned(), message }).await?;
        }
    }
    kafka.handled(GROUP, "test").await;
    Ok(())
}

async fn until(is_so: impl Fn() -> bool) -> Result<()> {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    Ok(tokio::time::timeout(PATIENCE, waiting).await?)
}

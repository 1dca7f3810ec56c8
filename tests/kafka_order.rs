//! The order of the calls is the order per key, also when the queue is full.
#![cfg(feature = "kafka")]

mod common;

use std::time::Duration;

use common::{Kafka, Note, by_key, note, within};
use event_schema::kafka::{EventConsumer, EventProducer};
use futures_util::future::join_all;

const KEYS: u32 = 7;
const COUNT: u32 = 5_000;

#[tokio::test]
async fn a_full_queue_keeps_the_order_of_each_key() {
    let kafka = Kafka::start();
    let topic = kafka.topic(3).await;
    let config = kafka.config.clone().set("queue.buffering.max.messages", "10").set("linger.ms", "1");
    let producer = EventProducer::connect(&config).await.unwrap();
    let notes: Vec<Note> = (0..COUNT).map(|number| note(&(number % KEYS).to_string(), number)).collect();
    let sends = join_all(notes.iter().map(|note| producer.send_to(&topic, note)));
    for sent in within(60, "acknowledgement", sends).await {
        sent.unwrap();
    }
    producer.close(Duration::from_secs(10)).await.unwrap();

    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut received = Vec::new();
    while received.len() < notes.len() {
        received.push(within(20, "message", consumer.recv()).await.unwrap());
    }
    consumer.close(Duration::from_secs(10)).await.unwrap();
    for key in 0..KEYS {
        let expected: Vec<u32> = (0..COUNT).filter(|number| number % KEYS == key).collect();
        assert_eq!(by_key(&received)[&key.to_string()], expected, "key {key}");
    }
}

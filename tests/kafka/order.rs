//! The order of the calls is the order per key, also when the queue is full.

use std::time::Duration;

use crate::common::{Kafka, Note, by_key, note, within};
use event_schema::kafka::{EventConsumer, EventProducer, Received};
use futures_util::future::{join, join_all};

const KEYS: u32 = 7;
const COUNT: u32 = 20_000;

#[tokio::test]
async fn sends_keep_the_order_of_each_key() {
    order_is_kept(async |producer, topic, notes| {
        let sends = join_all(notes.iter().map(|note| producer.send_to(topic, note)));
        for sent in sends.await {
            sent.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_enqueued_keeps_the_order_of_each_key() {
    order_is_kept(async |producer, topic, notes| {
        // All of them are polled before the first has its place; what waits is in their order.
        let places = join_all(notes.iter().map(|note| producer.message(note).topic(topic).enqueue())).await;
        for delivery in places {
            delivery.unwrap().await.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn batches_keep_the_order_of_each_key() {
    order_is_kept(async |producer, topic, notes| {
        // Single ones come between the turns of a batch, behind what was there before.
        let (first, second) = notes.split_at(notes.len() / 2);
        let other = note("other", 0);
        let (batch, single) = join(producer.send_all_to(topic, first), producer.send_to(topic, &other)).await;
        single.unwrap();
        let rest = producer.send_all_to(topic, second).await;
        for (number, sent) in batch.into_iter().chain(rest).enumerate() {
            sent.unwrap_or_else(|error| panic!("{number}: {error}"));
        }
    })
    .await;
}

/// Sends notes through a queue that is full nearly always, and receives them.
async fn order_is_kept(send: impl AsyncFnOnce(&EventProducer, &str, &[Note])) {
    let kafka = Kafka::start();
    let topic = kafka.topic(3).await;
    let config = kafka.config.clone().set("queue.buffering.max.messages", "10").set("linger.ms", "1");
    let producer = EventProducer::connect(&config).await.unwrap();
    let notes: Vec<Note> = (0..COUNT).map(|number| note(&(number % KEYS).to_string(), number)).collect();
    within(120, "acknowledgement", send(&producer, &topic, &notes)).await;
    producer.close(Duration::from_secs(10)).await.unwrap();

    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut received: Vec<Received<Note>> = Vec::new();
    while received.len() < notes.len() {
        let next = within(20, "message", consumer.recv()).await.unwrap();
        if next.key() != Some(b"other") {
            received.push(next);
        }
    }
    consumer.close(Duration::from_secs(10)).await.unwrap();
    for key in 0..KEYS {
        let expected: Vec<u32> = (0..COUNT).filter(|number| number % KEYS == key).collect();
        assert_eq!(by_key(&received)[&key.to_string()], expected, "key {key}");
    }
}

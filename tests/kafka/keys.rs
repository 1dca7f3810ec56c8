//! Keys are the bytes, and go to the partitions, that Java's client makes of them. The vectors are Java's
//! own: `java/KeyVectors.java` made `java/keys.jsonl`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::common::{Kafka, within};
use event_schema::EventKey;
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{EventConsumer, EventProducer};
use event_schema::prelude::*;
use futures_util::future::join_all;

#[derive(Deserialize)]
struct Vector {
    #[serde(rename = "type")]
    kind: String,
    key: Option<String>,
    hex: String,
    /// By the number of partitions.
    partitions: BTreeMap<i32, i32>,
}

impl Vector {
    fn bytes(&self) -> Vec<u8> {
        let digits: Vec<u8> =
            self.hex.chars().map(|digit| u8::try_from(digit.to_digit(16).unwrap()).unwrap()).collect();
        digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
    }
}

fn vectors() -> Vec<Vector> {
    let lines = include_str!("java/keys.jsonl").lines();
    let vectors: Vec<Vector> = lines.map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(vectors.len(), 112);
    vectors
}

#[derive(Debug, Serialize, EventSchema)]
#[event(key = key)]
struct Keyed<K: EventKey> {
    key: K,
}

#[tokio::test]
async fn keys_are_javas_bytes_and_go_to_javas_partitions() {
    let kafka = Kafka::start();
    let vectors = vectors();
    let mut topics = BTreeMap::new();
    for count in vectors[0].partitions.keys() {
        topics.insert(*count, kafka.topic(*count).await);
    }
    let producer = kafka.producer().await;
    let raw: FutureProducer = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
    let checks = vectors.iter().flat_map(|vector| vector.partitions.iter().map(move |partition| (vector, partition)));
    let checks = checks.map(async |(vector, (count, expected))| {
        let topic = &topics[count];
        let key = vector.key.clone().unwrap_or_default();
        let partition = match &*vector.kind {
            "string" => typed(&producer, topic, Keyed { key }, vector).await,
            "uuid" => typed(&producer, topic, Keyed { key: key.parse::<Uuid>().unwrap() }, vector).await,
            "integer" => typed(&producer, topic, Keyed { key: key.parse::<i64>().unwrap() }, vector).await,
            // What no type of an event's key gives.
            _ => {
                let key = vector.bytes();
                let record: FutureRecord<'_, _, str> = FutureRecord::to(topic).key(&key).payload("{}");
                raw.send(record, Duration::from_secs(20)).await.unwrap().partition
            }
        };
        assert_eq!(partition, *expected, "{} of {count}", vector.hex);
    });
    within(60, "acknowledgement", join_all(checks)).await;
    producer.close(Duration::from_secs(10)).await.unwrap();
}

async fn typed<E: EventSchema + 'static>(producer: &EventProducer, topic: &str, event: E, vector: &Vector) -> i32 {
    assert_eq!(event.key().as_deref(), Some(&*vector.bytes()));
    producer.send_to(topic, &event).await.unwrap().partition()
}

#[tokio::test]
async fn no_key_is_no_empty_key() {
    let kafka = Kafka::start();
    let topic = kafka.topic(12).await;
    // Without it all of one moment go to one partition.
    let config = kafka.config.clone().set("sticky.partitioning.linger.ms", "0");
    let producer = EventProducer::connect(&config).await.unwrap();
    let partitions = async |key: Option<&str>| -> BTreeSet<i32> {
        let events: Vec<_> = (0..50).map(|_| Keyed { key: key.map(str::to_owned) }).collect();
        let outcomes = producer.send_all_to(&topic, &events).await;
        outcomes.into_iter().map(|sent| sent.unwrap().partition()).collect()
    };
    let spread = partitions(None).await;
    assert!(spread.len() > 3, "{spread:?}");

    let empty = &vectors()[0];
    assert_eq!(empty.key.as_deref(), Some(""));
    assert_eq!(partitions(Some("")).await, BTreeSet::from([empty.partitions[&12]]));

    let mut consumer = EventConsumer::<Keyed<Option<String>>>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let (mut none, mut some) = (0, 0);
    for _ in 0..100 {
        let received = within(20, "message", consumer.recv()).await.unwrap();
        match (received.key(), received.event().unwrap().key.as_deref()) {
            (None, None) => none += 1,
            (Some(b""), Some("")) => some += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((none, some), (50, 50));
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

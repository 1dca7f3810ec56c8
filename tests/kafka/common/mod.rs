//! What the Kafka tests share: the broker, names of their own, waiting with a limit.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

pub mod log;
pub mod shop;

use std::collections::HashMap;
use std::env;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use event_schema::kafka::rdkafka039::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use event_schema::kafka::rdkafka039::client::DefaultClientContext;
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer, StreamConsumer};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::rdkafka039::{Offset, TopicPartitionList};
use event_schema::kafka::{Buffered, EmbeddedKafka, EventProducer, KafkaConfig, Received, RunHandle};
use event_schema::prelude::*;
use tokio::sync::watch;

/// The event of these tests. It declares no topic: each test has its own.
#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
#[event(key = key)]
pub struct Note {
    pub key: String,
    #[validate(range(max = 1_000_000))]
    pub number: u32,
}

pub fn note(key: &str, number: u32) -> Note {
    Note { key: key.to_owned(), number }
}

/// The broker to test with: a real one if `EVENT_SCHEMA_TEST_KAFKA` names a `client.properties`
/// file, otherwise one inside the test.
pub struct Kafka {
    pub embedded: Option<EmbeddedKafka>,
    pub config: KafkaConfig,
}

impl Kafka {
    pub fn start() -> Self {
        if let Some(file) = properties() {
            let config = KafkaConfig::from_properties_file(file).unwrap_or_else(|error| panic!("{error}"));
            return Self { embedded: None, config };
        }
        let embedded = EmbeddedKafka::start().unwrap();
        let config = embedded.config();
        Self { embedded: Some(embedded), config }
    }

    /// A topic of the test's own.
    pub async fn topic(&self, partitions: i32) -> String {
        let name = unique("topic");
        self.create(&name, partitions).await;
        name
    }

    /// A topic of this name.
    pub async fn create(&self, name: &str, partitions: i32) {
        if let Some(embedded) = &self.embedded {
            embedded.create_topic(name, partitions).unwrap();
        } else {
            let admin: AdminClient<DefaultClientContext> = self.config.rdkafka039_producer().unwrap().create().unwrap();
            let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(-1));
            let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)));
            let made = within(30, "a new topic", admin.create_topics(&[topic], &options)).await.unwrap();
            made[0].as_ref().unwrap();
        }
    }

    /// The configuration with a group of the test's own.
    pub fn group(&self) -> KafkaConfig {
        self.config.clone().group(unique("group"))
    }

    pub async fn producer(&self) -> EventProducer {
        EventProducer::connect(&self.config).await.unwrap()
    }

    /// Puts bytes on a topic that no `EventProducer` would send.
    pub async fn put(&self, topic: &str, key: &str, value: Option<&[u8]>) {
        let producer: FutureProducer = self.config.rdkafka039_producer().unwrap().create().unwrap();
        let mut record = FutureRecord::to(topic).key(key);
        record.payload = value;
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    }

    /// Puts many on a topic, in this order.
    pub async fn put_all(&self, topic: &str, values: impl IntoIterator<Item = String>) {
        let producer: FutureProducer = self.config.rdkafka039_producer().unwrap().create().unwrap();
        let values: Vec<String> = values.into_iter().collect();
        let sends = values.iter().map(|value| {
            let record: FutureRecord<'_, str, str> = FutureRecord::to(topic).payload(value);
            producer.send_result(record).unwrap()
        });
        for sent in sends.collect::<Vec<_>>() {
            sent.await.unwrap().unwrap();
        }
    }

    /// How many messages the partition has.
    pub async fn end(&self, topic: &str, partition: i32) -> i64 {
        let config = self.group().rdkafka039_consumer().unwrap();
        let topic = topic.to_owned();
        tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = config.create().unwrap();
            consumer.fetch_watermarks(&topic, partition, Duration::from_secs(20)).unwrap().1
        })
        .await
        .unwrap()
    }

    /// What the group has committed for the partition.
    pub async fn committed(&self, group: &KafkaConfig, topic: &str, partition: i32) -> Option<i64> {
        let config = group.rdkafka039_consumer().unwrap();
        let topic = topic.to_owned();
        tokio::task::spawn_blocking(move || {
            let consumer: BaseConsumer = config.create().unwrap();
            let mut wanted = TopicPartitionList::new();
            wanted.add_partition(&topic, partition);
            let offsets = consumer.committed_offsets(wanted, Duration::from_secs(20)).unwrap();
            match offsets.find_partition(&topic, partition).unwrap().offset() {
                Offset::Offset(offset) => Some(offset),
                _ => None,
            }
        })
        .await
        .unwrap()
    }
}

/// The file that names the real broker.
pub fn properties() -> Option<PathBuf> {
    env::var_os("EVENT_SCHEMA_TEST_KAFKA").filter(|file| !file.is_empty()).map(PathBuf::from)
}

/// Whether the real broker wants to know who we are; says so if the test cannot be done.
pub fn broker_has(what: &str) -> bool {
    let text = properties().map(|file| std::fs::read_to_string(file).unwrap()).unwrap_or_default();
    let protocol = text.lines().find_map(|line| line.strip_prefix("security.protocol="));
    let has = protocol.is_some_and(|protocol| protocol.contains(what));
    if !has {
        eprintln!("skipped: the broker of this run has no {what}");
    }
    has
}

/// A name that no other test, run or process uses.
pub fn unique(what: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let time = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test-{what}-{}-{time}-{count}", std::process::id())
}

/// Waits for it, but not for ever.
pub async fn within<F: Future>(seconds: u64, what: &str, future: F) -> F::Output {
    let output = tokio::time::timeout(Duration::from_secs(seconds), future).await;
    output.unwrap_or_else(|_| panic!("no {what} within {seconds} seconds"))
}

/// The numbers of the notes, by key and in their order.
pub fn by_key(received: &[Received<Note>]) -> HashMap<String, Vec<u32>> {
    let mut numbers: HashMap<String, Vec<u32>> = HashMap::new();
    for note in received.iter().filter_map(Received::event) {
        numbers.entry(note.key.clone()).or_default().push(note.number);
    }
    numbers
}

/// Waits until it is so, but not for ever.
pub async fn until(seconds: u64, what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    within(seconds, what, waiting).await;
}

/// Waits until the consumer holds more than this, and no more for a while: what it does not pause is fetched by then.
pub async fn standstill(
    handle: &RunHandle,
    more_than: usize,
    quiet: Duration,
    mut meanwhile: impl FnMut(),
) -> Buffered {
    let mut held = (handle.buffered(), Instant::now());
    until(60, "standstill", || {
        meanwhile();
        let now = handle.buffered();
        if now != held.0 {
            held = (now, Instant::now());
        }
        now.messages > more_than && held.1.elapsed() > quiet
    })
    .await;
    held.0
}

/// Where handlers wait until it is opened.
#[derive(Clone, Default)]
pub struct Gate {
    open: Arc<watch::Sender<bool>>,
    came: Arc<AtomicU32>,
}

impl Gate {
    pub async fn pass(&self) {
        self.came.fetch_add(1, Ordering::Relaxed);
        self.open.subscribe().wait_for(|open| *open).await.unwrap();
    }

    /// How many have come, whether or not they have passed.
    pub fn came(&self) -> u32 {
        self.came.load(Ordering::Relaxed)
    }

    pub fn open(&self) {
        self.open.send_replace(true);
    }
}

impl Kafka {
    /// Publishes notes to a topic, in this order.
    pub async fn publish(&self, topic: &str, notes: impl IntoIterator<Item = Note>) {
        let producer = self.producer().await;
        let notes: Vec<Note> = notes.into_iter().collect();
        for sent in futures_util::future::join_all(notes.iter().map(|note| producer.send_to(topic, note))).await {
            sent.unwrap();
        }
        producer.close(Duration::from_secs(20)).await.unwrap();
    }

    /// Everything in a topic that has this many messages, with the original bytes.
    pub async fn read(&self, topic: &str, count: usize) -> Vec<Message> {
        let config = self.group().rdkafka039_consumer().unwrap();
        let consumer: StreamConsumer = config.create().unwrap();
        consumer.subscribe(&[topic]).unwrap();
        let mut messages = Vec::new();
        while messages.len() < count {
            let what = format!("message {} in {topic}", messages.len());
            messages.push(within(30, &what, consumer.recv()).await.unwrap().detach());
        }
        tokio::task::spawn_blocking(move || drop(consumer)).await.unwrap();
        messages
    }
}

pub type Message = event_schema::kafka::rdkafka039::message::OwnedMessage;

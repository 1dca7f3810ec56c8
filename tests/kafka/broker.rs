//! What real brokers do to a topic, and what becomes of the consumer.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Gate, Kafka, Note, note, properties, standstill, unique, until, within};
use event_schema::kafka::rdkafka039::admin::{AdminClient, AdminOptions, NewPartitions, NewTopic, TopicReplication};
use event_schema::kafka::rdkafka039::bindings::rd_kafka_topic_partition_get_leader_epoch;
use event_schema::kafka::rdkafka039::client::DefaultClientContext;
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::rdkafka039::error::KafkaError;
use event_schema::kafka::rdkafka039::producer::{BaseProducer, BaseRecord, FutureProducer, FutureRecord, Producer};
use event_schema::kafka::rdkafka039::{Message, Offset, TopicPartitionList};
use event_schema::kafka::{
    Counts, DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Outcome, RunError,
    RunHandle, Runner,
};
use event_schema::serde_json;
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

const DEADLINE: Duration = Duration::from_secs(10);

/// The real broker, if there is one.
fn real() -> Option<Kafka> {
    if properties().is_none() {
        eprintln!("skipped: the embedded broker cannot do this");
        return None;
    }
    Some(Kafka::start())
}

fn admin(kafka: &Kafka) -> AdminClient<DefaultClientContext> {
    kafka.config.rdkafka039_producer().unwrap().create().unwrap()
}

fn options() -> AdminOptions {
    AdminOptions::new().operation_timeout(Some(Duration::from_secs(20)))
}

/// A topic of the test's own, with settings.
async fn topic(kafka: &Kafka, settings: &[(&str, &str)]) -> String {
    let name = unique("topic");
    let new = NewTopic::new(&name, 1, TopicReplication::Fixed(-1));
    let new = settings.iter().fold(new, |new, (key, value)| new.set(key, value));
    admin(kafka).create_topics(&[new], &options()).await.unwrap()[0].as_ref().unwrap();
    name
}

/// Where each note was and how often it was handled.
type Handled = Arc<Mutex<BTreeMap<(i32, i64), (u32, u32)>>>;

/// A consumer that notes what it handles.
struct Running {
    handle: RunHandle,
    task: JoinHandle<Result<Counts, RunError>>,
}

impl Running {
    async fn start(group: &KafkaConfig, topic: &str, handled: &Handled) -> Self {
        let gate = Gate::default();
        gate.open();
        Self::at_gate(group, topic, handled, |runner| runner, &gate).await
    }

    /// Nothing is handled before the gate is open.
    async fn at_gate(
        group: &KafkaConfig,
        topic: &str,
        handled: &Handled,
        settings: impl FnOnce(Runner<Note>) -> Runner<Note>,
        gate: &Gate,
    ) -> Self {
        let consumer = EventConsumer::<Note>::subscribe_to(group, &[topic]).await.unwrap();
        let handle = consumer.handle();
        let (handled, gate) = (Arc::clone(handled), gate.clone());
        let task = tokio::spawn(settings(consumer.runner()).run(move |note: Delivery<Note>| {
            let (handled, gate) = (Arc::clone(&handled), gate.clone());
            async move {
                // Whoever held it may have opened it and gone.
                gate.pass().await;
                let mut handled = handled.lock().unwrap();
                handled.entry((note.partition(), note.offset())).or_insert((note.number, 0)).1 += 1;
            }
        }));
        Self { handle, task }
    }

    async fn close(self) -> Counts {
        self.handle.close(DEADLINE).await.unwrap();
        within(10, "end of the run", self.task).await.unwrap().unwrap()
    }
}

fn numbers(handled: &Handled) -> Vec<u32> {
    handled.lock().unwrap().values().map(|(number, _)| *number).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_are_added_are_handled_from_their_beginning() {
    let Some(kafka) = real() else { return };
    let topic = kafka.topic(1).await;
    let group = kafka.group().set("topic.metadata.refresh.interval.ms", "1000");
    let handled = Handled::default();
    let running = Running::start(&group, &topic, &handled).await;
    kafka.publish(&topic, [note("a", 0)]).await;
    until(30, "the first", || handled.lock().unwrap().len() == 1).await;

    admin(&kafka).create_partitions(&[NewPartitions::new(&topic, 3)], &options()).await.unwrap()[0].as_ref().unwrap();
    // Before the consumer knows of them, as far as possible.
    let producer: FutureProducer = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
    for partition in 0..3 {
        let value = serde_json::to_vec(&note("a", 1)).unwrap();
        let record = || FutureRecord::to(&topic).key("a").payload(&value).partition(partition);
        within(30, "new partition", async {
            // The producer has to hear of it, too.
            while producer.send(record(), Duration::from_secs(20)).await.is_err() {}
        })
        .await;
    }
    until(30, "one of each", || handled.lock().unwrap().len() == 4).await;
    assert_eq!(running.close().await.done(), 4);
    for (partition, offset) in [(0, 2), (1, 1), (2, 1)] {
        assert_eq!(kafka.committed(&group, &topic, partition).await, Some(offset));
    }
}

/// librdkafka by itself looks for topics every five minutes.
#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_created_later_is_read_soon() {
    let kafka = Kafka::start();
    let (there, later) = (kafka.topic(1).await, unique("topic"));
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&there, &later]).await.unwrap();
    kafka.publish(&there, [note("a", 1)]).await;
    let first = within(30, "note", consumer.recv()).await.unwrap();
    // The group meets anew for another topic.
    consumer.commit(&first).await.unwrap();
    kafka.create(&later, 1).await;
    kafka.publish(&later, [note("a", 2)]).await;
    let note = within(30, "note of the new topic", consumer.recv()).await.unwrap();
    assert_eq!((note.topic(), note.event().unwrap().number), (&*later, 2));
    consumer.close(DEADLINE).await.unwrap();
}

/// Each answer takes a second, and all topics together half a minute.
#[tokio::test(flavor = "multi_thread")]
async fn a_close_does_not_wait_for_the_search_for_all_missing_topics() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let embedded = EmbeddedKafka::start().unwrap();
    embedded.answer_after(Duration::from_secs(1));
    let missing: Vec<String> = (0..30).map(|_| unique("missing")).collect();
    let names: Vec<&str> = missing.iter().map(String::as_str).collect();
    let config = embedded.config().group("late");
    let consumer = EventConsumer::<Note>::subscribe_to(&config, &names).await.unwrap();
    until(30, "missing topics", || {
        let lines = crate::common::log::lines(names[29]);
        lines.iter().any(|(_, line)| line.contains("Subscribed topic not available"))
    })
    .await;
    consumer.close(DEADLINE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_is_deleted_and_made_again_is_handled_from_its_beginning() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let Some(kafka) = real() else { return };
    let topic = kafka.topic(1).await;
    let group = kafka.group().set("topic.metadata.refresh.interval.ms", "500");
    let handled = Handled::default();
    let running = Running::start(&group, &topic, &handled).await;
    kafka.publish(&topic, (0..10).map(|number| note("a", number))).await;
    until(30, "the old ones", || handled.lock().unwrap().len() == 10).await;
    within(30, "commit", async { while kafka.committed(&group, &topic, 0).await != Some(10) {} }).await;

    admin(&kafka).delete_topics(&[&topic], &options()).await.unwrap()[0].as_ref().unwrap();
    // Kafka forgets what was committed of it, and the consumer gives it up. (One that does not notice goes on
    // from the beginning too, but librdkafka commits nothing before what was committed already.)
    until(30, "end of the topic", || {
        crate::common::log::lines(&topic).iter().any(|(_, line)| line.contains("Subscribed topic not available"))
    })
    .await;
    within(30, "end of the topic", async { while kafka.committed(&group, &topic, 0).await.is_some() {} }).await;
    handled.lock().unwrap().clear();
    let admin = admin(&kafka);
    within(30, "new topic", async {
        loop {
            let new = NewTopic::new(&topic, 1, TopicReplication::Fixed(-1));
            if admin.create_topics(&[new], &options()).await.unwrap()[0].is_ok() {
                return;
            }
        }
    })
    .await;
    kafka.publish(&topic, (100..105).map(|number| note("a", number))).await;
    until(60, "the new ones", || handled.lock().unwrap().len() == 5).await;
    assert_eq!(numbers(&handled), [100, 101, 102, 103, 104]);
    running.close().await;
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
}

/// A topic with ten notes, of which a group has handled and committed three, and six are gone.
async fn topic_with_a_loss(kafka: &Kafka, group: &KafkaConfig) -> String {
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..10).map(|number| note("a", number))).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(group, &[&topic]).await.unwrap();
    for _ in 0..2 {
        within(30, "note", consumer.recv()).await.unwrap();
    }
    let third = within(30, "note", consumer.recv()).await.unwrap();
    consumer.commit(&third).await.unwrap();
    consumer.close(DEADLINE).await.unwrap();
    let mut before = TopicPartitionList::new();
    before.add_partition_offset(&topic, 0, Offset::Offset(6)).unwrap();
    admin(kafka).delete_records(&before, &options()).await.unwrap();
    topic
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_before_it_was_handled_is_told_and_the_rest_is_handled() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let Some(kafka) = real() else { return };
    let group = kafka.group();
    let topic = topic_with_a_loss(&kafka, &group).await;
    let handled = Handled::default();
    let running = Running::start(&group, &topic, &handled).await;
    until(30, "the rest", || handled.lock().unwrap().len() == 4).await;
    assert_eq!(numbers(&handled), [6, 7, 8, 9]);
    let counts = running.close().await;
    assert_eq!((counts.lost(), counts.to_string()), (3, "4 done, 3 lost".to_owned()));
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(10));
    let lines = crate::common::log::lines(&topic);
    let told = |(level, line): &(tracing::Level, String)| {
        *level == tracing::Level::WARN && line.contains("offset reset (at offset 3") && line.contains("out of range")
    };
    assert!(lines.iter().any(told), "{lines:#?}");
    let ours = format!("{topic}/0@3: deleted, with all before offset 6: at most 3 messages are lost");
    assert_eq!(lines.iter().filter(|(_, line)| *line == ours).count(), 1, "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_before_it_was_handled_stops_those_who_ask_for_it() {
    let Some(kafka) = real() else { return };
    let group = kafka.group();
    let topic = topic_with_a_loss(&kafka, &group).await;
    let handled = Handled::default();
    let running = Running::start(&group.clone().set("auto.offset.reset", "none"), &topic, &handled).await;
    let error = within(30, "end of the run", running.task).await.unwrap().unwrap_err();
    assert!(error.is_fatal(), "{error}");
    assert!(handled.lock().unwrap().is_empty());
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_as_large_as_the_broker_takes_does_not_stop_the_consumer() {
    let Some(kafka) = real() else { return };
    let config = kafka.config.clone().set("message.max.bytes", "10000000").set("compression.type", "none");
    let producer: FutureProducer = config.rdkafka039_producer().unwrap().create().unwrap();
    for is_random in [true, false] {
        let topic = kafka.topic(1).await;
        let group = kafka.group();
        let mut random = fastrand::Rng::with_seed(1);
        // What the broker's limit leaves for a value: found by trying.
        let mut value: Vec<u8> = (0..1_048_588).map(|_| if is_random { random.u8(..) } else { b'x' }).collect();
        loop {
            let record = FutureRecord::to(&topic).key("a").payload(&value);
            match producer.send(record, Duration::from_secs(20)).await {
                Ok(_) => break,
                Err(_) => value.truncate(value.len() - 1),
            }
            assert!(value.len() > 1_048_000, "not for its size");
        }
        kafka.publish(&topic, [note("a", 1)]).await;
        let handled = Handled::default();
        let running = Running::start(&group, &topic, &handled).await;
        until(60, "the note behind it", || handled.lock().unwrap().len() == 1).await;
        assert_eq!(running.close().await.of(Outcome::Dead), 1);
        assert_eq!(kafka.committed(&group, &topic, 0).await, Some(2));

        let dead = DeadLetter::new().topic_of(&topic, group.group_id().unwrap());
        let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&dead]).await.unwrap();
        let received = within(30, "dead letter", consumer.recv()).await.unwrap();
        let letter = DeadLetter::read(received.headers()).unwrap();
        assert_eq!((letter.topic(), letter.partition(), letter.offset()), (topic.as_str(), 0, 0));
        assert_eq!(letter.is_pointer(), is_random);
        let bytes = received.rejection().unwrap().bytes();
        if is_random {
            // There is no room for another byte.
            let pointer: serde_json::Value = serde_json::from_slice(bytes).unwrap();
            let size = value.len();
            assert_eq!(pointer, serde_json::json!({"topic": topic, "partition": 0, "offset": 0, "size": size}));
        } else {
            // It is compressed.
            assert!(bytes == value, "{} bytes of {}", bytes.len(), value.len());
            assert!(letter.message().is_some());
        }
        consumer.close(DEADLINE).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_compression_is_written_and_read() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let codecs = ["none", "gzip", "snappy", "lz4", "zstd"];
    for (number, codec) in codecs.into_iter().enumerate() {
        let config = kafka.config.clone().set("compression.type", codec);
        let producer = EventProducer::connect(&config).await.unwrap();
        let number = u32::try_from(number).unwrap();
        let notes: Vec<Note> = (0..100).map(|of_codec| note(&"x".repeat(1_000), 100 * number + of_codec)).collect();
        for sent in producer.send_all_to(&topic, &notes).await {
            sent.unwrap_or_else(|error| panic!("{codec}: {error}"));
        }
    }
    let handled = Handled::default();
    let running = Running::start(&kafka.group(), &topic, &handled).await;
    until(30, "all of them", || handled.lock().unwrap().len() == 500).await;
    assert_eq!(numbers(&handled), (0..500).collect::<Vec<_>>());
    assert_eq!(running.close().await.done(), 500);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compacted_topic_is_handled_across_its_gaps() {
    let Some(kafka) = real() else { return };
    let settings = [
        ("cleanup.policy", "compact"),
        ("segment.ms", "100"),
        ("min.cleanable.dirty.ratio", "0.001"),
        ("delete.retention.ms", "3600000"),
    ];
    let topic = topic(&kafka, &settings).await;
    kafka.publish(&topic, (0..200).map(|number| note(&(number % 5).to_string(), number))).await;
    kafka.put(&topic, "0", None).await;
    // Until it has been cleaned. Only what is behind is, so that there is always something new.
    let config = kafka.group().set("enable.partition.eof", "true").rdkafka039_consumer().unwrap();
    let left = within(90, "compaction", async {
        loop {
            kafka.publish(&topic, [note("last", 1_000)]).await;
            let (config, topic) = (config.clone(), topic.clone());
            let offsets = tokio::task::spawn_blocking(move || offsets(&config, &topic)).await.unwrap();
            if offsets.len() < 100 {
                return offsets;
            }
        }
    })
    .await;
    assert!(!left.contains(&0), "{left:?}");

    let group = kafka.group();
    let handled = Handled::default();
    let running = Running::start(&group, &topic, &handled).await;
    let end = kafka.end(&topic, 0).await;
    within(30, "commit of the end", async { while kafka.committed(&group, &topic, 0).await != Some(end) {} }).await;
    running.close().await;
    // The last of each key, but for that which was deleted.
    let numbers: BTreeSet<u32> = numbers(&handled).into_iter().collect();
    assert_eq!(numbers, [196, 197, 198, 199, 1_000].into());
}

/// What is in the only partition of a topic.
fn offsets(config: &event_schema::kafka::rdkafka039::ClientConfig, topic: &str) -> Vec<i64> {
    let consumer: BaseConsumer = config.create().unwrap();
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(topic, 0, Offset::Beginning).unwrap();
    consumer.assign(&all).unwrap();
    let mut offsets = Vec::new();
    loop {
        match consumer.poll(Duration::from_secs(20)).expect("an answer") {
            Ok(message) => offsets.push(message.offset()),
            Err(KafkaError::PartitionEOF(_)) => return offsets,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn transactions_that_were_aborted_are_not_handled() {
    let Some(kafka) = real() else { return };
    let topic = kafka.topic(1).await;
    let mut settings = kafka.config.rdkafka039_producer().unwrap();
    settings.set("transactional.id", unique("transactions"));
    let sent_to = topic.clone();
    tokio::task::spawn_blocking(move || {
        let limit = Duration::from_secs(30);
        let producer: BaseProducer = settings.create().unwrap();
        producer.init_transactions(limit).unwrap();
        for number in 0..6 {
            producer.begin_transaction().unwrap();
            for _ in 0..3 {
                let value = serde_json::to_vec(&note("a", number)).unwrap();
                producer.send(BaseRecord::to(&sent_to).key("a").payload(&value)).map_err(|(error, _)| error).unwrap();
            }
            producer.flush(limit).unwrap();
            if number % 2 == 0 {
                producer.commit_transaction(limit).unwrap();
            } else {
                producer.abort_transaction(limit).unwrap();
            }
        }
    })
    .await
    .unwrap();
    let group = kafka.group();
    let handled = Handled::default();
    let running = Running::start(&group, &topic, &handled).await;
    until(30, "what was committed", || handled.lock().unwrap().len() == 9).await;
    assert_eq!(running.close().await.done(), 9);
    assert_eq!(numbers(&handled), [0, 0, 0, 2, 2, 2, 4, 4, 4]);
    // Behind the last that was handled: each transaction has a record of its own at its end.
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4 * 4 + 3));
}

/// One protocol of a group after the other.
fn protocols(kafka: &Kafka) -> [KafkaConfig; 3] {
    [
        kafka.group().set("partition.assignment.strategy", "range"),
        kafka.group().set("partition.assignment.strategy", "cooperative-sticky"),
        kafka.group().set("group.protocol", "consumer"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn consumers_join_and_leave_every_second() {
    let Some(kafka) = real() else { return };
    for group in protocols(&kafka) {
        // So often members hear that others come and go. librdkafka may close one that is about to join a
        // cooperative group without a word to it, which then waits for it for as long as a session lasts.
        let group = group.set("heartbeat.interval.ms", "200").set("session.timeout.ms", "6000");
        let topic = kafka.topic(4).await;
        let handled = Handled::default();
        let stays = Running::start(&group, &topic, &handled).await;
        let all_left = Cell::new(false);
        let publishing = async {
            let mut count = 0;
            let mut ticks = tokio::time::interval(Duration::from_millis(100));
            while !all_left.get() {
                ticks.tick().await;
                kafka.publish(&topic, (0..50).map(|number| note(&number.to_string(), number))).await;
                count += 50;
            }
            count
        };
        let coming_and_going = async {
            let mut seconds = tokio::time::interval(Duration::from_secs(1));
            seconds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            for _ in 0..5 {
                seconds.tick().await;
                let guest = Running::start(&group, &topic, &handled).await;
                seconds.tick().await;
                until(60, "something for the guest", || guest.handle.counts().done() > 0).await;
                guest.close().await;
            }
            all_left.set(true);
        };
        let (count, ()) = tokio::join!(publishing, coming_and_going);
        until(60, "all of them", || handled.lock().unwrap().len() == count).await;
        stays.close().await;
        let twice = handled.lock().unwrap().values().filter(|(_, times)| *times > 1).count();
        assert_eq!(twice, 0, "of {count} were handled twice");
        let mut committed = 0;
        for partition in 0..4 {
            committed += kafka.committed(&group, &topic, partition).await.unwrap_or(0);
        }
        assert_eq!(committed, i64::try_from(count).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_that_was_paused_when_it_went_goes_on_when_it_comes_back() {
    let Some(kafka) = real() else { return };
    for group in protocols(&kafka) {
        let topic = kafka.topic(2).await;
        let keys: BTreeMap<i32, String> = {
            let producer = kafka.producer().await;
            let mut keys = BTreeMap::new();
            for key in (0..20).map(|key| key.to_string()) {
                keys.insert(producer.send_to(&topic, &note(&key, 0)).await.unwrap().partition(), key);
            }
            keys
        };
        assert_eq!(keys.len(), 2);
        kafka.publish(&topic, (0..2_000_u32).map(|number| note(&keys[&(number % 2).cast_signed()], number))).await;
        let count = 2_020;
        let handled = Handled::default();
        let gate = Gate::default();
        let settings = |runner: Runner<Note>| runner.buffer(20, 1_000_000).handler_timeout(Duration::from_secs(120));
        let stays = Running::at_gate(&group, &topic, &handled, settings, &gate).await;
        // All there is room for, and no more for a while.
        standstill(&stays.handle, 19, Duration::from_millis(500), || {}).await;
        // The guest gets one of the two, does all of it or a part, and leaves.
        let guest = Running::start(&group, &topic, &handled).await;
        until(60, "something for the guest", || guest.handle.counts().done() > 0).await;
        guest.close().await;
        gate.open();
        until(60, "all of them", || handled.lock().unwrap().len() == count).await;
        stays.close().await;
        let mut committed = 0;
        for partition in 0..2 {
            committed += kafka.committed(&group, &topic, partition).await.unwrap_or(0);
        }
        assert_eq!(committed, i64::try_from(count).unwrap());
    }
}

#[tokio::test]
async fn a_topic_that_is_deleted_fails_no_commit_of_another_and_no_close() {
    let Some(kafka) = real() else { return };
    let (gone, stays) = (kafka.topic(1).await, kafka.topic(1).await);
    for topic in [&gone, &stays] {
        kafka.publish(topic, (0..100).map(|number| note("a", number))).await;
    }
    let group = kafka.group();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&gone, &stays]).await.unwrap();
    let mut received = HashMap::new();
    while received.len() < 200 {
        let message = within(20, "message", consumer.recv()).await.unwrap();
        received.insert((message.topic().to_owned(), message.offset()), message);
    }
    consumer.commit(&received[&(gone.clone(), 0)]).await.unwrap();
    admin(&kafka).delete_topics(&[&gone], &options()).await.unwrap()[0].as_ref().unwrap();
    // What was done of it is among what is committed, until the consumer has noticed that it is gone.
    for offset in 0..100 {
        let _ = consumer.store_offset(&received[&(gone.clone(), offset)]);
        let committed = within(60, "commit", consumer.commit(&received[&(stays.clone(), offset)])).await;
        assert!(committed.is_ok(), "{offset}: {}", committed.unwrap_err());
    }
    assert_eq!(kafka.committed(&group, &stays, 0).await, Some(100));
    within(30, "close", consumer.close(Duration::from_secs(20))).await.unwrap();
}

/// By the epoch, a consumer that starts again notices that the log was truncated since.
#[tokio::test]
async fn a_commit_has_the_epoch_of_the_leader_that_wrote_its_message() {
    let Some(kafka) = real() else { return };
    let topic = topic(&kafka, &[]).await;
    let group = kafka.group();
    kafka.publish(&topic, [note("a", 0)]).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    consumer.commit(&received).await.unwrap();
    consumer.close(DEADLINE).await.unwrap();
    let config = group.rdkafka039_consumer().unwrap();
    let epoch = tokio::task::spawn_blocking(move || epoch(&config, &topic)).await.unwrap();
    assert_eq!(epoch, 0, "that of the first leader, and -1 if there is none");
}

/// The epoch that is committed for the only partition of a topic.
#[expect(unsafe_code, reason = "rdkafka does not show the epoch of an offset")]
fn epoch(config: &event_schema::kafka::rdkafka039::ClientConfig, topic: &str) -> i32 {
    let consumer: BaseConsumer = config.create().unwrap();
    let mut partition = TopicPartitionList::new();
    partition.add_partition(topic, 0);
    let committed = consumer.committed_offsets(partition, Duration::from_secs(20)).unwrap();
    assert_eq!(committed.find_partition(topic, 0).unwrap().offset(), Offset::Offset(1));
    // SAFETY: the list has one element, which is found above, and lives until the end of the call.
    unsafe { rd_kafka_topic_partition_get_leader_epoch((*committed.ptr()).elems) }
}

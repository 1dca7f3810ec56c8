//! A consumer that is led while it runs: it pauses, and continues elsewhere.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use crate::common::{Kafka, Note, note, until, within};
use event_schema::kafka::rdkafka039::mocking::MockCluster;
use event_schema::kafka::rdkafka039::producer::{BaseProducer, BaseRecord, Producer};
use event_schema::kafka::{
    ApiKey, BrokerError, Counts, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Failure, KafkaConfig, Retry,
    RunError, RunHandle, SeekTo,
};
use event_schema::prelude::*;
use futures_util::FutureExt;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(10);

struct Running {
    handle: RunHandle,
    task: JoinHandle<Result<Counts, RunError>>,
    numbers: Arc<Mutex<Vec<u32>>>,
}

impl Running {
    async fn start(group: &KafkaConfig, topic: &str) -> Self {
        Self::start_until(group, topic, u32::MAX).await.0
    }

    /// The handler of the message with this number stands still, until the sender is dropped.
    async fn start_until(group: &KafkaConfig, topic: &str, last: u32) -> (Self, oneshot::Sender<()>) {
        let consumer = EventConsumer::<Note>::subscribe_to(group, &[topic]).await.unwrap();
        let handle = consumer.handle();
        let numbers: Arc<Mutex<Vec<u32>>> = Arc::default();
        let seen = Arc::clone(&numbers);
        let (gate, open) = oneshot::channel::<()>();
        let open = open.shared();
        let handler = move |note: Delivery<Note>| {
            seen.lock().unwrap().push(note.number);
            let open = open.clone();
            async move {
                if note.number == last {
                    let _ = open.await;
                }
            }
        };
        (Self { handle, task: tokio::spawn(consumer.run(handler)), numbers }, gate)
    }

    async fn done(&self, count: u64) {
        until(30, &format!("{count} messages"), || self.handle.counts().done() >= count).await;
    }

    fn numbers(&self) -> Vec<u32> {
        self.numbers.lock().unwrap().clone()
    }

    async fn close(self) {
        self.handle.close(DEADLINE).await.unwrap();
        within(10, "end of the run", self.task).await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_consumer_handles_nothing_and_keeps_its_partitions() {
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    kafka.publish(&topic, (0..20).map(|number| note(&number.to_string(), number))).await;
    let running = Running::start(&kafka.group(), &topic).await;
    running.done(20).await;
    running.handle.pause();
    kafka.publish(&topic, (20..40).map(|number| note(&number.to_string(), number))).await;
    until(30, "messages in memory", || running.handle.buffered().messages == 20).await;
    assert_eq!((running.numbers().len(), running.handle.assigned().len()), (20, 2));
    assert!(running.handle.is_paused() && running.handle.is_ready());
    running.handle.resume();
    running.done(40).await;
    let mut numbers = running.numbers();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
    running.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_consumer_closes() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    let running = Running::start(&group, &topic).await;
    running.handle.pause();
    kafka.publish(&topic, [note("a", 1)]).await;
    until(30, "a message in memory", || running.handle.buffered().messages == 1).await;
    running.close().await;
    assert_eq!(kafka.committed(&group, &topic, 0).await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_continues_where_it_is_sent() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..5).map(|number| note("a", number))).await;
    let running = Running::start(&kafka.group(), &topic).await;
    running.done(5).await;
    running.handle.seek(&topic, 0, SeekTo::Offset(3)).await.unwrap();
    running.done(7).await;
    running.handle.seek(&topic, 0, SeekTo::Beginning).await.unwrap();
    running.done(12).await;
    running.handle.seek(&topic, 0, SeekTo::End).await.unwrap();
    kafka.publish(&topic, [note("a", 5)]).await;
    running.done(13).await;
    assert_eq!(running.numbers(), [0, 1, 2, 3, 4, 3, 4, 0, 1, 2, 3, 4, 5]);
    let error = running.handle.seek(&topic, 1, SeekTo::Beginning).await.unwrap_err();
    assert!(error.is_revoked() && !error.is_fatal(), "{error}");
    let handle = running.handle.clone();
    running.close().await;
    assert!(handle.seek(&topic, 0, SeekTo::Beginning).await.unwrap_err().is_closed());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_continues_elsewhere_while_its_commit_is_asked_for() {
    let kafka = Kafka::start();
    let Some(embedded) = &kafka.embedded else { return };
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..5).map(|number| note("a", number))).await;
    embedded.answer_after(Duration::from_millis(300));
    let running = Running::start(&kafka.group(), &topic).await;
    until(30, "partition", || !running.handle.assigned().is_empty()).await;
    running.handle.seek(&topic, 0, SeekTo::Offset(3)).await.unwrap();
    running.done(2).await;
    // And stays there: librdkafka may be asking for the beginning, too, and does so again after half a second.
    let started = Instant::now();
    let mut last = 4;
    while started.elapsed() < Duration::from_secs(2) {
        last += 1;
        kafka.publish(&topic, [note("a", last)]).await;
        running.done(u64::from(last) - 2).await;
    }
    assert_eq!(running.numbers(), (3..=last).collect::<Vec<_>>());
    running.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seek_to_an_earlier_message_takes_no_commit_back() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..5).map(|number| note("a", number))).await;
    let running = Running::start(&group, &topic).await;
    running.done(5).await;
    running.handle.pause();
    running.handle.seek(&topic, 0, SeekTo::Offset(1)).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
    until(30, "messages in memory", || running.handle.buffered().messages == 4).await;
    running.close().await;
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
    // Two are handled again before the close, and the third is not.
    let (running, gate) = Running::start_until(&group, &topic, 3).await;
    until(30, "partition", || !running.handle.assigned().is_empty()).await;
    running.handle.seek(&topic, 0, SeekTo::Offset(1)).await.unwrap();
    running.done(2).await;
    until(30, "a handler", || running.numbers() == [1, 2, 3]).await;
    running.handle.close(Duration::from_secs(3)).await.unwrap();
    within(10, "end of the run", running.task).await.unwrap().unwrap();
    drop(gate);
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
    kafka.publish(&topic, [note("a", 5)]).await;
    let running = Running::start(&group, &topic).await;
    running.done(1).await;
    assert_eq!(running.numbers(), [5]);
    running.close().await;
}

/// The numbers of the messages that a run until the end handles, each at its second attempt.
async fn until_end(group: &KafkaConfig, topic: &str) -> Vec<u32> {
    let consumer = EventConsumer::<Note>::subscribe_to(group, &[topic]).await.unwrap();
    let retry = Retry::in_place().backoff(Duration::from_millis(1), Duration::from_millis(10));
    let numbers: Arc<Mutex<Vec<u32>>> = Arc::default();
    let seen = Arc::clone(&numbers);
    let handler = move |note: Delivery<Note>| {
        std::future::ready(if note.attempt() == 1 {
            Err(Failure::retry("not yet"))
        } else {
            seen.lock().unwrap().push(note.number);
            Ok(())
        })
    };
    let run = consumer.runner().retry(retry).until_end().run(handler);
    let counts = within(60, "end of the run", run).await.unwrap();
    let mut numbers = numbers.lock().unwrap().clone();
    numbers.sort_unstable();
    assert_eq!(counts.done(), numbers.len() as u64);
    numbers
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_when_all_that_was_there_is_handled() {
    let kafka = Kafka::start();
    let topic = kafka.topic(3).await;
    let group = kafka.group();
    assert_eq!(until_end(&group, &topic).await, [0; 0]);
    kafka.publish(&topic, (0..30).map(|number| note(&number.to_string(), number))).await;
    assert_eq!(until_end(&group, &topic).await, (0..30).collect::<Vec<_>>());
    assert_eq!(until_end(&group, &topic).await, [0; 0]);
    kafka.publish(&topic, [note("a", 30)]).await;
    assert_eq!(until_end(&group, &topic).await, [30]);
    assert_eq!(until_end(&kafka.group(), &topic).await, (0..=30).collect::<Vec<_>>());
    let latest = kafka.group().set("auto.offset.reset", "latest");
    assert_eq!(until_end(&latest, &topic).await, [0; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_of_a_group_end_when_all_that_was_there_is_handled() {
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..40).map(|number| note(&number.to_string(), number))).await;
    // One of them has no partition.
    let runs = [(); 3].map(|()| until_end(&group, &topic));
    let [one, two, three] = runs;
    let (one, two, three) = tokio::join!(one, two, three);
    let mut numbers = [one, two, three].concat();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
}

/// The embedded broker has no markers of transactions.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_ends_though_markers_and_aborted_messages_are_at_the_end() {
    let kafka = Kafka::start();
    if kafka.embedded.is_some() {
        return;
    }
    let topic = kafka.topic(1).await;
    let mut settings = kafka.config.rdkafka039_producer().unwrap();
    settings.set("transactional.id", &topic);
    let name = topic.clone();
    let write = move || {
        let deadline = Duration::from_secs(20);
        let producer: BaseProducer = settings.create().unwrap();
        producer.init_transactions(deadline).unwrap();
        for (numbers, is_committed) in [(0..3, true), (3..40, false)] {
            producer.begin_transaction().unwrap();
            for number in numbers {
                let value = note("a", number).dump().unwrap();
                producer.send(BaseRecord::to(&name).key("a").payload(&value)).map_err(|(error, _)| error).unwrap();
            }
            producer.flush(deadline).unwrap();
            if is_committed {
                producer.commit_transaction(deadline).unwrap();
            } else {
                producer.abort_transaction(deadline).unwrap();
            }
        }
    };
    tokio::task::spawn_blocking(write).await.unwrap();
    assert_eq!(until_end(&kafka.group(), &topic).await, [0, 1, 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_until_the_end_does_not_wait_for_retry_topics() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let runner = consumer.runner().unordered().retry(Retry::topics()).until_end();
    let error = runner.run(async |_: Delivery<Note>| {}).await.unwrap_err();
    assert!(error.is_config() && error.to_string().contains("`until_end`"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_paused_partition_passes_over_messages() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    let running = Running::start(&group, &topic).await;
    running.handle.pause();
    kafka.publish(&topic, (0..10).map(|number| note("a", number))).await;
    until(30, "messages in memory", || running.handle.buffered().messages == 10).await;
    running.handle.seek(&topic, 0, SeekTo::Offset(8)).await.unwrap();
    running.handle.resume();
    running.done(2).await;
    assert_eq!(running.numbers(), [8, 9]);
    running.close().await;
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(10));
}

/// The embedded broker does not look for times.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_continues_at_a_time() {
    let kafka = Kafka::start();
    if kafka.embedded.is_some() {
        return;
    }
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    let start = SystemTime::now();
    let at = |number: u32| start + Duration::from_secs(u64::from(number));
    for number in 0..5 {
        producer.message(&note("a", number)).topic(&topic).timestamp(at(number)).send().await.unwrap();
    }
    let running = Running::start(&kafka.group(), &topic).await;
    running.done(5).await;
    running.handle.seek(&topic, 0, SeekTo::Time(at(3))).await.unwrap();
    running.done(7).await;
    assert_eq!(running.numbers(), [0, 1, 2, 3, 4, 3, 4]);
    running.close().await;
}

/// The embedded broker takes any time for the end.
#[tokio::test(flavor = "multi_thread")]
async fn a_group_without_commits_starts_at_a_time_and_others_where_they_were() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    let start = SystemTime::now() - Duration::from_secs(3600);
    let before = start - Duration::from_secs(3600);
    for number in 0..2 {
        producer.message(&note("a", number)).topic(&topic).timestamp(before).send().await.unwrap();
    }
    let known = kafka.group();
    let running = Running::start(&known, &topic).await;
    running.done(2).await;
    running.close().await;
    let new = Running::start(&kafka.group().start_at(start), &topic).await;
    until(30, "partition", || !new.handle.assigned().is_empty()).await;
    kafka.publish(&topic, [note("a", 2)]).await;
    new.done(1).await;
    assert_eq!(new.numbers(), [2]);
    new.close().await;
    kafka.publish(&topic, [note("a", 3)]).await;
    let running = Running::start(&known.start_at(SystemTime::now() + Duration::from_secs(3600)), &topic).await;
    running.done(2).await;
    assert_eq!(running.numbers(), [2, 3]);
    running.close().await;
}

/// A cluster of which a partition has no leader.
#[tokio::test(flavor = "multi_thread")]
async fn a_partition_without_a_leader_keeps_no_other_from_its_start() {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic("notes", 2, 1).unwrap();
    let config = KafkaConfig::new(cluster.bootstrap_servers());
    let producer = EventProducer::connect(&config).await.unwrap();
    let send = async |number, partition| {
        let note = note("a", number);
        producer.message(&note).topic("notes").partition(partition).send().await.unwrap();
    };
    // The time of this cluster is always at the end.
    send(0, 0).await;
    send(1, 1).await;
    cluster.partition_leader("notes", 1, None).unwrap();
    let running = Running::start(&config.group("readers").start_at(SystemTime::now()), "notes").await;
    until(30, "a partition", || running.handle.assigned() == [("notes".to_owned(), 0)]).await;
    send(2, 0).await;
    running.done(1).await;
    cluster.partition_leader("notes", 1, Some(1)).unwrap();
    until(30, "the other partition", || running.handle.assigned().len() == 2).await;
    send(3, 1).await;
    running.done(2).await;
    assert_eq!(running.numbers(), [2, 3]);
    running.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_closes_although_the_brokers_do_not_say_where_it_starts() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.fail(ApiKey::ListOffsets, &[BrokerError::NotLeaderOrFollower; 1000]);
    let config = kafka.config().group("readers").start_at(SystemTime::now());
    let running = Running::start(&config, "notes").await;
    until(30, "a group", || running.handle.is_ready()).await;
    assert!(running.handle.assigned().is_empty());
    running.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seek_does_not_wait_in_the_thread_that_polls() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 2).unwrap();
    let running = Running::start(&kafka.config().group("readers"), "notes").await;
    for number in 0..20 {
        kafka.publish_to("notes", &note(&number.to_string(), number)).await;
    }
    running.done(20).await;
    kafka.fail(ApiKey::ListOffsets, &[BrokerError::NotLeaderOrFollower; 1000]);
    let handle = running.handle.clone();
    let seek = tokio::spawn(async move { handle.seek("notes", 0, SeekTo::End).await });
    // Messages are handled while the brokers are asked, of this partition too.
    for number in 20..40 {
        kafka.publish_to("notes", &note(&number.to_string(), number)).await;
    }
    until(5, "all messages", || running.handle.counts().done() == 40).await;
    running.close().await;
    let error = within(30, "seek", seek).await.unwrap().unwrap_err();
    assert!(!error.is_revoked(), "{error}");
}

/// It is dropped, as before a rebalance.
#[tokio::test(flavor = "multi_thread")]
async fn a_seek_gets_past_a_handler_that_hangs() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    for number in 0..5 {
        kafka.publish_to("notes", &note("a", number)).await;
    }
    let (running, gate) = Running::start_until(&kafka.config().group("readers"), "notes", 1).await;
    until(30, "a handler", || running.numbers() == [0, 1]).await;
    running.handle.seek("notes", 0, SeekTo::Offset(3)).await.unwrap();
    running.done(3).await;
    assert_eq!(running.numbers(), [0, 1, 3, 4]);
    running.close().await;
    assert_eq!(kafka.committed("readers", "notes").await[&0], 5);
    drop(gate);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_until_the_end_fails_if_it_is_not_committed() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 0)).await;
    let group = kafka.config().group("readers");
    kafka.fail(ApiKey::OffsetCommit, &[BrokerError::GroupAuthorizationFailed; 1000]);
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let run = consumer.runner().until_end().run(async |_: Delivery<Note>| {});
    let error = within(60, "end of the run", run).await.unwrap_err();
    assert!(error.to_string().contains("not committed") && error.is_unauthorized(), "{error}");
    assert_eq!(handle.counts().done(), 1);
}

//! Handlers at work while partitions come and go, and while the consumer closes.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{Gate, Kafka, Note, note, standstill, until, within};
use event_schema::kafka::{
    DeadLetter, Delivery, EmbeddedKafka, EventConsumer, Failure, KafkaConfig, Order, Outcome, RunHandle, Runner,
};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(10);

/// How often each note was handled.
type Handled = Arc<Mutex<HashMap<(i32, i64), u32>>>;

async fn start<F>(
    group: &KafkaConfig,
    topic: &str,
    settings: impl FnOnce(Runner<Note>) -> Runner<Note>,
    handler: impl Fn(Delivery<Note>) -> F + Send + Sync + 'static,
) -> (RunHandle, JoinHandle<()>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let consumer = EventConsumer::<Note>::subscribe_to(group, &[topic]).await.unwrap();
    let handle = consumer.handle();
    let run = settings(consumer.runner()).run(handler);
    let task = tokio::spawn(async move {
        run.await.unwrap();
    });
    (handle, task)
}

/// One protocol of the group after the other, as far as the broker knows them.
fn protocols(kafka: &Kafka) -> Vec<KafkaConfig> {
    let group = |key: &str, value: &str| kafka.group().set(key, value);
    let mut protocols = vec![
        group("partition.assignment.strategy", "range"),
        group("partition.assignment.strategy", "cooperative-sticky"),
    ];
    if kafka.embedded.is_none() {
        protocols.push(group("group.protocol", "consumer"));
    }
    protocols
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_member_joins_and_leaves_while_handlers_run() {
    let kafka = Kafka::start();
    for group in protocols(&kafka) {
        println!("{group:?}");
        let topic = kafka.topic(4).await;
        let handled = Handled::default();
        let slowly = || {
            let handled = Arc::clone(&handled);
            move |note: Delivery<Note>| {
                let handled = Arc::clone(&handled);
                async move {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    *handled.lock().unwrap().entry((note.partition(), note.offset())).or_default() += 1;
                }
            }
        };
        let settings = |runner: Runner<Note>| runner.concurrency(4);
        let (first, first_task) = start(&group, &topic, settings, slowly()).await;
        let mut count = 0;
        let mut more = async || {
            count += 500;
            kafka.publish(&topic, (0..500).map(|number| note(&(number % 100).to_string(), number))).await;
        };
        more().await;
        until(30, "the first", || first.counts().done() > 100).await;
        let (second, second_task) = start(&group, &topic, settings, slowly()).await;
        // It takes as long as it takes until it has partitions, and there is to be something to do then.
        within(60, "the second", async {
            while second.counts().done() <= 100 {
                more().await;
            }
        })
        .await;
        second.close(DEADLINE).await.unwrap();
        within(5, "end of the second", second_task).await.unwrap();
        until(60, "the rest", || handled.lock().unwrap().len() == count).await;
        first.close(DEADLINE).await.unwrap();
        within(5, "end of the first", first_task).await.unwrap();
        // Nobody was slow enough to be given up, so that nothing was done twice. (The embedded broker refuses
        // commits while a group rebalances.)
        let twice = handled.lock().unwrap().values().filter(|times| **times > 1).count();
        assert!(twice == 0 || kafka.embedded.is_some(), "{twice} handled twice");
        let mut committed = 0;
        for partition in 0..4 {
            committed += kafka.committed(&group, &topic, partition).await.unwrap_or(0);
        }
        assert_eq!(committed, i64::try_from(count).unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_comes_after_the_partition_went_does_not_set_the_group_back() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    // A third of it is the longest that is waited for what is in hand.
    let group = kafka.group().set("session.timeout.ms", "6000");
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let (stuck, release) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let handler = {
        let (stuck, release) = (Arc::clone(&stuck), Arc::clone(&release));
        move |note: Delivery<Note>| {
            let (stuck, release) = (Arc::clone(&stuck), Arc::clone(&release));
            async move {
                if note.number == 1 && !stuck.swap(true, Ordering::Relaxed) {
                    // A thread that cannot be stopped, and says that it is done.
                    tokio::task::block_in_place(|| {
                        while !release.load(Ordering::Relaxed) {
                            std::thread::yield_now();
                        }
                    });
                }
            }
        }
    };
    let (first, first_task) = start(&group, &topic, |runner| runner, handler).await;
    until(30, "the stuck one", || stuck.load(Ordering::Relaxed)).await;
    // With the second member the only partition may stay where it is, so the first leaves.
    let closed = first.close(Duration::from_secs(20)).await;
    release.store(closed.is_err(), Ordering::Relaxed);
    closed.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(1));

    let (second, second_task) = start(&group, &topic, |runner| runner, |_| async {}).await;
    until(30, "the rest", || second.counts().done() == 2).await;
    second.close(DEADLINE).await.unwrap();
    second_task.await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(3));
    release.store(true, Ordering::Relaxed);
    within(10, "end of the first", first_task).await.unwrap();
    assert_eq!(first.counts().done(), 1);
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_slower_than_the_poll_interval_stays_a_member() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group().set("session.timeout.ms", "2000").set("max.poll.interval.ms", "2000");
    let group = group.set("heartbeat.interval.ms", "200");
    kafka.publish(&topic, (0..2).map(|number| note("a", number))).await;
    let times = Arc::new(AtomicU32::new(0));
    let handler = {
        let times = Arc::clone(&times);
        move |note: Delivery<Note>| {
            times.fetch_add(1, Ordering::Relaxed);
            async move {
                if note.number == 0 {
                    tokio::time::sleep(Duration::from_secs(5)).await;
                }
            }
        }
    };
    let (handle, task) = start(&group, &topic, |runner| runner, handler).await;
    until(30, "both", || handle.counts().done() == 2).await;
    handle.close(DEADLINE).await.unwrap();
    task.await.unwrap();
    assert_eq!(times.load(Ordering::Relaxed), 2);
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_under_load_is_in_time_and_commits_what_was_handled_and_no_more() {
    let kafka = Kafka::start();
    let times = if kafka.embedded.is_some() { 20 } else { 100 };
    let topic = kafka.topic(3).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..20_000).map(|number| note(&(number % 100).to_string(), number))).await;
    // Across all restarts: a handled one that comes again was not committed.
    let handled = Handled::default();
    let mut slowest = Duration::ZERO;
    let mut published = 20_000;
    for turn in 0..times {
        let noted = Arc::clone(&handled);
        let work = move |note: Delivery<Note>| {
            let handled = Arc::clone(&noted);
            async move {
                tokio::task::yield_now().await;
                *handled.lock().unwrap().entry((note.partition(), note.offset())).or_default() += 1;
            }
        };
        let before = handled.lock().unwrap().len();
        if before == published {
            published += 20_000;
            kafka.publish(&topic, (0..20_000).map(|number| note(&(number % 100).to_string(), number))).await;
        }
        let (handle, task) = start(&group, &topic, |runner| runner, work).await;
        until(30, "something to do", || handled.lock().unwrap().len() > before).await;
        let started = Instant::now();
        handle.close(DEADLINE).await.unwrap_or_else(|error| panic!("turn {turn}: {error}"));
        slowest = slowest.max(started.elapsed());
        within(10, "end of the run", task).await.unwrap();
        let handled = handled.lock().unwrap().clone();
        for partition in 0..3 {
            let committed = kafka.committed(&group, &topic, partition).await.unwrap_or(0);
            let unhandled = (0..committed).find(|offset| !handled.contains_key(&(partition, *offset)));
            assert_eq!(unhandled, None, "turn {turn}: committed, and not handled");
        }
    }
    println!("the slowest of {times} took {slowest:?}");
    let twice = handled.lock().unwrap().values().filter(|times| **times > 1).count();
    assert_eq!(twice, 0, "handled twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_close_finishes_what_others_have_overtaken() {
    const SLOW: u32 = 20;
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..SLOW).map(|number| note("slow", number))).await;
    kafka.publish(&topic, (0..10).map(|number| note("fast", number))).await;
    let gate = Arc::new(Semaphore::new(0));
    let handler = {
        let gate = Arc::clone(&gate);
        move |note: Delivery<Note>| {
            let gate = Arc::clone(&gate);
            async move {
                if note.key == "slow" {
                    let _open = gate.acquire().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    };
    let (handle, task) = start(&group, &topic, |runner| runner.order(Order::Key).concurrency(2), handler).await;
    until(30, "the fast ones", || handle.counts().done() == 10).await;
    let (closed, ()) = tokio::join!(handle.close(DEADLINE), async { gate.add_permits(1) });
    closed.unwrap();
    within(5, "end of the run", task).await.unwrap();
    assert_eq!(handle.counts().done(), 10 + u64::from(SLOW));
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(10 + i64::from(SLOW)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_stands_still_does_not_fill_the_memory() {
    // 7 MB: the embedded broker forgets what is more than 5 MB in a partition.
    const COUNT: u32 = 3_000;
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    let group = kafka.group();
    let long = "x".repeat(1_000);
    kafka.publish(&topic, (0..COUNT).map(|number| note(&format!("{}{long}", number % 50), number))).await;
    let gate = Gate::default();
    let handler = {
        let gate = gate.clone();
        move |_: Delivery<Note>| {
            let gate = gate.clone();
            async move { gate.pass().await }
        }
    };
    let settings = |runner: Runner<Note>| runner.unordered().concurrency(4).buffer(usize::MAX, 1_000_000);
    let (handle, task) = start(&group, &topic, settings, handler).await;
    until(30, "four at the gate", || gate.came() == 4).await;
    // The partitions are paused by then.
    let held = standstill(&handle, 4, Duration::from_millis(500), || {}).await;
    println!("{held:?}");
    // A burst more than asked for.
    assert!(held.bytes < 1_000_000 + 1_500_000, "{held:?}");
    gate.open();
    until(60, "all of them", || handle.counts().done() == u64::from(COUNT)).await;
    handle.close(DEADLINE).await.unwrap();
    task.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_ready_when_it_has_joined_whether_or_not_there_is_a_partition_for_it() {
    let kafka = Kafka::start();
    for group in protocols(&kafka) {
        println!("{group:?}");
        let topic = kafka.topic(1).await;
        let (first, first_task) = start(&group, &topic, |runner| runner, |_| async {}).await;
        until(30, "the first", || first.is_ready()).await;
        let all = [(topic.clone(), 0)];
        until(30, "its partition", || first.assigned() == all).await;

        let (second, second_task) = start(&group, &topic, |runner| runner, |_| async {}).await;
        until(30, "the second", || second.is_ready()).await;
        until(30, "one of the two with the partition", || first.assigned().len() + second.assigned().len() == 1).await;
        let (has_it, other) = if first.assigned() == all { (&first, &second) } else { (&second, &first) };
        has_it.close(DEADLINE).await.unwrap();
        assert!(!has_it.is_ready() && has_it.assigned().is_empty());
        until(30, "the partition at the other", || other.assigned() == all).await;
        assert!(other.is_ready());
        other.close(DEADLINE).await.unwrap();
        for task in [first_task, second_task] {
            within(5, "end of the run", task).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_is_not_ready_while_a_dead_letter_waits_or_its_group_has_given_it_up() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.create_topic("dead", 1).unwrap();
    kafka.publish_bytes("notes", None, Some(br#"{"key": "a", "number": 1}"#), &[]).await;
    let config = kafka.config().connect_timeout(Duration::from_secs(2)).set("session.timeout.ms", "8000");
    let consumer = EventConsumer::<Note>::subscribe_to(&config.group("g"), &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let gate = Gate::default();
    let handler = {
        let gate = gate.clone();
        move |_: Delivery<Note>| {
            let gate = gate.clone();
            async move {
                gate.pass().await;
                Err::<(), _>(Failure::reject("never"))
            }
        }
    };
    let runner = consumer.runner().dead_letter(DeadLetter::new().topic("dead"));
    let task = tokio::spawn(runner.run(handler));
    until(30, "the event", || gate.came() == 1).await;
    assert!(handle.is_ready());

    // The dead letter cannot be sent, long before the session is over.
    kafka.broker_down();
    assert!(handle.is_ready());
    gate.open();
    until(6, "trouble", || !handle.is_ready()).await;
    assert_eq!(handle.assigned(), [("notes".to_owned(), 0)]);
    kafka.broker_up();
    until(30, "the dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    until(30, "readiness", || handle.is_ready()).await;

    // For longer than the session lasts.
    kafka.broker_down();
    assert!(handle.is_ready());
    until(30, "loss of the partition", || !handle.is_ready()).await;
    assert!(handle.assigned().is_empty());
    kafka.broker_up();
    until(60, "readiness", || handle.is_ready()).await;
    assert_eq!(handle.assigned(), [("notes".to_owned(), 0)]);
    handle.close(DEADLINE).await.unwrap();
    within(5, "end of the run", task).await.unwrap().unwrap();
}

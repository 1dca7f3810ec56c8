//! A handler for each event: in order, in parallel, whatever happens to it.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Gate, Kafka, Note, note, until, within};
use event_schema::EventSchema;
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::rdkafka039::message::{Header, OwnedHeaders};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{
    CircuitBreaker, Counts, DeadLetter, Delivery, EventConsumer, Failure, GiveUp, Order, Outcome, Retry, RunError,
    RunHandle, Runner,
};
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(10);

/// A consumer that runs, and what its handler has noted.
struct Running {
    handle: RunHandle,
    task: JoinHandle<Result<Counts, RunError>>,
}

impl Running {
    /// With a handler that gets the log to write to.
    async fn start<F>(
        kafka: &event_schema::kafka::KafkaConfig,
        topic: &str,
        settings: impl FnOnce(Runner<Note>) -> Runner<Note>,
        handler: impl Fn(Delivery<Note>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let consumer = EventConsumer::<Note>::subscribe_to(kafka, &[topic]).await.unwrap();
        let handle = consumer.handle();
        let task = tokio::spawn(settings(consumer.runner()).run(handler));
        Self { handle, task }
    }

    async fn until(&self, outcome: Outcome, count: u64) {
        until(60, &format!("{count} {outcome:?}, but {}", self.handle.counts()), || {
            self.handle.counts().of(outcome) >= count
        })
        .await;
    }

    async fn close(self) -> Counts {
        self.handle.close(DEADLINE).await.unwrap();
        within(10, "end of the run", self.task).await.unwrap().unwrap()
    }
}

/// What was handled, in its order.
type Log = Arc<Mutex<Vec<(i32, Note)>>>;

fn numbers(log: &Log, of: impl Fn(&(i32, Note)) -> bool) -> Vec<u32> {
    log.lock().unwrap().iter().filter(|entry| of(entry)).map(|(_, note)| note.number).collect()
}

fn is_rising(numbers: &[u32]) -> bool {
    numbers.windows(2).all(|pair| pair[0] < pair[1])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_keeps_its_order_and_others_go_on_meanwhile() {
    let kafka = Kafka::start();
    let topic = kafka.topic(3).await;
    kafka.publish(&topic, (0..600).map(|number| note(&(number % 20).to_string(), number))).await;
    // The first of each partition wait for each other: they are handled in parallel, or never.
    let (log, meeting) = (Log::default(), Arc::new(Barrier::new(3)));
    let at_work = Arc::new(Mutex::new(HashSet::new()));
    let group = kafka.group();
    let running = Running::start(&group, &topic, |runner| runner.concurrency(8), {
        let log = Arc::clone(&log);
        move |note: Delivery<Note>| {
            let (log, meeting, at_work) = (Arc::clone(&log), Arc::clone(&meeting), Arc::clone(&at_work));
            async move {
                assert!(at_work.lock().unwrap().insert(note.partition()), "two of a partition at once");
                if note.offset() == 0 {
                    within(20, "other partition at work", meeting.wait()).await;
                }
                log.lock().unwrap().push((note.partition(), note.event().clone()));
                at_work.lock().unwrap().remove(&note.partition());
                Ok(())
            }
        }
    })
    .await;
    running.until(Outcome::Done, 600).await;
    assert_eq!(running.close().await.done(), 600);
    let all: HashSet<u32> = numbers(&log, |_| true).into_iter().collect();
    assert_eq!(all.len(), 600);
    let mut committed = 0;
    for partition in 0..3 {
        assert!(is_rising(&numbers(&log, |entry| entry.0 == partition)));
        committed += kafka.committed(&group, &topic, partition).await.unwrap_or(0);
    }
    assert_eq!(committed, 600);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_keeps_its_order_and_other_keys_of_the_partition_go_on_meanwhile() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..500).map(|number| note(&(number % 10).to_string(), number))).await;
    let (log, at_work) = (Log::default(), Arc::new(Mutex::new(HashSet::new())));
    // The first three, of three keys, wait for each other.
    let meeting = Arc::new(Barrier::new(3));
    let group = kafka.group();
    let running = Running::start(&group, &topic, |runner| runner.order(Order::Key).concurrency(8), {
        let log = Arc::clone(&log);
        move |note: Delivery<Note>| {
            let (log, meeting, at_work) = (Arc::clone(&log), Arc::clone(&meeting), Arc::clone(&at_work));
            async move {
                assert!(at_work.lock().unwrap().insert(note.key.clone()), "two of a key at once");
                if note.number < 3 {
                    within(20, "other key at work", meeting.wait()).await;
                }
                log.lock().unwrap().push((0, note.event().clone()));
                at_work.lock().unwrap().remove(&note.key);
                Ok(())
            }
        }
    })
    .await;
    running.until(Outcome::Done, 500).await;
    assert_eq!(running.close().await.done(), 500);
    for key in 0..10_u32 {
        let expected: Vec<u32> = (0..500).filter(|number| number % 10 == key).collect();
        assert_eq!(numbers(&log, |entry| entry.1.key == key.to_string()), expected);
    }
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_event_is_tried_again_in_its_place() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..5).map(|number| note("a", number))).await;
    let log = Log::default();
    let retry = Retry::in_place().backoff(Duration::from_millis(1), Duration::from_millis(10));
    let running = Running::start(&kafka.group(), &topic, |runner| runner.retry(retry), {
        let log = Arc::clone(&log);
        move |note: Delivery<Note>| {
            log.lock().unwrap().push((i32::try_from(note.attempt()).unwrap(), note.event().clone()));
            async move {
                match (note.number, note.attempt()) {
                    (2, 1..=3) => Err(Failure::retry("the database is away")),
                    _ => Ok(()),
                }
            }
        }
    })
    .await;
    running.until(Outcome::Done, 5).await;
    let counts = running.close().await;
    assert_eq!((counts.done(), counts.of(Outcome::Retried)), (5, 3));
    assert_eq!(numbers(&log, |_| true), [0, 1, 2, 2, 2, 2, 3, 4]);
    assert_eq!(log.lock().unwrap()[5].0, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parked_event_holds_up_its_own_key_only() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..40).map(|number| note(["a", "b"][number as usize % 2], number))).await;
    let log = Log::default();
    let (release, released) = tokio::sync::watch::channel(false);
    let retry = Retry::park().attempts(10_000).backoff(Duration::from_millis(1), Duration::from_millis(2));
    let running = Running::start(&kafka.group(), &topic, |runner| runner.order(Order::Key).retry(retry), {
        let log = Arc::clone(&log);
        move |note: Delivery<Note>| {
            let fails = note.number == 0 && !*released.borrow();
            if !fails {
                log.lock().unwrap().push((0, note.event().clone()));
            }
            async move { if fails { Err(Failure::retry("not yet")) } else { Ok(()) } }
        }
    })
    .await;
    running.until(Outcome::Done, 20).await;
    assert_eq!(numbers(&log, |_| true), (0..40).filter(|number| number % 2 == 1).collect::<Vec<_>>());
    running.until(Outcome::Parked, 1).await;
    release.send(true).unwrap();
    running.until(Outcome::Done, 40).await;
    running.close().await;
    assert_eq!(numbers(&log, |entry| entry.1.key == "a"), (0..40).filter(|number| number % 2 == 0).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_rejected_or_fails_for_good_is_a_dead_letter() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let dead = kafka.topic(1).await;
    kafka.publish(&topic, (0..4).map(|number| note("a", number))).await;
    let attempts = Arc::new(AtomicUsize::new(0));
    let retry = Retry::in_place().attempts(3).backoff(Duration::from_millis(1), Duration::from_millis(2));
    let settings = |runner: Runner<Note>| runner.retry(retry).dead_letter(DeadLetter::new().topic(&dead));
    let group = kafka.group();
    let running = Running::start(&group, &topic, settings, {
        let attempts = Arc::clone(&attempts);
        move |note: Delivery<Note>| {
            let attempts = Arc::clone(&attempts);
            async move {
                match note.number {
                    1 => {
                        attempts.fetch_add(1, Ordering::Relaxed);
                        panic!("a handler that panics");
                    }
                    2 => Err(Failure::reject("no such product")),
                    _ => Ok(()),
                }
            }
        }
    })
    .await;
    running.until(Outcome::Done, 2).await;
    let counts = running.close().await;
    assert_eq!((counts.of(Outcome::Dead), counts.of(Outcome::Retried)), (2, 2));
    assert_eq!(attempts.load(Ordering::Relaxed), 3);
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4));
    let letters = kafka.read(&dead, 2).await;
    let bodies: Vec<_> = letters.iter().map(|letter| Note::load(letter.payload().unwrap()).unwrap().number).collect();
    assert_eq!(bodies, [1, 2]);
}

struct OnDrop(Arc<AtomicUsize>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_takes_too_long_is_dropped_and_its_place_is_filled() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..6).map(|number| note(&number.to_string(), number))).await;
    let dead = kafka.topic(1).await;
    let dropped = Arc::new(AtomicUsize::new(0));
    let settings = |runner: Runner<Note>| {
        let retry = Retry::never();
        runner
            .unordered()
            .concurrency(2)
            .retry(retry)
            .handler_timeout(Duration::from_secs(1))
            .dead_letter(DeadLetter::new().topic(&dead))
    };
    let running = Running::start(&kafka.group(), &topic, settings, {
        let dropped = Arc::clone(&dropped);
        move |note: Delivery<Note>| {
            let dropped = OnDrop(Arc::clone(&dropped));
            async move {
                match note.number {
                    // As a future that never ends, and as a thread that is stuck for a while.
                    0 | 1 => std::future::pending::<()>().await,
                    2 => std::thread::sleep(Duration::from_secs(3)),
                    _ => std::mem::forget(dropped),
                }
                Ok(())
            }
        }
    })
    .await;
    running.until(Outcome::Dead, 3).await;
    running.until(Outcome::Done, 3).await;
    let counts = running.close().await;
    assert_eq!((counts.done(), counts.of(Outcome::Dead), counts.of(Outcome::Abandoned)), (3, 3, 3));
    until(10, "end of the stuck thread", || dropped.load(Ordering::Relaxed) == 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_took_too_long_is_counted_and_told_as_any_that_failed() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let kafka = Kafka::start();
    let retry = Retry::in_place().attempts(3).backoff(Duration::from_millis(1), Duration::from_millis(2));
    let park = Retry::park().attempts(3).backoff(Duration::from_millis(1), Duration::from_millis(2));
    for (retry, order, outcome) in [(retry, Order::Partition, Outcome::Retried), (park, Order::Key, Outcome::Parked)] {
        let topic = kafka.topic(1).await;
        let dead = kafka.topic(1).await;
        kafka.publish(&topic, [note("a", 0), note("a", 1)]).await;
        let settings = |runner: Runner<Note>| {
            let runner = runner.order(order).retry(retry).dead_letter(DeadLetter::new().topic(&dead));
            runner.handler_timeout(Duration::from_millis(500))
        };
        let running = Running::start(&kafka.group(), &topic, settings, |note| async move {
            if note.number == 0 { std::future::pending().await } else { Ok(()) }
        })
        .await;
        running.until(Outcome::Done, 1).await;
        let counts = running.close().await;
        let counted = [Outcome::Done, outcome, Outcome::Dead, Outcome::Abandoned].map(|outcome| counts.of(outcome));
        assert_eq!(counted, [1, 2, 1, 3], "{counts}");
        let lines: Vec<String> =
            crate::common::log::lines(&format!("{topic}/0@")).into_iter().map(|(_, line)| line).collect();
        let line = |what: String| format!("{topic}/0@0: {what}: the handler took longer than 500ms");
        let failed = |attempt| line(format!("attempt {attempt} failed"));
        assert_eq!(lines, [failed(1), failed(2), line(format!("sent to `{dead}`"))]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tombstones_have_a_handler_of_their_own() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, [note("a", 1)]).await;
    kafka.put(&topic, "a", None).await;
    let (sender, mut deleted) = tokio::sync::mpsc::unbounded_channel();
    let settings = |runner: Runner<Note>| {
        runner.on_tombstone(move |tombstone| {
            sender.send(tombstone.key().unwrap().to_vec()).unwrap();
            async {}
        })
    };
    let running = Running::start(&kafka.group(), &topic, settings, |_| async { Ok(()) }).await;
    assert_eq!(within(20, "tombstone", deleted.recv()).await.unwrap(), b"a");
    running.until(Outcome::Done, 2).await;
    running.close().await;

    // Without one they count as done.
    let running = Running::start(&kafka.group(), &topic, |runner| runner, |_| async { Ok(()) }).await;
    running.until(Outcome::Done, 2).await;
    running.close().await;
}

#[tokio::test]
async fn a_consumer_that_is_subscribed_to_its_own_dead_letters_does_not_run() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    let dead = DeadLetter::new().topic_of(&topic, group.group_id().unwrap());
    let subscribe = || async { EventConsumer::<Note>::subscribe_to(&group, &[&topic, &dead]).await.unwrap() };
    let run = subscribe().await.run(async |_: Delivery<Note>| {});
    let error = within(20, "end of the run", run).await.unwrap_err();
    assert!(error.is_config());
    let text = error.to_string();
    assert!(text.starts_with(&format!("the consumer is subscribed to its own dead letter topic `{dead}`")), "{text}");
    let all_in_one = DeadLetter::new().topic(&topic);
    assert!(subscribe().await.runner().dead_letter(all_in_one).batches().unwrap_err().is_config());
    // There are none then.
    subscribe().await.runner().give_up(GiveUp::Skip).batches().unwrap();
}

#[tokio::test]
async fn a_consumer_that_cannot_read_its_topics_for_retries_does_not_run() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    // Subscribed to once more with the other topics for retries, which librdkafka refuses.
    let retries = format!("{topic}-{}-retry-1", group.group_id().unwrap());
    let subscribe = || async { EventConsumer::<Note>::subscribe_to(&group, &[&topic, &retries]).await.unwrap() };
    let runner = subscribe().await.runner().unordered().retry(Retry::topics());
    let error = within(20, "end of the run", runner.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_fatal(), "{error}");
    let mut batches = subscribe().await.runner().retry(Retry::topics()).batches().unwrap();
    let error = within(20, "end", batches.recv(1, Duration::ZERO)).await.unwrap_err();
    assert!(error.is_fatal(), "{error}");
}

/// The pattern stands for the topic of its dead letters, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_pattern_that_stands_for_its_own_dead_letters_passes_over_them() {
    let kafka = Kafka::start();
    for is_default in [true, false] {
        let topic = kafka.topic(1).await;
        let group = kafka.group();
        let dead_letter =
            if is_default { DeadLetter::new() } else { DeadLetter::new().named(|topic, _| format!("{topic}-dlt")) };
        let dead = dead_letter.topic_of(&topic, group.group_id().unwrap());
        kafka.create(&dead, 1).await;
        kafka.put(&topic, "a", Some(b"{")).await;
        kafka.publish(&topic, [note("a", 1), note("a", 2)]).await;
        let log = Log::default();
        let running = Running::start(&group, &format!("^{topic}.*"), |runner| runner.dead_letter(dead_letter), {
            let log = Arc::clone(&log);
            move |note: Delivery<Note>| {
                log.lock().unwrap().push((0, note.event().clone()));
                async move { if note.number == 1 { Err(Failure::reject("never")) } else { Ok(()) } }
            }
        })
        .await;
        // The one that is handled, and two letters.
        running.until(Outcome::Done, 3).await;
        assert_eq!(running.close().await.to_string(), "3 done, 2 dead");
        assert_eq!(numbers(&log, |_| true), [1, 2]);
        assert_eq!(kafka.committed(&group, &dead, 0).await, Some(2));
    }
}

/// Even there it stops nothing that a stranger writes into the topic of the dead letters.
#[tokio::test]
async fn a_batch_has_no_dead_letters_of_its_own_consumer() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let dead = format!("{topic}-all");
    let group = kafka.group();
    kafka.create(&dead, 1).await;
    kafka.put(&topic, "a", Some(b"{")).await;
    kafka.put(&dead, "a", Some(b"[")).await;
    kafka.publish(&topic, [note("a", 1)]).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&format!("^{topic}.*")]).await.unwrap();
    let mut batches = consumer.runner().dead_letter(DeadLetter::new().topic(&dead)).batches().unwrap();
    let mut received = 0;
    let receiving = async {
        while batches.counts().to_string() != "3 done, 2 dead" {
            // What is passed over is in no batch, so that there may be none.
            let batch = tokio::time::timeout(Duration::from_secs(1), batches.recv(10, Duration::ZERO)).await;
            let Ok(batch) = batch else { continue };
            received += batch.as_ref().unwrap().len();
            batch.unwrap().finish();
        }
    };
    within(30, "what there is", receiving).await;
    assert_eq!(received, 3);
    batches.close(DEADLINE).await.unwrap();
    assert_eq!(kafka.committed(&group, &dead, 0).await, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_stops_at_what_it_is_told_to_stop_at() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..5).map(|number| note("a", number))).await;
    let group = kafka.group();
    let running = Running::start(
        &group,
        &topic,
        |runner| runner.give_up(GiveUp::Stop),
        |note| async move { if note.number == 3 { Err(Failure::reject("enough")) } else { Ok(()) } },
    )
    .await;
    let error = within(20, "end of the run", running.task).await.unwrap().unwrap_err();
    assert!(error.is_stopped());
    assert_eq!(error.to_string(), format!("stopped at {topic}/0@3: enough"));
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(3));

    let running = Running::start(
        &group,
        &topic,
        |runner| runner.give_up(GiveUp::Skip),
        |note| async move { if note.number == 3 { Err(Failure::reject("enough")) } else { Ok(()) } },
    )
    .await;
    running.until(Outcome::Done, 1).await;
    assert_eq!(running.close().await.of(Outcome::Skipped), 1);
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
}

/// Handlers that never wait are given many events at once, of which one stops the others.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_handled_behind_what_stops_the_run_however_quick_handlers_are() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..500).map(|number| note("a", number))).await;
    let (group, log) = (kafka.group(), Arc::new(Mutex::new(Vec::new())));
    let running = {
        let log = Arc::clone(&log);
        let handler = move |note: Delivery<Note>| {
            log.lock().unwrap().push(note.number);
            std::future::ready(if note.number == 321 { Err(Failure::reject("enough")) } else { Ok(()) })
        };
        Running::start(&group, &topic, |runner| runner.give_up(GiveUp::Stop), handler).await
    };
    let error = within(20, "end of the run", running.task).await.unwrap().unwrap_err();
    assert_eq!(error.to_string(), format!("stopped at {topic}/0@321: enough"));
    assert_eq!(*log.lock().unwrap(), (0..=321).collect::<Vec<_>>());
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(321));
}

/// What was given to a quick worker goes to the others when its handler waits for something.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_waits_behind_quick_ones_holds_up_nobody() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..500).map(|number| note(&number.to_string(), number))).await;
    for settings in [Runner::unordered, |runner: Runner<Note>| runner.order(Order::Key)] {
        let group = kafka.group();
        let gate = Gate::default();
        let handler = {
            let gate = gate.clone();
            move |note: Delivery<Note>| {
                let gate = gate.clone();
                async move {
                    if note.number == 321 {
                        gate.pass().await;
                    }
                    Ok(())
                }
            }
        };
        let running = Running::start(&group, &topic, |runner| settings(runner).concurrency(2), handler).await;
        running.until(Outcome::Done, 499).await;
        assert_eq!((running.handle.counts().done(), gate.came()), (499, 1));
        gate.open();
        assert_eq!(running.close().await.done(), 500);
        assert_eq!(kafka.committed(&group, &topic, 0).await, Some(500));
    }
}

/// Whatever it failed by, one line of the log says where and why.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_skipped_is_passed_over_and_told() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.put(&topic, "a", Some(b"{")).await;
    kafka.publish(&topic, (1..6).map(|number| note("a", number))).await;
    let group = kafka.group();
    let retry = Retry::in_place().attempts(2).backoff(Duration::from_millis(1), Duration::from_millis(2));
    let settings =
        |runner: Runner<Note>| runner.retry(retry).give_up(GiveUp::Skip).handler_timeout(Duration::from_millis(200));
    let running = Running::start(&group, &topic, settings, async |note: Delivery<Note>| match note.number {
        1 => Err(Failure::reject("no such product")),
        2 => Err(Failure::retry("the database is away")),
        3 => panic!("a handler that panics"),
        4 => std::future::pending().await,
        _ => Ok(()),
    })
    .await;
    running.until(Outcome::Done, 1).await;
    assert_eq!(running.close().await.to_string(), "1 done, 3 retried, 5 skipped, 2 abandoned");
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(6));
    let mut skipped: Vec<_> =
        crate::common::log::lines(&topic).into_iter().filter(|(_, line)| line.contains(": skipped: ")).collect();
    // Each worker writes its line once it has let go of the lock.
    skipped.sort_by(|(_, one), (_, other)| one.cmp(other));
    let faults = [
        "truncated JSON: EOF while parsing an object at line 1 column 1",
        "no such product",
        "the database is away",
        "the handler panicked",
        "the handler took longer than 200ms",
    ];
    let expected: Vec<_> =
        (0..).zip(faults).map(|(offset, fault)| format!("{topic}/0@{offset}: skipped: {fault}")).collect();
    assert_eq!(skipped.iter().map(|(_, line)| line).collect::<Vec<_>>(), expected.iter().collect::<Vec<_>>());
    assert!(skipped.iter().all(|(level, _)| *level == tracing::Level::WARN));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_received_ahead_by_hand_is_not_lost_to_the_handler() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..100).map(|number| note("a", number))).await;
    let group = kafka.group();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    for number in 0..3 {
        assert_eq!(within(20, "message", consumer.recv()).await.unwrap().event().unwrap().number, number);
    }
    let (log, handle) = (Log::default(), consumer.handle());
    let noted = Arc::clone(&log);
    let task = tokio::spawn(consumer.run(move |note: Delivery<Note>| {
        noted.lock().unwrap().push((0, note.event().clone()));
        async {}
    }));
    until(20, "97 events", || handle.counts().done() == 97).await;
    handle.close(DEADLINE).await.unwrap();
    task.await.unwrap().unwrap();
    assert_eq!(numbers(&log, |_| true), (3..100).collect::<Vec<_>>());
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(100));
}

#[tokio::test(flavor = "multi_thread")]
async fn retries_by_topics_hold_up_nothing() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    let retry = Retry::topics().attempts(3).backoff(Duration::from_millis(300), Duration::from_secs(1)).jitter(0.0);
    let retry_topics = retry.topics_of(&topic, group.group_id().unwrap());
    assert_eq!(retry_topics.len(), 2);
    for retry_topic in &retry_topics {
        kafka.create(retry_topic, 1).await;
    }
    kafka.publish(&topic, (0..10).map(|number| note("a", number))).await;
    let log = Log::default();
    let running = Running::start(&group, &topic, |runner| runner.unordered().retry(retry), {
        let log = Arc::clone(&log);
        move |note: Delivery<Note>| {
            if note.attempt() > 1 {
                assert_eq!(note.topic(), retry_topics[note.attempt() as usize - 2]);
            }
            log.lock().unwrap().push((i32::try_from(note.attempt()).unwrap(), note.event().clone()));
            async move {
                match (note.number, note.attempt()) {
                    (0, 1..=2) | (1, _) => Err(Failure::retry("not yet")),
                    _ => Ok(()),
                }
            }
        }
    })
    .await;
    running.until(Outcome::Dead, 1).await;
    running.until(Outcome::Done, 9).await;
    let counts = running.close().await;
    assert_eq!((counts.done(), counts.of(Outcome::Dead), counts.of(Outcome::Retried)), (9, 1, 4));
    assert_eq!(format!("{counts:?}"), "Counts { done: 9, retried: 4, dead: 1 }");
    let mut attempts: HashMap<u32, Vec<i32>> = HashMap::new();
    for (attempt, note) in log.lock().unwrap().iter() {
        attempts.entry(note.number).or_default().push(*attempt);
    }
    assert_eq!(attempts[&0], [1, 2, 3]);
    assert_eq!(attempts[&1], [1, 2, 3]);
    // The others did not wait.
    assert!(log.lock().unwrap().iter().take(10).all(|(attempt, _)| *attempt == 1));
}

/// An error that cannot be told.
#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("as if by mistake")
    }
}

impl std::error::Error for Unspeakable {}

#[tokio::test]
async fn an_error_that_panics_when_it_is_told_costs_no_worker() {
    // Somebody has to listen, or nothing is written.
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let kafka = Kafka::start();
    let (topic, dead) = (kafka.topic(1).await, kafka.topic(1).await);
    let group = kafka.group();
    kafka.publish(&topic, (0..6).map(|number| note("a", number))).await;
    let settings = |runner: Runner<Note>| {
        let dead_letter = DeadLetter::new().topic(&dead);
        let retry = Retry::in_place().attempts(2).backoff(Duration::from_millis(1), Duration::from_millis(2));
        let runner = runner.concurrency(1).circuit_breaker(CircuitBreaker::off());
        runner.retry(retry).dead_letter(dead_letter)
    };
    let running = Running::start(&group, &topic, settings, async |note: Delivery<Note>| {
        if note.number == 5 { Ok(()) } else { Err(Failure::from(Unspeakable)) }
    })
    .await;
    running.until(Outcome::Done, 1).await;
    let counts = running.close().await;
    assert_eq!(counts.to_string(), "1 done, 5 retried, 5 dead");
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(6));
}

#[tokio::test]
async fn what_is_in_hand_is_waited_for_as_long_as_it_is_told_to() {
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        kafka.publish(&topic, [note(key, 0)]).await;
    }
    let begun = Arc::new(Mutex::new(HashSet::new()));
    let noted = Arc::clone(&begun);
    let settings =
        |runner: Runner<Note>| runner.concurrency(2).give_up(GiveUp::Stop).revoke_timeout(Duration::from_millis(200));
    let running = Running::start(&kafka.group(), &topic, settings, move |note: Delivery<Note>| {
        let begun = Arc::clone(&noted);
        async move {
            begun.lock().unwrap().insert(note.partition());
            if note.partition() == 1 {
                std::future::pending::<()>().await;
            }
            until(20, "the other one", || begun.lock().unwrap().len() == 2).await;
            Err(Failure::reject("never"))
        }
    })
    .await;
    // Not the 10 seconds that it waits unless told otherwise.
    until(30, "both", || begun.lock().unwrap().len() == 2).await;
    let error = within(8, "end of the run", running.task).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("@0"), "{error}");
    assert_eq!(running.handle.counts().of(Outcome::Abandoned), 1);
}

#[tokio::test]
async fn a_rebalance_may_wait_no_longer_than_the_group_does() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group().set("max.poll.interval.ms", "60000");
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let runner = consumer.runner().revoke_timeout(Duration::from_secs(60));
    let error = within(20, "end", runner.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert_eq!(error.to_string(), "`revoke_timeout` must be less than `max.poll.interval.ms`");
}

/// The group's name is no legal name of a topic, and the topics for retries have names all the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_tried_by_topics_keeps_its_first_place_in_id_and_dead_letter() {
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    let group = kafka.config.clone().group(crate::common::unique("my group"));
    let name = group.group_id().unwrap().replace(' ', "_");
    for number in 1..3 {
        // With fewer partitions: the place in them is another.
        kafka.create(&format!("{topic}-{name}-retry-{number}"), 1).await;
    }
    // No producer of ours, so that there is no id but the place. Both partitions have some.
    for number in 0..20 {
        let value = format!(r#"{{"key": "{number}", "number": {number}}}"#);
        kafka.put(&topic, &number.to_string(), Some(value.as_bytes())).await;
    }
    let dead = kafka.topic(2).await;
    let retry = Retry::topics().attempts(3).backoff(Duration::from_millis(1), Duration::from_millis(2));
    let settings = |runner: Runner<Note>| {
        let runner = runner.unordered().circuit_breaker(CircuitBreaker::off());
        runner.retry(retry).dead_letter(DeadLetter::new().topic(&dead))
    };
    let seen = Arc::new(Mutex::new(HashMap::<u32, Vec<_>>::new()));
    let running = Running::start(&group, &topic, settings, {
        let seen = Arc::clone(&seen);
        move |note: Delivery<Note>| {
            let envelope = note.envelope();
            let told = (envelope.id().to_owned(), envelope.time());
            seen.lock().unwrap().entry(note.number).or_default().push((told, note.to_string()));
            async { Err(Failure::retry("never")) }
        }
    })
    .await;
    running.until(Outcome::Dead, 20).await;
    assert_eq!(running.close().await.of(Outcome::Retried), 40);

    let seen = seen.lock().unwrap().clone();
    for attempts in seen.values() {
        let [(first, place), (second, _), (third, last)] = &attempts[..] else { panic!("{attempts:?}") };
        assert_eq!((&first.0, first), (place, second));
        assert_eq!(first, third);
        assert!(last.contains("-retry-2/0@"), "{last}");
    }
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&dead]).await.unwrap();
    for _ in 0..20 {
        let letter = within(20, "dead letter", consumer.recv()).await.unwrap();
        let dead = DeadLetter::read(letter.headers()).unwrap();
        let number = letter.event().unwrap().number;
        let ((id, time), _) = &seen[&number][0];
        assert_eq!(&format!("{}/{}@{}", dead.topic(), dead.partition(), dead.offset()), id);
        assert_eq!((dead.timestamp(), letter.envelope().time()), (*time, *time));
        assert_eq!((letter.envelope().id(), letter.partition()), (id.as_str(), dead.partition()));
        assert_eq!((dead.topic(), dead.exception()), (topic.as_str(), Some("failed")));
        let names: Vec<_> = letter.headers().iter().map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| name.starts_with("kafka_dlt-")), "{names:?}");
    }
    consumer.close(DEADLINE).await.unwrap();
}

/// Whoever writes to the topic says neither that a message was tried often enough nor that it is to wait for ever;
/// whoever writes to a topic for retries cannot make it wait for longer than the policy does.
#[tokio::test(flavor = "multi_thread")]
async fn retry_headers_of_a_stranger_park_nothing_and_end_nothing() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    let retries = format!("{topic}-{}-retry-1", group.group_id().unwrap());
    kafka.create(&retries, 1).await;
    let producer: FutureProducer = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
    for (number, to) in [&topic, &retries].into_iter().enumerate() {
        let value = format!(r#"{{"key": "a", "number": {number}}}"#);
        let headers = OwnedHeaders::new()
            .insert(Header { key: "retry_topic-attempts", value: Some(&i32::MAX.to_be_bytes()) })
            .insert(Header { key: "retry_topic-backoff-timestamp", value: Some(&i64::MAX.to_be_bytes()) });
        let record = FutureRecord::to(to).key("a").payload(&value).headers(headers);
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    }
    let log = Log::default();
    let retry = Retry::topics().attempts(2).backoff(Duration::from_millis(100), Duration::from_millis(500));
    let running = Running::start(&group, &topic, |runner| runner.unordered().retry(retry), {
        let log = Arc::clone(&log);
        move |note: Delivery<Note>| {
            log.lock().unwrap().push((i32::try_from(note.attempt()).unwrap(), note.event().clone()));
            async move { if note.attempt() == 1 { Err(Failure::retry("not yet")) } else { Ok(()) } }
        }
    })
    .await;
    running.until(Outcome::Done, 2).await;
    assert_eq!(running.close().await.to_string(), "2 done, 1 retried");
    let attempts = |number| {
        log.lock().unwrap().iter().filter(|entry| entry.1.number == number).map(|entry| entry.0).collect::<Vec<_>>()
    };
    assert_eq!((attempts(0), attempts(1)), (vec![1, 2], vec![2]));
}

//! A dependency of handlers is away: nothing is lost, given up or out of order for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::common::{Kafka, Note, note, until, within};
use event_schema::kafka::{
    CircuitBreaker, Counts, Delivery, EventConsumer, Failure, FailureKind, GiveUp, KafkaConfig, Order, Outcome, Retry,
    RunError, RunHandle, Runner,
};
use tokio::task::JoinHandle;

const DEADLINE: Duration = Duration::from_secs(10);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A retry that does not make tests wait.
fn quick(retry: Retry) -> Retry {
    retry.backoff(millis(5), millis(20))
}

/// A service with a database, which may be away.
#[derive(Clone, Default)]
struct Service {
    database: Arc<AtomicBool>,
    /// The messages that were handled: partition and note.
    stored: Arc<Mutex<Vec<(i32, Note)>>>,
}

impl Service {
    fn store(&self, note: &Delivery<Note>) -> Result<(), &'static str> {
        if !self.database.load(Ordering::SeqCst) {
            return Err("the database is away");
        }
        self.stored.lock().unwrap().push((note.partition(), note.event().clone()));
        Ok(())
    }

    fn comes_back(&self) {
        self.database.store(true, Ordering::SeqCst);
    }

    fn numbers(&self, of: impl Fn(&(i32, Note)) -> bool) -> Vec<u32> {
        self.stored.lock().unwrap().iter().filter(|stored| of(stored)).map(|(_, note)| note.number).collect()
    }
}

struct Running {
    handle: RunHandle,
    task: JoinHandle<Result<Counts, RunError>>,
}

impl Running {
    async fn start(
        group: &KafkaConfig,
        topic: &str,
        settings: impl FnOnce(Runner<Note>) -> Runner<Note>,
        handler: impl Fn(&Delivery<Note>) -> Result<(), Failure> + Send + Sync + 'static,
    ) -> Self {
        let consumer = EventConsumer::<Note>::subscribe_to(group, &[topic]).await.unwrap();
        let handle = consumer.handle();
        let handler = move |note: Delivery<Note>| std::future::ready(handler(&note));
        let task = tokio::spawn(settings(consumer.runner()).run(handler));
        Self { handle, task }
    }

    async fn until(&self, outcome: Outcome, count: u64) {
        until(60, &format!("{count} {outcome:?}"), || self.handle.counts().of(outcome) >= count).await;
    }

    async fn close(self) -> Counts {
        self.handle.close(DEADLINE).await.unwrap();
        within(10, "end of the run", self.task).await.unwrap().unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_handlers_fail_nothing_is_given_up_and_order_is_kept() {
    let kafka = Kafka::start();
    let topic = kafka.topic(4).await;
    kafka.publish(&topic, (0..200).map(|number| note(&(number % 20).to_string(), number))).await;
    let service = Service::default();
    // Slow enough for messages of all partitions to fail before the first runs out of attempts.
    let retry = Retry::in_place().backoff(millis(100), millis(300));
    let running = Running::start(&kafka.group(), &topic, |runner| runner.retry(retry), {
        let service = service.clone();
        move |note| Ok(service.store(note)?)
    })
    .await;
    running.until(Outcome::Unavailable, 10).await;
    assert!(!running.handle.is_ready());
    let counts = running.handle.counts();
    assert_eq!((counts.done(), counts.of(Outcome::Dead)), (0, 0));
    service.comes_back();
    running.until(Outcome::Done, 200).await;
    assert!(running.handle.is_ready());
    assert_eq!(running.close().await.of(Outcome::Dead), 0);
    for partition in 0..4 {
        assert!(service.numbers(|stored| stored.0 == partition).is_sorted());
    }
    assert_eq!(service.numbers(|_| true).len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_breaker_tries_one_message_at_a_time() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..100).map(|number| note(&number.to_string(), number))).await;
    let service = Service::default();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let retry = Retry::park().attempts(1).backoff(millis(100), millis(100)).jitter(0.0);
    let running = Running::start(&kafka.group(), &topic, |runner| runner.unordered().concurrency(4).retry(retry), {
        let (service, calls) = (service.clone(), Arc::clone(&calls));
        move |note| {
            calls.lock().unwrap().push((note.number, Instant::now()));
            Ok(service.store(note)?)
        }
    })
    .await;
    running.until(Outcome::Unavailable, 1).await;
    until(60, "all messages", || running.handle.buffered().messages >= 98).await;
    // Those that were in hand when it opened have failed by the third.
    let before = running.handle.counts().of(Outcome::Unavailable) + 3;
    running.until(Outcome::Unavailable, before).await;
    let begun = calls.lock().unwrap().len() - 1;
    running.until(Outcome::Unavailable, before + 5).await;
    service.comes_back();
    running.until(Outcome::Done, 90).await;
    let counts = running.handle.counts();
    assert_eq!(counts.of(Outcome::Dead), 2);
    until(60, "the rest", || running.handle.counts().done() + running.handle.counts().of(Outcome::Dead) == 100).await;
    running.close().await;
    // One each 100 ms, of different messages in turn.
    let calls = calls.lock().unwrap();
    for pair in calls[begun..begun + 5].windows(2) {
        assert!(pair[1].1 - pair[0].1 >= millis(90), "{calls:?}");
        assert_ne!(pair[0].0, pair[1].0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_fails_among_others_is_given_up_as_ever() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..12).map(|number| note("a", number))).await;
    let running = Running::start(
        &kafka.group(),
        &topic,
        |runner| runner.retry(quick(Retry::in_place())),
        |note| {
            // Two of three in a row.
            if note.number % 3 == 0 { Ok(()) } else { Err(Failure::retry("never")) }
        },
    )
    .await;
    running.until(Outcome::Dead, 8).await;
    let counts = running.close().await;
    assert_eq!((counts.done(), counts.of(Outcome::Unavailable)), (4, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_breaker_each_message_has_its_own_attempts() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..6).map(|number| note("a", number))).await;
    let settings = |runner: Runner<Note>| {
        runner.retry(quick(Retry::in_place()).attempts(2)).circuit_breaker(CircuitBreaker::off())
    };
    let running = Running::start(&kafka.group(), &topic, settings, |_| Err(Failure::retry("never"))).await;
    running.until(Outcome::Dead, 6).await;
    assert_eq!(running.close().await.to_string(), "6 retried, 6 dead");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unavailable_spends_no_attempt_whatever_waits_for_it() {
    let kafka = Kafka::start();
    for (retry, order) in [
        (Retry::in_place(), Some(Order::Partition)),
        (Retry::never(), Some(Order::Partition)),
        (Retry::park(), Some(Order::Key)),
        (Retry::topics(), None),
    ] {
        let topic = kafka.topic(1).await;
        kafka.publish(&topic, (0..20).map(|number| note(&(number % 2).to_string(), number))).await;
        let service = Service::default();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let settings = |runner: Runner<Note>| {
            let runner = runner.retry(quick(retry.clone()));
            match order {
                Some(order) => runner.order(order),
                None => runner.unordered(),
            }
        };
        let running = Running::start(&kafka.group(), &topic, settings, {
            let (service, seen) = (service.clone(), Arc::clone(&seen));
            move |note| {
                seen.lock().unwrap().push((note.topic().to_owned(), note.attempt()));
                service.store(note).map_err(Failure::unavailable)
            }
        })
        .await;
        running.until(Outcome::Unavailable, 12).await;
        assert!(!running.handle.is_ready());
        service.comes_back();
        running.until(Outcome::Done, 20).await;
        assert!(running.handle.is_ready());
        let counts = running.close().await;
        let others = [Outcome::Retried, Outcome::Parked, Outcome::Dead].map(|outcome| counts.of(outcome));
        assert_eq!(others, [0, 0, 0], "{retry:?}");
        // In its place, and not by a retry topic.
        assert!(seen.lock().unwrap().iter().all(|seen| *seen == (topic.clone(), 1)), "{retry:?}");
        for key in ["0", "1"] {
            let is_sorted = service.numbers(|stored| stored.1.key == key).is_sorted();
            assert!(is_sorted || order.is_none(), "{retry:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_unavailable_for_too_long_is_given_up() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, [note("a", 0), note("a", 1)]).await;
    let retry = quick(Retry::in_place()).unavailable_limit(millis(100));
    let started = Instant::now();
    let running = Running::start(
        &group,
        &topic,
        |runner| runner.retry(retry),
        |note| match note.number {
            0 => Err(Failure::unavailable("the database is away")),
            _ => Ok(()),
        },
    )
    .await;
    running.until(Outcome::Done, 1).await;
    assert!(started.elapsed() >= millis(100));
    let counts = running.close().await;
    assert_eq!((counts.of(Outcome::Dead), counts.of(Outcome::Retried)), (1, 0));
    let name = group.group_id().unwrap();
    let dead = &kafka.read(&format!("{topic}-{name}-dlt"), 1).await[0];
    let headers = event_schema::kafka::rdkafka039::Message::headers(dead).unwrap();
    let texts: Vec<_> = event_schema::kafka::rdkafka039::message::Headers::iter(headers)
        .filter_map(|header| header.value.map(|value| String::from_utf8_lossy(value).into_owned()))
        .collect();
    assert!(texts.iter().any(|text| text == "unavailable"), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_panics_runs_out_of_attempts_even_while_the_breaker_is_open() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..8).map(|number| note(&number.to_string(), number))).await;
    let service = Service::default();
    let settings = |runner: Runner<Note>| {
        let retry = quick(Retry::park()).attempts(3);
        runner.order(Order::Key).concurrency(2).retry(retry)
    };
    let running = Running::start(&kafka.group(), &topic, settings, {
        let service = service.clone();
        move |note| {
            assert!(note.number != 7, "as planned");
            Ok(service.store(note)?)
        }
    })
    .await;
    running.until(Outcome::Dead, 1).await;
    running.until(Outcome::Unavailable, 5).await;
    service.comes_back();
    running.until(Outcome::Done, 7).await;
    assert_eq!(running.close().await.of(Outcome::Dead), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_comes_when_the_handler_says() {
    let kafka = Kafka::start();
    for (retry, is_ordered) in [(Retry::in_place(), true), (Retry::topics(), false)] {
        let (topic, group) = (kafka.topic(1).await, kafka.group());
        kafka.create(&format!("{topic}-{}-retry-1", group.group_id().unwrap()), 1).await;
        kafka.publish(&topic, [note("a", 0)]).await;
        let times = Arc::new(Mutex::new(Vec::new()));
        let settings = |runner: Runner<Note>| {
            let runner = runner.retry(retry.attempts(2).backoff(millis(1), Duration::from_secs(30)));
            if is_ordered { runner } else { runner.unordered() }
        };
        let running = Running::start(&group, &topic, settings, {
            let times = Arc::clone(&times);
            move |note| {
                times.lock().unwrap().push(Instant::now());
                if note.attempt() == 1 { Err(Failure::retry_after(millis(400), "too many requests")) } else { Ok(()) }
            }
        })
        .await;
        running.until(Outcome::Done, 1).await;
        assert_eq!(running.close().await.to_string(), "1 done, 1 retried");
        let times = times.lock().unwrap();
        // The time of a retry topic is in milliseconds.
        assert!(times[1] - times[0] >= millis(395), "{:?}", times[1] - times[0]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_kind_of_failure_has_a_policy() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.put(&topic, "a", Some(b"no note")).await;
    kafka.publish(&topic, [note("a", 0), note("a", 1), note("a", 2)]).await;
    let settings = |runner: Runner<Note>| {
        runner
            .retry(Retry::never())
            .give_up_on(FailureKind::Invalid, GiveUp::Skip)
            .give_up_on(FailureKind::Failed, GiveUp::Stop)
            // In whichever order: these are the others.
            .give_up(GiveUp::DeadLetter)
    };
    let running = Running::start(&kafka.group(), &topic, settings, |note| match note.number {
        0 => Err(Failure::reject("no such product")),
        1 => Ok(()),
        _ => Err(Failure::retry("never")),
    })
    .await;
    let handle = running.handle.clone();
    let error = within(60, "end of the run", running.task).await.unwrap().unwrap_err();
    assert!(error.is_stopped(), "{error}");
    assert_eq!(handle.counts().to_string(), "1 done, 1 dead, 1 skipped");
}

//! Many messages at a time, with an outcome for each.

use std::time::Duration;

use crate::common::{Kafka, Note, note, until, within};
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::{
    DeadLetter, Delivery, EventConsumer, Failure, GiveUp, Order, Outcome, Received, Retry, Runner,
};
use event_schema::prelude::*;
use tokio::sync::Notify;

const WAIT: Duration = Duration::from_millis(300);

fn numbers<'a>(batch: impl Iterator<Item = &'a Received<Note>>) -> Vec<u32> {
    batch.filter_map(|received| Some(received.event()?.number)).collect()
}

#[tokio::test]
async fn each_message_of_a_batch_has_its_own_outcome() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let dead = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..4).map(|number| note("a", number))).await;
    kafka.put(&topic, "a", Some(b"{")).await;
    kafka.publish(&topic, (5..12).map(|number| note("a", number))).await;

    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let retry = Retry::in_place().backoff(Duration::from_millis(1), Duration::from_millis(2));
    let runner = consumer.runner().retry(retry).dead_letter(DeadLetter::new().topic(&dead));
    let mut batches = runner.batches().unwrap();
    let mut batch = within(20, "batch", batches.recv(6, Duration::from_secs(20))).await.unwrap();
    assert_eq!(batch.len(), 6);
    assert_eq!(numbers(batch.iter()), [0, 1, 2, 3, 5]);
    batch.fail(1, Failure::retry("not yet"));
    batch.fail(2, Failure::reject("never"));
    batch.finish();

    // The one to be tried again is first, and alone: the rest of its partition waits for it.
    let batch = within(20, "batch", batches.recv(6, WAIT)).await.unwrap();
    assert_eq!(numbers(batch.iter()), [1]);
    batch.finish();
    let batch = within(20, "batch", batches.recv(6, WAIT)).await.unwrap();
    assert_eq!(numbers(batch.iter()), (6..12).collect::<Vec<_>>());
    until(20, "dead letters", || batches.counts().of(Outcome::Dead) == 2).await;
    // As if the process ended: not said to be done.
    drop(batch);
    batches.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(6));

    let letters = kafka.read(&dead, 2).await;
    let mut values: Vec<_> = letters.iter().map(|letter| String::from_utf8_lossy(letter.payload().unwrap())).collect();
    values.sort();
    assert_eq!(values, ["{", r#"{"key":"a","number":2}"#]);
}

#[tokio::test]
async fn a_recv_that_is_dropped_loses_nothing() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut batches = consumer.runner().batches().unwrap();
    let long = Duration::from_secs(60);
    let dropped = tokio::time::timeout(Duration::from_secs(3), batches.recv(10, long)).await;
    assert!(dropped.is_err());
    let batch = within(20, "batch", batches.recv(10, WAIT)).await.unwrap();
    assert_eq!(numbers(batch.iter()), [0, 1, 2]);
    batch.finish();
    assert_eq!(batches.counts().done(), 3);
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn what_a_dropped_recv_took_is_not_committed_by_a_close() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let runner = consumer.runner().retry(Retry::never()).give_up(GiveUp::Skip);
    let mut batches = runner.batches().unwrap();
    let batch = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
    batch.finish();
    let dropped = tokio::time::timeout(Duration::from_secs(3), batches.recv(3, Duration::from_secs(60))).await;
    assert!(dropped.is_err());
    batches.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(1));
}

#[tokio::test]
async fn a_batch_of_a_consumer_that_has_stopped_is_an_error() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, [note("a", 0)]).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut batches = consumer.runner().give_up(GiveUp::Stop).batches().unwrap();
    let mut batch = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
    batch.fail(0, Failure::reject("never"));
    batch.finish();
    let error = within(20, "end", batches.recv(1, WAIT)).await.unwrap_err();
    assert_eq!(error.to_string(), format!("the consumer stopped at {topic}/0@0, which failed for good"));
}

#[tokio::test]
async fn what_is_in_no_batch_yet_does_not_hold_up_a_close() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let mut batches = consumer.runner().batches().unwrap();
    let (received, closed) = tokio::join!(batches.recv(10, Duration::from_secs(60)), async {
        until(20, "messages for a batch", || handle.buffered().messages == 3).await;
        within(5, "close", handle.close(Duration::from_secs(20))).await
    });
    closed.unwrap();
    assert!(received.unwrap_err().is_closed());
    assert_eq!(handle.counts().to_string(), "nothing");
    assert_eq!(kafka.committed(&group, &topic, 0).await, None);
}

#[tokio::test]
async fn the_time_of_a_message_begins_with_its_batch() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let retry = Retry::in_place().backoff(Duration::from_millis(1), Duration::from_millis(2));
    let runner = consumer.runner().retry(retry).handler_timeout(Duration::from_millis(500));
    let mut batches = runner.batches().unwrap();
    let batch = within(20, "batch", batches.recv(10, Duration::from_secs(2))).await.unwrap();
    assert_eq!(numbers(batch.iter()), [0, 1, 2]);
    assert_eq!(batches.counts().of(Outcome::Abandoned), 0);
    until(20, "end of the time", || batches.counts().of(Outcome::Abandoned) == 3).await;
    batch.finish();
    assert_eq!(batches.counts().done(), 0);
    let again = within(20, "batch", batches.recv(3, Duration::from_secs(20))).await.unwrap();
    assert_eq!(numbers(again.iter()), [0, 1, 2]);
    again.finish();
    assert_eq!(batches.counts().done(), 3);
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_dead_letter_is_sent_once_and_no_batch_waits_for_it() {
    let kafka = Kafka::start();
    let Some(embedded) = &kafka.embedded else { return };
    let topic = kafka.topic(1).await;
    let dead = kafka.topic(1).await;
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut batches = consumer.runner().dead_letter(DeadLetter::new().topic(&dead)).batches().unwrap();
    let mut batch = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
    batch.fail(0, Failure::reject("never"));
    batch.finish();
    let mut batch = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
    until(20, "a first letter", || batches.counts().of(Outcome::Dead) == 1).await;
    batch.fail(0, Failure::reject("never"));
    batch.finish();
    // The second cannot be sent for a while.
    embedded.broker_down();
    let batch = within(10, "batch without the letter", batches.recv(1, WAIT)).await.unwrap();
    assert_eq!(numbers(batch.iter()), [2]);
    batch.finish();
    for _ in 0..3 {
        let nothing = tokio::time::timeout(Duration::from_millis(100), batches.recv(1, WAIT)).await;
        assert!(nothing.is_err());
    }
    embedded.broker_up();
    until(30, "the second letter", || batches.counts().of(Outcome::Dead) == 2).await;
    batches.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(kafka.end(&dead, 0).await, 2);
}

#[tokio::test]
async fn a_close_sends_the_dead_letters_of_the_last_batch() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let dead = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..3).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let mut batches = consumer.runner().dead_letter(DeadLetter::new().topic(&dead)).batches().unwrap();
    let mut batch = within(20, "batch", batches.recv(3, Duration::from_secs(20))).await.unwrap();
    batch.fail(0, Failure::reject("never"));
    batch.finish();
    within(8, "close", batches.close(Duration::from_secs(20))).await.unwrap();
    assert_eq!(kafka.end(&dead, 0).await, 1);
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(3));
}

#[derive(Debug, Serialize, EventSchema)]
#[event(name = "note", post_load = trip)]
struct Trap {
    number: u32,
}

fn trip(trap: Trap) -> Result<Trap, Violation> {
    assert_ne!(trap.number, 1, "a mistake in a hook");
    if trap.number < 100 { Ok(trap) } else { Err(Violation::new("large")) }
}

#[tokio::test]
async fn a_load_that_panics_costs_its_own_message_only() {
    let kafka = Kafka::start();
    let (topic, dead) = (kafka.topic(1).await, kafka.topic(1).await);
    let group = kafka.group();
    kafka.publish(&topic, (0..4).map(|number| note("a", number))).await;

    let consumer = EventConsumer::<Trap>::subscribe_to(&group, &[&topic]).await.unwrap();
    let runner = consumer.runner().retry(Retry::never()).dead_letter(DeadLetter::new().topic(&dead));
    let mut batches = runner.batches().unwrap();
    // As long as it takes to be complete.
    let batch = within(20, "batch", batches.recv(4, Duration::MAX)).await.unwrap();
    let numbers: Vec<u32> = batch.iter().filter_map(|received| Some(received.event()?.number)).collect();
    assert_eq!(numbers, [0, 2, 3]);
    batch.finish();
    batches.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4));
    assert_eq!(kafka.read(&dead, 1).await[0].payload(), Some(&br#"{"key":"a","number":1}"#[..]));
}

#[tokio::test]
async fn no_more_of_a_partition_is_in_hand_than_the_span() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..5).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut batches = consumer.runner().span(2).batches().unwrap();
    for expected in [&[0, 1][..], &[2, 3], &[4]] {
        let batch = within(20, "batch", batches.recv(5, WAIT)).await.unwrap();
        assert_eq!(numbers(batch.iter()), expected);
        batch.finish();
    }
    batches.close(Duration::from_secs(10)).await.unwrap();
}

type Setting = fn(Runner<Note>) -> Runner<Note>;

#[tokio::test]
async fn settings_for_handlers_are_refused_by_name() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let settings: [(&str, Setting); 3] = [
        ("order", |runner| runner.order(Order::Partition)),
        ("concurrency", |runner| runner.concurrency(1)),
        ("on_tombstone", |runner| runner.on_tombstone(async |_: Delivery<()>| {})),
    ];
    for (name, setting) in settings {
        let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
        // Whatever comes behind it.
        let error = setting(consumer.runner()).unordered().give_up(GiveUp::Skip).batches().unwrap_err();
        assert!(error.is_config());
        assert_eq!(error.to_string(), format!("`{name}` is a setting of handlers and does not apply to batches"));
    }
    // What holds of batches anyway may be said.
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let batches = consumer.runner().unordered().batches().unwrap();
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_batch_that_is_dropped_comes_again_and_has_not_failed() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    kafka.publish(&topic, (0..6).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let runner = consumer.runner().retry(Retry::never()).give_up(GiveUp::Skip);
    let mut batches = runner.batches().unwrap();
    let long = Duration::from_secs(60);
    let batch = within(20, "batch", batches.recv(2, long)).await.unwrap();
    assert_eq!(numbers(batch.iter()), [0, 1]);
    // The rest is put by for a batch that is not complete.
    let waiting = tokio::time::timeout(Duration::from_millis(100), batches.recv(10, long)).await;
    assert!(waiting.is_err());
    drop(batch);
    let seen = Notify::new();
    let mut dropped = Vec::new();
    let work = async {
        let mut batch = within(20, "batch", batches.recv(3, long)).await.unwrap();
        dropped = numbers(batch.iter());
        batch.fail(0, Failure::reject("nobody hears of it"));
        seen.notify_one();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = work => unreachable!("it has no end"),
        () = seen.notified() => {}
    }
    assert_eq!(dropped, [0, 1, 2]);
    for expected in [0..4, 4..6] {
        let batch = within(20, "batch", batches.recv(expected.len(), long)).await.unwrap();
        assert_eq!(numbers(batch.iter()), expected.collect::<Vec<_>>());
        batch.finish();
    }
    assert_eq!(batches.counts().to_string(), "6 done, 5 abandoned");
    batches.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(6));
}

#[tokio::test]
async fn of_those_that_failed_together_the_first_is_received_first() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..40).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    // Chance alone would have the second before the first half of the time.
    let retry = Retry::in_place().backoff(Duration::from_millis(50), Duration::from_millis(50)).jitter(1.0);
    let mut batches = consumer.runner().retry(retry).batches().unwrap();
    for first in (0..40).step_by(5) {
        let mut batch = within(20, "batch", batches.recv(5, Duration::from_secs(20))).await.unwrap();
        assert_eq!(numbers(batch.iter()), (first..first + 5).collect::<Vec<_>>());
        batch.fail(1, Failure::retry("not yet"));
        batch.fail(3, Failure::retry("not yet"));
        batch.finish();
        let mut again = Vec::new();
        while again.len() < 2 {
            let batch = within(20, "batch", batches.recv(5, Duration::ZERO)).await.unwrap();
            again.extend(numbers(batch.iter()));
            batch.finish();
        }
        assert_eq!(again, [first + 1, first + 3]);
    }
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn batches_that_are_dropped_come_again_in_their_order() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..6).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut batches = consumer.runner().batches().unwrap();
    let mut dropped = Vec::new();
    for _ in 0..3 {
        dropped.push(within(20, "batch", batches.recv(2, Duration::from_secs(20))).await.unwrap());
    }
    // From the first on.
    dropped.into_iter().for_each(drop);
    for first in [0, 2, 4] {
        let batch = within(20, "batch", batches.recv(2, Duration::from_secs(20))).await.unwrap();
        assert_eq!(numbers(batch.iter()), [first, first + 1]);
        batch.finish();
    }
    assert_eq!(batches.counts().to_string(), "6 done, 6 abandoned");
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_batch_that_is_dropped_does_not_wait_for_a_later_message_that_failed() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..4).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let pause = Duration::from_secs(1);
    let mut batches = consumer.runner().retry(Retry::in_place().backoff(pause, pause)).batches().unwrap();
    let first = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
    let mut second = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
    assert_eq!((numbers(first.iter()), numbers(second.iter())), (vec![0], vec![1]));
    second.fail(0, Failure::retry("not yet"));
    second.finish();
    drop(first);
    for number in 0..4 {
        let batch = within(20, "batch", batches.recv(1, WAIT)).await.unwrap();
        assert_eq!(numbers(batch.iter()), [number]);
        batch.finish();
    }
    batches.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn what_a_cancelled_recv_has_taken_waits_for_what_failed_before_it() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.publish(&topic, (0..10).map(|number| note("a", number))).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let retry = Retry::in_place().backoff(Duration::from_millis(500), Duration::from_millis(500));
    let mut batches = consumer.runner().retry(retry).batches().unwrap();
    let mut batch = within(20, "batch", batches.recv(2, Duration::from_secs(20))).await.unwrap();
    // Takes the other eight, and is given up before there are more.
    let cancelled = tokio::time::timeout(WAIT, batches.recv(20, Duration::from_secs(60))).await;
    assert!(cancelled.is_err());
    batch.fail(1, Failure::retry("not yet"));
    batch.finish();
    let batch = within(20, "batch", batches.recv(20, Duration::ZERO)).await.unwrap();
    assert_eq!(numbers(batch.iter()), [1]);
    batch.finish();
    let mut rest = Vec::new();
    while rest.len() < 8 {
        let batch = within(20, "batch", batches.recv(20, Duration::ZERO)).await.unwrap();
        rest.extend(numbers(batch.iter()));
        batch.finish();
    }
    assert_eq!(rest, (2..10).collect::<Vec<_>>());
    batches.close(Duration::from_secs(10)).await.unwrap();
}

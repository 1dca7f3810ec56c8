//! Messages on a topic that are not for a consumer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Kafka, Note, note, until, within};
use event_schema::OtherEvent;
use event_schema::kafka::{Body, Counts, DeadLetter, Delivery, EventConsumer, MessageHead, Outcome, RunError, Runner};
use event_schema::prelude::*;

const DEADLINE: Duration = Duration::from_secs(10);

/// Another event, whose body is one of a [`Note`].
#[derive(Serialize, EventSchema)]
struct Memo {
    key: String,
    number: u32,
}

fn memo(number: u32) -> Memo {
    Memo { key: "a".to_owned(), number }
}

/// Two notes around two memos.
async fn mixed(kafka: &Kafka) -> String {
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    producer.send_to(&topic, &note("a", 0)).await.unwrap();
    producer.send_to(&topic, &memo(1)).await.unwrap();
    producer.send_to(&topic, &memo(2)).await.unwrap();
    producer.send_to(&topic, &note("a", 3)).await.unwrap();
    topic
}

/// Runs until so many messages have come to their end, and returns the numbers of those that were handled.
async fn handled(
    consumer: EventConsumer<Note>,
    settings: impl FnOnce(Runner<Note>) -> Runner<Note>,
    messages: u64,
) -> (Vec<u32>, Counts) {
    let handle = consumer.handle();
    let numbers = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&numbers);
    let handler = move |note: Delivery<Note>| {
        seen.lock().unwrap().push(note.number);
        std::future::ready(())
    };
    let running = tokio::spawn(settings(consumer.runner()).run(handler));
    until(60, "the last message", || handle.counts().iter().map(|(_, count)| count).sum::<u64>() >= messages).await;
    handle.close(DEADLINE).await.unwrap();
    let counts: Result<Counts, RunError> = within(10, "end of the run", running).await.unwrap();
    let numbers = numbers.lock().unwrap().clone();
    (numbers, counts.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_other_types_are_rejected_with_the_line_that_passes_over_them() {
    let kafka = Kafka::start();
    let (topic, dead) = (mixed(&kafka).await, kafka.topic(1).await);
    let consumer = EventConsumer::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let settings = |runner: Runner<Note>| runner.dead_letter(DeadLetter::new().topic(&dead));
    let (numbers, counts) = handled(consumer, settings, 4).await;
    assert_eq!((numbers, counts.to_string()), (vec![0, 3], "2 done, 2 dead".to_owned()));
    let mut letters = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&dead]).await.unwrap();
    let letter = within(20, "dead letter", letters.recv()).await.unwrap();
    let why = DeadLetter::read(letter.headers()).unwrap();
    let why = why.message().unwrap();
    assert!(why.contains("memo.v1") && why.contains("`runner().skip_other_types()`"), "{why}");
    letters.close(DEADLINE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_other_types_are_passed_over_and_counted_and_mistakes_are_not() {
    let kafka = Kafka::start();
    let topic = mixed(&kafka).await;
    kafka.put(&topic, "a", Some(b"no note")).await;
    let group = kafka.group();
    let consumer = EventConsumer::subscribe_to(&group, &[&topic]).await.unwrap();
    let (numbers, counts) = handled(consumer, Runner::skip_other_types, 5).await;
    assert_eq!((numbers, counts.to_string()), (vec![0, 3], "2 done, 1 dead, 2 ignored".to_owned()));
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_filter_decides_before_the_value_is_read() {
    let kafka = Kafka::start();
    let topic = mixed(&kafka).await;
    kafka.put(&topic, "b", Some(b"no note")).await;
    let consumer = EventConsumer::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let is_note = |message: &MessageHead<'_>| {
        assert!(message.to_string().contains("/0@"));
        message.event_type() == Some("note.v1") && message.offset() > 0
    };
    let (numbers, counts) = handled(consumer, |runner| runner.filter(is_note), 5).await;
    assert_eq!((numbers, counts.to_string()), (vec![3], "1 done, 4 ignored".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn batches_hold_neither_other_types_nor_what_is_filtered_out() {
    let kafka = Kafka::start();
    let topic = mixed(&kafka).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let runner = consumer.runner().skip_other_types().filter(|message| message.offset() > 0);
    let mut batches = runner.batches().unwrap();
    let batch = within(60, "batch", batches.recv(1, Duration::ZERO)).await.unwrap();
    let numbers: Vec<_> = batch.iter().map(|note| note.event().map(|note| note.number)).collect();
    assert_eq!(numbers, [Some(3)]);
    batch.finish();
    assert_eq!(batches.counts().to_string(), "1 done, 3 ignored");
    batches.close(DEADLINE).await.unwrap();
}

#[event_schema::event(types)]
enum Paper {
    Note(Note),
    Other(OtherEvent),
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catch_all_gets_what_the_other_variants_do_not() {
    let kafka = Kafka::start();
    let topic = mixed(&kafka).await;
    let mut consumer = EventConsumer::<Paper>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut seen = Vec::new();
    for _ in 0..4 {
        let received = within(20, "message", consumer.recv()).await.unwrap();
        seen.push(match received.into_body() {
            Body::Event(Paper::Note(note)) => note.number.to_string(),
            Body::Event(Paper::Other(other)) => other.event_type().to_owned(),
            _ => panic!("rejected"),
        });
    }
    assert_eq!(seen, ["0", "memo.v1", "memo.v1", "3"]);
    consumer.close(DEADLINE).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_not_handled_does_not_close_the_breaker() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    for number in 0..4 {
        producer.send_to(&topic, &note("a", number)).await.unwrap();
        producer.send_to(&topic, &memo(number)).await.unwrap();
    }
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let retry = event_schema::kafka::Retry::park().attempts(1);
    let retry = retry.backoff(Duration::from_millis(5), Duration::from_millis(20));
    let runner = consumer.runner().order(event_schema::kafka::Order::Key).skip_other_types().retry(retry);
    let running = tokio::spawn(runner.run(async |_: Delivery<Note>| Err::<(), _>(std::io::Error::other("away"))));
    until(60, "a probe", || handle.counts().of(Outcome::Unavailable) >= 10).await;
    assert_eq!(handle.counts().of(Outcome::Dead), 2);
    handle.close(DEADLINE).await.unwrap();
    within(10, "end of the run", running).await.unwrap().unwrap();
}

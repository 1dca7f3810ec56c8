//! Closing takes no longer than it may, whatever is under way.

use std::collections::BTreeSet;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use crate::common::{Kafka, Note, note, until, within};
use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, EventProducer};
use event_schema::prelude::*;
use event_schema::serde::Serializer;
use futures_util::future::{join, join_all};
use futures_util::{FutureExt, StreamExt};

const DEADLINE: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_consumer_closes_while_a_message_is_in_hand() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    for number in 0..100 {
        producer.send_to(&topic, &note("a", number)).await.unwrap();
    }
    let group = kafka.group();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let in_hand = within(20, "message", consumer.recv()).await.unwrap();

    let started = Instant::now();
    consumer.close(DEADLINE).await.unwrap();
    assert!(started.elapsed() < DEADLINE);
    assert_eq!(in_hand.event(), Some(&note("a", 0)));
    assert_eq!(kafka.committed(&group, &topic, 0).await, None);

    // It has left the group: the next member need not wait until its session is over, which
    // takes 45 seconds.
    let mut next = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    within(20, "message for the next member", next.recv()).await.unwrap();
    next.close(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_consumer_closes_whatever_it_was_doing() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    kafka.producer().await.send_to(&topic, &note("a", 0)).await.unwrap();

    // Not yet a member of its group.
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    consumer.close(DEADLINE).await.unwrap();

    // About to become one.
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(1), consumer.recv()).await;
    assert!(nothing.is_err());
    consumer.close(DEADLINE).await.unwrap();

    // With a commit that nobody waits for any more.
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    assert!(consumer.commit(&received).now_or_never().is_none());
    consumer.close(DEADLINE).await.unwrap();

    // While another task still waits for a topic that is not there.
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &["no-such-topic"]).await.unwrap();
    let nothing = tokio::time::timeout(Duration::from_millis(200), consumer.recv()).await;
    assert!(nothing.is_err(), "{nothing:?}");
    consumer.close(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_deadline_holds_when_the_broker_is_gone() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    producer.send_to("notes", &note("a", 0)).await.unwrap();
    let group = kafka.config().group("g");
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &["notes"]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    drop(kafka);

    let deadline = Duration::from_millis(500);
    let lost = note("a", 1);
    let unfinished = tokio::time::timeout(Duration::from_millis(50), producer.send_to("notes", &lost)).await;
    assert!(unfinished.is_err());
    let unfinished = tokio::time::timeout(Duration::from_millis(50), consumer.commit(&received)).await;
    assert!(unfinished.is_err());

    let started = Instant::now();
    let error = producer.close(deadline).await.unwrap_err();
    assert_eq!(error.to_string(), "not closed within 500ms, 1 event not acknowledged");
    let error = consumer.close(deadline).await.unwrap_err();
    assert!(error.to_string().starts_with("not closed within 500ms"), "{error}");
    // Whatever would wait for the broker waits for ten seconds and more.
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn dropping_does_not_block() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    producer.send_to("notes", &note("a", 0)).await.unwrap();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    drop(kafka);
    let lost = note("a", 1);
    let unfinished = tokio::time::timeout(Duration::from_millis(50), producer.send_to("notes", &lost)).await;
    assert!(unfinished.is_err());
    consumer.store_offset(&received).unwrap();

    // There is an event to deliver, an offset to commit and a group to leave, and no broker to do it with.
    let started = Instant::now();
    drop(consumer);
    drop(producer);
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
}

#[tokio::test]
async fn closing_a_producer_loses_nothing() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    // A queue that is full and a linger that is long: close has to wait for both.
    let config = kafka.config.clone().set("queue.buffering.max.messages", "20").set("linger.ms", "200");
    let producer = EventProducer::connect(&config).await.unwrap();
    let notes: Vec<Note> = (0..100).map(|number| note("a", number)).collect();
    let sends = join_all(notes.iter().map(|note| producer.send_to(&topic, note)));
    let close = async {
        producer.clone().close(Duration::from_secs(20)).await.unwrap();
        kafka.end(&topic, 0).await
    };
    // Polled in this order: all are on their way when it is closed.
    let (sent, stored) = join(sends, close).await;
    assert_eq!(stored, 100);
    let offsets: Vec<i64> = sent.into_iter().map(|sent| sent.unwrap().offset()).collect();
    assert_eq!(offsets, (0..100).collect::<Vec<_>>());
    assert!(producer.send_to(&topic, &note("a", 100)).await.unwrap_err().is_closed());
}

/// An event that is being written while something else happens.
#[derive(Serialize, EventSchema)]
struct Slow {
    #[serde(serialize_with = "slowly")]
    text: String,
}

static WRITING: Barrier = Barrier::new(2);

fn slowly<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    WRITING.wait();
    WRITING.wait();
    serializer.serialize_str(text)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_sent_behind_the_close() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    let slow = {
        let (producer, topic) = (producer.clone(), topic.clone());
        tokio::spawn(async move { producer.send_to(&topic, &Slow { text: "late".to_owned() }).await })
    };
    WRITING.wait();
    producer.close(Duration::from_secs(20)).await.unwrap();
    WRITING.wait();
    assert!(within(20, "answer", slow).await.unwrap().unwrap_err().is_closed());
    assert_eq!(kafka.end(&topic, 0).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whatever_is_sent_while_a_producer_closes_has_its_answer() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let mut sent = BTreeSet::new();
    for round in 0..20_u32 {
        // Sometimes full, so that there is somebody to wait for.
        let limit = if round % 2 == 0 { "100000" } else { "10" };
        let config = kafka.config.clone().set("linger.ms", "0").set("queue.buffering.max.messages", limit);
        let producer = EventProducer::connect(&config).await.unwrap();
        let start = |sender| send_until_closed(producer.clone(), topic.clone(), (round * 8 + sender) * 1000);
        let senders: Vec<_> = (0..8).map(|sender| tokio::spawn(start(sender))).collect();
        // Any moment will do, each round another.
        while producer.in_flight() < (round % 6) as usize {
            tokio::task::yield_now().await;
        }
        producer.close(Duration::from_secs(20)).await.unwrap();
        // Nothing comes behind what `close` has waited for.
        let stored = kafka.end(&topic, 0).await;
        for sender in senders {
            sent.extend(within(20, "answers", sender).await.unwrap());
        }
        assert_eq!(i64::try_from(sent.len()).unwrap(), stored, "round {round}");
    }
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let mut received = BTreeSet::new();
    for _ in 0..sent.len() {
        received.insert(within(20, "message", consumer.recv()).await.unwrap().event().unwrap().number);
    }
    assert_eq!(received, sent);
}

/// Sends in all ways, in turn. Gives the numbers of those that it was told are sent.
async fn send_until_closed(producer: EventProducer, topic: String, first: u32) -> Vec<u32> {
    let mut sent = Vec::new();
    for number in (first..first + 999).step_by(3) {
        let notes = [0, 1, 2].map(|more| note("a", number + more));
        // Nobody waits for its delivery.
        let enqueued = producer.message(&notes[0]).topic(&topic).enqueue().await.map(drop);
        let awaited = producer.send_to(&topic, &notes[1]).await.map(drop);
        let batch = producer.send_all_to(&topic, &notes[2..]).await.remove(0).map(drop);
        for (note, outcome) in notes.iter().zip([enqueued, awaited, batch]) {
            match outcome {
                Ok(()) => sent.push(note.number),
                Err(error) if error.is_closed() => assert!(error.is_not_sent()),
                Err(error) => panic!("{}: {error}", note.number),
            }
        }
        if !producer.is_ready() {
            return sent;
        }
    }
    panic!("nobody has closed it");
}

#[tokio::test]
async fn a_consumer_that_its_handle_has_closed_receives_no_more() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    within(20, "close", handle.close(Duration::from_secs(10))).await.unwrap();
    assert!(within(5, "error", consumer.recv()).await.unwrap_err().is_closed());
    assert!(within(5, "end of the stream", consumer.stream().next()).await.is_none());
}

#[tokio::test]
async fn a_run_ends_by_the_deadline_of_its_close_when_the_broker_is_gone() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 0)).await;
    // What is done is yet to be committed when the broker goes, and librdkafka waits long for it to come back.
    let group = kafka.config().group("g").set("session.timeout.ms", "30000");
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let runner = consumer.runner().commit_interval(Duration::from_secs(60));
    let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    until(20, "the note", || handle.counts().done() == 1).await;
    kafka.broker_down();

    let deadline = Duration::from_secs(1);
    let started = Instant::now();
    assert!(handle.close(deadline).await.is_err());
    let counts = within(10, "end of the run", running).await.unwrap().unwrap();
    assert!(started.elapsed() < 2 * deadline, "{:?}", started.elapsed());
    assert_eq!(counts.done(), 1);
}

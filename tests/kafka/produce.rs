//! What becomes of events that are sent: stored, certainly not, perhaps; and of a client that fails for good.

use std::time::Duration;

use crate::common::{Note, note, within};
use event_schema::kafka::{ApiKey, BrokerError, EmbeddedKafka, EventConsumer, EventProducer};
use futures_util::future::join_all;

async fn producer(kafka: &EmbeddedKafka) -> EventProducer {
    kafka.create_topic("notes", 1).unwrap();
    EventProducer::connect(&kafka.config().set("linger.ms", "0")).await.unwrap()
}

async fn stored(kafka: &EmbeddedKafka, count: usize) -> Vec<u32> {
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(within(20, "message", consumer.recv()).await.unwrap().event().unwrap().number);
    }
    consumer.close(Duration::from_secs(10)).await.unwrap();
    numbers
}

#[tokio::test]
async fn each_of_many_has_its_outcome() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let config = kafka.config().set("message.max.bytes", "2000");
    let producer = EventProducer::connect(&config).await.unwrap();
    // More than take their turn together.
    let mut notes: Vec<Note> = (0..2000).map(|number| note("a", number)).collect();
    notes[700].number = 2_000_000;
    notes[1500].key = "x".repeat(5000);
    let outcomes = within(20, "outcomes", producer.send_all_to("notes", &notes)).await;
    assert_eq!(outcomes.len(), notes.len());
    let mut offset = 0;
    for (number, outcome) in outcomes.into_iter().enumerate() {
        match (number, outcome) {
            (700, Err(error)) => assert!(error.is_invalid() && error.is_not_sent(), "{error}"),
            (1500, Err(error)) => assert!(error.is_too_large() && error.is_not_sent(), "{error}"),
            (_, outcome) => {
                assert_eq!(outcome.unwrap().offset(), offset, "{number}");
                offset += 1;
            }
        }
    }
    let nothing: [Note; 0] = [];
    assert!(within(5, "outcomes of none", producer.send_all_to("notes", &nothing)).await.is_empty());

    let clone = producer.clone();
    producer.close(Duration::from_secs(10)).await.unwrap();
    let outcomes = within(5, "outcomes", clone.send_all_to("notes", &notes[..2])).await;
    assert!(outcomes.iter().all(|outcome| outcome.as_ref().unwrap_err().is_closed()));
}

#[tokio::test]
async fn an_error_says_where_to_and_what_to_do() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let config = kafka.config().set("message.max.bytes", "2000").set("delivery.timeout.ms", "1500");
    let producer = EventProducer::connect(&config.set("linger.ms", "0")).await.unwrap();
    let secret = "4111111111111111".repeat(200);
    let error = producer.send_to("notes", &note(&secret, 1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not sent to `notes`: MessageSizeTooLarge (Broker: Message size too large); send a smaller event, or raise \
         `message.max.bytes` of the producer and `max.message.bytes` of the topic"
    );
    assert!(!format!("{error:?}").contains("4111"), "{error:?}");
    let error = producer.send_to("no\0tes", &note("a", 1)).await.unwrap_err();
    assert!(error.is_not_sent() && error.to_string().contains("the name of a topic has up to 249 letters"), "{error}");

    producer.send_to("notes", &note("a", 1)).await.unwrap();
    kafka.answer_after(Duration::from_secs(60));
    let error = within(20, "outcome", producer.send_to("notes", &note("a", 2))).await.unwrap_err();
    assert!(error.is_unknown(), "{error}");
    assert!(error.to_string().starts_with("sent to `notes` but not acknowledged, so it may be stored"), "{error}");
    // Another client takes the place of the one that does not know what is stored.
    kafka.answer_after(Duration::ZERO);
    within(20, "another client", producer.ready()).await;
    drop(kafka);
    let error = within(20, "outcome", producer.send_to("notes", &note("a", 3))).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "not sent to `notes`: MessageTimedOut (Local: Message timed out); no broker accepted it within \
         `delivery.timeout.ms`: check that its brokers are reachable and that the topic exists"
    );
}

#[tokio::test]
async fn what_is_enqueued_is_sent_though_nobody_waits_for_it() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    for number in 0..10 {
        drop(producer.message(&note("a", number)).topic("notes").enqueue().await.unwrap());
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(stored(&kafka, 10).await, (0..10).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_broker_that_refuses_for_a_while_is_asked_again() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    kafka.fail(ApiKey::Produce, &[BrokerError::NotEnoughReplicas; 3]);
    assert_eq!(producer.send_to("notes", &note("a", 1)).await.unwrap().offset(), 0);
    assert!(producer.is_ready());
}

#[tokio::test]
async fn a_broker_that_refuses_for_good_leaves_no_doubt() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    kafka.fail(ApiKey::Produce, &[BrokerError::MessageTooLarge]);
    let error = producer.send_to("notes", &note("a", 1)).await.unwrap_err();
    assert!(error.is_not_sent() && !error.is_fatal(), "{error}");
    assert_eq!(producer.send_to("notes", &note("a", 2)).await.unwrap().offset(), 0);
}

#[tokio::test]
async fn a_client_that_fails_for_good_is_made_anew() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    producer.send_to("notes", &note("a", 0)).await.unwrap();

    // Broker and client no longer agree on what is stored. A new client will have to wait for its first answer.
    kafka.answer_after(Duration::from_secs(1));
    kafka.fail(ApiKey::Produce, &[BrokerError::OutOfOrderSequenceNumber]);
    let error = within(20, "outcome", producer.send_to("notes", &note("a", 1))).await.unwrap_err();
    println!("{error}");
    assert!(error.is_unknown(), "{error}");

    assert!(!producer.is_ready());
    kafka.answer_after(Duration::ZERO);
    within(20, "a new client", producer.ready()).await;
    for number in 2..5 {
        within(20, "outcome", producer.send_to("notes", &note("a", number))).await.unwrap();
    }
    producer.close(Duration::from_secs(10)).await.unwrap();
    let numbers = stored(&kafka, 4).await;
    assert_eq!(numbers, [0, 2, 3, 4]);
}

#[tokio::test]
async fn events_on_their_way_when_a_client_fails_all_have_an_outcome() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    producer.send_to("notes", &note("a", 0)).await.unwrap();
    kafka.answer_after(Duration::from_millis(200));
    kafka.fail(ApiKey::Produce, &[BrokerError::OutOfOrderSequenceNumber]);

    let notes: Vec<Note> = (1..2001).map(|number| note("a", number)).collect();
    let (first, second) = notes.split_at(1000);
    let sends = join_all(first.iter().map(|note| producer.send_to("notes", note)));
    let batch = producer.send_all_to("notes", second);
    let (single, batch) = within(60, "outcomes", futures_util::future::join(sends, batch)).await;
    let failed: Vec<_> = single.into_iter().chain(batch).filter_map(Result::err).collect();
    assert!(!failed.is_empty());
    let unknown = failed.iter().filter(|error| error.is_unknown()).count();
    println!("{unknown} of {} unknown, else: {:?}", failed.len(), failed.iter().find(|error| error.is_not_sent()));
    assert!(unknown > 0);
}

#[tokio::test]
async fn a_message_goes_to_no_negative_partition() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    let error = producer.message(&note("a", 1)).topic("notes").partition(-1).send().await.unwrap_err();
    assert!(error.is_not_sent(), "{error}");
}

#[tokio::test]
async fn a_message_made_from_a_dead_letter_is_none() {
    let kafka = EmbeddedKafka::start().unwrap();
    let producer = producer(&kafka).await;
    kafka.create_topic("dead", 1).unwrap();
    let headers: [(&str, &[u8]); 5] = [
        ("tenant", b"7"),
        ("Content-Type", b"avro/binary"),
        ("kafka_dlt-original-topic", b"notes"),
        ("kafka_original-topic", b"notes"),
        ("retry_topic-attempts", &[0, 0, 0, 2]),
    ];
    kafka.publish_bytes("dead", None, Some(b"{\"key\": \"a\", \"number\": 1}"), &headers).await;
    let dead = kafka.received::<Note>("dead", 1).await.remove(0);
    let note = dead.event().unwrap();
    producer.message(note).topic("notes").headers(dead.headers()).send().await.unwrap();
    let again = kafka.received::<Note>("notes", 1).await.remove(0);
    let names: Vec<_> = again.headers().iter().map(|(name, _)| name).filter(|name| !name.starts_with("ce_")).collect();
    assert_eq!(names, ["tenant", "content-type"]);
}

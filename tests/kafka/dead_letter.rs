//! What cannot be loaded is kept in the dead letter topic, with no setting at all.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::common::log::{Log, lines};
use crate::common::{Kafka, Note, note, until};
use event_schema::kafka::rdkafka039::Message;
use event_schema::kafka::rdkafka039::message::{Header, Headers, OwnedHeaders};
use event_schema::kafka::rdkafka039::producer::{FutureProducer, FutureRecord};
use event_schema::kafka::{DeadLetter, Delivery, EventConsumer, Outcome};
use event_schema::prelude::*;
use event_schema::serde_json;
use tracing::Level;

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_message_is_kept_and_the_consumer_goes_on() {
    let _ = tracing::subscriber::set_global_default(Log);
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let group = kafka.group();
    let dead = format!("{topic}-{}-dlt", group.group_id().unwrap());
    kafka.publish(&topic, [note("a", 0)]).await;
    let poison: &[u8] = br#"{"key": "hush", "number": 87654321}"#;
    kafka.put(&topic, "a", Some(poison)).await;
    kafka.put(&topic, "b", Some(b"\xff\x00")).await;
    kafka.publish(&topic, [note("a", 3)]).await;

    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    until(60, "end of the topic", || handle.counts().done() == 2).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    let counts = running.await.unwrap().unwrap();
    assert_eq!(counts.to_string(), "2 done, 2 dead");
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4));

    let letters = kafka.read(&dead, 2).await;
    // Other partitions may be read in another order.
    let letter = letters.iter().find(|letter| letter.key() == Some(b"a")).unwrap();
    assert_eq!(letter.payload(), Some(poison));
    assert_eq!(letter.partition(), 0);
    let headers = letter.headers().unwrap();
    let header = |name: &str| headers.iter().find(|header| header.key == name).and_then(|header| header.value);
    assert_eq!(header("kafka_dlt-original-topic"), Some(topic.as_bytes()));
    assert_eq!(header("kafka_dlt-original-partition"), Some(&0_i32.to_be_bytes()[..]));
    assert_eq!(header("kafka_dlt-original-offset"), Some(&1_i64.to_be_bytes()[..]));
    let letter = letters.iter().find(|letter| letter.key() == Some(b"b")).unwrap();
    assert_eq!(letter.payload(), Some(&b"\xff\x00"[..]));

    // One line for each, which says where and what, and no value.
    let lines = lines(&format!("{topic}/0@"));
    assert_eq!(lines.len(), 2, "{lines:#?}");
    assert_eq!(lines[0].0, Level::WARN);
    assert!(lines[0].1.starts_with(&format!("{topic}/0@1: sent to `{dead}`: ")), "{}", lines[0].1);
    assert!(lines[0].1.contains("number: Must be less than or equal to 1000000."), "{}", lines[0].1);
    assert!(!lines[0].1.contains("87654321") && !lines[0].1.contains("hush"), "{}", lines[0].1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_poison_messages_in_a_row() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let dead = kafka.topic(1).await;
    let group = kafka.group();
    kafka.put_all(&topic, (0..1000).map(|number| format!("{{{number}"))).await;
    kafka.publish(&topic, [note("a", 0)]).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let started = Instant::now();
    let running =
        tokio::spawn(consumer.runner().dead_letter(DeadLetter::new().topic(&dead)).run(async |_: Delivery<Note>| {}));
    until(60, "the good one", || handle.counts().done() == 1).await;
    println!("1,000 dead letters in {:?}", started.elapsed());
    handle.close(Duration::from_secs(10)).await.unwrap();
    let counts = running.await.unwrap().unwrap();
    assert_eq!((counts.done(), counts.of(Outcome::Dead)), (1, 1000));
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(1001));
    let letters = kafka.read(&dead, 1000).await;
    for (number, letter) in letters.iter().enumerate() {
        assert_eq!(letter.payload(), Some(format!("{{{number}").as_bytes()));
    }
}

/// A zero byte, a schema id, and then the value: it is no JSON, and the reason says what it is.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_with_confluents_framing_is_called_so() {
    let _ = tracing::subscriber::set_global_default(Log);
    let kafka = Kafka::start();
    let (topic, dead) = (kafka.topic(1).await, kafka.topic(1).await);
    kafka.put(&topic, "a", Some(b"\0\0\0\0\x07{\"key\": \"a\", \"number\": 1}")).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let runner = consumer.runner().dead_letter(DeadLetter::new().topic(&dead));
    let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    until(60, "dead letter", || handle.counts().of(Outcome::Dead) == 1).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();

    let reason = "not plain JSON but framed by Confluent's serializers, with schema id 7: ";
    let letters = kafka.read(&dead, 1).await;
    let headers = letters[0].headers().unwrap();
    let message = headers.iter().find(|header| header.key == "kafka_dlt-exception-message").unwrap().value.unwrap();
    assert!(message.starts_with(reason.as_bytes()), "{}", String::from_utf8_lossy(message));
    let line = lines(&format!("{topic}/0@0: sent to `{dead}`: {reason}"));
    assert_eq!(line.len(), 1, "{:?}", lines(&topic));
}

#[derive(Debug, Serialize, EventSchema)]
#[serde(deny_unknown_fields)]
struct Account {
    balances: BTreeMap<String, u32>,
    #[validate(custom(function = quotes))]
    owner: String,
}

fn quotes(owner: &str) -> Result<(), Violation> {
    Err(Violation::new("closed").with_message(format!("{owner} has no account")))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_redacted_names_nothing_that_the_message_alone_has() {
    let _ = tracing::subscriber::set_global_default(Log);
    let kafka = Kafka::start();
    let (topic, dead) = (kafka.topic(1).await, kafka.topic(1).await);
    let structured = ("content-type", "application/cloudevents+json");
    let messages = [
        (r#"{"balances": {"DE4711": -1}, "owner": "Ada", "iban-DE4711": 1}"#, ("x", "y")),
        (r#"{"specversion": "1.0", "id": "1", "source": "/a", "type": "DE4711.v1", "data": {}}"#, structured),
        (r#"{"specversion": "1.0", "id": "1", "source": "/a", "type": "account", "DE-4711": 1}"#, structured),
    ];
    let producer: FutureProducer = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
    for (value, (key, header)) in messages {
        let headers = OwnedHeaders::new().insert(Header { key, value: Some(header) });
        let record: FutureRecord<'_, str, str> = FutureRecord::to(&topic).payload(value).headers(headers);
        producer.send(record, Duration::from_secs(20)).await.unwrap();
    }

    let consumer = EventConsumer::<Account>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let dead_letter = DeadLetter::new().topic(&dead).redact();
    let running = tokio::spawn(consumer.runner().dead_letter(dead_letter).run(async |_: Delivery<Account>| {}));
    until(60, "dead letters", || handle.counts().of(Outcome::Dead) == 3).await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    running.await.unwrap().unwrap();

    let letters = kafka.read(&dead, 3).await;
    let mut told = lines(&topic).into_iter().map(|(_, line)| line).collect::<Vec<_>>();
    assert!(told.len() >= 3, "{told:#?}");
    for letter in &letters {
        let headers = letter.headers().unwrap().iter();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        told.extend(headers.map(|header| format!("{}: {}", header.key, text(header.value.unwrap_or_default()))));
        told.push(text(letter.payload().unwrap()));
    }
    for secret in ["4711", "Ada"] {
        assert!(!told.iter().any(|text| text.contains(secret)), "{told:#?}");
    }

    // What is wrong, and where, is told all the same.
    let headers = letters[0].headers().unwrap();
    let violations = headers.iter().find(|header| header.key == "event-schema-violations").unwrap().value.unwrap();
    let violations: serde_json::Value = serde_json::from_slice(violations).unwrap();
    let found: Vec<_> =
        violations["violations"].as_array().unwrap().iter().map(|one| [&one["pointer"], &one["code"]]).collect();
    assert_eq!(found, [["/balances/***", "range"], ["/owner", "closed"], ["/***", "unknown"]]);
}

//! Spring Kafka reads our dead letters, and we read Spring's.
//!
//! Needs `EVENT_SCHEMA_TEST_SPRING`, a folder with the jars of `tests/kafka/java/pom.xml`, java, and a real broker
//! without passwords: `EVENT_SCHEMA_TEST_KAFKA`.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::common::{Kafka, Message, Note, note, properties, until, within};
use event_schema::kafka::rdkafka039::{Message as _, Timestamp};
use event_schema::kafka::{DeadLetter, Delivery, EventConsumer, Outcome};
use event_schema::serde_json;

const DEADLINE: Duration = Duration::from_secs(10);

/// The jars, if there is all that these tests need.
fn spring() -> Option<OsString> {
    let jars = env::var_os("EVENT_SCHEMA_TEST_SPRING").filter(|folder| !folder.is_empty());
    if jars.is_none() || properties().is_none() {
        eprintln!("skipped: no Spring Kafka, or no real broker");
        return None;
    }
    jars
}

/// What `DeadLetters.java` prints about a topic.
async fn spring_does(what: &str, jars: OsString, topic: &str, count: usize) -> Vec<String> {
    let text = fs::read_to_string(properties().unwrap()).unwrap();
    let servers = text.lines().find_map(|line| line.strip_prefix("bootstrap.servers=")).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kafka/java/DeadLetters.java");
    let mut classes = jars;
    classes.push("/*");
    let mut java = tokio::process::Command::new("java");
    java.arg("-cp").arg(classes).arg(program).args([what, servers, topic, &count.to_string()]);
    let output = java.stdin(Stdio::null()).stderr(Stdio::inherit()).kill_on_drop(true).output();
    let output = within(90, "end of the Java program", output).await.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}: {printed}", output.status);
    printed.lines().map(str::to_owned).collect()
}

fn millis(message: &Message) -> i64 {
    match message.timestamp() {
        Timestamp::CreateTime(time) => time,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn spring_reads_our_dead_letters() {
    let Some(jars) = spring() else { return };
    let kafka = Kafka::start();
    let topic = kafka.topic(3).await;
    let group = kafka.group();
    let dead = DeadLetter::new().topic_of(&topic, group.group_id().unwrap());
    kafka.create(&dead, 3).await;
    // One that is good, in front of each that is not.
    kafka.publish(&topic, ["a", "b"].map(|key| note(key, 1))).await;
    let broken = [
        ("a", r#"{"key": 7, "number": 87654321}"#, "2 violations; "),
        ("b", r#"{"key": "#, "truncated JSON: EOF while parsing a value at line 1 column 8"),
    ];
    for (key, value, _) in broken {
        kafka.put(&topic, key, Some(value.as_bytes())).await;
    }

    let consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.run(async |_: Delivery<Note>| {}));
    until(60, "two dead letters", || handle.counts().of(Outcome::Dead) == 2).await;
    handle.close(DEADLINE).await.unwrap();
    running.await.unwrap().unwrap();

    let originals = kafka.read(&topic, 4).await;
    let printed = spring_does("read", jars, &dead, 2).await;
    let mut letters: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    let mut letter = BTreeMap::new();
    for line in &printed {
        match line.split('\t').collect::<Vec<_>>()[..] {
            ["header", name, value] => {
                letter.insert(name, value);
            }
            ["key", key] => {
                letter.insert("key", key);
            }
            ["value", value] => {
                letter.insert("value", value);
                letters.insert(letter["key"], std::mem::take(&mut letter));
            }
            _ => panic!("{line}"),
        }
    }
    for (key, value, fault) in broken {
        let letter = &letters[key];
        let original = originals.iter().find(|message| message.payload() == Some(value.as_bytes())).unwrap();
        assert_eq!(letter["value"], value);
        assert_eq!(letter["kafka_dlt-original-topic"], topic);
        assert_eq!(letter["kafka_dlt-original-partition"], original.partition().to_string());
        assert_eq!(letter["kafka_dlt-original-offset"], original.offset().to_string());
        assert_eq!(letter["kafka_dlt-original-timestamp"], millis(original).to_string());
        assert_eq!(letter["kafka_dlt-original-timestamp-type"], "CreateTime");
        assert_eq!(letter["kafka_dlt-original-consumer-group"], group.group_id().unwrap());
        assert_eq!(letter["kafka_dlt-exception-fqcn"], "event_schema::LoadError");
        assert!(letter["kafka_dlt-exception-message"].starts_with(fault), "{letter:?}");
        assert!(letter["kafka_dlt-exception-stacktrace"].starts_with(fault.trim_end_matches("; ")));
    }
    let violations: serde_json::Value = serde_json::from_str(letters["a"]["event-schema-violations"]).unwrap();
    let pointers: Vec<_> = violations["violations"].as_array().unwrap().iter().map(|one| &one["pointer"]).collect();
    assert_eq!(pointers, ["/key", "/number"]);
    assert!(!letters["b"].contains_key("event-schema-violations"));
}

#[tokio::test(flavor = "multi_thread")]
async fn we_read_springs_dead_letters() {
    let Some(jars) = spring() else { return };
    let kafka = Kafka::start();
    // Of the recoverer, and of a `@RetryableTopic`.
    for what in ["refuse", "retry"] {
        let topic = kafka.topic(2).await;
        let dead = format!("{topic}-dlt");
        kafka.create(&dead, 2).await;
        kafka.create(&format!("{topic}-retry"), 2).await;
        let notes: Vec<Note> = (0..4).map(|number| note(&number.to_string(), number)).collect();
        kafka.publish(&topic, notes.clone()).await;
        spring_does(what, jars.clone(), &topic, notes.len()).await;

        let originals = kafka.read(&topic, notes.len()).await;
        let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&dead]).await.unwrap();
        let mut read = Vec::new();
        for _ in &notes {
            let received = within(30, "dead letter", consumer.recv()).await.unwrap();
            let event = received.event().unwrap().clone();
            let original = originals.iter().find(|message| message.key() == Some(event.key.as_bytes())).unwrap();
            let letter = DeadLetter::read(received.headers()).unwrap();
            assert_eq!(letter.topic(), topic);
            assert_eq!((letter.partition(), letter.offset()), (original.partition(), original.offset()));
            let time = letter.timestamp().unwrap().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap();
            assert_eq!(i64::try_from(time.as_millis()).unwrap(), millis(original));
            assert_eq!(letter.group(), Some("spring-billing"));
            assert_eq!(letter.exception(), Some("java.lang.IllegalStateException"));
            assert!(letter.message().unwrap().contains("out of stock"), "{:?}", letter.message());
            assert!(letter.stacktrace().unwrap().contains("at "), "{:?}", letter.stacktrace());
            assert!(letter.violations().is_none() && !letter.is_pointer());
            read.push(event);
        }
        consumer.close(DEADLINE).await.unwrap();
        read.sort_by_key(|note| note.number);
        assert_eq!(read, notes);
    }
}

use rdkafka::consumer::{Consumer, StreamConsumer};
use std::time::Duration;

use rdkafka::message::{Message, Timestamp};
use serde_json::Value;

use super::cause::Cause;
use super::dead_letter::*;
use super::dead_message::DeadMessage;
use super::headers::EXCEPTION;
use super::retry::*;
use crate::LoadError;
use crate::kafka::client::native;
use crate::kafka::message::*;
use crate::kafka::{EmbeddedKafka, EventProducer};
use crate::load::{self, LoadOptions};

const VALUE: &[u8] = br#"["x4711", 90210, "4111111111111111"]"#;

/// The derive is not for use inside of the crate: a list of small numbers is the event here.
fn refused(value: &[u8]) -> LoadError {
    load::from_json::<Vec<u8>>(value, &LoadOptions::new()).unwrap_err()
}

fn headers(headers: &[(&str, &[u8])]) -> Headers {
    headers.iter().map(|(name, value)| (*name, Some(*value))).collect()
}

const ORIGIN: Origin<'_> = Origin {
    topic: "orders",
    partition: 2,
    offset: 0x0102_0304_0506,
    timestamp: Timestamp::CreateTime(1_700_000_000_123),
};

fn original(headers: &Headers) -> Original<'_> {
    Original { origin: ORIGIN, key: Some(b"k-1"), value: Some(VALUE), headers }
}

fn text(value: Option<&[u8]>) -> String {
    String::from_utf8_lossy(value.unwrap()).into_owned()
}

/// Byte for byte what Spring Kafka's `DeadLetterPublishingRecoverer` writes for the same message, but for
/// class, text and trace of the error.
#[test]
fn a_dead_letter_has_springs_headers() {
    let before = headers(&[("ce_id", b"7"), ("tenant", b"t-1")]);
    let error = refused(VALUE);
    let cause = Cause::rejected(&error, None);
    let record = DeadLetter::new().record(&original(&before), "billing", &cause, Form::Full);

    assert_eq!((&*record.topic, record.partition), ("orders-billing-dlt", Some(2)));
    assert_eq!((record.key.as_deref(), record.value.as_deref()), (Some(&b"k-1"[..]), Some(VALUE)));
    let all: Vec<_> = record.headers.iter().collect();
    let fixed: [(usize, &str, &[u8]); 9] = [
        (0, "ce_id", b"7"),
        (1, "tenant", b"t-1"),
        (2, "kafka_dlt-exception-fqcn", b"event_schema::LoadError"),
        (5, "kafka_dlt-original-topic", b"orders"),
        (6, "kafka_dlt-original-partition", &[0, 0, 0, 2]),
        (7, "kafka_dlt-original-offset", &[0, 0, 1, 2, 3, 4, 5, 6]),
        (8, "kafka_dlt-original-timestamp", &[0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x7b]),
        (9, "kafka_dlt-original-timestamp-type", b"CreateTime"),
        (10, "kafka_dlt-original-consumer-group", b"billing"),
    ];
    for (place, name, value) in fixed {
        assert_eq!(all[place], (name, Some(value)), "{name}");
    }
    assert_eq!(all[3].0, "kafka_dlt-exception-message");
    let message = text(all[3].1);
    assert!(
        message.starts_with("3 violations; ")
            && message.contains("[1]: Must be greater than or equal to 0 and less than or equal to 255."),
        "{message}"
    );
    assert_eq!(all[4].0, "kafka_dlt-exception-stacktrace");
    assert!(
        text(all[4].1).contains("[1]: Must be greater than or equal to 0 and less than or equal to 255."),
        "{}",
        text(all[4].1)
    );
    assert_eq!(all[11].0, "event-schema-violations");
    let violations: Value = serde_json::from_slice(all[11].1.unwrap()).unwrap();
    assert_eq!(violations["omitted"], 0);
    let pointers: Vec<_> =
        violations["violations"].as_array().unwrap().iter().map(|one| one["pointer"].clone()).collect();
    assert_eq!(pointers, ["/0", "/1", "/2"]);
    assert_eq!(all.len(), 12);

    for (name, value) in all {
        for quoted in ["4711", "90210", "4111"] {
            assert!(!text(value).contains(quoted), "{name} quotes the value: {}", text(value));
        }
    }
}

#[test]
fn it_says_what_it_was_told() {
    let before = headers(&[]);
    let error = refused(VALUE);
    let record = DeadLetter::new().record(&original(&before), "billing", &Cause::rejected(&error, None), Form::Full);
    let dead = DeadMessage::read(&record.headers).unwrap();
    assert_eq!((dead.topic(), dead.partition(), dead.offset()), ("orders", 2, 0x0102_0304_0506));
    assert_eq!(dead.timestamp(), time(1_700_000_000_123));
    assert_eq!((dead.group(), dead.exception()), (Some("billing"), Some("event_schema::LoadError")));
    assert!(dead.message().unwrap().starts_with("3 violations; "), "{dead:?}");
    assert_eq!(dead.violations().unwrap()["violations"][1]["code"], "range");
    assert!(!dead.is_pointer());
    assert_eq!(Origin::read(&record.headers), Some(ORIGIN));
}

#[test]
fn springs_own_are_read_with_the_cause_that_its_wrapping_hides() {
    let spring = headers(&[
        ("kafka_dlt-exception-fqcn", b"org.springframework.kafka.listener.ListenerExecutionFailedException"),
        ("kafka_dlt-exception-cause-fqcn", b"java.lang.IllegalStateException"),
        ("kafka_dlt-exception-message", b"Listener failed"),
        ("kafka_dlt-exception-stacktrace", b"org.spring..."),
        ("kafka_dlt-original-topic", b"orders"),
        ("kafka_dlt-original-partition", &[0, 0, 0, 1]),
        ("kafka_dlt-original-offset", &[0, 0, 0, 0, 0, 0, 0, 9]),
        ("kafka_dlt-original-timestamp", &[0xff; 8]),
        ("kafka_dlt-original-timestamp-type", b"NoTimestampType"),
        ("kafka_dlt-original-consumer-group", b"g"),
    ]);
    let dead = DeadMessage::read(&spring).unwrap();
    assert_eq!((dead.topic(), dead.partition(), dead.offset()), ("orders", 1, 9));
    assert_eq!((dead.timestamp(), dead.group()), (None, Some("g")));
    assert_eq!(dead.exception(), Some("java.lang.IllegalStateException"));
    assert_eq!((dead.message(), dead.stacktrace()), (Some("Listener failed"), Some("org.spring...")));

    // These messages are no dead letters; some claim to be.
    assert_eq!(DeadMessage::read(&headers(&[])), None);
    let broken = [("kafka_dlt-original-topic", &b"t"[..]), ("kafka_dlt-original-partition", b"1")];
    assert_eq!(DeadMessage::read(&headers(&broken)), None);
    assert_eq!(Origin::read(&headers(&broken)), None);
}

#[test]
fn those_of_a_retryable_topic_are_read_and_what_waits_for_a_retry_of_ours_is_no_dead_letter() {
    let retried = headers_for_retry(&headers(&[]), &ORIGIN, "billing", 2, 0);
    assert_eq!(DeadMessage::read(&retried), None);
    let mut spring = retried;
    for (name, value) in [
        ("kafka_dlt-original-consumer-group", "g"),
        ("kafka_exception-fqcn", "org.springframework.kafka.listener.ListenerExecutionFailedException"),
        ("kafka_exception-cause-fqcn", "java.lang.IllegalStateException"),
        ("kafka_exception-message", "Listener failed"),
        ("kafka_exception-stacktrace", "org.spring..."),
    ] {
        spring.push(name, Some(value.as_bytes()));
    }
    let dead = DeadMessage::read(&spring).unwrap();
    assert_eq!((dead.topic(), dead.partition(), dead.offset()), ("orders", 2, ORIGIN.offset));
    assert_eq!((dead.timestamp(), dead.group()), (time(1_700_000_000_123), Some("g")));
    assert_eq!(dead.exception(), Some("java.lang.IllegalStateException"));
    assert_eq!((dead.message(), dead.stacktrace()), (Some("Listener failed"), Some("org.spring...")));
}

/// A sender may fill the headers of a message up to the limit of the brokers: the smaller forms do not keep them.
#[test]
fn what_came_with_a_message_does_not_keep_the_forms_from_shrinking() {
    let long = vec![b'x'; 1_000_000];
    let names = ["ce_id", "ce_type", "content-type", "ce_id", "kafka_dlt-original-topic", "kafka_dlt-original-offset"];
    let before = headers(&names.map(|name| (name, &long[..])));
    let error = refused(VALUE);
    let original = Original { value: Some(VALUE), ..original(&before) };
    let others = (0..10_000).map(|_| ("ce_id", Some(&b"7"[..])));
    let many: Headers = before.iter().chain(others).collect();
    let record = DeadLetter::new().record(
        &Original { headers: &many, ..original },
        "billing",
        &Cause::rejected(&error, None),
        Form::Minimal,
    );
    assert_eq!(record.headers.iter().filter(|(name, _)| *name == "ce_id").count(), 1);
    for form in [Form::Minimal, Form::Pointer] {
        let record = DeadLetter::new().record(&original, "billing", &Cause::rejected(&error, None), form);
        let size: usize = record.headers.iter().map(|(name, value)| name.len() + value.unwrap().len()).sum();
        assert!(size < 1000, "{size}");
    }
}

#[test]
fn the_forms_shrink() {
    let long = "x".repeat(3000);
    let before = headers(&[
        ("ce_id", b"7"),
        ("ce_type", b"order.v1"),
        ("ce_source", b"/a"),
        ("content-type", b"application/json"),
        ("tenant", long.as_bytes()),
    ]);
    let error = refused(VALUE);
    let size = |record: &ProducerRecord| {
        let headers: usize = record.headers.iter().map(|(name, value)| name.len() + value.unwrap().len()).sum();
        headers + record.key.as_deref().map_or(0, <[u8]>::len) + record.value.as_deref().map_or(0, <[u8]>::len)
    };
    let big = vec![b' '; 1_000_000];
    let original = Original { value: Some(&big), key: Some(long.as_bytes()), ..original(&before) };
    let [full, brief, minimal, pointer] =
        Form::ALL.map(|form| DeadLetter::new().record(&original, "billing", &Cause::rejected(&error, None), form));
    assert!(size(&full) > size(&brief) + 50, "{} {}", size(&full), size(&brief));
    assert!(size(&brief) > size(&minimal) + 2900 && size(&minimal) > size(&pointer) + 1_000_000);
    assert!(size(&pointer) < 1000, "{}", size(&pointer));

    assert_eq!((&brief.value, &brief.key), (&full.value, &full.key));
    let texts = ["kafka_dlt-exception-message", "kafka_dlt-exception-stacktrace", "event-schema-violations"];
    let without: Headers = full.headers.iter().filter(|(name, _)| !texts.contains(name)).collect();
    assert_eq!(full.headers.len(), without.len() + texts.len());
    assert_eq!(brief.headers, without);

    assert_eq!((&minimal.value, &minimal.key), (&full.value, &full.key));
    let names: Vec<_> = minimal.headers.iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "ce_id",
            "ce_type",
            "ce_source",
            "content-type",
            "event-schema-omitted-headers",
            "kafka_dlt-exception-fqcn",
            "kafka_dlt-original-topic",
            "kafka_dlt-original-partition",
            "kafka_dlt-original-offset",
            "kafka_dlt-original-timestamp",
            "kafka_dlt-original-timestamp-type",
            "kafka_dlt-original-consumer-group",
        ]
    );
    assert_eq!(pointer.key, None);
    assert_eq!(
        pointer.value.as_deref(),
        Some(&br#"{"offset":1108152157446,"partition":2,"size":1000000,"topic":"orders"}"#[..])
    );
    for (record, omitted) in [(&full, 0), (&brief, 0), (&minimal, 1), (&pointer, 1)] {
        let dead = DeadMessage::read(&record.headers).unwrap();
        assert_eq!(dead.omitted_headers(), omitted);
        assert_eq!((dead.topic(), dead.offset(), dead.group()), ("orders", ORIGIN.offset, Some("billing")));
        assert_eq!(dead.is_pointer(), record == &pointer);
        // A message without an id is known by its first place and time.
        assert_eq!(Origin::read(&record.headers), Some(ORIGIN));
        assert_eq!(record.headers.get("ce_id"), Some(&b"7"[..]));
    }
}

/// Some clients write it as in HTTP. The last counts, as for the other headers.
#[test]
fn a_small_letter_has_the_type_of_its_content_in_any_case() {
    let before = headers(&[("content-type", b"text/plain"), ("Content-Type", b"avro/binary"), ("CE_ID", b"7")]);
    for form in [Form::Minimal, Form::Pointer] {
        let record = DeadLetter::new().record(&original(&before), "billing", &Cause::panicked("x"), form);
        assert_eq!(record.headers.iter().next(), Some(("Content-Type", Some(&b"avro/binary"[..]))));
        assert_eq!(DeadMessage::read(&record.headers).unwrap().omitted_headers(), 2);
    }
}

#[test]
fn texts_and_violations_are_bounded() {
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Failure(String, #[source] Option<Box<Failure>>);

    let deep = (0..1000).fold(None, |inner, number| Some(Box::new(Failure(format!("é{number}"), inner))));
    let error = Failure("é".repeat(10_000), deep);
    let before = headers(&[]);
    let record = DeadLetter::new().record(&original(&before), "g", &Cause::failed("my::Failure", &error), Form::Full);
    let dead = DeadMessage::read(&record.headers).unwrap();
    assert_eq!(dead.exception(), Some("my::Failure"));
    assert_eq!(dead.message().unwrap(), "é".repeat(2048));
    assert!(dead.stacktrace().unwrap().len() <= 4096);

    let short = Failure("outer".to_owned(), Some(Box::new(Failure("inner".to_owned(), None))));
    let record = DeadLetter::new().record(&original(&before), "g", &Cause::failed("F", &short), Form::Full);
    let dead = DeadMessage::read(&record.headers).unwrap();
    assert_eq!((dead.message(), dead.stacktrace()), (Some("outer"), Some("F: outer\nCaused by: inner")));

    let error = refused(format!("[{}]", vec!["-1"; 5000].join(",")).as_bytes());
    let record = DeadLetter::new().record(&original(&before), "g", &Cause::rejected(&error, None), Form::Full);
    let json = record.headers.get("event-schema-violations").unwrap();
    assert!(json.len() < 9 * 1024, "{}", json.len());
    let violations: Value = serde_json::from_slice(json).unwrap();
    let kept = violations["violations"].as_array().unwrap().len();
    assert!(kept > 10);
    assert_eq!(violations["omitted"], 5000 - kept);

    for (cause, class, message) in [
        (Cause::panicked("index out of bounds"), "panic", "index out of bounds"),
        (Cause::timed_out(Duration::from_secs(3)), "timeout", "the handler took longer than 3s"),
    ] {
        let record = DeadLetter::new().record(&original(&before), "g", &cause, Form::Full);
        let dead = DeadMessage::read(&record.headers).unwrap();
        assert_eq!((dead.exception(), dead.message()), (Some(class), Some(message)));
    }
}

#[test]
fn what_dies_again_keeps_its_first_place_and_its_last_reason() {
    let mut before = headers(&[("ce_type", b"order.v1")]);
    for offset in [10, 20, 30] {
        let original = Original { origin: Origin { offset, ..ORIGIN }, ..original(&before) };
        before = DeadLetter::new().record(&original, "g", &Cause::panicked("again"), Form::Full).headers;
    }
    let is_offset = |name: &str| name == "kafka_dlt-original-offset";
    let offsets: Vec<_> = before.iter().filter(|(name, _)| is_offset(name)).map(|(_, value)| long(value)).collect();
    assert_eq!(offsets, [Some(10), Some(30)]);
    assert_eq!(before.iter().filter(|(name, _)| *name == EXCEPTION).count(), 1);
    assert_eq!(Origin::read(&before).unwrap().to_string(), "orders/2@10");
    assert_eq!(DeadMessage::read(&before).unwrap().offset(), 30);
}

#[test]
fn a_tombstone_stays_one_and_a_redacted_value_is_a_pointer() {
    let before = headers(&[]);
    let cause = Cause::panicked("x");
    let tombstone = Original { value: None, ..original(&before) };
    for dead_letter in [DeadLetter::new(), DeadLetter::new().redact()] {
        let record = dead_letter.record(&tombstone, "g", &cause, Form::Full);
        assert_eq!(record.value, None);
        assert!(!DeadMessage::read(&record.headers).unwrap().is_pointer());
    }
    for form in Form::ALL {
        let record = DeadLetter::new().redact().record(&original(&before), "g", &cause, form);
        let value: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
        assert_eq!(value["size"], VALUE.len());
        assert!(DeadMessage::read(&record.headers).unwrap().is_pointer());
    }
}

/// A redacted dead letter has no text of a handler, which may quote the value. The texts of this crate do not quote it.
#[test]
fn a_redacted_letter_says_of_what_kind_the_error_is_and_no_more() {
    let before = headers(&[]);
    let refused = refused(VALUE);
    let secret = std::io::Error::other("card 4111");
    let told = refused.to_string().lines().collect::<Vec<_>>().join("; ");
    for (cause, class, message) in [
        (Cause::failed("std::io::error::Error", &secret), "std::io::error::Error", None),
        (Cause::panicked("card 4111"), "panic", None),
        (Cause::timed_out(Duration::from_secs(3)), "timeout", Some("the handler took longer than 3s")),
        (Cause::rejected(&refused, None), "event_schema::LoadError", Some(&*told)),
    ] {
        let record = DeadLetter::new().redact().record(&original(&before), "g", &cause, Form::Full);
        let dead = DeadMessage::read(&record.headers).unwrap();
        assert_eq!((dead.exception(), dead.message()), (Some(class), message));
        assert_eq!(dead.stacktrace().is_some(), message.is_some());
        assert!(record.headers.iter().all(|(_, value)| !text(value).contains("4111")), "{class}");
    }
}

/// The headers of retries are removed, whoever wrote them: a dead letter that is sent back to its topic begins anew.
#[test]
fn a_dead_letter_has_no_headers_of_retries() {
    let before = headers(&[(ATTEMPTS, &[0, 0, 0, 9]), ("ce_id", b"7"), (DUE, &[0x7f; 8])]);
    let record = DeadLetter::new().record(&original(&before), "g", &Cause::panicked("x"), Form::Full);
    assert_eq!((record.headers.get(ATTEMPTS), record.headers.get(DUE)), (None, None));
    assert_eq!(record.headers.get("ce_id"), Some(&b"7"[..]));
}

/// As Spring Kafka's `DeadLetterPublishingRecovererFactory` writes them.
#[test]
fn a_message_for_a_retry_says_where_it_was_first() {
    let own = headers(&[("ce_type", b"order.v1"), (ATTEMPTS, b"?"), ("kafka_original-topic", b"another")]);
    let record = headers_for_retry(&own, &ORIGIN, "billing", 2, 1_700_000_001_000);
    let expected = headers(&[
        ("ce_type", b"order.v1"),
        ("kafka_original-topic", b"orders"),
        ("kafka_original-partition", &[0, 0, 0, 2]),
        ("kafka_original-offset", &[0, 0, 1, 2, 3, 4, 5, 6]),
        ("kafka_original-timestamp", &[0, 0, 1, 0x8b, 0xcf, 0xe5, 0x68, 0x7b]),
        ("kafka_original-timestamp-type", b"CreateTime"),
        ("kafka_original-consumer-group", b"billing"),
        ("retry_topic-attempts", &[0, 0, 0, 2]),
        ("retry_topic-backoff-timestamp", &[0, 0, 1, 0x8b, 0xcf, 0xe5, 0x6b, 0xe8]),
    ]);
    assert!(record.iter().eq(expected.iter()), "{record:?}");
    assert_eq!((Origin::before_retries(&record), Origin::read(&record)), (Some(ORIGIN), Some(ORIGIN)));
    assert_eq!(due(&record), Some(1_700_000_001_000));
    assert!(without_retries(&record) == headers(&[("ce_type", b"order.v1")]));
}

#[test]
fn a_topics_name_is_legal() {
    let dead_letter = DeadLetter::new();
    assert_eq!(dead_letter.topic_of("orders", "größe: 1"), "orders-gr__e__1-dlt");
    // The suffix that tells it from the topic itself is not cut.
    let long = "t".repeat(249);
    let dead = dead_letter.topic_of(&long, "g");
    assert_eq!(dead.len(), 249);
    assert!(dead.ends_with("t-dlt"), "{dead}");
    assert_eq!(dead_letter.named(|topic, _| format!("{topic}.dead letters")).topic_of(&long, "g"), long);
}

#[tokio::test]
async fn what_is_sent_is_the_record() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("orders-billing-dlt", 3).unwrap();
    let mut before = headers(&[("tenant", b"t-1"), ("tenant", b"")]);
    before.push("none", None);
    let cause = Cause::panicked("x");
    let record = DeadLetter::new().record(&original(&before), "billing", &cause, Form::Full);
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    let sent = producer.send_record(&record).await.unwrap();
    assert_eq!((sent.topic(), sent.partition()), ("orders-billing-dlt", 2));

    let settings = kafka.config().group("g").rdkafka039_consumer().unwrap();
    let consumer: StreamConsumer = settings.create().unwrap();
    consumer.subscribe(&["orders-billing-dlt"]).unwrap();
    let message = consumer.recv().await.unwrap();
    assert_eq!((message.key(), message.payload()), (record.key.as_deref(), record.value.as_deref()));
    assert!(native::headers(&message) == record.headers);
}

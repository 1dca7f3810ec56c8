//! A bad message neither stops the consumer nor hides the messages around it.

use std::ffi::{CStr, CString};
use std::time::Duration;

use crate::common::{Kafka, Note, note, unique, within};
use event_schema::kafka::rdkafka039::bindings::{
    RD_KAFKA_MSG_F_COPY, rd_kafka_producev, rd_kafka_resp_err_t, rd_kafka_vtype_t,
};
use event_schema::kafka::rdkafka039::producer::{BaseProducer, Producer};
use event_schema::kafka::{EmbeddedKafka, EventConsumer};

/// Anybody may write a header; its text is neither another line of the log nor a command to a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn a_type_is_one_line_of_the_log() {
    let _ = tracing::subscriber::set_global_default(crate::common::log::Log);
    let kafka = EmbeddedKafka::start().unwrap();
    let topic = unique("topic");
    kafka.create_topic(&topic, 1).unwrap();
    let headers: [(&str, &[u8]); 2] = [("ce_id", b"1"), ("ce_type", b"a\r\nERROR forged\x1b[2J")];
    kafka.publish_bytes(&topic, None, Some(b"{}"), &headers).await;
    let shown = r"`a\u{d}\u{a}ERROR forged\u{1b}[2J`";

    let config = kafka.config().group("by-hand");
    let mut consumer = EventConsumer::<Note>::subscribe_to(&config, &[&topic]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    let error = received.rejection().unwrap().error();
    assert_eq!(error.to_string(), format!("the event has type {shown}, expected `note`"));
    consumer.close(Duration::from_secs(10)).await.unwrap();

    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("run"), &[&topic]).await.unwrap();
    let runner = consumer.runner().skip_other_types().until_end();
    within(30, "end", runner.run(async |_| {})).await.unwrap();
    let lines = crate::common::log::lines(&topic);
    assert!(lines.iter().any(|(_, line)| line.contains(&format!("of type {shown} are"))), "{lines:?}");
}

#[tokio::test]
async fn a_poison_message_between_two_good_ones() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    producer.send_to(&topic, &note("a", 1)).await.unwrap();
    let malformed: &[u8] = br#"{"key": "a", "number""#;
    kafka.put(&topic, "a", Some(malformed)).await;
    let invalid: &[u8] = br#"{"key": 7, "number": 87654321}"#;
    kafka.put(&topic, "a", Some(invalid)).await;
    kafka.put(&topic, "a", Some(&[0xff, 0x00])).await;
    producer.send_to(&topic, &note("a", 2)).await.unwrap();

    let group = kafka.group();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let mut received = Vec::new();
    for _ in 0..5 {
        received.push(within(20, "message", consumer.recv()).await.unwrap());
    }
    assert_eq!(received[0].event(), Some(&note("a", 1)));

    let rejection = received[1].rejection().unwrap();
    assert_eq!(rejection.bytes(), malformed);
    assert!(rejection.error().is_syntax());

    let rejection = received[2].rejection().unwrap();
    assert_eq!(rejection.bytes(), invalid);
    assert_eq!(
        rejection.violations().unwrap().to_messages(),
        serde_json::json!({
            "key": ["Not a valid string."],
            "number": ["Must be less than or equal to 1000000."],
        })
    );
    let shown = format!("{:?}", received[2]);
    assert!(!shown.contains("87654321"), "payloads stay out of logs: {shown}");

    assert!(received[3].rejection().unwrap().error().is_syntax());
    assert_eq!(received[4].event(), Some(&note("a", 2)));

    // A rejection is committed as any message: the group does not meet it again.
    consumer.commit(&received[3]).await.unwrap();
    consumer.close(Duration::from_secs(10)).await.unwrap();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let next = within(20, "message", consumer.recv()).await.unwrap();
    assert_eq!(next.event(), Some(&note("a", 2)));
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

#[tokio::test]
async fn a_header_whose_name_is_no_text() {
    let kafka = Kafka::start();
    let topic = kafka.topic(1).await;
    put_with_header(&kafka, &topic, c"caf\xe9", br#"{"key": "a", "number": 1}"#);
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.group(), &[&topic]).await.unwrap();
    let received = within(20, "message", consumer.recv()).await.unwrap();
    assert_eq!(received.event(), Some(&note("a", 1)));
    let headers: Vec<_> = received.headers().iter().collect();
    assert_eq!(headers, [("caf\u{fffd}", Some(&b"x"[..]))]);
    consumer.close(Duration::from_secs(10)).await.unwrap();
}

#[expect(unsafe_code, reason = "rdkafka takes only text for a name, other clients take any bytes")]
fn put_with_header(kafka: &Kafka, topic: &str, name: &CStr, value: &[u8]) {
    let producer: BaseProducer = kafka.config.rdkafka039_producer().unwrap().create().unwrap();
    let topic = CString::new(topic).unwrap();
    // SAFETY: every pointer lives until the call is over, which copies what they point at.
    let error = unsafe {
        rd_kafka_producev(
            producer.client().native_ptr(),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_TOPIC,
            topic.as_ptr(),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_VALUE,
            value.as_ptr(),
            value.len(),
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_HEADER,
            name.as_ptr(),
            c"x".as_ptr(),
            1_isize,
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_MSGFLAGS,
            RD_KAFKA_MSG_F_COPY,
            rd_kafka_vtype_t::RD_KAFKA_VTYPE_END,
        )
    };
    assert_eq!(error, rd_kafka_resp_err_t::RD_KAFKA_RESP_ERR_NO_ERROR);
    producer.flush(Duration::from_secs(20)).unwrap();
}

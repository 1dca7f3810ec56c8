//! A consumer that may not read its topic or use its group says so, and does not wait for ever.
#![cfg(feature = "kafka")]

mod common;

use common::{Note, note, within};
use event_schema::kafka::rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};

const NO_GROUP: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
const NO_TOPIC: RDKafkaRespErr = RDKafkaRespErr::RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

/// A broker that refuses so many of these requests.
async fn refusing(request: RDKafkaApiKey, error: RDKafkaRespErr) -> EmbeddedKafka {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    kafka.fail(request, &[error; 100]);
    kafka
}

#[tokio::test]
async fn a_run_without_the_right_to_its_group_ends() {
    let kafka = refusing(RDKafkaApiKey::FindCoordinator, NO_GROUP).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let error = within(10, "end", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_unauthorized() && error.is_fatal() && !error.is_stopped(), "{error}");
    assert!(error.to_string().ends_with("; the user needs the right to read the group"), "{error}");
    assert!(!handle.is_ready());
}

#[tokio::test]
async fn a_run_without_the_right_to_its_topic_ends() {
    let kafka = refusing(RDKafkaApiKey::Fetch, NO_TOPIC).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let error = within(10, "end", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(error.to_string().ends_with("; the user needs the right to read the topic"), "{error}");
}

/// It was told once, and is not told again.
#[tokio::test]
async fn a_run_that_begins_behind_the_refusal_ends() {
    let kafka = refusing(RDKafkaApiKey::FindCoordinator, NO_GROUP).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let error = within(10, "refusal", consumer.recv()).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_fatal(), "{error}");
    let error = within(10, "end", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}

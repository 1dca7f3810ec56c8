//! A consumer that may not read its topic or use its group says so, and does not wait for ever.

use std::time::{Duration, Instant};

use crate::common::{Note, note, within};
use event_schema::kafka::{ApiKey, BrokerError, Delivery, EmbeddedKafka, EventConsumer, EventProducer};

const NO_GROUP: BrokerError = BrokerError::GroupAuthorizationFailed;
const NO_TOPIC: BrokerError = BrokerError::TopicAuthorizationFailed;

/// A broker that refuses so many of these requests.
async fn refusing(request: ApiKey, error: BrokerError) -> EmbeddedKafka {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    kafka.fail(request, &[error; 100]);
    kafka
}

#[tokio::test]
async fn a_run_without_the_right_to_its_group_ends() {
    let kafka = refusing(ApiKey::FindCoordinator, NO_GROUP).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let error = within(10, "end", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_unauthorized() && error.is_fatal() && !error.is_stopped(), "{error}");
    assert!(error.to_string().ends_with("; the user needs the right to read the group"), "{error}");
    assert!(!handle.is_ready());
}

#[tokio::test]
async fn a_run_without_the_right_to_its_topic_ends() {
    let kafka = refusing(ApiKey::Fetch, NO_TOPIC).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let error = within(10, "end", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(error.to_string().ends_with("; the user needs the right to read the topic"), "{error}");
}

/// It was told once, and is not told again.
#[tokio::test]
async fn a_run_that_begins_behind_the_refusal_ends() {
    let kafka = refusing(ApiKey::FindCoordinator, NO_GROUP).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let error = within(10, "refusal", consumer.recv()).await.unwrap_err();
    assert!(error.is_unauthorized() && !error.is_fatal(), "{error}");
    let error = within(10, "end", consumer.run(async |_: Delivery<Note>| {})).await.unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
}

/// A close that has not committed what was done does not say that all is well.
#[tokio::test]
async fn a_close_whose_last_commit_is_refused_says_so() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    let mut consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let received = within(10, "message", consumer.recv()).await.unwrap();
    kafka.fail(ApiKey::OffsetCommit, &[NO_TOPIC; 100]);
    consumer.store_offset(&received).unwrap();
    let error = consumer.close(Duration::from_secs(10)).await.unwrap_err();
    assert!(error.is_not_committed(), "{error}");
    assert!(error.to_string().starts_with("closed, but the last commit failed"), "{error}");
}

/// Clients that fail as soon as they are made are not made as fast as they fail.
#[tokio::test]
async fn a_producer_that_fails_at_once_waits_longer_each_time() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let refused = BrokerError::ClusterAuthorizationFailed;
    kafka.fail(ApiKey::InitProducerId, &[refused; 5]);
    let started = Instant::now();
    let producer = EventProducer::connect(&kafka.config()).await.unwrap();
    within(30, "event that is sent", async {
        while producer.send_to("notes", &note("a", 1)).await.is_err() {
            producer.ready().await;
        }
    })
    .await;
    // 0.1, 0.2, 0.4, 0.8 and 1.6 seconds.
    assert!(started.elapsed() >= Duration::from_millis(3100), "{:?}", started.elapsed());
}

#[tokio::test]
async fn no_number_of_handlers_is_too_large() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    let consumer = EventConsumer::<Note>::subscribe_to(&kafka.config().group("g"), &["notes"]).await.unwrap();
    let handle = consumer.handle();
    let running = tokio::spawn(consumer.runner().concurrency(usize::MAX).run(async |_: Delivery<Note>| {}));
    kafka.handled("g", "notes").await;
    handle.close(Duration::from_secs(10)).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap().done(), 1);
}

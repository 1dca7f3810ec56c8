//! The embedded broker as a kit for tests: it gives what is there, waits for what is to come, and says what
//! does not.

use std::time::{Duration, Instant};

use crate::common::{Note, note, within};
use event_schema::kafka::{ApiKey, BrokerError, EmbeddedKafka, EventConsumer, EventProducer};
use futures_util::future::join;

#[tokio::test]
async fn what_is_published_is_received_as_often_as_it_is_asked_for() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 3).unwrap();
    for number in 0..10 {
        kafka.publish_to("notes", &note(&number.to_string(), number)).await;
    }
    for _ in 0..2 {
        let received = kafka.received::<Note>("notes", 10).await;
        let mut numbers: Vec<u32> = received.iter().map(|received| received.event().unwrap().number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (0..10).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn what_comes_later_is_waited_for() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let waiting = kafka.received::<Note>("notes", 2);
    let sending = async {
        kafka.publish_to("notes", &note("a", 1)).await;
        kafka.publish_to("notes", &note("a", 2)).await;
    };
    let (received, ()) = within(5, "messages", join(waiting, sending)).await;
    assert_eq!(received[1].event(), Some(&note("a", 2)));
}

#[tokio::test]
#[should_panic(expected = "1 of 2 messages in `notes` within 10s")]
async fn what_does_not_come_is_told() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    within(20, "panic", kafka.received::<Note>("notes", 2)).await;
}

#[tokio::test]
#[should_panic(expected = "`nobody` has committed {} of {0: 1} in `notes` within 10s")]
async fn what_is_not_handled_is_told() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    kafka.publish_to("notes", &note("a", 1)).await;
    within(20, "panic", kafka.handled("nobody", "notes")).await;
}

#[tokio::test]
async fn the_line_that_waited_is_told() {
    let kafka = EmbeddedKafka::start().unwrap().with_deadline(Duration::from_millis(100));
    kafka.create_topic("notes", 1).unwrap();
    let line = line!() + 1;
    let waiting = tokio::spawn(async move { kafka.received::<Note>("notes", 1).await.len() });
    let panic = waiting.await.unwrap_err().into_panic();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.starts_with(&format!("{}:{line}:", file!())), "{message}");
}

#[tokio::test]
async fn a_service_is_waited_for_until_it_has_committed_everything() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 2).unwrap();
    for number in 0..20 {
        kafka.publish_to("notes", &note(&number.to_string(), number)).await;
    }
    let group = kafka.config().group("readers");
    let service = async {
        let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &["notes"]).await.unwrap();
        for _ in 0..20 {
            let received = consumer.recv().await.unwrap();
            consumer.commit(&received).await.unwrap();
        }
        consumer.close(Duration::from_secs(10)).await.unwrap();
    };
    within(20, "commits", join(kafka.handled("readers", "notes"), service)).await;
    let committed = kafka.committed("readers", "notes").await;
    assert_eq!(committed.values().sum::<i64>(), 20, "{committed:?}");
    assert!(kafka.committed("others", "notes").await.is_empty());
}

#[tokio::test]
async fn trouble_comes_when_it_is_called() {
    let kafka = EmbeddedKafka::start().unwrap();
    kafka.create_topic("notes", 1).unwrap();
    let config = kafka.config().set("linger.ms", "0").set("delivery.timeout.ms", "3000");
    let producer = EventProducer::connect(&config).await.unwrap();
    producer.send_to("notes", &note("a", 0)).await.unwrap();

    kafka.fail(ApiKey::Produce, &[BrokerError::MessageTooLarge]);
    assert!(producer.send_to("notes", &note("a", 1)).await.unwrap_err().is_too_large());

    let started = Instant::now();
    kafka.answer_after(Duration::from_millis(200));
    producer.send_to("notes", &note("a", 2)).await.unwrap();
    assert!(started.elapsed() >= Duration::from_millis(200));

    kafka.answer_after(Duration::ZERO);
    kafka.broker_down();
    assert!(producer.send_to("notes", &note("a", 3)).await.is_err());
    kafka.broker_up();
    within(20, "acknowledgement", async {
        // The first may come too early for the connection.
        while producer.send_to("notes", &note("a", 4)).await.is_err() {}
    })
    .await;
    let numbers: Vec<u32> =
        kafka.received::<Note>("notes", 3).await.iter().map(|received| received.event().unwrap().number).collect();
    assert_eq!(numbers, [0, 2, 4]);
}

//! What is committed, and what never is.

use std::collections::HashMap;
use std::time::Duration;

use crate::common::{Kafka, Note, note, within};
use event_schema::kafka::{EventConsumer, KafkaConfig, Received};

const DEADLINE: Duration = Duration::from_secs(10);

async fn ten_notes(kafka: &Kafka) -> String {
    let topic = kafka.topic(1).await;
    let producer = kafka.producer().await;
    for number in 0..10 {
        producer.send_to(&topic, &note("a", number)).await.unwrap();
    }
    topic
}

/// A consumer that has received the first six.
async fn six_of(group: &KafkaConfig, topic: &str) -> (EventConsumer<Note>, Vec<Received<Note>>) {
    let mut consumer = EventConsumer::<Note>::subscribe_to(group, &[topic]).await.unwrap();
    let mut received = Vec::new();
    for _ in 0..6 {
        received.push(within(20, "message", consumer.recv()).await.unwrap());
    }
    (consumer, received)
}

#[tokio::test]
async fn nothing_is_committed_that_was_not_handed_over() {
    let kafka = Kafka::start();
    let topic = ten_notes(&kafka).await;
    let group = kafka.group();

    // librdkafka has fetched all ten when the third is handed over.
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    for _ in 0..3 {
        within(20, "message", consumer.recv()).await.unwrap();
    }
    consumer.close(DEADLINE).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, None);

    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let again = within(20, "message", consumer.recv()).await.unwrap();
    assert_eq!(again.event(), Some(&note("a", 0)));
    // Neither does dropping it without a close commit anything.
    drop(consumer);
    assert_eq!(kafka.committed(&group, &topic, 0).await, None);
}

#[tokio::test]
async fn what_is_stored_is_committed_before_long_and_at_the_close() {
    let kafka = Kafka::start();
    let topic = ten_notes(&kafka).await;
    let group = kafka.group();

    let (consumer, received) = six_of(&group, &topic).await;
    consumer.store_offset(&received[3]).unwrap();
    // An earlier one does not set the group back.
    consumer.store_offset(&received[1]).unwrap();
    let committed = async { while kafka.committed(&group, &topic, 0).await != Some(4) {} };
    within(20, "commit", committed).await;
    consumer.store_offset(&received[4]).unwrap();
    consumer.close(DEADLINE).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(5));
}

#[tokio::test]
async fn a_restart_goes_on_behind_the_last_commit() {
    let kafka = Kafka::start();
    let topic = ten_notes(&kafka).await;
    let group = kafka.group();

    let (consumer, received) = six_of(&group, &topic).await;
    consumer.commit(&received[3]).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4));
    // An earlier one does not set the group back.
    consumer.commit(&received[1]).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4));
    consumer.close(DEADLINE).await.unwrap();
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(4));

    // What was received behind the commit comes again, and then the rest.
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    for number in 4..10 {
        let received = within(20, "message", consumer.recv()).await.unwrap();
        assert_eq!(received.event(), Some(&note("a", number)));
    }
    consumer.close(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn commits_at_the_same_time_all_succeed() {
    let kafka = Kafka::start();
    let topic = ten_notes(&kafka).await;
    let group = kafka.group();
    let mut consumer = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let mut received = Vec::new();
    for _ in 0..10 {
        received.push(within(20, "message", consumer.recv()).await.unwrap());
    }
    let commits = received.iter().rev().map(|message| consumer.commit(message));
    for committed in futures_util::future::join_all(commits).await {
        committed.unwrap();
    }
    assert_eq!(kafka.committed(&group, &topic, 0).await, Some(10));
    consumer.close(DEADLINE).await.unwrap();
}

#[tokio::test]
async fn a_message_of_a_lost_partition_cannot_be_committed() {
    let kafka = Kafka::start();
    let topic = kafka.topic(2).await;
    let producer = kafka.producer().await;
    // Two in each partition, found by trying keys.
    let mut keys = HashMap::new();
    for key in ["a", "b", "c", "d", "e", "f", "g", "h"] {
        let sent = producer.send_to(&topic, &note(key, 0)).await.unwrap();
        keys.entry(sent.partition()).or_insert(key);
    }
    assert_eq!(keys.len(), 2, "{keys:?}");
    for key in keys.values() {
        producer.send_to(&topic, &note(key, 1)).await.unwrap();
    }

    let group = kafka.group();
    let mut first = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let mut in_hand: HashMap<i32, Received<Note>> = HashMap::new();
    while in_hand.len() < 2 {
        let received = within(20, "message", first.recv()).await.unwrap();
        in_hand.entry(received.partition()).or_insert(received);
    }

    // A second member takes one of the partitions; the first has to receive to notice.
    let mut second = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let theirs = within(30, "message for the second member", async {
        loop {
            tokio::select! {
                theirs = second.recv() => return theirs.unwrap(),
                ours = first.recv() => drop(ours.unwrap()),
            }
        }
    })
    .await;
    let lost = &in_hand[&theirs.partition()];
    assert!(first.commit(lost).await.unwrap_err().is_revoked());

    // The second goes on, commits and leaves; the first gets the partition back.
    let further = within(20, "message", second.recv()).await.unwrap();
    second.commit(&further).await.unwrap();
    let done = kafka.committed(&group, &topic, theirs.partition()).await;
    assert_eq!(done, Some(further.offset() + 1));
    second.close(DEADLINE).await.unwrap();
    producer.send_to(&topic, &note(keys[&theirs.partition()], 2)).await.unwrap();
    let regained = within(30, "message after the second left", async {
        loop {
            let received = first.recv().await.unwrap();
            if received.partition() == theirs.partition() {
                return received;
            }
        }
    })
    .await;
    assert_eq!(regained.offset(), further.offset() + 1);

    // The message from before is of an earlier assignment: it would set the group back.
    assert!(first.commit(lost).await.unwrap_err().is_revoked());
    assert_eq!(kafka.committed(&group, &topic, theirs.partition()).await, done);
    first.commit(&regained).await.unwrap();
    first.close(DEADLINE).await.unwrap();
}

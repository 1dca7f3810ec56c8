//! The three ways in which a group shares its partitions: eager, cooperative, and by the brokers (KIP-848).

use std::collections::BTreeSet;
use std::time::Duration;

use crate::common::{Kafka, Note, note, within};
use event_schema::kafka::{EventConsumer, KafkaConfig, Received};

const DEADLINE: Duration = Duration::from_secs(10);
const PARTITIONS: usize = 4;

#[tokio::test]
async fn eager() {
    members_share_and_take_over(|config| config).await;
}

#[tokio::test]
async fn cooperative() {
    members_share_and_take_over(|config| config.set("partition.assignment.strategy", "cooperative-sticky")).await;
}

#[tokio::test]
async fn by_the_brokers() {
    members_share_and_take_over(|config| config.set("group.protocol", "consumer")).await;
}

/// Two members have all partitions between them; when one leaves, the other goes on behind its commits.
async fn members_share_and_take_over(protocol: fn(KafkaConfig) -> KafkaConfig) {
    let kafka = Kafka::start();
    let topic = kafka.topic(i32::try_from(PARTITIONS).unwrap()).await;
    let group = protocol(kafka.group());
    let producer = kafka.producer().await;
    let mut first = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();
    let mut second = EventConsumer::<Note>::subscribe_to(&group, &[&topic]).await.unwrap();

    // Until both have received something, and all partitions were seen. A partition that moves meanwhile
    // may be received by both; then its later member has it.
    let mut number = 0;
    let (mut ours, mut theirs): (Vec<Received<Note>>, Vec<Received<Note>>) = (Vec::new(), Vec::new());
    let mut send = tokio::time::interval(Duration::from_millis(20));
    within(60, "messages for both members", async {
        let partitions =
            |received: &[Received<Note>]| -> BTreeSet<i32> { received.iter().map(Received::partition).collect() };
        while ours.is_empty() || theirs.is_empty() || (&partitions(&ours) | &partitions(&theirs)).len() < PARTITIONS {
            tokio::select! {
                _ = send.tick() => {
                    number += 1;
                    producer.send_to(&topic, &note(&format!("key-{number}"), number)).await.unwrap();
                }
                received = first.recv() => ours.push(received.unwrap()),
                received = second.recv() => theirs.push(received.unwrap()),
            }
        }
    })
    .await;

    // The second commits what it has and leaves.
    let last = theirs.last().unwrap();
    let left = (last.partition(), last.offset());
    second.commit(last).await.unwrap();
    second.close(DEADLINE).await.unwrap();

    // The first gets everything from now on, and nothing of that partition before the commit.
    let keys: Vec<String> = (0..40).map(|number| format!("after-{number}")).collect();
    for key in &keys {
        producer.send_to(&topic, &note(key, 0)).await.unwrap();
    }
    let mut missing: BTreeSet<&str> = keys.iter().map(String::as_str).collect();
    within(60, "what was sent since", async {
        while !missing.is_empty() {
            let received = first.recv().await.unwrap();
            missing.remove(received.event().unwrap().key.as_str());
            assert!(
                received.partition() != left.0 || received.offset() > left.1,
                "{received} is committed up to {}",
                left.1
            );
        }
    })
    .await;
    first.close(DEADLINE).await.unwrap();
}

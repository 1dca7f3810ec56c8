//! Commands about topics themselves.

use std::time::Duration;

use anyhow::Result;
use event_schema::kafka::rdkafka039::consumer::{BaseConsumer, Consumer};
use event_schema::kafka::rdkafka039::metadata::MetadataTopic;
use event_schema::kafka::{KafkaConfig, Topic, Topics};

const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn create(
    config: &KafkaConfig,
    name: &str,
    partitions: Option<u16>,
    replication: Option<u16>,
) -> Result<()> {
    let mut topic = Topic::new(name);
    if let Some(partitions) = partitions {
        topic = topic.partitions(partitions);
    }
    if let Some(replication) = replication {
        topic = topic.replication(replication);
    }
    match Topics::new().topic(topic).create(config).await?.as_slice() {
        [] => println!("{name} exists already, and stays as it is"),
        _ => println!("{name} is created"),
    }
    Ok(())
}

pub(crate) async fn list(config: &KafkaConfig) -> Result<()> {
    let names = asked(config, |client| {
        let metadata = client.fetch_metadata(None, PATIENCE)?;
        Ok(metadata.topics().iter().map(|topic| topic.name().to_owned()).collect::<Vec<_>>())
    });
    for name in names.await? {
        println!("{name}");
    }
    Ok(())
}

pub(crate) async fn describe(config: &KafkaConfig, topic: &str) -> Result<()> {
    // A request for a topic that does not exist would create it on many clusters.
    Topics::new().topic(topic).check(config).await?;
    let name = config.topic_name(topic);
    let rows = asked(config, move |client| {
        let metadata = client.fetch_metadata(Some(&name), PATIENCE)?;
        let partitions = metadata.topics().iter().flat_map(MetadataTopic::partitions);
        let rows = partitions.map(|partition| {
            let (first, end) = client.fetch_watermarks(&name, partition.id(), PATIENCE)?;
            let (leader, copies, in_sync) = (partition.leader(), partition.replicas(), partition.isr());
            let about = format!("leader {leader}, copies {copies:?}, in sync {in_sync:?}");
            Ok(format!("partition {}: {about}, offsets {first} to {end}", partition.id()))
        });
        rows.collect::<Result<Vec<_>>>()
    });
    for row in rows.await? {
        println!("{row}");
    }
    Ok(())
}

/// Asks the brokers. The client blocks, and so it has a thread of its own.
async fn asked<T: Send + 'static>(
    config: &KafkaConfig,
    ask: impl FnOnce(&BaseConsumer) -> Result<T> + Send + 'static,
) -> Result<T> {
    // Connects first: a wrong password or an unreachable broker is named as such.
    Topics::new().check(config).await?;
    let client: BaseConsumer = config.rdkafka039_consumer()?.create()?;
    tokio::task::spawn_blocking(move || ask(&client)).await?
}

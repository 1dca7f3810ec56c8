//! The topics that a member reads from, and those that a run will need.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::metadata::MetadataTopic;

use super::super::session::LEAVE;
use super::connection::Connection;
use crate::kafka::client::thread;

/// Looks for topics on a thread of its own, and warns of missing ones with the consequence.
pub(super) fn look_for(connection: Weak<Connection>, topics: Vec<(String, &'static str)>) {
    let look = move || {
        for (topic, otherwise) in topics {
            // Nothing waits for it, but for a close.
            let Some(connection) = connection.upgrade() else { return };
            match error_of(&topic, &connection) {
                None | Some(RDKafkaErrorCode::LeaderNotAvailable) => {}
                Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                    tracing::warn!(
                        "missing topic `{topic}`: create it, unless the brokers create topics themselves; {otherwise}"
                    );
                }
                Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                    tracing::warn!("no right to write to topic `{topic}`: grant it to the user; {otherwise}");
                }
                Some(other) => tracing::debug!("cannot tell whether topic `{topic}` exists: {other}"),
            }
        }
    };
    drop(thread::start("event-schema look", look));
}

/// What the brokers say of a topic. Not even a broker that makes topics makes one for a consumer that asks for it.
fn error_of(topic: &str, connection: &Connection) -> Option<RDKafkaErrorCode> {
    match connection.consumer.fetch_metadata(Some(topic), LEAVE) {
        Ok(metadata) => metadata.topics().iter().find_map(MetadataTopic::error).map(RDKafkaErrorCode::from),
        Err(error) => error.rdkafka_error_code(),
    }
}

/// The wait for subscribed topics that do not exist: librdkafka looks for them every
/// `topic.metadata.refresh.interval.ms`, which is five minutes by default.
#[derive(Debug, Default)]
pub(super) struct Awaited(Arc<AtomicBool>);

impl Awaited {
    /// Looks for the topics on a thread of its own, unless one does. When one of them exists, librdkafka is told.
    pub(super) fn wait(&self, connection: Weak<Connection>) {
        if self.0.swap(true, Ordering::AcqRel) {
            return;
        }
        let is_looked_for = Arc::clone(&self.0);
        let look = move || {
            look_until_all_exist(&connection);
            is_looked_for.store(false, Ordering::Release);
        };
        drop(thread::start("event-schema look", look));
    }
}

fn look_until_all_exist(connection: &Weak<Connection>) {
    let mut awaited = None::<BTreeSet<_>>;
    let mut pause = Duration::from_millis(250);
    loop {
        {
            let Some(connection) = connection.upgrade() else { return };
            let missing = missing(&connection);
            // A topic that was deleted is none that has come: librdkafka gives all partitions up when it notices, at its own time.
            let has_come = awaited.as_ref().map_or(missing.is_empty(), |awaited| !awaited.is_subset(&missing));
            // It changes what it reads only when it sees the topics of all brokers.
            if !has_come || connection.consumer.fetch_metadata(None, LEAVE).is_ok() {
                if missing.is_empty() {
                    return;
                }
                awaited = Some(missing);
            }
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_secs(5));
    }
}

/// The subscribed topics that do not exist, or have no leader yet.
fn missing(connection: &Connection) -> BTreeSet<String> {
    use RDKafkaErrorCode as C;
    let topics = connection.consumer.subscription();
    let topics = topics.iter().flat_map(TopicPartitionList::elements).map(|element| element.topic().to_owned());
    let is_missing = |topic: &str| {
        let error = error_of(topic, connection);
        matches!(error, Some(C::UnknownTopic | C::UnknownTopicOrPartition | C::LeaderNotAvailable))
    };
    topics.filter(|topic| !topic.starts_with('^') && is_missing(topic)).collect()
}

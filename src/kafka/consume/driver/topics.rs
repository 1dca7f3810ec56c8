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

/// The error that the brokers have for a topic, if any. The question creates no topic, not even where brokers create them.
fn error_of(topic: &str, connection: &Connection) -> Option<RDKafkaErrorCode> {
    match connection.consumer.fetch_metadata(Some(topic), LEAVE) {
        Ok(metadata) => metadata.topics().iter().find_map(MetadataTopic::error).map(RDKafkaErrorCode::from),
        Err(error) => error.rdkafka_error_code(),
    }
}

/// The wait for subscribed topics that do not exist: librdkafka looks for them every
/// `topic.metadata.refresh.interval.ms`, which is five minutes by default.
#[derive(Debug, Default)]
pub(super) struct Awaited {
    is_looked_for: Arc<AtomicBool>,
    /// librdkafka has missed a topic since all of them were looked for.
    is_told: Arc<AtomicBool>,
}

impl Awaited {
    /// Looks for the topics on a thread of its own, unless one does. When one of them exists, librdkafka is told.
    pub(super) fn wait(&self, connection: Weak<Connection>) {
        self.is_told.store(true, Ordering::Release);
        if self.is_looked_for.swap(true, Ordering::AcqRel) {
            return;
        }
        let (is_looked_for, is_told) = (Arc::clone(&self.is_looked_for), Arc::clone(&self.is_told));
        let look = move || {
            while look_until_all_exist(&connection, &is_told).is_some() {
                is_looked_for.store(false, Ordering::Release);
                if !is_told.load(Ordering::Acquire) || is_looked_for.swap(true, Ordering::AcqRel) {
                    return;
                }
            }
        };
        drop(thread::start("event-schema look", look));
    }
}

/// `None` if the client is gone. Each question has the client for itself alone, because a close waits until nobody has it.
fn look_until_all_exist(connection: &Weak<Connection>, is_told: &AtomicBool) -> Option<()> {
    use RDKafkaErrorCode as C;
    let mut awaited = BTreeSet::new();
    let mut pause = Duration::from_millis(250);
    loop {
        let asks_all = is_told.swap(false, Ordering::AcqRel);
        let mut asked = if asks_all { subscribed(&*connection.upgrade()?) } else { awaited.clone() };
        let mut missing = BTreeSet::new();
        for topic in asked.clone() {
            match error_of(&topic, &*connection.upgrade()?) {
                Some(C::UnknownTopic | C::UnknownTopicOrPartition | C::LeaderNotAvailable) => {
                    missing.insert(topic);
                }
                // Whether it exists is not told.
                Some(C::TopicAuthorizationFailed) => {
                    asked.remove(&topic);
                }
                _ => {}
            }
        }
        // A topic that was deleted is none that has come: librdkafka gives all partitions up when it notices, at its own time.
        if missing.is_empty() || !awaited.is_subset(&missing) {
            // It changes what it reads only when it sees the topics of all brokers.
            match connection.upgrade()?.consumer.fetch_metadata(None, LEAVE) {
                Ok(all) => {
                    // Another broker may have answered, which does not know of the topic yet.
                    for topic in all.topics().iter().filter(|topic| topic.error().is_none()) {
                        asked.remove(topic.name());
                    }
                    awaited = asked;
                }
                Err(_) => is_told.store(true, Ordering::Release),
            }
        } else {
            awaited = missing;
        }
        if awaited.is_empty() && !is_told.load(Ordering::Acquire) {
            return Some(());
        }
        std::thread::sleep(pause);
        pause = (2 * pause).min(Duration::from_secs(5));
    }
}

/// The subscribed topics, but not the patterns.
fn subscribed(connection: &Connection) -> BTreeSet<String> {
    let topics = connection.consumer.subscription();
    let topics = topics.iter().flat_map(TopicPartitionList::elements).map(|element| element.topic().to_owned());
    topics.filter(|topic| !topic.starts_with('^')).collect()
}

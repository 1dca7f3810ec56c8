//! The topics that a run will need.

use std::sync::Weak;

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
            // Not even a broker that makes topics makes one for a consumer that asks for it.
            let found = connection.consumer.fetch_metadata(Some(&topic), LEAVE);
            let error = match &found {
                Ok(metadata) => metadata.topics().iter().find_map(MetadataTopic::error).map(RDKafkaErrorCode::from),
                Err(error) => error.rdkafka_error_code(),
            };
            match error {
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

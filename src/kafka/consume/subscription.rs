//! Topics, and the member of the group that reads them.

use std::sync::Arc;

use rdkafka::consumer::Consumer as _;

use super::ahead::Ahead;
use super::driver::{self, Member};
use super::handle::RunHandle;
use super::policy::Policy;
use crate::kafka::client::{Monitor, connected};
use crate::kafka::config::KafkaConfig;
use crate::kafka::error::{ConfigError, ConnectError};
use crate::kafka::letters;
use crate::kafka::telemetry::Consumer;

/// A member of a group, with what it has received so far.
pub(super) struct Subscription {
    pub(super) member: Member,
    /// Taken from the core, to be handed out: not one lock for each message.
    pub(super) ahead: Ahead,
    pub(super) config: KafkaConfig,
    pub(super) topics: Vec<String>,
}

/// librdkafka says of all of it no more than that an argument is invalid.
fn check_topics(topics: &[&str]) -> Result<(), ConfigError> {
    if topics.is_empty() {
        return Err(ConfigError::one("no topic to subscribe to".to_owned()));
    }
    for (index, topic) in topics.iter().enumerate() {
        if topics[..index].contains(topic) {
            return Err(ConfigError::one(format!("topic `{topic}` is given twice")));
        }
        if !topic.starts_with('^') && !letters::is_legal(topic) {
            return Err(ConfigError::one(format!(
                "`{topic}` is not a legal topic name: it has up to 249 letters, digits, `.`, `_` and `-`"
            )));
        }
    }
    Ok(())
}

impl Subscription {
    pub(super) async fn new(config: &KafkaConfig, topics: &[&str]) -> Result<Self, ConnectError> {
        config.check_login()?;
        let settings = config.rdkafka039_consumer()?;
        if config.group_id().is_none_or(str::is_empty) {
            let problem = "`group.id` is missing: set it, or use `KafkaConfig::group`";
            return Err(ConfigError::one(problem.to_owned()).into());
        }
        check_topics(topics)?;
        let names = config.topic_names();
        let real: Vec<_> = topics.iter().map(|topic| names.real(topic)).collect();
        let topics: &[&str] = &real.iter().map(|topic| &**topic).collect::<Vec<_>>();
        // Two names in the code may be one at the brokers.
        check_topics(topics)?;
        let monitor = Arc::new(Monitor::default());
        let telemetry = Consumer::new(config.group_id().unwrap_or_default(), topics);
        let (member, connection) =
            driver::start(&settings, Policy::by_hand(), Arc::clone(&monitor), config.start_time(), telemetry)?;
        let asking = Arc::clone(&connection);
        let cluster_id = move |wait| asking.consumer.client().fetch_cluster_id(wait);
        connected(monitor, config.connect_deadline(), cluster_id).await?;
        let refused = |error| ConfigError::one(format!("no subscription to {topics:?}: {error}"));
        connection.consumer.subscribe(topics).map_err(refused)?;
        let topics = topics.iter().map(|&topic| topic.to_owned()).collect();
        Ok(Self { member, ahead: Ahead::default(), config: config.clone(), topics })
    }
    pub(super) fn handle(&self) -> RunHandle {
        RunHandle::new(Arc::clone(&self.member.shared), self.member.gone.clone(), self.config.topic_names())
    }
}

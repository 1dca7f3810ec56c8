//! The topics that a service needs: made, or looked for.

use std::collections::BTreeSet;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use super::client::thread;
use super::config::KafkaConfig;
use super::error::{ConnectError, ConnectErrorKind};
use super::produce::EventProducer;
use crate::EventSchema;

/// The topics that a service needs. [`create`](Self::create) makes the missing ones, [`check`](Self::check)
/// names them.
///
/// Both connect first, so that a wrong password, an unknown certificate authority or an unreachable broker is
/// reported as such, within [`KafkaConfig::connect_timeout`].
///
/// ```
/// use event_schema::kafka::{DeadLetter, EmbeddedKafka, Topics};
/// use event_schema::prelude::*;
///
/// #[event_schema::event(name = "order.requested", topic = "orders")]
/// struct OrderRequested { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?; // or KafkaConfig::from_properties_file("client.properties")
/// let topics = Topics::new()
///     .event::<OrderRequested>()
///     .topic(DeadLetter::new().topic_of("orders", "billing"))
///     .partitions(3);
/// assert!(topics.check(&kafka.config()).await.unwrap_err().is_missing_topic());
///
/// assert_eq!(topics.create(&kafka.config()).await?, ["orders", "orders-billing-dlt"]);
/// assert!(topics.create(&kafka.config()).await?.is_empty());
/// topics.check(&kafka.config()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Topics {
    names: Vec<String>,
    /// The first event without a topic.
    without: Option<&'static str>,
    partitions: i32,
    replication: i32,
}

/// How long the brokers may take to make topics, and to answer that they did.
const OPERATION: Duration = Duration::from_secs(10);

/// "As the broker is configured", for the number of partitions and the replication factor (KIP-464).
const BROKERS_DEFAULT: i32 = -1;

impl Topics {
    /// No topics yet. Those that are made have as many partitions and replicas as the brokers give by default.
    ///
    /// See the example of [`Topics`].
    #[must_use]
    #[expect(clippy::new_without_default, reason = "a list without topics is no sensible default")]
    pub fn new() -> Self {
        Self { names: Vec::new(), without: None, partitions: BROKERS_DEFAULT, replication: BROKERS_DEFAULT }
    }

    /// Adds the topic that an event declares.
    ///
    /// See the example of [`Topics`].
    #[must_use]
    pub fn event<E: EventSchema>(mut self) -> Self {
        match E::descriptor().topic() {
            Some(topic) => self.topic(topic),
            None => {
                self.without.get_or_insert(E::descriptor().name());
                self
            }
        }
    }

    /// Adds a topic by name.
    ///
    /// See the example of [`Topics`].
    #[must_use]
    pub fn topic(mut self, name: impl Into<String>) -> Self {
        let name = name.into();
        if !self.names.contains(&name) {
            self.names.push(name);
        }
        self
    }

    /// The number of partitions of a topic that is made. Existing topics keep theirs.
    ///
    /// See the example of [`Topics`].
    #[must_use]
    pub fn partitions(self, partitions: u16) -> Self {
        Self { partitions: partitions.into(), ..self }
    }

    /// The number of brokers that keep a copy of a topic that is made.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, Topics};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// // The embedded broker is alone.
    /// let kafka = EmbeddedKafka::start()?;
    /// let made = Topics::new().topic("orders").replication(1).create(&kafka.config()).await?;
    /// assert_eq!(made, ["orders"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn replication(self, replication: u16) -> Self {
        Self { replication: replication.into(), ..self }
    }

    /// Makes the topics that are missing, and returns their names.
    ///
    /// See the example of [`Topics`].
    ///
    /// # Errors
    ///
    /// Of [`ConnectError`]: no connection, an event without a topic, or a broker that refuses to make one
    /// ([`is_missing_topic`](ConnectError::is_missing_topic)), such as for want of the right to. Topics that were made
    /// before the refusal stay.
    pub async fn create(&self, config: &KafkaConfig) -> Result<Vec<String>, ConnectError> {
        let missing = self.missing(config).await?;
        if missing.is_empty() {
            return Ok(missing);
        }
        if let Some(embedded) = config.embedded() {
            // The mock cluster does not understand admin requests.
            for name in &missing {
                embedded.create_topic(name, if self.partitions < 1 { 1 } else { self.partitions })?;
            }
            return Ok(missing);
        }
        let new = |name| NewTopic::new(name, self.partitions, TopicReplication::Fixed(self.replication));
        let new: Vec<_> = missing.iter().map(|name| new(name)).collect();
        let options = AdminOptions::new().request_timeout(Some(OPERATION)).operation_timeout(Some(OPERATION));
        let admin = admin(config)?;
        let results = admin.create_topics(&new, &options).await;
        drop_elsewhere(admin);
        let mut made = Vec::new();
        for result in results.map_err(|error| refused("", &error.to_string()))? {
            match result {
                Ok(name) => made.push(name),
                // Another instance of the service was faster.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => return Err(refused(&name, &format!("{code}{}", remedy(code)))),
            }
        }
        Ok(made)
    }

    /// Checks that all topics are there, and makes none.
    ///
    /// See the example of [`Topics`].
    ///
    /// # Errors
    ///
    /// Of [`ConnectError`]: no connection, an event without a topic, or
    /// [`is_missing_topic`](ConnectError::is_missing_topic), which names them all.
    pub async fn check(&self, config: &KafkaConfig) -> Result<(), ConnectError> {
        let missing = self.missing(config).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let names = missing.join("`, `");
        let reason = format!("not there, or not visible to this user: `{names}`; create them, or use `Topics::create`");
        Err(ConnectErrorKind::Topic(reason).into())
    }

    async fn missing(&self, config: &KafkaConfig) -> Result<Vec<String>, ConnectError> {
        if let Some(event) = self.without {
            let problem = format!("event `{event}` has no topic: give it one with `#[event(topic = \"...\")]`");
            return Err(super::ConfigError::one(problem).into());
        }
        // A producer tells wrong passwords, certificates and addresses apart; the admin client only waits.
        EventProducer::connect(config)
            .await?
            .close(OPERATION)
            .await
            .map_err(|error| refused("", &error.to_string()))?;
        let admin = admin(config)?;
        let asked = thread::start("event-schema topics", move || {
            // All topics: to ask for one by name could create it.
            let metadata = admin.inner().fetch_metadata(None, OPERATION)?;
            let there = metadata.topics().iter().map(|topic| topic.name().to_owned()).collect::<BTreeSet<_>>();
            drop(admin);
            Ok::<_, rdkafka::error::KafkaError>(there)
        });
        let there = match asked.await {
            Ok(there) => there.map_err(|error| refused("", &error.to_string()))?,
            Err(_) => return Err(ConnectError::client("no thread to ask for topics on".to_owned())),
        };
        Ok(self.names.iter().filter(|name| !there.contains(*name)).cloned().collect())
    }
}

fn admin(config: &KafkaConfig) -> Result<AdminClient<DefaultClientContext>, ConnectError> {
    config.rdkafka_producer()?.create().map_err(ConnectError::creation)
}

/// Drops a client where it may block: it joins a thread.
fn drop_elsewhere(admin: AdminClient<DefaultClientContext>) {
    drop(thread::start("event-schema drop", move || drop(admin)));
}

fn refused(name: &str, reason: &str) -> ConnectError {
    let topic = if name.is_empty() { String::new() } else { format!("`{name}`: ") };
    ConnectErrorKind::Topic(format!("{topic}{reason}")).into()
}

fn remedy(code: RDKafkaErrorCode) -> &'static str {
    use RDKafkaErrorCode as C;
    match code {
        C::TopicAuthorizationFailed | C::ClusterAuthorizationFailed => {
            "; the user needs the right to create the topic, or someone creates it beforehand"
        }
        C::InvalidReplicationFactor => "; `replication` is more than there are brokers",
        C::InvalidTopic => "; a topic's name has up to 249 letters, digits, `.`, `_` and `-`",
        C::UnsupportedVersion => "; brokers before 2.4 need `partitions` and `replication`",
        _ => "",
    }
}

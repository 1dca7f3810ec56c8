//! Creates or checks the topics that a service needs.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use super::client::thread;
use super::config::KafkaConfig;
use super::error::{ConfigError, ConnectError, ConnectErrorKind};
use super::produce::EventProducer;
use crate::EventSchema;

/// The topics that a service needs. [`create`](Self::create) creates missing topics, [`check`](Self::check)
/// reports them.
///
/// Both connect first, so that a wrong password, an unknown certificate authority or an unreachable broker is
/// reported as such, within [`KafkaConfig::connect_timeout`].
///
/// ```
/// use event_schema::kafka::{DeadLetter, EmbeddedKafka, Topic, Topics};
/// use event_schema::prelude::*;
///
/// #[event_schema::event(name = "order.requested", topic = "orders")]
/// struct OrderRequested { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?; // or KafkaConfig::from_properties_file("client.properties")
/// let topics = Topics::new()
///     .topic(Topic::of::<OrderRequested>().partitions(3))
///     .topic(DeadLetter::new().topic_of("orders", "billing"));
/// assert!(topics.check(&kafka.config()).await.unwrap_err().is_missing_topic());
///
/// assert_eq!(topics.create(&kafka.config()).await?, ["orders", "orders-billing-dlt"]);
/// assert!(topics.create(&kafka.config()).await?.is_empty());
/// topics.check(&kafka.config()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Topics(Vec<Topic>);

/// A topic, and its settings if it is created; see [`Topics`]. An existing topic keeps its settings.
#[derive(Debug, Clone)]
pub struct Topic {
    /// The name, or that of an event that has no topic.
    name: Result<String, &'static str>,
    partitions: Option<u16>,
    replication: Option<u16>,
    settings: Vec<(String, String)>,
}

/// How long the brokers may take to make topics, and to answer that they did.
const OPERATION: Duration = Duration::from_secs(10);

impl Topic {
    /// A topic with this name and the brokers' default settings.
    ///
    /// See the example of [`set`](Self::set).
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: Ok(name.into()), partitions: None, replication: None, settings: Vec::new() }
    }

    /// The topic that an event declares.
    ///
    /// See the example of [`Topics`].
    #[must_use]
    pub fn of<E: EventSchema>() -> Self {
        let name = E::descriptor().topic().map(str::to_owned).ok_or(E::descriptor().name());
        Self { name, ..Self::new("") }
    }

    /// The number of partitions, at least 1.
    ///
    /// See the example of [`set`](Self::set).
    #[must_use]
    pub fn partitions(self, partitions: u16) -> Self {
        Self { partitions: Some(partitions), ..self }
    }

    /// The number of brokers that keep a copy, at least 1.
    ///
    /// See the example of [`set`](Self::set).
    #[must_use]
    pub fn replication(self, replication: u16) -> Self {
        Self { replication: Some(replication), ..self }
    }

    /// A [setting](https://kafka.apache.org/documentation/#topicconfigs) of the topic, such as `cleanup.policy`.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, Topic, Topics};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let customers = Topic::new("customers").partitions(6).replication(3).set("cleanup.policy", "compact");
    ///
    /// // The embedded cluster has one broker and no topic settings: it uses the name and the partitions.
    /// let kafka = EmbeddedKafka::start()?;
    /// assert_eq!(Topics::new().topic(customers).create(&kafka.config()).await?, ["customers"]);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.push((key.into(), value.into()));
        self
    }

    fn name(&self) -> Result<&str, ConnectError> {
        let problem = match &self.name {
            Err(event) => format!("event `{event}` has no topic: give it one with `#[event(topic = \"...\")]`"),
            Ok(name) if self.partitions == Some(0) => format!("topic `{name}`: `partitions` must be at least 1"),
            Ok(name) if self.replication == Some(0) => format!("topic `{name}`: `replication` must be at least 1"),
            Ok(name) => return Ok(name),
        };
        Err(ConfigError::one(problem).into())
    }

    /// For librdkafka, which calls the brokers' default -1 (KIP-464).
    fn to_new(&self) -> Result<NewTopic<'_>, ConnectError> {
        let count = |count: Option<u16>| count.map_or(-1, i32::from);
        let topic =
            NewTopic::new(self.name()?, count(self.partitions), TopicReplication::Fixed(count(self.replication)));
        Ok(self.settings.iter().fold(topic, |topic, (key, value)| topic.set(key, value)))
    }
}

impl<N: Into<String>> From<N> for Topic {
    fn from(name: N) -> Self {
        Self::new(name)
    }
}

impl Topics {
    /// No topics yet.
    ///
    /// See the example of [`Topics`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a topic, by its name or as a [`Topic`].
    ///
    /// See the example of [`Topics`].
    #[must_use]
    pub fn topic(mut self, topic: impl Into<Topic>) -> Self {
        self.0.push(topic.into());
        self
    }

    /// Creates the missing topics, and returns their names at the brokers.
    ///
    /// See the example of [`Topics`].
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the connection fails or an event has no topic. Also if the brokers refuse to create topics
    /// ([`is_missing_topic`](ConnectError::is_missing_topic)), for instance because the user lacks the right: the error
    /// names all refused topics with the reasons, and the other topics are created.
    pub async fn create(&self, config: &KafkaConfig) -> Result<Vec<String>, ConnectError> {
        let names = config.topic_names();
        let missing = self.missing(config).await?;
        let mut made = Vec::new();
        if let Some(embedded) = config.embedded() {
            // The mock cluster does not understand admin requests.
            for topic in missing {
                embedded.create_topic(topic.name()?, topic.partitions.map_or(1, i32::from))?;
                made.push(topic.name()?.to_owned());
            }
            return Ok(made);
        }
        if missing.is_empty() {
            return Ok(made);
        }
        let new = missing.iter().map(Topic::to_new).collect::<Result<Vec<_>, _>>()?;
        let options = AdminOptions::new().request_timeout(Some(OPERATION)).operation_timeout(Some(OPERATION));
        let results = Admin::new(&config.rdkafka039_producer()?)?.client().create_topics(&new, &options).await;
        let mut refused = Vec::new();
        for result in results.map_err(|error| not_created(&error))? {
            match result {
                Ok(name) => made.push(name),
                // Another instance of the service was faster.
                Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((name, code)) => refused.push(format!("`{}`: {code}{}", names.shown(&name), remedy(code))),
            }
        }
        if refused.is_empty() {
            Ok(made)
        } else {
            Err(ConnectErrorKind::Topic(format!("not created: {}", refused.join("; "))).into())
        }
    }

    /// Checks that all topics exist, and creates none.
    ///
    /// See the example of [`Topics`].
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the connection fails, if an event has no topic, or if topics are missing
    /// ([`is_missing_topic`](ConnectError::is_missing_topic)): the error names them all.
    pub async fn check(&self, config: &KafkaConfig) -> Result<(), ConnectError> {
        let missing = self.missing(config).await?;
        if missing.is_empty() {
            return Ok(());
        }
        let names = config.topic_names();
        let shown = |topic: &Topic| topic.name().map(|name| names.shown(name).into_owned());
        let shown = missing.iter().map(shown).collect::<Result<Vec<_>, _>>()?.join("`, `");
        let reason =
            format!("missing, or not visible to this user: `{shown}`; create them, for instance by `Topics::create`");
        Err(ConnectErrorKind::Topic(reason).into())
    }

    /// Those that no broker has, each once, with their names at the brokers.
    async fn missing(&self, config: &KafkaConfig) -> Result<Vec<Topic>, ConnectError> {
        let names = config.topic_names();
        let mut missing = BTreeMap::new();
        for (index, topic) in self.0.iter().enumerate() {
            let name = names.real(topic.name()?).into_owned();
            missing.entry(name.clone()).or_insert((index, Topic { name: Ok(name), ..topic.clone() }));
        }
        // A producer tells wrong passwords, certificates and addresses apart; the admin client only waits.
        let producer = EventProducer::connect(config).await?;
        producer.close(OPERATION).await.map_err(|error| ConnectError::client(error.to_string()))?;
        let admin = Admin::new(&config.rdkafka039_producer()?)?;
        // All topics: to ask for one by name could create it.
        let asked =
            thread::start("event-schema topics", move || admin.client().inner().fetch_metadata(None, OPERATION));
        let Ok(asked) = asked.await else {
            return Err(ConnectError::client("no thread could be started to look for topics".to_owned()));
        };
        for topic in asked.map_err(|error| unanswered(&error))?.topics() {
            missing.remove(topic.name());
        }
        let mut missing: Vec<_> = missing.into_values().collect();
        missing.sort_unstable_by_key(|(index, _)| *index);
        Ok(missing.into_iter().map(|(_, topic)| topic).collect())
    }
}

/// An admin client. Dropping it joins a thread, which must not block the runtime.
pub(super) struct Admin(Option<AdminClient<DefaultClientContext>>);

impl Admin {
    pub(super) fn new(settings: &ClientConfig) -> Result<Self, ConnectError> {
        settings.create().map(|client| Self(Some(client))).map_err(ConnectError::creation)
    }

    pub(super) fn client(&self) -> &AdminClient<DefaultClientContext> {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl Drop for Admin {
    fn drop(&mut self) {
        let client = self.0.take();
        drop(thread::start("event-schema drop", move || drop(client)));
    }
}

/// Brokers that were reached and then did not answer.
fn unanswered(error: &KafkaError) -> ConnectError {
    ConnectErrorKind::Unreachable { timeout: OPERATION, reason: error.to_string() }.into()
}

/// Brokers that have answered another request just before.
fn not_created(error: &KafkaError) -> ConnectError {
    match error {
        KafkaError::AdminOp(RDKafkaErrorCode::OperationTimedOut) => ConnectErrorKind::Topic(format!(
            "not created: the brokers did not answer within {OPERATION:?}; an `EmbeddedKafka` does not answer other \
             processes, so create the topics in its own"
        ))
        .into(),
        _ => unanswered(error),
    }
}

fn remedy(code: RDKafkaErrorCode) -> &'static str {
    use RDKafkaErrorCode as C;
    match code {
        C::TopicAuthorizationFailed | C::ClusterAuthorizationFailed => {
            "; grant the user the right to create topics, or create the topic beforehand"
        }
        C::InvalidReplicationFactor => "; `replication` exceeds the number of brokers",
        C::InvalidTopic => "; the name of a topic has up to 249 letters, digits, `.`, `_` and `-`",
        C::UnsupportedVersion => "; brokers before 2.4 need `partitions` and `replication`",
        _ => "",
    }
}

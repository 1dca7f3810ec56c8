//! The configuration of producers and consumers.

mod address;
mod java;
mod librdkafka;
mod names;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rdkafka::config::{ClientConfig, RDKafkaLogLevel};

use self::java::Meaning;
use self::librdkafka::{Scope, Verdict};
pub(crate) use self::names::TopicNames;
use crate::kafka::client::Host;
use crate::kafka::error::ConfigError;
use crate::properties::{self, Property, properties};
#[cfg(feature = "registry")]
use crate::registry::RegistryConfig;
use crate::suggestion::suggest;

/// The addresses of the brokers, as librdkafka calls `bootstrap.servers`.
const BROKERS: &str = "metadata.broker.list";

const NO_BROKERS: &str = "`bootstrap.servers` is missing";

/// The configuration of an [`EventProducer`] or an [`EventConsumer`]: the addresses of the brokers, credentials, and
/// settings of the client.
///
/// It is read from a `client.properties` file or from [environment variables](Self::from_env), or built in code. Only
/// `bootstrap.servers` is required; consumers also need a [`group`](Self::group). Keys have Java's names or
/// librdkafka's; every key of [librdkafka] is accepted. `SSL`, `SASL_SSL` and SCRAM need the feature `kafka-ssl`:
///
/// ```
/// use event_schema::kafka::KafkaConfig;
///
/// let java = KafkaConfig::from_properties_str(r#"
///     bootstrap.servers=broker.example.com:9094
///     security.protocol=SASL_SSL
///     sasl.mechanism=PLAIN
///     sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
///         username="alice" password="alice-secret";
/// "#)?;
/// let code = KafkaConfig::new("broker.example.com:9094")
///     .set("security.protocol", "SASL_SSL")
///     .set("sasl.mechanisms", "PLAIN")
///     .set("sasl.username", "alice")
///     .set("sasl.password", "alice-secret")
///     .group("billing");
/// java.check()?;
/// code.check()?;
///
/// // No secret is ever shown.
/// assert!(!format!("{java:?} {code:?}").contains("alice-secret"));
/// # Ok::<(), event_schema::kafka::ConfigError>(())
/// ```
///
/// # Keys
///
/// - A key of librdkafka is passed to the clients that use it: `linger.ms` to producers only.
/// - A key of Java's clients is translated (`buffer.memory`, `sasl.jaas.config`, a PEM keystore, the class
///   names of assignors). A key without a meaning here (`key.serializer`, `max.poll.records`) is
///   ignored with a line in the log.
/// - A key of a schema registry (`schema.registry.url`, `basic.auth.user.info`) is not passed to Kafka's clients;
///   [`registry_property`](Self::registry_property) returns its value, and with the feature `registry`, `registry()` all of
///   them.
/// - `event.schema.topic.prefix` and `event.schema.topic.names` are this crate's own: see [Names of
///   topics](#names-of-topics).
/// - Any other key is a [`ConfigError`] that names the key, its line and the key that was probably meant.
///
/// ```
/// use event_schema::kafka::KafkaConfig;
///
/// let error = KafkaConfig::from_properties_str("bootstrap.server=localhost:9092").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 1: unknown key `bootstrap.server`, did you mean `bootstrap.servers`?",
/// );
/// ```
///
/// # Defaults
///
/// The defaults are librdkafka's, except for the following. Your own keys override them:
///
/// | | key | value | why |
/// |---|---|---|---|
/// | producer | `enable.idempotence`, `acks` | `true`, `all` | no duplicates, no loss, order kept (not set if `acks`, `retries` or `max.in.flight` rule out idempotence, as in Java) |
/// | producer | `partitioner` | `murmur2_random` | a key goes to the same partition as from Java |
/// | consumer | `auto.offset.reset` | `earliest` | a new group misses no message; a group whose next messages were deleted continues with the first that exists, and a warning says so (`none` stops the consumer instead) |
/// | consumer | `fetch.queue.backoff.ms` | `5` | the default of 1000 starves a fast consumer |
///
/// `enable.auto.commit` and `enable.auto.offset.store` are always `false`: a message is committed after it is handled,
/// or by [`commit`](crate::kafka::EventConsumer::commit).
///
/// # How a group shares its partitions
///
/// | settings | when a member joins or leaves | for |
/// |---|---|---|
/// | none | all members release all partitions, and get new ones | groups with Java clients that use their default |
/// | `partition.assignment.strategy=cooperative-sticky` | only the partitions that move are released | groups whose members all set it: a member with the default cannot join |
/// | `group.protocol=consumer` | only the partitions that move are released; the brokers assign them (KIP-848) | brokers from Kafka 4.0 on; settings that the brokers decide, such as `session.timeout.ms`, are ignored with a line in the log |
///
/// librdkafka can abort the process while a consumer closes, with the line `rd_kafka_cgrp_terminated: assert:
/// !rd_kafka_assignment_in_progress`. The tests of this crate have seen it once, with `group.protocol=consumer` and librdkafka
/// 2.12.1. It is a [known fault](https://github.com/confluentinc/librdkafka/issues/4792) that also occurs with the other
/// settings. What was not committed is handled again.
///
/// # Logins by tokens
///
/// With the feature `kafka-oidc`, librdkafka gets tokens of an OpenID Connect provider by OAuth's client credentials, and renews
/// them. These two say the same:
///
/// ```properties
/// sasl.mechanism=OAUTHBEARER
/// sasl.oauthbearer.method=oidc
/// sasl.oauthbearer.token.endpoint.url=https://login.example.com/token
/// sasl.oauthbearer.client.id=billing
/// sasl.oauthbearer.client.secret=...
/// sasl.oauthbearer.scope=orders
/// sasl.oauthbearer.extensions=logicalCluster=lkc-1
/// ```
///
/// ```properties
/// sasl.mechanism=OAUTHBEARER
/// sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler
/// sasl.oauthbearer.token.endpoint.url=https://login.example.com/token
/// sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
///     clientId="billing" clientSecret="..." scope="orders" extension_logicalCluster="lkc-1";
/// ```
///
/// librdkafka's other grants, `sasl.oauthbearer.grant.type` and `sasl.oauthbearer.metadata.authentication.type`, are passed to it.
///
/// # Names of topics
///
/// One program runs on clusters with other names of topics without a change of its code:
///
/// | key | value | effect on the declared topic `orders` |
/// |---|---|---|
/// | `event.schema.topic.prefix` | `staging.` | its real name is `staging.orders` |
/// | `event.schema.topic.names` | `orders:orders-v2, payments:eu.payments` | its real name is `orders-v2`, without the prefix |
///
/// Both hold for all names in the code: topics of events, of [`subscribe_to`], [`send_to`] and [`Outgoing::topic`], of
/// [`Topics`], of [`RunHandle::seek`] and of [`DeadLetter::topic`]. A pattern (`^orders.*`) gets the prefix. Names of dead
/// letter topics and retry topics are made from the real name of their topic (`staging.orders-billing-dlt`), and a name
/// made so may be in `event.schema.topic.names` as well. So [`DeadLetter::topic_of`] needs the real name of a topic that is
/// in `event.schema.topic.names`. Subjects of a schema registry have the real name.
///
/// A real name stays as it is wherever it is used: a name that begins with the prefix, or that is the second of a pair. So
/// the topic of a received message, or of a dead letter, can be sent to. Messages, headers and counts have the real name;
/// errors also have the declared one, where it is another. [`EmbeddedKafka`]'s own methods take real names.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::prelude::*;
///
/// #[derive(Serialize, EventSchema)]
/// #[event(topic = "orders")]
/// struct Order { id: u64 }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// // In client.properties: event.schema.topic.prefix=staging.
/// let config = kafka.config().set("event.schema.topic.prefix", "staging.");
///
/// let producer = EventProducer::connect(&config).await?;
/// assert_eq!(producer.send(&Order { id: 1 }).await?.topic(), "staging.orders");
/// # Ok(())
/// # }
/// ```
///
/// [`subscribe_to`]: crate::kafka::EventConsumer::subscribe_to
/// [`send_to`]: crate::kafka::EventProducer::send_to
/// [`Outgoing::topic`]: crate::kafka::Outgoing::topic
/// [`Topics`]: crate::kafka::Topics
/// [`RunHandle::seek`]: crate::kafka::RunHandle::seek
/// [`DeadLetter::topic`]: crate::kafka::DeadLetter::topic
/// [`DeadLetter::topic_of`]: crate::kafka::DeadLetter::topic_of
/// [`EmbeddedKafka`]: crate::kafka::EmbeddedKafka
/// [librdkafka]: https://github.com/confluentinc/librdkafka/blob/v2.12.1/CONFIGURATION.md
/// [`EventProducer`]: crate::kafka::EventProducer
/// [`EventConsumer`]: crate::kafka::EventConsumer
#[derive(Clone)]
pub struct KafkaConfig {
    entries: Vec<Entry>,
    connect_timeout: Duration,
    /// Where consumers without a committed offset start.
    start_at: Option<SystemTime>,
    /// For consumers of the classic group protocol; the newer one refuses such settings.
    group_defaults: &'static [(&'static str, &'static str)],
    /// The embedded broker, if it is one.
    embedded: Option<Host>,
}

#[derive(Clone)]
struct Entry {
    key: String,
    value: String,
    origin: Origin,
}

/// Where an entry was written, for messages about it.
#[derive(Clone)]
enum Origin {
    Code,
    Line(Option<Arc<str>>, usize),
    /// An environment variable.
    Variable(Arc<str>),
}

impl KafkaConfig {
    /// A configuration for these brokers (`host:port`, separated by commas).
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092").group("billing");
    /// assert_eq!(
    ///     format!("{config:?}"),
    ///     r#"KafkaConfig {"bootstrap.servers": "127.0.0.1:9092", "group.id": "billing"}"#,
    /// );
    /// ```
    pub fn new(bootstrap_servers: impl Into<String>) -> Self {
        Self::empty().set("bootstrap.servers", bootstrap_servers)
    }

    fn empty() -> Self {
        Self {
            entries: Vec::new(),
            connect_timeout: Duration::from_secs(10),
            start_at: None,
            group_defaults: &[],
            embedded: None,
        }
    }

    /// Reads a file in the syntax of Java's `.properties`, in UTF-8.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] if the file cannot be read, and as [`check`](Self::check).
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let error = KafkaConfig::from_properties_file("no-such.properties").unwrap_err();
    /// assert!(error.to_string().starts_with("no-such.properties: "));
    /// ```
    pub fn from_properties_file(path: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let path = path.as_ref();
        let name: Arc<str> = path.display().to_string().into();
        let text = std::fs::read_to_string(path).map_err(|error| ConfigError::one(format!("{name}: {error}")))?;
        Self::parse(&text, Some(&name))
    }

    /// Reads text in the syntax of Java's `.properties`: `key=value`, `key: value` or `key value`. Comments start
    /// with `#` or `!`; a `\` continues a line at its end, and escapes a character elsewhere. Blanks around a value
    /// are removed, as Java's clients do.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::from_properties_str("
    ///     ! two brokers
    ///     bootstrap.servers: a.example.com:9092, \\
    ///                        b.example.com:9092
    ///     client.id = billing
    ///     group.id=billing \t
    /// ")?;
    /// assert!(format!("{config:?}").contains("a.example.com:9092, b.example.com:9092"));
    /// assert_eq!(config.group_id(), Some("billing"));
    /// # Ok::<(), event_schema::kafka::ConfigError>(())
    /// ```
    pub fn from_properties_str(text: &str) -> Result<Self, ConfigError> {
        Self::parse(text, None)
    }

    fn parse(text: &str, file: Option<&Arc<str>>) -> Result<Self, ConfigError> {
        let mut config = Self::empty();
        let origin = |line| Origin::Line(file.cloned(), line);
        for property in properties(text) {
            let Property { line, key, value } =
                property.map_err(|line| ConfigError::one(format!("{}malformed line or escape", origin(line))))?;
            config.put(Entry { key, value, origin: origin(line) });
        }
        config.check()?;
        Ok(config)
    }

    /// Reads the environment variables whose names start with this prefix: the rest of the name in lower case, with `.` for
    /// each `_`, is the key. With the prefix `KAFKA_`, `KAFKA_BOOTSTRAP_SERVERS` sets `bootstrap.servers`.
    ///
    /// Other variables with the prefix, such as `KAFKA_HOME` and those that Kubernetes adds for a service called `kafka`, are
    /// ignored with a line in the log. A variable that is nearly a key is an error that names the key. The prefix of topics is
    /// `KAFKA_EVENT_SCHEMA_TOPIC_PREFIX`.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] if a value is not UTF-8, and as [`check`](Self::check). It names the variable.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// // Run with `BILLING_KAFKA_BOOTSTRAP_SERVERS=broker.example.com:9092`, this is a configuration.
    /// let error = KafkaConfig::from_env("BILLING_KAFKA_").unwrap_err();
    /// assert_eq!(error.to_string(), "`bootstrap.servers` is missing: set `BILLING_KAFKA_BOOTSTRAP_SERVERS`");
    /// ```
    pub fn from_env(prefix: &str) -> Result<Self, ConfigError> {
        Self::from_variables(prefix, std::env::vars_os())
    }

    fn from_variables(
        prefix: &str,
        variables: impl Iterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut config = Self::empty();
        let mut problems = Vec::new();
        for (name, rest, value) in properties::variables(prefix, variables) {
            // librdkafka has a key with an underscore.
            let is_key = librdkafka::PROPERTIES.iter().any(|(name, ..)| *name == rest);
            let key = if is_key { rest } else { rest.replace('_', ".") };
            let Some(value) = value.to_str() else {
                problems.push(format!("{name}: the value is not UTF-8"));
                continue;
            };
            let is_foreign = match java::meaning(&key, value, |_| None) {
                Meaning::Settings(_) => likely(&key).is_none_or(|name| suggest(&key, &[name]).is_none()),
                #[cfg(feature = "registry")]
                Meaning::Registry => !RegistryConfig::is_key(&key),
                _ => false,
            };
            if is_foreign {
                tracing::info!("{name} is ignored: `{key}` is not a key");
                continue;
            }
            let value = value.trim_matches(|c| c <= ' ').to_owned();
            config.put(Entry { key, value, origin: Origin::Variable(name.into()) });
        }
        match config.check() {
            Ok(()) if problems.is_empty() => Ok(config),
            checked => {
                let error = checked.err();
                problems.extend(error.iter().flat_map(ConfigError::problems).map(|problem| match problem {
                    NO_BROKERS => format!("{problem}: set `{prefix}BOOTSTRAP_SERVERS`"),
                    _ => problem.to_owned(),
                }));
                Err(ConfigError::all(problems))
            }
        }
    }

    /// Sets a key, with Java's name or librdkafka's, and replaces its earlier value.
    ///
    /// An unknown key is reported when the configuration is used, or [checked](Self::check).
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// assert!(KafkaConfig::new("127.0.0.1:9092").set("linger.ms", "0").check().is_ok());
    ///
    /// let error = KafkaConfig::new("127.0.0.1:9092").set("linger", "0").check().unwrap_err();
    /// assert_eq!(error.to_string(), "unknown key `linger`, did you mean `linger.ms`?");
    /// ```
    #[must_use]
    pub fn set(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.put(Entry { key: key.into(), value: value.into(), origin: Origin::Code });
        self
    }

    fn put(&mut self, entry: Entry) {
        // Two spellings of one key are one setting: the later replaces the earlier within a
        // file as in code, however each is spelled.
        let same = |known: &Entry| librdkafka::canonical(&known.key) == librdkafka::canonical(&entry.key);
        self.entries.retain(|known| !same(known));
        self.entries.push(entry);
    }

    /// Sets `group.id`: the consumers of one group share the partitions of a topic.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092").group("billing");
    /// assert_eq!(config.group_id(), Some("billing"));
    /// ```
    #[must_use]
    pub fn group(self, id: impl Into<String>) -> Self {
        self.set("group.id", id)
    }

    /// The `group.id`, if there is one.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// assert_eq!(KafkaConfig::new("127.0.0.1:9092").group_id(), None);
    /// ```
    #[must_use]
    pub fn group_id(&self) -> Option<&str> {
        self.value("group.id")
    }

    /// The [real name](Self#names-of-topics) of a declared topic, for clients of rdkafka that are made from these settings.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092").set("event.schema.topic.prefix", "staging.");
    /// assert_eq!(config.topic_name("orders"), "staging.orders");
    /// ```
    #[must_use]
    pub fn topic_name(&self, topic: &str) -> String {
        self.topic_names().real(topic).into_owned()
    }

    /// How long a producer or consumer may take to reach a broker when it starts. Default: 10 seconds. After the start,
    /// clients wait for unreachable brokers without a limit.
    ///
    /// ```
    /// use event_schema::kafka::{EventProducer, KafkaConfig};
    /// use std::time::Duration;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let nobody = KafkaConfig::new("127.0.0.1:1").connect_timeout(Duration::from_millis(300));
    /// assert!(EventProducer::connect(&nobody).await.unwrap_err().is_unreachable());
    /// # }
    /// ```
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Where a consumer starts with a partition in which its group has committed nothing: at the first message with this
    /// timestamp or a later one, instead of the first of all (`auto.offset.reset`). A group that has committed
    /// continues at its commit.
    ///
    /// Together with a new [group](Self::group), this replays the messages since then. A run
    /// [`until_end`](crate::kafka::Runner::until_end) ends behind the last message that is there, and a
    /// [`filter`](crate::kafka::Runner::filter) of the timestamp leaves out those that are too late. The new group has dead
    /// letter topics of its own, unless [`DeadLetter::topic`](crate::kafka::DeadLetter::topic) names another one. The events
    /// that its handler [returns](crate::kafka::Runner::run_with) have other ids than the first time, because the ids are
    /// derived from the group: consumers do not recognise them. To publish events again with their ids, let the group itself
    /// [seek](crate::kafka::RunHandle::seek) to the time.
    ///
    /// If the brokers do not know the offset, for instance of a partition without a leader, this partition waits until they
    /// do; the others are read. The topics of [`Retry::topics`](crate::kafka::Retry::topics) are read from their beginning.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let an_hour_ago = SystemTime::now() - Duration::from_secs(3600);
    /// let config = KafkaConfig::new("127.0.0.1:9092").group("billing-replay").start_at(an_hour_ago);
    /// assert!(config.check().is_ok());
    /// ```
    #[must_use]
    pub fn start_at(self, time: SystemTime) -> Self {
        Self { start_at: Some(time), ..self }
    }

    pub(crate) fn start_time(&self) -> Option<SystemTime> {
        self.start_at
    }

    pub(crate) fn with_group_defaults(self, group_defaults: &'static [(&'static str, &'static str)]) -> Self {
        Self { group_defaults, ..self }
    }

    pub(crate) fn with_embedded(self, host: Host) -> Self {
        Self { embedded: Some(host), ..self }
    }

    pub(crate) fn embedded(&self) -> Option<&Host> {
        self.embedded.as_ref()
    }

    /// The same for a producer of messages that a broker had before. It can be too large for a client with the defaults and,
    /// with more headers, too large for the broker unless it is compressed.
    pub(crate) fn for_copies(&self) -> Result<Self, ConfigError> {
        // Somebody relies on the acknowledgement, whatever other producers are content with.
        let config = self.clone().set("message.max.bytes", "1000000000").set("acks", "all");
        let settings = config.rdkafka039_producer()?;
        let is_plain = settings.get("compression.codec").is_none_or(|codec| codec == "none");
        Ok(if is_plain { config.set("compression.type", "lz4") } else { config })
    }

    pub(crate) fn connect_deadline(&self) -> Duration {
        self.connect_timeout
    }

    /// The names of topics at the brokers. Those of a configuration with faults are of no use, and
    /// [`check`](Self::check) finds these.
    pub(crate) fn topic_names(&self) -> Arc<TopicNames> {
        Arc::new(self.parsed_names().0)
    }

    /// The same for names that are those at the brokers already. The real name of another service's topic is not that of a
    /// topic that this configuration names.
    pub(crate) fn with_real_names(self) -> Self {
        self.set(names::PREFIX, "").set(names::NAMES, "")
    }

    fn parsed_names(&self) -> (TopicNames, Vec<String>) {
        let (names, problems) = TopicNames::parse(self.value(names::PREFIX), self.value(names::NAMES));
        let origin = |key| self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.origin.to_string());
        let placed = |(key, reason)| format!("{}`{key}`: {reason}", origin(key).unwrap_or_default());
        (names, problems.into_iter().map(placed).collect())
    }

    /// Refuses a login that waits for tokens that nobody gives. A client of rdkafka's own may have a callback for them.
    pub(crate) fn check_login(&self) -> Result<(), ConfigError> {
        match self.settings(&librdkafka::features())?.without_tokens() {
            Some(problem) => Err(ConfigError::one(problem)),
            None => Ok(()),
        }
    }

    /// The settings of the connection alone, for a client that only asks.
    pub(crate) fn reader(&self) -> Result<ClientConfig, ConfigError> {
        self.check_login()?;
        let mut config = self.settings(&librdkafka::features())?.client_config(Scope::Both)?;
        config.remove("statistics.interval.ms");
        config.set("allow.auto.create.topics", "false");
        config.set("enable.metrics.push", "false");
        Ok(config)
    }

    /// The addresses of the brokers.
    pub(crate) fn servers(&self) -> &str {
        self.canonical_value(BROKERS).unwrap_or_default()
    }

    /// In capital letters.
    pub(crate) fn security_protocol(&self) -> String {
        self.canonical_value("security.protocol").unwrap_or("PLAINTEXT").to_ascii_uppercase()
    }

    /// In capital letters.
    pub(crate) fn mechanism(&self) -> String {
        self.canonical_value("sasl.mechanisms").unwrap_or("GSSAPI").to_ascii_uppercase()
    }

    fn canonical_value(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|entry| librdkafka::canonical(&entry.key) == key).map(|entry| entry.value.as_str())
    }

    /// The value of a key of a schema registry, such as `schema.registry.url`, for the client of the registry. Kafka's
    /// clients do not use it.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092")
    ///     .set("schema.registry.url", "https://registry.example.com");
    /// assert_eq!(
    ///     config.registry_property("schema.registry.url"),
    ///     Some("https://registry.example.com"),
    /// );
    /// assert_eq!(config.registry_property("bootstrap.servers"), None);
    /// ```
    #[must_use]
    pub fn registry_property(&self, key: &str) -> Option<&str> {
        let value = self.value(key)?;
        (java::meaning(key, value, |_| None) == Meaning::Registry).then_some(value)
    }

    /// The configuration of the client of the schema registry: the keys that Kafka's clients do not use, with the
    /// credentials of Kafka where they say `SASL_INHERIT` or `SASL_OAUTHBEARER_INHERIT`. It is checked when it is used.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    /// use event_schema::registry::SchemaRegistry;
    ///
    /// let config = KafkaConfig::from_properties_str("
    ///     bootstrap.servers=broker.example.com:9092
    ///     schema.registry.url=https://registry.example.com
    ///     basic.auth.credentials.source=USER_INFO
    ///     basic.auth.user.info=alice:alice-secret
    ///     auto.register.schemas=false
    /// ")?;
    /// let registry = SchemaRegistry::new(&config.registry())?;
    ///
    /// let none = KafkaConfig::new("broker.example.com:9092").registry();
    /// assert_eq!(none.check().unwrap_err().to_string(), "`schema.registry.url` is missing");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "registry")]
    #[must_use]
    pub fn registry(&self) -> RegistryConfig {
        let mut config = RegistryConfig::empty();
        for Entry { key, value, .. } in &self.entries {
            if java::meaning(key, value, |_| None) == Meaning::Registry {
                let is_pem =
                    [".certificates", ".keystore.key", ".certificate.chain"].iter().any(|end| key.ends_with(end));
                config = config.set(key, if is_pem { java::pem(value) } else { value.clone() });
            }
        }
        config.with_credentials_of_kafka(|key| self.canonical_value(key))
    }

    fn value(&self, key: &str) -> Option<&str> {
        self.entries.iter().find(|entry| entry.key == key).map(|entry| entry.value.as_str())
    }

    /// Checks all keys and values, without a connection.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] that names every fault: unknown keys, values that librdkafka does not accept, features that
    /// librdkafka was built without, and Java keystores that it cannot read.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092")
    ///     .set("acks", "most")
    ///     .set("ssl.truststore.location", "trust.jks");
    /// let error = config.check().unwrap_err().to_string();
    /// assert!(error.contains("acks"));
    /// assert!(error.contains("ssl.ca.location"));
    /// ```
    pub fn check(&self) -> Result<(), ConfigError> {
        self.settings(&librdkafka::features()).map(drop)
    }

    /// The configuration of a producer of [rdkafka itself](crate::kafka::rdkafka039), with this crate's defaults, for uses
    /// that typed events do not cover, such as transactions.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), and if a configured file does not exist.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092").rdkafka039_producer()?;
    /// assert_eq!(config.get("enable.idempotence"), Some("true"));
    /// # Ok::<(), event_schema::kafka::ConfigError>(())
    /// ```
    pub fn rdkafka039_producer(&self) -> Result<ClientConfig, ConfigError> {
        let settings = self.settings(&librdkafka::features())?;
        let mut config = settings.client_config(Scope::Producer)?;
        default(&mut config, "partitioner", "murmur2_random");
        // librdkafka waits half a minute for a topic that is not there: longer than for the message, it would only say
        // that the message timed out.
        let timeout = config.get("message.timeout.ms").and_then(|value| value.parse::<u64>().ok());
        if let Some(half) = timeout.map(|timeout| timeout / 2).filter(|half| (1..30_000).contains(half)) {
            default(&mut config, "topic.metadata.propagation.max.ms", &half.to_string());
        }
        // As Java does: settings that rule idempotence out are a choice against it.
        let number = |key| config.get(key).and_then(|value| value.parse::<u32>().ok());
        let at_odds = config.get("request.required.acks").is_some_and(|acks| acks != "all" && acks != "-1")
            || number("message.send.max.retries") == Some(0)
            || number("max.in.flight.requests.per.connection") > Some(5);
        if !at_odds {
            default(&mut config, "enable.idempotence", "true");
            default(&mut config, "request.required.acks", "all");
        } else if config.get("enable.idempotence").is_none() {
            tracing::warn!(
                "acks, retries or max.in.flight rule out an idempotent producer: \
                 events may be lost, duplicated or reordered when a broker fails"
            );
        }
        Ok(config)
    }

    /// The configuration of a consumer of [rdkafka itself](crate::kafka::rdkafka039), with this crate's defaults.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), and if a configured file does not exist.
    ///
    /// ```
    /// use event_schema::kafka::KafkaConfig;
    ///
    /// let config = KafkaConfig::new("127.0.0.1:9092").group("billing").rdkafka039_consumer()?;
    /// assert_eq!(config.get("auto.offset.reset"), Some("earliest"));
    /// # Ok::<(), event_schema::kafka::ConfigError>(())
    /// ```
    pub fn rdkafka039_consumer(&self) -> Result<ClientConfig, ConfigError> {
        let settings = self.settings(&librdkafka::features())?;
        let mut config = settings.client_config(Scope::Consumer)?;
        config.set("enable.auto.commit", "false");
        config.set("enable.auto.offset.store", "false");
        default(&mut config, "auto.offset.reset", "earliest");
        default(&mut config, "fetch.queue.backoff.ms", "5");
        default(&mut config, "enable.partition.eof", "false");
        if config.get("group.protocol") == Some("consumer") {
            // librdkafka refuses them, and templates have them for whichever protocol.
            for key in CLASSIC_ONLY.iter().filter(|key| config.get(key).is_some()).copied().collect::<Vec<_>>() {
                tracing::info!("`{key}` is ignored: with `group.protocol=consumer` it is a setting of the brokers");
                config.remove(key);
            }
        } else {
            for (key, value) in self.group_defaults {
                default(&mut config, key, value);
            }
        }
        Ok(config)
    }

    fn settings(&self, features: &[String]) -> Result<Settings, ConfigError> {
        let mut settings = Settings::default();
        let mut problems = Vec::new();
        for entry in &self.entries {
            let Entry { key, value, origin } = entry;
            let mut problem = |text: String| problems.push(format!("{origin}{text}"));
            let meaning = java::meaning(key, value, |other| self.value(other));
            match meaning {
                Meaning::Registry | Meaning::Own => {}
                Meaning::Ignored(reason) => {
                    tracing::info!("{origin}`{key}` is ignored: {reason}");
                }
                Meaning::Refused(reason) => problem(format!("`{key}`: {reason}")),
                Meaning::Settings(translated) => {
                    for (name, value) in translated {
                        if librdkafka::canonical(name) == BROKERS
                            && let Err(reason) = address::check(&value)
                        {
                            problem(format!("`{key}`: {reason}"));
                            continue;
                        }
                        match librdkafka::check(name, &value, features) {
                            Verdict::Good => settings.put(name, value),
                            Verdict::BadValue(reason) => problem(format!("`{key}`: {reason}")),
                            Verdict::UnknownKey => problem(unknown(key)),
                        }
                    }
                }
            }
        }
        problems.extend(self.parsed_names().1);
        problems.extend(settings.missing_mechanism(features));
        problems.extend(settings.missing_credentials());
        let has_address = |list: &String| list.split(',').any(|address| !address.trim().is_empty());
        if !settings.values.get(BROKERS).is_some_and(has_address) {
            let known = problems.iter().any(|text| text.contains("`bootstrap.servers`") || text.contains(BROKERS));
            if !known {
                problems.push(NO_BROKERS.to_owned());
            }
        }
        if problems.is_empty() { Ok(settings) } else { Err(ConfigError::all(problems)) }
    }
}

impl fmt::Debug for KafkaConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KafkaConfig ")?;
        f.debug_map()
            .entries(self.entries.iter().map(|Entry { key, value, .. }| {
                // An unknown key may be a mistyped secret.
                let is_known = librdkafka::is_known(key) || names::is_key(key);
                let name = if is_known || is_name(key) { key.as_str() } else { "***" };
                (name, if is_known && !is_secret(key) { value.as_str() } else { "***" })
            }))
            .finish()
    }
}

fn is_secret(key: &str) -> bool {
    ["password", "secret", "username", "passphrase", "pem", "oauthbearer", "key.location"]
        .iter()
        .any(|part| key.contains(part))
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code => Ok(()),
            Self::Line(None, line) => write!(f, "line {line}: "),
            Self::Line(Some(file), line) => write!(f, "{file}:{line}: "),
            Self::Variable(name) => write!(f, "{name}: "),
        }
    }
}

fn default(config: &mut ClientConfig, key: &str, value: &str) {
    if config.get(key).is_none() {
        config.set(key, value);
    }
}

/// Whether a name that nobody knows may be shown: a line of a value that goes on from the line before may stand in
/// its place, such as one of a private key.
fn is_name(key: &str) -> bool {
    const LONGEST: usize = 64;
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || b"-_".contains(&c));
    key.len() <= LONGEST && key.split('.').all(is_word) && (key.contains('.') || likely(key).is_some())
}

fn unknown(key: &str) -> String {
    if !is_name(key) {
        return "not a known key; if this line continues a value, end the line before it with `\\`".to_owned();
    }
    match likely(key) {
        Some(name) => format!("unknown key `{key}`, did you mean `{name}`?"),
        None => format!("unknown key `{key}`"),
    }
}

/// The key that was probably meant.
fn likely(key: &str) -> Option<&'static str> {
    let names = librdkafka::PROPERTIES.iter().map(|(name, ..)| *name);
    let likely = names
        .chain(java::names())
        .map(|name| (strsim::jaro_winkler(key, name), name))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    likely.filter(|(likeness, _)| *likeness > 0.85).map(|(_, name)| name)
}

/// Settings of a member in the classic protocol; in the newer one (KIP-848) the brokers have them.
const CLASSIC_ONLY: [&str; 4] =
    ["session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy", "group.protocol.type"];

/// The settings for librdkafka, under its canonical names.
#[derive(Default)]
struct Settings {
    values: BTreeMap<String, String>,
}

impl Settings {
    fn put(&mut self, key: &str, value: String) {
        self.values.insert(librdkafka::canonical(key).to_owned(), value);
    }

    fn client_config(&self, client: Scope) -> Result<ClientConfig, ConfigError> {
        // librdkafka has only OpenSSL's numbers to say for a file that is not there.
        for (key, file) in self.values.iter().filter(|(key, file)| key.ends_with(".location") && *file != "probe") {
            std::fs::metadata(file).map_err(|error| ConfigError::one(format!("`{key}`: {error}")))?;
        }
        let mut config = ClientConfig::new();
        for (key, value) in &self.values {
            let scope = librdkafka::scope(key);
            if scope == Scope::Both || scope == client {
                config.set(key, value);
            }
        }
        config.set_log_level(log_level());
        Ok(config)
    }

    /// librdkafka says only when a client is made which mechanism it was built without.
    fn missing_mechanism(&self, features: &[String]) -> Option<String> {
        let upper = |key| self.values.get(key).map(|value| value.to_ascii_uppercase()).unwrap_or_default();
        if !upper("security.protocol").starts_with("SASL") {
            return None;
        }
        let mechanism = upper("sasl.mechanisms");
        let (feature, remedy) = match mechanism.as_str() {
            "SCRAM-SHA-256" | "SCRAM-SHA-512" => ("sasl_scram", librdkafka::TLS),
            "OAUTHBEARER" => ("sasl_oauthbearer", librdkafka::TLS),
            // librdkafka's default mechanism.
            "GSSAPI" | "" => ("sasl_gssapi", "add rdkafka with its feature `gssapi`, or set another mechanism"),
            _ => return None,
        };
        let missing = !features.iter().any(|known| known == feature);
        missing.then(|| format!("`sasl.mechanism`: librdkafka was built without {feature}; {remedy}"))
    }

    fn is(&self, key: &str, wanted: &str) -> bool {
        self.values.get(key).is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    }

    fn logs_in_by_token(&self) -> bool {
        let has_login = self.is("security.protocol", "SASL_SSL") || self.is("security.protocol", "SASL_PLAINTEXT");
        has_login && self.is("sasl.mechanisms", "OAUTHBEARER")
    }

    /// librdkafka says only when a client is made, and of the first, which key of OIDC is missing.
    fn missing_credentials(&self) -> Option<String> {
        let has_others = self.values.contains_key("sasl.oauthbearer.metadata.authentication.type")
            || self.values.get("sasl.oauthbearer.grant.type").is_some_and(|grant| grant != "client_credentials");
        if !self.logs_in_by_token() || !self.is("sasl.oauthbearer.method", "oidc") || has_others {
            return None;
        }
        let missing: Vec<_> = CLIENT_CREDENTIALS.into_iter().filter(|key| !self.values.contains_key(*key)).collect();
        (!missing.is_empty())
            .then(|| format!("`sasl.oauthbearer.method=oidc` needs `{}` as well", missing.join("`, `")))
    }

    /// Why a client of ours cannot log in: it gives librdkafka no tokens.
    fn without_tokens(&self) -> Option<String> {
        let has_tokens =
            self.is("sasl.oauthbearer.method", "oidc") || self.is("enable.sasl.oauthbearer.unsecure.jwt", "true");
        (self.logs_in_by_token() && !has_tokens).then(|| {
            format!(
                "`sasl.mechanism=OAUTHBEARER` needs `sasl.oauthbearer.method=oidc` (of Java's clients, \
                 `sasl.login.callback.handler.class` with OAuthBearerLoginCallbackHandler) and `{}`",
                CLIENT_CREDENTIALS.join("`, `")
            )
        })
    }
}

/// The keys of OAuth's client credentials.
const CLIENT_CREDENTIALS: [&str; 3] =
    ["sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.client.id", "sasl.oauthbearer.client.secret"];

fn log_level() -> RDKafkaLogLevel {
    // librdkafka's lines become tracing events; lines without a listener are not even made.
    if tracing::enabled!(target: "librdkafka", tracing::Level::DEBUG) {
        RDKafkaLogLevel::Debug
    } else {
        // Always on: only the log says that messages are gone, and that a port may speak another protocol.
        RDKafkaLogLevel::Info
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> BTreeMap<String, String> {
        KafkaConfig::from_properties_str(text)
            .and_then(|config| config.settings(&librdkafka::features()))
            .unwrap_or_else(|error| panic!("{error}"))
            .values
    }

    fn problems(text: &str) -> String {
        KafkaConfig::from_properties_str(text).expect_err("a fault").to_string()
    }

    fn from_variables(variables: &[(&str, &str)]) -> Result<KafkaConfig, ConfigError> {
        let variables = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        KafkaConfig::from_variables("KAFKA_", variables)
    }

    #[test]
    fn the_environment_has_keys_behind_the_prefix() {
        let config = from_variables(&[
            ("KAFKA_BOOTSTRAP_SERVERS", " broker.example.com:9092 "),
            ("KAFKA_GROUP_ID", "billing"),
            ("KAFKA_SCHEMA_REGISTRY_URL", "https://registry.example.com"),
            ("KAFKA_BUFFER_MEMORY", "1048576"),
            ("KAFKA_LOG_LEVEL", "3"),
            ("KAFKA_EVENT_SCHEMA_TOPIC_PREFIX", "staging."),
            ("OTHER_CLIENT_ID", "not ours"),
            // Variables of Kafka's own scripts, and of Kubernetes.
            ("KAFKA_HOME", "/opt/kafka"),
            ("KAFKA_HEAP_OPTS", "-Xmx1G"),
            ("KAFKA_SERVICE_HOST", "10.0.0.7"),
            ("KAFKA_PORT", "tcp://10.0.0.7:9092"),
            ("KAFKA_PORT_9092_TCP_ADDR", "10.0.0.7"),
            // Those of applications, which begin as keys do.
            ("KAFKA_TOPIC", "orders"),
            ("KAFKA_ENABLED", "true"),
            ("KAFKA_BROKER_ID", "1"),
        ])
        .unwrap();
        assert_eq!(config.value("bootstrap.servers"), Some("broker.example.com:9092"));
        assert_eq!(config.group_id(), Some("billing"));
        assert_eq!(config.registry_property("schema.registry.url"), Some("https://registry.example.com"));
        assert_eq!(config.settings(&librdkafka::features()).unwrap().values["queue.buffering.max.kbytes"], "1024");
        assert_eq!(config.value("log_level"), Some("3"));
        assert_eq!(config.topic_names().real("orders"), "staging.orders");
        assert_eq!(config.entries.len(), 6);
    }

    /// Kubernetes adds them for a service called `kafka-schema-registry`.
    #[cfg(feature = "registry")]
    #[test]
    fn the_address_of_a_service_is_no_key_of_a_registry() {
        let config = from_variables(&[
            ("KAFKA_BOOTSTRAP_SERVERS", "broker.example.com:9092"),
            ("KAFKA_SCHEMA_REGISTRY_URL", "https://registry.example.com"),
            ("KAFKA_SCHEMA_REGISTRY_SERVICE_HOST", "10.0.0.8"),
            ("KAFKA_SCHEMA_REGISTRY_SERVICE_PORT", "8081"),
            ("KAFKA_SCHEMA_REGISTRY_PORT", "tcp://10.0.0.8:8081"),
            ("KAFKA_SCHEMA_REGISTRY_PORT_8081_TCP", "tcp://10.0.0.8:8081"),
            ("KAFKA_SCHEMA_REGISTRY_PORT_8081_TCP_ADDR", "10.0.0.8"),
        ]);
        config.unwrap().registry().check().unwrap();
        // One that is nearly a key is named.
        let config = from_variables(&[
            ("KAFKA_BOOTSTRAP_SERVERS", "broker.example.com:9092"),
            ("KAFKA_SCHEMA_REGISTRY_ULR", "https://registry.example.com"),
        ]);
        let error = config.unwrap().registry().check().unwrap_err().to_string();
        assert!(error.contains("`schema.registry.ulr`"), "{error}");
    }

    #[test]
    fn a_variable_that_is_nearly_a_key_is_named() {
        let faults = [("KAFKA_BOOTSTRAP_SERVER", "localhost:9092"), ("KAFKA_ACKS", "most")];
        let error = from_variables(&faults).unwrap_err().to_string();
        assert!(error.contains("KAFKA_ACKS: "), "{error}");
        assert!(
            error.contains("KAFKA_BOOTSTRAP_SERVER: unknown key `bootstrap.server`, did you mean `bootstrap.servers`?"),
            "{error}"
        );
    }

    #[test]
    fn java_and_librdkafka_spellings_say_the_same() {
        let java = settings(
            r#"
            bootstrap.servers=broker.example.com:9094
            security.protocol=SASL_SSL
            sasl.mechanism=PLAIN
            sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
                username="alice" password="alice-secret";
            ssl.truststore.type=PEM
            ssl.truststore.location=/etc/kafka/ca.pem
            ssl.endpoint.identification.algorithm=
            buffer.memory=1048576
            linger.ms=7
            acks=all
            retries=5
            delivery.timeout.ms=60000
            fetch.max.wait.ms=100
            key.serializer=org.apache.kafka.common.serialization.StringSerializer
            max.poll.records=10
            partition.assignment.strategy=org.apache.kafka.clients.consumer.RoundRobinAssignor
            "#,
        );
        let librdkafka = settings(
            r"
            metadata.broker.list: broker.example.com:9094
            security.protocol: SASL_SSL
            sasl.mechanisms: PLAIN
            sasl.username: alice
            sasl.password: alice-secret
            ssl.ca.location: /etc/kafka/ca.pem
            ssl.endpoint.identification.algorithm: none
            queue.buffering.max.kbytes: 1024
            queue.buffering.max.ms: 7
            request.required.acks: all
            message.send.max.retries: 5
            message.timeout.ms: 60000
            fetch.wait.max.ms: 100
            partition.assignment.strategy: roundrobin
            ",
        );
        assert_eq!(java, librdkafka);
    }

    #[test]
    fn confluent_clouds_template_works_as_it_is() {
        let config = KafkaConfig::from_properties_str(
            r"
            # Required connection configs for Kafka producer, consumer, and admin
            bootstrap.servers=pkc-00000.europe-west1.gcp.confluent.cloud:9092
            security.protocol=SASL_SSL
            sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required username='KEY' password='SECRET';
            sasl.mechanism=PLAIN
            # Required for correctness in Apache Kafka clients prior to 2.6
            client.dns.lookup=use_all_dns_ips

            # Best practice for higher availability in Apache Kafka clients prior to 3.0
            session.timeout.ms=45000
            default.api.timeout.ms=300000

            # Best practice for Kafka producer to prevent data loss
            acks=all

            client.id=ccloud-java-client-00000000

            # Required connection configs for Confluent Cloud Schema Registry
            schema.registry.url=https://psrc-00000.europe-west3.gcp.confluent.cloud
            basic.auth.credentials.source=USER_INFO
            basic.auth.user.info=SRKEY:SRSECRET
            ",
        )
        .unwrap_or_else(|error| panic!("{error}"));

        let producer = config.rdkafka039_producer().unwrap();
        assert_eq!(producer.get("session.timeout.ms"), None);
        assert_eq!(producer.get("sasl.username"), Some("KEY"));
        assert_eq!(producer.get("sasl.password"), Some("SECRET"));
        assert_eq!(producer.get("request.required.acks"), Some("all"));
        assert!(producer.create_native_config().is_ok());

        let consumer = config.rdkafka039_consumer().unwrap();
        assert_eq!(consumer.get("session.timeout.ms"), Some("45000"));
        assert_eq!(consumer.get("request.required.acks"), None);
        assert!(consumer.create_native_config().is_ok());

        // With one line more in it, as Confluent recommends for new groups.
        let newer = config.clone().set("group.protocol", "consumer").group("g").rdkafka039_consumer().unwrap();
        assert_eq!(newer.get("session.timeout.ms"), None);
        assert!(newer.create::<rdkafka::consumer::BaseConsumer>().is_ok());

        assert_eq!(config.registry_property("basic.auth.user.info"), Some("SRKEY:SRSECRET"));
        let shown = format!("{config:?}");
        for secret in ["KEY", "SECRET", "SRKEY"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn each_group_protocol_makes_a_consumer() {
        let config = KafkaConfig::new("x:1").group("g").set("session.timeout.ms", "45000");
        for (config, expected) in [
            (config.clone(), Some("45000")),
            (config.clone().set("partition.assignment.strategy", "cooperative-sticky"), Some("45000")),
            (config.clone().set("group.protocol", "classic"), Some("45000")),
            (config.clone().set("group.protocol", "consumer"), None),
            // As a template for Java's clients has it.
            (
                config
                    .set("group.protocol", "CONSUMER")
                    .set("heartbeat.interval.ms", "3000")
                    .set("partition.assignment.strategy", "org.apache.kafka.clients.consumer.RangeAssignor")
                    .with_group_defaults(&[("session.timeout.ms", "2000")]),
                None,
            ),
        ] {
            let consumer = config.rdkafka039_consumer().unwrap();
            assert_eq!(consumer.get("session.timeout.ms"), expected, "{config:?}");
            // librdkafka finds contradictions when it makes the client.
            consumer.create::<rdkafka::consumer::BaseConsumer>().unwrap_or_else(|error| panic!("{config:?}: {error}"));
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_a_suggestion() {
        assert_eq!(
            problems("bootstrap.servers=x:1\n\n# a comment\nsecurity.protocoll=SSL"),
            "line 4: unknown key `security.protocoll`, did you mean `security.protocol`?"
        );
        assert_eq!(
            problems("bootstrap.servers=x:1\nquite.something.else=1"),
            "line 2: unknown key `quite.something.else`"
        );
    }

    #[test]
    fn addresses_are_checked_before_anything_connects() {
        for key in ["bootstrap.servers", "metadata.broker.list"] {
            assert_eq!(
                problems(&format!("{key}=a:1,127.0.0.1:99999\nack=1")),
                format!(
                    "line 1: `{key}`: `127.0.0.1:99999` has no port from 1 to 65535 after the colon\n\
                     line 2: unknown key `ack`, did you mean `acks`?"
                )
            );
            assert_eq!(problems(&format!("{key}=,")), "`bootstrap.servers` is missing");
        }
    }

    #[test]
    fn a_file_is_named_in_its_faults() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "bootstrap.servers=x:1\nackz=1").unwrap();
        let error = KafkaConfig::from_properties_file(file.path()).unwrap_err();
        let expected = format!("{}:2: unknown key `ackz`, did you mean `acks`?", file.path().display());
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn secrets_show_neither_in_debug_nor_in_errors() {
        let text = r#"
            bootstrap.servers=x:1
            sasl.username=user-hush
            sasl.password=hush-1
            ssl.key.password=hush-2
            ssl.keystore.password=hush-3
            ssl.key.pem=hush-4
            ssl.keystore.key=hush-5
            sasl.jaas.config=PlainLoginModule required username="hush-6" password="hush-7";
            sasl.oauthbearer.client.secret=hush-8
            basic.auth.user.info=hush-9:hush
            mistyped.password=hush-10
            linger.ms=hush-11
            security.protocol=hush-12
        "#;
        let error = problems(text);
        assert!(!error.contains("hush"), "{error}");

        let mut config = KafkaConfig::new("x:1");
        for line in text.lines().filter_map(|line| line.trim().split_once('=')) {
            let (key, value) = line;
            if !matches!(key, "linger.ms" | "security.protocol") {
                config = config.set(key, value);
            }
        }
        let shown = format!("{config:?}");
        assert!(!shown.contains("hush"), "{shown}");
        assert!(shown.contains(r#""bootstrap.servers": "x:1""#), "{shown}");
    }

    #[test]
    fn a_value_that_goes_on_in_the_next_line_is_quoted_nowhere() {
        let key = "bootstrap.servers=x:1\nssl.key.pem=-----BEGIN PRIVATE KEY-----\n\
            MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQC7/hush+hush\nhushhush\nhush==\n-----END PRIVATE KEY-----\n";
        let error = problems(key);
        for part in ["hush", "MII", "BKc", "BEGIN", "END"] {
            assert!(!error.contains(part), "{error}");
        }
        assert!(error.contains("line 3: not a known key; if this line continues a value"), "{error}");
        let mut config = KafkaConfig::new("x:1");
        for line in ["MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", "hushhush", "-----END", &"hush.".repeat(50)] {
            config = config.set(line, "");
        }
        let shown = format!("{config:?}");
        assert!(!shown.contains("hush") && !shown.contains("MII") && !shown.contains("END"), "{shown}");
        let error = config.check().unwrap_err().to_string();
        assert!(!error.contains("hush") && !error.contains("MII") && !error.contains("END"), "{error}");
    }

    #[test]
    fn a_short_delivery_timeout_leaves_time_to_say_that_there_is_no_such_topic() {
        let wait = |config: KafkaConfig| {
            let config = config.rdkafka039_producer().unwrap();
            config.get("topic.metadata.propagation.max.ms").map(str::to_owned)
        };
        assert_eq!(wait(KafkaConfig::new("x:1").set("delivery.timeout.ms", "5000")).as_deref(), Some("2500"));
        assert_eq!(wait(KafkaConfig::new("x:1")), None);
        let own = KafkaConfig::new("x:1").set("delivery.timeout.ms", "5000");
        assert_eq!(wait(own.set("topic.metadata.propagation.max.ms", "7")).as_deref(), Some("7"));
    }

    #[test]
    fn what_librdkafka_was_built_without_is_named_with_the_feature() {
        let problems = |key: &str, value: &str| {
            let config = KafkaConfig::new("x:1").set("security.protocol", "sasl_plaintext").set(key, value);
            let Err(error) = config.settings(&["gzip".to_owned(), "sasl_gssapi".to_owned()]) else {
                panic!("{key}={value} is taken");
            };
            error.to_string()
        };
        let remedy = "turn on event-schema's feature `kafka-ssl`";
        assert_eq!(
            problems("security.protocol", "sasl_ssl"),
            format!("`security.protocol`: librdkafka was built without TLS; {remedy}")
        );
        assert_eq!(problems("ssl.ca.pem", "x"), format!("`ssl.ca.pem`: librdkafka was built without TLS; {remedy}"));
        assert_eq!(
            problems("sasl.mechanism", "SCRAM-SHA-512"),
            format!("`sasl.mechanism`: librdkafka was built without sasl_scram; {remedy}")
        );
        assert!(problems("compression.type", "zstd").contains("rdkafka with its feature `zstd`"));
    }

    #[test]
    fn idempotence_is_the_default_unless_ruled_out() {
        let idempotence = |config: KafkaConfig| {
            let config = config.rdkafka039_producer().unwrap();
            config.get("enable.idempotence").map(str::to_owned)
        };
        let config = KafkaConfig::new("x:1");
        assert_eq!(idempotence(config.clone()).as_deref(), Some("true"));
        assert_eq!(idempotence(config.clone().set("acks", "1")), None);
        assert_eq!(idempotence(config.clone().set("retries", "0")), None);
        assert_eq!(idempotence(config.clone().set("acks", "-1")).as_deref(), Some("true"));
        assert_eq!(idempotence(config.set("enable.idempotence", "false")).as_deref(), Some("false"));
    }

    /// Kafka's documentation of OAuth has it so.
    #[test]
    fn java_and_librdkafka_spellings_of_oidc_say_the_same() {
        const JAVA: &str = r#"
            bootstrap.servers=broker.example.com:9094
            security.protocol=SASL_SSL
            sasl.mechanism=OAUTHBEARER
            sasl.login.callback.handler.class=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginCallbackHandler
            sasl.oauthbearer.token.endpoint.url=https://login.example.com/token
            sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required \
                clientId="billing" clientSecret="hush" scope="orders" extension_logicalCluster="lkc-1";
        "#;
        const LIBRDKAFKA: &str = r"
            bootstrap.servers=broker.example.com:9094
            security.protocol=SASL_SSL
            sasl.mechanism=OAUTHBEARER
            sasl.oauthbearer.method=oidc
            sasl.oauthbearer.token.endpoint.url=https://login.example.com/token
            sasl.oauthbearer.client.id=billing
            sasl.oauthbearer.client.secret=hush
            sasl.oauthbearer.scope=orders
            sasl.oauthbearer.extensions=logicalCluster=lkc-1
        ";
        let has_oidc = librdkafka::features().iter().any(|feature| feature == "oidc");
        assert_eq!(has_oidc, cfg!(feature = "kafka-oidc"), "the headers of libcurl are missing");
        if has_oidc {
            assert_eq!(settings(JAVA), settings(LIBRDKAFKA));
            let incomplete = LIBRDKAFKA.replace("sasl.oauthbearer.client.id=billing", "");
            assert_eq!(
                problems(&incomplete),
                "`sasl.oauthbearer.method=oidc` needs `sasl.oauthbearer.client.id` as well"
            );
            return;
        }
        let remedy = "librdkafka was built without OIDC; turn on event-schema's feature `kafka-oidc`, with the headers of \
                      libcurl installed";
        for text in [JAVA, LIBRDKAFKA] {
            let told = problems(text);
            assert!(told.contains(remedy) && !told.contains("hush"), "{told}");
        }
        assert!(problems(JAVA).contains("line 5: `sasl.login.callback.handler.class`: "));
    }

    /// librdkafka would wait for a token for ever.
    #[test]
    fn a_login_without_tokens_is_refused() {
        let config = KafkaConfig::new("127.0.0.1:1").set("sasl.mechanism", "OAUTHBEARER");
        let config = config.set("security.protocol", "SASL_PLAINTEXT");
        config.check().unwrap();
        let error = config.check_login().unwrap_err().to_string();
        assert!(error.starts_with("`sasl.mechanism=OAUTHBEARER` needs `sasl.oauthbearer.method=oidc`"), "{error}");
        config.set("enable.sasl.oauthbearer.unsecure.jwt", "true").check_login().unwrap();
    }

    #[test]
    fn names_of_topics_are_checked_and_shown() {
        assert_eq!(
            problems("bootstrap.servers=x:1\nevent.schema.topic.prefix=a b\nevent.schema.topic.names=orders"),
            "line 2: `event.schema.topic.prefix`: a topic's name has only letters, digits, `.`, `_` and `-`\n\
             line 3: `event.schema.topic.names`: expected `declared:real` pairs of topic names, separated by commas"
        );
        assert_eq!(
            problems("bootstrap.servers=x:1\nevent.schema.topic.prefx=a"),
            "line 2: unknown key `event.schema.topic.prefx`, did you mean `event.schema.topic.prefix`?"
        );
        let config = KafkaConfig::new("x:1").set("event.schema.topic.names", "a:b, b:c");
        let error = config.check().unwrap_err().to_string();
        assert_eq!(error, "`event.schema.topic.names`: `b` is the name of one topic and is renamed itself");
        let config = KafkaConfig::new("x:1").set("event.schema.topic.prefix", "staging.");
        assert!(format!("{config:?}").contains(r#""event.schema.topic.prefix": "staging.""#));
        assert_eq!(config.rdkafka039_producer().unwrap().get("event.schema.topic.prefix"), None);
    }

    #[test]
    fn the_later_of_two_spellings_wins() {
        let values = settings("bootstrap.servers=x:1\nretries=3\nmessage.send.max.retries=4");
        assert_eq!(values["message.send.max.retries"], "4");
    }
}

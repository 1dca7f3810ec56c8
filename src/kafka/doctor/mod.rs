//! The examination of a configuration and of the cluster that it names: what operators get wrong, each with its remedy.
//!
//! See [`Doctor`].

mod ask;
mod judge;
mod port;
mod report;
mod settings;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use rdkafka::admin::{AdminOptions, ResourceSpecifier};
use regex::Regex;

use self::ask::Client;
use self::judge::{Judge, Values};
use self::port::Speaks;
pub use self::report::{Check, Finding, Report, Severity, Unchecked};
use self::settings::Settings;
use super::client::thread;
use super::config::{KafkaConfig, TopicNames};
use super::error::{ConfigError, ConnectError};
use super::letters::DeadLetter;
use super::topics::Admin;
use super::{Redrive, Retry};

/// How long each question to the brokers may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Examines a configuration, and the cluster that it names, for faults that operators make. `event-schema doctor` is this
/// examination as a program (features `cli` and `kafka-ssl`).
///
/// | check | what is compared |
/// |---|---|
/// | connection | `security.protocol` and `sasl.mechanism` with what the port speaks; user, password and certificate |
/// | assignor | `partition.assignment.strategy` and `group.protocol` with those of the group's members |
/// | offset reset | the group's committed offsets with the messages that are there, and with `auto.offset.reset` |
/// | topic | whether it exists, or one that the pattern matches, and whether its partitions have leaders; whether the retry topics and redrive topics exist |
/// | dead letter | whether the dead letter topic exists, or the brokers create it; its `max.message.bytes`, `retention.ms` and `cleanup.policy` with the topic's |
/// | rights | whether the user may read the topics and the group, and write to the dead letter topics |
/// | timeouts | session, heartbeat, poll interval, handler, linger, request and delivery with each other; the session with the brokers' limits |
/// | clock | the times of messages with the clock of this machine |
/// | replication | copies, `min.insync.replicas`, `acks`, and the copies in sync |
///
/// Each [`Finding`] has its severity, place, problem and remedy. Questions that the user may not ask, or that the brokers do
/// not answer, are in [`Report::unchecked`].
///
/// The examination only reads: it creates no topic, joins no group, commits nothing and sends no message. (Brokers make their
/// internal topic of offsets when they are asked for a group for the first time.) It reads no message either, and the report
/// has no secrets.
///
/// # Limits
///
/// - Kafka has no request for a broker's clock. The check of the clock finds messages whose time is more than a minute ahead
///   of this machine's; a slow clock of a broker does not show.
/// - The brokers tell the assignor that a group uses, not all that its members offer. Two members with a second assignor in
///   common could share the partitions by that.
/// - A dead letter topic may have fewer partitions than its topic: then the key of a dead letter chooses the partition.
///
/// # Examples
///
/// ```
/// use event_schema::kafka::KafkaConfig;
/// use event_schema::kafka::doctor::{Check, Doctor, Severity};
///
/// let config = KafkaConfig::new("127.0.0.1:9092").group("billing").set("session.timeout.ms", "400000");
///
/// // Without a connection.
/// let report = Doctor::new(&config).topic("orders").examine_settings()?;
/// let finding = &report.findings()[0];
/// assert_eq!((finding.severity(), finding.check()), (Severity::Error, Check::Timeouts));
/// assert_eq!(finding.place(), "configuration");
/// assert!(finding.problem().starts_with("`session.timeout.ms` (400000) is longer than `max.poll.interval.ms` (300000)"));
/// assert!(finding.remedy().starts_with("raise `max.poll.interval.ms`"));
/// assert!(report.unchecked().is_empty());
/// # Ok::<(), event_schema::kafka::ConfigError>(())
/// ```
///
/// With a connection, [`examine`](Self::examine) checks the cluster as well:
///
/// ```
/// use event_schema::kafka::EmbeddedKafka;
/// use event_schema::kafka::doctor::{Check, Doctor};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.create_topic("orders", 3)?;
///
/// let report = Doctor::new(&kafka.config().group("billing")).topic("orders").examine().await?;
/// let missing = report.findings().iter().find(|finding| finding.check() == Check::DeadLetter).unwrap();
/// assert_eq!(missing.place(), "topic `orders-billing-dlt`");
/// // The embedded broker does not know all requests.
/// assert!(!report.unchecked().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Doctor {
    config: KafkaConfig,
    topics: Vec<String>,
    dead_letter: Option<DeadLetter>,
    retry: Retry,
    redrive_topics: bool,
    handler_timeout: Option<Duration>,
}

impl Doctor {
    /// The examination of this configuration. Its [group](KafkaConfig::group) is the group to examine; without one, no
    /// group is.
    ///
    /// For this and the following methods see the examples of [`Doctor`].
    #[must_use]
    pub fn new(config: &KafkaConfig) -> Self {
        Self {
            config: config.clone(),
            topics: Vec::new(),
            dead_letter: Some(DeadLetter::new()),
            retry: Retry::default(),
            redrive_topics: false,
            handler_timeout: None,
        }
    }

    /// Adds a topic whose messages the group handles, or a pattern of topics that begins with `^`. Without a topic, neither
    /// topics nor offsets nor dead letters are examined, and [`Report::unchecked`] says so.
    #[must_use]
    pub fn topic(mut self, topic: impl Into<String>) -> Self {
        let topic = topic.into();
        if !self.topics.contains(&topic) {
            self.topics.push(topic);
        }
        self
    }

    /// The dead letter settings of the service, as for [`Runner::dead_letter`](crate::kafka::Runner::dead_letter). Default:
    /// `DeadLetter::new()`.
    #[must_use]
    pub fn dead_letter(self, dead_letter: DeadLetter) -> Self {
        Self { dead_letter: Some(dead_letter), ..self }
    }

    /// Examines no dead letter topic, for services that write no dead letters.
    #[must_use]
    pub fn without_dead_letter(self) -> Self {
        Self { dead_letter: None, ..self }
    }

    /// The retry settings of the service, as for [`Runner::retry`](crate::kafka::Runner::retry): the
    /// [retry topics](Retry::topics_of) must exist. Default: `Retry::default()`, which needs none.
    ///
    /// ```
    /// use event_schema::kafka::doctor::{Check, Doctor};
    /// use event_schema::kafka::{EmbeddedKafka, Retry};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// for topic in ["orders", "orders-billing-dlt", "orders-billing-retry-1"] { kafka.create_topic(topic, 1)?; }
    ///
    /// let doctor = Doctor::new(&kafka.config().group("billing")).topic("orders");
    /// let report = doctor.retry(Retry::topics().attempts(3)).redrive_topics().examine().await?;
    /// let missing: Vec<&str> = report.findings().iter().map(|finding| finding.place()).collect();
    /// assert_eq!(missing, ["topic `orders-billing-retry-2`", "topic `orders-billing-redrive`"]);
    /// assert_eq!(report.findings()[0].check(), Check::Topic);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn retry(self, retry: Retry) -> Self {
        Self { retry, ..self }
    }

    /// The service receives what is [redriven](crate::kafka::Runner::redrive_topics) to its group: the topics for it must
    /// exist. See the example of [`retry`](Self::retry).
    #[must_use]
    pub fn redrive_topics(self) -> Self {
        Self { redrive_topics: true, ..self }
    }

    /// The [`handler_timeout`](crate::kafka::Runner::handler_timeout) of the service. Default: not examined.
    #[must_use]
    pub fn handler_timeout(self, timeout: Duration) -> Self {
        Self { handler_timeout: Some(timeout), ..self }
    }

    /// Examines the settings alone, without a connection.
    ///
    /// # Errors
    ///
    /// As [`KafkaConfig::check`].
    pub fn examine_settings(&self) -> Result<Report, ConfigError> {
        let mut report = Report::default();
        self.settings()?.check(self.handler_timeout, &mut report);
        Ok(report.sorted())
    }

    fn settings(&self) -> Result<Settings, ConfigError> {
        Ok(Settings::new(self.config.rdkafka039_consumer()?, self.config.rdkafka039_producer()?))
    }

    /// Examines the settings and the cluster.
    ///
    /// A port that speaks another protocol, and a refused user or certificate, are findings; nothing else can be asked then.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the configuration is invalid, if no broker can be reached within the
    /// [`connect_timeout`](KafkaConfig::connect_timeout), or if the brokers do not answer.
    pub async fn examine(&self) -> Result<Report, ConnectError> {
        let settings = self.settings()?;
        let mut report = Report::default();
        settings.check(self.handler_timeout, &mut report);
        let group = self.config.group_id().filter(|group| !group.is_empty());
        let reader = self.config.reader()?;
        let client = match Client::connect(&reader, group, self.config.connect_deadline()).await {
            Ok(client) => client,
            Err(error) => {
                self.connection(error, &mut report).await?;
                return Ok(report.sorted());
            }
        };

        let names = self.config.topic_names();
        let read: Vec<String> = self.topics.iter().map(|topic| names.real(topic).into_owned()).collect();
        if read.is_empty() {
            let reason = "no topic is given (`Doctor::topic`, `--topic`): no topic, offset and dead letter is examined";
            report.not_checked(Check::Topic, "topics", reason);
        }
        let (client, read) = self.expand(client, read, group, &names, &mut report).await?;
        let dead = read.iter().filter_map(|topic| {
            let dead = self.dead_letter.as_ref()?.topic_of(topic, group?);
            Some((topic.clone(), names.real(&dead).into_owned()))
        });
        let dead: Vec<(String, String)> = dead.collect();
        let own: Vec<(String, &str)> = read
            .iter()
            .filter_map(|topic| Some(self.own(topic, group?)))
            .flatten()
            .map(|(topic, without)| (names.real(&topic).into_owned(), without))
            .collect();
        let mut asked = read.clone();
        for topic in dead.iter().map(|(_, topic)| topic).chain(own.iter().map(|(topic, _)| topic)) {
            if !asked.contains(topic) {
                asked.push(topic.clone());
            }
        }
        let answers = client.ask(asked.clone(), read.clone(), group.map(str::to_owned), PATIENCE).await?;
        // The embedded broker has no settings, and does not answer such questions.
        let admin = if self.config.embedded().is_some() { None } else { Some(Admin::new(&reader)?) };
        let mut topics = BTreeMap::new();
        for topic in asked.iter().filter(|topic| answers.topics.contains_key(*topic)) {
            if let Some(values) = values(admin.as_ref(), ResourceSpecifier::Topic(topic)).await {
                topics.insert(topic.clone(), values);
            }
        }
        let broker = match answers.brokers.first() {
            Some(broker) => values(admin.as_ref(), ResourceSpecifier::Broker(*broker)).await,
            None => None,
        };

        let mut judge = Judge {
            names: &names,
            settings: &settings,
            answers: &answers,
            topics: &topics,
            broker: broker.as_ref(),
            report: &mut report,
        };
        if let Some(group) = group {
            judge.group(group);
            judge.session();
        }
        for topic in &read {
            if judge.exists(topic, Check::Topic, true, "consumers have nothing to read") {
                judge.replication(topic, false);
                judge.clock(topic);
                if let Some(group) = group {
                    judge.offsets(topic, group);
                }
            }
        }
        for (topic, without) in &own {
            judge.exists(topic, Check::Topic, true, without);
        }
        let mut seen: Vec<&str> = Vec::new();
        for (origin, topic) in &dead {
            let is_new = !seen.contains(&topic.as_str());
            seen.push(topic);
            let without = "the first message that cannot be handled stops the consumer";
            let is_there = if is_new {
                judge.exists(topic, Check::DeadLetter, false, without)
            } else {
                answers.topics.contains_key(topic)
            };
            if is_there && is_new {
                judge.replication(topic, true);
            }
            if is_there && answers.topics.contains_key(origin) {
                judge.dead_letter(origin, topic);
            }
        }
        Ok(report.sorted())
    }

    /// The topics that the group has for itself beside this one, and what happens without each.
    fn own(&self, topic: &str, group: &str) -> Vec<(String, &'static str)> {
        let retries = self.retry.topics_of(topic, group).into_iter();
        let retries = retries.map(|topic| (topic, "failed messages become dead letters without this retry"));
        let redrive = self.redrive_topics.then(|| Redrive::topic_of(topic, group));
        let redrive = redrive.map(|topic| (topic, "dead letters can be redriven to the original topic only"));
        retries.chain(redrive).collect()
    }

    /// The topics, with those that patterns match in their place.
    async fn expand(
        &self,
        client: Client,
        read: Vec<String>,
        group: Option<&str>,
        names: &TopicNames,
        report: &mut Report,
    ) -> Result<(Client, Vec<String>), ConnectError> {
        if !read.iter().any(|topic| topic.starts_with('^')) {
            return Ok((client, read));
        }
        let (client, topics) = client.topics(PATIENCE).await?;
        let mut expanded = Vec::new();
        for topic in read {
            if !topic.starts_with('^') {
                expanded.push(topic);
                continue;
            }
            let place = format!("topics `{topic}`");
            // librdkafka's patterns are POSIX', which are nearly the same.
            let Ok(pattern) = Regex::new(&topic) else {
                report.not_checked(Check::Topic, place, "the pattern is not understood here: name its topics");
                continue;
            };
            let before = expanded.len();
            expanded.extend(topics.iter().filter(|topic| pattern.is_match(topic)).cloned());
            if expanded.len() == before {
                report.error(
                    Check::Topic,
                    place,
                    "no topic that the user can see matches the pattern: consumers have nothing to read".to_owned(),
                    "correct the pattern, create its topics, or grant the user READ on them",
                );
            }
        }
        // A consumer passes over its own dead letters.
        let own = |topic: &String| Some(names.real(&self.dead_letter.as_ref()?.topic_of(topic, group?)).into_owned());
        let own: BTreeSet<String> = expanded.iter().filter_map(own).collect();
        let mut seen = BTreeSet::new();
        expanded.retain(|topic| !own.contains(topic) && seen.insert(topic.clone()));
        Ok((client, expanded))
    }

    /// Makes a finding of a connection that failed, if a broker is there.
    async fn connection(&self, error: ConnectError, report: &mut Report) -> Result<(), ConnectError> {
        const LISTENED: Duration = Duration::from_secs(3);
        if error.is_config() {
            return Err(error);
        }
        let list = self.config.servers();
        let mut probed = Vec::new();
        for address in port::addresses(list) {
            let asked = address.clone();
            let speaks = thread::start("event-schema doctor", move || port::speaks(&asked, LISTENED)).await;
            probed.push((address, speaks.unwrap_or(Speaks::Nothing)));
        }
        let protocol = self.config.security_protocol();
        let (has_tls, has_login) = (protocol.ends_with("SSL"), protocol.starts_with("SASL"));
        let mut explained = false;
        let mut explain = |address: &str, problem: String, remedy: String| {
            explained = true;
            report.error(Check::Connection, format!("broker {address}"), problem, remedy);
        };
        for (address, speaks) in &probed {
            match speaks {
                Speaks::Tls if !has_tls => explain(
                    address,
                    format!("the port speaks TLS, and this configuration has `security.protocol={protocol}`"),
                    "set `security.protocol=SASL_SSL` with a `sasl.mechanism`, or `SSL`, or use another port"
                        .to_owned(),
                ),
                Speaks::Plaintext if has_tls || has_login => explain(
                    address,
                    format!(
                        "the port speaks Kafka's protocol without TLS and without a login, and this configuration has \
                         `security.protocol={protocol}`"
                    ),
                    "use the port with TLS, or set `security.protocol=PLAINTEXT`".to_owned(),
                ),
                Speaks::Sasl(mechanisms) if has_tls || !has_login => explain(
                    address,
                    format!(
                        "the port wants a login without TLS ({}), and this configuration has `security.protocol={protocol}`",
                        mechanisms.join(", ")
                    ),
                    "use the port with TLS, or set `security.protocol=SASL_PLAINTEXT` and the `sasl.mechanism`"
                        .to_owned(),
                ),
                Speaks::Sasl(mechanisms)
                    if !mechanisms.iter().any(|known| known.eq_ignore_ascii_case(&self.config.mechanism())) =>
                {
                    explain(
                        address,
                        format!(
                            "the port accepts the mechanisms {}, and this configuration has `sasl.mechanism={}`",
                            mechanisms.join(", "),
                            self.config.mechanism()
                        ),
                        "set `sasl.mechanism` to one of them".to_owned(),
                    );
                }
                Speaks::Other => explain(
                    address,
                    format!(
                        "the port is open, and no answer in TLS or in Kafka's protocol came within {} s: {error}",
                        LISTENED.as_secs()
                    ),
                    "check `bootstrap.servers`: the port may be that of another program or of a proxy, or its broker is \
                     overloaded"
                        .to_owned(),
                ),
                Speaks::Tls if !error.is_tls() && !error.is_authentication() => explain(
                    address,
                    format!("the port speaks TLS, and no broker answers behind it: {error}"),
                    "check that the port is a broker's; `security.protocol=SSL` is for one without a login, `SASL_SSL` for \
                     one with a login"
                        .to_owned(),
                ),
                _ => {}
            }
        }
        if explained {
            return Ok(());
        }
        let remedy = if error.is_authentication() {
            "check user, password and `sasl.mechanism`"
        } else if error.is_tls() {
            "check `ssl.ca.location`, and that the host in `bootstrap.servers` is in the broker's certificate"
        } else {
            return Err(error);
        };
        report.error(Check::Connection, format!("brokers {list}"), error.to_string(), remedy);
        Ok(())
    }
}

/// The settings of a topic or of a broker; none if the brokers do not tell them.
async fn values(admin: Option<&Admin>, of: ResourceSpecifier<'_>) -> Option<Values> {
    let options = AdminOptions::new().request_timeout(Some(PATIENCE));
    let described = admin?.client().describe_configs([&of], &options).await.ok()?;
    let resource = described.into_iter().next()?.ok()?;
    let entries = resource.entries.into_iter().filter(|entry| !entry.is_sensitive);
    let values: Values = entries.filter_map(|entry| Some((entry.name, entry.value?))).collect();
    (!values.is_empty()).then_some(values)
}

//! A Kafka cluster inside the process, for tests and examples.

use std::time::Duration;

use rdkafka::bindings::{rd_kafka_handle_mock_cluster, rd_kafka_mock_group_initial_rebalance_delay_ms};
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::mocking::MockCluster;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr, RDKafkaType};

use super::KafkaConfig;
use super::error::{ConnectError, ConnectErrorKind};

/// A Kafka cluster inside the process, for tests and examples: librdkafka's mock cluster, with
/// one broker on a port of its own.
///
/// It stops when it is dropped.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
/// use event_schema::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, JsonSchema, EventSchema)]
/// #[event(topic = "greetings")]
/// struct Greeting { text: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// producer.send(&Greeting { text: "hello".to_owned() }).await?;
///
/// let mut consumer = EventConsumer::<Greeting>::subscribe(&kafka.config().group("docs")).await?;
/// let received = consumer.recv().await?;
/// assert_eq!(received.event(), Some(&Greeting { text: "hello".to_owned() }));
/// # Ok(())
/// # }
/// ```
///
/// # What it can show, and what not
///
/// It speaks Kafka's protocol: topics, keys and partitions, offsets, consumer groups with
/// rebalances and commits behave as on a real cluster. But:
///
/// - Nothing is encrypted and nobody is authenticated or authorized.
/// - There is no isolation: a `read_committed` consumer receives the records of aborted
///   transactions. Exactly-once can only be shown on a real cluster.
/// - Everything is in memory: no retention, no compaction, no size limits.
/// - Kafka's admin requests are not understood: make topics with
///   [`create_topic`](Self::create_topic). One that is written to before is made with 4
///   partitions.
///
/// - The time in [`Sent`](super::Sent) is made up; the one in [`Received`](super::Received) is right.
///
/// A group's first member gets its partitions at once. When members come or go, and so when the
/// only one is restarted, it takes a second: a second less than the `session.timeout.ms`, which
/// for this reason is 2 seconds in [`config`](Self::config).
pub struct EmbeddedKafka {
    // The cluster belongs to this client: `MockCluster` itself may not leave its thread, while a
    // client may, and hands out a new `MockCluster` for each call.
    client: Client<DefaultClientContext>,
}

impl EmbeddedKafka {
    /// Starts a cluster.
    ///
    /// # Errors
    ///
    /// Of [`ConnectError`], if the system has no port or no memory for it.
    ///
    /// ```
    /// use event_schema::kafka::EmbeddedKafka;
    ///
    /// let kafka = EmbeddedKafka::start()?;
    /// assert!(kafka.bootstrap_servers().starts_with("127.0.0.1:"));
    /// # Ok::<(), event_schema::kafka::ConnectError>(())
    /// ```
    pub fn start() -> Result<Self, ConnectError> {
        let mut config = ClientConfig::new();
        config.set("test.mock.num.brokers", "1");
        // Nobody reads the log of this client, which only hosts the cluster.
        config.set_log_level(RDKafkaLogLevel::Emerg);
        let client = config
            .create_native_config()
            .and_then(|native| {
                let producer = RDKafkaType::RD_KAFKA_PRODUCER;
                Client::new(&config, native, producer, DefaultClientContext)
            })
            .map_err(ConnectError::creation)?;
        let embedded = Self { client };
        embedded.form_groups_at_once();
        Ok(embedded)
    }

    #[expect(unsafe_code, reason = "rdkafka does not wrap this setting, and without it each group takes 3 seconds")]
    fn form_groups_at_once(&self) {
        // SAFETY: the client lives as long as `self`, and so does the cluster, which it made for
        // `test.mock.num.brokers` and destroys itself. librdkafka locks the cluster to set this.
        unsafe {
            let cluster = rd_kafka_handle_mock_cluster(self.client.native_ptr());
            if !cluster.is_null() {
                rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0);
            }
        }
    }

    fn cluster(&self) -> MockCluster<'_, DefaultClientContext> {
        self.client.mock_cluster().expect("the client was made with `test.mock.num.brokers`")
    }

    /// Makes a topic.
    ///
    /// # Errors
    ///
    /// Of [`ConnectError`], if the topic is there or its name or number of partitions cannot be.
    ///
    /// ```
    /// use event_schema::kafka::EmbeddedKafka;
    ///
    /// let kafka = EmbeddedKafka::start()?;
    /// kafka.create_topic("orders", 3)?;
    /// assert!(kafka.create_topic("orders", 3).is_err());
    /// # Ok::<(), event_schema::kafka::ConnectError>(())
    /// ```
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), ConnectError> {
        self.cluster().create_topic(name, partitions, 1).map_err(|error| {
            let reason = format!("topic `{name}` with {partitions} partitions: {error}");
            ConnectErrorKind::Client(reason).into()
        })
    }

    /// Lets the broker take its time for every answer from now on: for what a service does when Kafka is
    /// slow, or silent.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::{Duration, Instant};
    /// # #[derive(Serialize, JsonSchema, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let delay = Duration::from_millis(300);
    /// kafka.answer_after(delay);
    ///
    /// let started = Instant::now();
    /// producer.send(&Note { text: "hello".to_owned() }).await?;
    /// assert!(started.elapsed() >= delay);
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "it cannot")]
    pub fn answer_after(&self, delay: Duration) {
        self.cluster().broker_round_trip_time(BROKER, delay).expect("the cluster has this broker");
    }

    /// Lets the broker answer the next requests of a kind with these errors, one each: for what a
    /// service does when the broker refuses.
    ///
    /// ```
    /// use event_schema::kafka::rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, JsonSchema, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let refused = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    /// kafka.fail(RDKafkaApiKey::Produce, &[refused]);
    ///
    /// let note = Note { text: "hello".to_owned() };
    /// assert!(producer.send(&note).await.unwrap_err().is_too_large());
    /// assert!(producer.send(&note).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn fail(&self, requests: RDKafkaApiKey, errors: &[RDKafkaRespErr]) {
        self.cluster().request_errors(requests, errors);
    }

    /// Its broker, as `host:port`.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, KafkaConfig};
    ///
    /// let kafka = EmbeddedKafka::start()?;
    /// let by_hand = KafkaConfig::new(kafka.bootstrap_servers());
    /// assert_eq!(format!("{by_hand:?}"), format!("{:?}", kafka.config()));
    /// # Ok::<(), event_schema::kafka::ConnectError>(())
    /// ```
    #[must_use]
    pub fn bootstrap_servers(&self) -> String {
        self.cluster().bootstrap_servers()
    }

    /// A configuration for its clients.
    ///
    /// ```
    /// use event_schema::kafka::EmbeddedKafka;
    ///
    /// let kafka = EmbeddedKafka::start()?;
    /// let config = kafka.config().group("billing");
    /// assert_eq!(config.group_id(), Some("billing"));
    /// # Ok::<(), event_schema::kafka::ConnectError>(())
    /// ```
    #[must_use]
    pub fn config(&self) -> KafkaConfig {
        KafkaConfig::new(self.bootstrap_servers()).with_group_defaults(GROUP)
    }
}

/// The only broker's number.
const BROKER: i32 = 1;

/// When members come or go, the mock cluster gives the others a second less than the session
/// timeout to join again, whether there are others or not. So that is short.
const GROUP: &[(&str, &str)] = &[("session.timeout.ms", "2000"), ("heartbeat.interval.ms", "200")];

impl std::fmt::Debug for EmbeddedKafka {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbeddedKafka").field("bootstrap_servers", &self.bootstrap_servers()).finish()
    }
}

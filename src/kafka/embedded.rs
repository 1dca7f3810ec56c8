//! A Kafka cluster inside the process, for tests and examples.

use std::collections::BTreeMap;
use std::panic::Location;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::bindings::{rd_kafka_handle_mock_cluster, rd_kafka_mock_group_initial_rebalance_delay_ms};
use rdkafka::client::{Client, DefaultClientContext};
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, StreamConsumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::metadata::MetadataTopic;
use rdkafka::mocking::MockCluster;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::types::RDKafkaType;
use rdkafka::{Offset, TopicPartitionList};
use tokio::sync::OnceCell;

use super::broker::{ApiKey, BrokerError};
use super::client::{Host, cluster, create_topic, thread};
use super::config::KafkaConfig;
use super::consume::{At, Loader, Position, Raw, Received};
use super::context::RuleContext;
use super::error::ConnectError;
use super::message::ProducerRecord;
use super::produce::{EventProducer, Sent};
use crate::EventSchema;

/// A Kafka cluster inside the process, for tests and examples: librdkafka's mock cluster with one broker, on a free
/// port. The feature `kafka` includes it; no other program or dependency is needed.
///
/// The cluster stops, and its data is lost, when this value is dropped.
///
/// ```
/// use event_schema::kafka::{EmbeddedKafka, EventConsumer};
/// use event_schema::prelude::*;
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
/// #[event(topic = "greetings")]
/// struct Greeting { text: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// kafka.publish(&Greeting { text: "hello".to_owned() }).await;
///
/// // The code under test takes the cluster's configuration, as any client does.
/// let mut consumer = EventConsumer::<Greeting>::subscribe(&kafka.config().group("docs")).await?;
/// let received = consumer.recv().await?;
/// assert_eq!(received.event(), Some(&Greeting { text: "hello".to_owned() }));
/// consumer.commit(&received).await?;
///
/// kafka.handled("docs", "greetings").await;
/// # Ok(())
/// # }
/// ```
///
/// | task | methods |
/// |---|---|
/// | publish events | [`publish`](Self::publish), [`publish_to`](Self::publish_to), [`publish_bytes`](Self::publish_bytes) |
/// | wait for events that a service sends | [`received`](Self::received) |
/// | wait until a service has handled events | [`handled`](Self::handled), [`committed`](Self::committed) |
/// | simulate failures | [`fail`](Self::fail), [`answer_after`](Self::answer_after), [`broker_down`](Self::broker_down) |
///
/// The waiting methods return as soon as they can, and panic after 10 seconds, or after
/// [another deadline](Self::with_deadline). Their messages name the line of the test that called them.
///
/// # Differences from a real cluster
///
/// It speaks Kafka's protocol: topics, keys and partitions, offsets, consumer groups with
/// rebalances and commits behave as on a real cluster. The differences:
///
/// - There is no encryption, no authentication and no authorization.
/// - There is no isolation: a `read_committed` consumer receives the records of aborted
///   transactions. Exactly-once can only be tested on a real cluster.
/// - All data is in memory, without retention, compaction or size limits.
/// - A request that [`fail`](Self::fail) refuses has no effect. To simulate a broker that stores an event but whose
///   answer is lost, use [`answer_after`](Self::answer_after) with a delay longer than the client's timeout.
/// - There is one broker, and leaders never move.
/// - It refuses the commit of a member that gives up its partitions after another member has joined again
///   (`REBALANCE_IN_PROGRESS`). So the next owner handles messages again that were finished shortly before a rebalance. Real
///   brokers take this commit.
/// - It finds no message by its time: consumers that start or [seek](super::SeekTo::Time) to a time go to the end.
/// - Kafka's admin requests are not supported: create topics with [`create_topic`](Self::create_topic) or
///   [`Topics`](super::Topics). A topic that is written to before it is created gets 4 partitions.
/// - The timestamp in [`Sent`](crate::kafka::Sent) is not the stored one; the one in
///   [`Received`](crate::kafka::Received) is.
///
/// The first member of a group gets its partitions at once. A rebalance, also after a restart of the only member,
/// takes a second: one second less than `session.timeout.ms`, which is therefore 2 seconds in
/// [`config`](Self::config).
pub struct EmbeddedKafka {
    /// For [`publish`](Self::publish), made when it is first needed. Dropped while its brokers are there.
    producer: OnceCell<EventProducer>,
    // The cluster belongs to this client: `MockCluster` itself may not leave its thread, while a
    // client may, and hands out a new `MockCluster` for each call.
    client: Arc<Client<DefaultClientContext>>,
    /// How long a test waits for what it expects.
    deadline: Duration,
    /// For the rules of events that are published and received.
    context: RuleContext,
}

impl EmbeddedKafka {
    /// Starts a cluster.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the system has no free port or not enough memory.
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
        let embedded = Self {
            client: Arc::new(client),
            producer: OnceCell::new(),
            deadline: DEADLINE,
            context: RuleContext::default(),
        };
        embedded.form_groups_at_once();
        Ok(embedded)
    }

    /// Sets the time after which [`received`](Self::received), [`handled`](Self::handled) and
    /// [`committed`](Self::committed) panic, instead of 10 seconds.
    ///
    /// ```
    /// # use event_schema::kafka::EmbeddedKafka;
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?.with_deadline(Duration::from_millis(300));
    /// kafka.create_topic("notes", 1)?;
    /// let test = tokio::spawn(async move { kafka.received::<Note>("notes", 1).await.len() });
    /// let panic = test.await.unwrap_err().into_panic();
    /// let message = panic.downcast_ref::<String>().unwrap();
    /// assert!(message.ends_with("0 of 1 messages in `notes` within 300ms"), "{message}");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets the [context](crate::LoadOptions::context) of rules with `use_context`, for the events that
    /// [`publish`](Self::publish) and [`received`](Self::received) check.
    ///
    /// ```
    /// use event_schema::kafka::EmbeddedKafka;
    /// use event_schema::prelude::*;
    /// use std::sync::Arc;
    ///
    /// struct Limits { max: u32 }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "bids")]
    /// #[validate(context = Limits)]
    /// struct Bid {
    ///     #[validate(custom(function = affordable, use_context))]
    ///     cents: u32,
    /// }
    ///
    /// fn affordable(cents: u32, limits: &Limits) -> Result<(), Violation> {
    ///     if cents <= limits.max { Ok(()) } else { Err(Violation::new("too_expensive")) }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let kafka = EmbeddedKafka::start().unwrap().with_context(Arc::new(Limits { max: 100 }));
    /// kafka.publish(&Bid { cents: 100 }).await;
    /// assert_eq!(kafka.received::<Bid>("bids", 1).await[0].event().unwrap().cents, 100);
    /// # }
    /// ```
    #[must_use]
    pub fn with_context<T: Send + Sync + 'static>(self, context: Arc<T>) -> Self {
        // A producer that was made before has no context.
        Self { context: RuleContext::new(context), producer: OnceCell::new(), ..self }
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
        cluster(&self.client)
    }

    /// Creates a topic. [`Topics`](super::Topics) creates those of events, here as on a real cluster.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the topic exists, or if its name or number of partitions is invalid.
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
        create_topic(&self.client, name, partitions)
    }

    /// Delays every answer of the broker from now on, to test a service with a slow or silent Kafka.
    ///
    /// A consumer without an answer for `session.timeout.ms`, which is 2 seconds in [`config`](Self::config), loses its
    /// group membership and handles no messages meanwhile. For longer delays, set a longer `session.timeout.ms`.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::{Duration, Instant};
    /// # #[derive(Serialize, EventSchema)]
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

    /// Answers the next requests of this kind with these errors, one error for each request, to test a service with a
    /// broker that refuses.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// use event_schema::kafka::{ApiKey, BrokerError};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// kafka.fail(ApiKey::Produce, &[BrokerError::MessageTooLarge]);
    ///
    /// let note = Note { text: "hello".to_owned() };
    /// assert!(producer.send(&note).await.unwrap_err().is_too_large());
    /// assert!(producer.send(&note).await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn fail(&self, requests: ApiKey, errors: &[BrokerError]) {
        let errors: Vec<_> = errors.iter().map(|error| error.to_rdkafka()).collect();
        self.cluster().request_errors(requests.to_rdkafka(), &errors);
    }

    /// Stops the broker, as if it crashed: connections break and requests fail. [`broker_up`](Self::broker_up) starts
    /// it again with all its data.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// kafka.broker_down();
    /// let delivery = producer.enqueue(&Note { text: "hello".to_owned() }).await?;
    /// assert_eq!(producer.in_flight(), 1);
    ///
    /// kafka.broker_up();
    /// assert!(delivery.await.is_ok());
    /// # Ok(())
    /// # }
    /// ```
    #[expect(clippy::missing_panics_doc, reason = "it cannot")]
    pub fn broker_down(&self) {
        self.cluster().broker_down(BROKER).expect("the cluster has this broker");
    }

    /// Starts the broker again. For an example see [`broker_down`](Self::broker_down).
    #[expect(clippy::missing_panics_doc, reason = "it cannot")]
    pub fn broker_up(&self) {
        self.cluster().broker_up(BROKER).expect("the cluster has this broker");
    }

    /// Publishes an event to its topic.
    ///
    /// ```
    /// # use event_schema::kafka::EmbeddedKafka;
    /// # use event_schema::prelude::*;
    /// #[derive(Debug, PartialEq, Serialize, EventSchema)]
    /// #[event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let kafka = EmbeddedKafka::start().unwrap();
    /// kafka.publish(&Note { text: "hello".to_owned() }).await;
    ///
    /// let notes = kafka.received::<Note>("notes", 1).await;
    /// assert_eq!(notes[0].event(), Some(&Note { text: "hello".to_owned() }));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the event cannot be sent, because this is a method for tests.
    #[track_caller]
    pub fn publish<E: EventSchema + 'static>(&self, event: &E) -> impl Future<Output = Sent> {
        let caller = Location::caller();
        async move {
            let sent = self.producer(caller).await.send(event).await;
            sent.unwrap_or_else(|error| panic!("{caller}: not published: {error}"))
        }
    }

    /// Publishes an event to a topic other than its own; see the example of [`publish`](Self::publish).
    ///
    /// # Panics
    ///
    /// As [`publish`](Self::publish).
    #[track_caller]
    pub fn publish_to<E: EventSchema + 'static>(&self, topic: &str, event: &E) -> impl Future<Output = Sent> {
        let caller = Location::caller();
        async move {
            let sent = self.producer(caller).await.send_to(topic, event).await;
            sent.unwrap_or_else(|error| panic!("{caller}: not published: {error}"))
        }
    }

    /// Publishes bytes as they are, or a tombstone, to test consumers with messages that an [`EventProducer`] would not
    /// send.
    ///
    /// ```
    /// # use event_schema::kafka::EmbeddedKafka;
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() {
    /// let kafka = EmbeddedKafka::start().unwrap();
    /// kafka.create_topic("notes", 1).unwrap();
    /// kafka.publish_bytes("notes", Some(b"A-1"), Some(b"{"), &[("ce_id", b"7")]).await;
    /// kafka.publish_bytes("notes", Some(b"A-1"), None, &[]).await;
    ///
    /// let received = kafka.received::<Note>("notes", 2).await;
    /// assert!(received[0].rejection().unwrap().error().is_truncated());
    /// assert_eq!(received[0].envelope().id(), "7");
    /// assert!(matches!(received[1].body(), event_schema::kafka::Body::Tombstone));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// As [`publish`](Self::publish).
    #[track_caller]
    pub fn publish_bytes(
        &self,
        topic: &str,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[(&str, &[u8])],
    ) -> impl Future<Output = Sent> {
        let caller = Location::caller();
        let record = ProducerRecord {
            topic: topic.to_owned(),
            partition: None,
            key: key.map(<[u8]>::to_vec),
            value: value.map(<[u8]>::to_vec),
            timestamp: None,
            headers: headers.iter().map(|(name, value)| (*name, Some(*value))).collect(),
        };
        async move {
            let sent = self.producer(caller).await.send_record(&record).await;
            sent.unwrap_or_else(|error| panic!("{caller}: not published: {error}"))
        }
    }

    async fn producer(&self, caller: &Location<'_>) -> &EventProducer {
        let config = self.config().set("linger.ms", "0");
        let connect = || async { Ok(EventProducer::connect(&config).await?.with_rules(self.context.clone())) };
        let producer: Result<_, ConnectError> = self.producer.get_or_try_init(connect).await;
        producer.unwrap_or_else(|error| panic!("{caller}: no producer: {error}"))
    }

    /// Waits until a topic has `count` messages, and returns the first `count`; those of a partition are in order. It
    /// does not join a group, so it takes no messages away from consumers.
    ///
    /// See the example of [`publish`](Self::publish).
    ///
    /// # Panics
    ///
    /// If the topic does not have them within the [deadline](Self::with_deadline).
    #[track_caller]
    pub fn received<E: EventSchema>(&self, topic: &str, count: usize) -> impl Future<Output = Vec<Received<E>>> {
        let caller = Location::caller();
        async move {
            let received = self.receive(topic, count).await;
            received.unwrap_or_else(|problem| panic!("{caller}: {problem}"))
        }
    }

    async fn receive<E: EventSchema>(&self, topic: &str, count: usize) -> Result<Vec<Received<E>>, String> {
        let deadline = self.deadline;
        let config =
            self.config().group("event-schema-embedded").rdkafka039_consumer().map_err(|error| error.to_string())?;
        let consumer: Arc<StreamConsumer> = Arc::new(config.create().map_err(|error| error.to_string())?);
        let name: Arc<str> = topic.into();
        let loader = Loader::new().with_rules(self.context.clone());
        let mut received = Vec::new();
        let all = async {
            let asking = (Arc::clone(&consumer), Arc::clone(&name));
            let find = move || partitions(&*asking.0, &asking.1, deadline);
            let found = thread::start("event-schema metadata", find).await.map_err(|_| NO_ANSWER.to_owned())??;
            consumer.assign(&found).map_err(|error| error.to_string())?;
            while received.len() < count {
                // The others are about the connection, which comes back.
                if let Ok(message) = consumer.recv().await {
                    // This position belongs to no assignment: no consumer can commit it.
                    let position =
                        Position { partition: 0, epoch: u64::MAX, offset: message.offset(), leader_epoch: -1 };
                    let raw = Raw::copy(&message);
                    let at = At { topic, partition: message.partition(), offset: message.offset() };
                    // It has no codec that could wait for something.
                    let content = loader.load(&raw, at).ok();
                    let of = |content| Received::of(Arc::clone(&name), message.partition(), position, raw, content);
                    received.extend(content.map(of));
                }
            }
            Ok::<(), String>(())
        };
        let end = tokio::time::timeout(deadline, all).await.ok();
        drop(thread::start("event-schema drop", move || drop(consumer)));
        match end {
            Some(end) => end.map(|()| received),
            None => Err(format!("{} of {count} messages in `{topic}` within {deadline:?}", received.len())),
        }
    }

    /// The committed offsets of a group, by partition of the topic: each is the offset after the last finished message.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// kafka.create_topic("notes", 1)?;
    /// kafka.publish(&Note { text: "hello".to_owned() }).await;
    /// assert!(kafka.committed("readers", "notes").await.is_empty());
    ///
    /// let mut consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("readers")).await?;
    /// let note = consumer.recv().await?;
    /// consumer.commit(&note).await?;
    /// assert_eq!(kafka.committed("readers", "notes").await[&0], 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the broker does not answer within the [deadline](Self::with_deadline).
    #[track_caller]
    pub fn committed(&self, group: &str, topic: &str) -> impl Future<Output = BTreeMap<i32, i64>> {
        let caller = Location::caller();
        async move {
            let deadline = self.deadline;
            let ask = move |consumer: &BaseConsumer, topic: &str| {
                committed(consumer, partitions(consumer, topic, deadline)?, deadline)
            };
            self.ask(group, topic, ask).await.unwrap_or_else(|problem| panic!("{caller}: {problem}"))
        }
    }

    /// Waits until a group has committed all messages that are in a topic now.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// kafka.publish(&Note { text: "hello".to_owned() }).await;
    /// # let config = kafka.config().group("readers");
    /// // The service under test.
    /// tokio::spawn(async move {
    ///     let mut consumer = EventConsumer::<Note>::subscribe(&config).await.unwrap();
    ///     let note = consumer.recv().await.unwrap();
    ///     consumer.commit(&note).await.unwrap();
    /// });
    /// kafka.handled("readers", "notes").await;
    /// assert_eq!(kafka.committed("readers", "notes").await.values().sum::<i64>(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the group has not committed them within the [deadline](Self::with_deadline).
    #[track_caller]
    pub fn handled(&self, group: &str, topic: &str) -> impl Future<Output = ()> {
        let caller = Location::caller();
        async move {
            let deadline = self.deadline;
            let name = group.to_owned();
            let wait = move |consumer: &BaseConsumer, topic: &str| {
                let started = Instant::now();
                let partitions = partitions(consumer, topic, deadline)?;
                let ends = ends(consumer, &partitions, deadline)?;
                // Nobody tells of a commit: it is asked for again and again.
                loop {
                    let committed = committed(consumer, partitions.clone(), deadline)?;
                    if ends.iter().all(|(partition, end)| *end == 0 || committed.get(partition) >= Some(end)) {
                        return Ok(());
                    }
                    if started.elapsed() >= deadline {
                        let of = format!("{committed:?} of {ends:?}");
                        return Err(format!("`{name}` has committed {of} in `{topic}` within {deadline:?}"));
                    }
                    std::thread::sleep(Duration::from_millis(5));
                }
            };
            self.ask(group, topic, wait).await.unwrap_or_else(|problem| panic!("{caller}: {problem}"));
        }
    }

    /// Asks the broker what can only be asked for by blocking.
    async fn ask<T: Send + 'static>(
        &self,
        group: &str,
        topic: &str,
        question: impl FnOnce(&BaseConsumer, &str) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let config = self.config().group(group).rdkafka039_consumer();
        let topic = topic.to_owned();
        let answer = thread::start("event-schema ask", move || {
            let consumer: BaseConsumer = config.expect("a configuration of ours").create().expect("a consumer");
            question(&consumer, &topic)
        });
        answer.await.unwrap_or_else(|_| Err(NO_ANSWER.to_owned()))
    }

    /// The address of the broker, as `host:port`.
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

    /// A configuration for clients of this cluster.
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
        let config = KafkaConfig::new(self.bootstrap_servers()).with_group_defaults(GROUP);
        config.with_embedded(Host::new(&self.client))
    }
}

/// All partitions of a topic, from their beginning.
fn partitions<C: ConsumerContext>(
    consumer: &impl Consumer<C>,
    topic: &str,
    deadline: Duration,
) -> Result<TopicPartitionList, String> {
    let failed = |error: KafkaError| format!("{topic}: {error}");
    let metadata = consumer.fetch_metadata(Some(topic), deadline).map_err(failed)?;
    let mut partitions = TopicPartitionList::new();
    for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
        partitions.add_partition_offset(topic, partition.id(), Offset::Beginning).map_err(failed)?;
    }
    if partitions.count() == 0 {
        return Err(format!("no topic `{topic}`"));
    }
    Ok(partitions)
}

fn committed(
    consumer: &BaseConsumer,
    partitions: TopicPartitionList,
    deadline: Duration,
) -> Result<BTreeMap<i32, i64>, String> {
    let committed = consumer.committed_offsets(partitions, deadline).map_err(|error| error.to_string())?;
    let offsets = committed.elements().into_iter().filter_map(|element| match element.offset() {
        Offset::Offset(offset) => Some((element.partition(), offset)),
        _ => None,
    });
    Ok(offsets.collect())
}

fn ends(
    consumer: &BaseConsumer,
    partitions: &TopicPartitionList,
    deadline: Duration,
) -> Result<BTreeMap<i32, i64>, String> {
    let end = |element: TopicPartitionListElem<'_>| {
        let (_, end) = consumer.fetch_watermarks(element.topic(), element.partition(), deadline)?;
        Ok::<_, KafkaError>((element.partition(), end))
    };
    let ends: Result<_, KafkaError> = partitions.elements().into_iter().map(end).collect();
    ends.map_err(|error| error.to_string())
}

/// How long a test waits for what it expects, unless it says otherwise.
const DEADLINE: Duration = Duration::from_secs(10);

const NO_ANSWER: &str = "the broker does not answer";

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

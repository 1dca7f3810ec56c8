//! The consumer of typed events.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::{FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer, ConsumerContext, Rebalance, StreamConsumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};
use tokio::sync::oneshot;

use super::client::{self, Monitor};
use super::config::{ConfigError, KafkaConfig};
use super::error::{CloseError, ConnectError, ConsumeError, ConsumeErrorKind, Open};
use super::received::Received;
use super::thread;
use crate::EventSchema;

/// Receives events of one type as a member of a consumer group.
///
/// No message stops it: one that cannot be loaded comes as a [`Rejection`], with its original
/// bytes and everything that is wrong with it.
///
/// ```
/// use event_schema::kafka::{Body, EmbeddedKafka, EventConsumer, EventProducer};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, PartialEq, Serialize, JsonSchema, EventSchema)]
/// #[event(topic = "orders", key = order_id)]
/// struct OrderPlaced { order_id: String }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// producer.send(&OrderPlaced { order_id: "A-1".to_owned() }).await?;
///
/// let config = kafka.config().group("billing");
/// let mut consumer = EventConsumer::<OrderPlaced>::subscribe(&config).await?;
/// let received = consumer.recv().await?;
/// match received.body() {
///     Body::Event(order) => assert_eq!(order.order_id, "A-1"),
///     Body::Rejected(rejection) => eprintln!("{received}: {}", rejection.error()),
///     _ => {}
/// }
/// consumer.commit(&received).await?;
/// consumer.close(Duration::from_secs(5)).await?;
/// # Ok(())
/// # }
/// ```
///
/// # What becomes of the offset
///
/// Nothing is committed but by [`commit`](Self::commit), and that commits up to and including the
/// message it is given: a message that was not handed over is never committed. After a restart
/// the group goes on behind the last commit, so what was received and not committed comes again.
///
/// When a partition is taken away, so is the right to commit its messages; see
/// [`ConsumeError::is_revoked`].
///
/// # Keep receiving
///
/// Group membership needs a [`recv`](Self::recv) at least every `max.poll.interval.ms` (5 minutes
/// by default); a handler that takes longer loses its partitions to another member.
pub struct EventConsumer<E> {
    client: Arc<Client>,
    /// Ready when the group is left and the client is gone.
    gone: oneshot::Receiver<()>,
    /// How often `recv` was called, to let other tasks run now and then.
    turn: u8,
    event: PhantomData<fn() -> E>,
}

/// librdkafka's consumer, which is never dropped where somebody waits: it leaves the group and
/// joins its threads, and has been seen to hang.
struct Client {
    /// Taken only to be dropped.
    consumer: Option<StreamConsumer<Group>>,
    gone: Option<oneshot::Sender<()>>,
}

impl Client {
    fn consumer(&self) -> &StreamConsumer<Group> {
        self.consumer.as_ref().expect("the consumer is there until `self` is dropped")
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let (consumer, gone) = (self.consumer.take(), self.gone.take());
        drop(thread::start("event-schema leave", move || {
            drop(consumer);
            if let Some(gone) = gone {
                let _ = gone.send(());
            }
        }));
    }
}

/// What is known of the group: which partitions are ours, and since when.
struct Group {
    monitor: Arc<Monitor>,
    assignment: Mutex<Assignment>,
}

#[derive(Default)]
struct Assignment {
    epoch: u64,
    topics: HashMap<Arc<str>, HashMap<i32, Partition>>,
}

/// A partition of ours.
#[derive(Debug, Clone, Copy)]
struct Partition {
    /// Tells this assignment from an earlier one of the same partition, whose messages may no
    /// longer be committed: somebody else may have gone on from there.
    epoch: u64,
    /// The highest offset stored for the next commit.
    stored: Option<i64>,
}

impl Group {
    fn assignment(&self) -> MutexGuard<'_, Assignment> {
        self.assignment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        client::log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.monitor.error(&error, reason);
    }
}

impl ConsumerContext for Group {
    // Runs inside `recv`, before the first message of a new assignment and after the last of an
    // old one.
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let mut assignment = self.assignment();
        match rebalance {
            Rebalance::Assign(partitions) => {
                assignment.epoch += 1;
                let partition = Partition { epoch: assignment.epoch, stored: None };
                for element in partitions.elements() {
                    tracing::info!("{}/{} assigned", element.topic(), element.partition());
                    assignment.topics.entry(element.topic().into()).or_default().insert(element.partition(), partition);
                }
            }
            Rebalance::Revoke(partitions) => {
                for element in partitions.elements() {
                    tracing::info!("{}/{} revoked", element.topic(), element.partition());
                    if let Some(topic) = assignment.topics.get_mut(element.topic()) {
                        topic.remove(&element.partition());
                    }
                }
            }
            Rebalance::Error(error) => {
                tracing::warn!("rebalance failed: {error}");
                assignment.topics.clear();
            }
        }
    }
}

impl<E: EventSchema> EventConsumer<E> {
    /// Joins the group that the configuration names, on the event's own topic.
    ///
    /// # Errors
    ///
    /// Of [`ConnectError`]: a configuration that cannot be used (or has no `group.id`), no broker
    /// within the [`connect_timeout`](KafkaConfig::connect_timeout), a wrong password, TLS that
    /// fails.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// #[derive(Serialize, JsonSchema, EventSchema)]
    /// #[event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let error = EventConsumer::<Note>::subscribe(&kafka.config()).await.unwrap_err();
    /// assert!(error.to_string().starts_with("`group.id` is missing"));
    ///
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe(config: &KafkaConfig) -> Result<Self, ConnectError> {
        let descriptor = E::descriptor();
        match descriptor.topic() {
            Some(topic) => Self::subscribe_to(config, &[topic]).await,
            None => Err(ConfigError::one(format!(
                "event `{}` has no topic: give it one with `#[event(topic = \"...\")]` or use `subscribe_to`",
                descriptor.name()
            ))
            .into()),
        }
    }

    /// Joins the group on other topics than the event's own. A name that starts with `^` is a
    /// regular expression.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// #[derive(Serialize, JsonSchema, EventSchema)]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// # producer.send_to("copies", &Note { text: "hello".to_owned() }).await?;
    /// let config = kafka.config().group("docs");
    /// let mut consumer = EventConsumer::<Note>::subscribe_to(&config, &["copies"]).await?;
    /// assert_eq!(consumer.recv().await?.topic(), "copies");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn subscribe_to(config: &KafkaConfig, topics: &[&str]) -> Result<Self, ConnectError> {
        let settings = config.rdkafka_consumer()?;
        if config.group_id().is_none_or(str::is_empty) {
            let problem = "`group.id` is missing: set it, or use `KafkaConfig::group`";
            return Err(ConfigError::one(problem.to_owned()).into());
        }
        let monitor = Arc::new(Monitor::default());
        let group = Group { monitor: Arc::clone(&monitor), assignment: Mutex::default() };
        let consumer = StreamConsumer::from_config_and_context(&settings, group).map_err(ConnectError::creation)?;
        let (sender, gone) = oneshot::channel();
        let client = Arc::new(Client { consumer: Some(consumer), gone: Some(sender) });

        let asking = Arc::clone(&client);
        let connected = client::connected(monitor, config.connect_deadline(), move |wait| {
            asking.consumer().client().fetch_cluster_id(wait)
        });
        tokio::select! {
            connected = connected => connected?,
            // Errors reach the monitor only when the consumer is polled. There is nothing else to
            // receive before it subscribes.
            never = async { loop { let _ = client.consumer().recv().await; } } => never,
        }
        client.consumer().subscribe(topics).map_err(|error| ConfigError::one(error.to_string()))?;
        Ok(Self { client, gone, turn: 0, event: PhantomData })
    }

    /// Waits for the next message.
    ///
    /// Dropping the future before it is ready loses nothing, so it may stand in a `select!`.
    ///
    /// # Errors
    ///
    /// Of [`ConsumeError`]. They are about the consumer, never about a message, and no reason to
    /// give up unless [fatal](ConsumeError::is_fatal).
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, JsonSchema, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.send(&Note { text: "hello".to_owned() }).await?;
    /// let config = kafka.config().group("docs");
    /// let mut consumer = EventConsumer::<Note>::subscribe(&config).await?;
    /// assert_eq!(consumer.recv().await?.event().unwrap().text, "hello");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn recv(&mut self) -> Result<Received<E>, ConsumeError> {
        // Fetched messages are ready at once, thousands in a row, and the other tasks of this thread
        // want their turn. Before the next message, not after it: a dropped future loses none.
        self.turn = self.turn.wrapping_add(1);
        if self.turn.is_multiple_of(32) {
            tokio::task::yield_now().await;
        }
        loop {
            match self.client.consumer().recv().await {
                Ok(message) => return Ok(self.received(&message)),
                Err(KafkaError::PartitionEOF(_)) => {}
                Err(KafkaError::MessageConsumptionFatal(code)) => {
                    return Err(ConsumeErrorKind::Fatal(code).into());
                }
                // The monitor has logged it with its reason.
                Err(error) => match error.rdkafka_error_code() {
                    Some(code) if !is_waited_for(code) => return Err(ConsumeErrorKind::Receive(code).into()),
                    _ => {}
                },
            }
        }
    }

    fn received(&self, message: &BorrowedMessage<'_>) -> Received<E> {
        let (topic, epoch) = {
            let assignment = self.client.consumer().context().assignment();
            match assignment.topics.get_key_value(message.topic()) {
                Some((topic, partitions)) => {
                    (Arc::clone(topic), partitions.get(&message.partition()).map(|partition| partition.epoch))
                }
                None => (message.topic().into(), None),
            }
        };
        Received::of(message, topic, epoch)
    }

    /// Says that a message, and all before it in its partition, are done, and waits until the
    /// broker has noted it. After a restart the group goes on behind it.
    ///
    /// A message before one that is committed already changes nothing. Dropping the future leaves
    /// open whether the commit is made.
    ///
    /// # Errors
    ///
    /// Of [`ConsumeError`]. When the partition was taken away since the message was received,
    /// nothing is committed, since whoever has it now may be further:
    /// [`is_revoked`](ConsumeError::is_revoked). After any other error it may be tried again.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, JsonSchema, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// # producer.send(&Note { text: "one".to_owned() }).await?;
    /// # producer.send(&Note { text: "two".to_owned() }).await?;
    /// # let config = kafka.config().group("docs");
    /// let mut consumer = EventConsumer::<Note>::subscribe(&config).await?;
    /// let one = consumer.recv().await?;
    /// consumer.commit(&one).await?;
    /// consumer.close(Duration::from_secs(5)).await?;
    ///
    /// let mut restarted = EventConsumer::<Note>::subscribe(&config).await?;
    /// assert_eq!(restarted.recv().await?.event().unwrap().text, "two");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn commit(&self, received: &Received<E>) -> Result<(), ConsumeError> {
        self.store(received)?;
        let client = Arc::clone(&self.client);
        let committed =
            thread::start("event-schema commit", move || client.consumer().commit_consumer_state(CommitMode::Sync));
        match committed.await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => match error.rdkafka_error_code() {
                // Another commit was faster and took this offset with it.
                Some(RDKafkaErrorCode::NoOffset) => Ok(()),
                code => Err(ConsumeErrorKind::Commit(code.unwrap_or(RDKafkaErrorCode::Unknown)).into()),
            },
            Err(_) => Err(ConsumeErrorKind::NoThread.into()),
        }
    }

    /// Notes the offset for the next commit. Offsets are never committed by an explicit list: the
    /// broker takes one from a member that has lost the partition, and sets the group back.
    fn store(&self, received: &Received<E>) -> Result<(), ConsumeError> {
        let consumer = self.client.consumer();
        // Held until the offset is stored, so that no rebalance comes in between.
        let mut assignment = consumer.context().assignment();
        let partition = assignment
            .topics
            .get_mut(&received.topic)
            .and_then(|topic| topic.get_mut(&received.partition))
            .filter(|partition| Some(partition.epoch) == received.epoch)
            .ok_or(ConsumeErrorKind::Revoked)?;
        if partition.stored.is_none_or(|stored| stored < received.offset) {
            // librdkafka adds the one to get the offset of the next message.
            consumer.store_offset(&received.topic, received.partition, received.offset).map_err(|error| {
                ConsumeErrorKind::Commit(error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown))
            })?;
            partition.stored = Some(received.offset);
        }
        Ok(())
    }

    /// Leaves the group, so that its other members get the partitions at once. What was not
    /// committed they receive again.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if that takes longer than `deadline`: for instance because the broker is
    /// gone, or a commit is under way that nobody waits for any more. It then goes on in the
    /// background.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, JsonSchema, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// consumer.close(Duration::from_secs(5)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn close(self, deadline: Duration) -> Result<(), CloseError> {
        drop(self.client);
        match tokio::time::timeout(deadline, self.gone).await {
            Ok(_) => Ok(()),
            Err(_) => Err(CloseError { deadline, open: Open::Group }),
        }
    }
}

/// Whether an error passes by itself, or is none of the caller's: brokers that come back, a topic
/// that is yet to be made, a group that is joined again.
fn is_waited_for(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::AllBrokersDown
            | C::BrokerTransportFailure
            | C::Resolve
            | C::SSL
            | C::OperationTimedOut
            | C::RequestTimedOut
            | C::UnknownTopic
            | C::UnknownPartition
            | C::UnknownTopicOrPartition
            | C::LeaderNotAvailable
            | C::PollExceeded
    )
}

impl<E> fmt::Debug for EventConsumer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventConsumer").finish_non_exhaustive()
    }
}

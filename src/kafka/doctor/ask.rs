//! Questions to the brokers. None of them changes anything there.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rdkafka::client::ClientContext;
use rdkafka::config::{ClientConfig, FromClientConfigAndContext, RDKafkaLogLevel};
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};

use crate::kafka::client::native::{self, Group, TopicRights};
use crate::kafka::client::{Monitor, connected, thread};
use crate::kafka::error::ConnectError;
use crate::kafka::message::millis;

/// How far the time of a message may be ahead of this machine's clock.
pub(super) const AHEAD: Duration = Duration::from_secs(60);

/// A client that is no member of a group and sends nothing.
pub(super) struct Client(Option<BaseConsumer<Context>>);

struct Context(Arc<Monitor>);

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        self.0.log(level, facility, line);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(&error, reason);
    }
}

impl ConsumerContext for Context {}

/// The answers of the brokers.
pub(super) struct Answers {
    /// The ids of the brokers.
    pub(super) brokers: Vec<i32>,
    /// All topics that the user can see.
    pub(super) topics: BTreeMap<String, Vec<Partition>>,
    /// The rights to each topic that was asked for.
    pub(super) rights: Result<TopicRights, RDKafkaErrorCode>,
    pub(super) group: Option<Result<Group, RDKafkaErrorCode>>,
    /// The offsets of each topic whose messages the group reads.
    pub(super) offsets: BTreeMap<String, KafkaResult<Vec<Offsets>>>,
}

/// The copies of a partition.
pub(super) struct Partition {
    pub(super) id: i32,
    pub(super) has_leader: bool,
    pub(super) replicas: usize,
    pub(super) in_sync: usize,
}

pub(super) struct Offsets {
    pub(super) partition: i32,
    pub(super) first: i64,
    pub(super) end: i64,
    /// The offset that the group has committed.
    pub(super) committed: Option<i64>,
    /// Whether a message has a time that is far ahead of this machine's clock.
    pub(super) is_ahead: bool,
}

impl Client {
    /// Connects as a client of the service does. To ask for the offsets of a group, it has the group's name; it subscribes to
    /// nothing, and so it is no member.
    pub(super) async fn connect(
        settings: &ClientConfig,
        group: Option<&str>,
        patience: Duration,
    ) -> Result<Self, ConnectError> {
        let mut settings = settings.clone();
        settings.set("enable.auto.commit", "false");
        if let Some(group) = group {
            settings.set("group.id", group);
        }
        let monitor = Arc::new(Monitor::default());
        let consumer = BaseConsumer::from_config_and_context(&settings, Context(Arc::clone(&monitor)));
        let consumer = Arc::new(consumer.map_err(ConnectError::creation)?);
        let asking = Arc::clone(&consumer);
        let cluster_id = move |wait| {
            // Errors of the connection come by a poll. There is no subscription, and so there are no messages.
            while asking.poll(Duration::ZERO).is_some() {}
            asking.client().fetch_cluster_id(wait)
        };
        let answered = connected(monitor, patience, cluster_id).await;
        // The thread that asked has ended, and with it the other owner.
        let client = Self(Arc::into_inner(consumer));
        answered.map(|()| client)
    }

    /// The names of all topics that the user can see.
    pub(super) async fn topics(self, patience: Duration) -> Result<(Self, Vec<String>), ConnectError> {
        // All topics: to ask for one by name could create it.
        let asked = thread::start("event-schema doctor", move || {
            let found = self.0.as_ref().ok_or(KafkaError::Canceled)?.fetch_metadata(None, patience)?;
            let names = found.topics().iter().map(|topic| topic.name().to_owned()).collect();
            drop(found);
            KafkaResult::Ok((self, names))
        });
        answered(asked.await)
    }

    /// Asks for these topics, and for what the group has committed in the first of them.
    pub(super) async fn ask(
        self,
        names: Vec<String>,
        read: Vec<String>,
        group: Option<String>,
        patience: Duration,
    ) -> Result<Answers, ConnectError> {
        let asked =
            thread::start("event-schema doctor", move || self.answers(&names, &read, group.as_deref(), patience));
        answered(asked.await)
    }

    fn answers(
        &self,
        names: &[String],
        read: &[String],
        group: Option<&str>,
        patience: Duration,
    ) -> KafkaResult<Answers> {
        let Some(consumer) = &self.0 else { return Err(KafkaError::Canceled) };
        // All topics: to ask for one by name could create it.
        let metadata = consumer.fetch_metadata(None, patience)?;
        let topics: BTreeMap<_, _> = metadata
            .topics()
            .iter()
            .map(|topic| {
                let partitions = topic.partitions().iter().map(|partition| Partition {
                    id: partition.id(),
                    has_leader: partition.leader() >= 0,
                    replicas: partition.replicas().len(),
                    in_sync: partition.isr().len(),
                });
                (topic.name().to_owned(), partitions.collect::<Vec<_>>())
            })
            .collect();
        let rights = native::topic_rights(consumer.client(), names, patience);
        let offsets = read.iter().filter_map(|topic| {
            let partitions: Vec<i32> = topics.get(topic)?.iter().map(|partition| partition.id).collect();
            Some((topic.clone(), offsets(consumer, topic, &partitions, group.is_some(), patience)))
        });
        Ok(Answers {
            brokers: metadata.brokers().iter().map(rdkafka::metadata::MetadataBroker::id).collect(),
            rights,
            group: group.map(|group| described(consumer, group, patience)),
            offsets: offsets.collect(),
            topics,
        })
    }
}

/// The answer of a thread that has asked.
fn answered<T, E>(asked: Result<KafkaResult<T>, E>) -> Result<T, ConnectError> {
    match asked {
        Ok(answers) => answers.map_err(|error| ConnectError::client(format!("the brokers do not answer: {error}"))),
        Err(_) => Err(ConnectError::client("no thread could be started to ask".to_owned())),
    }
}

/// Dropping a consumer joins a thread, which must not block the runtime.
impl Drop for Client {
    fn drop(&mut self) {
        let consumer = self.0.take();
        thread::spawn("event-schema drop", move || drop(consumer));
    }
}

/// The description of a group. Its coordinator may have changed, or be about to read what it must know.
fn described(consumer: &BaseConsumer<Context>, group: &str, patience: Duration) -> Result<Group, RDKafkaErrorCode> {
    use RDKafkaErrorCode as C;
    const PAUSE: Duration = Duration::from_millis(100);
    let started = Instant::now();
    loop {
        let described = native::group(consumer.client(), group, patience);
        let is_passing =
            matches!(described, Err(C::NotCoordinator | C::CoordinatorNotAvailable | C::CoordinatorLoadInProgress));
        if !is_passing || started.elapsed() >= patience {
            return described;
        }
        std::thread::sleep(PAUSE);
    }
}

fn offsets(
    consumer: &BaseConsumer<Context>,
    topic: &str,
    partitions: &[i32],
    has_group: bool,
    patience: Duration,
) -> KafkaResult<Vec<Offsets>> {
    let list = |offset| {
        let mut list = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            list.add_partition_offset(topic, *partition, offset)?;
        }
        KafkaResult::Ok(list)
    };
    let at = |time| read(&consumer.offsets_for_times(list(time)?, patience)?);
    let first = at(Offset::Beginning)?;
    let end = at(Offset::End)?;
    let ahead = at(Offset::Offset(millis(SystemTime::now() + AHEAD)))?;
    let committed =
        if has_group { read(&consumer.committed_offsets(list(Offset::Invalid)?, patience)?)? } else { HashMap::new() };
    let of = |found: &HashMap<i32, Option<i64>>, partition| found.get(&partition).copied().flatten();
    let offsets = partitions.iter().map(|&partition| Offsets {
        partition,
        first: of(&first, partition).unwrap_or(0),
        end: of(&end, partition).unwrap_or(0),
        committed: of(&committed, partition),
        is_ahead: of(&ahead, partition).is_some(),
    });
    Ok(offsets.collect())
}

fn read(list: &TopicPartitionList) -> KafkaResult<HashMap<i32, Option<i64>>> {
    let elements = list.elements();
    let offsets = elements.iter().map(|element| {
        element.error()?;
        Ok(match element.offset() {
            Offset::Offset(offset) => (element.partition(), Some(offset)),
            _ => (element.partition(), None),
        })
    });
    offsets.collect()
}

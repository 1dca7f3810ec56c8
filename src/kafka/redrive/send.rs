//! Sends dead letters again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rdkafka::Message as _;
use serde_json::Value;

use super::letter::{Letter, LetterState};
use super::memory::{self, Marks};
use super::options::{Fate, Redrive, RedriveCounts, Target};
use super::read::{Letters, Opened, on_thread};
use super::source::{Partitions, Source};
use crate::kafka::client::native;
use crate::kafka::config::{KafkaConfig, TopicNames};
use crate::kafka::error::{ConfigError, ConnectError, RedriveError, RedriveErrorKind, SendError};
use crate::kafka::letters::{self, DeadMessage, Destination, MAX_KEY};
use crate::kafka::message::{Headers, ProducerRecord, millis};
use crate::kafka::produce::{Enqueued, EventProducer};
use crate::kafka::topics::{Topic, Topics};
use crate::load::json;

/// How many letters are sent before they are remembered. As many are sent again after a program was killed.
const BATCH: usize = 100;

/// How many bytes of them are in memory.
const BATCH_BYTES: usize = 16 << 20;

/// The time to close the producer, which has nothing left to send.
const CLOSE: Duration = Duration::from_secs(5);

pub(super) struct Redriving<'a> {
    /// Topics have their names at the brokers.
    config: KafkaConfig,
    marks: Marks<'a>,
    target: Target,
    names: Arc<TopicNames>,
    limit: u32,
    partitions: Partitions,
    outlived: Vec<(i32, i64)>,
    /// None in a dry run.
    producer: Option<EventProducer>,
    /// Whether the brokers have taken a record of the memory.
    remembers: bool,
    /// Reads what letters point to: made when it is needed first.
    originals: Option<Arc<Source>>,
    counts: RedriveCounts,
}

/// A letter, and its message to send, or the reason why it is not sent.
type Planned = (Letter, Result<Message, Fate>);

/// A message to send, and how many of its headers are lost.
struct Message {
    record: ProducerRecord,
    lost_headers: u32,
}

/// The message that could not be handled.
struct Original {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    headers: Headers,
}

impl Original {
    /// Whether it has the key and the id of a dead letter. A pointer has no space for a long key.
    fn is_of(&self, letter: &Letter) -> bool {
        let is_key = match letter.key() {
            None => self.key.as_ref().is_none_or(|key| key.len() > MAX_KEY),
            key => self.key.as_deref() == key,
        };
        is_key && letter.headers().get("ce_id").is_none_or(|id| self.headers.get("ce_id") == Some(id))
    }
}

impl<'a> Redriving<'a> {
    pub(super) async fn new(
        config: &KafkaConfig,
        dead_letters: &'a str,
        redrive: Redrive,
        limit: u32,
        opened: &Opened,
    ) -> Result<Self, RedriveError> {
        let partitions = opened.partitions.clone();
        let names = config.topic_names();
        let target = match redrive.target {
            Target::Topic(topic) => Target::Topic(names.real(&topic).into_owned()),
            target => target,
        };
        if let Target::Topic(topic) = &target {
            let problem = if topic == dead_letters {
                Some(format!("`{topic}` is the dead letter topic itself: redrive to another topic"))
            } else if !partitions.contains_key(topic) {
                Some(format!("there is no topic `{topic}`, or it is not visible to this user"))
            } else {
                None
            };
            if let Some(problem) = problem {
                return Err(ConnectError::from(ConfigError::one(problem)).into());
            }
        }
        let config = config.clone().with_real_names();
        let producer = if redrive.is_dry {
            None
        } else {
            Some(EventProducer::connect(&config.for_copies().map_err(ConnectError::from)?).await?)
        };
        Ok(Self {
            config,
            marks: Marks { dead_letters, topic: memory::topic(dead_letters, &names) },
            target,
            remembers: false,
            names,
            limit,
            partitions,
            outlived: opened.outlived(),
            producer,
            originals: None,
            counts: RedriveCounts::default(),
        })
    }

    /// Sends as many as are wanted.
    pub(super) async fn run(
        mut self,
        mut letters: Letters,
        wanted: u64,
        mut each: impl FnMut(&Letter, &Fate),
    ) -> Result<RedriveCounts, RedriveError> {
        let mut batch = Vec::new();
        let (mut bytes, mut planned) = (0, 0);
        while self.counts.sent() + planned < wanted
            && let Some(letter) = letters.next().await?
        {
            let message = self.plan(&letter).await?;
            if let Ok(Message { record, .. }) = &message {
                bytes += record.value().map_or(0, <[u8]>::len);
                planned += 1;
            }
            batch.push((letter, message));
            if batch.len() >= BATCH || bytes >= BATCH_BYTES || self.counts.sent() + planned == wanted {
                self.send(std::mem::take(&mut batch), &mut each).await?;
                (bytes, planned) = (0, 0);
            }
        }
        self.send(batch, &mut each).await?;
        if let Some(producer) = self.producer.take() {
            let mut forgotten = Vec::new();
            for place in self.outlived.drain(..) {
                forgotten.push(producer.enqueue_record(&self.marks.forgotten(place)).await);
            }
            for enqueued in forgotten {
                acknowledged(enqueued).await.map_err(RedriveErrorKind::Forget)?;
            }
            // All is acknowledged: nothing is lost if this takes too long.
            let _ = producer.close(CLOSE).await;
        }
        Ok(self.counts)
    }

    /// The message to send, or the fate of a letter that is not sent.
    async fn plan(&mut self, letter: &Letter) -> Result<Result<Message, Fate>, RedriveError> {
        let refused = |reason: String| Ok(Err(Fate::Refused { reason }));
        let Some(dead) = letter.dead() else {
            return refused("it has no headers of a dead letter, or they cannot be read".to_owned());
        };
        // One that was redriven before is asked for again, and counts as well.
        if letter.state() == LetterState::Parked || letter.redrives() >= self.limit {
            return Ok(Err(Fate::Parked { redrives: letter.redrives() }));
        }
        let (topic, destination) = match self.topic(dead) {
            Ok(found) => found,
            Err(reason) => return refused(reason),
        };
        let count = self.partitions.get(&topic).copied().unwrap_or(0);
        let mut lost_headers = 0;
        let original = if dead.is_pointer() {
            let place = dead.origin();
            match self.original(dead).await? {
                // A topic that was deleted and created again has another message there.
                Ok(Some(original))
                    if original.value.as_ref().map(Vec::len) == size(letter) && original.is_of(letter) =>
                {
                    original
                }
                Ok(_) => return refused(format!("it is a pointer to {place}, and the message is no longer there")),
                Err(error) => return refused(format!("it is a pointer to {place}, which cannot be read: {error}")),
            }
        } else {
            let found = if dead.omitted_headers() > 0 { self.original(dead).await? } else { Ok(None) };
            match found {
                Ok(Some(original)) if original.value.as_deref() == letter.value() && original.is_of(letter) => original,
                _ => {
                    lost_headers = dead.omitted_headers();
                    let headers = letter.headers().clone();
                    Original {
                        key: letter.key().map(<[u8]>::to_vec),
                        value: letter.value().map(<[u8]>::to_vec),
                        headers,
                    }
                }
            }
        };
        let group = dead.group().unwrap_or_default();
        let headers =
            letters::headers_for_redrive(&original.headers, letter.headers(), &dead.origin(), group, destination);
        let record = ProducerRecord {
            topic,
            // The one where the other messages of its key are, unless there are fewer.
            partition: Some(dead.partition()).filter(|partition| (0..count).contains(partition)),
            key: original.key,
            value: original.value,
            timestamp: None,
            headers,
        };
        Ok(Ok(Message { record, lost_headers }))
    }

    /// The topic for a letter; or the reason why there is none.
    fn topic<'b>(&self, dead: &'b DeadMessage) -> Result<(String, Destination<'b>), String> {
        let unnamed = || "it does not name the group that could not handle it".to_owned();
        let (topic, destination) = match &self.target {
            Target::Topic(topic) => (topic.clone(), Destination::Other),
            Target::Origin => {
                dead.group().ok_or_else(unnamed)?;
                (dead.topic().to_owned(), Destination::Origin { topic: dead.topic() })
            }
            Target::Group => {
                let group = dead.group().ok_or_else(unnamed)?;
                let redrive = self.names.real(&letters::redrive_topic(dead.topic(), group)).into_owned();
                let retry = self.names.real(&letters::retry_topic(dead.topic(), group, 1)).into_owned();
                if self.partitions.contains_key(&redrive) {
                    (redrive, Destination::Redrive)
                } else if self.partitions.contains_key(&retry) {
                    (retry, Destination::Retry { now: millis(SystemTime::now()) })
                } else {
                    return Err(format!(
                        "group `{group}` has no topic `{redrive}` or `{retry}`: redrive to the origin, or to another topic"
                    ));
                }
            }
        };
        if topic == self.marks.dead_letters {
            return Err(format!("`{topic}` is the dead letter topic itself"));
        }
        if !self.partitions.contains_key(&topic) {
            return Err(format!("there is no topic `{topic}`, or it is not visible to this user"));
        }
        Ok((topic, destination))
    }

    /// The message at the place of a letter's original, if one is there; or the reason why it will never be read.
    async fn original(&mut self, dead: &DeadMessage) -> Result<Result<Option<Original>, RedriveError>, RedriveError> {
        let has_partition =
            self.partitions.get(dead.topic()).is_some_and(|count| (0..*count).contains(&dead.partition()));
        if !has_partition {
            return Ok(Ok(None));
        }
        let source = match &self.originals {
            Some(source) => Arc::clone(source),
            None => Arc::clone(self.originals.insert(Source::connect(&self.config).await?)),
        };
        let (topic, partition, offset) = (dead.topic().to_owned(), dead.partition(), dead.offset());
        let found = on_thread(move || {
            let range = source.range(&topic, partition)?;
            let mut found = None;
            if range.contains(&offset) {
                source.read(&topic, partition, offset..range.end, |message| {
                    if message.offset() == offset {
                        found = Some(Original {
                            key: message.key().map(<[u8]>::to_vec),
                            value: message.payload().map(<[u8]>::to_vec),
                            headers: native::headers(message),
                        });
                    }
                    std::ops::ControlFlow::Break(())
                })?;
            }
            Ok::<_, RedriveError>(found)
        });
        match found.await? {
            Err(error) if !error.is_of_topic() => Err(error),
            found => Ok(found),
        }
    }

    /// Makes sure that what is sent will be remembered.
    async fn begin(&mut self, producer: &EventProducer) -> Result<(), RedriveError> {
        if !self.partitions.contains_key(&self.marks.topic) {
            let topic = Topic::new(&self.marks.topic).partitions(1).set("cleanup.policy", "compact");
            Topics::new().topic(topic).create(&self.config).await?;
        }
        let taken = acknowledged(producer.enqueue_record(&self.marks.nothing()).await).await;
        taken.map_err(RedriveErrorKind::Memory)?;
        self.remembers = true;
        Ok(())
    }

    /// Sends the messages in their order, and remembers those that the brokers have acknowledged.
    async fn send(&mut self, batch: Vec<Planned>, each: &mut impl FnMut(&Letter, &Fate)) -> Result<(), RedriveError> {
        let Some(producer) = self.producer.clone() else {
            for (letter, planned) in batch {
                let to = |Message { record, lost_headers }| Fate::Planned { topic: record.topic, lost_headers };
                self.tell(&letter, &planned.map_or_else(|fate| fate, to), each);
            }
            return Ok(());
        };
        if !self.remembers && batch.iter().any(|(_, planned)| planned.is_ok()) {
            self.begin(&producer).await?;
        }
        let mut failed = None;
        let mut sent = Vec::new();
        for (letter, planned) in batch {
            let outcome = match planned {
                Ok(Message { record, lost_headers }) => {
                    let enqueued = producer.enqueue_record(&record).await;
                    Ok((enqueued, Fate::Redriven { topic: record.topic, lost_headers }))
                }
                Err(fate) => Err(fate),
            };
            sent.push((letter, outcome));
        }
        let mut remembered = Vec::new();
        for (letter, outcome) in sent {
            let outcome = match outcome {
                Err(fate) => Err(fate),
                Ok((enqueued, fate)) => match acknowledged(enqueued).await {
                    Ok(()) => {
                        let place = (letter.partition(), letter.offset());
                        let mark = self.marks.redriven(place, letter.millis(), fate.topic().unwrap_or_default());
                        Ok((producer.enqueue_record(&mark).await, fate))
                    }
                    // Those behind it are not to wait for it.
                    Err(error) if error.is_refused() => Err(Fate::Refused { reason: error.to_string() }),
                    Err(error) => {
                        failed.get_or_insert(RedriveErrorKind::Send(error));
                        continue;
                    }
                },
            };
            remembered.push((letter, outcome));
        }
        for (letter, outcome) in remembered {
            match outcome {
                Err(fate) => self.tell(&letter, &fate, each),
                Ok((enqueued, fate)) => match acknowledged(enqueued).await {
                    Ok(()) => self.tell(&letter, &fate, each),
                    Err(error) => {
                        failed.get_or_insert(RedriveErrorKind::Remember(error));
                    }
                },
            }
        }
        failed.map_or(Ok(()), |failed| Err(failed.into()))
    }

    fn tell(&mut self, letter: &Letter, fate: &Fate, each: &mut impl FnMut(&Letter, &Fate)) {
        self.counts.count(fate);
        each(letter, fate);
    }
}

/// The size that a pointer says.
fn size(pointer: &Letter) -> Option<usize> {
    let pointer: Value = json::read(str::from_utf8(pointer.value()?).ok()?).ok()?;
    pointer["size"].as_u64()?.try_into().ok()
}

async fn acknowledged(enqueued: Result<Enqueued, SendError>) -> Result<(), SendError> {
    enqueued?.await.map(drop)
}

//! A dead letter topic, and what is selected of it.

use std::time::SystemTime;

use super::letter::Letter;
use super::options::{Fate, Redrive, RedriveCounts};
use super::read::{Letters, Opened};
use super::selection::Selection;
use super::send;
use super::source::Source;
use crate::kafka::config::KafkaConfig;
use crate::kafka::error::RedriveError;

/// The default number of redrives of a message.
const LIMIT: u32 = 3;

/// The dead letters of a topic, to look at them and to send them again after the fault is mended. The program
/// `event-schema` does both with its commands `dlq list`, `dlq show` and `dlq redrive`.
///
/// The dead letters are those of this crate and of Spring Kafka; [`DeadLetter`](crate::kafka::DeadLetter) describes them.
/// Without other settings all of them are selected that wait to be redriven; each setting restricts the selection further.
///
/// ```
/// use event_schema::kafka::{DeadLetterTopic, EmbeddedKafka, EventConsumer, LetterState, Redrive, Retry};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// // Yesterday's service requires a note, and today's does not.
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders")]
/// struct Strict { note: String }
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders")]
/// struct Order { note: Option<String> }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let kafka = EmbeddedKafka::start()?;
/// # for topic in ["orders", "orders-billing-dlt", "orders-billing-retry-1"] { kafka.create_topic(topic, 1)?; }
/// let config = kafka.config();
/// let billing = config.clone().group("billing");
/// let retry = Retry::topics().attempts(2);
/// let yesterday = EventConsumer::<Strict>::subscribe(&billing).await?;
/// let handle = yesterday.handle();
/// let running = tokio::spawn(yesterday.runner().unordered().retry(retry.clone()).run(async |_| {}));
/// kafka.publish_bytes("orders", None, Some(b"{}"), &[("ce_id", b"A-1")]).await;
/// # kafka.received::<Order>("orders-billing-dlt", 1).await;
/// handle.close(Duration::from_secs(5)).await?;
/// # running.await??;
///
/// let letters = DeadLetterTopic::new("orders-billing-dlt").cause("LoadError");
/// let mut found = letters.letters(&config).await?;
/// while let Some(letter) = found.next().await? {
///     let dead = letter.dead().unwrap();
///     println!("{} of {}: {}", letter.id(), dead.topic(), dead.message().unwrap_or_default());
/// }
///
/// let planned = letters.redrive(&config, Redrive::to_group().dry_run(), |_, _| {}).await?;
/// assert_eq!((planned.planned(), planned.redriven()), (1, 0));
/// let counts = letters.redrive(&config, Redrive::to_group(), |letter, fate| {
///     assert_eq!(letter.id(), "A-1");
///     assert_eq!(fate.to_string(), "sent to `orders-billing-retry-1`");
/// });
/// let counts = counts.await?;
/// assert_eq!((counts.redriven(), counts.parked(), counts.refused()), (1, 0, 0));
///
/// let today = EventConsumer::<Order>::subscribe(&billing).await?;
/// let handle = today.handle();
/// let running = tokio::spawn(today.runner().unordered().retry(retry).run(async |_| {}));
/// kafka.handled("billing", "orders-billing-retry-1").await;
/// assert_eq!(handle.counts().done(), 1);
/// # handle.close(Duration::from_secs(5)).await?;
/// # running.await??;
///
/// // It is not sent twice.
/// let again = letters.redrive(&config, Redrive::to_group(), |_, _| {}).await?;
/// assert_eq!(again.redriven(), 0);
/// # Ok(())
/// # }
/// ```
///
/// # What is sent
///
/// The original bytes, also those that could not be loaded, with the key and the headers of the message. A
/// [redacted](crate::kafka::DeadLetter::redact) dead letter, or one that was too large, is a pointer: its message is read
/// from the original place, and refused if it is no longer there. The omitted headers of a
/// [large](crate::kafka::DeadLetter#large-messages) dead letter are read from there, too; if the message is no longer there,
/// the dead letter is sent without them, and its [`Fate`] says how many are lost.
///
/// The headers of the dead letter are removed, but for the place where the message was first. So the event keeps its id,
/// also if that is its place, and consumers that have handled it recognise it. The header `event-schema-redrives` counts the
/// redrives.
///
/// A message that fails again is a new dead letter in the same topic, with the count. If the count has reached the
/// [limit](Self::limit), it is parked: it stays in the dead letter topic, and is not sent again.
///
/// # Interruptions
///
/// The topic `<dead letter topic>-redriven` remembers which dead letters were redriven. The first redrive creates it, with the
/// setting `cleanup.policy=compact`; if the user has no right to create topics, create it beforehand. If the user has no
/// right to write to it, nothing is sent: without the memory the same dead letters would be sent each time. A dead letter is
/// remembered when the brokers have acknowledged its message. If the program is killed, or loses its brokers, no dead letter
/// is lost: the next redrive sends those that are not remembered, at most a hundred of them for the second time, with the
/// same ids.
///
/// Only the dead letters are sent that were in the topic at the start. Let only one program redrive a topic at a time. Two
/// programs lose nothing, but may send the same dead letters twice, with the same ids.
#[derive(Debug, Clone)]
pub struct DeadLetterTopic {
    name: String,
    selection: Selection,
    limit: u32,
    count: u64,
}

impl DeadLetterTopic {
    /// All dead letters of this topic that were not redriven. For an example see [`DeadLetterTopic`].
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), selection: Selection::default(), limit: LIMIT, count: u64::MAX }
    }

    /// Only those with this text in the type or the text of their error.
    ///
    /// ```
    /// use event_schema::kafka::DeadLetterTopic;
    /// use std::time::{Duration, SystemTime};
    ///
    /// let hour = Duration::from_secs(3600);
    /// let selected = DeadLetterTopic::new("orders-billing-dlt")
    ///     .cause("LoadError")
    ///     .event_type("order.requested")
    ///     .from(SystemTime::now() - 2 * hour)
    ///     .until(SystemTime::now() - hour)
    ///     .key("A-1")
    ///     .id("0197a3c5-6d2e-7c31-b0a4-3f1c5f7a9d10")
    ///     .group("billing")
    ///     .origin_topic("orders")
    ///     .origin_partition(2)
    ///     .origin_offset(4711)
    ///     .at(2, 17)
    ///     .count(10)
    ///     .redriven_too()
    ///     .limit(5);
    /// assert_eq!(selected.name(), "orders-billing-dlt");
    /// ```
    #[must_use]
    pub fn cause(self, text: impl Into<String>) -> Self {
        self.select(|selection| selection.cause = Some(text.into()))
    }

    /// Only those of this CloudEvents type, such as `order.requested.v2`; without a version, of any version. For this and
    /// the following methods see the example of [`cause`](Self::cause).
    #[must_use]
    pub fn event_type(self, event_type: impl Into<String>) -> Self {
        self.select(|selection| selection.event_type = Some(event_type.into()))
    }

    /// Only those that became dead letters at this time or later.
    #[must_use]
    pub fn from(self, time: SystemTime) -> Self {
        self.select(|selection| selection.from = Some(time))
    }

    /// Only those that became dead letters before this time.
    #[must_use]
    pub fn until(self, time: SystemTime) -> Self {
        self.select(|selection| selection.until = Some(time))
    }

    /// Only those with this key.
    #[must_use]
    pub fn key(self, key: impl Into<Vec<u8>>) -> Self {
        self.select(|selection| selection.key = Some(key.into()))
    }

    /// Only those of the event with this id, as [`Letter::id`] has it.
    #[must_use]
    pub fn id(self, id: impl Into<String>) -> Self {
        self.select(|selection| selection.id = Some(id.into()))
    }

    /// Only those that this consumer group could not handle.
    #[must_use]
    pub fn group(self, group: impl Into<String>) -> Self {
        self.select(|selection| selection.group = Some(group.into()))
    }

    /// Only those of messages of this topic.
    #[must_use]
    pub fn origin_topic(self, topic: impl Into<String>) -> Self {
        self.select(|selection| selection.origin_topic = Some(topic.into()))
    }

    /// Only those of messages of the partition with this number.
    #[must_use]
    pub fn origin_partition(self, partition: i32) -> Self {
        self.select(|selection| selection.origin_partition = Some(partition))
    }

    /// Only those of messages with this offset.
    #[must_use]
    pub fn origin_offset(self, offset: i64) -> Self {
        self.select(|selection| selection.origin_offset = Some(offset))
    }

    /// Only the one in this partition of the dead letter topic, at this offset.
    #[must_use]
    pub fn at(self, partition: i32, offset: i64) -> Self {
        self.select(|selection| selection.at = Some((partition, offset)))
    }

    /// Only so many: the first that the other settings select. [`redrive`](Self::redrive) counts those that it sends, and
    /// passes over those that are parked or refused.
    #[must_use]
    pub fn count(self, count: u64) -> Self {
        Self { count, ..self }
    }

    /// Also those that were redriven before.
    #[must_use]
    pub fn redriven_too(self) -> Self {
        self.select(|selection| selection.redriven_too = true)
    }

    /// How often a message may be redriven. A dead letter that was redriven so often is
    /// [parked](crate::kafka::LetterState::Parked). Default: 3.
    #[must_use]
    pub fn limit(self, limit: u32) -> Self {
        Self { limit, ..self }
    }

    fn select(mut self, set: impl FnOnce(&mut Selection)) -> Self {
        set(&mut self.selection);
        self
    }

    /// The name of the dead letter topic.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The selected dead letters that are in the topic now, by partition and offset. Nothing is written, and no group is
    /// joined.
    ///
    /// # Errors
    ///
    /// A [`RedriveError`] if the connection fails, if the topic does not exist, or if the user may not read it.
    ///
    /// For an example see [`DeadLetterTopic`].
    pub async fn letters(&self, config: &KafkaConfig) -> Result<Letters, RedriveError> {
        let source = Source::connect(config).await?;
        let names = config.topic_names();
        let opened = Opened::new(source, &names.real(&self.name), &names).await?;
        Ok(opened.letters(self.selection.with_names(&names), self.limit, self.count))
    }

    /// Sends the selected dead letters again, and calls `each` with every one of them when its fate is known.
    ///
    /// # Errors
    ///
    /// A [`RedriveError`], as [`letters`](Self::letters), and if the brokers do not acknowledge a message, or if the topic
    /// for the memory cannot be created or written to. A message that the brokers refuse, because it is too large or the user
    /// may not write to its topic, or that has no place to go, is no error: see [`Fate::Refused`]. Those behind it are sent.
    ///
    /// For an example see [`DeadLetterTopic`].
    pub async fn redrive(
        &self,
        config: &KafkaConfig,
        redrive: Redrive,
        each: impl FnMut(&Letter, &Fate),
    ) -> Result<RedriveCounts, RedriveError> {
        let source = Source::connect(config).await?;
        let names = config.topic_names();
        let name = names.real(&self.name);
        let opened = Opened::new(source, &name, &names).await?;
        let sender = send::Redriving::new(config, &name, redrive, self.limit, &opened).await?;
        // Not all that are read are sent.
        let letters = opened.letters(self.selection.with_names(&names), self.limit, u64::MAX);
        sender.run(letters, self.count, each).await
    }
}

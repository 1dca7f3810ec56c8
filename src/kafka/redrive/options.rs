//! How dead letters are redriven, and what became of them.

use std::fmt;

use crate::kafka::letters;

/// Where dead letters are sent again; see [`DeadLetterTopic::redrive`](crate::kafka::DeadLetterTopic::redrive).
///
/// ```
/// use event_schema::kafka::Redrive;
///
/// assert_eq!(Redrive::default(), Redrive::to_group());
/// assert_ne!(Redrive::to_origin(), Redrive::to_origin().dry_run());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Redrive {
    pub(super) target: Target,
    pub(super) is_dry: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    Group,
    Origin,
    Topic(String),
}

impl Redrive {
    /// To a topic that only the group reads that could not handle the message. This is the default, because no other group
    /// receives the message again. The topic is
    /// [`<topic>-<group>-redrive`](crate::kafka::Runner::redrive_topics) or, if there is none, the first
    /// [retry topic](crate::kafka::Retry::topics), where the message has the attempts that are left after the first.
    ///
    /// A dead letter whose group has neither topic is refused.
    ///
    /// For an example see [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
    #[must_use]
    pub fn to_group() -> Self {
        Self::to(Target::Group)
    }

    /// To the original topic and partition, behind the messages that are there. A header names the group that could not
    /// handle the message: runs and batches of other groups ignore it
    /// ([`Outcome::Ignored`](crate::kafka::Outcome::Ignored)). Programs that do not know the header receive the event
    /// again, with the same id: so do [`recv`](crate::kafka::EventConsumer::recv) and clients in other languages.
    ///
    /// Do not send dead letters to a compacted topic, where a message replaces the later ones of its key.
    ///
    /// ```
    /// use event_schema::kafka::{
    ///     DeadLetterTopic, Delivery, EmbeddedKafka, EventConsumer, Failure, Received, Redrive,
    /// };
    /// use event_schema::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "orders")]
    /// struct Order { id: u32 }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # kafka.create_topic("orders-billing-dlt", 1)?;
    /// let consumer = EventConsumer::<Order>::subscribe(&kafka.config().group("billing")).await?;
    /// let billing = consumer.handle();
    /// let fails = async |_: Delivery<Order>| Err::<(), _>(Failure::reject("no price yet"));
    /// let running = tokio::spawn(consumer.run(fails));
    /// kafka.publish(&Order { id: 7 }).await;
    /// kafka.received::<Order>("orders-billing-dlt", 1).await;
    /// billing.close(Duration::from_secs(5)).await?;
    /// running.await??;
    ///
    /// let letters = DeadLetterTopic::new("orders-billing-dlt");
    /// let counts = letters.redrive(&kafka.config(), Redrive::to_origin(), |_, _| {}).await?;
    /// assert_eq!(counts.redriven(), 1);
    /// let orders: Vec<Received<Order>> = kafka.received("orders", 2).await;
    /// assert_eq!(orders[1].envelope().id(), orders[0].envelope().id());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn to_origin() -> Self {
        Self::to(Target::Origin)
    }

    /// To this topic, for instance a retry topic of Spring Kafka. The topic must exist.
    ///
    /// ```
    /// use event_schema::kafka::Redrive;
    ///
    /// assert_ne!(Redrive::to_topic("orders-retry-0"), Redrive::to_origin());
    /// ```
    #[must_use]
    pub fn to_topic(topic: impl Into<String>) -> Self {
        Self::to(Target::Topic(topic.into()))
    }

    fn to(target: Target) -> Self {
        Self { target, is_dry: false }
    }

    /// The topic of the messages that are redriven to a group, of which the consumer must be told by
    /// [`Runner::redrive_topics`](crate::kafka::Runner::redrive_topics). It has the same name at the brokers as
    /// [`DeadLetter::topic_of`](crate::kafka::DeadLetter::topic_of) has.
    ///
    /// ```
    /// use event_schema::kafka::Redrive;
    ///
    /// assert_eq!(Redrive::topic_of("orders", "billing"), "orders-billing-redrive");
    /// ```
    #[must_use]
    pub fn topic_of(topic: &str, group: &str) -> String {
        letters::redrive_topic(topic, group)
    }

    /// Sends nothing: each dead letter gets the [`Fate`] that it would have. See the example of [`Redrive`].
    #[must_use]
    pub fn dry_run(self) -> Self {
        Self { is_dry: true, ..self }
    }
}

impl Default for Redrive {
    fn default() -> Self {
        Self::to_group()
    }
}

/// What became of a dead letter.
///
/// ```
/// use event_schema::kafka::Fate;
///
/// fn is_whole(fate: &Fate) -> bool {
///     matches!(fate, Fate::Redriven { lost_headers: 0, .. } | Fate::Planned { lost_headers: 0, .. })
/// }
/// let parked = Fate::Parked { redrives: 3 };
/// assert!(!is_whole(&parked));
/// assert_eq!(parked.to_string(), "parked: redriven 3 times before");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fate {
    /// It was sent to this topic, the brokers have acknowledged it, and it is remembered as redriven.
    #[non_exhaustive]
    Redriven {
        /// The topic.
        topic: String,
        /// The number of headers that the sent message lacks: the dead letter [omitted] them, and the original message is
        /// gone or cannot be read.
        ///
        /// [omitted]: crate::kafka::DeadMessage::omitted_headers
        lost_headers: u32,
    },
    /// Without a dry run it would be sent to this topic.
    #[non_exhaustive]
    Planned {
        /// The topic.
        topic: String,
        /// The number of headers that the sent message lacks: the dead letter [omitted] them, and the original message is
        /// gone or cannot be read.
        ///
        /// [omitted]: crate::kafka::DeadMessage::omitted_headers
        lost_headers: u32,
    },
    /// It was redriven as often as the [limit](crate::kafka::DeadLetterTopic::limit) allows, and failed each time. It is not
    /// sent.
    Parked {
        /// How often it was redriven.
        redrives: u32,
    },
    /// It cannot be sent.
    Refused {
        /// The reason, which quotes no payload.
        reason: String,
    },
}

impl Fate {
    /// A stable name, one word in lower case.
    ///
    /// ```
    /// use event_schema::kafka::Fate;
    ///
    /// assert_eq!(Fate::Parked { redrives: 3 }.as_str(), "parked");
    /// ```
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Redriven { .. } => "redriven",
            Self::Planned { .. } => "planned",
            Self::Parked { .. } => "parked",
            Self::Refused { .. } => "refused",
        }
    }

    /// The topic that it was or would be sent to.
    pub(super) fn topic(&self) -> Option<&str> {
        match self {
            Self::Redriven { topic, .. } | Self::Planned { topic, .. } => Some(topic),
            Self::Parked { .. } | Self::Refused { .. } => None,
        }
    }
}

/// Headers that are lost, if there are any.
struct Lost(u32);

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            lost => write!(f, " without {lost} of its headers, which the dead letter had no space for"),
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redriven { topic, lost_headers } => write!(f, "sent to `{topic}`{}", Lost(*lost_headers)),
            Self::Planned { topic, lost_headers } => write!(f, "would be sent to `{topic}`{}", Lost(*lost_headers)),
            Self::Parked { redrives: 1 } => f.write_str("parked: redriven once before"),
            // A count that cannot be read.
            Self::Parked { redrives: u32::MAX } => f.write_str("parked: the count of its redrives cannot be read"),
            Self::Parked { redrives } => write!(f, "parked: redriven {redrives} times before"),
            Self::Refused { reason } => write!(f, "refused: {reason}"),
        }
    }
}

/// How many dead letters were redriven. See the example of [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RedriveCounts {
    pub(super) redriven: u64,
    pub(super) planned: u64,
    pub(super) parked: u64,
    pub(super) refused: u64,
}

impl RedriveCounts {
    /// The number of dead letters that were sent. For this and the following methods see the example of
    /// [`DeadLetterTopic`](crate::kafka::DeadLetterTopic).
    #[must_use]
    pub fn redriven(&self) -> u64 {
        self.redriven
    }

    /// The number of dead letters that would be sent without a dry run.
    #[must_use]
    pub fn planned(&self) -> u64 {
        self.planned
    }

    /// The number of dead letters that were redriven too often.
    #[must_use]
    pub fn parked(&self) -> u64 {
        self.parked
    }

    /// The number of dead letters that cannot be sent.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    /// Those that were or would be sent.
    pub(super) fn sent(&self) -> u64 {
        self.redriven + self.planned
    }

    pub(super) fn count(&mut self, fate: &Fate) {
        let counter = match fate {
            Fate::Redriven { .. } => &mut self.redriven,
            Fate::Planned { .. } => &mut self.planned,
            Fate::Parked { .. } => &mut self.parked,
            Fate::Refused { .. } => &mut self.refused,
        };
        *counter += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fate_says_what_is_lost() {
        let topic = "orders".to_owned();
        let planned = |lost_headers| Fate::Planned { topic: topic.clone(), lost_headers }.to_string();
        let redriven = |lost_headers| Fate::Redriven { topic: topic.clone(), lost_headers }.to_string();
        let lost = " without 2 of its headers, which the dead letter had no space for";
        assert_eq!((planned(0), redriven(0)), ("would be sent to `orders`".to_owned(), "sent to `orders`".to_owned()));
        assert_eq!(planned(2), format!("would be sent to `orders`{lost}"));
        assert_eq!(redriven(2), format!("sent to `orders`{lost}"));
    }
}

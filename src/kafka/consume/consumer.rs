//! The consumer of typed events.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::delivery::Delivery;
use super::driver;
use super::failure::Handled;
use super::handle::RunHandle;
use super::received::Received;
use super::runner::Runner;
use super::subscription::Subscription;
use super::tally::Counts;
use crate::EventSchema;
use crate::kafka::config::KafkaConfig;
use crate::kafka::error::{CloseError, ConfigError, ConnectError, ConsumeError, RunError};

/// Receives events of one type as a member of a consumer group.
///
/// No message stops it: one that cannot be loaded comes as a [`Rejection`](crate::kafka::Rejection), with its original
/// bytes and everything that is wrong with it.
///
/// ```
/// use event_schema::kafka::{Body, EmbeddedKafka, EventConsumer, EventProducer};
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, PartialEq, Serialize, EventSchema)]
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
/// Nothing is committed but what [`store_offset`](Self::store_offset) or [`commit`](Self::commit) is told of, up
/// to and including the message they are given: a message that was not handed over is never committed. After
/// a restart the group goes on behind the last commit, so what was received and not committed comes again.
///
/// When a partition is taken away, so is the right to commit its messages; see
/// [`ConsumeError::is_revoked`].
///
/// # A slow receiver
///
/// A thread of its own polls the broker, so that the membership in the group does not depend on how often
/// [`recv`](Self::recv) is called. What arrives meanwhile is kept in memory: 100,000 messages or 32 MiB,
/// whichever is less, and a thousand more that are on their way. Then the partition is paused
/// until half of it is received.
pub struct EventConsumer<E> {
    subscription: Subscription,
    /// How many messages were handed out, to let other tasks run now and then.
    handed_out: u8,
    /// Whether a stream has said why there is nothing more to come.
    ended: bool,
    event: PhantomData<fn() -> E>,
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
    /// #[derive(Serialize, EventSchema)]
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
    /// An expression such as `^orders.*` stands for dead letter topics, too, whose names begin as the topic's own. A
    /// [run](Self::run) passes over its own dead letters there, counted as done, and handles those of others as
    /// messages: rather subscribe to what has to be handled.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe), and if there is no topic, one of them twice, or a name that no topic has.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// #[derive(Serialize, EventSchema)]
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
        let subscription = Subscription::new(config, topics).await?;
        Ok(Self { subscription, handed_out: 0, ended: false, event: PhantomData })
    }

    /// Hands each event to a handler, many in parallel, until it is [closed](RunHandle::close): at least
    /// once, in the order of each partition, with dead letters for what cannot be loaded or handled. With
    /// other wishes: [`runner`](Self::runner).
    ///
    /// The handler is an async function of a [`Delivery`]. It returns nothing, or a `Result`: an error is
    /// tried again, five times in all, unless it is a [`Failure::reject`](crate::kafka::Failure::reject).
    ///
    /// ```
    /// use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, EventProducer};
    /// use event_schema::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "orders", key = order_id)]
    /// struct OrderPlaced { order_id: String }
    ///
    /// async fn handle(order: Delivery<OrderPlaced>) -> Result<(), std::io::Error> {
    ///     println!("{} was placed", order.order_id);
    ///     Ok(())
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.send(&OrderPlaced { order_id: "A-1".to_owned() }).await?;
    ///
    /// let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("billing")).await?;
    /// let running = consumer.handle();
    /// tokio::spawn(async move {
    ///     // For instance when `tokio::signal::ctrl_c()` says so.
    /// #   while running.counts().done() == 0 { tokio::task::yield_now().await }
    ///     running.close(Duration::from_secs(10)).await
    /// });
    /// let counts = consumer.run(handle).await?;
    /// assert_eq!(counts.done(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// What handlers share they have in an [`Arc`](std::sync::Arc), of which each call is given a clone:
    ///
    /// ```
    /// use event_schema::kafka::Delivery;
    /// use std::sync::{Arc, Mutex};
    /// # fn is_handler<F: Fn(Delivery<u32>) -> R + Send + Sync + 'static, R: Future<Output = ()> + Send>(_: F) {}
    ///
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// let handler = move |order: Delivery<u32>| {
    ///     let seen = Arc::clone(&seen);
    ///     async move { seen.lock().unwrap().push(order.offset()) }
    /// };
    /// # is_handler(handler);
    /// ```
    ///
    /// # What becomes of a message
    ///
    /// | | tried again | then | the offset |
    /// |---|---|---|---|
    /// | handled | | | moves on |
    /// | cannot be loaded, or breaks the rules | no | dead letter | moves when that is stored |
    /// | [`Failure::reject`](crate::kafka::Failure::reject) | no | dead letter | moves when that is stored |
    /// | any other error, a panic, a [timeout](Runner::handler_timeout) | 4 times | dead letter | moves when that is stored |
    /// | a tombstone | | counts as handled, or [is](Runner::on_tombstone) | moves on |
    /// | the partition is taken away meanwhile | by its next owner | | stays |
    ///
    /// The dead letter topic is `<topic>-<group>-dlt`, and has to be there if the brokers do not make topics
    /// when they are needed: the start warns if it is not, and the first message that has to go there [ends the
    /// run](crate::kafka::RunError::is_dead_letter_refused). A dead letter has the original bytes and key, and is in the same partition if
    /// there is one. One line in the log, a warning, says where the message was and what is wrong with it.
    ///
    /// The message of a partition that is taken away is waited for, as long as
    /// [`revoke_timeout`](Runner::revoke_timeout) says. A handler that takes longer is dropped; what it did before
    /// may be done twice.
    ///
    /// Dropping the future drops the handlers that are at work, and leaves the group.
    ///
    /// # Errors
    ///
    /// Of [`RunError`]: settings that cannot be used, a message that it had to stop at, a topic or a group that the user
    /// may not read, a fatal error.
    pub async fn run<H, F>(self, handler: H) -> Result<Counts, RunError>
    where
        E: Send + Sync + 'static,
        H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        self.runner().run(handler).await
    }

    /// To say how events are to be handled before they are; see the example of [`Runner`].
    ///
    /// What [`recv`](Self::recv) has handed out before is not handled again: the run begins behind it, and commits it
    /// with what it handles.
    pub fn runner(self) -> Runner<E>
    where
        E: Send + Sync + 'static,
    {
        Runner::new(self.subscription)
    }

    /// Closes the consumer from elsewhere while it [runs](Self::run), and says what it has done and whether it is
    /// ready; see there for an example.
    #[must_use]
    pub fn handle(&self) -> RunHandle {
        RunHandle::new(Arc::clone(&self.subscription.member.shared), self.subscription.member.gone.clone())
    }

    /// Waits for the next message.
    ///
    /// Dropping the future before it is ready loses nothing, so it may stand in a `select!`.
    ///
    /// # Errors
    ///
    /// Of [`ConsumeError`]. They are about the consumer, never about a message, and no reason to
    /// give up unless [fatal](ConsumeError::is_fatal): a fatal one is returned again by every call, at once.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
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
        poll_fn(|context| self.poll_recv(context)).await
    }

    /// The messages as a stream: [`recv`](Self::recv) again and again.
    ///
    /// It ends behind an error that is [fatal](ConsumeError::is_fatal), and when the consumer is
    /// [closed](RunHandle::close) by its handle; other errors do not end it.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// # producer.send(&Note { text: "hello".to_owned() }).await?;
    /// # producer.send(&Note { text: "world".to_owned() }).await?;
    /// use futures_util::TryStreamExt;
    ///
    /// # let config = kafka.config().group("docs");
    /// let mut consumer = EventConsumer::<Note>::subscribe(&config).await?;
    /// let mut texts = consumer.stream().try_filter_map(|received| async { Ok(received.into_event()) });
    /// # let mut texts = std::pin::pin!(texts);
    /// assert_eq!(texts.try_next().await?.unwrap().text, "hello");
    /// assert_eq!(texts.try_next().await?.unwrap().text, "world");
    /// # Ok(())
    /// # }
    /// ```
    pub fn stream(&mut self) -> impl Stream<Item = Result<Received<E>, ConsumeError>> + Unpin + Send + '_ {
        Messages(self)
    }

    fn poll_recv(&mut self, context: &mut Context<'_>) -> Poll<Result<Received<E>, ConsumeError>> {
        // Fetched messages are ready at once, thousands in a row, and the other tasks of this thread
        // want their turn. Before the next message, not after it: a dropped future loses none.
        self.handed_out = self.handed_out.wrapping_add(1);
        if self.handed_out.is_multiple_of(32) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        loop {
            if let Some((position, raw)) = self.subscription.ahead.next(&self.subscription.member.shared) {
                let place = &self.subscription.ahead.places[position.partition as usize];
                return Poll::Ready(Ok(Received::of(Arc::clone(&place.topic), place.partition, position, raw)));
            }
            let mut state = self.subscription.member.shared.lock();
            if let Some(trouble) = state.trouble() {
                return Poll::Ready(Err(trouble.into()));
            }
            self.subscription.ahead.fill(&mut state, self.subscription.member.shared.now());
            if self.subscription.ahead.records.is_empty() {
                state.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
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
    /// # #[derive(Serialize, EventSchema)]
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
        Ok(self.subscription.member.shared.commit(&received.position).await?)
    }

    /// Says that a message, and all before it in its partition, are done, without waiting: it is committed within
    /// a second, and when the partition is given up or the consumer is closed. A crash repeats what was stored since
    /// the last commit.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::is_revoked`], when the partition was taken away since the message was received.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let producer = EventProducer::connect(&kafka.config()).await?;
    /// # for text in ["one", "two", "three"] {
    /// #     producer.send(&Note { text: text.to_owned() }).await?;
    /// # }
    /// # let config = kafka.config().group("docs");
    /// let mut consumer = EventConsumer::<Note>::subscribe(&config).await?;
    /// for _ in 0..2 {
    ///     let received = consumer.recv().await?;
    ///     consumer.store_offset(&received)?;
    /// }
    /// consumer.close(Duration::from_secs(5)).await?;
    ///
    /// let mut restarted = EventConsumer::<Note>::subscribe(&config).await?;
    /// assert_eq!(restarted.recv().await?.event().unwrap().text, "three");
    /// # Ok(())
    /// # }
    /// ```
    pub fn store_offset(&self, received: &Received<E>) -> Result<(), ConsumeError> {
        self.subscription.member.shared.store(&received.position).map_err(Into::into)
    }

    /// Leaves the group, so that its other members get the partitions at once. What was stored is committed; what
    /// was not they receive again.
    ///
    /// # Errors
    ///
    /// [`CloseError`], if that takes longer than `deadline`: for instance because the broker is
    /// gone, or a commit is under way that nobody waits for any more. It then goes on in the
    /// background. Or if the brokers [refuse](CloseError::is_not_committed) the last commit.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
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
    pub async fn close(mut self, deadline: Duration) -> Result<(), CloseError> {
        self.subscription.member.shared.close_within(deadline);
        driver::left(&self.subscription.member.shared, &mut self.subscription.member.gone, deadline).await
    }
}

struct Messages<'a, E>(&'a mut EventConsumer<E>);

impl<E: EventSchema> Stream for Messages<'_, E> {
    type Item = Result<Received<E>, ConsumeError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.0.ended {
            return Poll::Ready(None);
        }
        self.0.poll_recv(context).map(|received| {
            self.0.ended = received.as_ref().is_err_and(ConsumeError::is_fatal);
            Some(received).filter(|received| !received.as_ref().is_err_and(ConsumeError::is_closed))
        })
    }
}

impl<E> fmt::Debug for EventConsumer<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventConsumer").finish_non_exhaustive()
    }
}

//! The settings of a run, and the run itself.

use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::error::RDKafkaErrorCode;
use tokio::task::JoinSet;

use super::arguments::{self, Handler, Signature};
use super::batches::Batches;
use super::breaker::CircuitBreaker;
use super::core::{FailureKind, GiveUp, Order};
use super::delivery::Delivery;
use super::driver::{self, Member, Seats};
use super::end::End;
use super::failure::Handled;
use super::forward::{FORMS, Forward};
use super::handle::RunHandle;
use super::loader::Loader;
use super::policy::Policy;
use super::publish::Publisher;
use super::retry::Retry;
use super::selection::{MessageHead, Selection};
use super::session::LEAVE;
use super::subscription::Subscription;
use super::tally::Counts;
use super::transactions::{Boxed, Transactions};
use super::transactor::{Transacted, Transactor};
use super::worker::{Job, Tombstones, supervise};
use crate::EventSchema;
use crate::kafka::error::{ConsumeErrorKind, RunError, RunErrorKind};
use crate::kafka::letters::DeadLetter;
use crate::kafka::produce::EventProducer;

/// A consumer with the settings of its run, made by [`EventConsumer::runner`](crate::kafka::EventConsumer::runner).
///
/// Each setting has a default. Without any, [`run`](Self::run) handles events in order of their partition, as many at
/// the same time as there are cores, makes five attempts in place, and then writes a dead letter.
/// [`EventConsumer::run`](crate::kafka::EventConsumer::run) says what happens to a message in each case.
///
/// ```
/// use event_schema::kafka::{
///     DeadLetter, Delivery, EmbeddedKafka, EventConsumer, EventProducer, Failure, GiveUp, Order, Retry,
/// };
/// use event_schema::prelude::*;
/// use std::time::Duration;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(topic = "orders", key = customer)]
/// struct OrderPlaced { customer: String, number: u32 }
///
/// async fn handle(order: Delivery<OrderPlaced>) -> Result<(), Failure> {
///     println!("{}: order {} of {}", order, order.number, order.customer);
///     Ok(())
/// }
///
/// async fn forget(customer: Delivery<()>) {
///     println!("{:?} is deleted", customer.key());
/// }
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kafka = EmbeddedKafka::start()?;
/// let producer = EventProducer::connect(&kafka.config()).await?;
/// for number in 0..10 {
///     let customer = ["alice", "bob"][number as usize % 2].to_owned();
///     producer.send(&OrderPlaced { customer, number }).await?;
/// }
/// producer.send_tombstone("orders", "alice").await?;
///
/// let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("billing")).await?;
/// let billing = consumer.handle();
/// let running = tokio::spawn(
///     consumer.runner()
///         .order(Order::Key)
///         .concurrency(100)
///         .buffer(10_000, 4 << 20)
///         .span(500)
///         .retry(Retry::park().attempts(3))
///         .give_up(GiveUp::DeadLetter)
///         .dead_letter(DeadLetter::new().topic("dead-letters"))
///         .handler_timeout(Duration::from_secs(30))
///         .revoke_timeout(Duration::from_secs(60))
///         .commit_interval(Duration::from_millis(200))
///         .on_tombstone(forget)
///         .run(handle),
/// );
/// # async fn until(what: impl Fn() -> bool) { while !what() { tokio::task::yield_now().await } }
/// until(|| billing.counts().done() == 11).await;
/// billing.close(Duration::from_secs(10)).await?;
/// assert_eq!(running.await??.done(), 11);
/// # Ok(())
/// # }
/// ```
#[must_use = "a runner handles no events until `run` is called"]
pub struct Runner<E, S = ()> {
    subscription: Subscription,
    policy: Policy,
    tombstones: Option<OnTombstone>,
    selection: Selection,
    /// The last setting that batches do not have.
    for_handlers: Option<&'static str>,
    loader: Loader<E>,
    state: Arc<S>,
    producer: Option<EventProducer>,
    transactions: Option<Arc<dyn Transactions>>,
}

/// The handler of tombstones.
enum OnTombstone {
    Alone(Tombstones),
    /// Takes arguments and returns events. It is complete when it is known where these go.
    With(Signature, Box<dyn FnOnce(&Answers) -> Tombstones + Send + Sync>),
}

/// Where the events go that handlers return.
struct Answers {
    publisher: Option<Arc<Publisher>>,
    transactor: Option<Arc<Transactor>>,
}

impl<E> Runner<E> {
    pub(super) fn new(subscription: Subscription, loader: Loader<E>) -> Self {
        Self {
            subscription,
            policy: Policy::default(),
            tombstones: None,
            selection: Selection::default(),
            for_handlers: None,
            loader,
            state: Arc::new(()),
            producer: None,
            transactions: None,
        }
    }
}

impl<E: EventSchema + Send + Sync + 'static, S> Runner<E, S> {
    /// Sets the state that handlers take as [`State<T>`](crate::kafka::State). A runner with a state starts by
    /// [`run_with`](Self::run_with), which has an example, and not by [`run`](Self::run).
    pub fn state<T>(self, state: T) -> Runner<E, T> {
        let Self {
            subscription,
            policy,
            tombstones,
            selection,
            for_handlers,
            loader,
            state: _,
            producer,
            transactions,
        } = self;
        let state = Arc::new(state);
        Runner { subscription, policy, tombstones, selection, for_handlers, loader, state, producer, transactions }
    }

    /// A handle to the consumer; see [`EventConsumer::handle`](crate::kafka::EventConsumer::handle).
    #[must_use]
    pub fn handle(&self) -> RunHandle {
        self.subscription.handle()
    }

    /// The names of its group and its topics.
    pub(crate) fn name(&self) -> String {
        let Subscription { config, topics, .. } = &self.subscription;
        format!("{}:{}", config.group_id().unwrap_or_default(), topics.join(","))
    }

    /// Sets the producer of the events that the handler of [`run_with`](Self::run_with) returns.
    pub fn publish_with(mut self, producer: &EventProducer) -> Self {
        self.producer = Some(producer.clone());
        self
    }

    /// Calls the handler of [`run_with`](Self::run_with) within a transaction.
    #[cfg(feature = "sqlx08")]
    pub(crate) fn transactions(self, transactions: Arc<dyn Transactions>) -> Self {
        Self { transactions: Some(transactions), ..self }
    }

    /// Which events are handled in order; all others are handled in parallel. Default: [`Order::Partition`]. For this
    /// and the following settings see the example of [`Runner`].
    pub fn order(mut self, order: Order) -> Self {
        self.policy.order = Some(order);
        self.for_handlers("order")
    }

    /// Handles all events in parallel, without any order.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # use std::sync::Arc;
    /// # use std::time::Duration;
    /// # use tokio::sync::Barrier;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # for text in ["one", "two"] { kafka.publish(&Note { text: text.to_owned() }).await; }
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// # let handle = consumer.handle();
    /// // Two events of one partition wait for each other.
    /// let meeting = Arc::new(Barrier::new(2));
    /// let runner = consumer.runner().unordered().concurrency(2);
    /// let running = tokio::spawn(runner.run(move |_: Delivery<Note>| {
    ///     let meeting = Arc::clone(&meeting);
    ///     async move { drop(meeting.wait().await) }
    /// }));
    /// # kafka.handled("docs", "notes").await;
    /// # handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.done(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn unordered(mut self) -> Self {
        self.policy.order = None;
        self
    }

    /// The maximum number of events that are handled at the same time, up to 65,536. Default: the number of cores.
    /// Raise it for handlers that wait for other services.
    pub fn concurrency(mut self, workers: usize) -> Self {
        self.policy.concurrency = workers.clamp(1, 1 << 16);
        self.for_handlers("concurrency")
    }

    /// The maximum number of messages in memory, and of their bytes. Default: 100,000 messages and 32 MiB. Each
    /// partition has an equal share. A thousand more messages may be in transit.
    pub fn buffer(mut self, messages: usize, bytes: usize) -> Self {
        self.policy.buffer.records = messages;
        self.policy.buffer.bytes = bytes;
        self
    }

    /// How many messages of a partition may be handled ahead of its first unfinished one. Default: 1,000. A crash
    /// repeats the messages that were finished ahead, and those finished since the last commit.
    pub fn span(mut self, messages: u64) -> Self {
        self.policy.span = messages.max(1);
        self
    }

    /// How failed messages are retried. Default: [`Retry::in_place`].
    pub fn retry(mut self, retry: Retry) -> Self {
        self.policy.retry = retry;
        self
    }

    /// The policy for all messages that failed for good. Default: [`GiveUp::DeadLetter`].
    pub fn give_up(mut self, give_up: GiveUp) -> Self {
        self.policy.give_up = give_up;
        self
    }

    /// The policy for messages that failed for good in this way, as an exception from [`give_up`](Self::give_up), in
    /// whichever order both are called.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, FailureKind, GiveUp, Outcome};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// kafka.publish_bytes("notes", None, Some(b"no note"), &[]).await;
    /// let handle = consumer.handle();
    /// let runner = consumer.runner().give_up(GiveUp::Stop).give_up_on(FailureKind::Invalid, GiveUp::Skip);
    /// let running = tokio::spawn(runner.run(async |_: Delivery<Note>| {}));
    /// # kafka.handled("docs", "notes").await;
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.of(Outcome::Skipped), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn give_up_on(mut self, kind: FailureKind, give_up: GiveUp) -> Self {
        self.policy.give_up_on.push((kind, give_up));
        self
    }

    /// When the consumer waits instead of giving up message after message. Default: [`CircuitBreaker::default`].
    ///
    /// ```
    /// # use event_schema::kafka::{CircuitBreaker, Delivery, EmbeddedKafka, EventConsumer, Failure, Outcome, Retry};
    /// # use event_schema::prelude::*;
    /// # use std::sync::Arc;
    /// # use std::sync::atomic::{AtomicBool, Ordering};
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # for _ in 0..5 { kafka.publish(&Note { text: "hello".to_owned() }).await; }
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// # async fn until(what: impl Fn() -> bool) { while !what() { tokio::task::yield_now().await } }
    /// let (handle, database) = (consumer.handle(), Arc::new(AtomicBool::new(false)));
    /// let store = {
    ///     let database = Arc::clone(&database);
    ///     move |_: Delivery<Note>| std::future::ready(match database.load(Ordering::Relaxed) {
    ///         true => Ok(()),
    ///         false => Err(Failure::retry("the database is away")),
    ///     })
    /// };
    /// let retry = Retry::never().backoff(Duration::from_millis(10), Duration::from_millis(10));
    /// let runner = consumer.runner().unordered().retry(retry).circuit_breaker(CircuitBreaker::after(3));
    /// let running = tokio::spawn(runner.run(store));
    /// until(|| handle.counts().of(Outcome::Unavailable) > 0).await;
    /// assert!(!handle.is_ready());
    ///
    /// database.store(true, Ordering::Relaxed);
    /// until(|| handle.counts().done() == 3).await;
    /// assert!(handle.is_ready());
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.of(Outcome::Dead), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn circuit_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.policy.breaker = breaker;
        self
    }

    /// Passes over messages of other types than the event's: they count as
    /// [`Ignored`](crate::kafka::Outcome::Ignored), and the log names each type once. Without this they are rejected, and
    /// become dead letters, because a mistyped name must not lose messages.
    ///
    /// The type is CloudEvents'. A message without one is not of another type: it is read as the event.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, Outcome};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// #[event_schema::event(name = "order.placed", topic = "orders")]
    /// struct OrderPlaced { order_id: String }
    ///
    /// #[event_schema::event(name = "order.cancelled", topic = "orders")]
    /// struct OrderCancelled { order_id: String }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("orders", 1)?;
    /// # let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("docs")).await?;
    /// kafka.publish(&OrderPlaced { order_id: "A-1".to_owned() }).await;
    /// kafka.publish(&OrderCancelled { order_id: "A-1".to_owned() }).await;
    /// let handle = consumer.handle();
    /// let runner = consumer.runner().skip_other_types();
    /// let running = tokio::spawn(runner.run(async |order: Delivery<OrderPlaced>| assert_eq!(order.order_id, "A-1")));
    /// # kafka.handled("docs", "orders").await;
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.to_string(), "1 done, 1 ignored");
    /// # Ok(())
    /// # }
    /// ```
    pub fn skip_other_types(mut self) -> Self {
        self.selection.skips_other_types = true;
        self
    }

    /// Handles only the messages for which the filter is `true`. It sees all of a message but its value, which is not read
    /// if the answer is `false`: such a message counts as [`Ignored`](crate::kafka::Outcome::Ignored), valid or not. A
    /// second filter replaces the first. A filter that panics fails the message, as a handler that panics does.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, MessageHead, Outcome};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(name = "note", topic = "notes")]
    /// # struct Note { text: String }
    /// fn is_european(message: &MessageHead<'_>) -> bool {
    ///     message.headers().get("region") == Some(b"eu")
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// kafka.publish_bytes("notes", None, Some(b"{\"text\": \"ciao\"}"), &[("region", b"eu")]).await;
    /// kafka.publish_bytes("notes", None, Some(b"no note"), &[("region", b"us")]).await;
    /// let handle = consumer.handle();
    /// let running = tokio::spawn(consumer.runner().filter(is_european).run(async |_: Delivery<Note>| {}));
    /// # kafka.handled("docs", "notes").await;
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.to_string(), "1 done, 1 ignored");
    /// # Ok(())
    /// # }
    /// ```
    pub fn filter(mut self, filter: impl Fn(&MessageHead<'_>) -> bool + Send + Sync + 'static) -> Self {
        self.selection.filter = Some(Box::new(filter));
        self
    }

    /// Where and how dead letters are written. Default: [`DeadLetter::new`].
    pub fn dead_letter(mut self, dead_letter: DeadLetter) -> Self {
        self.policy.dead_letter = dead_letter;
        self
    }

    /// How long a handler may take before it is dropped and counts as failed. Default: no limit.
    ///
    /// A handler that blocks its thread, or computes for long without an `.await`, cannot be dropped. It times out
    /// all the same, and another handler takes its place. Its result is ignored, but it still occupies a thread of
    /// the runtime. Use `tokio::task::spawn_blocking` for blocking work.
    pub fn handler_timeout(mut self, timeout: Duration) -> Self {
        self.policy.timeout = Some(timeout);
        self
    }

    /// How long a rebalance waits for the messages in flight of a revoked partition, and for those that others have
    /// overtaken. Default: 10 seconds, or a third of `session.timeout.ms` or `max.poll.interval.ms` if that is less. A
    /// handler that takes longer is dropped, and the next owner handles the message again.
    ///
    /// The whole group may wait for this timeout, so set it to the time that most handlers need, and not longer. It
    /// must be less than `max.poll.interval.ms` (5 minutes by default), after which the group removes the member. A
    /// run that stops by itself waits as long; a [close](crate::kafka::RunHandle::close) waits for its own deadline
    /// instead.
    pub fn revoke_timeout(mut self, timeout: Duration) -> Self {
        self.policy.revoke_timeout = Some(timeout);
        self
    }

    /// Also receives the topics `<topic>-<group>-redrive` ([`Redrive::topic_of`](crate::kafka::Redrive::topic_of)), one for
    /// each subscribed topic. They hold messages that were dead letters of this group and were
    /// [redriven](crate::kafka::Redrive::to_group) to it alone. Each is handled as a message of its original topic, with all
    /// attempts; it has no order with the messages there. If it fails again, its dead letter is in the dead letter topic of
    /// the original topic.
    ///
    /// The topics must exist when the consumer starts; a warning names those that are missing. Characters that are illegal
    /// in topic names become `_`.
    ///
    /// ```
    /// use event_schema::kafka::{DeadLetterTopic, Delivery, EmbeddedKafka, EventConsumer, Redrive};
    /// use event_schema::prelude::*;
    /// use std::time::Duration;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "orders")]
    /// struct Order { note: Option<String> }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # for topic in ["orders", "orders-billing-dlt", "orders-billing-redrive"] { kafka.create_topic(topic, 1)?; }
    /// // A dead letter of an earlier version of the service.
    /// # let headers: [(&str, &[u8]); 5] = [
    /// #     ("kafka_dlt-exception-fqcn", b"event_schema::LoadError"),
    /// #     ("kafka_dlt-original-topic", b"orders"),
    /// #     ("kafka_dlt-original-partition", &0_i32.to_be_bytes()),
    /// #     ("kafka_dlt-original-offset", &7_i64.to_be_bytes()),
    /// #     ("kafka_dlt-original-consumer-group", b"billing"),
    /// # ];
    /// kafka.publish_bytes("orders-billing-dlt", None, Some(b"{}"), &headers).await;
    /// let letters = DeadLetterTopic::new("orders-billing-dlt");
    /// assert_eq!(letters.redrive(&kafka.config(), Redrive::to_group(), |_, _| {}).await?.redriven(), 1);
    ///
    /// let consumer = EventConsumer::<Order>::subscribe(&kafka.config().group("billing")).await?;
    /// let billing = consumer.handle();
    /// let running = tokio::spawn(consumer.runner().redrive_topics().run(async |order: Delivery<Order>| {
    ///     assert_eq!(order.envelope().id(), "orders/0@7");
    /// }));
    /// kafka.handled("billing", "orders-billing-redrive").await;
    /// # billing.close(Duration::from_secs(5)).await?;
    /// assert_eq!(running.await??.done(), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn redrive_topics(mut self) -> Self {
        self.policy.redrive_topics = true;
        self
    }

    /// The time between commits of finished messages, at least a millisecond. Default: one second.
    pub fn commit_interval(mut self, interval: Duration) -> Self {
        self.policy.commit_interval = interval.max(Duration::from_millis(1));
        self
    }

    /// A handler for tombstones: messages without a value, which delete a key in a compacted topic. Without this
    /// handler, tombstones count as done. [`on_tombstone_with`](Self::on_tombstone_with) takes a handler that needs more.
    /// [`Delivery::test_tombstone`](crate::kafka::Delivery::test_tombstone) is for tests of the handler.
    pub fn on_tombstone<H, F>(mut self, handler: H) -> Self
    where
        H: Fn(Delivery<()>) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        self.tombstones = Some(OnTombstone::Alone(boxed(handler)));
        self.for_handlers("on_tombstone")
    }

    /// Ends the run when the messages are handled that were in the consumer's partitions when it got them: for a replay
    /// ([`KafkaConfig::start_at`](crate::kafka::KafkaConfig::start_at)), or a job that runs once in a while. Messages that
    /// come later may be handled too. Messages that failed are retried or given up before the end, so [`Retry::topics`]
    /// cannot be used.
    ///
    /// A consumer without partitions waits until it gets those of other members, and ends then.
    ///
    /// If the brokers do not accept the last commit, the run ends with an error, because the next one handles messages
    /// again.
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 2)?;
    /// for text in ["one", "two", "three"] {
    ///     kafka.publish(&Note { text: text.to_owned() }).await;
    /// }
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let counts = consumer.runner().until_end().run(async |note: Delivery<Note>| println!("{}", note.text)).await?;
    /// assert_eq!(counts.done(), 3);
    /// # Ok(())
    /// # }
    /// ```
    pub fn until_end(mut self) -> Self {
        self.policy.until_end = true;
        self.for_handlers("until_end")
    }

    /// Notes a setting that means nothing where there is no handler.
    fn for_handlers(self, setting: &'static str) -> Self {
        Self { for_handlers: Some(setting), ..self }
    }
}

impl<E: EventSchema + Send + Sync + 'static> Runner<E> {
    /// Receives messages in batches instead of calling a handler; the caller reports the outcome of each. For an
    /// example see [`Batches`].
    ///
    /// [`order`](Self::order), [`concurrency`](Self::concurrency), [`on_tombstone`](Self::on_tombstone),
    /// [`on_tombstone_with`](Self::on_tombstone_with), [`until_end`](Self::until_end),
    /// [`publish_with`](Self::publish_with) and `outbox` are settings of handlers and cannot be used with batches.
    ///
    /// # Errors
    ///
    /// A [`RunError`] if the settings are invalid, or if one of these was set.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let error = consumer.runner().concurrency(100).batches().unwrap_err();
    /// assert!(error.is_config());
    /// assert_eq!(error.to_string(), "`concurrency` is a setting of handlers and does not apply to batches");
    /// # Ok(())
    /// # }
    /// ```
    pub fn batches(mut self) -> Result<Batches<E>, RunError> {
        let publishes = self.producer.as_ref().map(|_| "publish_with");
        let transacts = self.transactions.as_ref().map(|_| "outbox");
        if let Some(setting) = self.for_handlers.or(publishes).or(transacts) {
            return Err(RunErrorKind::ForHandlers(setting).into());
        }
        self.policy.order = None;
        let (member, forward) = prepare(self.subscription, &self.policy)?;
        Ok(Batches::new(member, forward, self.selection, self.loader))
    }

    /// Handles events until the consumer is [closed](crate::kafka::RunHandle::close) or an error ends the run. See
    /// [`EventConsumer::run`](crate::kafka::EventConsumer::run).
    ///
    /// # Errors
    ///
    /// As [`EventConsumer::run`](crate::kafka::EventConsumer::run).
    ///
    /// ```
    /// # use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, Failure, Order};
    /// # use event_schema::prelude::*;
    /// # use std::time::Duration;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// # let handle = consumer.handle();
    /// # tokio::spawn(async move { handle.close(Duration::from_secs(5)).await });
    /// let counts = consumer
    ///     .runner()
    ///     .order(Order::Key)
    ///     .run(async |note: Delivery<Note>| -> Result<(), Failure> {
    ///         println!("{}", note.text);
    ///         Ok(())
    ///     })
    ///     .await?;
    /// assert_eq!(counts.done(), 0);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run<H, F>(self, handler: H) -> Result<Counts, RunError>
    where
        H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        if self.producer.is_some() {
            return Err(RunErrorKind::Policy("`publish_with` is a setting of `run_with`").into());
        }
        if self.transactions.is_some() {
            return Err(RunErrorKind::Policy("`outbox` is a setting of `run_with`").into());
        }
        let Self { subscription, policy, tombstones, selection, loader, .. } = self;
        let tombstones = match tombstones {
            None => None,
            Some(OnTombstone::Alone(tombstones)) => Some(tombstones),
            Some(OnTombstone::With(..)) => {
                return Err(RunErrorKind::Policy("`on_tombstone_with` is a setting of `run_with`").into());
            }
        };
        let settings = subscription.config.rdkafka039_consumer().map_err(RunErrorKind::Config)?;
        let end = policy.until_end.then(|| End::new(settings));
        let (mut member, forward) = prepare(subscription, &policy)?;
        let shared = Arc::clone(&member.shared);
        {
            let mut state = shared.lock();
            state.seats = Seats::new(policy.concurrency);
            state.session.handle(shared.now());
        }
        shared.wake();
        let job = Arc::new(Job { handler, tombstones, forward, selection, loader });
        let at_end = async {
            if let Some(end) = end {
                end.reached(&shared).await;
                shared.close_within(CLOSE);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = supervise(&shared, &job) => {}
            () = at_end => {}
        }
        let (end, stopped, fatal) = {
            let state = shared.lock();
            let stopped = state.session.stopped().map(|stopped| {
                let place = format!("{}@{}", state.place(stopped.ticket.partition), stopped.ticket.offset);
                (place, stopped.cause.clone(), stopped.refusal.clone())
            });
            let refused = state.session.unauthorized().map(ConsumeErrorKind::Receive);
            let end = state.session.closing().map(|closing| closing.end);
            (end.unwrap_or_else(|| shared.now() + LEAVE), stopped, state.fatal().or(refused))
        };
        let end = shared.at(end).into();
        let _ = tokio::time::timeout_at(end, member.gone.changed()).await;
        let _ = tokio::time::timeout_at(end, job.forward.close()).await;
        match (stopped, fatal) {
            (Some((place, cause, refusal)), _) => {
                let is_dead =
                    cause.as_ref().is_some_and(|cause| policy.give_ups().on(cause.kind()) == GiveUp::DeadLetter);
                let refusal = refusal.filter(|_| is_dead);
                let fault = cause.map(|cause| cause.text()).unwrap_or_default();
                Err(match refusal {
                    Some(refusal) => RunErrorKind::DeadLetterRefused { place, fault, refusal },
                    None => RunErrorKind::Stopped { place, fault },
                }
                .into())
            }
            (None, Some(fatal)) => Err(RunErrorKind::Consume(fatal.into()).into()),
            (None, None) => {
                let state = shared.lock();
                let uncommitted = state.session.uncommitted();
                let uncommitted =
                    uncommitted.or_else(|| (!state.session.is_over()).then_some(RDKafkaErrorCode::OperationTimedOut));
                match uncommitted {
                    // Nobody else learns that all is to be handled again.
                    Some(code) if policy.until_end => {
                        Err(RunErrorKind::Consume(ConsumeErrorKind::Commit(code).into()).into())
                    }
                    _ => Ok(state.session.counts()),
                }
            }
        }
    }
}

impl<E, S> Runner<E, S>
where
    E: EventSchema + Send + Sync + 'static,
    S: Send + Sync + 'static,
{
    /// As [`on_tombstone`](Self::on_tombstone), for a handler that takes what it needs by argument and returns the events
    /// that it causes, as that of [`run_with`](Self::run_with) does. Its first argument is a
    /// [`Delivery<()>`](crate::kafka::Delivery). Set the [`state`](Self::state) before.
    ///
    /// ```
    /// use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, EventProducer, Key, State};
    /// use event_schema::prelude::*;
    /// use std::sync::{Arc, Mutex};
    /// use std::time::Duration;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "customers", key = customer)]
    /// struct Customer { customer: String }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "forgotten-customers")]
    /// struct Forgotten { count: usize }
    ///
    /// type Customers = Arc<Mutex<Vec<Vec<u8>>>>;
    ///
    /// async fn keep(_: Customer, Key(key): Key, State(customers): State<Customers>) {
    ///     customers.lock().unwrap().extend(key);
    /// }
    ///
    /// async fn forget(_: Delivery<()>, Key(key): Key, State(customers): State<Customers>) -> Forgotten {
    ///     let mut customers = customers.lock().unwrap();
    ///     let before = customers.len();
    ///     customers.retain(|known| Some(known) != key.as_ref());
    ///     Forgotten { count: before - customers.len() }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// kafka.create_topic("forgotten-customers", 1)?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.send(&Customer { customer: "alice".to_owned() }).await?;
    /// producer.send_tombstone("customers", "alice").await?;
    ///
    /// let consumer = EventConsumer::<Customer>::subscribe(&kafka.config().group("docs")).await?;
    /// let handle = consumer.handle();
    /// let runner = consumer.runner().state(Customers::default()).on_tombstone_with(forget).publish_with(&producer);
    /// let running = tokio::spawn(runner.run_with(keep));
    /// let forgotten = kafka.received::<Forgotten>("forgotten-customers", 1).await;
    /// assert_eq!(forgotten[0].event().unwrap().count, 1);
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.done(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_tombstone_with<A, H>(mut self, handler: H) -> Self
    where
        A: 'static,
        H: Handler<A, (), S>,
    {
        let state = Arc::clone(&self.state);
        let signature = Signature::of::<A, H, (), S>();
        let returns_events = signature.returns_events;
        let complete = move |answers: &Answers| {
            let publisher = answers.publisher.clone().filter(|_| returns_events);
            let job = Arc::new(arguments::Job { handler, state, publisher });
            match answers.transactor.clone() {
                None => boxed(move |tombstone| H::call(Arc::clone(&job), tombstone, None)),
                Some(transactor) => boxed(transacting(transactor, job)),
            }
        };
        self.tombstones = Some(OnTombstone::With(signature, Box::new(complete)));
        self.for_handlers("on_tombstone_with")
    }

    /// As [`run`](Self::run), for a handler that takes what it needs by argument and returns the events that it causes.
    ///
    /// The first argument is the event or its [`Delivery`]. Any of [`Envelope`](crate::Envelope),
    /// [`Headers`](crate::kafka::Headers), [`Key`](crate::kafka::Key), [`Attempt`](crate::kafka::Attempt) and
    /// [`State`](crate::kafka::State) can follow, up to seven.
    ///
    /// The handler returns nothing, an event, an `Option`, a `Vec` or a tuple of events, or a `Result` of these. An event
    /// in an [`OutgoingEvent`](crate::kafka::OutgoingEvent) has another topic or key, or headers; the others are sent to
    /// their own topics. Missing topics are named in a warning at the start. The events are sent by the producer of
    /// [`publish_with`](Self::publish_with), in their order, and the handled message is finished when all of them are
    /// acknowledged. The time of this is not the handler's: no
    /// [timeout](Self::handler_timeout) ends it. If the brokers are away, or refuse the topic, the message waits as after
    /// [`Failure::unavailable`](crate::kafka::Failure::unavailable), and the consumer is not ready. If one of the events is
    /// invalid, has no topic or the name of one that cannot exist, none is sent, and the message is rejected. If one is too
    /// large for the brokers, or its topic does not have its partition, the message is rejected, too.
    ///
    /// The envelope of a returned event names the handled event as its [causation](crate::Envelope::causation), and
    /// continues its trace. Its id is derived from the [source](EventProducer::with_source) of the producer, the group, the
    /// source and id of the handled event, its own type and key, and its place among the returned events of this type and
    /// key. A handler that runs twice for one message, and returns the same events, publishes them with the same ids,
    /// by which consumers recognise the repeated ones. With the feature `sqlx08`, `Runner::outbox` commits them with the rows
    /// that the handler writes. The source must therefore be the same in all processes of the
    /// group; by default it is the `client.id`. A producer without envelopes ([`plain`](EventProducer::plain)) sends none
    /// of this.
    ///
    /// ```
    /// use event_schema::kafka::{Attempt, EmbeddedKafka, EventConsumer, EventProducer, Failure, Key, State};
    /// use event_schema::prelude::*;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use std::time::Duration;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "orders", key = order_id)]
    /// struct OrderRequested { order_id: String, quantity: u32 }
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "accepted-orders", key = order_id)]
    /// struct OrderAccepted { order_id: String }
    ///
    /// async fn accept(
    ///     order: OrderRequested,
    ///     Key(key): Key,
    ///     Attempt(attempt): Attempt,
    ///     State(stock): State<Arc<AtomicU32>>,
    /// ) -> Result<OrderAccepted, Failure> {
    ///     assert_eq!((key.as_deref(), attempt), (Some(order.order_id.as_bytes()), 1));
    ///     let take = |stock: u32| stock.checked_sub(order.quantity);
    ///     match stock.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
    ///         Ok(_) => Ok(OrderAccepted { order_id: order.order_id }),
    ///         Err(_) => Err(Failure::reject("not so many in stock")),
    ///     }
    /// }
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let kafka = EmbeddedKafka::start()?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let requested = producer.send(&OrderRequested { order_id: "A-1".to_owned(), quantity: 3 }).await?;
    ///
    /// let consumer = EventConsumer::<OrderRequested>::subscribe(&kafka.config().group("shop")).await?;
    /// let handle = consumer.handle();
    /// let stock = Arc::new(AtomicU32::new(10));
    /// let runner = consumer.runner().state(Arc::clone(&stock)).publish_with(&producer);
    /// let running = tokio::spawn(runner.run_with(accept));
    ///
    /// kafka.handled("shop", "orders").await;
    /// let accepted = kafka.received::<OrderAccepted>("accepted-orders", 1).await;
    /// assert_eq!(accepted[0].event().unwrap().order_id, "A-1");
    /// assert!(accepted[0].envelope().causation().is_some());
    /// handle.close(Duration::from_secs(10)).await?;
    /// assert_eq!(running.await??.done(), 1);
    /// assert_eq!(stock.load(Ordering::Relaxed), 7);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run), and if the handler returns events but no producer was set, or if one of them has no topic.
    pub async fn run_with<A, H>(self, handler: H) -> Result<Counts, RunError>
    where
        A: 'static,
        H: Handler<A, E, S>,
    {
        let Self { subscription, policy, tombstones, selection, for_handlers, loader, state, producer, transactions } =
            self;
        let signature = Signature::of::<A, H, E, S>();
        if transactions.is_some() && producer.is_some() {
            let fault = "the outbox has a producer: `publish_with` does not apply";
            return Err(RunErrorKind::Policy(fault).into());
        }
        let others = match &tombstones {
            Some(OnTombstone::With(signature, _)) => Some(signature),
            _ => None,
        };
        let mut topics = Vec::new();
        let handlers = [("the handler", Some(&signature)), ("the handler of tombstones", others)];
        for (handler, signature) in handlers.into_iter().filter_map(|(handler, signature)| Some((handler, signature?)))
        {
            if let Some(fault) = fault_of(signature, transactions.as_deref(), producer.is_some()) {
                return Err(RunErrorKind::Handler { handler, fault }.into());
            }
            if let Some(event) = signature.without_topic {
                return Err(RunErrorKind::NoTopic { handler, event }.into());
            }
            topics.extend_from_slice(&signature.topics);
        }
        let group = subscription.config.group_id().unwrap_or_default();
        let producer = transactions.as_ref().map(|transactions| transactions.producer().clone()).or(producer);
        let publisher = producer.map(|producer| Publisher::new(producer, group));
        let transactor = transactions.zip(publisher.clone()).map(|(transactions, publisher)| {
            // Half of it is left for the handler.
            let patience = policy.timeout.map(|timeout| timeout / 2);
            Arc::new(Transactor { transactions, publisher, patience })
        });
        let returns_events = signature.returns_events;
        // Ends with the run.
        let mut looks = JoinSet::new();
        if let Some(publisher) = &publisher
            && (returns_events || others.is_some_and(|others| others.returns_events))
        {
            looks.spawn(Arc::clone(publisher).look_for(topics));
        }
        let answers = Answers { publisher: publisher.clone(), transactor: transactor.clone() };
        let tombstones = tombstones.map(|tombstones| match tombstones {
            OnTombstone::With(_, complete) => OnTombstone::Alone(complete(&answers)),
            alone @ OnTombstone::Alone(_) => alone,
        });
        let runner = Runner {
            subscription,
            policy,
            tombstones,
            selection,
            for_handlers,
            loader,
            state: Arc::new(()),
            producer: None,
            transactions: None,
        };
        let job = Arc::new(arguments::Job { handler, state, publisher: publisher.filter(|_| returns_events) });
        match transactor {
            None => runner.run(move |delivery| H::call(Arc::clone(&job), delivery, None)).await,
            Some(transactor) => runner.run(transacting(transactor, job)).await,
        }
    }
}

/// The handler, within a transaction for each event.
fn transacting<A: 'static, H, E, S>(
    transactor: Arc<Transactor>,
    job: Arc<arguments::Job<H, S>>,
) -> impl Fn(Delivery<E>) -> Boxed<'static, Transacted> + Send + Sync + 'static
where
    H: Handler<A, E, S>,
    E: Send + Sync + 'static,
    S: Send + Sync + 'static,
{
    move |delivery| {
        let (transactor, job) = (Arc::clone(&transactor), Arc::clone(&job));
        Box::pin(async move {
            let prepare = arguments::prepare::<A, H, E, S>;
            transactor.handle(delivery, prepare, |delivery, lent| H::call(job, delivery, Some(lent))).await
        })
    }
}

/// A handler of tombstones of any type.
fn boxed<F>(handler: impl Fn(Delivery<()>) -> F + Send + Sync + 'static) -> Tombstones
where
    F: Future<Output: Handled> + Send + 'static,
{
    Box::new(move |tombstone| {
        let work = handler(tombstone);
        Box::pin(async move { work.await.handled() })
    })
}

/// The reason why a handler cannot have what it takes or returns.
fn fault_of(handler: &Signature, transactions: Option<&dyn Transactions>, has_producer: bool) -> Option<&'static str> {
    match (transactions, &handler.transactions[..]) {
        (_, [_, _, ..]) => Some("takes more than one transaction"),
        (None, [_]) => Some("takes a transaction: set its outbox with `outbox`"),
        (Some(transactions), [taken]) if transactions.argument() != *taken => {
            Some("takes the transaction of another kind of database than that of its outbox")
        }
        (None, []) if handler.returns_events && !has_producer => {
            Some("returns events: set their producer with `publish_with`")
        }
        _ => None,
    }
}

/// The time that a run has to close at its own end.
const CLOSE: Duration = Duration::from_secs(30);

/// Gives the core its rules.
fn prepare(subscription: Subscription, policy: &Policy) -> Result<(Member, Forward), RunError> {
    if let Some(fault) = policy.fault() {
        return Err(RunErrorKind::Policy(fault).into());
    }
    let Subscription { member, ahead, config, topics } = subscription;
    let has_pattern = topics.iter().any(|topic| topic.starts_with('^'));
    if policy.has_retry_topics() && has_pattern {
        return Err(RunErrorKind::Policy("`Retry::topics` needs topic names, not a pattern").into());
    }
    if policy.redrive_topics && has_pattern {
        return Err(RunErrorKind::Policy("`redrive_topics` needs topic names, not a pattern").into());
    }
    let settings = config.rdkafka039_consumer().map_err(RunErrorKind::Config)?;
    if policy.revoke_timeout.is_some_and(|timeout| timeout >= driver::longest_revoke(&settings)) {
        return Err(RunErrorKind::Policy("`revoke_timeout` must be less than `max.poll.interval.ms`").into());
    }
    let forward = Forward::new(&config, &topics, policy).map_err(RunErrorKind::Config)?;
    if let Some(topic) = forward.reads_its_own() {
        return Err(RunErrorKind::OwnDeadLetters(topic).into());
    }
    let shared = &member.shared;
    let mut state = shared.lock();
    // Puts back the records that were taken ahead for `recv` and not handed out.
    for (position, raw) in ahead.records.into_iter().rev() {
        state.session.unpop(&position, raw.size(), raw);
    }
    let keyed = (policy.order == Some(Order::Key)).then(RandomState::new);
    state.session.govern(policy.rules(FORMS), |raw| driver::key(keyed.as_ref(), raw), shared.now());
    state.keyed = keyed;
    if let Some(timeout) = policy.revoke_timeout {
        state.session.set_revoke_timeout(timeout);
    }
    if policy.has_retry_topics() || policy.redrive_topics {
        state.returning = Some(forward.returning());
        state.retry_topics = forward.retry_topics().map(str::to_owned).collect();
        state.topics = Some(topics.iter().chain(&state.retry_topics).cloned().collect());
    }
    drop(state);
    member.look_for(forward.needed());
    Ok((member, forward))
}

impl<E, S> fmt::Debug for Runner<E, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runner").field("policy", &self.policy).finish_non_exhaustive()
    }
}

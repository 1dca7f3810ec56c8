//! The consumer of typed events.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;

use super::delivery::Delivery;
use super::driver;
use super::failure::Handled;
use super::handle::RunHandle;
use super::loader::{At, Loader};
use super::received::Received;
use super::runner::Runner;
use super::subscription::Subscription;
use super::tally::Counts;
use super::withheld::Withheld;
#[cfg(feature = "avro")]
use crate::format::{Codec, CodecError, Decoder};
use crate::kafka::config::KafkaConfig;
use crate::kafka::error::{CloseError, ConfigError, ConnectError, ConsumeError, RunError};
use crate::{EventSchema, LoadOptions};

/// Receives events of one type as a member of a consumer group.
///
/// [`run`](Self::run) calls a handler for each event, retries failed events, writes dead letters and commits. In a loop
/// of your own, [`recv`](Self::recv) and [`stream`](Self::stream) return the messages, and you commit them.
///
/// A message that cannot be loaded does not stop the consumer. [`run`](Self::run) sends it to the dead letter topic.
/// [`recv`](Self::recv) returns it as a [`Rejection`](crate::kafka::Rejection), with its original bytes and the error.
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
/// # Offsets
///
/// [`run`](Self::run) and [batches](Runner::batches) commit finished messages themselves. In other loops, only
/// [`store_offset`](Self::store_offset) and [`commit`](Self::commit) commit messages: the given message and all before
/// it in its partition. After a restart, the group receives the messages after the last commit, so a message that was
/// received but not committed is received again.
///
/// The messages of a revoked partition can no longer be committed; see [`ConsumeError::is_revoked`].
///
/// # A slow receiver
///
/// A separate thread polls the broker, so a slow receiver does not lose its group membership, however rarely it calls
/// [`recv`](Self::recv). Messages wait in memory: at most 100,000 messages or 32 MiB, whichever is less, and up to a
/// thousand more that are in transit. Each partition has an equal share; a full partition is paused until half of its
/// share has been received.
pub struct EventConsumer<E> {
    subscription: Subscription,
    /// How many messages were handed out, to let other tasks run now and then.
    handed_out: u8,
    /// Whether a stream has said why there is nothing more to come.
    ended: bool,
    loader: Loader<E>,
    /// The partitions that wait for the schemas of their next messages.
    withheld: Withheld,
}

impl<E: EventSchema> EventConsumer<E> {
    /// Joins the configured consumer group and subscribes to the event's own topic.
    ///
    /// # Errors
    ///
    /// A [`ConnectError`] if the configuration is invalid or has no `group.id`, if no broker answers within the
    /// [`connect_timeout`](KafkaConfig::connect_timeout), or if the brokers reject the password or TLS fails.
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

    /// Joins the configured consumer group and subscribes to the given topics instead of the event's own. A name that
    /// starts with `^` is a regular expression.
    ///
    /// An expression such as `^orders.*` also matches dead letter topics, whose names start with the name of the
    /// original topic. A [run](Self::run) skips its own dead letters there (they count as done) but handles the dead
    /// letters of other groups as messages. Prefer an expression that matches only the topics to handle.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe), and if `topics` is empty, or contains a topic twice or an illegal name.
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
        Ok(Self { subscription, handed_out: 0, ended: false, loader: Loader::new(), withheld: Withheld::default() })
    }

    /// Sets the [context](crate::LoadOptions::context) of rules with `use_context`, for all messages of this consumer. A
    /// second call replaces it.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
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
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("bids", 1)?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let producer = producer.with_context(Arc::new(Limits { max: 1000 }));
    /// producer.send(&Bid { cents: 100 }).await?;
    /// producer.send(&Bid { cents: 101 }).await?;
    ///
    /// let consumer = EventConsumer::<Bid>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut consumer = consumer.with_context(Arc::new(Limits { max: 100 }));
    /// assert_eq!(consumer.recv().await?.event().unwrap().cents, 100);
    /// let rejected = consumer.recv().await?;
    /// assert_eq!(rejected.rejection().unwrap().violations().unwrap()[0].code(), "too_expensive");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_context<T: Send + Sync + 'static>(mut self, context: Arc<T>) -> Self {
        self.loader.set_context(context);
        self
    }

    /// Sets the options of each load, such as limits and violations that show values: for all messages of this consumer. A
    /// [context](Self::with_context) that was set for the consumer counts for more than that of the options.
    ///
    /// ```
    /// # use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// # use event_schema::LoadOptions;
    /// # use event_schema::prelude::*;
    /// # #[derive(Debug, Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// # kafka.publish(&Note { text: "hello".to_owned() }).await;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut consumer = consumer.with_load_options(LoadOptions::new().max_size(10));
    /// assert!(consumer.recv().await?.rejection().unwrap().error().is_too_large());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_load_options(mut self, options: LoadOptions<'static>) -> Self {
        self.loader.set_options(options);
        self
    }

    /// The version of the messages that do not name one, because they have no CloudEvents type, or one without a version.
    /// They are loaded with that version's type and converted, as with [`load_from`](EventSchema::load_from). Default: today's
    /// version of the event. A [codec](crate::format)'s schema that says the version counts for more.
    ///
    /// Call this when a second version is made of an event whose writers set no headers.
    ///
    /// # Errors
    ///
    /// A [`ConfigError`] if the event cannot be read from this version, or if it is an enum of
    /// [types](crate::derive#several-events-in-one-topic), which has no version of its own and rejects messages without a
    /// type.
    ///
    /// ```
    /// use event_schema::kafka::{EmbeddedKafka, EventConsumer};
    /// use event_schema::prelude::*;
    ///
    /// #[event_schema::event(name = "note")]
    /// struct NoteV1 { text: String }
    ///
    /// #[event_schema::event(name = "note", version = 2, topic = "notes", previous = NoteV1)]
    /// struct Note { lines: Vec<String> }
    ///
    /// impl From<NoteV1> for Note {
    ///     fn from(note: NoteV1) -> Self {
    ///         Self { lines: vec![note.text] }
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// kafka.publish_bytes("notes", None, Some(br#"{"text": "hello"}"#), &[]).await;
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut consumer = consumer.untyped_as(1)?;
    /// assert_eq!(consumer.recv().await?.event().unwrap().lines, ["hello"]);
    /// # Ok(())
    /// # }
    /// ```
    pub fn untyped_as(mut self, version: u32) -> Result<Self, ConfigError> {
        let name = E::descriptor().name();
        if E::HAS_TYPES {
            return Err(ConfigError::one(format!("`untyped_as`: `{name}` is an enum of types, which has no versions")));
        }
        // No version reads nothing: an error of another kind is that of the data.
        let loaded = LoadOptions::new().load_from::<E>(version, b"");
        if loaded.is_err_and(|error| error.is_unsupported_version()) {
            return Err(ConfigError::one(format!(
                "`untyped_as`: event `{name}` cannot be read from version {version}"
            )));
        }
        self.loader.set_untyped(version);
        Ok(self)
    }

    /// Sets the [codec](crate::format::Codec) of the values, instead of JSON, for all messages of this consumer. A second
    /// call replaces it.
    ///
    /// The data of CloudEvents, in either mode, are read with the codec too. Data of an earlier version are loaded with the
    /// type of that version and converted: the version is that of the CloudEvents type, or of the [schema](Codec#versions).
    /// For a message that was retried or sent on by way of a dead letter topic, a [`CutOver`](crate::format::CutOver) counts
    /// at its first place.
    ///
    /// While a schema is looked up in the [source](Codec::with_source) of the codec, its messages wait, in their order: no
    /// attempt is counted, and nothing goes to a dead letter topic. A consumer that runs handlers is not
    /// [ready](RunHandle::is_ready) if that takes long. `recv` and batches wait for the message, and so do messages of other
    /// partitions. A message is rejected if the source does not know its schema within the codec's
    /// [patience](Codec::patience), or if the codec has no source:
    /// [`LoadError::is_unknown_schema`](crate::LoadError::is_unknown_schema).
    ///
    /// # Errors
    ///
    /// A [`CodecError`] if the codec reads Avro and a part of the event has no Avro form, or if the codec is one
    /// [for keys](Codec::for_keys). [`Decoder::new`](crate::format::Decoder::new) has the others.
    ///
    /// ```
    /// use event_schema::format::Codec;
    /// use event_schema::format::framing::SchemaId;
    /// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// use event_schema::prelude::*;
    ///
    /// #[derive(Debug, Serialize, EventSchema)]
    /// #[event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// # kafka.create_topic("notes", 1)?;
    /// let avro = Codec::confluent_avro().with_event::<Note>(SchemaId::Number(7))?;
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// producer.send(&Note { text: "as JSON".to_owned() }).await?;
    /// producer.with_codec(avro.clone()).send(&Note { text: "as Avro".to_owned() }).await?;
    ///
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let mut consumer = consumer.with_codec(&avro.also_reads(Codec::json()))?;
    /// assert_eq!(consumer.recv().await?.event().unwrap().text, "as JSON");
    /// let received = consumer.recv().await?;
    /// assert_eq!(received.event().unwrap().text, "as Avro");
    /// assert_eq!(received.headers().get("content-type"), Some(&b"application/avro"[..]));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "avro")]
    pub fn with_codec(mut self, codec: &Codec) -> Result<Self, CodecError> {
        self.loader.set_codec(codec)?;
        Ok(self)
    }

    /// Sets the decoder of the keys: messages whose key has a schema that is not known yet wait for it, as those of
    /// [values](Self::with_codec) do. The decoder then [loads](crate::format::Decoder::load_message) the key of any message
    /// that is received; a key whose schema nobody knows is its error, and no rejection of the message.
    ///
    /// # Errors
    ///
    /// A [`CodecError`] if the codec of the decoder is not one [for keys](Codec::for_keys).
    ///
    /// ```
    /// use event_schema::format::framing::SchemaId;
    /// use event_schema::format::{Codec, Decoder, Encoder};
    /// use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
    /// use event_schema::LoadOptions;
    /// use std::sync::Arc;
    ///
    /// #[event_schema::event]
    /// #[derive(Debug)]
    /// struct NoteKey { desk: i32 }
    ///
    /// #[event_schema::event(topic = "notes")]
    /// struct Note { text: String }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let kafka = EmbeddedKafka::start()?;
    /// let codec = Codec::confluent_avro().with_event::<NoteKey>(SchemaId::Number(7))?.for_keys().ids_in_headers();
    /// let producer = EventProducer::connect(&kafka.config()).await?;
    /// let note = Note { text: "hello".to_owned() };
    /// producer.message(&note).key_with(&Encoder::new(&codec)?, &NoteKey { desk: 1 })?.send().await?;
    ///
    /// let keys = Arc::new(Decoder::<NoteKey>::new(&codec)?);
    /// let consumer = EventConsumer::<Note>::subscribe(&kafka.config().group("docs")).await?;
    /// let received = consumer.with_key_decoder(Arc::clone(&keys))?.recv().await?;
    /// let key = received.key().unwrap();
    /// assert_eq!(keys.load_message(received.headers().iter(), key, &LoadOptions::new())?.desk, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "avro")]
    pub fn with_key_decoder<K: EventSchema + 'static>(mut self, decoder: Arc<Decoder<K>>) -> Result<Self, CodecError> {
        decoder.check_for_keys()?;
        self.loader.set_keys(decoder);
        Ok(self)
    }

    /// Calls a handler for each event until the consumer is [closed](RunHandle::close). Each event is handled at
    /// least once, in order within its partition and in parallel across partitions. A message that cannot be loaded
    /// or handled goes to the dead letter topic. [`runner`](Self::runner) has settings for all of this.
    ///
    /// The handler is an async function that takes a [`Delivery`]. It returns nothing, or a `Result`: an event whose
    /// handler returned an error is retried, with five attempts in all, unless the error is a
    /// [`Failure::reject`](crate::kafka::Failure::reject).
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
    ///     // In a service: after `tokio::signal::ctrl_c().await`.
    /// #   while running.counts().done() == 0 { tokio::task::yield_now().await }
    ///     running.close(Duration::from_secs(10)).await
    /// });
    /// let counts = consumer.run(handle).await?;
    /// assert_eq!(counts.done(), 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// State that handlers share goes into an [`Arc`](std::sync::Arc); each call gets a clone:
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
    /// # Outcomes
    ///
    /// | | retried | then | the offset |
    /// |---|---|---|---|
    /// | the message is handled | | | is committed |
    /// | the message cannot be loaded, or breaks a rule | no | dead letter | is committed when the dead letter is stored |
    /// | the handler returns [`Failure::reject`](crate::kafka::Failure::reject) | no | dead letter | is committed when the dead letter is stored |
    /// | the handler returns another error, panics or [times out](Runner::handler_timeout) | 4 times | dead letter | is committed when the dead letter is stored |
    /// | the handler returns [`Failure::unavailable`](crate::kafka::Failure::unavailable) | until it is handled | | is committed then |
    /// | three different messages have failed in a row, and the [circuit breaker](crate::kafka::CircuitBreaker) is open | for five minutes at least, then for longer | dead letter | is committed when the message is handled or the dead letter is stored |
    /// | the message is a tombstone, without a [tombstone handler](Runner::on_tombstone) | no | nothing | is committed |
    /// | the partition is revoked meanwhile | by its next owner | | is not committed |
    /// | a rule needs a [context](Self::with_context) that was not set | no | the run ends | is not committed |
    ///
    /// [`Runner::retry`] changes the retries, and [`Runner::give_up`] skips failed messages or ends the run instead of
    /// writing dead letters. A tombstone handler is retried in the same way.
    ///
    /// The dead letter topic is `<topic>-<group>-dlt`. It must exist where the brokers do not create topics
    /// themselves: if it is missing, a warning at the start says so, and the first dead letter [ends the
    /// run](crate::kafka::RunError::is_dead_letter_refused). A dead letter has the original bytes and key, and the
    /// same partition number if the dead letter topic has that many partitions. A warning in the log names the
    /// message and its fault.
    ///
    /// When a partition is revoked, its messages in flight may finish within the
    /// [`revoke_timeout`](Runner::revoke_timeout). A handler that takes longer is dropped; its effects may happen
    /// twice.
    ///
    /// Dropping the future drops the running handlers and leaves the group.
    ///
    /// # Errors
    ///
    /// A [`RunError`] if the settings are invalid, if a message stops the run
    /// ([`is_stopped`](crate::kafka::RunError::is_stopped)), if the user may not read the topic or the group, or after
    /// a fatal error. Unreachable brokers do not end the run: it waits for them.
    pub async fn run<H, F>(self, handler: H) -> Result<Counts, RunError>
    where
        E: Send + Sync + 'static,
        H: Fn(Delivery<E>) -> F + Send + Sync + 'static,
        F: Future<Output: Handled> + Send + 'static,
    {
        self.runner().run(handler).await
    }

    /// A [`Runner`], which has the settings of a run and starts it; see its example.
    ///
    /// Messages that [`recv`](Self::recv) returned before are not handled again: the run starts after them, and commits
    /// them together with those that it handles.
    pub fn runner(self) -> Runner<E>
    where
        E: Send + Sync + 'static,
    {
        Runner::new(self.subscription, self.loader)
    }

    /// A handle to the [running](Self::run) consumer: it closes it, counts its outcomes, and says whether it is ready.
    /// See the example of [`run`](Self::run).
    #[must_use]
    pub fn handle(&self) -> RunHandle {
        self.subscription.handle()
    }

    /// Waits for the next message.
    ///
    /// The call is cancel safe: dropping the future before it is ready loses no message, so it can be used in
    /// `select!`.
    ///
    /// # Errors
    ///
    /// A [`ConsumeError`] is about the consumer, never about a message. Call `recv` again unless the error is
    /// [fatal](ConsumeError::is_fatal); after a fatal error, every call returns it at once.
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

    /// The messages as a stream: each item is a result of [`recv`](Self::recv).
    ///
    /// The stream ends after a [fatal](ConsumeError::is_fatal) error, and when the consumer's handle
    /// [closes](RunHandle::close) it. Other errors do not end it.
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
            let _ = self.withheld.poll(&self.subscription.member.shared, context);
            if let Some((position, raw)) = self.subscription.ahead.next(&self.subscription.member.shared) {
                let place = &self.subscription.ahead.places[position.partition as usize];
                let at = At { topic: &place.topic, partition: place.partition, offset: position.offset };
                match self.loader.load(&raw, at) {
                    Ok(loaded) => {
                        let topic = Arc::clone(&place.topic);
                        let received = Received::of(topic, place.partition, position, raw, loaded);
                        let telemetry = &self.subscription.member.shared.telemetry;
                        telemetry.poll(&received.described(), received.rejection().is_some());
                        return Poll::Ready(Ok(received));
                    }
                    Err(not_yet) => {
                        self.withheld.begin(position.partition, self.loader.wait(&not_yet));
                        let mut state = self.subscription.member.shared.lock();
                        self.subscription.ahead.withhold(&mut state, position, raw);
                        continue;
                    }
                }
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

    /// Commits a message and all before it in its partition, and waits for the broker's acknowledgement. After a
    /// restart, the group receives the messages after it.
    ///
    /// Committing a message before the last committed one changes nothing. If the future is dropped, the commit may
    /// or may not happen.
    ///
    /// # Errors
    ///
    /// A [`ConsumeError`]. If the partition was revoked after the message was received, nothing is committed, because
    /// the new owner may have committed later messages: [`is_revoked`](ConsumeError::is_revoked). After any other
    /// error the commit can be retried.
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

    /// Marks a message and all before it in its partition as done, without waiting. They are committed within a
    /// second, and when the partition is released or the consumer is closed. After a crash, messages marked since the
    /// last commit are received again.
    ///
    /// # Errors
    ///
    /// [`ConsumeError::is_revoked`], if the partition was revoked after the message was received.
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

    /// Commits the stored offsets and leaves the group, so that the other members get its partitions at once. They
    /// receive the messages that were not stored.
    ///
    /// # Errors
    ///
    /// A [`CloseError`] if this takes longer than `deadline`, for instance because the broker is away or because a
    /// commit whose future was dropped is still under way; the close then continues in the background. Also if the
    /// brokers [refuse](CloseError::is_not_committed) the last commit.
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

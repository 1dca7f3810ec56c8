//! Typed producers and consumers over [`rdkafka`], and an embedded broker for tests.
//!
//! ```toml
//! [dependencies]
//! event-schema = { version = "0.1", features = ["kafka"] } # `kafka-ssl` for TLS and SASL
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! The feature compiles librdkafka from C. It needs a C and a C++ compiler, `make`, `pkg-config` and the headers of zlib (on
//! Debian `build-essential pkg-config zlib1g-dev`). `kafka-ssl` also needs the headers of OpenSSL (`libssl-dev`);
//! `kafka-ssl-vendored` compiles OpenSSL instead, which needs `perl`. `kafka-oidc` also needs the headers of libcurl
//! (`libcurl4-openssl-dev`).
//!
//! ```
//! use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
//! use std::time::Duration;
//!
//! #[event_schema::event(topic = "greetings")]
//! #[derive(Debug, PartialEq)]
//! struct Greeting {
//!     #[validate(length(min = 1))]
//!     text: String,
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let kafka = EmbeddedKafka::start()?;
//!     let config = kafka.config(); // a real broker: KafkaConfig::from_properties_file("client.properties")?
//!
//!     let producer = EventProducer::connect(&config).await?;
//!     producer.send(&Greeting { text: "hello".to_owned() }).await?;
//!     producer.close(Duration::from_secs(5)).await?;
//!
//!     let mut consumer = EventConsumer::<Greeting>::subscribe(&config.group("greeters")).await?;
//!     let received = consumer.recv().await?;
//!     assert_eq!(received.event(), Some(&Greeting { text: "hello".to_owned() }));
//!     consumer.commit(&received).await?;
//!     consumer.close(Duration::from_secs(5)).await?;
//!     Ok(())
//! }
//! ```
//!
//! [`EventConsumer::run`] calls a handler for each event, in parallel, with retries and dead letters, until
//! [`RunHandle::close`] ends it. [`EventConsumer::runner`] has settings for the order, the retries and the dead letters.
//! With [`Runner::run_with`], a handler takes shared state and parts of the message by argument, and the events that it
//! returns are published. [`App`] runs the consumers, producers and servers of a process, and ends them in order at a
//! signal.
//! [`EventConsumer::recv`], as in the example, is for a loop of your own.
//!
//! With the feature `sqlx08`, a handler's rows in a database and the events that it returns are committed together, and
//! sent from an outbox: the module `outbox`.
//!
//! [`DeadLetterTopic`] lists the dead letters of a topic, and sends them again after the fault is mended.
//!
//! [`KafkaConfig`] lists the keys of `client.properties` and the defaults. [`Topics`] creates or checks the topics of a
//! service. [`doctor`] examines a configuration and its cluster for the faults that operators make.
//!
//! # Failures
//!
//! | failure | what happens |
//! |---|---|
//! | no broker can be reached at the start | `connect` and `subscribe` return a [`ConnectError`] after the [`connect_timeout`](KafkaConfig::connect_timeout), 10 seconds by default |
//! | all brokers become unreachable later | clients reconnect. Consumers wait without a limit; a send fails with a [`SendError`] after `delivery.timeout.ms`, 5 minutes by default |
//! | an event to send breaks its own rules | it is not sent: [`SendError::is_invalid`] |
//! | a message cannot be loaded | `recv` returns it as [`Body::Rejected`]; `run` sends it to the dead letter topic and continues |
//! | a handler fails, panics or times out | `run` retries the event, with 5 attempts in all by default, then sends the message to the dead letter topic and continues |
//! | a handler returns [`Failure::unavailable`], or three messages fail and none is handled in between | messages wait in order until one is handled; see [`CircuitBreaker`] |
//! | the dead letter topic does not exist, or the user may not write to it | `run` ends with [`RunError::is_dead_letter_refused`]; the message is not committed |
//!
//! [`EventProducer::with_context`] and [`EventConsumer::with_context`] set the [context](crate::LoadOptions::context) of
//! rules with `use_context`. If the context is missing, a producer does not send an event with such a rule
//! ([`SendError::is_config`]). In a consumer the load fails with
//! [`LoadError::is_config`](crate::LoadError::is_config): `recv` returns a rejection, and `run` ends with
//! [`RunError::is_stopped`] and does not commit the message.
//!
//! # Formats
//!
//! The values of messages are JSON by default. With the feature `avro`, `with_codec` of a producer or a consumer selects
//! Avro, or either format with the id of a schema; the module [`format`](crate::format) describes the codecs. With the
//! feature `registry`, a Schema Registry provides the schemas, and [`KafkaConfig`] reads the settings of its client.
//!
//! The key of a message is the key of its event, in the bytes of [`EventKey`](crate::EventKey). For a key that you encode
//! yourself, use [`Outgoing::key`].
//!
//! # Guarantees
//!
//! The page [`guide::guarantees`](crate::guide::guarantees) says what happens to a message, its offset and its order in
//! each case. The page [`guide::tuning`](crate::guide::tuning) has the costs, and the settings that change them.
//!
//! # Runtime and log
//!
//! The adapters run on tokio, in a runtime with timers, such as that of `#[tokio::main]`.
//!
//! Log lines are `tracing` events; librdkafka's have the target `librdkafka`. Without a subscriber, such as
//! `tracing_subscriber::fmt::init()`, no log is visible, and nothing tells why a message became a dead letter.
//!
//! Messages have spans; with the feature `opentelemetry033` these join traces of other programs, and with `metrics024` there
//! are metrics. See the page [`guide::observability`](crate::guide::observability).

mod app;
mod broker;
mod client;
mod config;
mod consume;
mod context;
pub mod doctor;
mod embedded;
mod error;
mod letters;
mod message;
mod produce;
mod redrive;
mod telemetry;
mod topics;

/// The client library under the adapters, re-exported for uses that they do not cover, such as transactions.
/// [`KafkaConfig::rdkafka039_producer`] and [`KafkaConfig::rdkafka039_consumer`] make its configurations.
///
/// Every item with types of rdkafka 0.39 has `rdkafka039` in its name: a later version gets items with other names.
pub use rdkafka as rdkafka039;

/// The facade of the [metrics](crate::guide::observability#metrics).
#[cfg(feature = "metrics024")]
pub use metrics as metrics024;
/// OpenTelemetry's types, for [`Envelope::opentelemetry033`](crate::Envelope::opentelemetry033).
#[cfg(feature = "opentelemetry033")]
pub use opentelemetry as opentelemetry033;

pub use self::app::{App, AppHandle, Closing};
pub use self::broker::{ApiKey, BrokerError};
pub use self::config::KafkaConfig;
pub use self::consume::{
    Argument, Attempt, Batch, Batches, Body, Buffered, CircuitBreaker, Counts, Delivery, EventConsumer, Events,
    Failure, FailureKind, GiveUp, Handled, Handler, Key, MessageHead, Order, Outcome, OutgoingEvent, Received,
    Rejection, Retry, Returned, RunHandle, Runner, SeekTo, State, Subject,
};
#[cfg(feature = "sqlx08")]
pub(crate) use self::consume::{Boxed, EventId, Lent, Open, SealedArgument, Transactions};
pub use self::embedded::EmbeddedKafka;
#[cfg(feature = "sqlx08")]
pub(crate) use self::error::Refusal;
pub use self::error::{
    AppError, CloseError, ConfigError, ConnectError, ConsumeError, RedriveError, RunError, SendError,
};
pub use self::letters::{DeadLetter, DeadMessage};
pub use self::message::{Headers, ProducerRecord};
pub use self::produce::{Enqueued, EventProducer, Outgoing, Sent};
pub use self::redrive::{DeadLetterTopic, Fate, Letter, LetterState, Letters, Redrive, RedriveCounts};
pub use self::topics::{Topic, Topics};

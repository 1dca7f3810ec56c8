//! Typed producers and consumers over [`rdkafka`], and an embedded broker for tests.
//!
//! ```
//! use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer};
//! use event_schema::prelude::*;
//! use std::time::Duration;
//!
//! #[derive(Debug, PartialEq, Serialize, EventSchema)]
//! #[event(topic = "greetings")]
//! struct Greeting {
//!     #[validate(length(min = 1))]
//!     text: String,
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kafka = EmbeddedKafka::start()?; // or KafkaConfig::from_properties_file("client.properties")
//! let producer = EventProducer::connect(&kafka.config()).await?;
//! producer.send(&Greeting { text: "hello".to_owned() }).await?;
//! producer.close(Duration::from_secs(5)).await?;
//!
//! let config = kafka.config().group("greeters");
//! let mut consumer = EventConsumer::<Greeting>::subscribe(&config).await?;
//! let received = consumer.recv().await?;
//! assert_eq!(received.event(), Some(&Greeting { text: "hello".to_owned() }));
//! consumer.commit(&received).await?;
//! consumer.close(Duration::from_secs(5)).await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`EventConsumer::run`] calls a handler for each event, in parallel, with retries and dead letters.
//!
//! [`guide::guarantees`](crate::guide::guarantees) says what happens to a message, its offset and its order in each
//! case. [`guide::tuning`](crate::guide::tuning) has the costs, and the settings that change them.
//!
//! The adapters run on tokio. librdkafka's log lines are `tracing` events with the target `librdkafka`.

mod broker;
mod client;
mod config;
mod consume;
mod embedded;
mod error;
mod letters;
mod message;
mod produce;
mod topics;

/// The client library under the adapters, for what they do not do: see [`KafkaConfig::rdkafka039_producer`] and
/// [`KafkaConfig::rdkafka039_consumer`]. Everything that has its types is named after its version.
pub use rdkafka as rdkafka039;

pub use self::broker::{ApiKey, BrokerError};
pub use self::config::KafkaConfig;
pub use self::consume::{
    Batch, Batches, Body, Buffered, Counts, Delivery, EventConsumer, Failure, GiveUp, Handled, Order, Outcome,
    Received, Rejection, Retry, RunHandle, Runner,
};
pub use self::embedded::EmbeddedKafka;
pub use self::error::{CloseError, ConfigError, ConnectError, ConsumeError, RunError, SendError};
pub use self::letters::{DeadLetter, DeadMessage};
pub use self::message::Headers;
pub use self::produce::{Enqueued, EventProducer, Outgoing, Sent};
pub use self::topics::{Topic, Topics};

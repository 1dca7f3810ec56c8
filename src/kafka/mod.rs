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
//! To have each event handled, many in parallel, with retries and dead letters: [`EventConsumer::run`].
//!
//! What becomes of a message, its offset and its order in each case:
//! [`guide::guarantees`](crate::guide::guarantees).
//! What it costs, and which settings change that: [`guide::tuning`](crate::guide::tuning).
//!
//! It runs on tokio. What librdkafka has to tell comes as `tracing` events with the target
//! `librdkafka`.

mod batch;
mod client;
mod config;
mod consumer;
mod core;
mod dead_letter;
mod delivery;
mod driver;
mod embedded;
mod error;
mod fault;
mod forward;
mod native;
mod policy;
mod producer;
mod raw;
mod received;
mod run;
mod tally;
mod thread;
mod topics;

use std::time::{Duration, SystemTime};

pub use rdkafka;

pub use self::batch::{Batch, Batches};
pub use self::config::{ConfigError, KafkaConfig};
pub use self::consumer::EventConsumer;
pub use self::core::{GiveUp, Order, Outcome};
pub use self::dead_letter::{DeadLetter, DeadMessage};
pub use self::delivery::{Delivery, Failure, Handled};
pub use self::embedded::EmbeddedKafka;
pub use self::error::{CloseError, ConnectError, ConsumeError, RunError, SendError};
pub use self::policy::Retry;
pub use self::producer::{Enqueued, EventProducer, Outgoing, Sent};
pub use self::received::{Body, Headers, Received, Rejection};
pub use self::run::{Buffered, RunHandle, Runner};
pub use self::tally::Counts;
pub use self::topics::Topics;

/// The time that Kafka's milliseconds since 1970 mean, which may be before. Anybody can write any number: some platforms
/// have no such time.
fn time(timestamp: i64) -> Option<SystemTime> {
    let distance = Duration::from_millis(timestamp.unsigned_abs());
    let epoch = SystemTime::UNIX_EPOCH;
    if timestamp < 0 { epoch.checked_sub(distance) } else { epoch.checked_add(distance) }
}

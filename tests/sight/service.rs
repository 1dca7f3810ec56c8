//! The events and the consumers of these tests.

use std::time::Duration;

use event_schema::kafka::{Counts, EmbeddedKafka, EventConsumer, EventProducer, Retry, RunError, RunHandle, Runner};
use event_schema::prelude::*;
use tokio::task::JoinHandle;

use crate::common::{unique, within};
use crate::recorder;

pub const DEADLINE: Duration = Duration::from_secs(10);

/// It declares no topic: each test has its own.
#[event_schema::event(name = "order.placed", version = 2, key = order_id)]
#[derive(Debug, Clone, PartialEq)]
pub struct OrderPlaced {
    pub order_id: String,
    #[validate(range(max = 1000))]
    pub quantity: u32,
}

/// An answer to an order.
#[event_schema::event(name = "order.accepted", topic = "accepted", key = order_id)]
#[derive(Debug, Clone, PartialEq)]
pub struct OrderAccepted {
    pub order_id: String,
}

pub fn placed(order_id: &str, quantity: u32) -> OrderPlaced {
    OrderPlaced { order_id: order_id.to_owned(), quantity }
}

/// A broker with a topic, and a group.
pub struct Shop {
    pub kafka: EmbeddedKafka,
    pub topic: String,
    pub group: String,
}

impl Shop {
    pub fn open() -> Self {
        recorder::install();
        let kafka = EmbeddedKafka::start().unwrap();
        let (topic, group) = (unique("orders"), unique("shop"));
        for topic in [&*topic, "accepted"] {
            kafka.create_topic(topic, 1).unwrap();
        }
        Self { kafka, topic, group }
    }

    pub async fn producer(&self) -> EventProducer {
        EventProducer::connect(&self.kafka.config().set("linger.ms", "0")).await.unwrap()
    }

    pub async fn consumer(&self) -> EventConsumer<OrderPlaced> {
        EventConsumer::subscribe_to(&self.kafka.config().group(&self.group), &[&self.topic]).await.unwrap()
    }

    /// A run that retries without long pauses.
    pub async fn runner(&self) -> (RunHandle, Runner<OrderPlaced>) {
        let consumer = self.consumer().await;
        let retry = Retry::in_place().attempts(2).backoff(Duration::from_millis(5), Duration::from_millis(5));
        (consumer.handle(), consumer.runner().retry(retry))
    }

    /// Puts an order on the topic with these headers.
    pub async fn put(&self, order_id: &str, headers: &[(&str, &[u8])]) {
        let value = placed(order_id, 1).dump().unwrap();
        self.kafka.publish_bytes(&self.topic, Some(order_id.as_bytes()), Some(&value), headers).await;
    }

    /// Closes a consumer whose run has handled all that is there.
    pub async fn finish(&self, handle: RunHandle, running: JoinHandle<Result<Counts, RunError>>) -> Counts {
        self.kafka.handled(&self.group, &self.topic).await;
        handle.close(DEADLINE).await.unwrap();
        within(10, "end of the run", running).await.unwrap().unwrap()
    }
}

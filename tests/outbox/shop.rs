//! A service with a database, an outbox and a broker.

use std::collections::BTreeMap;
use std::time::Duration;

use event_schema::kafka::{EmbeddedKafka, EventConsumer, EventProducer, KafkaConfig, Received, Runner};
use event_schema::outbox::{Outbox, OutboxError, Relay};
use event_schema::prelude::*;
use event_schema::sqlx::any::AnyPoolOptions;
use event_schema::sqlx::{self, Any, AnyConnection, AnyPool};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::common::{Kafka, within};
use crate::database::Database;

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
#[event(topic = "orders", key = customer)]
pub(crate) struct Ordered {
    pub(crate) customer: String,
    #[validate(range(max = 1_000_000))]
    pub(crate) number: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, EventSchema)]
#[event(topic = "accepted", key = customer)]
pub(crate) struct Accepted {
    pub(crate) customer: String,
    #[validate(range(max = 1_000_000))]
    pub(crate) number: u32,
}

pub(crate) fn order(customer: &str, number: u32) -> Ordered {
    Ordered { customer: customer.to_owned(), number }
}

pub(crate) struct Shop {
    pub(crate) kafka: EmbeddedKafka,
    pub(crate) producer: EventProducer,
    pub(crate) pool: AnyPool,
    pub(crate) outbox: Outbox<Any>,
    pub(crate) database: Database,
}

impl Shop {
    pub(crate) async fn open() -> Self {
        Self::open_with(|config| config).await
    }

    pub(crate) async fn open_with(configure: impl FnOnce(KafkaConfig) -> KafkaConfig) -> Self {
        let kafka = EmbeddedKafka::start().unwrap();
        for topic in ["orders", "accepted"] {
            kafka.create_topic(topic, 2).unwrap();
        }
        let config = configure(kafka.config().set("linger.ms", "0"));
        let producer = EventProducer::connect(&config).await.unwrap().with_source("/shop").unwrap();
        let database = Database::start().await;
        let pool = database.pool().await;
        let outbox = Outbox::new(&pool, &producer);
        outbox.migrate().await.unwrap();
        let table = "CREATE TABLE orders (number BIGINT PRIMARY KEY, customer TEXT NOT NULL)";
        sqlx::query(table).execute(&pool).await.unwrap();
        Self { kafka, producer, pool, outbox, database }
    }

    /// The outbox of another process.
    pub(crate) async fn other(&self) -> Outbox<Any> {
        Outbox::new(&self.database.pool().await, &self.producer)
    }

    /// The outbox of a process with one connection to SQLite, which serves all that come after a transaction; none on PostgreSQL.
    pub(crate) async fn with_one_connection(&self) -> Option<(AnyPool, Outbox<Any>)> {
        if self.database.is_postgres() {
            eprintln!("skipped: PostgreSQL ends no transaction by itself");
            return None;
        }
        let pool = AnyPoolOptions::new().max_connections(1).connect(&self.database.url()).await.unwrap();
        let outbox = Outbox::new(&pool, &self.producer);
        Some((pool, outbox))
    }

    pub(crate) async fn runner(&self, group: &str) -> Runner<Ordered> {
        let consumer = EventConsumer::subscribe(&self.kafka.config().group(group)).await.unwrap();
        consumer.runner().outbox(&self.outbox)
    }

    /// Commits an event.
    pub(crate) async fn place(&self, order: &Ordered) {
        let mut tx = self.outbox.begin().await.unwrap();
        self.outbox.add(&mut tx, order).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        sqlx::query_scalar(&format!("SELECT COUNT(*) FROM {table}")).fetch_one(&self.pool).await.unwrap()
    }

    /// Waits until this is so of the outbox.
    pub(crate) async fn lag(&self, what: &str, is_so: impl Fn(u64, u64) -> bool) {
        let waiting = async {
            loop {
                let lag = self.outbox.lag().await.unwrap();
                if is_so(lag.unsent, lag.parked) {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        within(60, what, waiting).await;
    }

    /// Waits until all is sent, and returns all that a topic has, by key and in order.
    pub(crate) async fn sent<E: EventSchema + Clone>(&self, topic: &str) -> BTreeMap<Vec<u8>, Vec<(E, String)>> {
        self.lag("empty outbox", |unsent, _| unsent == 0).await;
        self.in_topic(topic).await
    }

    /// All that a topic has now: events with their ids, by key and in order.
    pub(crate) async fn in_topic<E: EventSchema + Clone>(&self, topic: &str) -> BTreeMap<Vec<u8>, Vec<(E, String)>> {
        let kafka = Kafka { embedded: None, config: self.kafka.config() };
        let count = kafka.end(topic, 0).await + kafka.end(topic, 1).await;
        let mut by_key: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let received: Vec<Received<E>> = self.kafka.received(topic, usize::try_from(count).unwrap()).await;
        for message in received {
            let event = message.event().expect("a valid event").clone();
            by_key
                .entry(message.key().unwrap().to_vec())
                .or_default()
                .push((event, message.envelope().id().to_owned()));
        }
        by_key
    }
}

/// Makes the disk full for a connection to SQLite: more than so many pages, or the present size, cannot be written.
pub(crate) async fn limit(tx: &mut AnyConnection, pages: u32) {
    sqlx::query(&format!("PRAGMA max_page_count = {pages}")).execute(tx).await.unwrap();
}

/// A relay that can be ended or killed.
pub(crate) struct Running {
    close: Option<oneshot::Sender<()>>,
    task: JoinHandle<Result<(), OutboxError>>,
}

impl Running {
    pub(crate) fn start(relay: Relay<Any>) -> Self {
        let (close, closed) = oneshot::channel();
        let task = tokio::spawn(relay.run(async move { drop(closed.await) }));
        Self { close: Some(close), task }
    }

    pub(crate) async fn close(mut self) {
        drop(self.close.take());
        within(20, "end of the relay", self.task).await.unwrap().unwrap();
    }

    pub(crate) async fn kill(self) {
        self.task.abort();
        assert!(self.task.await.unwrap_err().is_cancelled());
    }
}

/// The first of each id: what a consumer that knows repetitions sees.
pub(crate) fn first<E: Clone>(received: &[(E, String)]) -> Vec<E> {
    let mut seen = Vec::new();
    let mut is_new = |id: &String| {
        let is_new = !seen.contains(id);
        seen.push(id.clone());
        is_new
    };
    received.iter().filter(|(_, id)| is_new(id)).map(|(event, _)| event.clone()).collect()
}

//! Outbox and inbox: the rows of a service, in its own database, and the events in Kafka do not drift apart.
//!
//! ```toml
//! [dependencies]
//! event-schema = { version = "0.1", features = ["sqlx08-postgres"] } # or `sqlx08-sqlite`, or both
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```
//!
//! An event that a service publishes is first a row in the table `event_outbox`, written in the transaction of the rows that it
//! tells of. A [`Relay`] sends it when that is committed. So an order is never stored without its event, nor announced
//! without being stored, and it can be accepted while Kafka is away.
//!
//! A handler that is run with [`Runner::outbox`](crate::kafka::Runner::outbox) gets such a transaction as its argument
//! [`Tx`]. The rows that it writes, the events that it returns, and the fact that it has handled its event (the table
//! `event_inbox`) are committed together. A message that comes again changes nothing.
//!
//! ```
//! # #[cfg(feature = "sqlx08-sqlite")]
//! # mod example {
//! use event_schema::kafka::{App, EmbeddedKafka, EventConsumer, EventProducer, Failure};
//! use event_schema::outbox::{Outbox, Tx};
//! use event_schema::prelude::*;
//! use event_schema::sqlx::{self, Sqlite, SqlitePool};
//!
//! #[derive(Debug, Serialize, EventSchema)]
//! #[event(topic = "order-request", key = order_id)]
//! struct OrderRequested { order_id: String, product: String }
//!
//! #[derive(Debug, Serialize, EventSchema)]
//! #[event(topic = "delivery-request", key = order_id)]
//! struct DeliveryRequested { order_id: String }
//!
//! async fn accept(order: OrderRequested, mut tx: Tx<Sqlite>) -> Result<DeliveryRequested, Failure> {
//!     sqlx::query("INSERT INTO orders (id, product) VALUES ($1, $2)")
//!         .bind(&order.order_id)
//!         .bind(order.product)
//!         .execute(&mut *tx)
//!         .await?;
//!     Ok(DeliveryRequested { order_id: order.order_id })
//! }
//!
//! # #[tokio::main]
//! # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let url = format!("sqlite://{}?mode=rwc", folder.path().join("shop.db").display());
//! let kafka = EmbeddedKafka::start()?;
//! # for topic in ["order-request", "delivery-request"] { kafka.create_topic(topic, 1)?; }
//! let pool = SqlitePool::connect(&url).await?;
//! sqlx::query("CREATE TABLE orders (id TEXT PRIMARY KEY, product TEXT)").execute(&pool).await?;
//! let producer = EventProducer::connect(&kafka.config()).await?.with_source("/shop")?;
//! let outbox = Outbox::new(&pool, &producer);
//! outbox.migrate().await?;
//!
//! // An order comes in, by HTTP for instance: it is stored nowhere, or announced as well.
//! let mut tx = outbox.begin().await?;
//! let order = OrderRequested { order_id: "A-1".to_owned(), product: "tea".to_owned() };
//! outbox.add(&mut tx, &order).await?;
//! outbox.commit(tx).await?;
//!
//! let orders = EventConsumer::<OrderRequested>::subscribe(&kafka.config().group("shop")).await?;
//! let app = App::new("shop")
//!     .producer(&producer)
//!     .relay(outbox.relay())
//!     .consumer(orders.runner().outbox(&outbox), accept);
//! # let handle = app.handle();
//! let running = tokio::spawn(app.run());
//!
//! let delivery = kafka.received::<DeliveryRequested>("delivery-request", 1).await;
//! assert_eq!(delivery[0].event().unwrap().order_id, "A-1");
//! let stored: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM orders").fetch_one(&pool).await?;
//! assert_eq!(stored, 1);
//! # handle.close();
//! # running.await??;
//! # Ok(())
//! # }
//! # }
//! # #[cfg(feature = "sqlx08-sqlite")]
//! # fn main() { example::main().unwrap() }
//! # #[cfg(not(feature = "sqlx08-sqlite"))]
//! # fn main() {}
//! ```
//!
//! # Guarantees
//!
//! | | |
//! |---|---|
//! | an event whose transaction is rolled back | is never sent |
//! | an event whose transaction is committed | is sent at least once, always with the same id, also if processes, the database or the brokers are killed meanwhile |
//! | a message that comes again, or to two workers at the same time | changes the database once; its events are sent once more at most if the relay was killed, with the same ids |
//! | the database is away, or too busy | messages wait, no attempt is spent, and nothing becomes a dead letter |
//! | a statement of a handler fails, and the handler does not return its error | the transaction is rolled back as a whole, and the message is retried: PostgreSQL would end such a transaction without an error |
//! | a request with an idempotency key is repeated | the database is changed once, and the first answer is given again: see `StoredAnswers` (feature `axum08`) |
//! | events of one key | are sent in their order: see [`Relay`] |
//! | an event that the brokers will never accept | is [parked](Outbox::parked), and the others go on |
//!
//! The inbox knows an event by the group, its source and its id. Events without an id, from clients without CloudEvents, are
//! known by the place and the time of their message, so that such a client's own repetitions are other events, and a topic
//! that was deleted and created again has new ones. The inbox forgets after [`Outbox::keep_handled`]. Handlers of tombstones ([`on_tombstone`](crate::kafka::Runner::on_tombstone)) run without a
//! transaction.
//!
//! # The tables
//!
//! [`Outbox::migrate`] creates them, or a migration of the service's own with the text of `POSTGRES_SCHEMA` or
//! `SQLITE_SCHEMA`. They stand in the database of the service, because one transaction cannot span two.
//!
//! # Connections
//!
//! These have a connection of the pool, and wait for one if the pool is exhausted, for up to its `acquire_timeout` (sqlx's
//! default is 30 seconds), after which a message waits and a request gets 503:
//!
//! | | how many | for how long |
//! |---|---|---|
//! | handlers of a runner | its [`concurrency`](crate::kafka::Runner::concurrency) | from before the handler until the commit |
//! | transactions of HTTP requests | the requests at the same time | from `begin` until the commit |
//! | a [`Relay`] | 1 | for a statement at a time |
//! | [`Outbox::lag`], and the deletion of old rows | 1 each | for a statement |
//!
//! So `max_connections` is at least the concurrency of all runners plus 2, and those of HTTP. A handler that uses the pool
//! beside its transaction needs a second connection, and if all handlers do that, they wait for each other: it uses its [`Tx`].
//! With PostgreSQL, a relay has one more connection outside of the pool, for notifications.
//!
//! No transaction waits for anything but the database: a runner asks a schema registry before it begins one, and
//! [`Outbox::prepare`] does so for events that a service puts there itself. An
//! [`OutgoingEvent`](crate::kafka::OutgoingEvent) has a topic that is not known before: the first one of a topic asks within
//! the transaction, which waits for the answer with its connection and its locks. [`Outbox::prepare`] when the service starts
//! saves this for those that go to the event's own topic.
//!
//! # One service for both databases
//!
//! An [`Outbox`] works on `Pool<Postgres>`, on `Pool<Sqlite>`, and on sqlx's `AnyPool`, which is one of them by the URL that
//! it connects to: a service with `AnyPool`, `Tx<Any>` and statements that both databases know (`$1` is a parameter in both)
//! is written once, and `DATABASE_URL` chooses. The types of such columns are integers, floats, texts and bytes: a UUID is a
//! text, and a time a number. A service for one database uses its pool, and all of its types.
//!
//! ```
//! use event_schema::outbox::Tx;
//! use event_schema::sqlx::{self, Any};
//!
//! async fn count(orders: &mut Tx<Any>, product: &str) -> sqlx::Result<i64> {
//!     sqlx::query_scalar("SELECT COUNT(*) FROM orders WHERE product = $1").bind(product).fetch_one(&mut **orders).await
//! }
//! # let _ = count;
//! ```
//!
//! # SQLite
//!
//! SQLite has one writer at a time. [`Outbox::begin`] and handlers take its lock at the beginning, and handlers of one process
//! wait for each other, so that they do not run into `database is locked`: a higher concurrency makes nothing faster.
//! [`Outbox::migrate`] sets the journal mode `WAL`, in which readers do not wait for the writer. A connection waits for the
//! lock of another process, or of a transaction that the service begins itself, for the `busy_timeout` (sqlx's default is 5
//! seconds). After that, messages wait, and [`Outbox::begin`] fails with an error that
//! [`is_unavailable`](OutboxError::is_unavailable). So transactions are short, and `busy_timeout` is longer than the longest.

// `Any` is what sqlx has for a program whose database is known at run time. Functions that are generic over the database would
// need `for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>`, `for<'q> DB::Arguments<'q>: IntoArguments<'q, DB>` and an
// `Encode`, `Decode` and `Type` for each type, repeated at each function of the service: Rust does not imply such bounds from a
// trait. So the outbox works on `Any`, and services that serve both databases use it.

#[cfg(feature = "axum08")]
mod answers;
mod backend;
mod dialect;
mod dispatch;
mod error;
mod lease;
mod listen;
#[cfg(feature = "metrics024")]
mod metrics;
#[expect(clippy::module_inception, reason = "the type of this name")]
mod outbox;
mod relay;
mod row;
mod send;
mod tx;

/// The tables for PostgreSQL, to be copied into a migration; [`Outbox::migrate`] runs it.
///
/// ```
/// assert!(event_schema::outbox::POSTGRES_SCHEMA.contains("CREATE TABLE IF NOT EXISTS event_outbox ("));
/// ```
pub const POSTGRES_SCHEMA: &str = dialect::Dialect::Postgres.schema();

/// The tables for SQLite, to be copied into a migration; [`Outbox::migrate`] runs it.
///
/// ```
/// assert!(event_schema::outbox::SQLITE_SCHEMA.contains("CREATE TABLE IF NOT EXISTS event_outbox ("));
/// ```
pub const SQLITE_SCHEMA: &str = dialect::Dialect::Sqlite.schema();

#[cfg(feature = "axum08")]
pub use self::answers::StoredAnswers;
#[cfg(feature = "axum08")]
pub(crate) use self::answers::{Begun, Request};
pub use self::backend::Backend;
pub use self::error::OutboxError;
pub(crate) use self::error::is_outage;
pub use self::outbox::{Lag, Outbox, Parked};
pub use self::relay::{Relay, RelayHandle};
pub use self::tx::Tx;

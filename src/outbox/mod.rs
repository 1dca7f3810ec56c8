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
//! tx.commit().await?;
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
//! | events of one key | are sent in their order: see [`Relay`] |
//! | an event that the brokers will never accept | is [parked](Outbox::parked), and the others go on |
//!
//! The inbox knows an event by the group, its source and its id. Events without an id, from clients without CloudEvents, are
//! known by the place of their message, so that such a client's own repetitions are other events. The inbox forgets after
//! [`Relay::keep_handled`]. Handlers of tombstones ([`on_tombstone`](crate::kafka::Runner::on_tombstone)) run without a
//! transaction.
//!
//! # The tables
//!
//! [`Outbox::migrate`] creates them, or a migration of the service's own with the text of `POSTGRES_SCHEMA` or
//! `SQLITE_SCHEMA`. They stand in the database of the service, because one transaction cannot span two.
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
//! wait for each other, so that they do not run into `database is locked`. [`Outbox::migrate`] sets the journal mode `WAL`. If
//! another process holds the lock for longer than the `busy_timeout` (sqlx's default is 5 seconds), messages wait.

// `Any` is what sqlx has for a program whose database is known at run time. Functions that are generic over the database would
// need `for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>`, `for<'q> DB::Arguments<'q>: IntoArguments<'q, DB>` and an
// `Encode`, `Decode` and `Type` for each type, repeated at each function of the service: Rust does not imply such bounds from a
// trait. So the outbox works on `Any`, and services that serve both databases use it.

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

pub use self::backend::Backend;
pub use self::error::OutboxError;
pub(crate) use self::error::is_outage;
pub use self::outbox::{Lag, Outbox, Parked};
pub use self::relay::{Relay, RelayHandle};
pub use self::tx::Tx;

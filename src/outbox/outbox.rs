//! The outbox itself: events go in, and people look at it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Pool, Transaction};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use super::backend::{Backend, Kind, Value};
use super::dialect::{DISCARD, Dialect, UNPARK};
use super::error::OutboxError;
use super::row;
use crate::EventSchema;
use crate::kafka::{EventProducer, ProducerRecord};

/// Events that are committed with the rows that they tell of, in tables of the service's own database. Cheap to clone.
///
/// See the example of the [module](crate::outbox).
pub struct Outbox<DB: Backend> {
    pool: Pool<DB>,
    producer: EventProducer,
    dialect: Dialect,
    notifies: bool,
    shared: Arc<Shared>,
}

/// What the clones of an outbox share.
#[derive(Default)]
struct Shared {
    /// Rows may have been added.
    wake: Notify,
    /// SQLite has one writer at a time, and lets the others ask again and again. Here they queue.
    writer: Arc<Mutex<()>>,
}

impl<DB: Backend> Outbox<DB> {
    /// An outbox in the tables of this database. The producer encodes the events, and the [relay](Self::relay) sends them
    /// with it.
    ///
    /// # Panics
    ///
    /// If the database is an `Any` that is neither PostgreSQL nor SQLite.
    #[must_use]
    pub fn new(pool: &Pool<DB>, producer: &EventProducer) -> Self {
        Self {
            pool: pool.clone(),
            producer: producer.clone(),
            dialect: DB::dialect(pool),
            notifies: true,
            shared: Arc::default(),
        }
    }

    /// Does without PostgreSQL's notifications, which make the transactions of a database commit one after the other: for
    /// services with thousands of transactions in a second. Relays of other processes then find rows by
    /// [polling](super::Relay::poll_interval).
    #[must_use]
    pub fn without_notifications(self) -> Self {
        Self { notifies: false, ..self }
    }

    /// Creates the tables, unless they exist. Any number of processes may do so at the same time.
    ///
    /// A service with migrations of its own copies [`POSTGRES_SCHEMA`](super::POSTGRES_SCHEMA) or
    /// [`SQLITE_SCHEMA`](super::SQLITE_SCHEMA) into one of them instead. sqlx's own table of migrations is not touched:
    /// sqlx's migrator refuses to work if it finds there what it does not know.
    ///
    /// With SQLite, it sets the journal mode `WAL`, with which readers and the writer do not wait for each other.
    ///
    /// # Errors
    ///
    /// If the database refuses that.
    pub async fn migrate(&self) -> Result<(), OutboxError> {
        if self.dialect == Dialect::Sqlite {
            // Not within a transaction.
            let _writer = self.writer().await;
            DB::script(&mut *self.pool.acquire().await?, "PRAGMA journal_mode = WAL").await?;
        }
        let mut transaction = self.begin().await?;
        if self.dialect == Dialect::Postgres {
            // `IF NOT EXISTS` fails if two do it at once. The number means nothing elsewhere.
            DB::script(&mut transaction, "SELECT pg_advisory_xact_lock(7130450615)").await?;
        }
        DB::script(&mut transaction, self.dialect.schema()).await?;
        Ok(transaction.commit().await?)
    }

    /// Begins a transaction. With SQLite, it takes the lock for writing at once (`BEGIN IMMEDIATE`): a transaction that reads
    /// before it writes would otherwise fail whenever another one has written in between.
    ///
    /// # Errors
    ///
    /// As sqlx's [`Pool::begin`].
    pub async fn begin(&self) -> Result<Transaction<'static, DB>, sqlx::Error> {
        match self.dialect {
            Dialect::Postgres => self.pool.begin().await,
            Dialect::Sqlite => self.pool.begin_with("BEGIN IMMEDIATE").await,
        }
    }

    /// Puts an event into the outbox, as part of the caller's transaction: it is sent if that is committed, and never
    /// otherwise. It is encoded now, and gets its id and its time now. The transaction is one of [`begin`](Self::begin) or of
    /// sqlx's [`Pool::begin`].
    ///
    /// # Errors
    ///
    /// If the event is [invalid](OutboxError::is_invalid) or has no topic, or if the database fails.
    pub async fn add<E: EventSchema + 'static>(
        &self,
        transaction: &mut DB::Connection,
        event: &E,
    ) -> Result<(), OutboxError> {
        let record = self.producer.message(event).to_record().await?;
        self.add_record(transaction, &record).await
    }

    /// As [`add`](Self::add), for a message with another topic, an envelope or headers of its own, which
    /// [`Outgoing::to_record`](crate::kafka::Outgoing::to_record) makes.
    ///
    /// # Errors
    ///
    /// If the database fails.
    ///
    /// ```
    /// use event_schema::kafka::EventProducer;
    /// use event_schema::outbox::{Backend, Outbox, OutboxError};
    /// use event_schema::prelude::*;
    /// use event_schema::sqlx::Transaction;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    ///
    /// async fn add<DB: Backend>(
    ///     outbox: &Outbox<DB>,
    ///     tx: &mut Transaction<'_, DB>,
    ///     producer: &EventProducer,
    ///     note: &Note,
    /// ) -> Result<(), OutboxError> {
    ///     let record = producer.message(note).topic("copies").header("tenant", b"7").to_record().await?;
    ///     assert_eq!(record.topic(), "copies");
    ///     outbox.add_record(tx, &record).await
    /// }
    /// # let _ = add::<event_schema::sqlx::Any>;
    /// ```
    pub async fn add_record(
        &self,
        transaction: &mut DB::Connection,
        record: &ProducerRecord,
    ) -> Result<(), OutboxError> {
        DB::execute(transaction, &self.dialect.add(self.notifies), row::parameters(record)).await?;
        // The relay does not find it before the commit: it looks more than once.
        self.wake();
        Ok(())
    }

    /// Makes the relay of this outbox look for rows now. After [`add`](Self::add) it looks by itself, several times within
    /// the first second, because nobody tells it of the commit; with PostgreSQL, the database does.
    pub fn wake(&self) {
        self.shared.wake.notify_one();
    }

    /// What waits in the outbox; see the example of [`Relay`](super::Relay).
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn lag(&self) -> Result<Lag, OutboxError> {
        Ok(self.measure().await?)
    }

    pub(super) async fn measure(&self) -> sqlx::Result<Lag> {
        const COLUMNS: &[Kind] = &[Kind::Number; 3];
        let mut connection = self.pool.acquire().await?;
        let rows = DB::rows(&mut connection, &self.dialect.lag(), Vec::new(), COLUMNS).await?;
        let number = |index: usize| match rows.first().and_then(|columns| columns.get(index)) {
            Some(Value::Number(number)) => number.map(|number| u64::try_from(number).unwrap_or_default()),
            _ => None,
        };
        Ok(Lag {
            unsent: number(0).unwrap_or_default(),
            oldest: number(1).map(Duration::from_millis),
            parked: number(2).unwrap_or_default(),
        })
    }

    /// The records that the brokers will never accept, the oldest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    ///
    /// ```
    /// use event_schema::outbox::{Backend, Outbox, OutboxError};
    ///
    /// /// After the topics got a larger `max.message.bytes`.
    /// async fn send_again<DB: Backend>(outbox: &Outbox<DB>) -> Result<(), OutboxError> {
    ///     for parked in outbox.parked(1_000).await? {
    ///         println!("{:?} for {}: {}", parked.event_id(), parked.topic(), parked.reason());
    ///         assert!(outbox.retry_parked(&parked).await?);
    ///     }
    ///     Ok(())
    /// }
    /// # let _ = send_again::<event_schema::sqlx::Any>;
    /// ```
    pub async fn parked(&self, limit: u32) -> Result<Vec<Parked>, OutboxError> {
        const COLUMNS: &[Kind] = &[Kind::Number, Kind::Text, Kind::Text, Kind::Text, Kind::Number];
        let mut connection = self.pool.acquire().await?;
        let limit = vec![Value::Number(Some(limit.into()))];
        let rows = DB::rows(&mut connection, &self.dialect.parked(), limit, COLUMNS).await?;
        Ok(rows.into_iter().filter_map(Parked::read).collect())
    }

    /// Has a parked record sent again, for instance because the topic now takes larger ones. It comes behind the records
    /// of its key that were sent meanwhile. Returns whether there was one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn retry_parked(&self, parked: &Parked) -> Result<bool, OutboxError> {
        let changed = self.change(UNPARK, vec![Value::Number(Some(parked.seq))]).await?;
        self.wake();
        Ok(changed > 0)
    }

    /// Deletes a parked record. Returns whether there was one; see [`parked`](Self::parked).
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn discard_parked(&self, parked: &Parked) -> Result<bool, OutboxError> {
        Ok(self.change(DISCARD, vec![Value::Number(Some(parked.seq))]).await? > 0)
    }

    pub(super) fn producer(&self) -> &EventProducer {
        &self.producer
    }

    pub(super) fn pool(&self) -> &Pool<DB> {
        &self.pool
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Waits until rows may have been added.
    pub(super) async fn woken(&self) {
        self.shared.wake.notified().await;
    }

    /// Waits behind the other writers of this process; with SQLite only.
    pub(super) async fn writer(&self) -> Option<OwnedMutexGuard<()>> {
        match self.dialect {
            Dialect::Postgres => None,
            Dialect::Sqlite => Some(Arc::clone(&self.shared.writer).lock_owned().await),
        }
    }

    /// Runs one statement by itself.
    pub(super) async fn change(&self, sql: &str, values: Vec<Value>) -> sqlx::Result<u64> {
        let _writer = self.writer().await;
        DB::execute(&mut *self.pool.acquire().await?, sql, values).await
    }
}

impl<DB: Backend> Clone for Outbox<DB> {
    fn clone(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            producer: self.producer.clone(),
            dialect: self.dialect,
            notifies: self.notifies,
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<DB: Backend> fmt::Debug for Outbox<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("dialect", &self.dialect).field("pool", &self.pool).finish_non_exhaustive()
    }
}

/// What waits in an outbox; see [`Outbox::lag`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lag {
    /// The number of committed events that are not acknowledged by the brokers, without the parked ones.
    pub unsent: u64,
    /// The age of the oldest of these.
    pub oldest: Option<Duration>,
    /// The number of events that the brokers will never accept; see [`Outbox::parked`].
    pub parked: u64,
}

/// A record that the brokers will never accept; see [`Outbox::parked`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    seq: i64,
    event_id: Option<String>,
    topic: String,
    reason: String,
    age: Duration,
}

impl Parked {
    fn read(columns: Vec<Value>) -> Option<Self> {
        let columns: [Value; 5] = columns.try_into().ok()?;
        let [Value::Number(seq), Value::Text(event_id), Value::Text(topic), Value::Text(reason), Value::Number(age)] =
            columns
        else {
            return None;
        };
        let age = Duration::from_millis(u64::try_from(age?).unwrap_or_default());
        Some(Self { seq: seq?, event_id, topic: topic?, reason: reason.unwrap_or_default(), age })
    }

    /// The number of its row, `seq` in the table `event_outbox`.
    #[must_use]
    pub fn seq(&self) -> i64 {
        self.seq
    }

    /// The id of its event; none if it was made without an envelope.
    #[must_use]
    pub fn event_id(&self) -> Option<&str> {
        self.event_id.as_deref()
    }

    /// The topic that it was for.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// The reason of the brokers.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The time since it was parked.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.age
    }
}

//! The outbox itself: events go in, and people look at it.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Pool, Transaction, TransactionManager};
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};
use tokio::task::JoinError;
use tokio::time::Instant;
use tracing::Instrument;

use super::backend::{Backend, Column, Kind, Value, json};
use super::dialect::{DISCARD, Dialect, MISSING, UNPARK};
use super::error::{OutboxError, OutboxErrorKind, is_refusal};
use super::row;
use crate::kafka::{EventProducer, ProducerRecord};
use crate::{Envelope, EventSchema};

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

pub(super) const NOT_CLEANED: &str = "old rows of the outbox, the inbox or the answers were not deleted";

/// What the clones of an outbox share.
struct Shared {
    /// In milliseconds.
    keep_handled: AtomicU64,
    /// Rows may have been added.
    wake: Notify,
    /// SQLite has one writer at a time, and lets the others ask again and again. Here they queue.
    writer: Arc<Mutex<()>>,
    /// When to look for old rows again.
    next_clean: std::sync::Mutex<Option<Instant>>,
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
            shared: Arc::new(Shared {
                keep_handled: AtomicU64::new(30 * 24 * 60 * 60 * 1000),
                wake: Notify::new(),
                writer: Arc::default(),
                next_clean: std::sync::Mutex::default(),
            }),
        }
    }

    /// How long the inbox knows that an event was handled. Default: 30 days. It must be longer than it takes until a message
    /// comes again: after a seek, a redrive of dead letters, or a restart that repeats what was not committed.
    ///
    /// Older entries are deleted by the runners with this outbox, at most once a minute after a message, and by the
    /// [relay](Self::relay). All clones have the same time.
    #[must_use]
    pub fn keep_handled(self, age: Duration) -> Self {
        let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        self.shared.keep_handled.store(age, Ordering::Relaxed);
        self
    }

    /// Does without PostgreSQL's notifications, which make the transactions of a database commit one after the other: for
    /// services with thousands of transactions in a second. Relays of other processes then find rows by
    /// [polling](super::Relay::poll_interval).
    #[must_use]
    pub fn without_notifications(self) -> Self {
        Self { notifies: false, ..self }
    }

    /// Creates the tables, unless they exist. Any number of processes may do so at the same time, also while others work: tables
    /// that exist are not locked.
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
            // `CREATE INDEX IF NOT EXISTS` locks the table also if the index exists. A process that starts beside others would
            // wait for their transactions, and they for it: a deadlock.
            let names = json(&self.dialect.relations().collect::<Vec<_>>());
            let missing = DB::rows(&mut transaction, MISSING, vec![names], &[Kind::Number]).await?;
            if matches!(missing.first().map(Vec::as_slice), Some([Some(Value::Number(Some(0)))])) {
                return self.commit(transaction).await;
            }
        }
        DB::script(&mut transaction, self.dialect.schema()).await?;
        self.commit(transaction).await
    }

    /// Begins a transaction. With SQLite, it takes the lock for writing at once (`BEGIN IMMEDIATE`): a transaction that reads
    /// before it writes would otherwise fail whenever another one has written in between.
    ///
    /// It may be cancelled, for instance by a timeout: sqlx's own [`Pool::begin`] (0.8.6) then returns a connection to the
    /// pool that is still inside a transaction.
    ///
    /// # Errors
    ///
    /// As sqlx's [`Pool::begin`].
    pub async fn begin(&self) -> Result<Transaction<'static, DB>, sqlx::Error> {
        let (pool, dialect) = (self.pool.clone(), self.dialect);
        // The task ends also if this future is dropped, and then drops the transaction, which rolls it back.
        let begin = async move {
            match dialect {
                Dialect::Postgres => pool.begin().await,
                Dialect::Sqlite => {
                    let mut connection = pool.acquire().await?;
                    // A caller has dropped a transaction that SQLite had ended: see `roll_back`.
                    while DB::TransactionManager::get_transaction_depth(&connection) > 0 {
                        let _is_in_a_transaction = DB::script(&mut connection, "BEGIN").await;
                        DB::TransactionManager::rollback(&mut connection).await?;
                    }
                    Transaction::begin(connection, Some("BEGIN IMMEDIATE".into())).await
                }
            }
        };
        match tokio::spawn(begin.in_current_span()).await.map_err(JoinError::try_into_panic) {
            Ok(result) => result,
            Err(Ok(panic)) => resume_unwind(panic),
            Err(Err(_the_runtime_ends)) => Err(sqlx::Error::PoolClosed),
        }
    }

    /// Commits a transaction, and makes the relay of this outbox look for its rows.
    ///
    /// sqlx's [`Transaction::commit`] reports success for a transaction of PostgreSQL in which a statement has failed,
    /// although PostgreSQL rolls it back. This is an error here. It is also known here that the error is one of the commit:
    /// see [`OutboxError::is_unknown`].
    ///
    /// # Errors
    ///
    /// If the transaction was [rolled back](OutboxError::is_rolled_back), or if the database fails. SQLite ends a transaction
    /// at once after some errors, such as a full disk or `RAISE(ROLLBACK)`: statements of the caller that follow are outside
    /// of it, and are stored one by one although this is an error. So a caller returns the error of a statement at once.
    ///
    /// ```
    /// use event_schema::outbox::{Backend, Outbox, OutboxError};
    /// use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    ///
    /// async fn write<DB: Backend>(outbox: &Outbox<DB>, note: &Note) -> Result<(), OutboxError> {
    ///     let mut tx = outbox.begin().await?;
    ///     outbox.add(&mut tx, note).await?;
    ///     outbox.commit(tx).await
    /// }
    /// # let _ = write::<event_schema::sqlx::Any>;
    /// ```
    pub async fn commit(&self, mut transaction: Transaction<'static, DB>) -> Result<(), OutboxError> {
        match self.dialect {
            // It fails in a transaction that has failed, and `COMMIT` does not.
            Dialect::Postgres => {
                DB::script(&mut transaction, "SELECT 1").await.map_err(OutboxError::in_transaction)?;
            }
            // It fails within a transaction.
            Dialect::Sqlite if DB::script(&mut transaction, "BEGIN").await.is_ok() => {
                transaction.rollback().await?;
                return Err(OutboxErrorKind::RolledBack.into());
            }
            Dialect::Sqlite => {}
        }
        self.finish(transaction).await
    }

    /// Commits a transaction of which it is known that no statement has failed.
    pub(super) async fn finish(&self, mut transaction: Transaction<'static, DB>) -> Result<(), OutboxError> {
        // Not `Transaction::commit`, which leaves no transaction to roll back. If it succeeds, dropping the transaction
        // rolls nothing back, because none is open.
        if let Err(error) = DB::TransactionManager::commit(&mut transaction).await {
            self.roll_back(transaction).await;
            // Such as a constraint that is checked at the end.
            let is_refusal = is_refusal(&error);
            let kind = if is_refusal { OutboxErrorKind::Database } else { OutboxErrorKind::Commit };
            return Err(kind(error).into());
        }
        self.wake();
        Ok(())
    }

    /// Ends a transaction in which a statement may have failed. If that fails, it ends with its connection.
    pub(super) async fn roll_back(&self, mut transaction: Transaction<'static, DB>) {
        if self.dialect == Dialect::Sqlite {
            // SQLite ends a transaction by itself after some errors, such as a full disk. `ROLLBACK` fails then, and sqlx
            // takes the connection for one in a transaction for ever.
            let _is_in_a_transaction = DB::script(&mut transaction, "BEGIN").await;
        }
        if let Err(error) = transaction.rollback().await {
            tracing::debug!("a transaction ends with its connection: {error}");
        }
    }

    /// Puts an event into the outbox, as part of the caller's transaction: it is sent if that is committed, and never
    /// otherwise. With SQLite, it is an [error](OutboxError::is_rolled_back) outside of a transaction. It is encoded now, and gets its id and its time now. The transaction is one of [`begin`](Self::begin) or of
    /// sqlx's [`Pool::begin`]; [`commit`](Self::commit) ends it. A producer with a schema registry asks that for the first
    /// event of a type, and the transaction waits, unless [`prepare`](Self::prepare) was called before.
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

    /// Asks the registry, if the producer has one, for what [`add`](Self::add) needs for this type of event, so that no
    /// transaction waits for it. A service calls it when it starts. Handlers of a runner need no call: the runner does so
    /// before each transaction, except for an [`OutgoingEvent`](crate::kafka::OutgoingEvent). A call for its event is enough
    /// if it goes to the event's own topic.
    ///
    /// # Errors
    ///
    /// If the registry cannot be reached or has no schema for the event, or if the event has no topic.
    ///
    /// ```
    /// use event_schema::outbox::{Backend, Outbox, OutboxError};
    /// use event_schema::prelude::*;
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { text: String }
    ///
    /// async fn start<DB: Backend>(outbox: &Outbox<DB>) -> Result<(), OutboxError> {
    ///     outbox.migrate().await?;
    ///     outbox.prepare::<Note>().await
    /// }
    /// # let _ = start::<event_schema::sqlx::Any>;
    /// ```
    pub async fn prepare<E: EventSchema + 'static>(&self) -> Result<(), OutboxError> {
        Ok(self.producer.prepare::<E>().await?)
    }

    /// As [`add`](Self::add), with this envelope: of an event whose id is derived, or that another one has caused.
    ///
    /// An envelope is that of one event. Consumers take two events with one id for the same, and ignore the second one. A
    /// handler that adds another event gives it an id of its own, which is the same at each repetition:
    /// `Envelope::caused_by(&envelope).with_id(format!("{}-parcel", envelope.id()))`.
    ///
    /// # Errors
    ///
    /// As [`add`](Self::add).
    ///
    /// ```
    /// use event_schema::outbox::{Backend, Outbox, OutboxError};
    /// use event_schema::prelude::*;
    /// use event_schema::{Envelope, sqlx::Transaction};
    /// # #[derive(Serialize, EventSchema)]
    /// # #[event(topic = "notes")]
    /// # struct Note { number: u32 }
    ///
    /// /// With the same id each time.
    /// async fn add<DB: Backend>(
    ///     outbox: &Outbox<DB>,
    ///     tx: &mut Transaction<'_, DB>,
    ///     note: &Note,
    /// ) -> Result<(), OutboxError> {
    ///     outbox.add_with(tx, note, Envelope::new().with_id(format!("note-{}", note.number))).await
    /// }
    /// # let _ = add::<event_schema::sqlx::Any>;
    /// ```
    pub async fn add_with<E: EventSchema + 'static>(
        &self,
        transaction: &mut DB::Connection,
        event: &E,
        envelope: Envelope,
    ) -> Result<(), OutboxError> {
        let record = self.producer.message(event).envelope(envelope).to_record().await?;
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
        // It succeeds outside of a transaction. SQLite may have ended the caller's.
        if self.dialect == Dialect::Sqlite && DB::script(transaction, "BEGIN").await.is_ok() {
            DB::script(transaction, "ROLLBACK").await?;
            return Err(OutboxErrorKind::RolledBack.into());
        }
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
            Some(Some(Value::Number(number))) => number.map(|number| u64::try_from(number).unwrap_or_default()),
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

    /// Deletes what the inbox and the answers need no longer, in the background, unless that was done within the last
    /// minute.
    pub(super) fn clean_soon(&self) {
        const PAUSE: Duration = Duration::from_secs(60);
        {
            let mut next = self.shared.next_clean.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if next.is_some_and(|next| Instant::now() < next) {
                return;
            }
            *next = Some(Instant::now() + PAUSE);
        }
        let outbox = self.clone();
        tokio::spawn(async move {
            let cleaned = loop {
                match outbox.clean().await {
                    Ok(false) => {}
                    Ok(true) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            if let Err(error) = cleaned {
                tracing::warn!("{NOT_CLEANED}, next attempt in {PAUSE:?}: {error}");
            }
        });
    }

    /// Deletes what the inbox and the answers need no longer, up to some thousand rows. Returns whether that was all.
    pub(super) async fn clean(&self) -> sqlx::Result<bool> {
        let keep = Duration::from_millis(self.shared.keep_handled.load(Ordering::Relaxed));
        let is_done = self.clean_older(&self.dialect.clean_inbox(), keep).await?;
        // They say themselves when they expire.
        #[cfg(feature = "axum08")]
        let is_done = self.clean_older(&self.dialect.clean_answers(), Duration::ZERO).await? && is_done;
        Ok(is_done)
    }

    /// Deletes rows that are older. Returns whether that was all.
    pub(super) async fn clean_older(&self, sql: &str, age: Duration) -> sqlx::Result<bool> {
        const MOST: u32 = 1_000;
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX).min(1 << 50);
        let values = vec![Value::Number(Some(age)), Value::Number(Some(MOST.into()))];
        Ok(self.change(sql, values).await? < u64::from(MOST))
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
    /// Columns of another type, which other programs have written, are not shown.
    fn read(columns: Vec<Column>) -> Option<Self> {
        let [Some(Value::Number(Some(seq))), event_id, topic, reason, age]: [Column; 5] = columns.try_into().ok()?
        else {
            return None;
        };
        let text = |column| if let Some(Value::Text(text)) = column { text } else { None };
        let age = if let Some(Value::Number(Some(age))) = age { u64::try_from(age).unwrap_or_default() } else { 0 };
        let (topic, reason) = (text(topic).unwrap_or_default(), text(reason).unwrap_or_default());
        Some(Self { seq, event_id: text(event_id), topic, reason, age: Duration::from_millis(age) })
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

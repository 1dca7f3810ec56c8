//! Answers to requests with an idempotency key, in the database of the outbox.

use std::fmt;
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::backend::{Backend, Kind, Value};
use super::dialect::{ANSWER, Dialect, LOCK, RELEASE};
use super::error::{OutboxError, OutboxErrorKind};
use super::outbox::Outbox;
use super::row::indexable;
use super::tx::{Loan, Tx};
use crate::axum::{Answer, AnswerStore, Claim};

/// An [`AnswerStore`] in the database of an outbox, in the table `event_answer`: for services of several processes, and for
/// those that must not forget at a restart.
///
/// With [`Idempotency::answer_in_transaction`](crate::axum::Idempotency::answer_in_transaction) the answer is committed
/// together with the rows and the events of the request. With [`Idempotency::answer`](crate::axum::Idempotency::answer) it
/// is written before and after the handler, in transactions of its own.
///
/// An answer is kept for the given time, which is longer than a client repeats its request; a day is usual. The key is then
/// free. A request that is repeated even later is handled and stored again, and its event has the id of the first one:
/// consumers that deduplicate by id ignore it. Another request with the key has an event with another id. Expired rows are deleted at most once a minute, after an answer, and by the relay.
///
/// ```
/// # #[cfg(feature = "sqlx08-sqlite")]
/// # mod example {
/// use event_schema::axum::axum08::extract::State;
/// use event_schema::axum::axum08::http::{Request, StatusCode};
/// use event_schema::axum::axum08::response::Response;
/// use event_schema::axum::axum08::{Router, body::Body, routing::post};
/// use event_schema::axum::{Idempotency, Keyed};
/// use event_schema::kafka::{EmbeddedKafka, EventProducer};
/// use event_schema::outbox::{Outbox, OutboxError, StoredAnswers};
/// use event_schema::prelude::*;
/// use event_schema::sqlx::{self, Sqlite, SqlitePool};
/// use std::time::Duration;
/// # use tower::ServiceExt;
///
/// #[derive(Debug, Serialize, EventSchema)]
/// #[event(name = "order.requested", topic = "orders", key = order_id)]
/// struct OrderRequested { order_id: String }
///
/// #[derive(Clone)]
/// struct Shop { outbox: Outbox<Sqlite>, idempotency: Idempotency<StoredAnswers<Sqlite>> }
///
/// async fn request(State(shop): State<Shop>, order: Keyed<OrderRequested>) -> Response {
///     let outbox = shop.outbox;
///     shop.idempotency.answer_in_transaction(order, |order, envelope, mut tx| async move {
///         sqlx::query("INSERT INTO orders (id) VALUES ($1)").bind(&order.order_id).execute(&mut *tx).await?;
///         outbox.add_with(&mut tx, &order, envelope).await?;
///         Ok::<_, OutboxError>(StatusCode::ACCEPTED)
///     }).await
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite://{}?mode=rwc", folder.path().join("shop.db").display());
/// # let kafka = EmbeddedKafka::start()?;
/// let pool = SqlitePool::connect(&url).await?;
/// # sqlx::query("CREATE TABLE orders (id TEXT PRIMARY KEY)").execute(&pool).await?;
/// let producer = EventProducer::connect(&kafka.config()).await?.with_source("/shop")?;
/// let outbox = Outbox::new(&pool, &producer);
/// outbox.migrate().await?;
/// let answers = StoredAnswers::new(&outbox, Duration::from_secs(24 * 60 * 60));
/// let idempotency = Idempotency::new("/shop", answers)?;
/// let app = Router::new().route("/orders", post(request)).with_state(Shop { outbox, idempotency });
///
/// # let send = |key: &'static str| {
/// #     let request = Request::post("/orders").header("content-type", "application/json");
/// #     app.clone().oneshot(request.header("idempotency-key", key).body(Body::from(r#"{"order_id": "A-1"}"#)).unwrap())
/// # };
/// // POST /orders, Idempotency-Key: "8e03978e", {"order_id": "A-1"}
/// assert_eq!(send("8e03978e").await?.status(), 202);
/// // The same again, after a crash for instance.
/// let again = send("8e03978e").await?;
/// assert_eq!((again.status().as_u16(), again.headers().contains_key("idempotent-replayed")), (202, true));
/// let rows: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM event_outbox").fetch_one(&pool).await?;
/// assert_eq!(rows, 1);
/// # Ok(())
/// # }
/// # }
/// # #[cfg(feature = "sqlx08-sqlite")]
/// # fn main() { example::main().unwrap() }
/// # #[cfg(not(feature = "sqlx08-sqlite"))]
/// # fn main() {}
/// ```
#[cfg_attr(docsrs, doc(cfg(all(feature = "axum08", feature = "sqlx08"))))]
pub struct StoredAnswers<DB: Backend> {
    outbox: Outbox<DB>,
    keep: Duration,
    claim: Duration,
}

impl<DB: Backend> StoredAnswers<DB> {
    /// A store that keeps each answer for this time.
    #[must_use]
    pub fn new(outbox: &Outbox<DB>, keep: Duration) -> Self {
        Self { outbox: outbox.clone(), keep, claim: Duration::from_secs(5 * 60) }
    }

    /// How long a request that is handled outside of a transaction keeps others with its key from being handled, if its
    /// process was killed. Every handler must end within this time. Default: 5 minutes.
    #[must_use]
    pub fn claim_time(self, time: Duration) -> Self {
        Self { claim: time, ..self }
    }

    /// Begins a transaction, and claims the key of a request in it.
    pub(crate) async fn open(&self, key: Option<(&str, &[u8; 32])>) -> Result<Begun<'_, DB>, OutboxError> {
        let writer = self.outbox.writer().await;
        let mut transaction = self.outbox.begin().await?;
        if let Some((id, fingerprint)) = key {
            let claim = async {
                if !self.lock(&mut transaction, id).await? {
                    return Ok(Claim::InProgress);
                }
                let claim = self.claim_in(&mut transaction, id, fingerprint).await?;
                DB::script(&mut transaction, SAVEPOINT).await?;
                Ok(claim)
            };
            let claim = claim.await;
            if !matches!(claim, Ok(Claim::New)) {
                self.outbox.roll_back(transaction).await;
                return claim.map(Begun::Claimed);
            }
        }
        let id = key.map(|(id, _)| id.to_owned());
        Ok(Begun::Open(Request { store: self, transaction: Loan::new(transaction), id, _writer: writer }))
    }

    /// Whether no other transaction handles this key. Without this, it would wait for the other with a connection of the
    /// pool. SQLite has one writer.
    async fn lock(&self, connection: &mut DB::Connection, id: &str) -> sqlx::Result<bool> {
        if self.outbox.dialect() == Dialect::Sqlite {
            return Ok(true);
        }
        let rows = DB::rows(connection, LOCK, vec![text(id)], &[Kind::Number]).await?;
        Ok(matches!(rows.first().map(Vec::as_slice), Some([Some(Value::Number(Some(1)))])))
    }

    async fn claim_in(
        &self,
        connection: &mut DB::Connection,
        id: &str,
        fingerprint: &[u8; 32],
    ) -> Result<Claim, OutboxError> {
        let values = vec![
            text(id),
            Value::Bytes(Some(fingerprint.to_vec())),
            millis(self.claim),
            // An expired row is free, also while its request is handled.
            millis(self.keep.max(self.claim)),
        ];
        if DB::execute(connection, &self.outbox.dialect().claim(), values).await? > 0 {
            return Ok(Claim::New);
        }
        let rows = DB::rows(connection, ANSWER, vec![text(id)], &[Kind::Bytes, Kind::Text]).await?;
        Ok(match rows.into_iter().next().as_deref() {
            Some([Some(Value::Bytes(Some(stored))), _]) if stored != fingerprint => Claim::OtherRequest,
            Some([_, Some(Value::Text(Some(answer)))]) => {
                let answer = crate::load::json::read(answer).map_err(|_| OutboxErrorKind::Answer)?;
                Claim::Answered(answer)
            }
            // It was deleted in between: the client comes again.
            _ => Claim::InProgress,
        })
    }

    /// Returns whether the claim is still there.
    async fn answered_in(&self, connection: &mut DB::Connection, id: &str, answer: &Answer) -> sqlx::Result<bool> {
        let answer = serde_json::to_string(answer).expect("numbers, texts and lists of them are JSON");
        let values = vec![text(id), Value::Text(Some(answer)), millis(self.keep)];
        Ok(DB::execute(connection, &self.outbox.dialect().answered(), values).await? > 0)
    }
}

/// What the handler of a request has written is between this and the claim.
const SAVEPOINT: &str = "SAVEPOINT event_answer";
const ROLL_BACK_TO_SAVEPOINT: &str = "ROLLBACK TO SAVEPOINT event_answer";

/// A request, or the reason why it is not handled.
pub(crate) enum Begun<'a, DB: Backend> {
    Open(Request<'a, DB>),
    Claimed(Claim),
}

/// A request that is handled within a transaction, which is rolled back if this is dropped.
pub(crate) struct Request<'a, DB: Backend> {
    store: &'a StoredAnswers<DB>,
    transaction: Loan<DB>,
    id: Option<String>,
    _writer: Option<OwnedMutexGuard<()>>,
}

impl<DB: Backend> Request<'_, DB> {
    pub(crate) fn lend(&self) -> Tx<DB> {
        self.transaction.lend()
    }

    /// Commits what the handler has written, with its answer.
    pub(crate) async fn commit(self, answer: &Answer) -> Result<(), OutboxError> {
        self.end(answer, true).await
    }

    /// Commits the answer only.
    pub(crate) async fn refuse(self, answer: &Answer) -> Result<(), OutboxError> {
        self.end(answer, false).await
    }

    async fn end(self, answer: &Answer, keeps_rows: bool) -> Result<(), OutboxError> {
        let mut transaction = self.transaction.back()?;
        let outbox = &self.store.outbox;
        if let Some(id) = &self.id {
            let answered = async {
                if !keeps_rows {
                    DB::script(&mut transaction, ROLL_BACK_TO_SAVEPOINT).await?;
                }
                let answered = self.store.answered_in(&mut transaction, id, answer).await;
                // The claim is gone with all else of a transaction that was rolled back.
                if answered.map_err(OutboxError::in_transaction)? {
                    Ok(())
                } else {
                    Err(OutboxErrorKind::RolledBack.into())
                }
            };
            if let Err(error) = answered.await {
                outbox.roll_back(transaction).await;
                return Err(error);
            }
            outbox.finish(transaction).await?;
            outbox.clean_soon();
        } else if keeps_rows {
            outbox.commit(transaction).await?;
        } else {
            outbox.roll_back(transaction).await;
        }
        Ok(())
    }

    pub(crate) async fn roll_back(self) {
        if let Ok(transaction) = self.transaction.back() {
            self.store.outbox.roll_back(transaction).await;
        }
    }
}

impl<DB: Backend> AnswerStore for StoredAnswers<DB> {
    type Error = OutboxError;

    async fn claim(&self, id: &str, fingerprint: &[u8; 32]) -> Result<Claim, OutboxError> {
        let _writer = self.outbox.writer().await;
        let mut connection = self.outbox.pool().acquire().await?;
        self.claim_in(&mut connection, id, fingerprint).await
    }

    async fn answered(&self, id: &str, answer: Answer) -> Result<(), OutboxError> {
        {
            let _writer = self.outbox.writer().await;
            let mut connection = self.outbox.pool().acquire().await?;
            self.answered_in(&mut connection, id, &answer).await?;
        }
        self.outbox.clean_soon();
        Ok(())
    }

    async fn release(&self, id: &str) -> Result<(), OutboxError> {
        self.outbox.change(RELEASE, vec![text(id)]).await?;
        Ok(())
    }
}

impl<DB: Backend> fmt::Debug for StoredAnswers<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredAnswers").field("keep", &self.keep).field("claim", &self.claim).finish_non_exhaustive()
    }
}

fn text(id: &str) -> Value {
    Value::Text(Some(indexable(id).into_owned()))
}

fn millis(time: Duration) -> Value {
    Value::Number(Some(i64::try_from(time.as_millis()).unwrap_or(i64::MAX).min(1 << 50)))
}

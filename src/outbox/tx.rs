//! Handlers within a transaction.

use std::any::TypeId;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sqlx::Transaction;
use tokio::sync::OwnedMutexGuard;

use super::backend::{Backend, Kind, Value};
use super::dialect::NOTED;
use super::error::{OutboxError, OutboxErrorKind};
use super::outbox::Outbox;
use super::row::indexable;
use crate::EventSchema;
use crate::kafka::{
    Argument, Boxed, Delivery, EventId, EventProducer, Failure, Lent, Open, ProducerRecord, Runner, SealedArgument,
    Transactions,
};

/// The transaction of a handler, as one of its arguments. It derefs to the connection of the database, as sqlx's
/// [`Transaction`] does.
///
/// It is committed when the handler has returned, together with the events that it returned and the fact that it has handled
/// its own. If the handler fails, it is rolled back.
///
/// See the example of the [module](crate::outbox).
pub struct Tx<DB: Backend> {
    /// Taken only to be given back.
    transaction: Option<Transaction<'static, DB>>,
    owner: Owner<DB>,
}

/// Where the transaction is when no handler has it.
type Owner<DB> = Arc<Mutex<Option<Transaction<'static, DB>>>>;

/// A transaction that a handler gets, and that must come back.
pub(crate) struct Loan<DB: Backend>(Owner<DB>);

impl<DB: Backend> Loan<DB> {
    pub(crate) fn new(transaction: Transaction<'static, DB>) -> Self {
        Self(Arc::new(Mutex::new(Some(transaction))))
    }

    pub(crate) fn lend(&self) -> Tx<DB> {
        Tx { transaction: lock(&self.0).take(), owner: Arc::clone(&self.0) }
    }

    pub(crate) fn back(self) -> Result<Transaction<'static, DB>, OutboxError> {
        lock(&self.0).take().ok_or_else(|| OutboxErrorKind::Kept.into())
    }
}

fn lock<DB: Backend>(owner: &Owner<DB>) -> MutexGuard<'_, Option<Transaction<'static, DB>>> {
    owner.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<DB: Backend> Deref for Tx<DB> {
    type Target = DB::Connection;

    fn deref(&self) -> &DB::Connection {
        self.transaction.as_ref().expect("it is taken when this is dropped")
    }
}

impl<DB: Backend> DerefMut for Tx<DB> {
    fn deref_mut(&mut self) -> &mut DB::Connection {
        self.transaction.as_mut().expect("it is taken when this is dropped")
    }
}

impl<DB: Backend> Drop for Tx<DB> {
    fn drop(&mut self) {
        *lock(&self.owner) = self.transaction.take();
    }
}

impl<DB: Backend> fmt::Debug for Tx<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl<E, S, DB: Backend> Argument<E, S> for Tx<DB> {}

impl<E, S, DB: Backend> SealedArgument<E, S> for Tx<DB> {
    fn transaction() -> Option<TypeId> {
        Some(TypeId::of::<Self>())
    }

    fn of(_: &Delivery<E>, _: &S, lent: &mut Option<Lent>) -> Self {
        let lent = lent.take().and_then(|lent| lent.downcast().ok());
        *lent.expect("the run has compared the types at its start")
    }
}

impl<E: EventSchema + Send + Sync + 'static, S> Runner<E, S> {
    /// Calls the handler of [`run_with`](Self::run_with) within a transaction of this outbox's database, which the handler
    /// takes as [`Tx`](crate::outbox::Tx). When it returns, these are committed together: the rows that it has written, the
    /// events that it returned, and in the inbox the fact that the group has handled this event. An event that the group has
    /// handled before is finished without calling the handler.
    ///
    /// The events go to their topics by the [relay](crate::outbox::Outbox::relay). Their ids are derived as
    /// [`run_with`](Self::run_with) says. The producer is the outbox's: [`publish_with`](Self::publish_with) does not apply.
    /// If it has a schema registry, the runner asks that for the events that the handler may return before it begins the
    /// transaction. The topic of an [`OutgoingEvent`](crate::kafka::OutgoingEvent) is known only when the handler returns: the
    /// first one of a topic asks within the transaction, which waits for the answer.
    ///
    /// If the database is away or too busy, the message waits, as after [`Failure::unavailable`]: no attempt is spent. The
    /// same holds for an error of sqlx that the handler returns by `?`, unless it is about the statement or its rows, such as
    /// a constraint. A [`handler_timeout`](Self::handler_timeout) includes the beginning of the transaction, which may use
    /// half of it; it does not include the commit.
    ///
    /// See the example of the [module](crate::outbox).
    #[cfg_attr(docsrs, doc(cfg(feature = "sqlx08")))]
    pub fn outbox<DB: Backend>(self, outbox: &Outbox<DB>) -> Self {
        self.transactions(Arc::new(outbox.clone()))
    }
}

impl<DB: Backend> Transactions for Outbox<DB> {
    fn producer(&self) -> &EventProducer {
        Self::producer(self)
    }

    fn argument(&self) -> TypeId {
        TypeId::of::<Tx<DB>>()
    }

    fn open(&self, event: EventId) -> Boxed<'_, Result<Option<Box<dyn Open>>, Failure>> {
        Box::pin(async move {
            let writer = self.writer().await;
            let mut transaction = self.begin().await.map_err(Failure::unavailable)?;
            // First, so that another worker with the same event waits here, and then finds it handled.
            let event = [&*event.group, &*event.source, &*event.id];
            let event = event.map(|text| Value::Text(Some(indexable(text).into_owned()))).to_vec();
            let noted = DB::execute(&mut transaction, &self.dialect().note_handled(), event.clone()).await;
            if !matches!(noted, Ok(1..)) {
                self.roll_back(transaction).await;
                return noted.map(|_| None).map_err(Failure::unavailable);
            }
            let transaction = Loan::new(transaction);
            let open: Box<dyn Open> = Box::new(Opened { outbox: self.clone(), transaction, event, _writer: writer });
            Ok(Some(open))
        })
    }
}

struct Opened<DB: Backend> {
    outbox: Outbox<DB>,
    transaction: Loan<DB>,
    /// Its entry in the inbox.
    event: Vec<Value>,
    _writer: Option<OwnedMutexGuard<()>>,
}

impl<DB: Backend> Opened<DB> {
    async fn commit(self, records: Vec<ProducerRecord>) -> Result<(), OutboxError> {
        let mut transaction = self.transaction.back()?;
        let written = async {
            // A database rolls back a transaction in which a statement has failed: PostgreSQL without an error of `COMMIT`,
            // and SQLite at once, so that all later statements are outside of it. Then the entry of the inbox is gone.
            let noted = DB::rows(&mut transaction, NOTED, self.event, &[Kind::Number]).await;
            if noted.map_err(OutboxError::in_transaction)?.is_empty() {
                return Err(OutboxErrorKind::RolledBack.into());
            }
            for record in &records {
                self.outbox.add_record(&mut transaction, record).await?;
            }
            Ok(())
        };
        if let Err(error) = written.await {
            self.outbox.roll_back(transaction).await;
            return Err(error);
        }
        self.outbox.finish(transaction).await?;
        self.outbox.clean_soon();
        Ok(())
    }
}

impl<DB: Backend> Open for Opened<DB> {
    fn lend(&mut self) -> Lent {
        Box::new(self.transaction.lend())
    }

    fn commit(self: Box<Self>, records: Vec<ProducerRecord>) -> Boxed<'static, Result<(), Failure>> {
        Box::pin(async move { (*self).commit(records).await.map_err(failure) })
    }

    fn roll_back(self: Box<Self>) -> Boxed<'static, ()> {
        Box::pin(async move {
            if let Ok(transaction) = self.transaction.back() {
                self.outbox.roll_back(transaction).await;
            }
        })
    }
}

/// The end of a message whose result could not be committed. If it is not known whether it was, the inbox knows.
fn failure(error: OutboxError) -> Failure {
    if error.is_fault_of_handler() { Failure::retry(error) } else { Failure::unavailable(error) }
}

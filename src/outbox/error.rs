//! Errors of the outbox, and of databases.

use std::error::Error;
use std::fmt;

use crate::kafka::SendError;

/// An event that could not be put into an outbox, or an outbox whose database failed.
///
/// In a handler, `?` makes a [`Failure`](crate::kafka::Failure) of it: an invalid event is rejected, and a database that is
/// away makes the message wait.
///
/// ```
/// use event_schema::outbox::OutboxError;
/// use event_schema::kafka::Failure;
/// use event_schema::sqlx;
///
/// let error = OutboxError::from(sqlx::Error::PoolTimedOut);
/// assert!(error.is_unavailable() && !error.is_invalid());
/// assert!(Failure::from(error).is_unavailable());
/// // So does an error of sqlx itself, if it says nothing about the rows.
/// assert!(Failure::from(sqlx::Error::PoolTimedOut).is_unavailable());
/// assert!(!Failure::from(sqlx::Error::RowNotFound).is_unavailable());
/// ```
#[derive(thiserror::Error)]
#[error(transparent)]
pub struct OutboxError(Box<OutboxErrorKind>);

#[derive(Debug, thiserror::Error)]
pub(super) enum OutboxErrorKind {
    #[error("the event cannot be put into the outbox")]
    Record(#[source] SendError),
    #[error("the database of the outbox failed")]
    Database(#[source] sqlx::Error),
    #[error("the database of the outbox did not confirm the commit")]
    Commit(#[source] sqlx::Error),
    #[error("the transaction was rolled back, because a statement in it failed; return the error of that statement")]
    RolledBack,
    #[error("another task still has the transaction of the handler")]
    Kept,
    #[cfg(feature = "axum08")]
    #[error("an answer in the table `event_answer` is not as this library writes it")]
    Answer,
    #[error("the relay cannot send any more: its producer was closed")]
    Closed,
}

impl OutboxError {
    /// Whether the event breaks its own rules; see [`SendError::is_invalid`].
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        matches!(&*self.0, OutboxErrorKind::Record(error) if error.is_invalid())
    }

    /// Whether the database is away, or too busy: the same call may succeed later.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.database().is_some_and(is_unavailable)
    }

    /// Whether nobody knows if the transaction was committed, because the database did not answer to
    /// [`Outbox::commit`](super::Outbox::commit). After any other error, nothing was committed.
    ///
    /// ```
    /// use event_schema::outbox::OutboxError;
    /// use event_schema::sqlx;
    ///
    /// assert!(!OutboxError::from(sqlx::Error::PoolTimedOut).is_unknown());
    /// ```
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        matches!(&*self.0, OutboxErrorKind::Commit(_))
    }

    /// Whether a statement in the transaction had failed, and its error was not returned, so that the database has rolled the
    /// transaction back. With SQLite also, whether there was no transaction.
    ///
    /// ```
    /// use event_schema::outbox::OutboxError;
    /// use event_schema::sqlx;
    ///
    /// assert!(!OutboxError::from(sqlx::Error::PoolTimedOut).is_rolled_back());
    /// ```
    #[must_use]
    pub fn is_rolled_back(&self) -> bool {
        matches!(&*self.0, OutboxErrorKind::RolledBack)
    }

    pub(super) fn database(&self) -> Option<&sqlx::Error> {
        match &*self.0 {
            OutboxErrorKind::Database(error) | OutboxErrorKind::Commit(error) => Some(error),
            _ => None,
        }
    }

    /// The error of a statement at the end of a handler's transaction.
    pub(super) fn in_transaction(error: sqlx::Error) -> Self {
        if is_aborted(&error) { OutboxErrorKind::RolledBack.into() } else { error.into() }
    }

    /// Whether the message is to be retried, and not the database.
    pub(super) fn is_fault_of_handler(&self) -> bool {
        matches!(&*self.0, OutboxErrorKind::RolledBack | OutboxErrorKind::Kept)
            || self.database().is_some_and(is_of_rows)
    }

    /// The error of an event, if it is one.
    #[cfg(feature = "axum08")]
    pub(crate) fn into_send_error(self) -> Result<SendError, Self> {
        match *self.0 {
            OutboxErrorKind::Record(error) => Ok(error),
            kind => Err(kind.into()),
        }
    }
}

impl fmt::Debug for OutboxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::error::debug_as_text(self, f)
    }
}

impl From<OutboxErrorKind> for OutboxError {
    fn from(kind: OutboxErrorKind) -> Self {
        Self(Box::new(kind))
    }
}

impl From<SendError> for OutboxError {
    fn from(error: SendError) -> Self {
        OutboxErrorKind::Record(error).into()
    }
}

impl From<sqlx::Error> for OutboxError {
    fn from(error: sqlx::Error) -> Self {
        OutboxErrorKind::Database(error).into()
    }
}

/// Whether an error, or one of its causes, says that a database is away or too busy.
pub(crate) fn is_outage(error: &(dyn Error + 'static)) -> bool {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.filter_map(|error| error.downcast_ref()).any(is_unavailable)
}

/// Whether it says nothing about the statement or its rows, so that it would fail for others, too.
fn is_unavailable(error: &sqlx::Error) -> bool {
    use sqlx::Error as E;
    match error {
        E::Io(_) | E::Tls(_) | E::PoolTimedOut | E::PoolClosed | E::WorkerCrashed | E::BeginFailed => true,
        E::Database(error) => error.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

fn is_outage_code(code: &str) -> bool {
    // SQLite's are short numbers, PostgreSQL's SQLSTATE has five characters.
    if code.len() < 5 {
        // Extended codes have more in the higher bits.
        code.parse::<u32>().is_ok_and(|code| SQLITE_CODES.contains(&(code & 0xff)))
    } else {
        CLASSES.iter().any(|class| code.starts_with(class)) || CODES.contains(&code)
    }
}

/// Busy, locked, input or output, disk full, cannot open.
const SQLITE_CODES: [u32; 5] = [5, 6, 10, 13, 14];

/// Classes of PostgreSQL's codes.
const CLASSES: [&str; 4] = [
    "08", // connection
    "28", // password, which may be about to change
    "53", // resources
    "58", // system
];

const CODES: [&str; 9] = [
    "25006", // read only: a standby
    "3D000", // no such database
    "40001", // serialization
    "40P01", // deadlock
    "55P03", // lock not available
    "57P01", // shut down by an administrator
    "57P02", // shut down by a crash
    "57P03", // starting
    "57P05", // idle for too long
];

/// Whether a statement before has failed.
fn is_aborted(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "25P02")
}

/// Whether it is the fault of what the handler has written: a constraint that is checked at the end.
fn is_of_rows(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| match code.len() {
        // SQLite's constraints.
        0..5 => code.parse::<u32>().is_ok_and(|code| code & 0xff == 19),
        _ => code.starts_with("23"),
    })
}

/// Whether the database has said that it did not commit.
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    // 08 is a pooler's that has lost the database, and 40003 says that it is unknown.
    let is_unknown = |code: &str| code.starts_with("08") || code == "40003";
    error.as_database_error().is_some_and(|error| !error.code().is_some_and(|code| is_unknown(&code)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outages_are_told_from_faults_of_statements() {
        for code in ["5", "517", "6", "262", "13", "08006", "28P01", "40001", "40P01", "53300", "57P01"] {
            assert!(is_outage_code(code), "{code}");
        }
        for code in ["1", "19", "2067", "1555", "23505", "22021", "42P01", "57014", "25P02"] {
            assert!(!is_outage_code(code), "{code}");
        }
    }

    #[test]
    fn an_outage_is_found_behind_an_error_of_the_service() {
        #[derive(Debug, thiserror::Error)]
        #[error("the order was not stored")]
        struct NotStored(#[source] sqlx::Error);

        assert!(is_outage(&NotStored(sqlx::Error::PoolTimedOut)));
        assert!(!is_outage(&NotStored(sqlx::Error::RowNotFound)));
        assert!(is_outage(&OutboxError::from(sqlx::Error::PoolClosed)));
    }
}

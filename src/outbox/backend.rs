//! The databases of sqlx that can hold an outbox.
//!
//! sqlx's queries are generic over the database only with a dozen bounds that every caller repeats. What the outbox needs is
//! little: three kinds of values, in and out. So each database implements that, and all else is written once.

use futures_core::future::BoxFuture;
use futures_util::TryFutureExt as _;
use sqlx::{Executor as _, Pool, Row as _};

use super::dialect::Dialect;

/// A database of sqlx that can hold an outbox: `Postgres`, `Sqlite`, or `Any`, which is one of these by its URL.
///
/// ```
/// use event_schema::outbox::Backend;
///
/// fn is_backend<DB: Backend>() -> bool { true }
/// assert!(is_backend::<event_schema::sqlx::Any>());
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot hold an outbox",
    note = "`Postgres` with the feature `sqlx08-postgres`, `Sqlite` with `sqlx08-sqlite`, and `Any` can"
)]
pub trait Backend: sealed::Backend {}

impl<DB: sealed::Backend> Backend for DB {}

pub(super) mod sealed {
    use super::{BoxFuture, Column, Dialect, Kind, Listen, Pool, Value};

    pub trait Backend: sqlx::Database + Sized {
        fn dialect(pool: &Pool<Self>) -> Dialect;

        /// None if the database sends no notifications.
        fn listen(pool: &Pool<Self>) -> Option<Listen>;

        /// Runs statements without parameters.
        fn script<'a>(connection: &'a mut Self::Connection, sql: &'a str) -> BoxFuture<'a, sqlx::Result<()>>;

        /// Returns the number of rows that were changed.
        fn execute<'a>(
            connection: &'a mut Self::Connection,
            sql: &'a str,
            values: Vec<Value>,
        ) -> BoxFuture<'a, sqlx::Result<u64>>;

        /// Returns the columns of each row.
        fn rows<'a>(
            connection: &'a mut Self::Connection,
            sql: &'a str,
            values: Vec<Value>,
            columns: &'static [Kind],
        ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Column>>>>;
    }
}

/// A parameter or a column.
#[derive(Debug, Clone)]
pub enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

/// A list as one parameter.
pub(super) fn json<T: serde::Serialize>(list: &[T]) -> Value {
    Value::Text(Some(serde_json::to_string(list).expect("numbers and texts are JSON")))
}

/// A column of a row; none if it has another type. SQLite keeps values of all types in all columns, and whoever writes a row
/// by hand is not to keep the others from being read.
pub(super) type Column = Option<Value>;

/// The type of a column.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    Number,
    Text,
    Bytes,
}

/// How the connection for notifications is made.
#[cfg(feature = "sqlx08-postgres")]
pub(crate) type Listen = sqlx::postgres::PgConnectOptions;
#[cfg(not(feature = "sqlx08-postgres"))]
pub(crate) type Listen = std::convert::Infallible;

macro_rules! backend {
    ($database:ty, $dialect:expr, $listen:expr) => {
        impl sealed::Backend for $database {
            fn dialect(pool: &Pool<Self>) -> Dialect {
                $dialect(pool)
            }

            fn listen(pool: &Pool<Self>) -> Option<Listen> {
                $listen(pool)
            }

            fn script<'a>(connection: &'a mut Self::Connection, sql: &'a str) -> BoxFuture<'a, sqlx::Result<()>> {
                Box::pin(connection.execute(sqlx::raw_sql(sql)).map_ok(drop))
            }

            fn execute<'a>(
                connection: &'a mut Self::Connection,
                sql: &'a str,
                values: Vec<Value>,
            ) -> BoxFuture<'a, sqlx::Result<u64>> {
                Box::pin(async move {
                    let mut query = sqlx::query::<$database>(sql);
                    for value in values {
                        query = match value {
                            Value::Number(number) => query.bind(number),
                            Value::Text(text) => query.bind(text),
                            Value::Bytes(bytes) => query.bind(bytes),
                        };
                    }
                    Ok(query.execute(connection).await?.rows_affected())
                })
            }

            fn rows<'a>(
                connection: &'a mut Self::Connection,
                sql: &'a str,
                values: Vec<Value>,
                columns: &'static [Kind],
            ) -> BoxFuture<'a, sqlx::Result<Vec<Vec<Column>>>> {
                Box::pin(async move {
                    let mut query = sqlx::query::<$database>(sql);
                    for value in values {
                        query = match value {
                            Value::Number(number) => query.bind(number),
                            Value::Text(text) => query.bind(text),
                            Value::Bytes(bytes) => query.bind(bytes),
                        };
                    }
                    let rows = query.fetch_all(connection).await?;
                    let read = |row: &<$database as sqlx::Database>::Row| {
                        let values = columns.iter().enumerate().map(|(index, kind)| {
                            let value = match kind {
                                Kind::Number => row.try_get(index).map(Value::Number),
                                Kind::Text => row.try_get(index).map(Value::Text),
                                Kind::Bytes => row.try_get(index).map(Value::Bytes),
                            };
                            match value {
                                Err(sqlx::Error::ColumnDecode { .. }) => Ok(None),
                                value => value.map(Some),
                            }
                        });
                        values.collect::<sqlx::Result<Vec<Column>>>()
                    };
                    rows.iter().map(read).collect()
                })
            }
        }
    };
}

#[cfg(feature = "sqlx08-postgres")]
backend!(sqlx::Postgres, |_| Dialect::Postgres, |pool: &Pool<sqlx::Postgres>| Some((*pool.connect_options()).clone()));

#[cfg(feature = "sqlx08-sqlite")]
backend!(sqlx::Sqlite, |_| Dialect::Sqlite, |_| None);

backend!(sqlx::Any, of_any, listen_of_any);

fn of_any(pool: &Pool<sqlx::Any>) -> Dialect {
    match pool.connect_options().database_url.scheme() {
        "postgres" | "postgresql" => Dialect::Postgres,
        "sqlite" => Dialect::Sqlite,
        other => panic!("a database of `{other}` cannot hold an outbox: PostgreSQL and SQLite can"),
    }
}

fn listen_of_any(pool: &Pool<sqlx::Any>) -> Option<Listen> {
    #[cfg(feature = "sqlx08-postgres")]
    if of_any(pool) == Dialect::Postgres {
        return pool.connect_options().database_url.as_str().parse().ok();
    }
    let _ = pool;
    None
}

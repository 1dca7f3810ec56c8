//! PostgreSQL's notifications of committed rows.

use tokio::task::JoinHandle;

use super::backend::Backend;
use super::outbox::Outbox;

/// A task that wakes the relay; it ends when this is dropped.
pub(super) struct Listening(Option<JoinHandle<()>>);

impl Listening {
    pub(super) fn start<DB: Backend>(outbox: &Outbox<DB>) -> Self {
        #[cfg(feature = "sqlx08-postgres")]
        if let Some(options) = DB::listen(outbox.pool()) {
            return Self(Some(tokio::spawn(listen(options, outbox.clone()))));
        }
        let _ = outbox;
        Self(None)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        if let Some(task) = &self.0 {
            task.abort();
        }
    }
}

/// Polling finds the rows while this does not work.
#[cfg(feature = "sqlx08-postgres")]
async fn listen<DB: Backend>(options: sqlx::postgres::PgConnectOptions, outbox: Outbox<DB>) {
    use std::time::Duration;

    use sqlx::postgres::{PgListener, PgPoolOptions};

    const PAUSE: Duration = Duration::from_secs(5);
    // A connection beside the pool, whose last one it might take.
    let pool = PgPoolOptions::new().max_connections(1).idle_timeout(None).max_lifetime(None).connect_lazy_with(options);
    loop {
        let listening = async {
            let mut listener = PgListener::connect_with(&pool).await?;
            listener.listen(super::dialect::CHANNEL).await?;
            loop {
                // Also when it has just been connected: notifications before that are lost.
                outbox.wake();
                listener.try_recv().await?;
            }
        };
        let ended: Result<(), sqlx::Error> = listening.await;
        if let Err(error) = ended {
            tracing::debug!("the outbox gets no notifications, next attempt in {PAUSE:?}: {error}");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

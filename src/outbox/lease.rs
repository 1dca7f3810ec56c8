//! The right to send: of one relay at a time, for a while.
//!
//! It is a row of the database, and its clock is the database's. The relay that has it renews it; one that was killed does
//! not. PostgreSQL's advisory locks would end with their connection, but SQLite has none, and a connection through a
//! pooler is not one's own.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::backend::{Backend, Value};
use super::dialect::STEP_DOWN;
use super::outbox::Outbox;

/// The name of the lease: there is one for an outbox.
const NAME: &str = "outbox";

pub(super) struct Lease {
    owner: String,
    time: Duration,
    until: watch::Sender<Instant>,
}

impl Lease {
    pub(super) fn new(time: Duration) -> Self {
        Self { owner: Uuid::now_v7().to_string(), time, until: watch::Sender::new(Instant::now()) }
    }

    /// Whether this relay has it now.
    pub(super) async fn take<DB: Backend>(&self, outbox: &Outbox<DB>) -> sqlx::Result<bool> {
        self.ask(outbox, &outbox.dialect().lead()).await
    }

    /// Whether nobody else has had it since. It may have ended meanwhile.
    pub(super) async fn renew<DB: Backend>(&self, outbox: &Outbox<DB>) -> sqlx::Result<bool> {
        self.ask(outbox, &outbox.dialect().renew()).await
    }

    async fn ask<DB: Backend>(&self, outbox: &Outbox<DB>, sql: &str) -> sqlx::Result<bool> {
        // The database counts from later.
        let asked = Instant::now();
        let time = i64::try_from(self.time.as_millis()).unwrap_or(i64::MAX / 2);
        let values = vec![text(NAME), text(&self.owner), Value::Number(Some(time))];
        let is_ours = outbox.change(sql, values).await? > 0;
        if is_ours {
            self.until.send_replace(asked + self.time);
        }
        Ok(is_ours)
    }

    /// Lets another relay have it at once.
    pub(super) async fn give_up<DB: Backend>(&self, outbox: &Outbox<DB>) -> sqlx::Result<()> {
        self.until.send_replace(Instant::now());
        outbox.change(STEP_DOWN, vec![text(NAME), text(&self.owner)]).await.map(drop)
    }

    /// When it is to be renewed: after a third of its time, so that two attempts may fail.
    pub(super) fn due(&self) -> Instant {
        *self.until.borrow() - self.time / 3 * 2
    }

    /// A view for the tasks that send.
    pub(super) fn watch(&self) -> Held {
        Held(self.until.subscribe())
    }
}

fn text(text: &str) -> Value {
    Value::Text(Some(text.to_owned()))
}

/// Whether the lease is still held.
#[derive(Clone)]
pub(super) struct Held(watch::Receiver<Instant>);

impl Held {
    /// Waits until it is.
    pub(super) async fn wait(&mut self) {
        // The sender outlives the tasks that send.
        let _ = self.0.wait_for(|until| Instant::now() < *until).await;
    }
}

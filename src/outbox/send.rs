//! One row on its way to the brokers.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use super::lease::Held;
use super::row::Row;
use crate::kafka::{EventProducer, ProducerRecord, Refusal, SendError};

/// The end of a row.
pub(super) enum Sent {
    Acknowledged,
    Refused(Refusal, String),
    /// The producer was closed.
    Closed,
}

/// Sends a row until it is stored or refused. If it is unknown whether it is stored, it is sent again: consumers recognise
/// it by its id.
pub(super) async fn send(producer: EventProducer, row: Row, mut held: Held, said: &Said) -> (Row, Sent) {
    let Some(record) = &row.record else {
        return (row, Sent::Refused(Refusal::Record, "the row is not as this library writes it".to_owned()));
    };
    let mut pause = Pause::default();
    loop {
        held.wait().await;
        let error = match acknowledged(&producer, record, said).await {
            Ok(()) => return (row, Sent::Acknowledged),
            Err(error) => error,
        };
        if error.is_closed() {
            return (row, Sent::Closed);
        }
        if let Some(refusal) = error.refusal() {
            return (row, Sent::Refused(refusal, error.to_string()));
        }
        said.once_in_a_while(|| tracing::warn!("an event of the outbox is sent again: {error}"));
        tokio::time::sleep(pause.next()).await;
    }
}

async fn acknowledged(producer: &EventProducer, record: &ProducerRecord, said: &Said) -> Result<(), SendError> {
    const LONG: Duration = Duration::from_secs(3);
    let mut sending = std::pin::pin!(producer.send_record(record));
    let sent = tokio::select! {
        biased;
        sent = &mut sending => sent,
        () = tokio::time::sleep(LONG) => {
            let topic = record.topic();
            said.once_in_a_while(|| tracing::warn!("an event of the outbox is not acknowledged yet by `{topic}`"));
            sending.await
        }
    };
    sent.map(drop)
}

/// Pauses that become longer, each different from those of others.
#[derive(Default)]
pub(super) struct Pause(Duration);

impl Pause {
    pub(super) fn next(&mut self) -> Duration {
        const FIRST: Duration = Duration::from_millis(100);
        const LONGEST: Duration = Duration::from_secs(10);
        self.0 = (self.0 * 2).clamp(FIRST, LONGEST);
        self.0.mul_f64(0.5 + fastrand::f64() / 2.0)
    }

    pub(super) fn reset(&mut self) {
        self.0 = Duration::ZERO;
    }
}

/// Keeps a thousand rows with the same trouble from filling the log.
#[derive(Default)]
pub(super) struct Said(Mutex<Option<Instant>>);

impl Said {
    pub(super) fn once_in_a_while(&self, say: impl FnOnce()) {
        const WHILE: Duration = Duration::from_secs(10);
        let mut last = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if last.is_none_or(|last| last.elapsed() > WHILE) {
            *last = Some(Instant::now());
            drop(last);
            say();
        }
    }
}

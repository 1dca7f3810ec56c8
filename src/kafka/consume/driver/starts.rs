//! The search for the offsets where partitions start, on a thread of its own: meanwhile the consumer is polled, and other
//! partitions are read.

use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, SystemTime};

use rdkafka::error::{KafkaError, KafkaResult};

use super::super::core::Partition;
use super::super::session::{Trouble, Why};
use super::connection::Connection;
use super::held::Question;
use super::offsets;
use super::shared::Shared;
use crate::kafka::client::thread::spawn;
use crate::kafka::error::ConsumeErrorKind;
use crate::kafka::message::Place;

/// The time for each answer, and the pause after a failure: longer each time. A close may have to wait for an answer.
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(10);

/// Finds out where the partitions start: at their commit, or without one at this time.
pub(super) fn look_up(connection: Weak<Connection>, shared: &Arc<Shared>, time: SystemTime, question: Question) {
    let shared = Arc::clone(shared);
    let Question { number, partitions } = question;
    let search = Search { connection, shared, time, question: number, has_told: false };
    spawn("event-schema starts", move || search.run(partitions));
}

struct Search {
    connection: Weak<Connection>,
    shared: Arc<Shared>,
    time: SystemTime,
    question: u64,
    has_told: bool,
}

impl Search {
    fn run(mut self, mut partitions: Vec<Partition>) {
        let mut patience = FIRST;
        loop {
            let Some(open) = self.open(partitions) else { return };
            partitions = self.ask(open, patience);
            if partitions.is_empty() {
                return;
            }
            // It ends with the client, which nobody wakes it for.
            thread::sleep(patience / 4);
            patience = LONGEST.min(patience * 2);
        }
    }

    /// The partitions that are still to be found, unless the consumer closes.
    fn open(&self, partitions: Vec<Partition>) -> Option<Vec<(Partition, Place)>> {
        let state = self.shared.lock();
        let is_open = state.session.closing().is_none() && !state.session.is_over();
        let partitions = partitions.into_iter().filter(|partition| state.held.awaits(*partition, self.question));
        is_open.then(|| partitions.map(|partition| (partition, state.place(partition).clone())).collect())
    }

    /// Asks for all at once and, if that fails, for each by itself: one that nobody knows does not hold up the others.
    /// Those that are still to be found.
    fn ask(&mut self, open: Vec<(Partition, Place)>, patience: Duration) -> Vec<Partition> {
        let (partitions, places): (Vec<_>, Vec<_>) = open.into_iter().unzip();
        let answers = match self.starts(&places, patience) {
            None => return Vec::new(),
            Some(Ok(answers)) => answers,
            Some(Err(error)) if places.len() < 2 => vec![Err(error)],
            Some(Err(_)) => {
                let one = |place| self.starts(std::slice::from_ref(place), patience);
                let each = places.iter().map_while(one);
                each.filter_map(|answer| answer.map_or_else(|error| Some(Err(error)), |mut one| one.pop())).collect()
            }
        };
        let (mut rest, mut names, mut last) = (Vec::new(), Vec::new(), None);
        for ((partition, place), answer) in partitions.into_iter().zip(places).zip(answers) {
            match answer {
                Ok(offset) => self.tell(partition, &place, offset),
                Err(error) => {
                    rest.push(partition);
                    names.push(place.to_string());
                    last = Some(error);
                }
            }
        }
        if let Some(error) = last {
            tracing::warn!("{} cannot start, because the brokers do not say where: {error}", names.join(", "));
            self.tell_rights(&error);
        }
        rest
    }

    /// A missing right is none that comes by itself: the consumer learns of it, once.
    fn tell_rights(&mut self, error: &KafkaError) {
        let Some(code) = error.rdkafka_error_code() else { return };
        let kind = ConsumeErrorKind::Receive(code);
        if kind.unauthorized().is_none() || std::mem::replace(&mut self.has_told, true) {
            return;
        }
        let trouble = Trouble { code, why: Why::Unauthorized };
        if self.shared.lock().session.fail(trouble, self.shared.now()) {
            tracing::error!("{kind}");
            self.shared.supervisor.notify_one();
        }
    }

    /// Nothing if the client is gone.
    fn starts(&self, places: &[Place], patience: Duration) -> Option<KafkaResult<Vec<KafkaResult<i64>>>> {
        let connection = self.connection.upgrade()?;
        Some(offsets::starts(&connection.consumer, places, self.time, patience))
    }

    fn tell(&self, partition: Partition, place: &Place, offset: i64) {
        let mut state = self.shared.lock();
        if state.held.awaits(partition, self.question) {
            tracing::info!("{place} starts at offset {offset}");
            state.held.start_at(partition, offset, self.shared.now());
            drop(state);
            self.shared.wake();
        }
    }
}

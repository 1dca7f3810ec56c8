//! The thread that polls.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::Duration;

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};

use super::super::core::{Incoming, Limit, Partition};
use super::super::raw::{Packer, Raw};
use super::super::session::{Closing, Trouble, Why};
use super::connection::Connection;
use super::leave;
use super::nap::NAP;
use super::perform::{perform, tick};
#[cfg(feature = "metrics024")]
use super::report::Report;
use super::resets::Reset;
use super::shared::Shared;
use super::starts;
use super::topics::Awaited;
use super::under_way;
use crate::kafka::client::native;
use crate::kafka::error::ConsumeErrorKind;

/// The maximum number of messages that go to the core at once.
const BURST: usize = 1024;
const BURST_BYTES: usize = 1 << 20;

/// How much may wait to be freed.
const SPENT_BYTES: usize = 4 << 20;

/// The thread that polls.
pub(super) struct Poller {
    pub(super) connection: Arc<Connection>,
    pub(super) shared: Arc<Shared>,
    /// Topic (where librdkafka keeps it), partition and number of the last message: many in a row have the
    /// same.
    pub(super) last: Option<(usize, i32, Partition)>,
    pub(super) packer: Packer,
    /// The offsets that were to come next, of partitions that do not have them, and when that was, counted in
    /// [revocations](Shared::revocations).
    pub(super) gaps: HashMap<Partition, (i64, u64)>,
    /// The offset that the caller of a seek asked for last, by partition.
    pub(super) sought: HashMap<Partition, i64>,
    pub(super) ticked: Duration,
    pub(super) awaited: Awaited,
    #[cfg(feature = "metrics024")]
    pub(super) report: Report,
    pub(super) is_static: bool,
    pub(super) is_kip_848: bool,
}

/// Messages that were copied and are yet to be freed: not each by itself, since the thread of librdkafka that
/// makes them holds the lock of the allocator just as often, and not while it reads what the broker has sent.
#[derive(Default)]
pub(super) struct Spent<'a> {
    pub(super) messages: Vec<BorrowedMessage<'a>>,
    pub(super) bytes: usize,
}

impl Poller {
    pub(super) fn run(mut self) {
        self.shared.poll_here();
        let over = Over(Arc::clone(&self.shared));
        let connection = Arc::clone(&self.connection);
        let mut burst = Vec::with_capacity(BURST);
        let mut spent = Spent::default();
        while let Some(nap) = self.round(&connection, &mut burst, &mut spent) {
            if spent.bytes >= SPENT_BYTES || !nap.is_zero() {
                spent = Spent::default();
            }
            if !nap.is_zero() {
                thread::park_timeout(nap);
            }
        }
        drop(spent);
        let consumer = &self.connection.consumer;
        let all = self.shared.lock_here().session.partitions();
        consumer.context().let_go(consumer, &all);
        if all.is_empty() {
            leave::say_goodbye(consumer, &self.shared, self.is_static, self.is_kip_848);
        }
        #[cfg(feature = "metrics024")]
        self.report.publish(&self.shared, &self.connection, true);
        drop(over);
        // The last but for a commit under way: here or there, the group is left.
    }

    /// Polls, tells the core, and does what it says. How long there is nothing to do, unless woken; `None`
    /// at the end.
    pub(super) fn round<'a>(
        &mut self,
        connection: &'a Connection,
        burst: &mut Vec<Incoming<Raw>>,
        spent: &mut Spent<'a>,
    ) -> Option<Duration> {
        // In a statement of its own, which gives the lock up.
        let (has_room, share, seek, questions) = {
            let mut state = self.shared.lock_here();
            (!state.full.is_awaited(), state.session.share(), state.seeks.pop_front(), state.held.questions())
        };
        if let Some(time) = connection.consumer.context().start_at {
            for question in questions {
                starts::look_up(Arc::downgrade(&self.connection), &self.shared, time, question);
            }
        }
        // One in each round: it may take as long as a rebalance.
        if let Some(seek) = seek {
            self.seek(seek);
        }
        self.move_on();
        self.note_gaps();
        let again = has_room && self.poll(connection, share, burst, spent);
        // Under KIP-848 no callback tells a member that there is no partition for it.
        let has_joined = self.is_kip_848
            && !self.shared.lock_here().session.has_joined()
            && native::has_joined(&self.connection.consumer);
        let mut state = self.shared.lock_here();
        if has_joined {
            state.session.join();
        }
        let now = self.shared.now();
        for incoming in burst.drain(..) {
            state.receive(incoming, now);
        }
        if let Some(topics) = state.topics.take() {
            let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
            if let Err(error) = self.connection.consumer.subscribe(&topics) {
                tracing::error!("not subscribed to {topics:?}: {error}");
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                state.session.fail(Trouble { code, why: Why::Fatal }, now);
            }
        }
        if state.session.next_tick() <= now || self.ticked + NAP <= now {
            tick(&self.shared, &mut state);
            self.ticked = now;
        }
        let consumer = &self.connection.consumer;
        perform(&self.shared, &mut state, consumer);
        // librdkafka does not tell again of messages that have been there all the time.
        let again = again || !has_room && !state.full.is_awaited();
        if state.session.closing().is_some() {
            self.shared.count_revocation();
            if state.session.wind_up(now) {
                return None;
            }
        }
        let mut until = state.session.next_tick().min(self.ticked + NAP);
        until = state.full.next().into_iter().chain(state.held.next()).fold(until, Duration::min);
        let again = again || !state.seeks.is_empty();
        if let Some(Closing { hands_until, .. }) = state.session.closing() {
            until = until.min(hands_until);
        }
        // The thread polls again before it sleeps if more may be there.
        state.session.sleep(if again { now } else { until });
        let nap = until.saturating_sub(now);
        let commits = state.commits.start();
        drop(state);
        #[cfg(feature = "metrics024")]
        self.report.publish(&self.shared, &self.connection, false);
        if commits {
            under_way::start(&self.connection, &self.shared);
        }
        Some(if again { Duration::ZERO } else { nap })
    }

    /// Fills the burst with the messages that are there, up to the next callback: it may revoke partitions, and the
    /// core must know the messages before the partitions come back. Whether there may be more.
    pub(super) fn poll<'a>(
        &mut self,
        connection: &'a Connection,
        share: Limit,
        burst: &mut Vec<Incoming<Raw>>,
        spent: &mut Spent<'a>,
    ) -> bool {
        // All of it may be of one partition, which is to hold no more than its share.
        let most = Limit { records: BURST.min(share.records), bytes: BURST_BYTES.min(share.bytes) };
        let called = &connection.consumer.context().called;
        let (mut bytes, mut sealed) = (0, 0);
        let more = loop {
            if burst.len() >= most.records || bytes >= most.bytes {
                break true;
            }
            match connection.consumer.poll(Duration::ZERO) {
                Some(Ok(message)) => {
                    if self.packer.is_full(&message) {
                        self.seal(&mut burst[sealed..]);
                        sealed = burst.len();
                    }
                    let incoming = self.incoming(&message);
                    bytes += incoming.bytes;
                    spent.bytes += incoming.bytes;
                    burst.push(incoming);
                    spent.messages.push(message);
                }
                Some(Err(error)) => self.fail(error),
                None if called.swap(false, Ordering::Relaxed) => {
                    self.last = None;
                    break true;
                }
                None => break !burst.is_empty(),
            }
        };
        self.seal(&mut burst[sealed..]);
        more
    }

    pub(super) fn seal(&mut self, packed: &mut [Incoming<Raw>]) {
        if !packed.is_empty() {
            self.packer.seal(packed.iter_mut().map(|incoming| &mut incoming.message));
        }
    }

    pub(super) fn incoming(&mut self, message: &BorrowedMessage<'_>) -> Incoming<Raw> {
        let (topic, partition) = (message.topic_ptr().addr(), message.partition());
        let number = match self.last {
            Some((same, also, number)) if same == topic && also == partition => number,
            _ => {
                let number = self.shared.lock_here().number(message.topic(), partition);
                self.last = Some((topic, partition, number));
                number
            }
        };
        if !self.gaps.is_empty()
            && let Some((expected, revocations)) = self.gaps.remove(&number)
            && revocations == self.shared.revocations()
        {
            self.tell_gap(number, expected, message.offset());
        }
        let raw = self.packer.pack(message);
        Incoming {
            partition: number,
            offset: message.offset(),
            leader_epoch: native::leader_epoch(message),
            key: None,
            bytes: raw.size(),
            tried: 0,
            origin: None,
            due: None,
            message: raw,
        }
    }

    /// Notes where librdkafka could not go on.
    pub(super) fn note_gaps(&mut self) {
        let resets = &self.connection.consumer.context().resets;
        let resets = std::mem::take(&mut *resets.lock().unwrap_or_else(PoisonError::into_inner));
        for Reset { place: (topic, partition), offset } in resets {
            let number = self.shared.lock_here().number(&topic, partition);
            if self.sought.get(&number) == Some(&offset) {
                // Whoever asked for it may not know what there is.
                tracing::warn!("{topic}/{partition}@{offset}: no such message; the partition continues at another");
            } else {
                self.gaps.insert(number, (offset, self.shared.revocations()));
            }
        }
    }

    /// Logs that the expected offset is gone, or never existed, and that the partition continues at another.
    pub(super) fn tell_gap(&self, number: Partition, expected: i64, first: i64) {
        let lost = u64::try_from(first - expected).unwrap_or(0);
        let place = {
            let mut state = self.shared.lock_here();
            state.session.count_lost(number, lost);
            state.place(number).clone()
        };
        if lost > 0 {
            tracing::warn!(
                "{place}@{expected}: deleted, with all before offset {first}: at most {lost} messages are lost"
            );
        } else {
            tracing::warn!("{place}@{expected}: the offset does not exist; continuing at offset {first}");
        }
    }

    pub(super) fn fail(&self, error: KafkaError) {
        let (code, is_fatal) = match error {
            KafkaError::PartitionEOF(_) => return,
            // Messages are gone, and `auto.offset.reset` says that it is not to go on without them: as good as fatal.
            KafkaError::MessageConsumptionFatal(code)
            | KafkaError::MessageConsumption(code @ RDKafkaErrorCode::AutoOffsetReset) => (code, true),
            // The monitor has logged it with its reason.
            error => match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::UnknownTopic | RDKafkaErrorCode::UnknownTopicOrPartition) => {
                    return self.awaited.wait(Arc::downgrade(&self.connection));
                }
                Some(code) if !is_waited_for(code) => (code, false),
                _ => return,
            },
        };
        let kind = if is_fatal { ConsumeErrorKind::Fatal(code) } else { ConsumeErrorKind::Receive(code) };
        let why = match (is_fatal, kind.unauthorized().is_some()) {
            (true, true) => Why::FatallyUnauthorized,
            (true, false) => Why::Fatal,
            (false, true) => Why::Unauthorized,
            (false, false) => Why::Passing,
        };
        if self.shared.lock_here().session.fail(Trouble { code, why }, self.shared.now()) {
            tracing::error!("{kind}");
            self.shared.supervisor.notify_one();
        }
    }
}

/// Says that the polling thread is at its end, also if it panics.
pub(super) struct Over(pub(super) Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        let waiters = {
            let mut state = self.0.lock();
            state.session.end();
            // Nobody commits any more, or seeks.
            (state.commits.take(), std::mem::take(&mut state.seeks), std::mem::take(&mut state.held))
        };
        drop(waiters);
        self.0.supervisor.notify_one();
    }
}

/// Whether an error passes by itself, or is none of the caller's: brokers that come back, a topic
/// that is yet to be made, a group that is joined again.
pub(super) fn is_waited_for(code: RDKafkaErrorCode) -> bool {
    use RDKafkaErrorCode as C;
    matches!(
        code,
        C::AllBrokersDown
            | C::BrokerTransportFailure
            | C::Resolve
            | C::SSL
            | C::OperationTimedOut
            | C::RequestTimedOut
            | C::UnknownTopic
            | C::UnknownPartition
            | C::UnknownTopicOrPartition
            | C::LeaderNotAvailable
            | C::PollExceeded
    )
}

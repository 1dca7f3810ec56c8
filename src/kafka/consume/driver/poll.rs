//! The thread that polls.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message};

use super::super::core::{Incoming, Limit, Partition};
use super::super::raw::{Packer, Raw};
use super::closing::Closing;
use super::commit;
use super::connection::Connection;
use super::leave;
use super::nap::NAP;
use super::perform::perform;
use super::resets::Reset;
use super::shared::Shared;
use crate::kafka::client::native;
use crate::kafka::error::ConsumeErrorKind;

/// How many messages are told to the core at once.
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
    pub(super) ticked: Duration,
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
        let _ = self.shared.thread.set(thread::current());
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
        let all = self.shared.lock_here().core.partitions();
        consumer.context().let_go(consumer, &all);
        if all.is_empty() {
            leave::say_goodbye(consumer, &self.shared, self.is_static, self.is_kip_848);
        }
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
        let (has_room, share) = {
            let state = self.shared.lock_here();
            (!state.full.is_awaited(), state.core.share())
        };
        self.note_gaps();
        let again = has_room && self.poll(connection, share, burst, spent);
        // Under KIP-848 no callback tells a member that there is no partition for it.
        let has_joined =
            self.is_kip_848 && !self.shared.lock_here().joined && native::has_joined(&self.connection.consumer);
        let mut state = self.shared.lock_here();
        state.joined |= has_joined;
        let now = self.shared.now();
        if !burst.is_empty() {
            state.forget_refusal();
        }
        for incoming in burst.drain(..) {
            state.receive(incoming, now);
        }
        if let Some(topics) = state.topics.take() {
            let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
            if let Err(error) = self.connection.consumer.subscribe(&topics) {
                tracing::error!("not subscribed to {topics:?}: {error}");
                let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
                state.trouble = Some(ConsumeErrorKind::Fatal(code));
                self.shared.stop(&mut state);
            }
        }
        if state.core.next_tick() <= now || self.ticked + NAP <= now {
            state.core.tick(now);
            self.ticked = now;
        }
        let consumer = &self.connection.consumer;
        perform(&self.shared, &mut state, consumer);
        // librdkafka does not tell again of messages that have been there all the time.
        let again = again || !has_room && !state.full.is_awaited();
        if let Some(Closing { give_up, .. }) = state.closing {
            let all = state.core.partitions();
            self.shared.revocations.fetch_add(1, Ordering::Release);
            state.core.revoke(&all);
            state.give_back();
            // Whoever finishes something wakes this thread.
            state.awaited = true;
            if state.core.is_idle(&all) || give_up <= Instant::now() {
                return None;
            }
        }
        let mut until = state.core.next_tick().min(self.ticked + NAP);
        if let Some(pause) = state.full.next() {
            until = until.min(pause);
        }
        let mut nap = until.saturating_sub(now);
        if let Some(Closing { give_up, .. }) = state.closing {
            nap = nap.min(give_up.saturating_duration_since(Instant::now()));
        }
        let commits = state.commits.start();
        drop(state);
        if commits {
            commit::start(&self.connection, &self.shared);
        }
        Some(if again { Duration::ZERO } else { nap })
    }

    /// Fills the burst with what is there, but not beyond a callback: that may take partitions away, and what
    /// was received before is to be told to the core before they come back. Whether there may be more.
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
            key: None,
            bytes: raw.size(),
            tried: 0,
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
            self.gaps.insert(number, (offset, self.shared.revocations()));
        }
    }

    /// What was to come next is gone, or was never there, and this comes instead.
    pub(super) fn tell_gap(&self, number: Partition, expected: i64, first: i64) {
        let place = self.shared.lock_here().place(number).clone();
        match u64::try_from(first - expected) {
            Ok(lost) if lost > 0 => {
                self.shared.tally.lose(lost);
                tracing::warn!(
                    "{place}@{expected}: gone, with all before offset {first}: at most {lost} messages are lost"
                );
            }
            _ => tracing::warn!("{place}@{expected}: there is no such offset; goes on at offset {first}"),
        }
    }

    pub(super) fn fail(&self, error: KafkaError) {
        let trouble = match error {
            KafkaError::PartitionEOF(_) => return,
            // Messages are gone, and `auto.offset.reset` says that it is not to go on without them: as good as fatal.
            KafkaError::MessageConsumptionFatal(code)
            | KafkaError::MessageConsumption(code @ RDKafkaErrorCode::AutoOffsetReset) => ConsumeErrorKind::Fatal(code),
            // The monitor has logged it with its reason.
            error => match error.rdkafka_error_code() {
                Some(code) if !is_waited_for(code) => ConsumeErrorKind::Receive(code),
                _ => return,
            },
        };
        let mut state = self.shared.lock_here();
        let is_fatal = matches!(trouble, ConsumeErrorKind::Fatal(_));
        // librdkafka says it once, and waits for the right without a word.
        let refused = trouble.unauthorized();
        state.refused = state.refused.or(refused);
        if !state.seats.is_empty() {
            tracing::error!("{trouble}");
            if is_fatal || refused.is_some() {
                self.shared.stop(&mut state);
            }
        }
        if is_fatal || state.seats.is_empty() && state.fatal().is_none() {
            state.trouble = Some(trouble);
        }
    }
}

/// Says that the polling thread is at its end, also if it panics.
pub(super) struct Over(pub(super) Arc<Shared>);

impl Drop for Over {
    fn drop(&mut self) {
        let waiting = {
            let mut state = self.0.lock();
            state.over = true;
            // Nobody commits any more.
            std::mem::take(&mut state.commits.waiting)
        };
        drop(waiting);
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

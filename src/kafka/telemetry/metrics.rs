//! The metrics, by the facade of the crate `metrics`.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant, SystemTime};

use metrics::{
    Key, Label, Level, Metadata, SharedString, Unit, counter, describe_counter, describe_gauge, describe_histogram,
    gauge, with_recorder,
};

use super::measures::{Measures, PartitionMeasures};
use crate::Descriptor;

const DELIVERIES: &str = "event_schema_consumer_deliveries_total";
const LOST: &str = "event_schema_consumer_lost_messages_total";
const OTHER_TYPES: &str = "event_schema_consumer_other_types_total";
const BREAKER_OPENED: &str = "event_schema_consumer_breaker_opened_total";
const HANDLER: &str = "event_schema_consumer_handler_seconds";
const LATENCY: &str = "event_schema_consumer_latency_seconds";
const LAG: &str = "event_schema_consumer_lag_messages";
const POSITION: &str = "event_schema_consumer_position";
const PARTITIONS: &str = "event_schema_consumer_assigned_partitions";
const IN_FLIGHT: &str = "event_schema_consumer_in_flight_messages";
const BUFFERED: &str = "event_schema_consumer_buffered_messages";
const BUFFERED_BYTES: &str = "event_schema_consumer_buffered_bytes";
const WAITING: &str = "event_schema_consumer_waiting_messages";
const BREAKER_OPEN: &str = "event_schema_consumer_breaker_open";
const STALLED: &str = "event_schema_consumer_stalled_seconds";
const READY: &str = "event_schema_consumer_ready";
const SENT: &str = "event_schema_producer_messages_total";
const QUEUED: &str = "event_schema_producer_queued_messages";
const PRODUCER_READY: &str = "event_schema_producer_ready";

/// Units and descriptions. They are told to the recorder again with each client: it may have been set meanwhile.
fn describe_consumer() {
    describe_counter!(DELIVERIES, Unit::Count, "Deliveries, by outcome");
    describe_counter!(LOST, Unit::Count, "Messages that were deleted before they were received, at most");
    describe_counter!(OTHER_TYPES, Unit::Count, "Messages of other types that were passed over");
    describe_counter!(BREAKER_OPENED, Unit::Count, "How often the circuit breaker has opened");
    describe_histogram!(HANDLER, Unit::Seconds, "Time of a handler for a message");
    describe_histogram!(LATENCY, Unit::Seconds, "Time from sending a message until it is handled");
    describe_gauge!(LAG, Unit::Count, "Messages of a partition that are not finished, in memory or at the brokers");
    describe_gauge!(POSITION, Unit::Count, "Offset of the next message of a partition to finish");
    describe_gauge!(PARTITIONS, Unit::Count, "Assigned partitions");
    describe_gauge!(IN_FLIGHT, Unit::Count, "Messages in the hands of handlers, batches and dead letter producers");
    describe_gauge!(BUFFERED, Unit::Count, "Messages in memory, with those in flight");
    describe_gauge!(BUFFERED_BYTES, Unit::Bytes, "Size of the messages in memory");
    describe_gauge!(WAITING, Unit::Count, "Messages that wait for an unavailable dependency of their handler");
    describe_gauge!(BREAKER_OPEN, "Whether the circuit breaker is open");
    describe_gauge!(STALLED, Unit::Seconds, "Time for which messages wait and none is finished");
    describe_gauge!(READY, "Whether the consumer is ready");
}

fn describe_producer() {
    describe_counter!(SENT, Unit::Count, "Messages, by outcome");
    describe_gauge!(QUEUED, Unit::Count, "Messages that are not acknowledged");
    describe_gauge!(PRODUCER_READY, "Whether the open producers of this client are ready");
}

/// The keys of metrics that change with each message, so that they are not made for each: by topic, and by the value of
/// another label.
///
/// Keys, not the counters themselves: a recorder may forget a counter that was idle for long, or be set later.
#[derive(Default)]
struct Keys(RwLock<HashMap<Box<str>, KeysOfTopic>>);

type KeysOfTopic = Vec<(&'static str, Key)>;

impl Keys {
    /// The most topics whose keys are kept.
    const MOST: usize = 1000;

    fn with(&self, topic: &str, value: &'static str, make: impl FnOnce() -> Key, then: impl FnOnce(&Key)) {
        if let Some(keys) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(topic)
            && let Some((_, key)) = keys.iter().find(|(known, _)| *known == value)
        {
            return then(key);
        }
        let key = make();
        then(&key);
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if keys.len() < Self::MOST || keys.contains_key(topic) {
            keys.entry(topic.into()).or_default().push((value, key));
        }
    }
}

static METADATA: Metadata<'static> = Metadata::new(module_path!(), Level::INFO, Some(module_path!()));

fn record(key: &Key, time: Duration) {
    with_recorder(|recorder| recorder.register_histogram(key, &METADATA)).record(time.as_secs_f64());
}

#[expect(clippy::cast_precision_loss, reason = "a gauge need not be exact above 2^53")]
fn float(count: impl TryInto<u64>) -> f64 {
    count.try_into().unwrap_or(0) as f64
}

fn shared(text: &str) -> SharedString {
    SharedString::from_shared(text.into())
}

pub(super) struct Consumer {
    group: SharedString,
    topics: SharedString,
    handler: Keys,
    latency: Keys,
}

impl Default for Consumer {
    fn default() -> Self {
        Self::new("", &[])
    }
}

impl Consumer {
    pub(super) fn new(group: &str, topics: &[&str]) -> Self {
        describe_consumer();
        let (group, topics) = (shared(group), shared(&topics.join(",")));
        Self { group, topics, handler: Keys::default(), latency: Keys::default() }
    }

    pub(super) fn begin<'a>(&'a self, topic: &'a str, event: &'static str, sent: Option<SystemTime>) -> Handling<'a> {
        // What a message says of its type is no label: anybody may write to a topic.
        let event = if event == Descriptor::ANY { "other" } else { event };
        Handling { consumer: self, topic, event, begun: Instant::now(), has_returned: false, sent }
    }

    fn key(&self, name: &'static str, topic: &str, event: &'static str) -> Key {
        let labels = vec![
            Label::new("group", self.group.clone()),
            Label::new("topic", shared(topic)),
            Label::from_static_parts("event", event),
        ];
        Key::from_parts(name, labels)
    }

    pub(super) fn pass_over(&self, topic: &str) {
        counter!(OTHER_TYPES, "group" => self.group.clone(), "topic" => shared(topic)).increment(1);
    }

    pub(super) fn breaker_opened(&self) {
        counter!(BREAKER_OPENED, "group" => self.group.clone(), "topics" => self.topics.clone()).increment(1);
    }

    pub(super) fn publish(&self, measures: &Measures) {
        for (topic, outcome, count) in &measures.deliveries {
            let labels = [
                ("group", self.group.clone()),
                ("topic", SharedString::from_shared(topic.clone())),
                ("outcome", SharedString::const_str(outcome)),
            ];
            counter!(DELIVERIES, &labels).increment(*count);
        }
        for (topic, count) in &measures.lost {
            counter!(LOST, "group" => self.group.clone(), "topic" => SharedString::from_shared(topic.clone()))
                .increment(*count);
        }
        for partition in &measures.partitions {
            self.publish_partition(partition);
        }
        let assigned = measures.partitions.iter().filter(|partition| partition.is_assigned).count();
        let (buffered, bytes) = measures.buffered;
        for (name, value) in [
            (PARTITIONS, float(assigned)),
            (IN_FLIGHT, float(measures.in_flight)),
            (BUFFERED, float(buffered)),
            (BUFFERED_BYTES, float(bytes)),
            (WAITING, float(measures.waiting)),
            (BREAKER_OPEN, f64::from(measures.is_open)),
            (STALLED, measures.stalled.as_secs_f64()),
            (READY, f64::from(measures.is_ready)),
        ] {
            gauge!(name, "group" => self.group.clone(), "topics" => self.topics.clone()).set(value);
        }
    }

    /// A partition of another member now is at zero: a sum over all members is right.
    fn publish_partition(&self, measures: &PartitionMeasures) {
        let PartitionMeasures { topic, partition, is_assigned, position, end } = measures;
        let labels = [
            ("group", self.group.clone()),
            ("topic", SharedString::from_shared(topic.clone())),
            ("partition", SharedString::from_owned(partition.to_string())),
        ];
        let lag = position.zip(*end).map(|(position, end)| end.saturating_sub(position).max(0));
        let known = |value: Option<i64>| if *is_assigned { value } else { Some(0) };
        if let Some(position) = known(*position) {
            gauge!(POSITION, &labels).set(float(position));
        }
        if let Some(lag) = known(lag) {
            gauge!(LAG, &labels).set(float(lag));
        }
    }
}

/// The time of a handler.
pub(super) struct Handling<'a> {
    consumer: &'a Consumer,
    topic: &'a str,
    event: &'static str,
    begun: Instant,
    has_returned: bool,
    sent: Option<SystemTime>,
}

impl Handling<'_> {
    pub(super) fn returned(&mut self) {
        if !std::mem::replace(&mut self.has_returned, true) {
            let Self { consumer, topic, event, begun, .. } = *self;
            let time = begun.elapsed();
            consumer.handler.with(topic, event, || consumer.key(HANDLER, topic, event), |key| record(key, time));
        }
    }

    pub(super) fn done(&mut self) {
        let Self { consumer, topic, event, sent, .. } = *self;
        // Clocks differ: what seems to come from the future has just been sent.
        if let Some(time) = sent.map(|sent| sent.elapsed().unwrap_or_default()) {
            consumer.latency.with(topic, event, || consumer.key(LATENCY, topic, event), |key| record(key, time));
        }
    }
}

/// The time of a handler that panicked or was dropped counts as well.
impl Drop for Handling<'_> {
    fn drop(&mut self) {
        self.returned();
    }
}

/// The open producers with a label. The end of one says nothing of the others.
#[derive(Default)]
struct Open {
    producers: usize,
    ready: usize,
}

/// By label. Several producers of a process may share one: those of consumers, for dead letters, have that of their
/// configuration.
static OPEN: Mutex<BTreeMap<String, Open>> = Mutex::new(BTreeMap::new());

pub(super) struct Producer {
    client: SharedString,
    queued: Key,
    messages: Keys,
}

impl Producer {
    pub(super) fn new(client: &str) -> Self {
        describe_producer();
        let client = shared(client);
        let queued = Key::from_parts(QUEUED, vec![Label::new("client", client.clone())]);
        Self { client, queued, messages: Keys::default() }
    }

    pub(super) fn queued(&self) {
        with_recorder(|recorder| recorder.register_gauge(&self.queued, &METADATA)).increment(1.0);
    }

    pub(super) fn reported(&self, topic: &str, outcome: &'static str) {
        with_recorder(|recorder| recorder.register_gauge(&self.queued, &METADATA)).decrement(1.0);
        self.count(topic, outcome);
    }

    pub(super) fn count(&self, topic: &str, outcome: &'static str) {
        let make = || {
            let labels = vec![
                Label::new("client", self.client.clone()),
                Label::new("topic", shared(topic)),
                Label::from_static_parts("outcome", outcome),
            ];
            Key::from_parts(SENT, labels)
        };
        self.messages.with(topic, outcome, make, |key| {
            with_recorder(|recorder| recorder.register_counter(key, &METADATA)).increment(1);
        });
    }

    /// A producer with this label is open, and ready or not, or closed.
    pub(super) fn change(&self, from: Option<bool>, to: Option<bool>) {
        let mut all = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        let open = all.entry(self.client.to_string()).or_default();
        if let Some(was_ready) = from {
            open.producers -= 1;
            open.ready -= usize::from(was_ready);
        }
        if let Some(is_ready) = to {
            open.producers += 1;
            open.ready += usize::from(is_ready);
        }
        let is_ready = open.producers > 0 && open.ready == open.producers;
        if open.producers == 0 {
            all.remove(&*self.client);
        }
        // Under the lock, so that the gauge is set in the order of the changes.
        gauge!(PRODUCER_READY, "client" => self.client.clone()).set(f64::from(is_ready));
    }
}

//! What consuming and producing cost, and which settings change it.
//!
//! The figures are of `cargo bench --bench kafka`: one broker and its clients on the same two cores, events of 120
//! bytes of JSON (a UUID, a time, a text, a number) in six partitions, loaded and checked; medians of three rounds, in
//! which all take turns. What counts is how they compare.
//!
//! # Consuming
//!
//! | | events/s | |
//! |---|---|---|
//! | rdkafka's `StreamConsumer` in a loop with `serde_json` and `validator` | 1,290,000 | 1 |
//! | the same, with librdkafka's `fetch.queue.backoff.ms` of 1000 | 180,000 | 0.15 |
//! | the same, each offset stored when its event is done | 1,250,000 | 0.95 |
//! | [`EventConsumer::recv`] | 1,370,000 | 1.06 |
//! | `recv`, and [`store_offset`](EventConsumer::store_offset) for each | 1,370,000 | 1.06 |
//! | [`run`](EventConsumer::run), order by partition | 1,050,000 | 0.81 |
//! | `run`, [order by key](crate::kafka::Order::Key) | 980,000 | 0.76 |
//! | `run`, [no order](Runner::unordered) | 1,060,000 | 0.82 |
//! | Java's `ConsumerPerformance`, which decodes nothing | 750,000 to 1,200,000 | 0.6 to 0.9 |
//!
//! `run` costs about 0.2 µs more for each event than `recv`: what it keeps of each record, so that any of them may
//! fail, come late or be taken away. It matters to handlers that do next to nothing. For all others it is their own
//! time that counts:
//!
//! | setting | unless set | more of it | costs |
//! |---|---|---|---|
//! | [`concurrency`](Runner::concurrency) | as many as there are cores | handlers that wait for a database or a service: events/s are at most concurrency ÷ time of a handler | what the handlers use |
//! | [`order`](Runner::order) | by partition | at most as many handlers as partitions; by key as many as keys, within the span | by key: what a crash repeats, see [guarantees](super::guarantees) |
//! | [`span`](Runner::span) | 1,000 messages | order by key or none, and some events that take much longer than others | a crash repeats up to so many of each partition |
//! | [`buffer`](Runner::buffer) | 100,000 messages, 32 MiB | many partitions: each has its share, and is paused when it is full; librdkafka then forgets what it has fetched of it | memory |
//! | [`commit_interval`](Runner::commit_interval) | one second | brokers that commits keep busy | a crash repeats what was finished since the last commit |
//! | `fetch.min.bytes` | 1 | many small messages, and time to wait for them (`fetch.wait.max.ms`, 500): fewer requests | latency |
//! | `queued.max.messages.kbytes` | 65,536 | | librdkafka's own memory, for all partitions together: less of it where memory is short |
//!
//! A consumer commits no more often than it is told to: `recv` with [`commit`](EventConsumer::commit) for each message
//! waits for the brokers each time, `store_offset` never does.
//!
//! # Producing
//!
//! | | events/s | | with CloudEvents' headers | |
//! |---|---|---|---|---|
//! | rdkafka's `FutureProducer`: enqueue all, then await all | 410,000 | 1 | 150,000 | 0.40 |
//! | [`send_all`](EventProducer::send_all) | 630,000 | 1.48 | 310,000 | 0.77 |
//! | [`enqueue`](EventProducer::enqueue), then await all | 550,000 | 1.36 | 300,000 | 0.69 |
//!
//! - An event that is awaited before the next is sent takes a round trip to the brokers, and `linger.ms` (5) before it:
//!   fewer than 200 events/s. Send many at a time: from many tasks, or with `send_all` or `enqueue`.
//! - The headers of an envelope are some 200 bytes, more than a small event. A producer that is
//!   [`plain`](EventProducer::plain) sends none; then nothing tells one event from its copy.
//! - `compression.type=lz4` makes most of the headers vanish: within a batch they repeat. With it events in
//!   envelopes went at 430,000 a second, as fast as `FutureProducer` without headers and with the same setting.
//!   All consumers must be able to read it: Java's and librdkafka's can, some others need a library for it.
//!
//! # Latency
//!
//! From the call that sends an event to the handler that has it, at 10,000 events/s with `linger.ms` as it is (5):
//!
//! | | half of them within | 99 of 100 within |
//! |---|---|---|
//! | `StreamConsumer` in a loop | 4.3 ms | 10.4 ms |
//! | [`EventConsumer::recv`] | 4.3 ms | 9.9 ms |
//! | [`run`](EventConsumer::run), order by partition | 4.4 ms | 10.4 ms |
//!
//! With `linger.ms=0` the half of it is gone, and the brokers get many more requests.
//!
//! # Coming and going
//!
//! - A member that is [closed](crate::kafka::RunHandle::close) leaves its partitions to the others at once; one that is killed
//!   after `session.timeout.ms` (45 seconds).
//! - When all brokers were away for longer than a session, librdkafka joins as a new member, and the group waits for the
//!   old one for as long as a session lasts, from when the brokers are back: 45 seconds when measured, 10 with
//!   `session.timeout.ms=10000`, 5 with `group.protocol=consumer`, and one with `group.instance.id`.
//! - Others wait for what a member has in hand when the group changes, so that handlers that take seconds make
//!   rebalances take seconds. A [`handler_timeout`](Runner::handler_timeout) bounds it.
//! - `group.instance.id` makes a member static: it comes back within the session timeout, and nothing moves.
//! - With `partition.assignment.strategy=cooperative-sticky` or `group.protocol=consumer` partitions that stay go on
//!   during a rebalance; see [`KafkaConfig`](crate::kafka::KafkaConfig#how-a-group-shares-its-partitions).

#[cfg(doc)]
use crate::kafka::{EventConsumer, EventProducer, Runner};

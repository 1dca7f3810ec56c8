//! The cost of consuming and producing, and the settings that change it.
//!
//! The figures come from `cargo bench --bench kafka`. One broker and its clients share two cores. Events are 120 bytes
//! of JSON (a UUID, a time, a text, a number) in six partitions; they are loaded and validated. Each figure is a median
//! of rounds in which all candidates take turns. The ratios matter more than the absolute figures.
//!
//! # Consuming
//!
//! | | events/s | ratio |
//! |---|---|---|
//! | rdkafka's `StreamConsumer` in a loop with `serde_json` and `validator` | 940,000 | 1 |
//! | the same, with librdkafka's `fetch.queue.backoff.ms` of 1000 | 170,000 | 0.19 |
//! | the same, storing each offset after its event | 920,000 | 0.98 |
//! | [`EventConsumer::recv`] | 1,030,000 | 1.10 |
//! | `recv` with [`store_offset`](EventConsumer::store_offset) for each event | 1,070,000 | 1.14 |
//! | [`run`](EventConsumer::run), order by partition | 890,000 | 1.01 |
//! | `run`, [order by key](crate::kafka::Order::Key) | 830,000 | 0.92 |
//! | `run`, [without order](Runner::unordered) | 920,000 | 0.98 |
//!
//! The last column is the median of the ratios of nine rounds. Other runs, with other programs on the same machine,
//! gave 0.86 to 1.13, 0.82 to 0.93 and 0.86 to 1.19 for the three rows of `run`.
//!
//! `run` takes about 0.3 µs of processor time more for each event than `recv`. It tracks each message, because any
//! message may fail, finish late or lose its partition. The difference matters only if handlers do almost nothing. In
//! all other cases, the time of the handler dominates, and these settings matter:
//!
//! | setting | default | when to change it | what it costs |
//! |---|---|---|---|
//! | [`concurrency`](Runner::concurrency) | the number of cores | raise it for handlers that wait for a database or a service: events/s are at most concurrency ÷ time of a handler | the resources that the handlers use |
//! | [`order`](Runner::order) | by partition: at most as many handlers as partitions | order by key allows as many handlers as keys, within the span | by key: a crash repeats more, see [guarantees](super::guarantees) |
//! | [`span`](Runner::span) | 1,000 messages | raise it with order by key or none, if some events take much longer than others | a crash repeats up to this many messages of each partition |
//! | [`buffer`](Runner::buffer) | 100,000 messages, 32 MiB | raise it for many partitions: each has an equal share, and is paused when its share is full; librdkafka then discards what it has prefetched of it | memory |
//! | [`commit_interval`](Runner::commit_interval) | one second | raise it if commits keep the brokers busy | a crash repeats the messages finished since the last commit |
//! | `fetch.min.bytes` | 1 | raise it for many small messages that can wait (`fetch.wait.max.ms`, 500): fewer requests | latency |
//! | `queued.max.messages.kbytes` | 65,536 | lower it where memory is short: it is librdkafka's own queue, for all partitions together | |
//!
//! `recv` with [`commit`](EventConsumer::commit) for each message waits for the brokers each time; `store_offset` never
//! waits.
//!
//! # Producing
//!
//! | | events/s | ratio | events/s with CloudEvents' headers | ratio |
//! |---|---|---|---|---|
//! | rdkafka's `FutureProducer`: enqueue all, then await all | 410,000 | 1 | 150,000 | 0.40 |
//! | [`send_all`](EventProducer::send_all) | 630,000 | 1.48 | 310,000 | 0.77 |
//! | [`enqueue`](EventProducer::enqueue), then await all | 550,000 | 1.36 | 300,000 | 0.69 |
//!
//! - If each event is awaited before the next is sent, each takes `linger.ms` (5) and a round trip to the brokers:
//!   fewer than 200 events/s. Send many at a time: from many tasks, or with `send_all` or `enqueue`.
//! - The headers of an envelope are about 200 bytes, more than a small event. A [`plain`](EventProducer::plain)
//!   producer sends none; consumers then cannot recognise a copy of an event.
//! - `compression.type=lz4` removes most of the cost of headers, because they repeat within a request's batch of
//!   records. With it, events with envelopes reached 430,000 a second, as fast as `FutureProducer` without headers and
//!   with the same setting. All consumers must support LZ4: Java's and librdkafka's do, some others need an extra
//!   library.
//!
//! # Latency
//!
//! The time from sending an event to receiving it, at 10,000 events/s with the default `linger.ms` (5):
//!
//! | | median | 99th percentile |
//! |---|---|---|
//! | `StreamConsumer` in a loop | 4.3 ms | 10.4 ms |
//! | [`EventConsumer::recv`] | 4.3 ms | 9.9 ms |
//! | [`run`](EventConsumer::run), order by partition | 4.4 ms | 10.4 ms |
//!
//! `linger.ms=0` halves the latency, and the brokers get many more requests.
//!
//! # Joining and leaving
//!
//! - A member that is [closed](crate::kafka::RunHandle::close) releases its partitions at once. The partitions of a
//!   killed member are free after `session.timeout.ms` (45 seconds).
//! - If all brokers are unreachable for longer than the session timeout, librdkafka joins as a new member afterwards,
//!   and the group waits for the old member for another session timeout. Measured: 45 seconds by default, 10 seconds
//!   with `session.timeout.ms=10000`, 5 seconds with `group.protocol=consumer`, and 1 second with `group.instance.id`.
//! - A rebalance waits for each member's messages in flight, so handlers that take seconds make rebalances take
//!   seconds. A [`handler_timeout`](Runner::handler_timeout) bounds the wait.
//! - `group.instance.id` makes a member static: if it restarts within the session timeout, no partition moves.
//! - With `partition.assignment.strategy=cooperative-sticky` or `group.protocol=consumer`, the partitions that a member
//!   keeps are handled during a rebalance; see
//!   [`KafkaConfig`](crate::kafka::KafkaConfig#how-a-group-shares-its-partitions).

#[cfg(doc)]
use crate::kafka::{EventConsumer, EventProducer, Runner};

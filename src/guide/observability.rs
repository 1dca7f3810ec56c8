//! Spans, traces and metrics of producers and consumers.
//!
//! # Spans
//!
//! Producers and consumers make spans of the crate `tracing`. Log lines of a handler stand inside the span of its message.
//! Names and fields follow OpenTelemetry's semantic conventions for messaging and Kafka, version 1.45.
//!
//! | span | when | fields |
//! |---|---|---|
//! | `process` | one attempt to handle a message, from the call of the handler until the events that it returned are acknowledged; also the rejection of a message that cannot be loaded | `messaging.destination.name`, `messaging.consumer.group.name`, `messaging.destination.partition.id`, `kafka.offset`, `messaging.message.id`, `cloudevents.event_type`, `event_schema.attempt`; `kafka.message.tombstone` of a tombstone |
//! | `poll` | [`recv`](EventConsumer::recv) or a stream returns a message | those of `process`, but for the attempt |
//! | `poll` | [`Batches::recv`] returns a batch | `messaging.consumer.group.name`, `messaging.batch.message_count`; `messaging.destination.name` if it is the same for all |
//! | `send` | a message is sent, until it is acknowledged | `messaging.destination.name`, `messaging.message.id`, `cloudevents.event_type`; `messaging.destination.partition.id` and `kafka.offset` when it is stored |
//! | `send` | [`send_all`](EventProducer::send_all) | `messaging.batch.message_count`; `messaging.destination.name` if the type of the events has one |
//! | `create` | an event becomes a record that is sent later: by [`Outgoing::to_record`], and as the return value of a handler | `messaging.destination.name`, `messaging.message.id`, `cloudevents.event_type` |
//!
//! A span of an operation that failed has the field `error.type`: the type of the handler's error, or `rejected`, `failed`
//! or `unavailable` if that is a text, `invalid`, `panic`, `abandoned` if nobody waits for the handler any more, or the name
//! of librdkafka's error code. Spans contain neither values nor keys, which may be personal data. The id and the type are those that the
//! message says, cut after 256 bytes.
//!
//! The level of all spans is `INFO`, their target `event_schema::kafka::telemetry::span`. A filter turns them off:
//! `info,event_schema::kafka::telemetry=off`. Without an interested subscriber no span is made, and no field looked at.
//!
//! # Traces
//!
//! Without further features the trace in an [`Envelope`](crate::Envelope) is passed on as it is: to the events that a handler returns, and to those sent
//! with an envelope of [`Envelope::caused_by`](crate::Envelope::caused_by).
//!
//! With the feature `opentelemetry033`, spans are part of these traces. It needs a subscriber with the layer of
//! `tracing-opentelemetry` 0.34:
//!
//! ```toml
//! [dependencies]
//! event-schema = { version = "0.1", features = ["kafka", "opentelemetry033"] }
//! opentelemetry = "0.33"
//! opentelemetry_sdk = "0.33"
//! tracing-opentelemetry = "0.34"
//! tracing-subscriber = "0.3"
//! ```
//!
//! - A `process` span is a child of the trace of its message: the `traceparent` of its headers, or else CloudEvents'
//!   extension of this name. Each attempt is another child.
//! - A `poll` span is linked to the traces of its messages. For a loop of your own,
//!   `received.envelope().opentelemetry033()` is the parent for a span of the work on a message.
//! - An event that is sent gets the context of its `send` span (or of its `create` span) as CloudEvents' extension and as
//!   the headers `traceparent` and `tracestate`. The parent of this span is the caller's span, or else the trace of the event's envelope.
//! - An envelope in another trace than the caller's stays in it, and the `send` span is linked to it. Records, tombstones
//!   and events of a [`plain`](EventProducer::plain) producer are sent as they are.
//! - Traces are read and written in W3C's format, whichever propagator the program has set. Baggage is not sent.
//! - Spans have the kinds, names (`process orders`) and the attributes `messaging.system.name`, `messaging.operation.name`
//!   and `messaging.operation.type` of the conventions; a failed one has the status `Error`.
//!
//! # Metrics
//!
//! With the feature `metrics024`, clients publish metrics through the facade of the crate `metrics` 0.24. Install a
//! recorder before the clients are made, for instance that of `metrics-exporter-prometheus`:
//!
//! ```standalone_crate
//! use metrics_exporter_prometheus::PrometheusBuilder;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let prometheus = PrometheusBuilder::new().set_buckets(&[0.001, 0.01, 0.1, 1.0, 10.0])?.install_recorder()?;
//! // For a route of an HTTP server, to be called with each request:
//! let metrics = move || prometheus.render();
//! assert_eq!(metrics(), "");
//! # Ok(())
//! # }
//! ```
//!
//! Histograms keep each value until they are rendered. A service calls `run_upkeep` of the same handle every few seconds, so that
//! they do not grow if nobody asks for the metrics.
//!
//! ## Consumers
//!
//! | name | type | unit | labels | meaning |
//! |---|---|---|---|---|
//! | `event_schema_consumer_deliveries_total` | counter | | `group`, `topic`, `outcome` | deliveries by [`Outcome`] |
//! | `event_schema_consumer_lost_messages_total` | counter | | `group`, `topic` | [`Counts::lost`] |
//! | `event_schema_consumer_other_types_total` | counter | | `group`, `topic` | messages of other types that were [passed over](Runner::skip_other_types) |
//! | `event_schema_consumer_breaker_opened_total` | counter | | `group`, `topics` | how often the [circuit breaker](crate::kafka::CircuitBreaker) has opened |
//! | `event_schema_consumer_handler_seconds` | histogram | seconds | `group`, `topic`, `event` | time of each call of a handler, without the publication of returned events |
//! | `event_schema_consumer_latency_seconds` | histogram | seconds | `group`, `topic`, `event` | time from the timestamp of a message until it was handled |
//! | `event_schema_consumer_lag_messages` | gauge | | `group`, `topic`, `partition` | messages of the partition that are not finished, in memory or at the brokers; at most, if the topic is compacted or has transactions |
//! | `event_schema_consumer_position` | gauge | | `group`, `topic`, `partition` | offset of the next message to finish; with `recv`, to be stored or committed |
//! | `event_schema_consumer_assigned_partitions` | gauge | | `group`, `topics` | assigned partitions |
//! | `event_schema_consumer_in_flight_messages` | gauge | | `group`, `topics` | messages in the hands of handlers and batches, or on their way to a dead letter or retry topic |
//! | `event_schema_consumer_buffered_messages` | gauge | | `group`, `topics` | messages in memory, with those in flight |
//! | `event_schema_consumer_buffered_bytes` | gauge | bytes | `group`, `topics` | their size |
//! | `event_schema_consumer_waiting_messages` | gauge | | `group`, `topics` | messages that wait because a dependency of their handler is [unavailable](crate::kafka::Failure::unavailable) |
//! | `event_schema_consumer_breaker_open` | gauge | | `group`, `topics` | 1 while the circuit breaker is open |
//! | `event_schema_consumer_stalled_seconds` | gauge | seconds | `group`, `topics` | time since a message was last finished, while others wait in memory, or with `recv` committed or stored; otherwise 0 |
//! | `event_schema_consumer_ready` | gauge | | `group`, `topics` | 1 while the consumer is [ready](crate::kafka::RunHandle::is_ready) |
//!
//! Histograms are updated with each message, all others once a second and when the consumer closes. Lag and position of a
//! partition begin at its commit, or without one at its first message, and are 0 when the partition is revoked, so that a sum over all members of the group is right.
//! Consumers in one process need different groups or topics, or they overwrite each other's gauges.
//!
//! ## Producers
//!
//! | name | type | unit | labels | meaning |
//! |---|---|---|---|---|
//! | `event_schema_producer_messages_total` | counter | | `client`, `topic`, `outcome` | messages by outcome: `sent`, `not_sent`, `unknown` if it [may be stored](crate::kafka::SendError::is_unknown), `invalid` |
//! | `event_schema_producer_queued_messages` | gauge | | `client` | messages that are not acknowledged |
//! | `event_schema_producer_ready` | gauge | | `client` | 1 while all open producers with this `client.id` are [ready](EventProducer::is_ready), 0 if none is open |
//!
//! The producer of a consumer's dead letters and retries counts as well. It has the `client.id` of the consumer's
//! configuration.
//!
//! ## librdkafka
//!
//! Clients with `statistics.interval.ms` in their configuration also publish these of librdkafka's statistics. The gauges are
//! 0 when the client ends:
//!
//! | name | type | unit | labels | meaning |
//! |---|---|---|---|---|
//! | `event_schema_librdkafka_requests_total` | counter | | `client` | requests to brokers |
//! | `event_schema_librdkafka_request_bytes_total` | counter | bytes | `client` | their size |
//! | `event_schema_librdkafka_responses_total` | counter | | `client` | responses of brokers |
//! | `event_schema_librdkafka_response_bytes_total` | counter | bytes | `client` | their size |
//! | `event_schema_librdkafka_queued_messages` | gauge | | `client` | messages in the queues of a producer |
//! | `event_schema_librdkafka_queued_bytes` | gauge | bytes | `client` | their size |
//! | `event_schema_librdkafka_broker_up` | gauge | | `client`, `broker` | 1 while the client is connected to the broker; 0 also after the client has ended: alert on `max by (broker)` |
//! | `event_schema_librdkafka_broker_timeouts_total` | counter | | `client`, `broker` | requests that timed out |
//! | `event_schema_librdkafka_broker_round_trip_seconds` | gauge | seconds | `client`, `broker`, `quantile` | time until the broker answers, in the last interval: median, 99th percentile and maximum |
//! | `event_schema_librdkafka_broker_throttle_seconds` | gauge | seconds | `client`, `broker`, `quantile` | throttle time of the broker, in the last interval |
//!
//! ## Outbox
//!
//! The relay that leads publishes these at its start and every half minute (features `metrics024` and `sqlx08`):
//!
//! | name | type | unit | labels | meaning |
//! |---|---|---|---|---|
//! | `event_schema_outbox_leads` | gauge | | `source` | 1 while a relay of this process leads |
//! | `event_schema_outbox_unsent_events` | gauge | | `source` | committed events that the brokers have not acknowledged, without the parked ones |
//! | `event_schema_outbox_oldest_seconds` | gauge | seconds | `source` | age of the oldest of these, or 0 |
//! | `event_schema_outbox_parked_events` | gauge | | `source` | events that the brokers will never accept |
//!
//! All are 0 in a process whose relay does not lead any more, so that a sum over all processes is right. If no relay leads,
//! nothing is measured, and the sums are 0 as well: alert if the sum of `event_schema_outbox_leads` is 0 or missing.
//!
//! ## Labels
//!
//! | label | values | how many |
//! |---|---|---|
//! | `group` | the `group.id` | as in the configuration |
//! | `topics` | the subscription of the consumer | as in the code |
//! | `topic` | the topic of the message | a consumer's: as many as its subscription matches, and retry topics; a producer's: as many as it sends to, also if the program makes up names |
//! | `partition` | its number | those that were ever assigned to this process |
//! | `outcome` | a fixed list | 8 for consumers, 4 for producers |
//! | `event` | the name of the event's type in the program, `tombstone`, or `other` for a catch-all variant | as in the code: what a message says of its type is never a label |
//! | `client` | the `client.id`; for librdkafka's statistics its own name, such as `rdkafka#producer-1` | as in the configuration; one more for each client that is made |
//! | `broker` | the id of the broker | as many as brokers |
//! | `source` | the [source](EventProducer::with_source) of the outbox's producer | as in the code |
//! | `quantile` | `0.5`, `0.99`, `1` | 3 |
//!
//! Names, units and labels are stable: a change to them is a breaking change of this crate.

#[cfg(doc)]
use crate::kafka::{Batches, Counts, EventConsumer, EventProducer, Outcome, Outgoing, Runner};

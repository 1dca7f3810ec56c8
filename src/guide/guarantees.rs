//! The guarantees of consumers and producers: what happens to a message, its offset and its order in each case.
//!
//! The page names the tests of each guarantee by module and function: `run::a_key_keeps_its_order_...` is in
//! `tests/kafka/run.rs`.
//!
//! # Consuming with a handler
//!
//! [`EventConsumer::run`] handles each message at least once. Each delivery ends in one [`Outcome`], with one exception:
//! if a handler takes too long, its delivery counts as abandoned, and later again as the outcome of the message.
//!
//! | [`Outcome`] | the message | its offset | the order | shown by |
//! |---|---|---|---|---|
//! | [`Done`](Outcome::Done) | the handler has accepted it. Tombstones without a tombstone handler count as done, and so do this consumer's own dead letters if its [topic pattern](crate::kafka::EventConsumer::subscribe_to) matches them | may be committed when all earlier messages of the partition are finished | the next message of the partition (or key) is handled | `run::a_partition_keeps_its_order_...`, `run::a_key_keeps_its_order_...` |
//! | [`Retried`](Outcome::Retried) | failed; it is handled again in its place, or sent to a [retry topic](crate::kafka::Retry::topics) | not committed before the message is finished; it is finished when a retry topic has stored it | in place: kept, the rest of the partition waits. With retry topics: none | `run::a_failed_event_is_tried_again_in_its_place`, `run::retries_by_topics_hold_up_nothing`, `run::what_was_tried_by_topics_keeps_its_first_place_...` |
//! | [`Parked`](Outcome::Parked) | failed; it is handled again, and the later messages of its key wait | not committed before the message is finished; other messages may be handled up to `span` ahead of it | kept for each key | `run::a_parked_event_holds_up_its_own_key_only` |
//! | [`Unavailable`](Outcome::Unavailable) | its handler says that a dependency is [unavailable](crate::kafka::Failure::unavailable), or failed while the [circuit breaker](crate::kafka::CircuitBreaker) was open; it waits where it is, and has spent no attempt | not committed before the message is finished | as for a retry: kept, for each key with [`Retry::park`](crate::kafka::Retry::park), none with retry topics | `outage::what_is_unavailable_spends_no_attempt_...`, `outage::while_all_handlers_fail_...` |
//! | [`Dead`](Outcome::Dead) | it is in the dead letter topic, with its original bytes, key and headers, and the reason | finished when the brokers have acknowledged the dead letter | kept: later messages wait for the acknowledgement | `dead_letter`, `spring`, `run::what_is_rejected_or_fails_for_good_is_a_dead_letter` |
//! | [`Skipped`](Outcome::Skipped) | skipped, because [`GiveUp::Skip`] says so; the log names it | finished | kept | `run::what_is_skipped_is_passed_over_and_told` |
//! | [`Ignored`](Outcome::Ignored) | it is not for this consumer: it has [another type](Runner::skip_other_types), the [filter](Runner::filter) excludes it, or it was [redriven](crate::kafka::Redrive::to_origin) for another group | finished | kept | `selection`, `redrive` |
//! | [`Abandoned`](Outcome::Abandoned) | its handler took too long, its partition was revoked, or its [batch](crate::kafka::Batch) was dropped. Its result is ignored, but its effects may have happened | not committed. After a timeout the message is retried; after a revoke the next owner receives it; the messages of a dropped batch are received again | kept, unless the handler never yields: then the next handler may start while it still runs | `run::a_handler_that_takes_too_long_...`, `run::a_handler_that_took_too_long_...`, `group::a_result_that_comes_after_the_partition_went_...` |
//!
//! With [`GiveUp::Stop`], a message that failed for good ends the run with an error. The message is not committed, and
//! a restarted consumer receives it first (`run::it_stops_at_what_it_is_told_to_stop_at`).
//!
//! Each failure has its own path:
//!
//! | failure | is it retried? | then |
//! |---|---|---|
//! | the message cannot be loaded, or breaks a rule | never | as [`GiveUp`] says, for [each kind of failure](Runner::give_up_on): a dead letter by default |
//! | the message is of another type | never | as [`GiveUp`] says, or ignored with [`skip_other_types`](Runner::skip_other_types) |
//! | the schema of the message must be looked up, and the source of schemas does not answer | until it does, without an attempt counted; later messages of the partition (or key) wait | the message is loaded |
//! | the handler returns [`Failure::reject`], or an error that says that an event is invalid (see [`Failure`](crate::kafka::Failure)) | never | as [`GiveUp`] says |
//! | a rule has `use_context`, and its [context](crate::kafka::EventConsumer::with_context) was not set | never | the run stops, and the message is not committed |
//! | the handler returns [`Failure::retry`] or any other error | as [`Retry`] says: by default 5 attempts in place | as [`GiveUp`] says |
//! | the handler returns [`Failure::retry_after`] | as [`Retry`] says, but after the pause of the error | as [`GiveUp`] says |
//! | the handler returns [`Failure::unavailable`] | until it succeeds, after the pauses of [`Retry`], without an attempt counted | as [`GiveUp`] says, if [`Retry::unavailable_limit`](crate::kafka::Retry::unavailable_limit) is set and exceeded |
//! | the last attempt of a message fails, and at least two other messages have failed since a message was last handled | the [circuit breaker](crate::kafka::CircuitBreaker) opens: the message waits, as with [`Failure::unavailable`] | as [`GiveUp`] says, if it waits for longer than the breaker's limit, and fails as the probe |
//! | the handler panics | as for an error; panics do not open the circuit breaker, and an open one does not save the message | as [`GiveUp`] says |
//! | the handler exceeds its [timeout](Runner::handler_timeout) | as for an error | as [`GiveUp`] says |
//! | the dead letter cannot be sent for now | until it can be sent: after 100 ms, then after twice as long each time, up to 5 seconds | the run continues |
//! | the dead letter is too large | in a smaller form: with few headers, then as a pointer to the original | the run stops |
//! | the dead letter is refused for good: the topic does not exist, or the user may not write to it | never | the run stops, and its error [says why](crate::kafka::RunError::is_dead_letter_refused) |
//!
//! Dead letters are listed and sent again by `event-schema dlq`, or by
//! [`DeadLetterTopic`](crate::kafka::DeadLetterTopic), which says what an interrupted redrive repeats.
//!
//! The dead letter topic, `<topic>-<group>-dlt` [by default](crate::kafka::DeadLetter), must therefore exist where the
//! brokers do not create topics themselves, and the user must have the right to write to it. A run that starts without
//! it logs a warning (`refused`).
//!
//! If the user may not read the topic or the group, the run ends with an error that
//! [says so](crate::kafka::RunError::is_unauthorized) (`rights`). Unreachable brokers, a topic that does not exist yet
//! and a rejected password do not end the run: it waits until the problem is solved, and the log names the problem
//! (`credential`). A subscribed topic is read within seconds of its creation (`a_topic_that_is_created_...`); each other one
//! that is still missing may add half a second.
//!
//! ## When a dependency of handlers is unavailable
//!
//! A handler that says so with [`Failure::unavailable`] loses no message and no order, however long it takes
//! (`outage::what_is_unavailable_...`). If handlers only fail, at most two messages are given up between two that are
//! handled; then the [circuit breaker](crate::kafka::CircuitBreaker) opens instead of the third. Until a message is
//! handled, one at a time is tried, and none is given up for a failure, with three exceptions: its handler panics,
//! [`Retry::unavailable_limit`](crate::kafka::Retry::unavailable_limit) is over, or the probe has failed for five minutes.
//! The last is for messages that always fail: without it, three in a row would hold up their partition for ever. It
//! gives up one message after five minutes, the next after ten, and so on up to one each hour
//! (`outage::while_all_handlers_fail_...`, `outage::an_open_breaker_...`, `outage::a_message_that_panics_...`; the tests of
//! the consumer's core show the times). With retry topics, messages go on to their next topic until the first would be given
//! up, and each counts once, by its place in its first topic, also after a restart.
//!
//! ## Pause and seek
//!
//! | call | messages in flight | other messages | the group |
//! |---|---|---|---|
//! | [`RunHandle::pause`] | are finished | wait; dead letters and messages for retry topics are sent | the consumer remains a member (`control::a_paused_consumer_...`) |
//! | [`Runner::until_end`] | are finished | those that were there are handled, and then the run ends; later ones may be handled | the consumer leaves it (`control::a_run_ends_when_...`) |
//! | [`RunHandle::seek`] | are finished and committed, as before a rebalance. Those that take longer than the [`revoke_timeout`](Runner::revoke_timeout) are dropped, and a seek forward passes over them | of this partition: dropped from memory, also those that wait for a retry in place; those from the new offset on are received | keeps its commits: they never go back, and a seek adds none. Until a message behind the new offset and the last commit is finished, a restart or a rebalance continues at the last commit (`control::a_partition_continues_...`, `control::a_seek_to_an_earlier_message_...`) |
//!
//! ## Which messages may be handled twice
//!
//! - After a crash or a lost partition: the messages finished since the last successful commit, and those finished
//!   ahead of the first unfinished message.
//!   - The latter are fewer than [`span`](Runner::span) for each partition, and none with [`Order::Partition`].
//!   - A worker whose handlers are quick and never wait takes up to 32 messages of a partition at once, and reports
//!     them together. A crash may also repeat one such group of messages for each worker.
//!   - A commit is attempted once every [`commit_interval`](Runner::commit_interval), one second by default. The
//!     brokers refuse commits during a rebalance; a refused commit is retried every 100 ms, and at once when the
//!     rebalance is over. The time between two commits is therefore at most the commit interval plus the rebalances in
//!     it, or as long as the brokers are unreachable.
//! - After a close or a rebalance: usually none. Unfinished messages that others have overtaken are handled before the
//!   partition is released (`group::a_close_finishes_what_others_have_overtaken`). The messages in flight, and those
//!   finished ahead of the first unfinished message, are handled again in three cases: the deadline is exceeded, a failed
//!   message waits for its next attempt, or the circuit breaker is open.
//! - Events that the producer sent again after an unknown outcome: they have the same [id](crate::Envelope#the-id).
//! - Events that a handler causes, if it runs twice. Events that a handler [returns](crate::kafka::Runner::run_with) have
//!   the same ids each time (`arguments::a_repeated_handler_publishes_the_same_ids`), but not in
//!   [another group](crate::kafka::KafkaConfig::start_at). Events that it sends by itself have
//!   new ids each time, by which consumers cannot recognise the copies.
//! - With an outbox (feature `sqlx08`, `Runner::outbox`) a message that comes again is finished without its handler, which
//!   has changed the database once; its events are sent once more at most, with the same ids. See the module `outbox`.
//! - Dead letters: a dead letter is written again if its acknowledgement was lost, or if it was written just before a
//!   crash. Both copies have the same origin and id: see [`DeadLetter::read`](crate::kafka::DeadLetter::read).
//!
//! The tests in `cluster` kill brokers and consumers, and count the messages. A simulation of the consumer's core runs
//! a million schedules of the same kind, and checks at each commit that no unfinished message is committed. The same
//! schedules test how the code around the core handles a failed client, a cancelled call, or a revoke during a close.
//!
//! ## Which messages may be lost
//!
//! - Messages that retention deleted before they were received. The run continues with the first message that still
//!   exists, a warning names the gap, and [`Counts::lost`] counts the messages. With `auto.offset.reset=none` the run
//!   stops instead (`broker::what_is_gone_before_it_was_handled_...`).
//! - Messages of a deleted topic that were not received yet. If the topic is created again, it is handled from offset 0.
//!   The consumer looks for deleted topics every `topic.metadata.refresh.interval.ms`. If it misses the deletion,
//!   librdkafka commits no offset of the new topic that is below the last commit of the old one. After a restart, the
//!   messages up to that offset are handled again.
//!
//! ## Which resources are bounded
//!
//! - Memory: [`Runner::buffer`] bounds it in messages and bytes, and a partition whose share is full is paused
//!   (`group::a_handler_that_stands_still_does_not_fill_the_memory`). librdkafka also prefetches into a queue of its
//!   own: 64 MB for all partitions together, unless `queued.max.messages.kbytes` is set (`tests/kafka_memory.rs`).
//! - A slow handler does not lose its group membership: polling happens on another thread
//!   (`group::a_handler_slower_than_the_poll_interval_stays_a_member`).
//! - A rebalance waits at most [`Runner::revoke_timeout`] for messages in flight and for overtaken ones: by default 10
//!   seconds, or a third of `session.timeout.ms` or `max.poll.interval.ms` if that is less. Then the consumer commits,
//!   for at most 5 seconds.
//! - If a topic is deleted, neither the commits of other partitions nor a close fail; one warning names the topic.
//! - [`RunHandle::close`] returns by its deadline (`group::a_close_under_load_is_in_time_...`).
//!
//! ## Whether it is ready
//!
//! [`RunHandle::is_ready`] is for the readiness probe of a service. It is `false` until the consumer has joined its
//! group, from the moment the brokers say that the topic of a dead letter does not exist, while a dead letter has waited
//! for brokers for three seconds or longer (a warning names either), while a message waits because a dependency of its
//! handler is unavailable, when the group has removed the consumer, and when the run stops (`group::a_member_is_ready_when_...`,
//! `group::a_consumer_is_not_ready_while_...`; `trouble`, `outage`).
//!
//! # Consuming by hand
//!
//! [`EventConsumer::recv`] and [`stream`](EventConsumer::stream) commit nothing by themselves. Only
//! [`store_offset`](EventConsumer::store_offset) and [`commit`](EventConsumer::commit) commit the given message and all
//! messages before it in its partition (`commit`). A message of a revoked partition can no longer be committed.
//!
//! An error that is [fatal](ConsumeError::is_fatal) ends [`stream`](EventConsumer::stream); `recv` returns it on each
//! call (`received::a_stream_ends_behind_...`). A [`run`](EventConsumer::run) after a `recv` starts after the last
//! message that `recv` returned (`run::what_was_received_ahead_by_hand_...`).
//!
//! # Producing
//!
//! | | the event | shown by |
//! |---|---|---|
//! | `Ok` | is stored by as many brokers as `acks` requires: by default all that are in sync | `order`, `produce` |
//! | [`SendError::is_not_sent`] | is not stored | `produce::a_broker_that_refuses_for_good_leaves_no_doubt` |
//! | [`SendError::is_unknown`] | may be stored: send it again with the same id | `produce::events_on_their_way_when_a_client_fails_all_have_an_outcome` |
//! | [`SendError::is_fatal`] | is not stored; the producer makes a new client, and is [not ready](EventProducer::is_ready) meanwhile | `produce::a_client_that_fails_for_good_is_made_anew` |
//!
//! The producer also replaces its client when an in-flight event times out. The outcome of this event is then unknown,
//! and so is the outcome of all other events in flight (`trouble::a_message_that_times_out_on_its_way_...`). librdkafka
//! alone would continue with a new producer epoch, in which the brokers store some events a second time.
//!
//! Such timeouts are more likely with a short `delivery.timeout.ms`, or with a `request.timeout.ms` close to it. With
//! the defaults (5 minutes and 30 seconds) they occur only if a broker is unreachable for minutes.
//!
//! Events with the same key are stored in the order in which their futures were first polled, however full the queue
//! is (`order`). They go to the partition that Java's client chooses (`keys`).
//!
//! # An example
//!
//! With the default settings, a malformed message goes to the dead letter topic, and the others are handled.
//!
//! ```
//! use event_schema::kafka::{Delivery, EmbeddedKafka, EventConsumer, Outcome};
//! use event_schema::prelude::*;
//! use std::time::Duration;
//!
//! #[event_schema::event(topic = "orders")]
//! struct OrderPlaced { order_id: String }
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let kafka = EmbeddedKafka::start()?;
//! kafka.create_topic("orders", 1)?;
//! kafka.create_topic("orders-billing-dlt", 1)?;
//! kafka.publish_bytes("orders", None, Some(b"{"), &[]).await;
//! kafka.publish(&OrderPlaced { order_id: "A-1".to_owned() }).await;
//!
//! let consumer = EventConsumer::<OrderPlaced>::subscribe(&kafka.config().group("billing")).await?;
//! let handle = consumer.handle();
//! let running = tokio::spawn(consumer.run(async |_: Delivery<OrderPlaced>| {}));
//! kafka.handled("billing", "orders").await;
//! handle.close(Duration::from_secs(10)).await?;
//! let counts = running.await??;
//! assert_eq!((counts.of(Outcome::Done), counts.of(Outcome::Dead)), (1, 1));
//! # Ok(())
//! # }
//! ```
//!
//! [`EventConsumer::run`]: crate::kafka::EventConsumer::run
//! [`EventConsumer::recv`]: crate::kafka::EventConsumer::recv
//! [`GiveUp`]: crate::kafka::GiveUp
//! [`GiveUp::Skip`]: crate::kafka::GiveUp::Skip
//! [`GiveUp::Stop`]: crate::kafka::GiveUp::Stop
//! [`Retry`]: crate::kafka::Retry
//! [`Failure::reject`]: crate::kafka::Failure::reject
//! [`Failure::retry`]: crate::kafka::Failure::retry
//! [`Failure::retry_after`]: crate::kafka::Failure::retry_after
//! [`Failure::unavailable`]: crate::kafka::Failure::unavailable
//! [`Order::Partition`]: crate::kafka::Order::Partition
//! [`RunHandle::close`]: crate::kafka::RunHandle::close
//! [`RunHandle::is_ready`]: crate::kafka::RunHandle::is_ready
//! [`RunHandle::pause`]: crate::kafka::RunHandle::pause
//! [`RunHandle::seek`]: crate::kafka::RunHandle::seek
//! [`SendError::is_not_sent`]: crate::kafka::SendError::is_not_sent
//! [`SendError::is_unknown`]: crate::kafka::SendError::is_unknown
//! [`SendError::is_fatal`]: crate::kafka::SendError::is_fatal

#[cfg(doc)]
use crate::kafka::{ConsumeError, Counts, EventConsumer, EventProducer, Outcome, Runner};

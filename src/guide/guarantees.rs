//! What a consumer and a producer promise: what becomes of a message, its offset and its order.
//!
//! # Consuming with a handler
//!
//! [`EventConsumer::run`] handles each message at least once. A delivery ends in one [`Outcome`], but for
//! one that takes too long: that counts as abandoned, and then as what becomes of the message.
//!
//! | [`Outcome`] | the message | its offset | the order | shown by |
//! |---|---|---|---|---|
//! | [`Done`](Outcome::Done) | the handler has accepted it, it is a tombstone that nobody handles, or a dead letter of its own that [a pattern](crate::kafka::EventConsumer::subscribe_to) stands for, too | may be committed as soon as all received before it in the partition are finished | the next of the partition (or key) goes on | `kafka_run`: `a_partition_keeps_its_order_...`, `a_key_keeps_its_order_...` |
//! | [`Retried`](Outcome::Retried) | failed; it is handled again in its place, or sent to a [topic for retries](crate::kafka::Retry::topics) | not committed before it is finished; with a topic for retries, finished when it is stored there | in place: kept, the partition waits. By topics: none | `kafka_run`: `a_failed_event_is_tried_again_in_its_place`, `retries_by_topics_hold_up_nothing`, `what_was_tried_by_topics_keeps_its_first_place_...` |
//! | [`Parked`](Outcome::Parked) | failed; it is handled again, the later messages of its key wait | not committed before it is finished; others may be handled up to `span` messages ahead | kept for each key | `kafka_run`: `a_parked_event_holds_up_its_own_key_only` |
//! | [`Dead`](Outcome::Dead) | it is in the dead letter topic, with its original bytes, key and headers, and why | finished when the brokers have acknowledged the dead letter | kept: what comes behind it waits until then | `kafka_dead_letter`, `kafka_run`: `what_is_rejected_or_fails_for_good_is_a_dead_letter`, `kafka_spring` |
//! | [`Skipped`](Outcome::Skipped) | passed over, because [`GiveUp::Skip`] says so; it is in the log | finished | kept | `kafka_run`: `what_is_skipped_is_passed_over_and_told` |
//! | [`Abandoned`](Outcome::Abandoned) | its handler took too long, its partition was taken away, or its [batch](crate::kafka::Batch) was dropped: its result does not count, and it may have had its effect | not committed; after a timeout it is tried again, after a revoke the next owner gets it, that of a batch is received again | kept, unless the handler does not yield: then the next may begin while it is at work | `kafka_run`: `a_handler_that_takes_too_long_...`, `a_handler_that_took_too_long_...`, `kafka_group`: `a_result_that_comes_after_the_partition_went_...` |
//!
//! With [`GiveUp::Stop`] a message that failed for good ends the run with an error, and is not committed: it is
//! the first that a restart meets (`kafka_run`: `it_stops_at_what_it_is_told_to_stop_at`).
//!
//! What leads there:
//!
//! | | tried again | then |
//! |---|---|---|
//! | it cannot be loaded, or breaks a rule | never | [`GiveUp`] says: dead letter, unless told otherwise |
//! | the handler says [`Failure::reject`] | never | the same |
//! | the handler says [`Failure::retry`], or returns any other error | as [`Retry`] says: 5 attempts in place, unless told otherwise | the same |
//! | the handler panics | as an error | the same |
//! | the handler takes longer than its [timeout](Runner::handler_timeout) | as an error | the same |
//! | the dead letter cannot be sent for now | until it can: after 100 ms, then twice as long each time, up to 5 seconds | |
//! | the dead letter is too large | in a smaller form: with few headers, then as a pointer to the original | the run stops |
//! | the dead letter is refused for good: there is no such topic, or no right to write to it | never | the run stops, and [says why](crate::kafka::RunError::is_dead_letter_refused) |
//!
//! So the dead letter topic, `<topic>-<group>-dlt` unless [told otherwise](crate::kafka::DeadLetter), has to be there if
//! the brokers do not make topics when they are needed, and the user needs the right to write to it. A run that begins
//! without it warns of that (`kafka_refused`).
//!
//! A topic or a group that the user may not read ends the run with an error that
//! [says so](crate::kafka::RunError::is_unauthorized) (`kafka_rights`). Brokers that are away, a topic that is yet to be
//! made and a password that is refused do not: those are waited for, and in the log (`kafka_credential`).
//!
//! ## What may come twice
//!
//! - After a crash, or when a partition was lost: what was finished since the last commit that arrived, and what was
//!   finished ahead of the first unfinished message, fewer than [`span`](Runner::span) of each partition; none of the
//!   latter with [`Order::Partition`]. Handlers that are quick and never wait are given up to 32 messages of a partition
//!   at once, and what they did is told when the last one is done: a crash may repeat one such row of each worker
//!   more. A commit is tried each [`commit_interval`](Runner::commit_interval), one second
//!   unless set. The brokers refuse commits while the group shares its partitions out: such a commit is tried again
//!   every 100 ms, and at once when the rebalance is over. So the bound is the commit interval and the rebalances
//!   that lie in it; while the brokers cannot be reached, it is as long as they are away.
//! - After a close or a rebalance: nothing, as a rule. What was overtaken is handled before the partition is given up
//!   (`kafka_group`: `a_close_finishes_what_others_have_overtaken`). If that takes longer than the deadline, or if a
//!   message that failed waits for its next attempt: what is in hand, and what was finished ahead of the first
//!   unfinished message.
//! - What the producer sent twice after an unknown outcome: the [id](crate::Envelope#the-id) is the same.
//! - What a handler publishes, if it runs twice: each run makes new ids, so that ids do not tell these from events
//!   that are new. A handler whose events must be recognised gives them an id that is derived from the id of the
//!   event that they handle.
//! - Dead letters: one that was stored, but whose acknowledgement was lost, or that was written just before a crash,
//!   is written again. Origin and id are the same: see [`DeadLetter::read`](crate::kafka::DeadLetter::read).
//!
//! `kafka_cluster` kills brokers and consumers and counts; the simulation of the core does so in a million schedules
//! with every commit, and checks that nothing unfinished is ever committed. The same schedules lead the session, which
//! decides what a failed client, a cancelled call, or a revoke during a close come to.
//!
//! ## What may not come
//!
//! - What retention has taken before it was received. The run goes on with the first message that is there, a warning
//!   names the gap, and [`Counts::lost`] counts it; with `auto.offset.reset=none` it stops instead (`kafka_broker`:
//!   `what_is_gone_before_it_was_handled_...`).
//! - A topic that is deleted and made anew starts at offset 0, and is handled from there. If the consumer has not seen
//!   it gone in between, which it looks for each `topic.metadata.refresh.interval.ms`, librdkafka commits nothing of it
//!   before the offset that was committed of the old one: what is handled until then comes again after a restart.
//!
//! ## What is bounded
//!
//! - Memory: [`Runner::buffer`], in messages and bytes; a full partition is paused
//!   (`kafka_group`: `a_handler_that_stands_still_does_not_fill_the_memory`). Until it is, librdkafka fetches ahead
//!   for itself: 64 MB for all partitions together, unless `queued.max.messages.kbytes` says otherwise (`kafka_memory`).
//! - Membership of the group does not hang on the handler: another thread polls
//!   (`a_handler_slower_than_the_poll_interval_stays_a_member`).
//! - A rebalance waits for what is in hand and for what was overtaken as long as [`Runner::revoke_timeout`] says: 10
//!   seconds, or a third of the session timeout if that is less, unless set. Then it commits, for at most 5 seconds.
//! - One partition whose topic was deleted fails no commit of the others, and no close; a warning says so once.
//! - [`RunHandle::close`] returns by its deadline (`a_close_under_load_is_in_time_...`).
//!
//! ## Whether it is ready
//!
//! [`RunHandle::is_ready`] is for the readiness probe of a service. It says no until the group has let the consumer in,
//! while a dead letter waits for brokers that do not take it (from their first refusal on, when a warning says so, too), when the
//! group has given the consumer up, and when the run stops (`kafka_group`: `a_member_is_ready_when_...`,
//! `a_consumer_is_not_ready_while_...`; `kafka_trouble`).
//!
//! # Consuming by hand
//!
//! [`EventConsumer::recv`] and its kin commit nothing but what [`store_offset`](EventConsumer::store_offset) or
//! [`commit`](EventConsumer::commit) is told of, which take all up to the message: what was not handed over is never
//! committed (`kafka_commit`). A message of a partition that was taken away cannot be committed any more.
//!
//! An error that is [fatal](ConsumeError::is_fatal) ends [`stream`](EventConsumer::stream), and `recv` returns it
//! again and again (`kafka_received`: `a_stream_ends_behind_...`). A [`run`](EventConsumer::run) after a `recv` begins
//! behind what that has handed out (`kafka_run`: `what_was_received_ahead_by_hand_...`).
//!
//! # Producing
//!
//! | | the event | shown by |
//! |---|---|---|
//! | `Ok` | is stored by as many brokers as `acks` says: all that are in sync, unless set | `kafka_order`, `kafka_produce` |
//! | [`SendError::is_not_sent`] | is not stored | `a_broker_that_refuses_for_good_leaves_no_doubt` |
//! | [`SendError::is_unknown`] | may be stored: send it again with the same id | `events_on_their_way_when_a_client_fails_all_have_an_outcome` |
//! | [`SendError::is_fatal`] | is not stored; the producer makes a new client, and is [not ready](EventProducer::is_ready) meanwhile | `a_client_that_fails_for_good_is_made_anew` |
//!
//! An event that times out on its way ends its client, too: its outcome is unknown, and so is that of all that was on
//! its way with it (`kafka_trouble`: `a_message_that_times_out_on_its_way_...`). librdkafka would go on in a new epoch,
//! in which the brokers store again what they have already. It is the likelier the shorter `delivery.timeout.ms` is, and
//! the closer `request.timeout.ms` is to it: with the defaults (5 minutes and 30 seconds) a broker has to be away for
//! minutes.
//!
//! Events of a key are stored in the order in which their futures were first polled, however full the queue is
//! (`kafka_order`), and go to the partition that Java's client chooses (`kafka_keys`).
//!
//! # An example
//!
//! A message that is no event, and nothing set: it is kept, and the others are handled.
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
//! [`Order::Partition`]: crate::kafka::Order::Partition
//! [`RunHandle::close`]: crate::kafka::RunHandle::close
//! [`RunHandle::is_ready`]: crate::kafka::RunHandle::is_ready
//! [`SendError::is_not_sent`]: crate::kafka::SendError::is_not_sent
//! [`SendError::is_unknown`]: crate::kafka::SendError::is_unknown
//! [`SendError::is_fatal`]: crate::kafka::SendError::is_fatal

#[cfg(doc)]
use crate::kafka::{ConsumeError, Counts, EventConsumer, EventProducer, Outcome, Runner};

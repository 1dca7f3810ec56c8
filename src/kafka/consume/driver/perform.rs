//! Does what the core says: told to librdkafka by the polling thread alone.

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::RDKafkaErrorCode;

use super::super::core::{Action, Outcome, Position};
use super::shared::{Shared, State, Stopped, record};
use crate::kafka::message::Place;

/// Does what the core says.
pub(super) fn perform<C: ConsumerContext>(shared: &Shared, state: &mut State, consumer: &BaseConsumer<C>) {
    let now = shared.now();
    let mut resumed = Vec::new();
    while let Some(action) = state.core.action() {
        match action {
            Action::Pause(partition) => state.full.fill(partition, now),
            Action::Resume(partition) => {
                if state.full.drain(partition, now) {
                    resumed.push(partition);
                }
            }
            Action::Commit(positions) => {
                store(state, consumer, &positions);
                state.commits.wanted = true;
            }
            Action::Abandon(ticket) => {
                shared.tally.count(Outcome::Abandoned);
                state.dismiss(&ticket);
                shared.supervisor.notify_one();
            }
            Action::End(ticket, outcome) => {
                shared.tally.count(outcome);
                state.too_long().tell(state.place(ticket.partition), &ticket, outcome);
            }
            Action::Stop(ticket) => {
                let fault = state.faults.remove(&record(&ticket)).unwrap_or(state.too_long());
                let refusal = state.refusals.remove(&record(&ticket));
                let place = state.place(ticket.partition).clone();
                state.stopped.get_or_insert(Stopped { place, offset: ticket.offset, fault, refusal });
                shared.stop(state);
            }
        }
    }
    if !resumed.is_empty()
        && let Err(error) = consumer.resume(&state.list(&resumed))
    {
        tracing::warn!("cannot resume partitions: {error}");
    }
    let paused = state.full.take(now);
    if !paused.is_empty()
        && let Err(error) = consumer.pause(&state.list(&paused))
    {
        tracing::warn!("cannot pause partitions: {error}");
    }
}

/// Notes the offsets for the next commit. They are never committed by an explicit list: the broker takes
/// one from a member that has lost the partition, and sets the group back.
pub(super) fn store<C: ConsumerContext>(state: &mut State, consumer: &BaseConsumer<C>, positions: &[Position]) {
    for position in positions {
        let Place { topic, partition } = state.place(position.partition);
        // librdkafka adds the one to get the offset of the next message.
        if let Err(error) = consumer.store_offset(topic, *partition, position.offset) {
            tracing::warn!("{topic}/{partition}@{}: not stored for the commit: {error}", position.offset);
            let code = error.rdkafka_error_code().unwrap_or(RDKafkaErrorCode::Unknown);
            state.commits.fail(position.partition, code);
            state.core.commit_failed();
        }
    }
}

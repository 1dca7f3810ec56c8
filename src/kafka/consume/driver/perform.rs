//! Does what the session says: told to librdkafka by the polling thread alone.

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};

use super::super::core::{Action, Position};
use super::shared::{Shared, State};
use crate::kafka::client::native;

/// Time has passed: ends what took too long.
pub(super) fn tick(shared: &Shared, state: &mut State) {
    for (ticket, outcome, fault) in state.session.tick(shared.now()) {
        fault.tell(state.place(ticket.partition), &ticket, outcome);
    }
}

/// Does what the session says.
pub(super) fn perform<C: ConsumerContext>(shared: &Shared, state: &mut State, consumer: &BaseConsumer<C>) {
    let now = shared.now();
    let mut resumed = Vec::new();
    while let Some(action) = state.session.action(now) {
        match action {
            Action::Pause(partition) => state.full.fill(partition, now),
            Action::Resume(partition) => {
                if state.full.drain(partition, now) {
                    resumed.push(partition);
                }
            }
            Action::Commit(positions) => {
                store(state, consumer, &positions);
                state.commits.want();
            }
            Action::Abandon(ticket) => {
                state.seats.dismiss(&ticket);
                shared.supervisor.notify_one();
            }
            Action::Opened(messages) => {
                shared.telemetry.breaker_opened();
                tracing::warn!(
                    "group `{}`: the handlers of {messages} different messages failed and none succeeded: messages wait, and one at a \
                     time is tried until one is handled",
                    shared.telemetry.group()
                );
            }
            Action::Closed => tracing::info!("group `{}`: messages are handled again", shared.telemetry.group()),
            Action::Stop(_) => shared.supervisor.notify_one(),
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
    let places = positions.iter().map(|position| state.place(position.partition));
    let next = places.zip(positions).map(|(place, Position { offset, leader_epoch, .. })| {
        // A commit says which message is next.
        (&*place.topic, place.partition, offset + 1, *leader_epoch)
    });
    let failed = native::store_offsets(consumer, next);
    for (position, error) in positions.iter().zip(failed) {
        if let Some(code) = error {
            tracing::warn!(
                "{}@{}: not stored for the commit: {code}",
                state.place(position.partition),
                position.offset
            );
            state.commits.fail(position.partition, code);
            state.session.not_stored(position.partition);
        }
    }
}

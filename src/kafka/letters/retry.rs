//! The headers of a message on its way to another attempt.

use super::names::legal;
use crate::kafka::message::{FIRST_GROUP, FIRSTS, Headers, Origin, long};

/// The number of attempts, this one included, and the time of the next one. Only retries have these headers.
pub(super) const ATTEMPTS: &str = "retry_topic-attempts";
pub(super) const DUE: &str = "retry_topic-backoff-timestamp";

/// The headers of a message on its way to a topic for retries. `attempt` is the one it waits for, `due` in
/// milliseconds since 1970.
pub(crate) fn headers_for_retry(own: &Headers, origin: &Origin<'_>, group: &str, attempt: u32, due: i64) -> Headers {
    let mut headers = without_retries(own);
    origin.with_values(group, |values| {
        for (name, value) in FIRSTS.into_iter().zip(values) {
            headers.push(name, Some(value));
        }
    });
    headers.push(ATTEMPTS, Some(&attempt.to_be_bytes()));
    headers.push(DUE, Some(&due.to_be_bytes()));
    headers
}

/// The headers of a message as they were before it was tried again.
pub(crate) fn without_retries(headers: &Headers) -> Headers {
    headers.iter().filter(|(name, _)| !FIRSTS.contains(name) && !matches!(*name, ATTEMPTS | DUE)).collect()
}

/// The topic where the messages of a group wait for the attempt behind this one.
pub(crate) fn retry_topic(topic: &str, group: &str, number: u32) -> String {
    legal(&format!("{topic}-{group}"), &format!("-retry-{number}"))
}

/// Whether a message of a retry topic or a redrive topic waits there for another group. Two pairs of topic and group can
/// share such a topic: see [`DeadLetter::new`](crate::kafka::DeadLetter::new).
pub(crate) fn is_retry_of_another(headers: &Headers, group: &str) -> bool {
    headers.get(FIRST_GROUP).is_some_and(|its_group| its_group != group.as_bytes())
}

/// The number of the attempt that a message of a retry topic waits for.
pub(crate) fn attempts(headers: &Headers) -> Option<u32> {
    Some(u32::from_be_bytes(headers.get(ATTEMPTS)?.try_into().ok()?))
}

/// The time to handle a message of a retry topic, in milliseconds since 1970.
pub(crate) fn due(headers: &Headers) -> Option<i64> {
    long(headers.get(DUE))
}

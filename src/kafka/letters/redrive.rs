//! The headers of a message that is sent again after it was a dead letter.

use super::headers::REDRIVES;
use super::names::legal;
use super::retry::{ATTEMPTS, DUE};
use crate::kafka::message::{FIRSTS, Headers, ORIGINALS, Origin};

/// Ours: the only group that is to handle a message that is in its topic again: `topic/group`.
const FOR: &str = "event-schema-redriven-for";

/// The headers with these beginnings are Spring Kafka's and ours for dead letters and retries.
const OF_LETTERS: [&str; 5] = ["kafka_dlt-", "kafka_original-", "kafka_exception-", "retry_topic-", "event-schema-"];

/// The topic of a group's redriven messages.
pub(crate) fn redrive_topic(topic: &str, group: &str) -> String {
    legal(&format!("{topic}-{group}"), "-redrive")
}

/// The topic that a message is sent to again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Destination<'a> {
    /// A redrive topic, which only the group reads that could not handle the message.
    Redrive,
    /// A retry topic of that group. The message is to be handled at once: the time is in milliseconds since 1970.
    Retry { now: i64 },
    /// The topic that it came from, which other groups read as well.
    Origin { topic: &'a str },
    /// Any other topic.
    Other,
}

/// How often a message was redriven. Anybody can write this header: one that cannot be read counts as the most.
pub(crate) fn redrives(headers: &Headers) -> u32 {
    let Some(count) = headers.get(REDRIVES) else { return 0 };
    str::from_utf8(count).ok().and_then(|count| count.parse().ok()).unwrap_or(u32::MAX)
}

/// The headers of a message that is sent again. `original` are those of the message, `letter` those of its dead letter,
/// `last` is the place where it could not be handled the last time.
pub(crate) fn headers_for_redrive(
    original: &Headers,
    letter: &Headers,
    last: &Origin<'_>,
    group: &str,
    destination: Destination<'_>,
) -> Headers {
    let is_of_letters = |name: &str| OF_LETTERS.iter().any(|start| name.starts_with(start));
    let mut headers: Headers = original.iter().filter(|(name, _)| !is_of_letters(name)).collect();
    // A message without an id of its own has its first place for one.
    let first = Origin::read(letter);
    first.as_ref().unwrap_or(last).with_values(group, |values| {
        for (name, value) in ORIGINALS.into_iter().zip(values) {
            headers.push(name, Some(value));
        }
    });
    headers.push(REDRIVES, Some(redrives(letter).saturating_add(1).to_string().as_bytes()));
    if matches!(destination, Destination::Redrive | Destination::Retry { .. }) {
        last.with_values(group, |values| {
            for (name, value) in FIRSTS.into_iter().zip(values) {
                headers.push(name, Some(value));
            }
        });
    }
    match destination {
        Destination::Retry { now } => {
            headers.push(ATTEMPTS, Some(&2_u32.to_be_bytes()));
            headers.push(DUE, Some(&now.to_be_bytes()));
        }
        Destination::Origin { topic } => headers.push(FOR, Some(format!("{topic}/{group}").as_bytes())),
        Destination::Redrive | Destination::Other => {}
    }
    headers
}

/// Whether a message of a topic is there again for another group, which could not handle it. A copy of it in another topic
/// may have this header, too, and is for all groups.
pub(crate) fn is_for_another(headers: &Headers, topic: &str, group: &str) -> bool {
    let Some(whose) = headers.get(FOR).and_then(|whose| str::from_utf8(whose).ok()) else { return false };
    whose.split_once('/').is_some_and(|(its_topic, its_group)| its_topic == topic && its_group != group)
}

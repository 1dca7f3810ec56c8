//! Selected dead letters.

use std::time::SystemTime;

use super::letter::{Letter, LetterState};
use crate::kafka::config::TopicNames;

/// Each part that is there restricts the selection.
#[derive(Debug, Clone, Default)]
pub(super) struct Selection {
    pub(super) redriven_too: bool,
    pub(super) cause: Option<String>,
    pub(super) event_type: Option<String>,
    pub(super) id: Option<String>,
    pub(super) group: Option<String>,
    pub(super) key: Option<Vec<u8>>,
    pub(super) from: Option<SystemTime>,
    pub(super) until: Option<SystemTime>,
    pub(super) origin_topic: Option<String>,
    pub(super) origin_partition: Option<i32>,
    pub(super) origin_offset: Option<i64>,
    /// Partition and offset in the dead letter topic.
    pub(super) at: Option<(i32, i64)>,
}

impl Selection {
    /// With the names that topics have at the brokers.
    pub(super) fn with_names(&self, names: &TopicNames) -> Self {
        let origin_topic = self.origin_topic.as_ref().map(|topic| names.real(topic).into_owned());
        Self { origin_topic, ..self.clone() }
    }

    pub(super) fn has(&self, letter: &Letter) -> bool {
        let Self { redriven_too, cause, event_type, id, group, key, from, until, .. } = self;
        let Self { origin_topic, origin_partition, origin_offset, at, .. } = self;
        let dead = letter.dead();
        let is_type = |wanted: &String| letter.event_type().is_some_and(|found| is_of_type(found, wanted));
        let is_after = |from: &SystemTime| letter.timestamp().is_some_and(|time| time >= *from);
        let is_before = |until: &SystemTime| letter.timestamp().is_some_and(|time| time < *until);
        (*redriven_too || letter.state() != LetterState::Redriven)
            && at.is_none_or(|at| at == (letter.partition(), letter.offset()))
            && id.as_ref().is_none_or(|id| letter.id() == id)
            && key.as_ref().is_none_or(|key| letter.key() == Some(key))
            && event_type.as_ref().is_none_or(is_type)
            && from.as_ref().is_none_or(is_after)
            && until.as_ref().is_none_or(is_before)
            && group.as_ref().is_none_or(|group| dead.and_then(|dead| dead.group()) == Some(group))
            && origin_topic.as_ref().is_none_or(|topic| dead.is_some_and(|dead| dead.topic() == topic))
            && origin_partition.is_none_or(|partition| dead.is_some_and(|dead| dead.partition() == partition))
            && origin_offset.is_none_or(|offset| dead.is_some_and(|dead| dead.offset() == offset))
            && cause.as_ref().is_none_or(|cause| has_cause(letter, cause))
    }
}

/// Whether it is this type, or this event in any version.
fn is_of_type(found: &str, wanted: &str) -> bool {
    let is_version = |rest: &str| {
        let digits = rest.strip_prefix(".v").unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit())
    };
    found.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || is_version(rest))
}

fn has_cause(letter: &Letter, cause: &str) -> bool {
    let has = |text: Option<&str>| text.is_some_and(|text| text.contains(cause));
    letter.dead().is_some_and(|dead| has(dead.exception()) || has(dead.message()))
}

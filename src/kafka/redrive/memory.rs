//! The memory of dead letters that were redriven: a topic of its own, with a record for each.
//!
//! Committed offsets would not do: a selection leaves holes, and offsets of a group without members expire, by default after
//! a week. Marks in the dead letter topic itself would be messages to whatever else reads it.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::kafka::config::TopicNames;
use crate::kafka::letters::legal;
use crate::kafka::message::ProducerRecord;
use crate::load::json;

/// The topic that has the memory of a dead letter topic, both by their names at the brokers. Long names are cut, so two
/// dead letter topics may share it: the keys have the whole name.
pub(super) fn topic(dead_letters: &str, names: &TopicNames) -> String {
    names.real(&legal(dead_letters, "-redriven")).into_owned()
}

/// The dead letters that were redriven, by partition and offset, with their time in milliseconds. A topic that was deleted
/// and created again has other letters at the same offsets, and they have other times.
#[derive(Debug, Default)]
pub(super) struct Memory(HashMap<(i32, i64), Option<i64>>);

impl Memory {
    /// Notes what a record of the topic says. Those of other dead letter topics, and those that nobody here has written,
    /// are ignored.
    pub(super) fn note(&mut self, dead_letters: &str, key: Option<&[u8]>, value: Option<&[u8]>) {
        let Some(place) = key.and_then(|key| place(dead_letters, key)) else { return };
        let mark: Option<Value> = value.and_then(|value| json::read(str::from_utf8(value).ok()?).ok());
        match mark {
            Some(mark) => self.0.insert(place, mark["timestamp"].as_i64()),
            // A letter that is no longer there, or is to be redriven again.
            None => self.0.remove(&place),
        };
    }

    pub(super) fn has(&self, partition: i32, offset: i64, millis: Option<i64>) -> bool {
        self.0.get(&(partition, offset)) == Some(&millis)
    }

    /// The letters that are no longer in their topic, whose partitions begin at these offsets.
    pub(super) fn outlived(&self, first: impl Fn(i32) -> Option<i64>) -> impl Iterator<Item = (i32, i64)> {
        self.0.keys().copied().filter(move |(partition, offset)| first(*partition).is_some_and(|first| *offset < first))
    }
}

/// Writes the records of a dead letter topic.
pub(super) struct Marks<'a> {
    pub(super) dead_letters: &'a str,
    /// The topic of the memory.
    pub(super) topic: String,
}

impl Marks<'_> {
    /// The record that says that a letter was redriven, and where to.
    pub(super) fn redriven(&self, place: (i32, i64), millis: Option<i64>, to: &str) -> ProducerRecord {
        self.forgotten(place).with_value(json!({ "timestamp": millis, "to": to }).to_string())
    }

    /// The record that forgets a letter.
    pub(super) fn forgotten(&self, (partition, offset): (i32, i64)) -> ProducerRecord {
        ProducerRecord::new(&self.topic).with_key(format!("{}/{partition}@{offset}", self.dead_letters))
    }

    /// A record that says nothing: whether the brokers take it shows whether they will take the others.
    pub(super) fn nothing(&self) -> ProducerRecord {
        ProducerRecord::new(&self.topic).with_key(self.dead_letters)
    }
}

fn place(dead_letters: &str, key: &[u8]) -> Option<(i32, i64)> {
    let place = str::from_utf8(key).ok()?.strip_prefix(dead_letters)?.strip_prefix('/')?;
    let (partition, offset) = place.split_once('@')?;
    Some((partition.parse().ok()?, offset.parse().ok()?))
}

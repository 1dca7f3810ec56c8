//! The way to a part of a JSON value, and what is done there.

use serde_json::Value;

use crate::violation::{MASK, Segment};

/// A step of a path. They are ordered by number, then by name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step {
    index: Option<usize>,
    name: String,
    /// Its other names in the input.
    aliases: &'static [&'static str],
}

impl Step {
    pub(super) fn of(segment: &Segment) -> Self {
        let name = segment.name().into_owned();
        let aliases = match segment {
            Segment::Field(field) => field.aliases(),
            _ => &[],
        };
        Self { index: name.parse().ok(), name, aliases }
    }

    /// All names that it may have in the input.
    fn names(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&*self.name).chain(self.aliases.iter().copied())
    }
}

/// Takes out what stands there; answers whether it was there, unless its key was masked: then nobody can tell
/// which it is, and what it lies in is taken out.
pub(super) fn remove(value: &mut Value, parents: &[Step], key: &Step) -> bool {
    match (value, parents) {
        (Value::Object(object), [first, rest @ ..]) => {
            let Some(name) = first.names().find(|name| object.contains_key(*name)) else { return first.name != MASK };
            if !remove(&mut object[name], rest, key) {
                object.remove(name);
            }
            true
        }
        (Value::Array(list), [first, rest @ ..]) => {
            let index = first.index.filter(|index| *index < list.len());
            if let Some(index) = index
                && !remove(&mut list[index], rest, key)
            {
                list.remove(index);
            }
            true
        }
        // A field that came twice is ambiguous.
        (Value::Object(object), []) => {
            let removed = key.names().filter_map(|name| object.remove(name)).count();
            removed > 0 || key.name != MASK
        }
        (Value::Array(list), []) => {
            if let Some(index) = key.index.filter(|index| *index < list.len()) {
                list.remove(index);
            }
            true
        }
        _ => true,
    }
}

//! What is valid of an input that is not: Marshmallow's `valid_data`.

use serde_json::Value;

use super::{At, Context, Dialect, FieldType, LoadOptions, json};
use crate::violation::{Concern, MASK, Path, Segment, Violations};

/// The input without what is wrong with it and without what the types do not know (`strays`). Read
/// once more, because it is asked for rarely.
#[cold]
pub(super) fn of_text(
    text: &str,
    options: &LoadOptions<'_>,
    violations: &Violations,
    strays: &[Path],
) -> Option<Value> {
    let mut cx = Context::new(*options, Dialect::Json);
    let value = Value::read(&mut json::Source::new(text), &mut cx, &At::ROOT).ok()??;
    of_value(value, violations, strays)
}

/// As [`of_text`], of a value.
#[cold]
pub(super) fn of_value(mut value: Value, violations: &Violations, strays: &[Path]) -> Option<Value> {
    // What was not kept could be anywhere.
    if violations.omitted() > 0 {
        return None;
    }
    // Broken rules of a whole leave its parts as they are.
    let faulty = violations.iter().filter(|violation| violation.of_shape || violation.concern == Concern::Value);
    let paths = faulty.map(|violation| violation.path().segments()).chain(strays.iter().map(Path::segments));
    let mut places: Vec<Vec<Step>> = paths.map(|segments| segments.iter().map(Step::of).collect()).collect();
    // Elements are taken out from the end, so that places before them stay what they are.
    places.sort_by(|a, b| b.cmp(a));
    places.dedup();
    for place in places {
        match place.split_last() {
            None => return Some(Value::Object(serde_json::Map::new())),
            Some((last, parents)) => {
                if !remove(&mut value, parents, last) {
                    return Some(Value::Object(serde_json::Map::new()));
                }
            }
        }
    }
    Some(value)
}

/// A step of a path. They are ordered by number, then by name.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Step {
    index: Option<usize>,
    name: String,
    /// What else the input may call it.
    aliases: &'static [&'static str],
}

impl Step {
    fn of(segment: &Segment) -> Self {
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
fn remove(value: &mut Value, parents: &[Step], key: &Step) -> bool {
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
        // Of a field that came twice nobody can tell which is meant.
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

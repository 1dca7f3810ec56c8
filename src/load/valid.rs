//! What is valid of an input that is not: Marshmallow's `valid_data`.

use serde_json::Value;

use super::{At, Context, Dialect, FieldType, LoadOptions, json};
use crate::violation::{Concern, MASK, Path, Violations};

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
    let mut places: Vec<Vec<String>> =
        paths.map(|segments| segments.iter().map(|segment| segment.name().into_owned()).collect()).collect();
    // Elements are taken out from the end, so that places before them stay what they are.
    places.sort_by(|a, b| compare(b, a));
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

/// By step, numbers by value.
fn compare(a: &[String], b: &[String]) -> std::cmp::Ordering {
    let key = |step: &String| (step.parse::<usize>().ok(), step.clone());
    a.iter().map(key).cmp(b.iter().map(key))
}

/// Takes out what stands there; answers whether it was there, unless its key was masked: then nobody can tell
/// which it is, and what it lies in is taken out.
fn remove(value: &mut Value, parents: &[String], key: &str) -> bool {
    match (value, parents) {
        (Value::Object(object), [first, rest @ ..]) => match object.get_mut(first) {
            Some(inner) => {
                if !remove(inner, rest, key) {
                    object.remove(first);
                }
                true
            }
            None => first != MASK,
        },
        (Value::Array(list), [first, rest @ ..]) => {
            let index = first.parse::<usize>().ok().filter(|index| *index < list.len());
            if let Some(index) = index
                && !remove(&mut list[index], rest, key)
            {
                list.remove(index);
            }
            true
        }
        (Value::Object(object), []) => object.remove(key).is_some() || key != MASK,
        (Value::Array(list), []) => {
            if let Some(index) = key.parse().ok().filter(|index| *index < list.len()) {
                list.remove(index);
            }
            true
        }
        _ => true,
    }
}

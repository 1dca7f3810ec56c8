//! The valid fields of an invalid input: Marshmallow's `valid_data`.

use serde_json::Value;

use super::step::{Step, remove};
use super::{At, Context, Dialect, FieldType, LoadOptions, json};
use crate::violation::{Concern, Path, Violations};

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
pub(crate) fn of_value(mut value: Value, violations: &Violations, strays: &[Path]) -> Option<Value> {
    // A violation that was not kept could be anywhere.
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

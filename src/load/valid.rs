//! The valid fields of an invalid input: Marshmallow's `valid_data`.

use serde_json::Value;

use super::pruning::Pruning;
use super::{At, Context, Dialect, FieldType, LoadOptions, json};
use crate::violation::{Concern, Path, Violation, Violations};

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
pub(crate) fn of_value(value: Value, violations: &Violations, strays: &[Path]) -> Option<Value> {
    // A violation that was not kept could be anywhere.
    if violations.omitted() > 0 {
        return None;
    }
    // Broken rules of a whole leave its parts as they are.
    let faulty = violations.iter().filter(|violation| violation.of_shape || violation.concern == Concern::Value);
    let mut pruning = Pruning::default();
    for path in faulty.map(Violation::path).chain(strays) {
        pruning.add(path.segments());
    }
    Some(pruning.prune(value))
}

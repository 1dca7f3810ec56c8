//! The valid fields of an invalid input: Marshmallow's `valid_data`.

use serde_json::{Map, Value};

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
    let pruning = pruning(violations, strays)?;
    if pruning.is_whole() {
        return Some(Value::Object(Map::new()));
    }
    rest(&mut json::Source::new(text), &[&pruning], &mut Context::new(*options, Dialect::Json)).ok()?
}

/// As [`of_text`], of a value.
#[cold]
pub(crate) fn of_value(value: Value, violations: &Violations, strays: &[Path]) -> Option<Value> {
    Some(pruning(violations, strays)?.prune(value))
}

fn pruning<'p>(violations: &'p Violations, strays: &'p [Path]) -> Option<Pruning<'p>> {
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
    Some(pruning)
}

/// Reads the value that comes next without these parts, which need not be values that a [`Value`] can hold.
fn rest(
    source: &mut json::Source<'_>,
    without: &[&Pruning<'_>],
    cx: &mut Context<'_>,
) -> Result<Option<Value>, json::Error> {
    let called = |name: &str| -> Vec<&Pruning<'_>> { without.iter().flat_map(|one| one.called(name)).collect() };
    match source.token() {
        Some(b'{') if !without.is_empty() => {
            let mut object = Map::new();
            source.entries(|source, _, key| {
                let without = called(&key);
                if without.iter().any(|one| one.is_whole()) {
                    return source.skip();
                }
                if let Some(value) = rest(source, &without, cx)? {
                    object.insert(key.into_owned(), value);
                }
                Ok(())
            })?;
            Ok(Some(object.into()))
        }
        Some(b'[') if !without.is_empty() => {
            let mut list = Vec::new();
            source.elements(|source, index| {
                let without = called(&index.to_string());
                if without.iter().any(|one| one.is_whole()) {
                    return source.skip();
                }
                list.extend(rest(source, &without, cx)?);
                Ok(())
            })?;
            Ok(Some(list.into()))
        }
        _ => Value::read(source, cx, &At::ROOT),
    }
}

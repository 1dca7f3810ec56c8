//! Where load and `serde_json` may differ on a type of the zoo, and what both must agree in.

use std::collections::BTreeSet;
use std::fmt::Debug;

use event_schema::serde::de::DeserializeOwned;
use event_schema::serde_json::{self, Value};
use event_schema::{EventSchema, LoadError, Segment, Violation, Violations};

/// The value at a violation's path. Paths have the first name of a field or key where the message has another.
pub(crate) fn found_at<'a>(violation: &Violation, message: &'a Value) -> Option<&'a Value> {
    const ALIASES: &[(&str, &str)] =
        &[("a", "A"), ("a", "alpha"), ("b", "B"), ("c", "C"), ("first", "1st"), ("b", "2nd"), ("Maybe", "Maybe?")];
    let pointer = violation.path().to_pointer();
    pointer.split('/').skip(1).try_fold(message, |parent, key| {
        let key = key.replace("~1", "/").replace("~0", "~");
        let other = || ALIASES.iter().filter(|(name, _)| *name == key).find_map(|(_, alias)| parent.get(*alias));
        match parent {
            Value::Array(list) => list.get(key.parse::<usize>().ok()?),
            _ => parent.get(&key).or_else(other),
        }
    })
}

/// Where load refuses what `serde_json` and the rules accept: all that is listed here, and nothing else.
fn stricter_than_serde(violation: &Violation, message: &Value) -> bool {
    let Some(found) = found_at(violation, message) else { return false };
    match (violation.code(), violation.params().get("expected").and_then(Value::as_str)) {
        // A struct given as an array of its fields: the contract says object.
        ("invalid", Some("object")) => found.is_array(),
        // So is a struct in an untagged enum; what is told then is why the list's variant does not fit.
        ("invalid", Some("boolean")) | ("null", _) => {
            violation.path().segments().last().is_some_and(|last| matches!(last, Segment::Index(_)))
        }
        // A variant without data given as `{"Variant": null}`: the contract says string.
        ("choice", _) | ("invalid", Some("variant")) => found.as_object().is_some_and(|object| object.len() == 1),
        // The tag of an adjacently tagged enum likewise; and in a flattened enum the variant by its number.
        ("invalid", Some("string")) => {
            found.is_u64() || found.as_object().is_some_and(|object| object.values().all(Value::is_null))
        }
        // A number beyond an f32, which serde makes an infinity: it could be written as null only.
        ("invalid", Some("number")) => found.as_f64().is_some_and(|number| number.abs() > f64::from(f32::MAX)),
        _ => false,
    }
}

/// What was found, as a set.
pub(crate) fn findings(error: &LoadError) -> BTreeSet<String> {
    let violations: &Violations = error.violations().expect("a JSON text");
    violations
        .iter()
        .map(|violation| format!("{} {} {violation}", violation.path().to_pointer(), violation.code()))
        .collect()
}

/// Whether what is written can be read: not by a type that has other names for writing.
pub(crate) fn reads_what_it_writes<E: EventSchema>() -> bool {
    !matches!(E::descriptor().name(), "one-way")
}

/// Whether -0 is in it: with `arbitrary_precision` a `Value` gives it away as an integer, its text does not.
pub(crate) fn has_minus_zero(message: &Value) -> bool {
    match message {
        Value::Number(number) => number.to_string() == "-0",
        Value::Array(list) => list.iter().any(has_minus_zero),
        Value::Object(object) => object.values().any(has_minus_zero),
        _ => false,
    }
}

/// Whether a dependency turned on `serde_json/arbitrary_precision`.
pub(crate) fn keeps_all_digits() -> bool {
    serde_json::from_str::<Value>("1e999").is_ok()
}

/// What load and `serde_json` with the rules disagree in about `text`, which is `message`: nothing but what is
/// listed here.
pub(crate) fn with_serde<E>(text: &str, message: &Value, loaded: &Result<E, LoadError>) -> Result<(), String>
where
    E: EventSchema + DeserializeOwned + PartialEq + Debug,
{
    let by_serde = serde_json::from_str::<E>(text)
        .map_err(|error| error.to_string())
        .and_then(|event| event.validate().map(|()| event).map_err(|violations| violations.to_string()));
    match (loaded, by_serde) {
        (Ok(loaded), Ok(by_serde)) if *loaded != by_serde => {
            Err(format!("the value of {text}\nload has {loaded:?}\nserde has {by_serde:?}"))
        }
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => Ok(()),
        (Ok(_), Err(error)) => Err(format!("only load accepts {text}\nserde or the rules say: {error}")),
        (Err(error), Ok(_)) => {
            let listed = |violations: &Violations| violations.iter().all(|found| stricter_than_serde(found, message));
            match error.violations() {
                Some(violations) if listed(violations) => Ok(()),
                _ => Err(format!("only serde accepts {text}\nload says: {error}")),
            }
        }
    }
}

//! Where load, `serde_json` and the contract may differ on a type of the zoo, each with its reason: all that is
//! listed here, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Debug;

use event_schema::serde::de::DeserializeOwned;
use event_schema::serde_json::{self, Map, Value};
use event_schema::{EventSchema, LoadError, Segment, Violation, Violations};
use jsonschema::Validator;
use jsonschema::error::{ValidationError, ValidationErrorKind};

/// Other names of fields and keys, of which paths have the first.
const ALIASES: &[(&str, &str)] = &[
    ("a", "A"),
    ("a", "alpha"),
    ("b", "B"),
    ("c", "C"),
    ("first", "1st"),
    ("b", "2nd"),
    ("Maybe", "Maybe?"),
    ("name", "nick"),
    ("age", "years"),
    ("colour", "color"),
    ("a.b", "a/b"),
    ("a.b", ""),
    ("One", "one"),
    ("One", "uno"),
    ("Two", "two"),
    ("Three", "three"),
    ("Five", "fünf"),
    ("currency", "cur"),
    ("id", "ID"),
    ("x", "y"),
    ("number", "no"),
    ("own", "o"),
    ("r", "right"),
    ("Neither", "none"),
    ("Nothing", "none"),
    ("first-age", "firstAge"),
    ("Four", "4"),
    ("FIRST", "erste"),
    // The path of a map's entry has the key as it stands.
    ("erste", "FIRST"),
];

/// All that may stand at a violation's path: which of its names the field or key has there, it does not tell.
pub(crate) fn found_at<'a>(violation: &Violation, message: &'a Value) -> Vec<&'a Value> {
    stands_at(&violation.path().to_pointer(), message)
}

/// All that may stand at a pointer whose steps are the first names of fields.
fn stands_at<'a>(pointer: &str, message: &'a Value) -> Vec<&'a Value> {
    pointer.split('/').skip(1).map(unescaped).fold(vec![message], |parents, key| {
        let called = |parent: &'a Value| -> Vec<&'a Value> {
            let aliases = ALIASES.iter().filter(|(name, _)| *name == key).map(|(_, alias)| *alias);
            match parent {
                Value::Array(list) => key.parse::<usize>().ok().and_then(|index| list.get(index)).into_iter().collect(),
                _ => std::iter::once(&*key).chain(aliases).filter_map(|name| parent.get(name)).collect(),
            }
        };
        parents.into_iter().flat_map(called).collect()
    })
}

/// Whether the path of a violation leads through a key that stands there under two of its names.
fn is_in_one_of_two(violation: &Violation, message: &Value) -> bool {
    let pointer = violation.path().to_pointer();
    let ends = pointer.match_indices('/').map(|(at, _)| at).skip(1).chain([pointer.len()]);
    ends.into_iter().any(|end| stands_at(&pointer[..end], message).len() > 1)
}

/// Whether the path of a violation leads to this place of the message, or further in.
fn is_within(violation: &Violation, place: &str) -> bool {
    let path = violation.path().to_pointer();
    let mut steps = path.split('/').skip(1).map(unescaped);
    place.split('/').skip(1).map(unescaped).all(|key| {
        steps
            .next()
            .is_some_and(|step| step == key || ALIASES.iter().any(|(name, alias)| *name == step && *alias == key))
    })
}

/// A step of a JSON Pointer.
fn unescaped(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// Where load refuses what `serde_json` and the rules accept: all that is listed here, and nothing else.
fn stricter_than_serde(name: &str, violation: &Violation, message: &Value) -> bool {
    // What a hook refuses: serde knows of no hooks.
    if violation.code() == "thirteen" {
        return true;
    }
    // A variant without data given as an object: what is told is why another variant does not fit.
    if name == "untagged-deep" && has_null_variant(message) {
        return true;
    }
    let stricter = |found: &&Value| value_stricter_than_serde(name, violation, message, found);
    found_at(violation, message).iter().any(stricter)
}

/// As [`stricter_than_serde`], of the value that was found.
fn value_stricter_than_serde(name: &str, violation: &Violation, message: &Value, found: &Value) -> bool {
    match (violation.code(), violation.params().get("expected").and_then(Value::as_str)) {
        // A rule of the type that another is read from, of which serde's view of the event has nothing left.
        ("range", _) if name == "from-wire" => true,
        // A null of `#[event(not_null)]`.
        ("null", _) if name == "never-null" => found.is_null(),
        // A struct given as an array of its fields: the contract says object.
        ("invalid", Some("object")) => found.is_array(),
        // Data that is null, given as an empty object that serde kept until it had seen the tag.
        ("invalid", Some("null")) if name == "adjacent-unit" => is_empty(found),
        // A tagged variant given as an array, by its number: what is told is why the variant that is null does not fit.
        ("invalid", Some("null")) if name == "untagged-mixed" => found.is_array(),
        _ if name == "untagged-mixed" && message.is_array() => true,
        // So is a struct in an untagged enum; what is told then is why the list's variant does not fit.
        ("invalid", Some("boolean")) | ("null", _) => {
            violation.path().segments().last().is_some_and(|last| matches!(last, Segment::Index(_)))
        }
        // A variant without data given as `{"Variant": null}`: the contract says string.
        ("choice", _) | ("invalid", Some("variant")) => found.as_object().is_some_and(|object| object.len() == 1),
        // The tag of an adjacently tagged enum likewise; and in a flattened enum the variant by its number.
        ("invalid", Some("string")) => {
            found.is_u64() || found.as_object().is_some_and(|object| object.len() == 1 && object.values().all(is_empty))
        }
        // A number beyond an f32, which serde makes an infinity: it could be written as null only.
        ("invalid", Some("number")) => found.as_f64().is_some_and(|number| number.abs() > f64::from(f32::MAX)),
        _ => false,
    }
}

/// Whether a variant of a colour is given as `{"Variant": null}` in it.
fn has_null_variant(message: &Value) -> bool {
    match message {
        Value::Array(list) => list.iter().any(has_null_variant),
        Value::Object(object) => {
            object.len() == 1 && object.values().all(is_empty) || object.values().any(has_null_variant)
        }
        _ => false,
    }
}

/// Whether it is nothing, in one of the forms that serde takes for a unit once it was kept.
fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// Where `serde_json` refuses what load accepts: behind a tag and in what is flattened it has lost the integers that
/// stand as keys, and those of 128 bits. Load reads them wherever they stand.
fn stricter_than_load_by_serde(name: &str, error: &str) -> bool {
    match name {
        "flat-numbered" => error.contains("invalid type: string") && error.contains("expected u8"),
        "tagged-numbers" => {
            error.contains("invalid type: string") && (error.contains("expected u8") || error.contains("expected i16"))
                || error.contains("128")
        }
        // What is only written is not read: serde keeps it in the flattened map, where it would be written twice.
        "tagged-rest" => error == "kind: Duplicate field.",
        "out-and-rest" => error == "out: Duplicate field.",
        "flat-own-tag" => error == "kind: Duplicate field." || is_no_u8(error),
        "flat-dump-only" => error == "b: Duplicate field." || is_no_u8(error),
        // Of a variant that does not fit a flattened option load leaves nothing to the map; serde leaves the others.
        // In the second, what a flattened struct flattens is its own; serde leaves all of it to the map.
        // In the others, what a tagged or untagged enum has read is its own; serde leaves it all to those who come after.
        "flat-external" | "flat-through" | "flat-choice-rest" | "flat-one-tag" => error.ends_with(": Duplicate field."),
        "flat-choice-counts" | "flat-form-counts" => error.ends_with(": Duplicate field.") || is_no_u8(error),
        "flat-sized" => error.contains(": Duplicate field.") || is_no_u8(error),
        // A variant without data, as serde writes it among other fields: it is not there.
        "flat-perhaps" => error.contains("did not match any variant"),
        _ => false,
    }
}

/// Whether serde says that some value is none of a map of small numbers.
fn is_no_u8(error: &str) -> bool {
    error.contains("expected u8")
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
    !matches!(E::descriptor().name(), "one-way" | "out-and-rest" | "both-names" | "swapped")
}

/// Whether another variant of an untagged enum, with what stands in a map beside it, comes first when it is read.
pub(crate) fn reads_as_an_earlier_variant<E: EventSchema>(dumped: &Value) -> bool {
    let names = ["street", "number", "place"];
    E::descriptor().name() == "flat-choice-rest" && names.iter().all(|name| dumped.get(name).is_some())
}

/// Whether it has integers that a `Value` has no place for.
pub(crate) fn is_wide<E: EventSchema>() -> bool {
    matches!(E::descriptor().name(), "wide" | "tagged-numbers")
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

/// Whether a number is in it that is no integer of 64 bits: with `arbitrary_precision` it is a map for serde's buffers.
#[allow(dead_code, reason = "the fuzz targets have no schema and no other reader")]
pub(crate) fn has_number_in_disguise(message: &Value) -> bool {
    match message {
        Value::Number(number) => !number.is_i64() && !number.is_u64() || number.to_string() == "-0",
        Value::Array(list) => list.iter().any(has_number_in_disguise),
        Value::Object(object) => object.values().any(has_number_in_disguise),
        _ => false,
    }
}

/// Whether a dependency turned on `serde_json/arbitrary_precision`.
pub(crate) fn keeps_all_digits() -> bool {
    serde_json::from_str::<Value>("1e999").is_ok()
}

/// Whether serde takes something for a flattened option that load does not take, as the contract does not: a variant
/// by its number, or its fields as an array.
fn taken_by_serde_only(name: &str, message: &Value) -> bool {
    match name {
        "flat-external" => ["Four", "Five", "fünf"].iter().any(|variant| message[variant].is_array()),
        "flat-deep" | "flat-nested" => message["form"].is_u64(),
        "flat-closed-deep" => message["by"].is_u64(),
        "flat-one-tag" => message["t"].is_u64(),
        "chain" => has_number_as(message, "link"),
        _ => false,
    }
}

/// Whether a number stands under this name in it.
fn has_number_as(message: &Value, name: &str) -> bool {
    match message {
        Value::Array(list) => list.iter().any(|value| has_number_as(value, name)),
        Value::Object(object) => {
            object.iter().any(|(key, value)| key == name && value.is_u64() || has_number_as(value, name))
        }
        _ => false,
    }
}

/// What load and `serde_json` with the rules disagree in about `text`, which is `message` and repeats keys in these
/// places: nothing but what is listed here.
pub(crate) fn with_serde<E>(
    text: &str,
    message: &Value,
    repeated: &[String],
    loaded: &Result<E, LoadError>,
) -> Result<(), String>
where
    E: EventSchema + DeserializeOwned + PartialEq + Debug,
{
    let name = E::descriptor().name();
    // By bytes, for a key that is to be a bool: of a text serde_json (1.0.154) reads such a key from its second byte
    // on, and that may be no UTF-8.
    let by_serde = serde_json::from_slice::<E>(text.as_bytes())
        .map_err(|error| error.to_string())
        .and_then(|event| event.validate().map(|()| event).map_err(|violations| violations.to_string()));
    match (loaded, by_serde) {
        (Ok(loaded), Ok(by_serde)) if *loaded != by_serde && !taken_by_serde_only(name, message) => {
            Err(format!("the value of {text}\nload has {loaded:?}\nserde has {by_serde:?}"))
        }
        (Ok(_), Ok(_)) | (Err(_), Err(_)) => Ok(()),
        (Ok(_), Err(error)) if stricter_than_load_by_serde(name, &error) => Ok(()),
        (Ok(_), Err(error)) => Err(format!("only load accepts {text}\nserde or the rules say: {error}")),
        (Err(error), Ok(_)) => {
            // Of a map's entries with the same key serde keeps the last; load tells what is wrong with each.
            let in_repeated = |found: &Violation| {
                repeated.iter().any(|repeated| is_within(found, repeated)) || is_in_one_of_two(found, message)
            };
            let listed = |violations: &Violations| {
                violations.iter().all(|found| in_repeated(found) || stricter_than_serde(name, found, message))
            };
            match error.violations() {
                Some(violations) if listed(violations) => Ok(()),
                _ => Err(format!("only serde accepts {text}\nload says: {error}")),
            }
        }
    }
}

/// Where load refuses what the schema accepts.
fn stricter_than_schema(name: &str, violation: &Violation, message: &Value) -> bool {
    match violation.code() {
        // What a hook refuses, and a default that breaks the rules of its type.
        "thirteen" => return true,
        // How many entries a flattened map has beside an optional field, no keyword counts.
        "length" if matches!(name, "flat-bounded" | "flat-sized") => return violation.path().segments().is_empty(),
        // Fields of the variants that it is not go to the map.
        _ if matches!(name, "flat-form-counts" | "flat-choice-counts" | "flat-sized") => {
            let names = ["/radius", "/side", "/street", "/number", "/place"];
            if names.contains(&violation.path().to_pointer().as_str()) {
                return true;
            }
        }
        "length" if name == "bad-default" => return message.get("filled").is_none(),
        "invalid" if name == "nan-default" && violation.path().to_pointer() == "/x" => {
            return message.get("x").is_none();
        }
        // One key for two flattened fields: the first has taken it.
        "required" if name == "flat" => return violation.path().to_pointer() == "/x",
        _ => {}
    }
    found_at(violation, message).iter().any(|found| value_stricter_than_schema(name, violation, found))
}

/// As [`stricter_than_schema`], of the value that was found.
fn value_stricter_than_schema(name: &str, violation: &Violation, found: &Value) -> bool {
    match (violation.code(), violation.params().get("expected").and_then(Value::as_str)) {
        // JSON Schema calls 1.0, 1e2 and -0 integers, and numbers beyond 64 bits are no longer exact there.
        ("invalid", Some("integer" | "nonzero integer")) => {
            (!found.is_i64() && !found.is_u64() || found.to_string().as_str() == "-0")
                && found.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        // A rule of a newtype that is a map's key.
        ("length" | "range", _) if matches!(violation.path().segments().last(), Some(Segment::MapKey(_))) => true,
        // Beyond 64 bits a validator has a number as the float next to it, which can be the bound itself.
        ("range", _) if !found.is_i64() && !found.is_u64() && is_at_a_bound(violation, found) => true,
        // The rule looks at what the number is rounded to.
        ("range", _) if has_f32(name) => found.as_f64().is_some_and(|number| to_f32(number).total_cmp(&number).is_ne()),
        // A URL by WHATWG's standard, which needs a host where RFC 3986 needs none.
        ("invalid", Some("URL")) => found.is_string(),
        // Seconds and nanoseconds that are more than a `Duration` holds together.
        ("invalid", Some("period of time")) => found.get("secs").and_then(Value::as_u64) > Some(u64::MAX - 5),
        // What a conversion (`try_from`) or a function refuses (an integer likewise), and rules that a schema cannot say.
        ("invalid", Some("value")) => {
            matches!(name, "converted" | "with-functions") || name == "nullable" && has_whole_float(found)
        }
        ("must_match" | "odd" | "abcd", _) => true,
        _ => false,
    }
}

/// Where the schema refuses what load accepts.
fn stricter_than_load(name: &str, error: &ValidationError<'_>) -> bool {
    match error.kind() {
        // chrono, uuid and url read more dialects than the formats allow, IPv6 zones and such aside.
        ValidationErrorKind::Format { format } => matches!(format.as_str(), "uuid" | "date-time" | "date" | "uri"),
        // JSON Schema has no formats for local times: the patterns stand for them.
        ValidationErrorKind::Pattern { pattern } => pattern.contains("[0-5][0-9]:"),
        // The same element twice is once in a set, as serde reads it. A sender should not send it.
        ValidationErrorKind::UniqueItems => true,
        ValidationErrorKind::Maximum { limit } if has_f32(name) => {
            // A number between two that an f32 can be is rounded from its text, not from what the validator has of it.
            let rounded = |found: f64| f64::from(nearest_f32(found).next_down()).min(found);
            error.instance().as_f64().zip(limit.as_f64()).is_some_and(|(found, limit)| rounded(found) <= to_f32(limit))
        }
        ValidationErrorKind::PropertyNames { error } => stricter_than_load(name, error),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            let listed = |error: &ValidationError<'_>| stricter_than_load(name, error);
            context.iter().any(|errors| !errors.is_empty() && errors.iter().all(listed))
        }
        _ => false,
    }
}

/// Whether it is about a flattened option: load, as serde, takes what does not fit for `None`, where the schema asks
/// that it fits.
fn only_of_flattened_option(name: &str, error: &ValidationError<'_>) -> bool {
    let places: &[&str] = match name {
        "flat-maybe" => &["/x", "/y"],
        "flat-refused" => &["/number"],
        "flat-alias" => &["/z", "/y"],
        "flat-boxed" => &["/wide", "/o-k"],
        _ => &[],
    };
    places.contains(&error.instance_path().as_str())
}

/// Whether a flattened enum is given several variants: the first counts, as in serde, where the schema asks for one.
fn has_two_variants(name: &str, message: &Value) -> bool {
    let choices: &[&[&str]] = match name {
        "flat-two-external" => &[&["One", "Two"], &["Three", "Four", "Five", "fünf"]],
        "flat-external" => &[&["Three", "Four", "Five", "fünf"]],
        _ => &[],
    };
    choices.iter().any(|names| names.iter().filter(|name| message.get(**name).is_some()).count() > 1)
}

/// Whether it is about a struct that its own `Deserialize` reads (in a `plain` field, or by `deserialize_with`), which
/// takes an array of its fields too.
fn is_plain_struct_as_list(name: &str, error: &ValidationError<'_>) -> bool {
    let place = error.instance_path().as_str();
    let is_read_so = match name {
        "with-functions" => place == "/c" || place.starts_with("/d/"),
        "nullable" => place == "/c",
        _ => false,
    };
    is_read_so && error.instance().is_array()
}

/// Whether the float is a bound of the range that the violation tells.
fn is_at_a_bound(violation: &Violation, found: &Value) -> bool {
    let params = violation.params();
    let mut bounds = ["min", "max"].into_iter().filter_map(|name| params.get(name)?.as_f64());
    bounds.any(|bound| found.as_f64().is_some_and(|found| found.total_cmp(&bound).is_eq()))
}

/// Whether it has fields of type f32.
fn has_f32(name: &str) -> bool {
    matches!(name, "floats" | "range-rules" | "single" | "nan-default")
}

/// The nearest number that an f32 can be.
fn nearest_f32(number: f64) -> f32 {
    number.to_string().parse().unwrap_or(f32::NAN)
}

fn to_f32(number: f64) -> f64 {
    f64::from(nearest_f32(number))
}

/// Whether a number in it is an integer to JSON Schema and none to load.
fn has_whole_float(message: &Value) -> bool {
    match message {
        Value::Number(number) => number.is_f64() && number.as_f64().is_some_and(|number| number.fract() == 0.0),
        Value::Array(list) => list.iter().any(has_whole_float),
        Value::Object(object) => object.values().any(has_whole_float),
        _ => false,
    }
}

/// What load and the contract disagree in about `text`, which is `message`.
pub(crate) fn with_schema<E: EventSchema>(
    accepted: &Validator,
    text: &str,
    message: &Value,
    loaded: &Result<E, LoadError>,
) -> Result<(), String> {
    let name = E::descriptor().name();
    match loaded {
        Ok(_) => {
            let stricter = |error: &ValidationError<'_>| {
                stricter_than_load(name, error)
                    || only_of_flattened_option(name, error)
                    || has_two_variants(name, message)
                    || is_plain_struct_as_list(name, error)
            };
            let refused = accepted.iter_errors(message).filter(|error| !stricter(error));
            let refused: Vec<String> = refused.map(|error| told(&error)).collect();
            if refused.is_empty() {
                Ok(())
            } else {
                Err(format!("load accepts {text}\nthe schema does not: {}", refused.join("\n")))
            }
        }
        Err(_) if has_two_variants(name, message) => Ok(()),
        Err(error) if accepted.is_valid(message) => {
            let violations = error.violations().expect("it is JSON");
            // Which variant of an untagged enum reports says little: in it 1.0 may be what is wrong.
            let untagged = matches!(name, "untagged-mixed" | "untagged-deep") && has_whole_float(message);
            if untagged || violations.iter().all(|violation| stricter_than_schema(name, violation, message)) {
                Ok(())
            } else {
                Err(format!("the schema accepts {text}\nload does not: {error}"))
            }
        }
        Err(_) => Ok(()),
    }
}

/// A validator's finding, with its place.
pub(crate) fn told(error: &ValidationError<'_>) -> String {
    format!("{} ({} at {})", error, error.instance_path(), error.schema_path())
}

/// What the contract of the written form says against what dump wrote.
pub(crate) fn written_all_the_same(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        // `Url` is written as it was read.
        ValidationErrorKind::Format { format } => format == "uri",
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().any(|errors| !errors.is_empty() && errors.iter().all(written_all_the_same))
        }
        _ => false,
    }
}

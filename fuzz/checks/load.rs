//! What must hold of any bytes that are loaded as a type of the zoo.

use std::fmt::Debug;
use std::hash::{DefaultHasher, Hash, Hasher};

use event_schema::serde::de::{DeserializeOwned, IgnoredAny};
use event_schema::serde_json::{self, Value};
use event_schema::{EventSchema, LoadError};

use crate::zoo::differences::{findings, has_minus_zero, keeps_all_digits, reads_what_it_writes, with_serde};
use crate::zoo::*;

macro_rules! table {
    ($($name:ident: $type:ty,)*) => {
        /// Every type of the zoo.
        const TYPES: &[fn(&[u8]) -> LoadedAs] = &[$(loaded_as::<$type>),*];
    };
}

every_type!(table);

/// What load made of an input, in short: inputs of which it made the same are much alike.
type LoadedAs = u64;

/// Loads what follows the first byte as the type of the zoo that this byte chooses.
pub(crate) fn check(input: &[u8]) -> LoadedAs {
    match input.split_first() {
        Some((&chosen, input)) => TYPES[usize::from(chosen) % TYPES.len()](input),
        None => 0,
    }
}

fn loaded_as<E: EventSchema + DeserializeOwned + PartialEq + Debug>(input: &[u8]) -> LoadedAs {
    let loaded = E::load(input);
    match &loaded {
        Ok(event) => {
            let dumped = event.dump().expect("what was loaded is valid");
            if reads_what_it_writes::<E>() {
                assert_eq!(&E::load(&dumped).expect("written by dump"), event);
            }
        }
        Err(error) => well_formed(error),
    }
    if let Ok(text) = std::str::from_utf8(input) {
        agrees(text, &loaded);
    } else {
        assert!(loaded.as_ref().is_err_and(LoadError::is_syntax), "no UTF-8, and yet: {loaded:?}");
    }

    let mut hasher = DefaultHasher::new();
    std::any::type_name::<E>().hash(&mut hasher);
    match &loaded {
        Ok(event) => format!("{event:?}").len().ilog2().hash(&mut hasher),
        Err(error) => error.to_string().replace(|c: char| c.is_ascii_digit(), "").hash(&mut hasher),
    }
    hasher.finish()
}

/// An error is of one kind and bounded, and every form of report can be made of it.
fn well_formed(error: &LoadError) {
    let kinds = [error.is_syntax(), error.is_invalid(), error.is_too_deep()];
    assert_eq!(kinds.iter().filter(|is| **is).count(), 1, "{error:?}");
    assert!(!error.to_string().is_empty());
    let Some(violations) = error.violations() else { return };
    assert!(!violations.is_empty() && violations.len() <= 1000);
    assert!(violations.to_messages().is_object() && error.to_problem().is_object());
    assert!(serde_json::to_string(violations).is_ok());
    for violation in violations {
        assert!(!violation.code().is_empty() && !violation.message().is_empty());
        assert!(violation.path().to_fragment().starts_with('#') && violation.suggestion() != Some(""));
    }
}

/// Load says the same as `serde_json` with the rules, the listed differences aside, and the same from a `Value`.
fn agrees<E: EventSchema + DeserializeOwned + PartialEq + Debug>(text: &str, loaded: &Result<E, LoadError>) {
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        let broken = loaded.as_ref().is_err_and(|error| error.is_syntax() || error.is_too_deep());
        assert!(broken, "no JSON, and yet: {loaded:?}");
        return;
    }
    // With `raw_value`, `arbitrary_precision` serde_json takes an object with such a key for what it is not.
    if text.contains("$serde_json::private::") {
        return;
    }
    // What serde_json cannot read whole (a lone surrogate, a huge number) is a fault only where it is read.
    let Ok(message) = serde_json::from_str::<Value>(text) else { return };
    if keeps_all_digits() && has_minus_zero(&message) {
        return;
    }
    in_a_list(text, loaded);
    let once = message.to_string();
    // Of a repeated key, `message` has the last value only: what load said of another cannot be looked up.
    if loaded.is_ok() || colons(text) == colons(&once) {
        with_serde(text, &message, &[], loaded).unwrap();
    }
    let from_bytes = E::load_str(&once);
    with_serde(&once, &message, &[], &from_bytes).unwrap();
    let from_value = E::load_value(message);
    match (&from_bytes, &from_value) {
        (Err(by_bytes), Err(by_value)) => assert_eq!(findings(by_bytes), findings(by_value)),
        _ => assert_eq!(from_bytes.as_ref().ok(), from_value.as_ref().ok()),
    }
}

/// Load says the same of an element of a list, its place aside.
fn in_a_list<E: EventSchema + PartialEq + Debug>(text: &str, loaded: &Result<E, LoadError>) {
    match (loaded, E::load_many(format!("[{text}, {text}]").as_bytes())) {
        (Ok(event), Ok(events)) => assert!(events.iter().eq([event, event])),
        (Err(alone), Err(listed)) => match (alone.violations(), listed.violations()) {
            (Some(alone), Some(listed)) => assert_eq!(
                listed.len() + listed.omitted(),
                2 * (alone.len() + alone.omitted()),
                "{alone}\nin a list: {listed}"
            ),
            // A list is a level of its own.
            (_, None) => assert!(listed.is_too_deep(), "{listed}"),
            (None, _) => panic!("{alone}\nin a list: {listed}"),
        },
        (loaded, listed) => panic!("{loaded:?}\nin a list: {listed:?}"),
    }
}

/// How many entries the objects of a JSON text have.
fn colons(text: &str) -> usize {
    let (mut count, mut in_string, mut escaped) = (0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b':' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

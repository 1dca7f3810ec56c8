//! The oracle: over arbitrary messages, load agrees with `serde_json`, with the contract and with itself, and what
//! dump writes with the contract and with load.
//!
//! `PROPTEST_RNG_SEED=$RANDOM PROPTEST_CASES=100000 cargo test --test load agreement` looks further than the default does.

use std::cell::Cell;
use std::fmt::Debug;
use std::str::FromStr;

use event_schema::schemars::generate::Contract;
use event_schema::serde::de::DeserializeOwned;
use event_schema::serde_json::{self, Value};
use event_schema::{EventSchema, LoadError, LoadOptions, Unknown};
use jsonschema::{Draft, Validator};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::zoo::corners::*;
use crate::zoo::differences::*;
use crate::zoo::json::Json;
use crate::zoo::message::{Choices, Maker};
use crate::zoo::words::Words;
use crate::zoo::*;

/// What a type's contract says of messages: an independent validator.
struct Contracts {
    accepted: Validator,
    written: Validator,
}

impl Contracts {
    fn of<E: EventSchema>() -> Self {
        Self {
            accepted: validator(&E::json_schema().to_value()),
            written: validator(&E::json_schema_for(&Contract::Serialize).to_value()),
        }
    }
}

fn validator(schema: &Value) -> Validator {
    jsonschema::meta::validate(schema).expect("a schema by its own draft");
    jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(schema).unwrap()
}

thread_local! {
    /// How many messages there were, and how many were good; the closure of a test runner cannot count.
    static COUNTS: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

fn agree<E: EventSchema + DeserializeOwned + PartialEq + Debug>() {
    let contracts = Contracts::of::<E>();
    let words = Words::of::<E>();
    let maker = Maker::new::<E>(&words);

    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 600 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let tape = proptest::collection::vec(any::<u16>(), 0..160);
    let first_failure = Cell::new(None);
    COUNTS.take();
    let result = TestRunner::new(config).run(&tape, |tape| {
        let (messages, good) = COUNTS.get();
        COUNTS.set((messages + 1, good));
        let result = agree_on::<E>(&contracts, &maker.message(&mut Choices::new(tape)));
        if result.is_err() && first_failure.get().is_none() {
            first_failure.set(Some(messages + 1));
        }
        result
    });
    let (messages, good) = COUNTS.take();
    if let Err(error) = result {
        // Without the tape of choices, of which nobody can tell anything.
        let reason = match &error {
            TestError::Fail(reason, _) | TestError::Abort(reason) => reason,
        };
        panic!("{}, message {}: {reason}", E::descriptor().name(), first_failure.get().unwrap_or(messages));
    }
    assert!(good > cases / 100, "{good} of {cases} messages for {} were good", E::descriptor().name());
}

fn agree_on<E>(contracts: &Contracts, json: &Json) -> Result<(), TestCaseError>
where
    E: EventSchema + DeserializeOwned + PartialEq + Debug,
{
    let text = json.to_text();
    // With `arbitrary_precision` serde_json takes an object with this key for a number, or for a broken one.
    if keeps_all_digits() && text.contains("$serde_json::private::Number") {
        let _answer = E::load_str(&text);
        return Ok(());
    }
    let message: Value = serde_json::from_str(&text).expect("made as JSON");
    let loaded = E::load_str(&text);
    // With `arbitrary_precision` serde's own buffers and a `Value` hold other numbers as maps.
    if keeps_all_digits() && has_number_in_disguise(&message) {
        let (messages, good) = COUNTS.get();
        COUNTS.set((messages, good + u32::from(loaded.is_ok())));
        return Ok(());
    }
    let repeated = json.repeated_keys();

    with_serde(&text, &message, &repeated, &loaded).map_err(TestCaseError::fail)?;
    let from_reader = E::load_reader(text.as_bytes());
    prop_assert_eq!(loaded.as_ref().ok(), from_reader.as_ref().ok(), "bytes against a reader of {}", text);
    prop_assert_eq!(loaded.as_ref().err().map(findings), from_reader.as_ref().err().map(findings));
    if message.is_object() {
        in_parts(&text, &repeated, &loaded)?;
    }
    // A validator sees an object after its repeated keys were dropped.
    if repeated.is_empty() {
        with_schema(&contracts.accepted, &text, &message, &loaded).map_err(TestCaseError::fail)?;
    }
    if let Ok(event) = &loaded {
        let (messages, good) = COUNTS.get();
        COUNTS.set((messages, good + 1));
        what_is_written(contracts, &text, event)?;
    }
    // In the order of the `Value`: where keys are the same in other words the last one counts, and
    // of several variants the first.
    let from_bytes = E::load_str(&message.to_string());
    let from_value = E::load_value(message);
    let found = |loaded: &Result<E, LoadError>| loaded.as_ref().err().map(findings);
    prop_assert_eq!(found(&from_bytes), found(&from_value), "bytes against Value of {}", text);
    prop_assert_eq!(from_bytes.ok(), from_value.ok(), "bytes against Value of {}", text);
    Ok(())
}

/// A part of an event holds what the event reads of it and nothing else: read again, it is the same. Of a whole event it is
/// all of that.
fn in_parts<E>(text: &str, repeated: &[String], loaded: &Result<E, LoadError>) -> Result<(), TestCaseError>
where
    E: EventSchema + PartialEq + Debug,
{
    let part = match E::load_partial(text.as_bytes()) {
        Ok(part) => part,
        Err(error) => {
            prop_assert!(loaded.is_err(), "{} is whole, but no part: {}", text, error);
            return Ok(());
        }
    };
    let own = serde_json::to_string(&part).expect("JSON");
    // Any JSON stays as it came.
    let twice = Json::parse(&own).repeated_keys();
    prop_assert!(twice.iter().all(|key| repeated.contains(key)), "the part of {} is {}", text, own);
    match LoadOptions::new().unknown(Unknown::Raise).load_partial::<E>(own.as_bytes()) {
        Ok(again) => {
            let again = serde_json::to_string(&again).expect("JSON");
            // With `preserve_order` the fields of flattened values come first.
            let value = |text: &str| serde_json::from_str::<Value>(text).expect("JSON");
            let is_same = again.len() == own.len() && value(&again) == value(&own);
            prop_assert!(is_same, "the part of {} is {}, read again {}", text, own, again);
        }
        Err(error) => prop_assert!(false, "the part of {} is {}, of which is read less: {}", text, own, error),
    }
    // A part has each key once: where the message has one twice, another variant can fit the part.
    let is_of_another =
        || !repeated.is_empty() && reads_as_an_earlier_variant::<E>(&Value::from_str(&own).expect("JSON"));
    if let Ok(event) = loaded {
        match E::load_str(&own) {
            Ok(_) if is_of_another() => return Ok(()),
            Ok(again) => prop_assert_eq!(&again, event, "{} by its part {}", text, own),
            Err(error) => prop_assert!(false, "the part of {} is {}\nload refuses that: {}", text, own, error),
        }
        let other = E::load_str(text).expect("loaded before");
        match part.apply_to(other) {
            Ok(same) => prop_assert_eq!(&same, event, "{} with its own part {}", text, own),
            Err(error) => prop_assert!(false, "{} with its own part {}: {}", text, own, error),
        }
    }
    Ok(())
}

/// What was loaded can be written, the contract says so of it, and it is read as what it was.
fn what_is_written<E>(contracts: &Contracts, text: &str, event: &E) -> Result<(), TestCaseError>
where
    E: EventSchema + PartialEq + Debug,
{
    let dumped = match event.dump() {
        Ok(dumped) => String::from_utf8(dumped).expect("JSON"),
        Err(error) => return Err(TestCaseError::fail(format!("{text} was loaded, but cannot be written: {error}"))),
    };
    prop_assert!(Json::parse(&dumped).repeated_keys().is_empty(), "what {} is written as: {}", text, dumped);
    let value: Value = serde_json::from_str(&dumped).expect("JSON");
    let refused = contracts.written.iter_errors(&value).filter(|error| !written_all_the_same(error));
    let refused: Vec<String> = refused.map(|error| told(&error)).collect();
    prop_assert!(
        refused.is_empty(),
        "{} is written as {}\nits schema refuses that: {}",
        text,
        dumped,
        refused.join("\n")
    );
    if reads_what_it_writes::<E>() && !reads_as_an_earlier_variant::<E>(&value) {
        match E::load_str(&dumped) {
            Ok(again) => prop_assert_eq!(&again, event, "round trip of {} by {}", text, dumped),
            Err(error) => prop_assert!(false, "{} is written as {}\nload refuses that: {}", text, dumped, error),
        }
        match event.dump_value() {
            Ok(value) => prop_assert!(E::load_value(value).is_ok_and(|again| again == *event), "round trip of {text}"),
            // A `Value` has no place for integers beyond 64 bits.
            Err(error) => prop_assert!(is_wide::<E>() && !error.is_invalid(), "{}", error),
        }
    }
    Ok(())
}

/// A `Value` has neither the first of two entries with the same key nor the name that the path of a violation means.
#[test]
fn entries_that_a_value_does_not_tell_apart() {
    let contracts = Contracts::of::<FlatTwoExternal>();
    for text in [
        r#"{"One": 1, "fünf": [null], "fünf": {"b": null}}"#,
        r#"{"One": 1, "fünf": [null], "Five": {"b": null}}"#,
        r#"{"One": 1, "Five": [null], "fünf": {"b": null}}"#,
        r#"{"One": 1, "Five": [null], "Five": {"b": null}}"#,
    ] {
        agree_on::<FlatTwoExternal>(&contracts, &Json::parse(text)).unwrap();
    }
}

macro_rules! tests {
    ($($name:ident: $type:ty,)*) => {$(
        #[test]
        fn $name() {
            agree::<$type>();
        }
    )*};
}

every_type!(tests);
every_corner!(tests);

/// An event that code made, and that no message is loaded as: dump refuses it, or writes what is read as the same.
fn written_well_or_refused<E: EventSchema + PartialEq + Debug>(event: &E) {
    match event.dump() {
        Ok(_) => what_is_written(&Contracts::of::<E>(), &format!("{event:?}"), event).unwrap(),
        Err(error) => assert!(error.is_invalid(), "{event:?}: {error}"),
    }
}

macro_rules! made_by_hand {
    ($($name:ident,)*) => {$(
        mod $name {
            #[test]
            fn is_written_well_or_refused() {
                super::written_well_or_refused(&super::by_hand::$name());
            }
        }
    )*};
}

made_by_hand! {
    sibling_in_map,
    alias_in_map,
    tag_in_map,
    tag_in_rest,
    variant_in_rest,
    absent_variant_in_rest,
    nan_in_plain,
    no_number,
}

/// The types of [`oddities`](crate::zoo::oddities), some of which are called as others are.
mod odd {
    use super::{agree, written_well_or_refused};
    use std::collections::BTreeSet;

    use crate::zoo::oddities::*;
    use crate::zoo::{Colour, Inner};

    every_oddity!(tests);

    made_by_hand! {
        same_name_twice,
        plain_name_twice,
        variant_name_twice,
        name_is_an_alias,
        one_tag_for_two,
        tag_twice,
        tag_twice_perhaps,
        beside_closed,
        key_of_the_variant,
        key_of_another_variant,
    }
}

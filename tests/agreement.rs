//! Over arbitrary messages, load agrees with `serde_json`, with the contract and with itself.
//!
//! `PROPTEST_CASES=100000 cargo test --test agreement` looks further than the default does.

use std::fmt::Debug;

use event_schema::serde::de::DeserializeOwned;
use event_schema::serde_json::{self, Value};
use event_schema::{EventSchema, LoadError, Segment, Violation};
use jsonschema::error::{ValidationError, ValidationErrorKind};
use jsonschema::{Draft, Validator};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

mod zoo;

use zoo::differences::{findings, found_at, has_minus_zero, keeps_all_digits, reads_what_it_writes, with_serde};
use zoo::message::{Choices, Maker};
use zoo::*;

/// Where load refuses what the schema accepts.
fn stricter_than_schema(violation: &Violation, message: &Value) -> bool {
    let Some(found) = found_at(violation, message) else { return false };
    match (violation.code(), violation.params().get("expected").and_then(Value::as_str)) {
        // JSON Schema calls 1.0, 1e2 and -0 integers, and numbers beyond 64 bits are no longer exact there.
        ("invalid", Some("integer" | "nonzero integer")) => {
            (!found.is_i64() && !found.is_u64() || found.to_string().as_str() == "-0")
                && found.as_f64().is_some_and(|number| number.fract() == 0.0)
        }
        // The rule looks at what the number is rounded to.
        ("range", _) => found.as_f64().is_some_and(|number| to_f32(number).total_cmp(&number).is_ne()),
        // A rule of a newtype that is a map's key.
        ("length", _) => matches!(violation.path().segments().last(), Some(Segment::MapKey(_))),
        // A URL by WHATWG's standard, which needs a host where RFC 3986 needs none.
        ("invalid", Some("URL")) => found.is_string(),
        // What a conversion (`try_from`) refuses, and rules that a schema cannot say.
        ("invalid", Some("value")) | ("must_match" | "odd" | "abcd", _) => true,
        _ => false,
    }
}

/// Where the schema refuses what load accepts.
fn stricter_than_load(error: &ValidationError<'_>) -> bool {
    match error.kind() {
        // chrono, uuid and url read more dialects than the formats allow, IPv6 zones and such aside.
        ValidationErrorKind::Format { format } => matches!(format.as_str(), "uuid" | "date-time" | "date" | "uri"),
        // JSON Schema has no formats for local times: the patterns stand for them.
        ValidationErrorKind::Pattern { pattern } => pattern.contains("[0-5][0-9]:"),
        // The same element twice is once in a set, as serde reads it. A sender should not send it.
        ValidationErrorKind::UniqueItems => true,
        ValidationErrorKind::Maximum { limit } => {
            error.instance().as_f64().zip(limit.as_f64()).is_some_and(|(found, limit)| to_f32(found) <= to_f32(limit))
        }
        // The largest integer of 128 bits is rounded to the bound, the one after it.
        ValidationErrorKind::ExclusiveMaximum { limit } => {
            limit.as_f64().is_some_and(|limit| limit >= 2_f64.powi(127)) && error.instance().as_f64() == limit.as_f64()
        }
        ValidationErrorKind::PropertyNames { error } => stricter_than_load(error),
        ValidationErrorKind::AnyOf { context } | ValidationErrorKind::OneOfNotValid { context } => {
            context.iter().any(|errors| !errors.is_empty() && errors.iter().all(stricter_than_load))
        }
        _ => false,
    }
}

/// Whether it is about a field of a flattened option, `x` or `y`: load, as serde, takes what does not fit for
/// `None`, where the schema asks that it fits.
fn only_of_flattened_option(error: &ValidationError<'_>) -> bool {
    matches!(error.instance_path().as_str(), "/x" | "/y")
}

/// The nearest number that an f32 can be.
fn to_f32(number: f64) -> f64 {
    number.to_string().parse::<f32>().map_or(number, f64::from)
}

fn agree<E: EventSchema + DeserializeOwned + PartialEq + Debug>() {
    let schema = <E as EventSchema>::json_schema().to_value();
    let validator: Validator =
        jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&schema).unwrap();
    jsonschema::meta::validate(&schema).expect("a schema by its own draft");

    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 1000 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let maker = Maker::new(&schema);
    let tape = proptest::collection::vec(any::<u16>(), 0..120);
    let result = TestRunner::new(config).run(&tape, |tape| {
        let json = maker.message(&mut Choices::new(tape));
        let text = json.to_text();
        // With `arbitrary_precision` serde_json takes an object with this key for a number, or for a broken one.
        if keeps_all_digits() && text.contains("$serde_json::private::Number") {
            let _answer = E::load_str(&text);
            return Ok(());
        }
        let message: Value = serde_json::from_str(&text).expect("made as JSON");
        let loaded = E::load_str(&text);

        with_serde(&text, &message, &loaded).map_err(TestCaseError::fail)?;
        let from_reader = E::load_reader(text.as_bytes());
        prop_assert_eq!(loaded.as_ref().ok(), from_reader.as_ref().ok(), "bytes against a reader of {}", text);
        prop_assert_eq!(loaded.as_ref().err().map(findings), from_reader.as_ref().err().map(findings));
        // A validator sees an object after its repeated keys were dropped.
        if !json.repeats_keys() {
            with_schema(&validator, &text, &message, &loaded)?;
        }
        // With `arbitrary_precision` a `Value` gives -0 away as the integer 0, its text still does not.
        if keeps_all_digits() && has_minus_zero(&message) {
            return Ok(());
        }
        // In the order of the `Value`: where keys are the same in other words the last one counts, and
        // of several variants the first.
        let from_bytes = E::load_str(&message.to_string());
        let from_value = E::load_value(message);
        let found = |loaded: &Result<E, LoadError>| loaded.as_ref().err().map(findings);
        prop_assert_eq!(found(&from_bytes), found(&from_value), "bytes against Value of {}", text);
        prop_assert_eq!(from_bytes.ok(), from_value.ok(), "bytes against Value of {}", text);
        if let Ok(event) = loaded {
            ACCEPTED.with(|count| count.set(count.get() + 1));
            let dumped = event.dump().expect("valid");
            if reads_what_it_writes::<E>() {
                prop_assert_eq!(&E::load(&dumped).expect("written by dump"), &event, "round trip of {}", text);
                match event.dump_value() {
                    Ok(value) => prop_assert_eq!(&E::load_value(value).expect("written by dump"), &event),
                    // A `Value` has no place for integers beyond 64 bits.
                    Err(error) => prop_assert!(E::descriptor().name() == "wide" && !error.is_invalid(), "{error}"),
                }
            }
        }
        Ok(())
    });
    let accepted = ACCEPTED.take();
    if let Err(error) = result {
        panic!("{}: {error}", E::descriptor().name());
    }
    assert!(accepted > cases / 50, "{accepted} of {cases} messages for {} were good", E::descriptor().name());
}

thread_local! {
    /// How many messages were good; the closure of a test runner cannot count.
    static ACCEPTED: std::cell::Cell<u32> = const { std::cell::Cell::new(0) };
}

fn with_schema<E: EventSchema>(
    validator: &Validator,
    text: &str,
    message: &Value,
    loaded: &Result<E, LoadError>,
) -> Result<(), TestCaseError> {
    match loaded {
        Ok(_) => {
            let stricter = |error: &ValidationError<'_>| {
                stricter_than_load(error) || E::descriptor().name() == "flat-maybe" && only_of_flattened_option(error)
            };
            let refused: Vec<_> = validator.iter_errors(message).filter(|error| !stricter(error)).collect();
            prop_assert!(refused.is_empty(), "load accepts {text}\nthe schema does not: {refused:#?}");
        }
        Err(error) if validator.is_valid(message) => {
            let violations = error.violations().expect("it is JSON");
            prop_assert!(
                violations.iter().all(|violation| stricter_than_schema(violation, message)),
                "the schema accepts {text}\nload does not: {error}"
            );
        }
        Err(_) => {}
    }
    Ok(())
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

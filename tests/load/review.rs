//! Hostile and odd input of parts, keys and conversions.

use std::sync::Mutex;

use event_schema::prelude::*;
use std::collections::BTreeMap;

/// A field that only another variant has may be of any depth: neither a load nor a partial load runs out of stack.
#[test]
fn what_no_variant_reads_may_be_deep() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Deep {
        child: Option<Box<Deep>>,
    }

    #[event_schema::event]
    #[derive(Debug)]
    #[serde(untagged)]
    enum Either {
        Id { id: u32 },
        Deep { deep: Deep },
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        either: Either,
    }

    let text = |depth: usize| {
        let (open, close) = (r#"{"child":"#.repeat(depth), "}".repeat(depth));
        format!(r#"{{"either":{{"id":1,"deep":{open}null{close}}}}}"#)
    };
    assert!(Event::load(text(20_000).as_bytes()).is_ok());
    assert!(Event::load_partial(text(100).as_bytes()).unwrap().contains("either"));
    // A part holds what any of the variants has, and is no deeper than what is read.
    assert!(Event::load_partial(text(20_000).as_bytes()).is_err());
}

/// Keys are long and values many: the work is not the product of both.
#[test]
fn a_part_with_a_long_key_is_read_in_time() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        lists: BTreeMap<String, Vec<u32>>,
    }

    let text = format!(r#"{{"lists":{{"{}":[{}1]}}}}"#, "k".repeat(1_000_000), "1,".repeat(100_000));
    assert!(Event::load_partial(text.as_bytes()).unwrap().contains("lists"));
}

/// While a `Mutex` is written, nobody else can ask what is in it.
#[test]
fn a_locked_value_beside_another_flattened_one_is_checked() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Name {
        name: String,
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Age {
        age: u8,
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Person {
        #[serde(flatten)]
        name: Mutex<Name>,
        #[serde(flatten)]
        age: Age,
    }

    let text = br#"{"name":"Ada","age":36}"#;
    assert_eq!(Person::load(text).unwrap().dump().unwrap(), text);
}

/// What validator's own derive says of a field to match holds its value.
#[cfg(feature = "validator021")]
#[test]
fn the_other_value_of_a_match_is_not_told() {
    use event_schema::validator::ValidationError;

    let mut error = ValidationError::new("must_match");
    error.add_param("other".into(), &"secret");
    error.add_param("value".into(), &"hush");
    let violation = Violation::from(error);
    assert_eq!(violation.message(), "Must match the other field.");
    assert!(violation.params().is_empty(), "{:?}", violation.params());
}

/// A sensitive value is masked as the key of a map, whatever form its type has.
#[test]
fn sensitive_keys_are_masked() {
    #[event_schema::event]
    #[derive(PartialEq, Eq, PartialOrd, Ord, Clone)]
    #[serde(from = "String", into = "String")]
    struct Card(#[event(sensitive)] String);

    impl From<String> for Card {
        fn from(text: String) -> Self {
            Self(text)
        }
    }

    impl From<Card> for String {
        fn from(card: Card) -> Self {
            card.0
        }
    }

    #[event_schema::event]
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Card(#[event(sensitive)] String),
    }

    #[event_schema::event]
    struct Event {
        cards: BTreeMap<Card, u32>,
        ids: BTreeMap<Id, u32>,
    }

    let error = Event::load(br#"{"cards": {"4711 1": "bad"}, "ids": {"4711 2": "bad"}}"#).map(drop).unwrap_err();
    assert!(error.is_invalid() && !error.to_string().contains("4711"), "{error}");
}

/// What is read in place of a sensitive value is masked as well, and not shown on request.
#[test]
fn the_wire_type_of_a_sensitive_value_is_covered() {
    #[event_schema::event]
    #[derive(Clone)]
    #[serde(transparent)]
    struct Raw(#[validate(length(min = 5))] String);

    #[event_schema::event]
    #[derive(Clone)]
    #[serde(from = "Raw", into = "Raw")]
    struct Card(#[event(sensitive)] String);

    impl From<Raw> for Card {
        fn from(raw: Raw) -> Self {
            Self(raw.0)
        }
    }

    impl From<Card> for Raw {
        fn from(card: Card) -> Self {
            Self(card.0)
        }
    }

    #[event_schema::event]
    struct Event {
        card: Card,
    }

    let error = LoadOptions::new().show_values(true).load::<Event>(br#"{"card": "4711"}"#).map(drop).unwrap_err();
    let found = &error.violations().unwrap()[0];
    assert_eq!((found.code(), found.value()), ("length", None));
}

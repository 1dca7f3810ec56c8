//! What dump writes is what load takes, by every way to dump.
#![allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls them by reference")]

use event_schema::DumpOptions;
use event_schema::prelude::*;
use event_schema::serde_json::{Value, json};

/// What is written through a function of the user's.
mod inverse {
    use event_schema::serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, output: S) -> Result<S::Ok, S::Error> {
        (1.0 / value).serialize(output)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
        Ok(1.0 / f64::deserialize(input)?)
    }
}

#[allow(clippy::ref_option, reason = "as serde calls it")]
fn as_text<S: event_schema::serde::Serializer>(value: &Option<f64>, output: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => output.collect_str(value),
        None => output.serialize_none(),
    }
}

fn doubled<S: event_schema::serde::Serializer>(value: &f32, output: S) -> Result<S::Ok, S::Error> {
    output.serialize_f32(value * 2.0)
}

fn is_one(value: &f64) -> bool {
    *value == 0.0
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Written {
    #[serde(with = "inverse")]
    #[schemars(with = "f64")]
    ratio: f64,
    #[serde(default, with = "inverse", skip_serializing_if = "is_one")]
    #[schemars(with = "f64")]
    skipped: f64,
    #[serde(skip_deserializing, serialize_with = "as_text")]
    text: Option<f64>,
    #[serde(serialize_with = "doubled")]
    double: f32,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum Either {
    Struct {
        #[serde(with = "inverse")]
        #[schemars(with = "f64")]
        ratio: f64,
    },
}

#[test]
fn a_function_that_writes_no_number_of_json() {
    let good = Written { ratio: 2.0, skipped: 4.0, text: None, double: 1.5 };
    assert_eq!(good.dump().unwrap(), br#"{"ratio":0.5,"skipped":0.25,"text":null,"double":3.0}"#);
    let refused = |event: Written, path: &str| {
        let error = event.dump().unwrap_err();
        assert_eq!(error.violations().unwrap().len(), 1, "{error}");
        assert_eq!(error.violations().unwrap()[0].to_string(), format!("{path}: Not a valid number."));
        assert!(event.validate().is_err());
    };
    refused(Written { ratio: 0.0, skipped: 4.0, text: None, double: 1.5 }, "ratio");
    refused(Written { ratio: f64::NAN, skipped: 4.0, text: None, double: 1.5 }, "ratio");
    refused(Written { ratio: 2.0, skipped: f64::NAN, text: None, double: 1.5 }, "skipped");
    refused(Written { ratio: 2.0, skipped: 4.0, text: None, double: f32::MAX }, "double");
    assert!(Either::Struct { ratio: 0.0 }.dump().unwrap_err().is_invalid());
    // What is not written, or written as text, is fine.
    let odd = Written { ratio: f64::INFINITY, skipped: 0.0, text: Some(f64::NAN), double: 0.0 };
    assert_eq!(odd.dump().unwrap(), br#"{"ratio":0.0,"text":"NaN","double":0.0}"#);
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Plain {
    single: f32,
    list: Vec<f32>,
    wide: i128,
}

#[event_schema::event(post_dump = unchanged)]
#[derive(Debug, PartialEq)]
struct Hooked {
    single: f32,
}

fn unchanged(value: Value) -> Value {
    value
}

#[test]
fn every_way_to_dump_writes_the_same_digits() {
    let plain = |wide| Plain { single: 0.1, list: vec![16_777_216.0, 1.0e-7, 0.3], wide };
    let wide = plain(i128::MIN);
    assert_eq!(DumpOptions::new().dump(&wide).unwrap(), wide.dump().unwrap());
    // Only with `arbitrary_precision` a value holds it.
    let keeps_all_digits = serde_json::from_str::<Value>("1e999").is_ok();
    assert_eq!(wide.dump_value().is_ok(), keeps_all_digits);

    let event = plain(7);
    let text = String::from_utf8(event.dump().unwrap()).unwrap();
    assert_eq!(event.dump_value().unwrap(), serde_json::from_str::<Value>(&text).unwrap());
    assert_eq!(event.dump_value().unwrap()["single"], json!(0.1));
    assert_eq!(DumpOptions::new().only(["single"]).dump(&event).unwrap(), br#"{"single":0.1}"#);
    assert_eq!(DumpOptions::new().exclude(["list", "wide"]).dump(&event).unwrap(), br#"{"single":0.1}"#);
    let hooked = Hooked { single: 0.1 };
    assert_eq!(hooked.dump().unwrap(), br#"{"single":0.1}"#);
    assert_eq!(DumpOptions::new().dump(&hooked).unwrap(), br#"{"single":0.1}"#);
    assert_eq!(Hooked::dump_many(&[hooked]).unwrap(), br#"[{"single":0.1}]"#);
}

proptest::proptest! {
    #[test]
    fn any_float_is_the_same_in_text_and_value(bits: u32) {
        let single = f32::from_bits(bits);
        if single.is_finite() {
            let event = Hooked { single };
            assert_eq!(Hooked::load_value(event.dump_value().unwrap()).unwrap(), event);
            let text = String::from_utf8(event.dump().unwrap()).unwrap();
            let digits = |text: &str| text.parse::<f64>().unwrap().to_bits();
            let written = serde_json::to_string(&single).unwrap();
            assert_eq!(digits(&text[10..text.len() - 1]), digits(&written), "{text} {written}");
        }
    }
}

fn is_empty(text: &str) -> bool {
    text.is_empty()
}

fn is_zero(number: &u8) -> bool {
    *number == 0
}

type Maybe = Option<u8>;

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Inner {
    deep: u8,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct LeftOut {
    #[serde(skip_serializing_if = "is_zero")]
    required: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    option: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Maybe,
    #[serde(default, skip_serializing_if = "is_zero")]
    defaulted: u8,
    #[serde(skip_deserializing, skip_serializing_if = "is_zero")]
    written: u8,
    #[serde(with = "inverse", skip_serializing_if = "is_one")]
    #[schemars(with = "f64")]
    function: f64,
    #[event(plain)]
    #[serde(skip_serializing_if = "String::is_empty")]
    plain: String,
    #[event(plain)]
    #[serde(skip_serializing_if = "Option::is_none")]
    plain_option: Option<u8>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    flat: Option<Inner>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(default)]
struct OfContainer {
    #[serde(skip_serializing_if = "is_zero")]
    number: u8,
}
impl Default for OfContainer {
    fn default() -> Self {
        Self { number: 3 }
    }
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(tag = "t")]
enum Choice {
    One {
        #[serde(skip_serializing_if = "is_empty")]
        text: String,
    },
}

/// A field that this event leaves out and every load asks for.
#[test]
fn what_is_left_out_may_be_missing() {
    let event = || LeftOut {
        required: 1,
        option: None,
        alias: None,
        defaulted: 0,
        written: 0,
        function: 1.0,
        plain: "x".to_owned(),
        plain_option: None,
        flat: None,
    };
    let text = event().dump().unwrap();
    assert_eq!(text, br#"{"required":1,"function":1.0,"plain":"x"}"#);
    assert_eq!(LeftOut::load(&text).unwrap(), event());

    let refused = |event: LeftOut, path: &str| {
        let written = serde_json::to_vec(&event).unwrap();
        assert!(LeftOut::load(&written).is_err(), "{path}");
        let error = event.dump().unwrap_err();
        assert_eq!(error.violations().unwrap().len(), 1, "{error}");
        assert_eq!(error.violations().unwrap()[0].to_string(), format!("{path}: Missing data for required field."));
        assert_eq!(event.validate().unwrap_err().len(), 1);
        assert!(LeftOut::dump_many(&[event]).is_err());
    };
    refused(LeftOut { required: 0, ..event() }, "required");
    refused(LeftOut { function: 0.0, ..event() }, "function");
    refused(LeftOut { plain: String::new(), ..event() }, "plain");

    assert_eq!(OfContainer { number: 0 }.dump().unwrap(), b"{}");

    assert_eq!(Choice::One { text: "x".into() }.dump().unwrap(), br#"{"t":"One","text":"x"}"#);
    assert!(Choice::One { text: String::new() }.dump().unwrap_err().is_invalid());
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
        name: std::sync::Mutex<Name>,
        #[serde(flatten)]
        age: Age,
    }

    let text = br#"{"name":"Ada","age":36}"#;
    assert_eq!(Person::load(text).unwrap().dump().unwrap(), text);
}

/// A name that no event has is told of an empty list too; what only a hook adds is known by the event alone.
#[test]
fn misspelt_names_are_told_without_an_event() {
    let options = [DumpOptions::new().only(["singel"]), DumpOptions::new().exclude(["singel"])];
    for options in options {
        assert!(options.dump_many::<Plain>(&[]).unwrap_err().is_config());
        assert_eq!(options.dump_many::<Hooked>(&[]).unwrap(), b"[]");
    }
    assert_eq!(DumpOptions::new().only(["single"]).dump_many::<Plain>(&[]).unwrap(), b"[]");
    assert!(DumpOptions::new().exclude(["deep", "flat"]).dump_many::<LeftOut>(&[]).unwrap_err().is_config());
    assert_eq!(DumpOptions::new().exclude(["deep"]).dump_many::<LeftOut>(&[]).unwrap(), b"[]");
}

/// One that refuses what it does not know, before another that shares its object: what is dumped can be loaded.
#[test]
fn a_closed_enum_beside_another_flattened_field() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "kind", deny_unknown_fields)]
    enum Kind {
        Bare,
        Sized { size: u8 },
        Inner(Inner),
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Name {
        name: Option<String>,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct First {
        #[serde(flatten)]
        kind: Kind,
        #[serde(flatten)]
        name: Name,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Last {
        #[serde(flatten)]
        name: Name,
        #[serde(flatten)]
        kind: Option<Kind>,
    }

    let kinds = || [Kind::Bare, Kind::Sized { size: 1 }, Kind::Inner(Inner { deep: 1 })];
    let mut dumped = 0;
    for name in [None, Some("n".to_owned())] {
        for kind in kinds() {
            let event = First { kind, name: Name { name: name.clone() } };
            let text = serde_json::to_vec(&event).unwrap();
            let loaded = First::load(&text);
            assert_eq!(event.dump().is_ok(), loaded.is_ok(), "{event:?} {loaded:?}");
            if let Ok(loaded) = loaded {
                dumped += 1;
                assert_eq!(loaded, event);
            }
        }
        for kind in kinds().into_iter().map(Some).chain([None]) {
            let event = Last { kind, name: Name { name: name.clone() } };
            let text = serde_json::to_vec(&event).unwrap();
            let loaded = Last::load(&text);
            let same = loaded.as_ref().is_ok_and(|loaded| *loaded == event);
            assert_eq!(event.dump().is_ok(), same, "{event:?} {loaded:?}");
            dumped += usize::from(same);
        }
    }
    assert!(dumped > 4, "{dumped}");
}

/// A user's function is called once for each dump, and a float that it makes of none is told with its place.
#[test]
fn a_function_is_called_once_for_a_dump() {
    use std::cell::Cell;

    thread_local! {
        static CALLS: Cell<u32> = const { Cell::new(0) };
    }

    fn counted<S: event_schema::serde::Serializer>(value: &f64, output: S) -> Result<S::Ok, S::Error> {
        CALLS.set(CALLS.get() + 1);
        output.serialize_f64(1.0 / value)
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Counted {
        #[serde(serialize_with = "counted")]
        ratio: f64,
        #[validate(range(max = 9))]
        number: u8,
    }

    let event = |ratio, number| Counted { ratio, number };
    assert_eq!(event(2.0, 1).dump().unwrap(), br#"{"ratio":0.5,"number":1}"#);
    assert_eq!(CALLS.replace(0), 1);
    assert_eq!(Counted::dump_many(&[event(2.0, 1), event(4.0, 2)]).unwrap().len(), 52);
    assert_eq!(CALLS.replace(0), 2);
    event(2.0, 1).validate().unwrap();
    assert_eq!(CALLS.replace(0), 1);

    let says = |error: DumpError| error.violations().unwrap().to_messages();
    assert_eq!(says(event(0.0, 1).dump().unwrap_err()), json!({"ratio": ["Not a valid number."]}));
    // All that is wrong is told together.
    let both = json!({"ratio": ["Not a valid number."], "number": ["Must be less than or equal to 9."]});
    assert_eq!(says(event(0.0, 10).dump().unwrap_err()), both);
    assert_eq!(says(event(0.0, 10).dump_value().unwrap_err()), both);
    assert_eq!(says(DumpOptions::new().only(["number"]).dump(&event(0.0, 10)).unwrap_err()), both);
    let many = [event(2.0, 1), event(0.0, 1), event(0.0, 10), event(1.0, 10)];
    assert_eq!(
        says(Counted::dump_many(&many).unwrap_err()),
        json!({"1": {"ratio": ["Not a valid number."]}, "2": both, "3": {"number": ["Must be less than or equal to 9."]}})
    );
    let mut buffer = b"before".to_vec();
    event(0.0, 1).dump_into(&mut buffer).unwrap_err();
    assert_eq!(buffer, b"before");
}

/// What is written in place of the event's own fields is seen too.
#[test]
fn a_conversion_that_makes_no_number_of_json() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Wire {
        ratio: f64,
    }

    #[event_schema::event]
    #[derive(Debug, Clone)]
    #[serde(from = "Wire", into = "Wire")]
    struct Ratio {
        over: f64,
        under: f64,
    }

    impl From<Wire> for Ratio {
        fn from(wire: Wire) -> Self {
            Self { over: wire.ratio, under: 1.0 }
        }
    }

    impl From<Ratio> for Wire {
        fn from(ratio: Ratio) -> Self {
            Self { ratio: ratio.over / ratio.under }
        }
    }

    let good = Ratio { over: 1.0, under: 2.0 };
    assert_eq!(good.dump().unwrap(), br#"{"ratio":0.5}"#);
    let bad = Ratio { over: 1.0, under: 0.0 };
    for error in [bad.dump().unwrap_err(), bad.dump_value().unwrap_err()] {
        let reason = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(reason, "a float is not finite, and JSON has no such number");
    }
    assert!(Ratio::dump_many(&[good, bad]).is_err());
}

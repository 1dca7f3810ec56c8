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

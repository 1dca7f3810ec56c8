//! What must hold of any text that is read as JSON: `serde_json` accepts and refuses the same, in the same words, and
//! reads the same values, texts and types of serde's derive.
//!
//! The differences are listed here, each with its reason. Floats are compared with the standard library's: those of
//! `serde_json` are exact with a feature only.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Debug;

use event_schema::contract::Shape;
use event_schema::load::{At, Context, FieldType};
use event_schema::prelude::*;
use event_schema::serde::de::{Deserializer, IgnoredAny};
use event_schema::serde::{self, Deserialize};
use event_schema::serde_json::value::RawValue;
use event_schema::serde_json::{self, Value};

/// A value that is passed over.
#[derive(Debug, PartialEq, Serialize)]
#[serde(crate = "serde")]
struct Nothing;

impl FieldType for Nothing {
    fn read<'de, D: Deserializer<'de>>(input: D, _: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, D::Error> {
        IgnoredAny::deserialize(input).map(|_| Some(Self))
    }

    fn shape() -> Shape {
        Shape::any()
    }
}

#[event_schema::event]
#[derive(Debug)]
struct AnyValue(Value);

#[event_schema::event]
#[derive(Debug)]
struct AnyText(Box<RawValue>);

#[event_schema::event]
#[derive(Debug)]
struct Ignored(Nothing);

/// A type of serde's derive for every hint.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "serde", default)]
struct Hints {
    a: Option<Box<Hints>>,
    b: bool,
    c: char,
    e: Kind,
    f: Vec<Kind>,
    i: (i8, i16, i32, i64),
    l: i128,
    m: BTreeMap<i32, u8>,
    n: BTreeMap<bool, bool>,
    o: BTreeMap<Kind, Vec<Unit>>,
    p: BTreeMap<u128, i128>,
    s: String,
    t: Cow<'static, str>,
    u: Vec<u64>,
    w: u128,
    x: Newtype,
    y: Pair,
    z: IpOrNumber,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "serde")]
enum Kind {
    #[default]
    A,
    B(u8),
    C(u8, bool),
    T {
        a: Option<u8>,
    },
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "serde")]
struct Unit;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "serde")]
struct Newtype(u16);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(crate = "serde")]
struct Pair(u32, String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "serde", untagged)]
enum IpOrNumber {
    Ip(std::net::IpAddr),
    Number(i64),
    List(Vec<IpOrNumber>),
}

impl Default for IpOrNumber {
    fn default() -> Self {
        Self::Number(0)
    }
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Plain {
    #[event(plain)]
    #[schemars(with = "Value")]
    value: Hints,
}

/// A float in each way in which a field is read.
#[event_schema::event]
#[derive(Debug)]
struct Floats {
    own: f64,
    any: Value,
    kept: Box<RawValue>,
    #[serde(flatten)]
    flat: Flat,
    #[serde(deserialize_with = "halved")]
    with: f64,
    #[event(plain)]
    #[schemars(with = "Value")]
    plain: (f64, Option<f64>, Value),
}

#[event_schema::event]
#[derive(Debug)]
struct Flat {
    flat: f64,
}

fn halved<'de, D: Deserializer<'de>>(input: D) -> Result<f64, D::Error> {
    f64::deserialize(input).map(|float| float / 2.0)
}

#[event_schema::event]
#[derive(Debug)]
struct Single {
    own: f32,
}

#[event_schema::event]
#[derive(Debug)]
struct PlainSingle {
    #[event(plain)]
    #[schemars(with = "Value")]
    plain: (f32, Option<f32>),
}

/// Whether a dependency turned on `serde_json/arbitrary_precision`: then no number is too large.
fn keeps_all_digits() -> bool {
    serde_json::from_str::<Value>("1e999").is_ok()
}

/// Reads the text in every way. Which it was, in short.
pub(crate) fn check(input: &[u8]) -> u64 {
    let text = match std::str::from_utf8(input) {
        Ok(text) => text,
        Err(error) => return not_utf8(input, error),
    };
    let ignored = Ignored::load_str(text);
    agree("IgnoredAny", &ignored, &serde_json::from_str::<IgnoredAny>(text), text);
    raw(text);
    let plain = format!(r#"{{"value": {text}}}"#);
    if ignored.is_ok() && !is_deep(text) {
        let ours = Plain::load_str(&plain).ok().map(|plain| plain.value);
        assert_eq!(ours, serde_json::from_str(text).ok(), "as the type of a field");
        floats(text);
    }
    value(text)
}

/// Refused at the first byte that is not UTF-8, whatever comes before it. `serde_json` refuses it too, except within a
/// string that is passed over.
fn not_utf8(input: &[u8], error: std::str::Utf8Error) -> u64 {
    assert!(serde_json::from_slice::<Value>(input).is_err());
    let breaks_off = error.error_len().is_none();
    let expected = if breaks_off { input.len() } else { error.valid_up_to() };
    for error in [
        AnyValue::load(input).expect_err("not UTF-8"),
        AnyText::load(input).expect_err("not UTF-8"),
        Ignored::load(input).expect_err("not UTF-8"),
    ] {
        assert_eq!((error.is_syntax(), error.is_truncated()), (true, breaks_off), "{error}");
        assert_eq!(error.position().map(|position| position.offset()), Some(expected as u64), "{error}");
    }
    40 + u64::from(breaks_off)
}

/// The text of a value is what stands there without the white space around it.
fn raw(text: &str) {
    let ours = AnyText::load_str(text);
    let theirs = serde_json::from_str::<&RawValue>(text);
    agree("RawValue", &ours, &theirs, text);
    if let (Ok(ours), Ok(theirs)) = (ours, theirs) {
        assert_eq!(ours.0.get(), theirs.get());
        assert_eq!(ours.0.get(), text.trim_matches([' ', '\t', '\r', '\n']));
    }
}

fn value(text: &str) -> u64 {
    let (ours, theirs) = (AnyValue::load_str(text), serde_json::from_str::<Value>(text));
    match (&ours, &theirs) {
        // Load tells it from broken syntax, and `serde_json` stops before it looks at what follows.
        (_, Err(theirs)) if theirs.to_string().starts_with("recursion limit") => return 1,
        (Err(ours), _) if ours.is_too_deep() => return 1,
        // An entry of these names is no entry to the `Value` of `serde_json`: it reads what stands there anew.
        _ if text.contains("$serde_json::private::") => return 1,
        _ => {}
    }
    agree("Value", &ours, &theirs, text);
    match (ours, theirs) {
        (Ok(ours), Ok(_)) => {
            same(serde_json::from_str(text).expect("a value"), &ours.0);
            2 + u64::from(text.len().ilog2())
        }
        (Err(ours), Err(theirs)) => same_words(&ours, &theirs, text),
        _ => 0,
    }
}

/// Both accept it, or both refuse it for its syntax.
fn agree<T: Debug, U>(what: &str, ours: &Result<T, LoadError>, theirs: &Result<U, serde_json::Error>, text: &str) {
    let differ = match (ours, theirs) {
        // Levels count in texts that are kept, too.
        (Err(ours), Ok(_)) if ours.is_too_deep() => !is_deep(text),
        (Err(ours), Ok(_)) => !(ours.to_string().contains("number out of range") && has_infinite(text)),
        (Ok(_), Err(theirs)) => !theirs.to_string().contains("number out of range") || has_infinite(text),
        (Err(ours), Err(_)) => !ours.is_syntax(),
        (Ok(_), Ok(_)) => false,
    };
    assert!(!differ, "as {what}: {ours:?}, and serde_json: {:?}", theirs.as_ref().err());
}

/// Whether a value in the text stands more levels deep than load allows, or nearly so.
fn is_deep(text: &str) -> bool {
    let (mut level, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => level += 1,
            b']' | b'}' if !quoted => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    deepest > 120
}

/// Whether a number in the text is too large for a float: at the very edge an inexact `serde_json` errs.
fn has_infinite(text: &str) -> bool {
    let numbers = text.split(|c: char| !(c.is_ascii_digit() || "+-.eE".contains(c)));
    !keeps_all_digits() && numbers.filter_map(|number| number.parse().ok()).any(f64::is_infinite)
}

/// The reason and the place are the same, but for a few.
fn same_words(ours: &LoadError, theirs: &serde_json::Error, text: &str) -> u64 {
    let position = ours.position();
    if ours.is_empty() || text.starts_with('\u{feff}') {
        return 20;
    }
    let position = position.expect("a place in the text");
    let words = theirs.to_string();
    let reason = words.split(" at line").next().unwrap_or_default();
    // At a number of which one tells that it ends too early and the other that it is too large, either may come first.
    if reason == "number out of range" {
        assert!(ours.is_syntax());
        return 21;
    }
    assert!(ours.to_string().contains(reason), "{ours}, and serde_json: {theirs}");
    assert_eq!(ours.is_truncated(), theirs.is_eof(), "{ours}, and serde_json: {theirs}");
    // A line break within a string is at the end of its line, and not at the beginning of the next.
    let offset = usize::try_from(position.offset()).expect("short");
    if text.as_bytes().get(offset) != Some(&b'\n') {
        assert!(ours.to_string().ends_with(&words), "{ours}, and serde_json: {theirs}");
    }
    30 + reason.len() as u64
}

/// Wherever a number is read, it is the nearest float: rounded once, whatever reads it.
fn floats(text: &str) {
    let number = text.trim();
    let (Ok(float), Ok(single)) = (number.parse::<f64>(), number.parse::<f32>()) else { return };
    if float.is_infinite() {
        return;
    }
    let fields = ["own", "any", "kept", "flat", "with"].map(|field| format!(r#""{field}": {text}"#)).join(",");
    let read = Floats::load_str(&format!(r#"{{{fields}, "plain": [{text}, {text}, {text}]}}"#)).expect("floats");
    let kept = read.kept.get().parse().ok();
    let (first, second, third) = (read.plain.0, read.plain.1, read.plain.2.as_f64());
    for (way, read) in [
        ("own", Some(read.own)),
        ("any", read.any.as_f64()),
        ("kept", kept),
        ("flat", Some(read.flat.flat)),
        ("plain", Some(first)),
        ("plain option", second),
        ("plain value", third),
    ] {
        assert_eq!(read.map(f64::to_bits), Some(float.to_bits()), "{way}: {text}");
    }
    assert_eq!(read.with.to_bits(), (float / 2.0).to_bits(), "with: {text}");

    let plain = PlainSingle::load_str(&format!(r#"{{"plain": [{text}, {text}]}}"#));
    assert_eq!(plain.is_ok(), single.is_finite(), "plain f32: {text}");
    if let Ok(PlainSingle { plain: (first, second) }) = plain {
        assert_eq!([first, second.expect("a number")].map(f32::to_bits), [single.to_bits(); 2], "plain f32: {text}");
        let read = Single::load_str(&format!(r#"{{"own": {text}}}"#)).expect("a float");
        assert_eq!(read.own.to_bits(), single.to_bits(), "f32: {text}");
    }
}

/// Our value is that of the text, part by part.
fn same(text: &RawValue, ours: &Value) {
    match ours {
        Value::Array(ours) => {
            let parts: Vec<&RawValue> = serde_json::from_str(text.get()).expect("a list");
            assert_eq!(parts.len(), ours.len());
            for (text, ours) in parts.into_iter().zip(ours) {
                same(text, ours);
            }
        }
        Value::Object(ours) => {
            let parts: BTreeMap<String, &RawValue> = serde_json::from_str(text.get()).expect("an object");
            assert_eq!(parts.len(), ours.len());
            for (key, text) in parts {
                same(text, &ours[&key]);
            }
        }
        Value::Number(number) if number.is_f64() => {
            let float: f64 = text.get().parse().expect("a number");
            assert_eq!(number.as_f64().map(f64::to_bits), Some(float.to_bits()), "{text}");
        }
        other => assert_eq!(*other, serde_json::from_str::<Value>(text.get()).expect("a value")),
    }
}

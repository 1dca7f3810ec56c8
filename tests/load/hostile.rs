//! Broken and hostile input gets a clear error of bounded size, that quotes no payload, and no panic.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::str::FromStr;

use event_schema::prelude::*;
use event_schema::serde_json::{Map, Value, json, to_string};
use proptest::prelude::{any, proptest};
use proptest::test_runner::Config;

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Message {
    id: u32,
    text: String,
    #[serde(default)]
    any: Value,
    #[serde(default)]
    object: Map<String, Value>,
    #[serde(default)]
    inner: Option<Box<Message>>,
    #[serde(default)]
    numbers: Vec<f64>,
    #[serde(default)]
    counts: BTreeMap<String, u8>,
    #[serde(default)]
    state: Option<State>,
    #[serde(default)]
    key: Option<Uuid>,
    #[validate(length(max = 20))]
    #[serde(default)]
    short: String,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
enum State {
    On,
    Off,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Strict {
    id: Option<u32>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
struct Open {
    #[serde(default)]
    shape: Option<Shape>,
    #[serde(default)]
    either: Option<Either>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(tag = "type")]
enum Shape {
    Point { x: i64 },
    Group { parts: Vec<Shape> },
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(untagged)]
enum Either {
    Number(f64),
    List(Vec<Either>),
    Object { inner: Box<Either> },
}

/// A message that has everything.
const WHOLE: &str = r#" {"id": 7, "text": "größer \"\u00fc\" 😀", "any": [1, {"a": null}], "object": {"b": true},
    "inner": {"id": 8, "text": ""}, "numbers": [1.5e3, -0.25], "counts": {"ä": 255}, "state": "On",
    "key": "0191e5b6-9a7e-7c3d-8f00-000000000001", "unknown": {"deep": [[["ß"]]]}}"#;

fn refused(input: &[u8]) -> LoadError {
    let error = Message::load(input).expect_err("hostile");
    assert!(error.to_string().len() < 1000, "{} bytes of error", error.to_string().len());
    error
}

fn syntax(input: &[u8], text: &str) {
    let error = refused(input);
    assert!(error.is_syntax() && !error.is_invalid() && error.violations().is_none(), "{error}");
    assert_eq!(error.to_string(), text);
}

#[test]
fn nothing_at_all() {
    for input in [&b""[..], b" ", b"\t\r\n  \n", &b" ".repeat(100_000)] {
        let error = refused(input);
        assert!(error.is_empty() && error.is_syntax() && !error.is_truncated());
        assert_eq!(error.to_string(), "the input is empty, expected a JSON object");
    }
}

#[test]
fn broken_off_at_every_byte() {
    assert!(Message::load_str(WHOLE).is_ok());
    for end in 2..WHOLE.len() {
        let error = refused(&WHOLE.as_bytes()[..end]);
        assert!(error.is_syntax() && error.is_truncated(), "after {end} bytes: {error}");
        assert!(error.to_string().starts_with("truncated JSON: EOF while parsing"), "after {end} bytes: {error}");
    }
}

#[test]
fn no_utf8() {
    for place in [
        r#"{"id": 1, "text": "?"}"#,
        r#"{"?": 1}"#,
        r#"{"id": 1, "text": "", "unknown": ["?"]}"#,
        r#"{"any": {"?": 1}}"#,
        "?",
    ] {
        for wrong in [&b"\xFF"[..], b"\xC3(", b"\xED\xA0\x80", b"\xC0\x80", b"\xF4\x90\x80\x80"] {
            let at = place.find('?').unwrap();
            let input = [&place.as_bytes()[..at], wrong, &place.as_bytes()[at + 1..]].concat();
            let error = refused(&input);
            assert!(error.is_syntax() && error.is_not_utf8() && !error.is_truncated(), "{place}: {error}");
            assert_eq!(
                error.to_string(),
                format!("not valid UTF-8, which JSON requires: the first invalid byte is at offset {at}")
            );
        }
    }
    // UTF-16, as some tools write it.
    let utf16: Vec<u8> = "\u{feff}{\"id\": 1}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(refused(&utf16).is_not_utf8());
}

#[test]
fn no_json() {
    syntax(
        b"\xEF\xBB\xBF{\"id\": 1}",
        "not valid JSON: the text starts with a byte order mark, which JSON does not allow at line 1 column 1",
    );
    syntax(b"{} {}", "not valid JSON: trailing characters at line 1 column 4");
    syntax(b"{\"id\": 1, \"text\": \"\"}x", "not valid JSON: trailing characters at line 1 column 22");
    syntax(b"{\"id\": 1,}", "not valid JSON: trailing comma at line 1 column 10");
    syntax(b"{'id': 1}", "not valid JSON: key must be a string at line 1 column 2");
    syntax(b"{\"id\": 01}", "not valid JSON: invalid number at line 1 column 9");
    syntax(b"{\"id\": NaN}", "not valid JSON: expected value at line 1 column 8");
    syntax(b"hello", "not valid JSON: expected value at line 1 column 1");
    for lone in [r"\ud800", r"\udc00x", r"\ud800\ud800", r"\ud83d"] {
        let error = refused(format!(r#"{{"id": 1, "text": "{lone}"}}"#).as_bytes());
        assert!(error.is_syntax() && error.to_string().contains("hex escape"), "{lone}: {error}");
    }
}

#[test]
fn nul_bytes() {
    syntax(b"\0", "not valid JSON: expected value at line 1 column 1");
    syntax(b"{\"id\": 1, \"text\": \"\"}\0", "not valid JSON: trailing characters at line 1 column 22");
    syntax(
        b"{\"text\": \"\0\"}",
        "not valid JSON: control character (\\u0000-\\u001F) found while parsing a string at line 1 column 11",
    );
    assert_eq!(Message::load_str(r#"{"id": 1, "text": "\u0000"}"#).unwrap().text, "\0");
}

#[test]
fn not_an_object() {
    for input in ["null", "true", "-1", "1.5", "\"text\"", "[]", "[1, \"text\"]", "[{\"id\": 1}]"] {
        let error = refused(input.as_bytes());
        assert!(error.is_invalid() && !error.is_syntax());
        assert_eq!(error.violations().unwrap().to_messages(), json!({"_schema": ["Invalid input type."]}), "{input}");
    }
}

/// Whether a dependency turned on `serde_json/arbitrary_precision`: then no number is too large to be JSON,
/// and whether it fits is a matter of the field.
fn keeps_all_digits() -> bool {
    Value::from_str("1e999").is_ok()
}

#[test]
fn huge_numbers() {
    let digits = "9".repeat(1_000_000);
    for number in ["1e999", "-1e999", "1e99999999999999999999", &digits, &format!("-{digits}.5")] {
        for field in ["id", "numbers", "any", "text"] {
            let error = refused(format!(r#"{{"{field}": {number}}}"#).as_bytes());
            if keeps_all_digits() {
                assert!(error.is_invalid() && !error.to_string().contains("999"), "{error}");
            } else {
                assert!(error.is_syntax() && error.to_string().contains("number out of range"), "{error}");
            }
        }
    }
    let error = refused(br#"{"id": 123456789012345678901234567890, "text": ""}"#);
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({"id": [format!("Must be greater than or equal to 0 and less than or equal to {}.", u32::MAX)]})
    );
    let tiny = format!(r#"{{"id": 1, "text": "", "numbers": [1e-999999, 0.{}1, -0]}}"#, "0".repeat(1_000_000));
    assert_eq!(Message::load_str(&tiny).unwrap().numbers, [0.0, 0.0, -0.0]);
}

const DEEP: usize = 100_000;

/// With `serde_json/arbitrary_precision` a number arrives as an object that has one entry of this name. An object
/// that the input has is told from it.
mod called_like_a_number {
    use super::*;

    const TOKEN: &str = "$serde_json::private::Number";
    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[serde(default, deny_unknown_fields)]
    struct All {
        integer: u8,
        wide: i128,
        float: f64,
        text: Option<String>,
        list: Vec<u8>,
        map: BTreeMap<String, Option<u8>>,
        any: Value,
        open: Open,
        external: External,
        internal: Internal,
        adjacent: Adjacent,
        untagged: Untagged,
        flat: Flat,
    }
    #[derive(Debug, Default, PartialEq, Serialize, EventSchema)]
    struct Open {}
    #[derive(Debug, Default, PartialEq, Serialize, EventSchema)]
    enum External {
        #[default]
        One,
        Two(u8),
    }
    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[serde(tag = "kind")]
    enum Internal {
        Map(BTreeMap<String, Value>),
    }
    #[derive(Debug, Default, PartialEq, Serialize, EventSchema)]
    #[serde(tag = "kind", content = "data")]
    enum Adjacent {
        #[default]
        One,
    }
    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Untagged {
        Number(f64),
        Map(BTreeMap<String, Value>),
    }
    #[derive(Debug, Default, PartialEq, Serialize, EventSchema)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    impl Default for All {
        fn default() -> Self {
            Self {
                integer: 0,
                wide: 0,
                float: 0.0,
                text: None,
                list: Vec::new(),
                map: BTreeMap::new(),
                any: Value::Null,
                open: Open {},
                external: External::One,
                internal: Internal::Map(BTreeMap::new()),
                adjacent: Adjacent::One,
                untagged: Untagged::Number(0.0),
                flat: Flat::default(),
            }
        }
    }

    #[test]
    fn an_object_is_no_number_whatever_it_is_called() {
        let read = |field: &str, value: &str| {
            let input = format!(r#"{{"{field}": {value}}}"#);
            All::load_str(&input).map_err(|error| error.violations().unwrap().to_messages()[field].to_string())
        };
        for under in [r#""5""#, "5", "null", "[5]", "{}", r#"{"a": 1}"#] {
            let object = format!(r#"{{"{TOKEN}": {under}}}"#);
            for (field, message) in [
                ("integer", "Not a valid integer."),
                ("wide", "Not a valid integer."),
                ("float", "Not a valid number."),
                ("text", "Not a valid string."),
                ("list", "Not a valid list."),
            ] {
                assert_eq!(read(field, &object), Err(json!([message]).to_string()), "{field} {object}");
            }
            assert_eq!(read("external", &object), Err(json!(["Must be one of: One, Two."]).to_string()));
            assert_eq!(read("map", &object).is_ok(), matches!(under, "5" | "null"), "{object}");
            assert!(read("open", &object).is_ok());
            assert_eq!(read("adjacent", &object), Err(r#"{"kind":["Missing data for required field."]}"#.to_owned()));
            let entry = |of: &Value| of.as_object().unwrap().keys().eq([TOKEN]);
            assert!(entry(&read("any", &object).unwrap().any));
            assert_eq!(read("flat", &object).unwrap().flat.rest.len(), 1);
            let Untagged::Map(map) = read("untagged", &object).unwrap().untagged else { panic!("a number: {object}") };
            assert_eq!(map.len(), 1);
            for tagged in [
                format!(r#"{{"{TOKEN}": {under}, "kind": "Map"}}"#),
                format!(r#"{{"kind": "Map", "{TOKEN}": {under}}}"#),
            ] {
                let Internal::Map(map) = read("internal", &tagged).unwrap().internal;
                assert!(map.keys().eq([TOKEN]), "{map:?}");
            }
            let unknown = format!(r#"{{{}, "integer": 300}}"#, &object[1..object.len() - 1]);
            let error = All::load_str(&unknown).unwrap_err();
            assert_eq!(
                error.violations().unwrap().to_messages(),
                json!({TOKEN: ["Unknown field."], "integer": ["Must be greater than or equal to 0 and less than or equal to 255."]})
            );
            // From a `Value` it is the same.
            let value = Value::Object(serde_json::Map::from_iter([(TOKEN.to_owned(), json!("5"))]));
            assert!(All::load_value(json!({"integer": value})).is_err());
            assert_eq!(All::load_value(json!({"any": value})).unwrap().any, value);
            assert!(All::load_value(json!({"untagged": value})).is_ok());
        }
        // And a number is one.
        for field in ["open", "map", "external", "internal", "adjacent", "flat"] {
            for number in ["5", "0.5", "18446744073709551616"] {
                assert!(read(field, number).is_err(), "{field}");
                let value: Value = serde_json::from_str(number).unwrap();
                assert!(All::load_value(json!({field: value})).is_err(), "{field}");
            }
        }
    }
}

/// Where levels are kept until it is known what they are, each of the 128 is looked at anew.
const DEEP_IN_BUFFERS: usize = 5_000;

fn nested(depth: usize, open: &str, inside: &str, close: &str) -> String {
    [&open.repeat(depth), inside, &close.repeat(depth)].concat()
}

#[test]
fn nested_too_deep() {
    let lists = nested(DEEP, "[", "", "]");
    let objects = nested(DEEP, r#"{"inner":"#, "1", "}");
    let shapes = nested(DEEP, r#"{"type":"Group","parts":["#, "", "]}");
    let late_tags = nested(DEEP_IN_BUFFERS, r#"{"parts":["#, "", r#"],"type":"Group"}"#);
    let too_deep = |loaded: Result<(), LoadError>| {
        let error = loaded.expect_err("too deep");
        assert!(error.is_too_deep() && !error.is_syntax() && !error.is_invalid(), "{error}");
        assert_eq!(error.to_string(), "nested deeper than 128 levels, the limit of this load");
    };
    too_deep(Message::load_str(&objects).map(drop));
    for field in ["any", "object"] {
        for deep in [&lists, &objects] {
            too_deep(Message::load_str(&format!(r#"{{"{field}": {deep}}}"#)).map(drop));
        }
    }
    for deep in [&shapes, &late_tags] {
        too_deep(Open::load_str(&format!(r#"{{"shape": {deep}}}"#)).map(drop));
    }
    for either in [nested(DEEP_IN_BUFFERS, "[", "", "]"), nested(DEEP_IN_BUFFERS, r#"{"inner":"#, "1", "}")] {
        too_deep(Open::load_str(&format!(r#"{{"either": {either}}}"#)).map(drop));
    }
    for deep in [&lists, &objects] {
        too_deep(Open::load_str(&format!(r#"{{"more": {deep}}}"#)).map(drop));
    }
    // Where nothing is read of it, depth does not matter.
    for deep in [&lists, &objects] {
        assert!(Message::load_str(&format!(r#"{{"id": 1, "text": "", "more": {deep}}}"#)).is_ok());
        let wrong = Message::load_str(&format!(r#"{{"id": {deep}, "text": {deep}, "state": {deep}, "key": {deep}}}"#));
        assert!(wrong.unwrap_err().is_invalid());
        assert!(Strict::load_str(&format!(r#"{{"more": {deep}}}"#)).unwrap_err().is_invalid());
    }
    // Broken off down there.
    assert!(refused(format!(r#"{{"more": {}"#, "[".repeat(DEEP)).as_bytes()).is_truncated());
    assert!(refused("[".repeat(DEEP).as_bytes()).is_truncated());
}

#[test]
fn depth_counts_alike_from_text_and_value() {
    for (depth, good) in [(127, true), (128, false)] {
        let text = format!(r#"{{"id": 1, "text": "", "any": {}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(Message::load_str(&text).is_ok(), good);
        let mut any = json!([]);
        for _ in 1..depth {
            any = json!([any]);
        }
        let loaded = Message::load_value(json!({"id": 1, "text": "", "any": any}));
        assert_eq!(loaded.is_ok(), good);
        assert!(loaded.is_ok() || loaded.unwrap_err().is_too_deep());
    }
}

#[test]
fn too_large() {
    let mut input = br#"{"id": 1, "text": ""}"#.to_vec();
    input.resize((16 << 20) + 1, b' ');
    let error = refused(&input);
    assert!(error.is_too_large() && !error.is_syntax() && !error.is_invalid());
    assert_eq!(error.to_string(), "16777217 bytes, more than the 16777216 bytes that this load allows");
    input.pop();
    assert!(Message::load(&input).is_ok());
}

#[test]
fn endless_violations() {
    const COUNT: usize = 200_000;
    let unknown: Vec<String> = (0..COUNT).map(|n| format!(r#""unknown{n}": {{"secret": [{n}]}}"#)).collect();
    let error = Strict::load_str(&format!("{{{}}}", unknown.join(","))).unwrap_err();
    let bounded = |error: LoadError, count: usize| {
        let violations = error.violations().unwrap();
        assert_eq!((violations.len(), violations.omitted()), (1000, count - 1000));
        let text = error.to_string();
        assert!(text.starts_with(&format!("{count} violations\n")) && text.len() < 100_000, "{} bytes", text.len());
        assert!(text.ends_with(&format!("and {} more", count - 1000)));
        assert!(to_string(violations).unwrap().len() < 100_000);
    };
    bounded(error, COUNT);

    let wrong = vec!["\"secret\""; COUNT].join(",");
    bounded(Message::load_str(&format!(r#"{{"id": 1, "text": "", "numbers": [{wrong}]}}"#)).unwrap_err(), COUNT);

    let again = vec![r#""id": 1"#; COUNT].join(",");
    bounded(Strict::load_str(&format!("{{{again}}}")).unwrap_err(), COUNT - 1);

    let counts: Vec<String> = (0..COUNT).map(|n| format!(r#""{n}": -1"#)).collect();
    bounded(
        Message::load_str(&format!(r#"{{"id": 1, "text": "", "counts": {{{}}}}}"#, counts.join(","))).unwrap_err(),
        COUNT,
    );
}

#[test]
fn repeated_keys_are_told_once_for_each() {
    let error = refused(br#"{"id": 1, "text": "", "id": "x", "text": "", "id": 2}"#);
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({"id": ["Duplicate field.", "Duplicate field."], "text": ["Duplicate field."]})
    );
    // What the type does not have, and a map's entries, as serde reads them: the last one counts.
    let loaded = Message::load_str(r#"{"id": 1, "text": "", "x": 1, "x": 2, "counts": {"a": 1, "a": 2}}"#).unwrap();
    assert_eq!(loaded.counts["a"], 2);
}

/// A rule is tried as each of its variants, and so is each rule in it.
#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(untagged)]
enum Rule {
    All { of: Vec<Rule>, all: bool },
    Any { of: Vec<Rule>, any: bool },
}

#[test]
fn untagged_enums_within_one_another() {
    let rule = |levels, last: &str| [r#"{"of": ["#.repeat(levels), format!("], {last}}}").repeat(levels)].concat();
    assert!(Rule::load_str(&rule(5, r#""any": true"#)).is_ok());
    for last in [r#""any": true"#, r#""all": true"#, r#""all": 1, "any": 1"#] {
        let text = rule(40, last);
        let from_text = Rule::load_str(&text);
        let from_value = Rule::load_value(serde_json::from_str(&text).unwrap());
        // The first variant fits at once.
        if last == r#""all": true"# {
            assert_eq!(from_text.unwrap(), from_value.unwrap());
            continue;
        }
        for error in [from_text.unwrap_err(), from_value.unwrap_err()] {
            assert!(error.is_too_ambiguous() && !error.is_syntax() && !error.is_invalid(), "{error}");
            assert!(error.to_string().starts_with("too ambiguous: "), "{error}");
        }
    }
    // Many side by side cost what they should.
    let wide = format!(r#"{{"of": [{}], "any": true}}"#, vec![rule(2, r#""any": true"#); 20_000].join(","));
    assert!(Rule::load_str(&wide).is_ok());
    assert!(Rule::load_value(serde_json::from_str(&wide).unwrap()).is_ok());
}

/// Two flattened values of one level read the same entries: at each level twice as much as above it.
#[test]
fn flattened_values_within_one_another() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Part {
        #[serde(flatten)]
        first: Option<First>,
        #[serde(flatten)]
        second: Option<Second>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(tag = "first")]
    enum First {
        Some { child: Option<Box<Part>>, x: u8 },
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(tag = "second")]
    enum Second {
        Some { child: Option<Box<Part>>, y: u8 },
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Whole {
        #[serde(flatten)]
        first: First,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
        #[serde(default)]
        parts: Vec<Part>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(untagged)]
    enum Loose {
        All {
            of: Vec<Loose>,
            all: bool,
            #[serde(flatten)]
            rest: BTreeMap<String, Value>,
        },
        Any {
            of: Vec<Loose>,
            any: bool,
            #[serde(flatten)]
            rest: BTreeMap<String, Value>,
        },
    }

    let nested = |levels, fields: &str| {
        let open = format!(r#"{{"first": "Some", "second": "Some", {fields}"child": "#);
        [open.repeat(levels), "null".to_owned(), "}".repeat(levels)].concat()
    };
    assert!(Part::load_str(&nested(5, r#""x": 1, "#)).unwrap().first.is_some());
    for fields in ["", r#""x": "1", "y": "2", "#] {
        let text = nested(40, fields);
        let value: Value = serde_json::from_str(&text).unwrap();
        // Fields may be missing in a part: the first takes what there is.
        let of_part = Part::load_partial(text.as_bytes()).err();
        assert_eq!(of_part.is_none(), fields.is_empty());
        let of_whole = [Part::load_str(&text).unwrap_err(), Part::load_value(value).unwrap_err()];
        for error in of_whole.into_iter().chain(of_part) {
            assert!(error.is_too_ambiguous(), "{error}");
        }
    }
    // Flattened values within untagged enums.
    let text = [r#"{"of": ["#.repeat(40), r#"], "all": 1, "any": 1}"#.repeat(40)].concat();
    assert!(Loose::load_str(&text).unwrap_err().is_too_ambiguous());
    assert!(Loose::load_value(serde_json::from_str(&text).unwrap()).unwrap_err().is_too_ambiguous());
    // Many side by side cost what they should.
    let parts = vec![nested(2, ""); 20_000].join(",");
    let whole = format!(r#"{{"first": "Some", "child": null, "x": 1, "parts": [{parts}]}}"#);
    assert_eq!(Whole::load_str(&whole).unwrap().parts.len(), 20_000);
}

/// Parts that code of others reads, or nobody.
#[event_schema::event]
#[derive(Debug)]
struct Parts {
    #[serde(default)]
    ours: Value,
    #[event(plain)]
    #[serde(default)]
    plain: Value,
    #[serde(default, deserialize_with = "event_schema::serde::Deserialize::deserialize")]
    with: Value,
    #[serde(default)]
    raw: Option<Box<event_schema::serde_json::value::RawValue>>,
    #[serde(default)]
    inner: Option<Box<Parts>>,
}

#[test]
fn levels_count_from_the_root_in_parts_of_others() {
    for field in ["ours", "plain", "with", "raw"] {
        for (limit, outer) in [(8, 0), (8, 1), (128, 0), (300, 1)] {
            let options = LoadOptions::new().max_depth(limit);
            // The object itself is a level.
            for levels in [limit - outer - 2, limit - outer - 1, limit - outer, limit + 20] {
                let name = format!("{field}, {levels} levels in {outer} of {limit}");
                let fits = levels + outer < limit;
                let part = [r#"["]\"[",{},"#.repeat(levels - 1), "[]".to_owned(), "]".repeat(levels - 1)].concat();
                let mut text = format!(r#"{{"{field}": {part}}}"#);
                let mut value = (1..levels).fold(json!([]), |inner, _| json!(["]\"[", {}, inner]));
                value = json!({field: value});
                for _ in 0..outer {
                    text = format!(r#"{{"inner": {text}}}"#);
                    value = json!({"inner": value});
                }
                for loaded in [options.load::<Parts>(text.as_bytes()), options.load_value::<Parts>(value)] {
                    match loaded {
                        Ok(_) => assert!(fits, "{name}"),
                        Err(error) => assert!(!fits && error.is_too_deep(), "{name}: {error}"),
                    }
                }
            }
        }
    }
}

/// What is read from a buffer.
#[event_schema::event]
#[derive(Debug)]
struct Buffers {
    #[serde(flatten)]
    flat: Flat,
    #[serde(flatten)]
    shape: Option<Late>,
    #[serde(default)]
    either: Option<Texts>,
    #[serde(default)]
    wide: u128,
}

#[event_schema::event]
#[derive(Debug)]
struct Flat {
    #[serde(default)]
    flattened: String,
    #[serde(default)]
    number: f64,
}

#[event_schema::event]
#[derive(Debug)]
#[serde(tag = "type")]
enum Late {
    Texts { late: Vec<Texts> },
}

#[event_schema::event]
#[derive(Debug)]
#[serde(untagged)]
enum Texts {
    Text(String),
    List(Vec<Texts>),
    Object { inner: Box<Texts> },
}

#[test]
fn what_cannot_be_read_is_blamed_where_it_stands() {
    for (wrong, words) in
        [(r#""_\ud801""#, "unexpected end of hex escape"), (r#""_\udc00""#, "lone leading surrogate in hex escape")]
    {
        for around in [
            r#"{"ignored": "_\ud800", "flattened": ?}"#,
            r#"{"ignored": "_\ud800", "wide": ?}"#,
            r#"{"ignored": ["_\ud800", 1e999], "either": ?}"#,
            r#"{"ignored": ["_\ud800", 1e999], "either": [ [{"inner": {"inner": [ ?]}}]]}"#,
        ] {
            let text = around.replace('?', wrong);
            let error = Buffers::load_str(&text).unwrap_err();
            let start = around.find('?').unwrap() as u64;
            let offset = error.position().unwrap().offset();
            assert!(error.is_syntax() && error.to_string().contains(words), "{error} in {text}");
            assert!((start..start + wrong.len() as u64).contains(&offset), "{error} in {text}");
        }
    }
    // What was put together again behind a late tag has no place of its own: the words are all that is known.
    let late = r#"{"ignored": ["_\ud800", 1e999], "late": ["", [ {"inner": "_\ud801"}]], "type": "Texts"}"#;
    let error = Buffers::load_str(late).unwrap_err();
    assert!(error.is_syntax() && error.to_string().contains("unexpected end of hex escape"), "{error}");
    // With `arbitrary_precision` it is a number, and not one of the type's.
    if !keeps_all_digits() {
        let error = Buffers::load_str(r#"{"ignored": 1e999, "number": 1e999}"#).unwrap_err();
        assert!(error.to_string().contains("number out of range"), "{error}");
        assert!((29..34).contains(&error.position().unwrap().offset()), "{error}");
    }
    assert!(Buffers::load_str(r#"{"ignored": ["_\ud800", 1e999], "flattened": "x"}"#).is_ok());
}

#[test]
fn a_long_name_is_cut() {
    let name = "ä".repeat(5 << 20);
    let cut = format!("{}…", "ä".repeat(100));
    let error = Strict::load_str(&format!(r#"{{"{name}": 1}}"#)).unwrap_err();
    assert_eq!(error.to_string(), format!("1 violation\n{cut}: Unknown field."));
    let error = refused(format!(r#"{{"id": 1, "text": "", "counts": {{"{name}": "1"}}}}"#).as_bytes());
    assert_eq!(error.to_string(), format!("1 violation\ncounts[{cut:?}]: Not a valid integer."));
    let error = Open::load_str(&format!(r#"{{"shape": {{"type": "{name}"}}}}"#)).unwrap_err();
    assert!(error.to_string().len() < 200, "{} bytes", error.to_string().len());
    assert!(Message::load_str(&format!(r#"{{"id": 1, "text": "", "{name}": 1}}"#)).is_ok());
    assert!(Message::load_str(&format!(r#"{{"id": 1, "text": "{name}"}}"#)).is_ok_and(|message| message.text == name));
}

#[test]
fn a_name_cannot_forge_lines_of_a_log() {
    let error = Strict::load_str(r#"{"x\n2026-11-21 INFO all is well": 1, "\u001b[31m": 2, "a: b": 3}"#).unwrap_err();
    assert_eq!(error.to_string().lines().count(), 4);
    assert!(!error.to_string().contains(['\u{1b}', '\r']));
}

#[test]
fn errors_quote_no_values() {
    let everywhere = |value: &str| {
        let fields = ["id", "text", "object", "inner", "numbers", "counts", "state", "key", "short"];
        let all: Vec<String> = fields.iter().map(|field| format!(r#""{field}": {value}"#)).collect();
        format!("{{{}}}", all.join(", "))
    };
    let inputs = [
        everywhere(r#""hunter2 is the password""#),
        everywhere(r#"["hunter2"]"#),
        everywhere(r#"{"a": "hunter2"}"#),
        everywhere("42424242424242"),
        everywhere("-4242424242.4242"),
        r#"{"text": "hunter2"#.to_owned(),
        r#"{"text": hunter2}"#.to_owned(),
        r#"{"text": "hunter2" "id"}"#.to_owned(),
        r#"{"text": "hunter2"}hunter2"#.to_owned(),
        "{\"text\": \"hunter2\n\"}".to_owned(),
        "hunter2".to_owned(),
    ];
    for input in inputs {
        let error = refused(input.as_bytes());
        let violations =
            error.violations().map(|violations| (to_string(violations).unwrap(), to_string(&**violations).unwrap()));
        let told = format!("{error}\n{error:?}\n{violations:?}");
        assert!(!told.contains("hunter2") && !told.contains("4242"), "{told}");
    }
    let open = r#"{"shape": {"type": "hunter2", "x": "hunter2"}, "either": {"inner": ["hunter2"]}}"#;
    let error = Open::load_str(open).unwrap_err();
    assert!(!format!("{error}\n{error:?}").contains("hunter2"), "{error:?}");
}

proptest! {
    #![proptest_config(Config { failure_persistence: None, ..Config::with_cases(2000) })]

    #[test]
    fn whatever_the_bytes_there_is_an_answer(
        cut in any::<(u16, u16)>(),
        noise in proptest::collection::vec(any::<u8>(), 0..6),
    ) {
        let whole = WHOLE.as_bytes();
        let (from, to) = (usize::from(cut.0) % whole.len(), usize::from(cut.1) % whole.len());
        // Some bytes replaced by others, or a part taken out or doubled.
        let input = [&whole[..from], &noise, &whole[to..]].concat();
        for answer in [
            Message::load(&input).map(drop),
            Strict::load(&input).map(drop),
            Open::load(&input).map(drop),
            Message::load(&noise).map(drop),
        ] {
            if let Err(error) = answer {
                assert!(error.is_syntax() != error.is_invalid());
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

/// A type that holds itself with no list or object in between would be read for ever.
#[test]
fn what_holds_itself_is_too_deep() {
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Turn {
        Again(Box<Turn>),
        Number(u8),
    }
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Twice {
        Counted(std::rc::Rc<Twice>),
        Shared(std::sync::Arc<Twice>),
        List(Vec<Twice>),
    }
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(transparent)]
    struct Chain {
        next: Option<Box<Chain>>,
    }
    for input in ["1", "{}", "[[]]", r#""text""#] {
        for error in [
            Turn::load_str(input).unwrap_err(),
            Twice::load_str(input).unwrap_err(),
            Chain::load_str(input).unwrap_err(),
            Turn::load_value(input.parse().unwrap()).unwrap_err(),
        ] {
            assert!(error.is_too_deep(), "{input}: {error}");
        }
    }
    assert!(Chain::load_str("null").unwrap().next.is_none());
    assert!(matches!(Turn::Number(1).dump().as_deref(), Ok(b"1")));
    assert!(Chain::json_schema().to_value().is_object());
}

/// A place below a key is told without a copy of all of the key: keys may be long, and places many.
#[test]
fn choices_below_a_long_key_are_made_in_time() {
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Choice {
        Text(String),
        Number(u8),
    }
    #[derive(Debug, Serialize, EventSchema)]
    struct Choices {
        lists: std::collections::BTreeMap<String, Vec<Choice>>,
    }
    let key = "k".repeat(1 << 20);
    let text = format!(r#"{{"lists":{{"{key}":[{}1]}}}}"#, "1,".repeat(200_000));
    let begun = std::time::Instant::now();
    assert_eq!(Choices::load_str(&text).unwrap().lists[&key].len(), 200_001);
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// Pointers count only where nothing stands between them.
#[test]
fn pointers_of_deep_values_do_not_count() {
    let deep = nested(126, r#"{"inner":"#, "1", "}");
    let either = format!(r#"{{"either": {deep}}}"#);
    assert!(Open::load_str(&either).is_ok());
}

thread_local! {
    /// How often a [`Counted`] was written.
    static WRITTEN: Cell<usize> = const { Cell::new(0) };
}

#[event_schema::event]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[serde(from = "String", into = "String")]
struct Counted(String);

impl From<String> for Counted {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Counted> for String {
    fn from(counted: Counted) -> Self {
        WRITTEN.set(WRITTEN.get() + 1);
        counted.0
    }
}

#[event_schema::event]
#[derive(Debug)]
struct Counts {
    #[serde(default)]
    either: BTreeMap<Counted, Vec<Either>>,
    #[serde(default)]
    digits: BTreeMap<Counted, Vec<Digit>>,
}

#[event_schema::event]
#[derive(Debug)]
struct Digit {
    #[validate(range(max = 9))]
    #[serde(default)]
    digit: u8,
    name: String,
}

/// A key can be as long as the input: it is not written once for each of the values that it leads to.
#[test]
fn a_key_is_not_written_for_each_finding() {
    let written = |options: LoadOptions<'_>, partial: bool, field: &str, element: &str| {
        let text = format!(r#"{{"{field}": {{"key": [{}]}}}}"#, vec![element; 100].join(","));
        WRITTEN.set(0);
        let found = if partial {
            options.load_partial::<Counts>(text.as_bytes()).err()
        } else {
            options.load::<Counts>(text.as_bytes()).err()
        };
        let found = found.map_or(0, |error| error.violations().unwrap().len());
        (found, WRITTEN.get())
    };
    let options = LoadOptions::new();
    // The variants before the last one do not fit.
    assert_eq!(written(options, false, "either", r#"{"inner": 1}"#), (0, 1));
    assert_eq!(written(options, false, "digits", r#"{"digit": 10}"#), (200, 1));
    assert_eq!(written(options.show_values(true), false, "digits", r#"{"digit": 10}"#), (200, 1));
    // A part knows each of its keys as the map writes it.
    assert_eq!(written(options.partial(&["digits.name"]), true, "digits", "{}"), (0, 1));
    assert_eq!(written(options.partial(&["digits.digit"]), true, "digits", "{}"), (100, 2));
}

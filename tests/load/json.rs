//! Text is read as `serde_json` reads it: drawn texts, and those that readers stumble over.

use event_schema::prelude::*;
use event_schema::serde::de::IgnoredAny;
use event_schema::serde_json::value::RawValue;
use event_schema::serde_json::{Value, json};
use event_schema::{Segment, Violation};
use proptest::prelude::*;

fn check(text: &str) {
    crate::fuzz_smoke::json::check(text.as_bytes());
}

#[test]
fn texts_that_readers_stumble_over() {
    for text in [
        "-0",
        "-0.0",
        "1e999",
        "-1e999",
        "1e-999",
        "0e99999999999999999999",
        "1e99999999999999999999",
        "1.7976931348623157e308",
        "1.7976931348623159e308",
        "4.9e-324",
        "2.4703282292062327e-324",
        "18446744073709551616",
        "-9223372036854775809",
        "01",
        "1.",
        "-",
        r#""\ud800""#,
        r#""\udc00\ud800""#,
        r#""\ud83d\ude00""#,
        r#""\ud83d\u""#,
        r#""\u00""#,
        "\"\0\"",
        "\0",
        "\u{feff}1",
        "\u{a0}1",
        "\"\n\"",
        "[1,\n2,,]",
        r#"{"a":1,"a":2}"#,
        r#"{"$serde_json::private::Number": "5"}"#,
        r#"{"$serde_json::private::RawValue": "5"}"#,
    ] {
        check(text);
        check(&format!("[{text}]"));
        check(&format!(" {{\"a\": {text} }} "));
    }
    for long in ["9".repeat(100_000), format!("0.{}1", "0".repeat(100_000)), format!("\"{}\"", "é\\n".repeat(50_000))]
    {
        check(&long);
    }
}

#[test]
fn bytes_that_are_not_utf8() {
    let inputs: [&[u8]; 8] = [
        b"\xff",
        b"\"\xff\"",
        b"{\"a\": \"\xc3",
        b"{\"a\": \"\xc3\"}",
        b"[1] \xed\xa0\x80",
        b"[1,,\n\xf0\x9f\x98",
        b"{\"\x80\": 1}",
        b"nul\xc3\xa4\xc3",
    ];
    for input in inputs {
        crate::fuzz_smoke::json::check(input);
    }
    // `serde_json` does not look into a string that it passes over.
    assert!(serde_json::from_slice::<IgnoredAny>(b"\"\xff\"").is_ok());
}

/// A hundred thousand levels, of which a value takes 128.
#[test]
fn deep_texts() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Few {
        id: u8,
    }

    for (open, close) in [("[", "]"), (r#"{"a":"#, "}")] {
        let deep = [open.repeat(100_000), "1".to_owned(), close.repeat(100_000)].concat();
        assert!(Few::load_str(&format!(r#"{{"id": 1, "more": {deep}}}"#)).is_ok());
        assert!(Few::load_str(&format!(r#"{{"id": {deep}}}"#)).unwrap_err().is_invalid());
        let broken = Few::load_str(&format!(r#"{{"id": 1, "more": {}"#, &deep[..deep.len() - 1])).unwrap_err();
        assert!(broken.is_truncated());
        // Levels count in a text that is kept, and in what a plain type ignores.
        for levels in [126, 127, 128, 129, 130] {
            let deep = [open.repeat(levels), "1".to_owned(), close.repeat(levels)].concat();
            check(&deep);
            check(&format!(r#"{{"q": {deep}}}"#));
        }
    }
}

#[test]
fn broken_off_at_every_byte() {
    let text = r#" {"a": [1, -2.5e3, true, null, "ß\u00e4\ud83d\ude00\n"], "b": {"": {}, "c": []}, "d": false} "#;
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        check(&text[..end]);
    }
}

/// Where everything of an order stands that can be wrong with it.
#[test]
fn violations_say_where_they_stand() {
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(deny_unknown_fields)]
    struct Order {
        id: u64,
        #[serde(alias = "ref")]
        reference: String,
        #[validate(length(max = 1))]
        lines: Vec<Line>,
        counts: std::collections::BTreeMap<u8, u8>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Line {
        sku: String,
        #[validate(range(min = 1))]
        quantity: u32,
    }

    let text = r#"{
  "id": "x", "ref": 7,
  "lines": [
    {"sku": "\u00e4\"}", "quantity": 0},
    {"quantity": 1},
    [{}]
  ], "id": 1,
  "counts": {"300": 1, "7": [8]}, "i\u0064": 2, "unknown": [{"id": 3}]
}"#;
    let places = |error: LoadError| -> Vec<_> {
        let told =
            |one: &Violation| (one.path().to_string(), one.code().to_owned(), one.position().unwrap().to_string());
        error.violations().unwrap().iter().map(told).collect()
    };
    let options = LoadOptions::new().positions(true);
    let found = places(options.load::<Order>(text.as_bytes()).unwrap_err());
    let expected = [
        ("id", "invalid", "line 2 column 9"),
        // Under an alias.
        ("reference", "invalid", "line 2 column 21"),
        ("lines[0].quantity", "range", "line 4 column 38"),
        ("lines[1].sku", "required", "line 5 column 5"),
        ("lines[2]", "invalid", "line 6 column 5"),
        ("id", "duplicate", "line 7 column 6"),
        ("counts[key \"300\"]", "invalid", "line 8 column 14"),
        ("counts[\"7\"]", "invalid", "line 8 column 29"),
        ("id", "duplicate", "line 8 column 35"),
        ("unknown", "unknown", "line 8 column 49"),
    ];
    let expected = expected.map(|(path, code, place)| (path.to_owned(), code.to_owned(), place.to_owned()));
    assert_eq!(found, expected);

    // From a value, and when nobody asks, there are none; of many, and of lines, those in the whole text.
    assert!(Order::load(text.as_bytes()).unwrap_err().violations().unwrap().iter().all(|one| one.position().is_none()));
    let from_value = options.load_value::<Order>(json!({})).unwrap_err();
    assert!(from_value.violations().unwrap()[0].position().is_none());
    let many = options.load_many::<Line>(b"[{\"sku\": 1,\n\"quantity\": 2},\n7]").unwrap_err();
    assert_eq!(
        places(many).into_iter().map(|(_, _, place)| place).collect::<Vec<_>>(),
        ["line 1 column 10", "line 3 column 1"]
    );
    let lines = b"\n{\"sku\": \"\", \"quantity\": 0}\r\n {\"sku\": 1, \"quantity\": 1}";
    let positions: Vec<_> = options
        .load_lines::<Line, _>(&lines[..])
        .map(|line| line.event.unwrap_err().violations().unwrap()[0].position().unwrap())
        .map(|position| (position.line(), position.column(), position.offset()))
        .collect();
    assert_eq!(positions, [(2, 25, 25), (3, 10, 38)]);
    assert_eq!((lines[25], lines[38]), (b'0', b'1'));
}

/// What is repeated stands where it is repeated, within what comes first.
#[test]
fn repeated_fields_say_where_they_stand() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Outer {
        order: Inner,
        #[serde(default)]
        counts: std::collections::BTreeMap<String, u8>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(deny_unknown_fields)]
    struct Inner {
        id: u8,
    }

    let columns = |text: &str| {
        let error = LoadOptions::new().positions(true).load::<Outer>(text.as_bytes()).unwrap_err();
        error.violations().unwrap().iter().map(|one| one.position().unwrap().column()).collect::<Vec<_>>()
    };
    assert_eq!(columns(r#"{"order":{"id":1,"id":2}}"#), [18]);
    assert_eq!(columns(r#"{"order":{"id":1,"x":2,"x":3}}"#), [18, 24]);
    assert_eq!(columns(r#"{"order":{"id":1},"order":{"id":2,"id":"x"}}"#), [19]);
    // In which of a map's entries it is is not told: it is where the map is.
    assert_eq!(columns(r#"{"order":{"id":1},"counts":{"a":1,"a":"x"}}"#), [28]);
    assert_eq!(columns(r#"{"order":{"id":1},"counts":{"a":1,"b":"x"}}"#), [39]);
}

/// A path may have a name that another entry of the input has.
#[test]
fn coinciding_names_do_not_mislead() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Outer {
        #[serde(flatten)]
        first: Option<First>,
        #[serde(flatten)]
        second: Second,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Other {
        #[serde(default)]
        choice: Option<Choice>,
        #[serde(default)]
        #[event(sensitive)]
        pins: std::collections::BTreeMap<String, u8>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct First {
        x: u8,
        y: u8,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Second {
        y: u8,
        z: u8,
    }
    #[event_schema::event]
    #[derive(Debug)]
    enum Choice {
        #[serde(alias = "one")]
        One(u8),
        Other(u8),
    }

    let found = |error: LoadError| {
        let told = |one: &Violation| (one.path().to_string(), one.code().to_owned(), one.position().unwrap().offset());
        error.violations().unwrap().iter().map(told).collect::<Vec<_>>()
    };
    let options = LoadOptions::new().positions(true);
    let outer = |text: &str| found(options.load::<Outer>(text.as_bytes()).unwrap_err());
    let other = |text: &str| found(options.load::<Other>(text.as_bytes()).unwrap_err());
    let one = |path: &str, code: &str, offset| vec![(path.to_owned(), code.to_owned(), offset)];
    // The first has read the `y`.
    assert_eq!(outer(r#"{"x":1,"y":2,"z":3}"#), one("y", "required", 0));
    assert_eq!(other(r#"{"choice":{"One":1,"One":2}}"#), one("choice.One", "duplicate", 19));
    assert_eq!(other(r#"{"choice":{"one":1,"One":2}}"#), one("choice.One", "duplicate", 19));
    assert_eq!(other(r#"{"choice":{"One":1,"Other":2}}"#), one("choice.Other", "unknown", 19));
    // Which of them is meant by the mask, nobody can tell.
    let pins = other(r#"{"pins":{"a":"x","***":1}}"#);
    assert_eq!(pins[0].2, 8, "{pins:?}");
}

/// An infinity could not be dumped.
#[test]
fn a_plain_single_beyond_its_range_is_refused_from_every_source() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Foreign {
        #[event(plain)]
        values: Vec<f32>,
    }

    let value = |beyond: f64| json!({"values": [1.5, beyond]});
    assert!(Foreign::load_value(value(3.4e38)).is_ok() && Foreign::load_str(&value(3.4e38).to_string()).is_ok());
    for error in
        [Foreign::load_value(value(1e39)).unwrap_err(), Foreign::load_str(&value(1e39).to_string()).unwrap_err()]
    {
        assert_eq!(error.to_string(), "1 violation\nvalues[1]: Not a valid value.");
    }
}

/// A null that a rule refuses is in the input.
#[test]
fn a_required_value_stands_where_its_null_is() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Pair {
        #[validate(required)]
        x: Option<u8>,
        y: u8,
    }

    let columns = |text: &str| {
        let error = LoadOptions::new().positions(true).load::<Pair>(text.as_bytes()).unwrap_err();
        let columns = error.violations().unwrap().iter().map(|one| one.position().unwrap().column());
        columns.collect::<Vec<_>>()
    };
    assert_eq!(columns(r#"{"y": 1, "x": null}"#), [15]);
    assert_eq!(columns(r#"{"x": 1}"#), [1]);
}

/// Positions are in the reports of violations if they were asked for.
#[test]
fn reports_have_positions() {
    let error = LoadOptions::new().positions(true).load::<Node>(b"{\n \"x\": 1}").unwrap_err();
    let position = json!({"line": 2, "column": 2, "offset": 3});
    let violations = error.into_violations().unwrap();
    let is_unknown = |record: &&Value| record["code"] == "unknown";
    let list = violations.to_list();
    assert_eq!(list.as_array().unwrap().iter().find(is_unknown).unwrap()["position"], position);
    assert_eq!(serde_json::to_value(&violations[..]).unwrap(), list);
    let problem = violations.to_problem();
    assert_eq!(problem["errors"].as_array().unwrap().iter().find(is_unknown).unwrap()["position"], position);
    assert!(Node::load(b"{}").unwrap_err().into_violations().unwrap().to_list()[0].get("position").is_none());
}

/// A field that came under another name stands where that is.
#[test]
fn fields_under_aliases_say_where_they_stand() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Parcel {
        #[serde(alias = "ref", alias = "id")]
        reference: String,
        #[serde(default)]
        kind: Kind,
    }
    #[event_schema::event]
    #[derive(Debug, Default)]
    enum Kind {
        #[default]
        None,
        #[serde(alias = "letter")]
        Letter {
            #[serde(alias = "g")]
            weight: u8,
        },
    }

    let columns = |text: &str| {
        let error = LoadOptions::new().positions(true).load::<Parcel>(text.as_bytes()).unwrap_err();
        let columns = error.violations().unwrap().iter().map(|one| one.position().unwrap().column());
        columns.collect::<Vec<_>>()
    };
    assert_eq!(columns(r#"{"ref":7}"#), [8]);
    assert_eq!(columns(r#"{"reference":7}"#), [14]);
    // The first is read, and all that come after it are too many.
    assert_eq!(columns(r#"{"ref":7,"reference":"ok"}"#), [8, 10]);
    assert_eq!(columns(r#"{"ref":"a","reference":"b","id":"c","ref":"d"}"#), [12, 28, 37]);
    assert_eq!(columns(r#"{"id":"a","kind":{"letter":{"g":"x"}}}"#), [33]);
}

#[event_schema::event]
#[derive(Debug)]
#[serde(deny_unknown_fields)]
struct Node {
    a: u8,
    #[serde(default)]
    b: Vec<Node>,
    #[serde(default)]
    c: Option<Box<Node>>,
    #[serde(default)]
    m: std::collections::BTreeMap<String, u8>,
}

/// Texts of nodes with faults, unknown and repeated fields.
fn node_text() -> impl Strategy<Value = String> {
    let number = prop_oneof![6 => Just("1".to_owned()), 1 => Just("\"x\"".to_owned()), 1 => Just("[300]".to_owned())];
    let map = prop::collection::vec(("[pqr]", number.clone()), 0..4).prop_map(|entries| {
        let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\" : {value}")).collect();
        format!("{{{}}}", entries.join(",\n"))
    });
    let object = |entries: Vec<(String, String)>| {
        let entries: Vec<_> = entries.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        format!("{{ {}}}", entries.join(", "))
    };
    let leaf = prop::collection::vec(("[ax]", number.clone()), 0..4).prop_map(object);
    leaf.prop_recursive(4, 40, 5, move |inner| {
        let entry = prop_oneof![
            3 => (Just("a".to_owned()), number.clone()),
            1 => ("[mx]", map.clone()),
            2 => ("[ccb]", inner.clone()),
            2 => (Just("b".to_owned()), prop::collection::vec(inner, 0..4).prop_map(|all| format!("[{}]", all.join(" , ")))),
        ];
        prop::collection::vec(entry, 0..6).prop_map(object)
    })
}

/// An object's entries as `serde_json` reads them, repeated ones too.
struct Entries<'t>(Vec<(&'t str, &'t RawValue)>);

impl<'t> Deserialize<'t> for Entries<'t> {
    fn deserialize<D: serde::Deserializer<'t>>(input: D) -> Result<Self, D::Error> {
        struct All;

        impl<'t> serde::de::Visitor<'t> for All {
            type Value = Entries<'t>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'t>>(self, mut map: A) -> Result<Entries<'t>, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        input.deserialize_map(All)
    }
}

/// Where the path leads, found part by part: the `nth` of the last name, the first of those before it.
fn walk(text: &str, violation: &Violation, nth: usize) -> usize {
    let offset = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
    let mut here: &RawValue = serde_json::from_str(text).unwrap();
    let steps = violation.path().segments();
    for (index, step) in steps.iter().enumerate() {
        let last = index + 1 == steps.len();
        let (name, of_map) = match step {
            Segment::Index(index) => {
                here = serde_json::from_str::<Vec<&RawValue>>(here.get()).unwrap()[*index];
                continue;
            }
            Segment::Field(name) => (name.wire(), false),
            Segment::Name(name) => (&**name, false),
            Segment::Key(name) => (&**name, true),
            other => unreachable!("{other:?}"),
        };
        let Entries(entries) = serde_json::from_str(here.get()).unwrap();
        let same: Vec<_> = entries.into_iter().filter(|(key, _)| *key == name).collect();
        let one = same.get(if last { nth } else { 0 }).filter(|_| !of_map || same.len() == 1);
        let Some((key, value)) = one else { break };
        if last && ["duplicate", "unknown"].contains(&violation.code()) {
            return offset(key) - 1;
        }
        here = value;
    }
    offset(here.get())
}

/// Pays for a thousand violations in a large text with one look.
#[test]
fn many_violations_in_a_large_text() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Many {
        numbers: Vec<u8>,
    }

    let text = format!("{{\"numbers\": [{}]}}", vec!["\"x\""; 300_000].join(",\n"));
    let error = LoadOptions::new().positions(true).load::<Many>(text.as_bytes()).unwrap_err();
    for (index, violation) in (0..).zip(error.violations().unwrap()) {
        let position = violation.position().unwrap();
        assert_eq!((position.line(), position.column()), (index + 1, if index == 0 { 14 } else { 1 }));
    }
}

/// Each of as many repeated fields as there are entries is found at its own entry, with one look.
#[test]
fn many_repeated_fields_in_a_large_text() {
    const COUNT: usize = 200_000;

    #[event_schema::event]
    #[derive(Debug)]
    struct Few {
        #[allow(dead_code, reason = "it comes too often")]
        id: u8,
    }

    let text = format!("{{{}}}", vec!["\"id\": 1"; COUNT].join(",\n"));
    let options = LoadOptions::new().positions(true).max_violations(COUNT);
    let error = options.load::<Few>(text.as_bytes()).unwrap_err();
    let violations = error.violations().unwrap();
    assert_eq!(violations.len(), COUNT - 1);
    // A target for each entry was looked at for each entry before.
    for (line, violation) in (2..).zip(violations) {
        let position = violation.position().unwrap();
        assert_eq!((position.line(), position.column()), (line, 1));
    }
}

/// A path has the beginning of a long key, and all of a long name that the type has.
#[test]
fn long_names_say_where_they_stand() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Long {
        #[serde(
            rename = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789."
        )]
        field: u8,
        map: std::collections::BTreeMap<String, u8>,
    }

    let name = "0123456789".repeat(10);
    let text = format!("{{\"{name}.\": -1,\n\"map\": {{\n\"{name}-\": -1}}}}");
    let error = LoadOptions::new().positions(true).load::<Long>(text.as_bytes()).unwrap_err();
    let places = error.violations().unwrap().iter().map(|one| one.position().unwrap().to_string());
    assert_eq!(places.collect::<Vec<_>>(), ["line 1 column 107", "line 3 column 106"]);
}

/// Random values, written with white space and escapes of all kinds.
fn json_text() -> impl Strategy<Value = String> {
    let space = "[ \t\r\n]{0,2}";
    let string = prop::collection::vec(
        prop_oneof![
            4 => "[a-z0-9ßé€😀 ]{0,9}",
            1 => r#"\\["\\/bfnrt]"#,
            1 => r"\\u[0-9a-fA-F]{4}",
            1 => r"\\ud8[0-3][0-9a-f]\\udc[0-9a-f]{2}",
            1 => "[\u{0}-\u{1f}\"\\\\]",
        ],
        0..4,
    )
    .prop_map(|parts| format!("\"{}\"", parts.concat()));
    let number =
        prop_oneof!["-?[0-9]{1,21}", "-?[0-9]{1,18}\\.[0-9]{0,18}", "-?[0-9]{1,3}(\\.[0-9]{1,3})?[eE][+-]?[0-9]{0,3}"];
    let leaf = prop_oneof![string.clone(), number, "true|false|null|nul|tru"];
    leaf.prop_recursive(6, 40, 5, move |inner| {
        let spaced = (space, inner, space).prop_map(|(before, value, behind)| before + &value + &behind);
        let entry = (space, string.clone(), space, spaced.clone())
            .prop_map(|(before, key, behind, value)| before + &key + &behind + ":" + &value);
        prop_oneof![
            prop::collection::vec(spaced, 0..5).prop_map(|parts| format!("[{}]", parts.join(","))),
            prop::collection::vec(entry, 0..5).prop_map(|parts| format!("{{{}}}", parts.join(","))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn drawn_texts(text in json_text(), cut in any::<prop::sample::Index>(), noise in "[\\[\\]{}:,\"\\\\0-9.eE+ \n-]?") {
        check(&text);
        let at = (0..=cut.index(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
        check(&text[..at]);
        check(&[&text[..at], &noise, &text[at..]].concat());
    }

    #[test]
    fn positions_are_where_the_paths_lead(text in node_text()) {
        let Err(error) = LoadOptions::new().positions(true).load::<Node>(text.as_bytes()) else { return Ok(()) };
        let violations = error.violations().unwrap();
        for (index, violation) in violations.iter().enumerate() {
            let alike = |one: &&Violation| one.path() == violation.path() && one.code() == violation.code();
            let nth = match violation.code() {
                "duplicate" => violations[..index].iter().filter(alike).count() + 1,
                "unknown" => violations[..index].iter().filter(alike).count(),
                _ => 0,
            };
            let offset = usize::try_from(violation.position().unwrap().offset()).unwrap();
            prop_assert_eq!(offset, walk(&text, violation, nth), "{} in {}", violation, &text);
            // What is told to be no number of eight bits is none.
            if violation.code() == "invalid" {
                let mut values = serde_json::Deserializer::from_str(&text[offset..]).into_iter::<Value>();
                prop_assert!(!values.next().unwrap().unwrap().is_u64(), "{} in {}", violation, &text);
            }
        }
    }

    #[test]
    fn any_characters(text in ".{0,20}") {
        check(&text);
    }
}

#[test]
fn what_a_value_field_keeps_of_a_number() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Any {
        any: Value,
        #[event(plain)]
        plain: Value,
    }

    let number = |text: &str| {
        let any = Any::load_str(&format!(r#"{{"any": {text}, "plain": {text}}}"#)).unwrap();
        assert_eq!(any.any, any.plain);
        assert_eq!(any.any, serde_json::from_str::<Value>(text).unwrap());
    };
    for text in ["0.1", "5", "-5", "-0", "1e5", "1E5", "123456789012345678901234567890", "2.50"] {
        number(text);
    }
}

//! The values that rules found, in violations that carry them on request.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use event_schema::Segment;
use event_schema::prelude::*;
use event_schema::serde;
use serde_json::{Value, json};

const SHOWN: LoadOptions<'static> = LoadOptions::new().show_values(true);

/// Each violation's path and value, by path.
fn values<E: EventSchema + std::fmt::Debug>(input: &Value) -> Vec<(String, Option<String>)> {
    let error = SHOWN.load_str::<E>(&input.to_string()).unwrap_err();
    let of_text = shown(error.violations().unwrap());
    // It does not matter where the event comes from.
    let error = SHOWN.load_value::<E>(input.clone()).unwrap_err();
    assert_eq!(shown(error.violations().unwrap()), of_text);
    of_text
}

fn shown(violations: &[Violation]) -> Vec<(String, Option<String>)> {
    let mut all: Vec<_> =
        violations.iter().map(|one| (one.path().to_string(), one.value().map(str::to_owned))).collect();
    all.sort();
    all
}

fn found(path: &str, value: &str) -> (String, Option<String>) {
    (path.to_owned(), Some(value.to_owned()))
}

fn nothing(path: &str) -> (String, Option<String>) {
    (path.to_owned(), None)
}

#[derive(Debug, Serialize, EventSchema)]
#[validate(schema(function = in_order, field = end), schema(function = never))]
struct Plain {
    #[validate(length(max = 3), custom(function = lower))]
    name: String,
    #[validate(range(max = 9))]
    number: Option<Box<i64>>,
    #[validate(range(max = 0.5))]
    float: f64,
    #[event(one_of("a", "b"))]
    choice: String,
    #[event(each(length(min = 2)))]
    list: Vec<String>,
    #[event(keys(length(min = 2)), values(range(min = 1)))]
    map: BTreeMap<String, i8>,
    #[validate(must_match(other = name))]
    again: String,
    start: u8,
    end: u8,
}

fn lower(text: &str) -> Result<(), Violation> {
    if text.to_lowercase() == text { Ok(()) } else { Err(Violation::new("lower")) }
}

fn in_order(plain: &Plain) -> Result<(), Violation> {
    if plain.start < plain.end { Ok(()) } else { Err(Violation::new("order")) }
}

fn never(_: &Plain) -> Result<(), Violation> {
    Err(Violation::new("never"))
}

fn plain() -> Value {
    json!({"name": "ada", "number": 9, "float": 0.5, "choice": "a", "list": ["xy"], "map": {"xy": 1}, "again": "ada",
        "start": 1, "end": 1})
}

#[test]
fn rules_show_what_they_found() {
    let mut input = plain();
    input["name"] = "Ada \"\n".into();
    input["number"] = 10.into();
    input["float"] = json!(0.75);
    input["choice"] = "c".into();
    input["list"] = json!(["xy", "z"]);
    input["map"] = json!({"xy": 0, "z": 1});
    assert_eq!(
        values::<Plain>(&input),
        [
            found("again", r#""ada""#),
            found("choice", r#""c""#),
            found("float", "0.75"),
            found("list[1]", r#""z""#),
            found(r#"map["xy"]"#, "0"),
            found(r#"map[key "z"]"#, r#""z""#),
            found("name", r#""Ada \"\n""#),
            found("name", r#""Ada \"\n""#),
            found("number", "10"),
        ]
    );
    // A rule of the whole has no value, but where it blames a field.
    assert_eq!(values::<Plain>(&plain()), [nothing(""), found("end", "1")]);
}

#[test]
fn nothing_is_shown_unasked() {
    let mut input = plain();
    input["name"] = "MARKER".into();
    let error = Plain::load_value(input.clone()).unwrap_err();
    assert!(error.violations().unwrap().iter().all(|one| one.value().is_none()));
    let says = format!("{error} {error:?} {:?} {}", error.violations(), error.to_problem());
    assert!(!says.contains("MARKER"), "{says}");
    let error = SHOWN.show_values(false).load_value::<Plain>(input).unwrap_err();
    assert!(error.violations().unwrap().iter().all(|one| one.value().is_none()));
}

/// What has a record for each violation has it; sentences and trees have not.
#[test]
fn records_have_the_value() {
    let mut input = plain();
    input["name"] = "MARKER".into();
    let error = SHOWN.load_value::<Plain>(input).unwrap_err();
    let violations = error.violations().unwrap();
    let serialized = serde_json::to_value(&violations[..]).unwrap();
    for records in [&error.to_problem()["errors"], &violations.to_list(), &serialized] {
        assert_eq!(records[0]["value"], json!("\"MARKER\""));
    }
    assert_eq!(serialized, violations.to_list());
    let others = [
        error.to_string(),
        format!("{error:#} {error:?}"),
        violations.to_json(),
        serde_json::to_string(violations).unwrap(),
    ];
    assert!(others.iter().all(|text| !text.contains("MARKER")), "{others:?}");
    // A translation keeps it.
    assert_eq!(violations.translate(|_| Some("?"))[0].value(), Some("\"MARKER\""));
    let missing = SHOWN.load_str::<Plain>("{}").unwrap_err();
    for records in [&missing.to_problem()["errors"], &missing.violations().unwrap().to_list()] {
        assert!(records[0].get("value").is_none());
    }
}

#[test]
fn long_values_are_cut() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Note {
        #[validate(length(max = 3))]
        text: String,
    }
    for (unit, count) in [("x", 99), ("ü", 99), ("🌍", 99), ("\\\"", 49), ("\\u0001", 16)] {
        let text = format!(r#"{{"text": "{}"}}"#, unit.repeat(1_000_000));
        let error = SHOWN.load_str::<Note>(&text).unwrap_err();
        let value = error.violations().unwrap()[0].value().unwrap();
        assert_eq!(value.chars().count(), 101, "{value}");
        assert!(value.starts_with(&format!("\"{}", unit.repeat(count))) && value.ends_with('…'), "{value}");
    }
    let text = format!(r#"{{"text": "{}"}}"#, "x".repeat(98));
    let error = SHOWN.load_str::<Note>(&text).unwrap_err();
    assert_eq!(error.violations().unwrap()[0].value(), Some(format!("\"{}\"", "x".repeat(98)).as_str()));
}

/// A list or an object is not shown, nor is what is no value of its type: that is no finding of a rule.
#[test]
fn containers_and_misfits_are_not_shown() {
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(deny_unknown_fields)]
    struct Event {
        #[validate(length(max = 1))]
        list: Vec<u8>,
        #[validate(length(max = 0))]
        map: BTreeMap<String, u8>,
        #[validate(custom(function = never))]
        any: Value,
        number: u8,
    }
    fn never(_: &Value) -> Result<(), Violation> {
        Err(Violation::new("never"))
    }
    let input = json!({"list": [1, 2], "map": {"a": 1}, "any": {"a": 1}, "number": "MARKER", "more": "MARKER"});
    let all = values::<Event>(&input);
    assert_eq!(all, [nothing("any"), nothing("list"), nothing("map"), nothing("more"), nothing("number")]);
    assert_eq!(values::<Event>(&json!({"list": [], "map": {}, "any": 7, "number": 1})), [found("any", "7")]);
}

/// An event at hand is checked by the same rules: they show what is in it.
#[test]
fn an_event_at_hand_shows_its_values() {
    let event = Plain {
        name: "long".into(),
        number: None,
        float: 0.0,
        choice: "a".into(),
        list: Vec::new(),
        map: BTreeMap::new(),
        again: "long".into(),
        start: 1,
        end: 2,
    };
    let violations = SHOWN.validate(&event).unwrap_err();
    assert_eq!(shown(&violations), [found("name", r#""long""#)]);
    assert!(event.validate().unwrap_err().iter().all(|one| one.value().is_none()));
}

const MARKER: &str = "MARKER";

fn refuse<T>(_: &T) -> Result<(), Violation> {
    Err(Violation::new("refused"))
}

fn refuse_text(text: &str) -> Result<(), Violation> {
    if text == "fine" { Ok(()) } else { Err(Violation::new("refused")) }
}

/// Every kind of place that is sensitive, or lies in one, with rules of its own and around it.
#[derive(Serialize, EventSchema)]
#[event(debug)]
#[validate(schema(function = refuse, field = own, skip_on_field_errors = false))]
#[validate(schema(function = refuse, field = newtype, skip_on_field_errors = false))]
#[validate(schema(function = refuse, skip_on_field_errors = false))]
struct Sensitive {
    #[event(sensitive)]
    #[validate(length(max = 1), custom(function = refuse_text))]
    #[event(one_of("x"))]
    own: String,
    #[event(sensitive, each(length(max = 1), custom(function = refuse_text)))]
    list: Vec<String>,
    #[event(sensitive, keys(length(max = 1)), values(length(max = 1)))]
    map: BTreeMap<String, String>,
    #[event(sensitive)]
    nested: Nested,
    #[event(sensitive)]
    many: Vec<Nested>,
    #[validate(custom(function = refuse))]
    newtype: Secret,
    #[validate(custom(function = refuse))]
    maybe: Option<Box<Secret>>,
    #[event(each(custom(function = refuse)))]
    newtypes: Vec<Secret>,
    #[event(keys(custom(function = refuse)), values(custom(function = refuse)))]
    entries: BTreeMap<Secret, Secret>,
    #[validate(custom(function = refuse))]
    transparent: Transparent,
    #[validate(custom(function = refuse))]
    outer: Outer,
    #[validate(custom(function = refuse))]
    converted: Converted,
    #[validate(custom(function = refuse))]
    untagged: Untagged,
    #[validate(custom(function = refuse))]
    deeper: Deeper,
    #[event(plain)]
    #[validate(custom(function = refuse))]
    plain: Secret,
    #[validate(must_match(other = own))]
    again: String,
    tuple: (u8, Pair),
}

#[derive(Serialize, Deserialize, PartialEq, Eq, PartialOrd, Ord, EventSchema)]
#[event(debug)]
struct Secret(
    #[event(sensitive)]
    #[validate(length(max = 1))]
    String,
);

#[derive(Serialize, EventSchema)]
#[event(debug)]
#[serde(transparent)]
struct Transparent {
    #[event(sensitive)]
    text: String,
}

#[derive(Debug, Serialize, EventSchema)]
struct Outer(#[validate(custom(function = refuse))] Secret);

#[derive(Clone, Serialize, EventSchema)]
#[event(debug)]
#[serde(from = "String", into = "String")]
struct Converted {
    #[event(sensitive)]
    #[validate(length(max = 1))]
    text: String,
}

impl From<String> for Converted {
    fn from(text: String) -> Self {
        Self { text }
    }
}

impl From<Converted> for String {
    fn from(converted: Converted) -> Self {
        converted.text
    }
}

#[derive(Serialize, EventSchema)]
#[event(debug)]
#[serde(untagged)]
enum Untagged {
    Number(u64),
    Text(#[event(sensitive)] String),
}

#[derive(Debug, Serialize, EventSchema)]
#[serde(untagged)]
enum Deeper {
    Number(u64),
    Secret(Secret),
}

#[derive(Serialize, EventSchema)]
#[event(debug)]
struct Pair(
    #[validate(length(max = 1))]
    #[event(sensitive)]
    String,
    #[event(sensitive, each(length(max = 1)))] Vec<String>,
);

/// Nothing in it is marked: where it stands is.
#[derive(Debug, Serialize, EventSchema)]
#[validate(schema(function = refuse, field = text, skip_on_field_errors = false))]
#[validate(schema(function = refuse, skip_on_field_errors = false))]
struct Nested {
    #[validate(length(max = 1))]
    text: String,
    #[event(each(length(max = 1)))]
    list: Vec<String>,
    #[event(values(length(max = 1)))]
    map: BTreeMap<String, String>,
    inner: Option<Box<Nested>>,
    #[validate(must_match(other = text))]
    again: String,
}

fn sensitive(text: &str) -> Value {
    let nested = |inner: Value| json!({"text": text, "list": [text], "map": {text: text}, "inner": inner, "again": format!("{text} again")});
    let nested = nested(nested(Value::Null));
    json!({
        "own": text, "list": [text], "map": {text: text}, "nested": nested, "many": [nested],
        "newtype": text, "maybe": text, "newtypes": [text], "entries": {text: text}, "transparent": text, "outer": text,
        "converted": text, "untagged": text, "deeper": text, "plain": text, "again": format!("{text} again"),
        "tuple": [1, [text, [text]]],
    })
}

#[test]
fn what_is_sensitive_is_never_shown() {
    let input = sensitive(MARKER);
    let all = values::<Sensitive>(&input);
    let mut paths: Vec<_> = all.iter().map(|(path, _)| path.split(['.', '[']).next().unwrap()).collect();
    paths.dedup();
    // Rules have found something in each of them.
    for field in input.as_object().unwrap().keys() {
        assert!(paths.contains(&field.as_str()), "{field}: {paths:?}");
    }
    assert!(all.iter().all(|(_, value)| value.is_none()), "{all:?}");

    let error = SHOWN.load_value::<Sensitive>(input).unwrap_err();
    let violations = error.violations().unwrap();
    let says = [
        format!("{error} {error:#} {error:?} {error:#?}"),
        error.to_problem().to_string(),
        format!("{violations:?} {}", violations.to_json()),
    ];
    for text in says {
        assert!(!text.contains(MARKER), "{text}");
    }
    let masked =
        |segment: &Segment| !matches!(segment, Segment::Key(key) | Segment::MapKey(key) if key.contains(MARKER));
    assert!(violations.iter().all(|one| one.path().segments().iter().all(masked)));
}

/// The same values, where nothing is marked, are shown: the test before sees what it looks for.
#[test]
fn the_same_place_is_shown_where_it_is_not_sensitive() {
    let nested = sensitive(MARKER)["nested"].clone();
    let all = values::<Nested>(&nested);
    let shown = all.iter().filter(|(_, value)| value.as_deref().is_some_and(|value| value.contains(MARKER)));
    assert_eq!(shown.count(), 10, "{all:?}");
}

/// Hooks see values, too; what they return has none.
#[test]
fn hooks_show_nothing() {
    #[event_schema::event(post_load = lower)]
    #[derive(Debug)]
    struct Ping {
        #[validate(length(min = 5))]
        text: String,
    }
    fn lower(mut ping: Ping) -> Result<Ping, Violation> {
        if ping.text == "MARKER" {
            return Err(Violation::new("marker").at("text"));
        }
        ping.text.truncate(3);
        Ok(ping)
    }
    assert_eq!(values::<Ping>(&json!({"text": "MARKER"})), [nothing("text")]);
    // A rule after the hook has found what the hook made.
    assert_eq!(values::<Ping>(&json!({"text": "abcdef"})), [found("text", r#""abc""#)]);
}

/// What is not asked for, or not found, is not even written.
#[test]
fn good_loads_pay_nothing() {
    static WRITTEN: AtomicUsize = AtomicUsize::new(0);

    #[derive(Debug, EventSchema)]
    struct Counted(u8);

    impl Serialize for Counted {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            WRITTEN.fetch_add(1, Ordering::Relaxed);
            serializer.serialize_u8(self.0)
        }
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Counts {
        #[validate(custom(function = small))]
        #[event(each(custom(function = small)))]
        list: Option<Vec<Counted>>,
        #[validate(custom(function = even))]
        one: Counted,
    }
    fn small<T>(_: &T) -> Result<(), Violation> {
        if size_of::<T>() < 100 { Ok(()) } else { Err(Violation::new("large")) }
    }
    fn even(counted: &Counted) -> Result<(), Violation> {
        if counted.0.is_multiple_of(2) { Ok(()) } else { Err(Violation::new("odd")) }
    }

    let (good, bad) = (r#"{"list": [1, 2, 3], "one": 2}"#, r#"{"list": [1, 2, 3], "one": 3}"#);
    SHOWN.load_str::<Counts>(good).unwrap();
    Counts::load_str(bad).unwrap_err();
    assert_eq!(WRITTEN.load(Ordering::Relaxed), 0);
    let error = SHOWN.load_str::<Counts>(bad).unwrap_err();
    assert_eq!(shown(error.violations().unwrap()), [found("one", "3")]);
    assert_eq!(WRITTEN.load(Ordering::Relaxed), 1);
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

    let error = SHOWN.load::<Event>(br#"{"card": "4711"}"#).map(drop).unwrap_err();
    let found = &error.violations().unwrap()[0];
    assert_eq!((found.code(), found.value()), ("length", None));
}

/// Types that hold each other say of each value whether it is sensitive.
#[test]
fn types_that_hold_each_other_are_shown() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Left(Option<Box<Right>>);

    #[event_schema::event]
    #[derive(Debug)]
    struct Right(Option<Box<Either>>);

    #[event_schema::event]
    #[derive(Debug)]
    struct Egg(Option<Box<Hen>>);

    #[event_schema::event]
    #[derive(Debug)]
    struct Hen(Option<Box<Egg>>);

    #[event_schema::event]
    #[derive(Debug)]
    #[serde(untagged)]
    enum Either {
        Number(u64),
        Secret(Secret),
        Left(Left),
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        #[validate(custom(function = refuse))]
        left: Left,
        #[validate(custom(function = refuse))]
        either: Either,
        #[validate(custom(function = refuse))]
        none: Left,
        #[validate(custom(function = refuse))]
        egg: Egg,
    }

    let input = json!({"left": 7, "either": 8, "none": null, "egg": null});
    assert_eq!(
        values::<Event>(&input),
        [found("egg", "null"), found("either", "8"), found("left", "7"), found("none", "null")]
    );
    let input = json!({"left": "M", "either": "M", "none": null, "egg": null});
    assert_eq!(
        values::<Event>(&input),
        [found("egg", "null"), nothing("either"), nothing("left"), found("none", "null")]
    );
}

/// Nobody can tell of a foreign type whether something sensitive is in it.
#[test]
fn a_foreign_value_is_not_shown() {
    #[derive(Debug, Serialize, Deserialize, event_schema::schemars::JsonSchema)]
    #[schemars(crate = "event_schema::schemars")]
    struct Foreign(u8);

    #[derive(Debug, Serialize, Deserialize, event_schema::schemars::JsonSchema)]
    #[schemars(crate = "event_schema::schemars")]
    struct Around(Secret);

    #[event_schema::event]
    #[derive(Debug)]
    struct Plain<T> {
        #[event(plain)]
        #[validate(custom(function = refuse))]
        parameter: T,
        #[event(plain)]
        #[validate(custom(function = refuse))]
        foreign: Foreign,
        #[event(plain)]
        #[validate(custom(function = refuse))]
        around: Around,
        #[event(plain)]
        #[validate(range(max = 7))]
        number: u8,
        #[serde(deserialize_with = "read")]
        #[validate(custom(function = refuse))]
        with: Around,
        #[validate(custom(function = refuse))]
        written: Written,
        #[validate(custom(function = refuse))]
        converted: OfRaw,
    }

    fn read<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Around, D::Error> {
        Around::deserialize(input)
    }

    /// Several fields that are written as one text, by hand.
    #[derive(Debug, EventSchema)]
    struct Written {
        user: String,
        password: Secret,
    }

    impl Serialize for Written {
        fn serialize<S: serde::Serializer>(&self, output: S) -> Result<S::Ok, S::Error> {
            output.collect_str(&format_args!("{}:{}", self.user, self.password.0))
        }
    }

    /// What it is read from is sensitive.
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(from = "Secret")]
    struct OfRaw(String);

    impl From<Secret> for OfRaw {
        fn from(secret: Secret) -> Self {
            Self(secret.0)
        }
    }

    let input = json!({"parameter": "M", "foreign": 7, "around": "M", "number": 8, "with": "M",
        "written": {"user": "u", "password": "M"}, "converted": "M"});
    let all = values::<Plain<Secret>>(&input);
    let shown: Vec<_> = all.iter().filter(|(_, value)| value.is_some()).collect();
    assert_eq!(shown, [&found("number", "8")], "{all:?}");
    assert_eq!(all.len(), 7, "{all:?}");
}

/// A conversion's value is shown as it is written, unless it comes from, or becomes, something sensitive.
#[test]
fn a_converted_value_is_shown_as_it_is_written() {
    #[event_schema::event]
    #[derive(Debug, Clone)]
    #[serde(transparent)]
    struct Cents(u64);

    #[event_schema::event]
    #[derive(Debug, Clone)]
    #[serde(from = "Cents", into = "Cents")]
    struct Price {
        euros: u64,
        cents: u64,
    }

    impl From<Cents> for Price {
        fn from(cents: Cents) -> Self {
            Self { euros: cents.0 / 100, cents: cents.0 % 100 }
        }
    }

    impl From<Price> for Cents {
        fn from(price: Price) -> Self {
            Self(price.euros * 100 + price.cents)
        }
    }

    #[event_schema::event]
    #[derive(Debug, Clone)]
    #[serde(from = "Open", into = "Open")]
    struct Closed(u64);

    #[event_schema::event]
    #[derive(Debug, Clone)]
    struct Open(#[event(sensitive)] u64);

    impl From<Open> for Closed {
        fn from(open: Open) -> Self {
            Self(open.0)
        }
    }

    impl From<Closed> for Open {
        fn from(closed: Closed) -> Self {
            Self(closed.0)
        }
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        #[validate(custom(function = refuse))]
        price: Price,
        #[validate(custom(function = refuse))]
        closed: Closed,
        #[validate(must_match(other = closed_again))]
        again: u64,
        #[serde(default, skip_deserializing)]
        closed_again: u64,
    }

    let input = json!({"price": 250, "closed": 3, "again": 1});
    assert_eq!(values::<Event>(&input), [found("again", "1"), nothing("closed"), found("price", "250")]);
}

/// An enum with data is asked both for what it holds and for what it is written as.
#[test]
fn enums_that_are_converted_are_asked() {
    #[event_schema::event]
    #[derive(Debug, Clone)]
    struct Wire(String);

    #[event_schema::event]
    #[derive(Debug, Clone)]
    #[serde(from = "Wire", into = "Wire")]
    enum Status {
        Active(String),
        Secret(Pin),
        Closed,
    }

    #[event_schema::event]
    #[derive(Debug, Clone)]
    struct Pin(#[event(sensitive)] String);

    impl From<Wire> for Status {
        fn from(wire: Wire) -> Self {
            match wire.0.split_once(' ') {
                Some(("active", since)) => Self::Active(since.to_owned()),
                Some((_, pin)) => Self::Secret(Pin(pin.to_owned())),
                None => Self::Closed,
            }
        }
    }

    impl From<Status> for Wire {
        fn from(status: Status) -> Self {
            Self(match status {
                Status::Active(since) => format!("active {since}"),
                Status::Secret(pin) => format!("secret {}", pin.0),
                Status::Closed => "closed".to_owned(),
            })
        }
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Account {
        #[validate(custom(function = refuse))]
        status: Status,
    }

    fn refuse(_: &Status) -> Result<(), Violation> {
        Err(Violation::new("refused"))
    }

    assert_eq!(values::<Account>(&json!({"status": "active 2026"})), [found("status", r#""active 2026""#)]);
    assert_eq!(values::<Account>(&json!({"status": "closed"})), [found("status", r#""closed""#)]);
    assert_eq!(values::<Account>(&json!({"status": "secret 4711"})), [nothing("status")]);
}

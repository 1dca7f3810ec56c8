//! Every shape that serde knows is read as serde reads it, and reports in place.
#![allow(clippy::items_after_statements, reason = "types beside what is said of them")]

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use event_schema::prelude::*;
use event_schema::serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Loads what serde loads, as an equal value, from text and from a `Value`.
#[track_caller]
fn agrees<E: EventSchema + DeserializeOwned + PartialEq + Debug>(input: &Value) -> E {
    let text = input.to_string();
    let expected: E = serde_json::from_str(&text).unwrap_or_else(|error| panic!("serde refuses {input}: {error}"));
    let loaded = E::load_str(&text).unwrap_or_else(|error| panic!("{input}: {error}"));
    assert_eq!(loaded, expected);
    assert_eq!(E::load_value(input.clone()).unwrap_or_else(|error| panic!("{input}: {error}")), expected);
    assert_eq!(E::load(&loaded.dump().unwrap()).unwrap(), expected);
    loaded
}

/// Refuses what serde refuses, with these messages, from text and from a `Value`.
#[track_caller]
fn refuses<E: EventSchema + DeserializeOwned + Debug>(input: &str, messages: &Value) {
    serde_json::from_str::<E>(input).expect_err("serde refuses it too");
    faults::<E>(input, messages);
}

#[track_caller]
fn faults<E: EventSchema + Debug>(input: &str, messages: &Value) {
    let tree = |error: LoadError| error.violations().expect("a JSON text").to_messages();
    assert_eq!(tree(E::load_str(input).unwrap_err()), *messages, "{input}");
    if let Ok(value) = serde_json::from_str(input) {
        assert_eq!(tree(E::load_value(value).unwrap_err()), *messages, "{input} as a value");
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Point {
    x: i32,
    #[validate(range(min = 0))]
    y: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Id(#[validate(length(min = 2))] String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Pair(u8, #[validate(length(min = 1))] String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Unit;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(transparent)]
struct Clear {
    inner: Option<u8>,
    #[serde(skip)]
    mark: u8,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Structs {
    id: Id,
    pair: Pair,
    unit: Unit,
    clear: Clear,
    tuple: (u8, String, Point),
    array: [u8; 3],
}

#[test]
fn structs_of_every_style() {
    agrees::<Structs>(&json!({
        "id": "ab", "pair": [1, "x"], "unit": null, "tuple": [1, "a", {"x": 1, "y": 2}], "array": [1, 2, 3],
    }));
    faults::<Structs>(
        r#"{"id": "a", "pair": [256, "", 3], "unit": 1, "clear": "x", "tuple": [1, 2, {"y": -1}], "array": [1, 2]}"#,
        &json!({
            "id": ["Shorter than minimum length 2."],
            "pair": {"0": ["Must be greater than or equal to 0 and less than or equal to 255."], "1": ["Shorter than minimum length 1."], "_schema": ["Length must be 2."]},
            "unit": ["Not a valid null."],
            "clear": ["Not a valid integer."],
            "tuple": {"1": ["Not a valid string."], "2": {
                "x": ["Missing data for required field."], "y": ["Must be greater than or equal to 0."],
            }},
            "array": ["Length must be 3."],
        }),
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(rename_all = "snake_case", rename_all_fields = "camelCase")]
enum External {
    Nothing,
    #[serde(alias = "number")]
    Count(#[validate(range(max = 9))] u8),
    Two(u8, String),
    Circle {
        center_point: Point,
        radius: f64,
    },
}

/// A level reads one variant, as serde does: another is unknown.
#[test]
fn a_flattened_enum_takes_one_variant() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Size {
        Boxes(u8),
        #[serde(alias = "kg")]
        Weight(u8),
    }
    #[event_schema::event]
    #[derive(Debug)]
    #[serde(deny_unknown_fields)]
    struct Closed {
        #[serde(flatten)]
        size: Size,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Open {
        #[serde(flatten)]
        size: Option<Size>,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    }

    assert_eq!(Closed::load_str(r#"{"kg": 2}"#).unwrap().size, Size::Weight(2));
    for text in [r#"{"Boxes": 1, "Weight": 2}"#, r#"{"Boxes": 1, "kg": 2}"#, r#"{"Boxes": 1, "Boxes": 2}"#] {
        let error = Closed::load_str(text).unwrap_err();
        assert_eq!(error.violations().unwrap()[0].code(), "unknown", "{text}: {error}");
    }
    // In the map, it would be the enum's when that is read again.
    for text in [r#"{"kg": 2, "a": 3}"#, r#"{"kg": 2, "Boxes": 1, "a": 3}"#] {
        let open = Open::load_str(text).unwrap();
        assert_eq!((open.size, open.rest), (Some(Size::Weight(2)), BTreeMap::from([("a".to_owned(), 3)])));
    }
}

#[test]
fn external_enums() {
    for input in [
        json!("nothing"),
        json!({"count": 3}),
        json!({"number": 3}),
        json!({"two": [1, "a"]}),
        json!({"circle": {"centerPoint": {"x": 1, "y": 1}, "radius": 2.5}}),
    ] {
        agrees::<External>(&input);
    }
    refuses::<External>(r#""more""#, &json!({"_schema": ["Must be one of: nothing, count, two, circle."]}));
    refuses::<External>(r#""count""#, &json!({"count": ["Missing data for required field."]}));
    refuses::<External>(
        r#"{"circle": {"centerPoint": [], "radius": "x"}}"#,
        &json!({"circle": {"centerPoint": {"_schema": ["Invalid input type."]}, "radius": ["Not a valid number."]}}),
    );
    refuses::<External>(r#"{"two": [1]}"#, &json!({"two": ["Length must be 2."]}));
    refuses::<External>(r#"{"count": 1, "two": 2}"#, &json!({"two": ["Unknown field."]}));
    refuses::<External>("{}", &json!({"_schema": ["Must be one of: nothing, count, two, circle."]}));
    faults::<External>(r#"{"count": 10}"#, &json!({"count": ["Must be less than or equal to 9."]}));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Internal {
    Nothing,
    At(Point),
    Named { id: Id, counts: BTreeMap<u16, i64> },
    Deep(Adjacent),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Nothing,
    Maybe(Option<Id>),
    At(Point),
    Pair(u8, u8),
    Named { id: Id },
}

#[test]
fn a_tag_may_stand_anywhere() {
    for input in [
        r#"{"type": "nothing", "more": [1, {}]}"#,
        r#"{"more": [1, {}], "type": "nothing"}"#,
        r#"{"type": "at", "x": 1, "y": 2}"#,
        r#"{"x": 1, "type": "at", "y": 2}"#,
        r#"{"x": 1, "y": 2, "type": "at"}"#,
        r#"{"type": "deep", "t": "At", "c": {"x": 1, "y": 2}}"#,
        r#"{"c": {"x": 1, "y": 2}, "t": "At", "type": "deep"}"#,
    ] {
        let expected: Internal = serde_json::from_str(input).unwrap();
        assert_eq!(Internal::load_str(input).unwrap(), expected, "{input}");
        assert_eq!(Internal::load(&expected.dump().unwrap()).unwrap(), expected, "{input}");
    }
    // serde cannot read integer keys behind a tag; the reader does, wherever the tag stands.
    for input in [
        r#"{"type": "named", "id": "ab", "counts": {"7": -1}}"#,
        r#"{"counts": {"7": -1}, "id": "ab", "type": "named"}"#,
    ] {
        let named = Internal::Named { id: Id("ab".into()), counts: BTreeMap::from([(7, -1)]) };
        assert_eq!(Internal::load_str(input).unwrap(), named);
    }
    for input in [
        r#"{"t": "Nothing"}"#,
        r#"{"c": null, "t": "Nothing", "x": 1}"#,
        r#"{"t": "Maybe"}"#,
        r#"{"c": null, "t": "Maybe"}"#,
        r#"{"c": "ab", "t": "Maybe"}"#,
        r#"{"t": "Pair", "c": [1, 2]}"#,
        r#"{"c": {"id": "ab"}, "t": "Named"}"#,
    ] {
        let expected: Adjacent = serde_json::from_str(input).unwrap();
        assert_eq!(Adjacent::load_str(input).unwrap(), expected, "{input}");
    }
}

#[test]
fn faults_behind_a_tag_stand_in_place() {
    let y = json!({"y": ["Not a valid integer."]});
    refuses::<Internal>(r#"{"type": "at", "x": 1, "y": "2"}"#, &y);
    refuses::<Internal>(r#"{"x": 1, "y": "2", "type": "at"}"#, &y);
    refuses::<Internal>(r#"{"x": 1, "y": 2}"#, &json!({"type": ["Missing data for required field."]}));
    refuses::<Internal>(r#"{"type": 7, "x": {}}"#, &json!({"type": ["Not a valid string."]}));
    refuses::<Internal>(r#"{"x": {}, "type": "no"}"#, &json!({"type": ["Must be one of: nothing, at, named, deep."]}));
    for input in [r#"{"type": "at", "x": 1, "y": 2, "type": "at"}"#, r#"{"x": 1, "type": "at", "y": 2, "type": "at"}"#]
    {
        let error = Internal::load_str(input).unwrap_err();
        assert_eq!(error.violations().unwrap().to_messages(), json!({"type": ["Duplicate field."]}));
    }
    faults::<Internal>(
        r#"{"counts": {"x": 1, "1": ""}, "id": "a", "type": "named"}"#,
        &json!({
            "id": ["Shorter than minimum length 2."],
            "counts": {"x": {"key": ["Not a valid integer."]}, "1": {"value": ["Not a valid integer."]}},
        }),
    );
    let content = json!({"c": {"y": ["Missing data for required field."]}});
    refuses::<Adjacent>(r#"{"t": "At", "c": {"x": 1}}"#, &content);
    refuses::<Adjacent>(r#"{"c": {"x": 1}, "t": "At"}"#, &content);
    refuses::<Adjacent>(r#"{"t": "At"}"#, &json!({"c": ["Missing data for required field."]}));
    refuses::<Internal>("[]", &json!({"_schema": ["Invalid input type."]}));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(untagged)]
enum Untagged {
    Nothing,
    Number(u8),
    Point(Point),
    Pair(u8, Id),
    Named { name: String, tags: Vec<u8> },
}

#[test]
fn untagged_enums() {
    for input in [json!(null), json!(7), json!({"x": 1, "y": 2}), json!([1, "ab"]), json!({"name": "n", "tags": [1]})] {
        agrees::<Untagged>(&input);
    }
    // The variant that fits by shape counts, even when its rules are broken.
    faults::<Untagged>(r#"{"x": 1, "y": -1}"#, &json!({"y": ["Must be greater than or equal to 0."]}));
    // The one that got furthest reports.
    refuses::<Untagged>(r#"{"name": "n", "tags": [1, "x"]}"#, &json!({"tags": {"1": ["Not a valid integer."]}}));
    // serde takes a list for a struct, here for a point.
    faults::<Untagged>("[1, 2]", &json!({"1": ["Not a valid string."]}));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Flat {
    name: String,
    #[serde(flatten)]
    point: Point,
    #[serde(flatten)]
    kind: External,
    #[serde(flatten)]
    maybe: Option<Named>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Named {
    nick: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(deny_unknown_fields)]
struct Closed {
    name: String,
    #[serde(flatten)]
    point: Point,
}

#[test]
fn flattened_fields() {
    agrees::<Flat>(&json!({"name": "n", "x": 1, "y": 2, "count": 3, "nick": "z", "more": [1, {"a": null}]}));
    let event = agrees::<Flat>(&json!({"name": "n", "x": 1, "y": 2, "count": 3, "nick": 7}));
    assert_eq!(event.maybe, None);
    refuses::<Flat>(
        r#"{"name": 1, "x": "a", "count": []}"#,
        &json!({
            "name": ["Not a valid string."],
            "x": ["Not a valid integer."],
            "y": ["Missing data for required field."],
            "count": ["Not a valid integer."],
        }),
    );
    agrees::<Closed>(&json!({"name": "n", "x": 1, "y": 2}));
    refuses::<Closed>(
        r#"{"name": "n", "x": 1, "y": 2, "a": 1, "b": 2}"#,
        &json!({"a": ["Unknown field."], "b": ["Unknown field."]}),
    );
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Tree<T> {
    value: T,
    children: Option<Vec<Tree<T>>>,
    next: Option<Box<Tree<T>>>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Forest {
    trees: HashMap<String, Tree<Box<Point>>>,
}

#[test]
fn generic_and_recursive_types() {
    let leaf = json!({"value": {"x": 1, "y": 2}});
    agrees::<Forest>(&json!({"trees": {"oak": {"value": {"x": 1, "y": 2}, "children": [leaf], "next": leaf}}}));
    refuses::<Forest>(
        r#"{"trees": {"oak": {"value": {"x": 1, "y": 2}, "children": [{}], "next": {"value": {"x": 1}}}}}"#,
        &json!({"trees": {"oak": {"value": {
            "children": {"0": {"value": ["Missing data for required field."]}},
            "next": {"value": {"y": ["Missing data for required field."]}},
        }}}}),
    );
    let _ = Tree::<u8>::json_schema();
}

/// A type that knows nothing of events.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
struct Foreign {
    a: u8,
    b: Vec<u8>,
}

fn from_hex<'de, D: event_schema::serde::Deserializer<'de>>(input: D) -> Result<u32, D::Error> {
    let text = String::deserialize(input)?;
    u32::from_str_radix(&text, 16).map_err(event_schema::serde::de::Error::custom)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(try_from = "String", into = "String")]
struct Even(#[validate(length(max = 4))] String);

impl TryFrom<String> for Even {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.len().is_multiple_of(2) { Ok(Self(text)) } else { Err(format!("{text} is odd")) }
    }
}

impl From<Even> for String {
    fn from(even: Even) -> Self {
        even.0
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Mixed {
    #[event(plain)]
    foreign: Foreign,
    #[event(plain)]
    maybe: Option<Vec<Foreign>>,
    #[serde(deserialize_with = "from_hex")]
    hex: u32,
    even: Even,
}

#[test]
fn readers_that_are_not_ours() {
    let input = r#"{"foreign": {"a": 1, "b": [2]}, "hex": "ff", "even": "ab"}"#;
    let mixed = Mixed::load_str(input).unwrap();
    assert_eq!(mixed, serde_json::from_str(input).unwrap());
    assert_eq!((mixed.hex, &*mixed.even.0), (255, "ab"));

    refuses::<Mixed>(
        r#"{"foreign": {"a": 1, "b": [2, "secret"]}, "maybe": [{"a": 1}], "hex": "xyz", "even": "abc"}"#,
        &json!({
            "foreign": {"b": {"1": ["Not a valid value."]}},
            "maybe": {"0": ["Not a valid value."]},
            "hex": ["Not a valid value."],
            "even": ["Not a valid value."],
        }),
    );
    refuses::<Mixed>(
        "{}",
        &json!({
            "foreign": ["Missing data for required field."],
            "hex": ["Missing data for required field."],
            "even": ["Missing data for required field."],
        }),
    );
    faults::<Mixed>(
        r#"{"foreign": {"a": 1, "b": []}, "hex": "1", "even": "abcdef"}"#,
        &json!({"even": ["Longer than maximum length 4."]}),
    );
}

/// A suggestion for an unknown field looks at what is flattened too.
#[test]
fn suggestions_see_flattened_levels() {
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(deny_unknown_fields)]
    struct Order {
        quantity: Option<u8>,
        #[serde(flatten)]
        customer: Customer,
        #[serde(flatten)]
        payment: Option<Box<Payment>>,
        #[serde(flatten)]
        status: Status,
    }
    #[derive(Debug, Serialize, EventSchema)]
    struct Customer {
        surname: Option<String>,
        #[serde(flatten)]
        address: Address,
    }
    #[derive(Debug, Serialize, EventSchema)]
    struct Address {
        street: Option<String>,
    }
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(tag = "method")]
    enum Payment {
        Card { number: u64 },
        Invoice(Invoice),
    }
    #[derive(Debug, Serialize, EventSchema)]
    struct Invoice {
        deadline: u8,
    }
    #[derive(Debug, Serialize, EventSchema)]
    enum Status {
        Shipped { day: u8 },
    }

    let input = r#"{"Shipped": {"day": 1}, "qantity": 1, "surnam": 1, "stret": 1, "metod": 1, "numbr": 1, "dedline": 1,
        "Shippd": 1, "zzz": 1}"#;
    let error = Order::load_str(input).unwrap_err();
    let suggestions: Vec<_> = error.violations().unwrap().iter().map(event_schema::Violation::suggestion).collect();
    let expected = ["quantity", "surname", "street", "method", "number", "deadline", "Shipped"];
    assert_eq!(suggestions, expected.iter().map(|name| Some(*name)).chain([None]).collect::<Vec<_>>());
}

/// A newtype with a sensitive field is masked where it is the key of a map, in what is found in it and below it.
#[test]
fn sensitive_keys_are_masked() {
    #[derive(PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
    #[event(debug)]
    struct Token(
        #[event(sensitive)]
        #[validate(length(min = 4))]
        String,
    );
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
    struct Outer(Box<Token>);
    #[derive(Debug, Serialize, EventSchema)]
    struct Session {
        name: String,
        uses: BTreeMap<Outer, u8>,
    }

    let input = r#"{"name": "ada", "uses": {"abc": 1, "secret-1": -1, "secret-2": {}, "fine": 1}}"#;
    let error = LoadOptions::new().valid_data(true).load::<Session>(input.as_bytes()).unwrap_err();
    let violations = error.violations().unwrap();
    assert_eq!(violations.len(), 3);
    for shown in [format!("{error} {error:?}"), violations.to_messages().to_string(), error.to_problem().to_string()] {
        assert!(shown.contains("***") && !shown.contains("secret") && !shown.contains("abc"), "{shown}");
    }
    // Nobody can tell which entries are meant: none of them is known to be valid.
    assert_eq!(error.valid_data(), Some(&json!({"name": "ada"})));

    let event = Session { name: "ada".into(), uses: BTreeMap::from([(Outer(Box::new(Token("abc".into()))), 1)]) };
    assert_eq!(event.validate().unwrap_err()[0].path().to_string(), r#"uses[key "***"]"#);
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventSchema)]
struct Number(#[validate(range(min = 1))] u32);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventSchema)]
struct Flag(bool);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventSchema)]
#[serde(transparent)]
struct ClearNumber {
    inner: Box<Number>,
    #[serde(skip)]
    mark: u8,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventSchema)]
#[serde(try_from = "i16", into = "i16")]
struct Odd(i16);

impl TryFrom<i16> for Odd {
    type Error = String;
    fn try_from(number: i16) -> Result<Self, String> {
        if number % 2 == 0 { Err(format!("{number} is even")) } else { Ok(Self(number)) }
    }
}

impl From<Odd> for i16 {
    fn from(odd: Odd) -> i16 {
        odd.0
    }
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EventSchema)]
struct Text(#[validate(length(min = 2))] String);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Keys {
    numbers: BTreeMap<Number, u8>,
    flags: BTreeMap<Flag, u8>,
    clear: BTreeMap<ClearNumber, u8>,
    odd: BTreeMap<Odd, u8>,
    texts: BTreeMap<Text, u8>,
}

/// A key that cannot be converted is still the place of its entry's value.
#[test]
fn a_key_that_cannot_be_converted_has_its_place() {
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
    #[serde(try_from = "String", into = "String")]
    struct Upper(String);
    impl TryFrom<String> for Upper {
        type Error = ();
        fn try_from(text: String) -> Result<Self, ()> {
            if text == text.to_uppercase() { Ok(Self(text)) } else { Err(()) }
        }
    }
    impl From<Upper> for String {
        fn from(upper: Upper) -> Self {
            upper.0
        }
    }
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
    struct Outer(Upper);
    #[derive(Debug, Serialize, EventSchema)]
    struct Rates {
        rates: BTreeMap<Upper, u8>,
        more: BTreeMap<Outer, u8>,
    }

    let both = json!({"key": ["Not a valid value."], "value": ["Not a valid integer."]});
    let value = json!({"value": ["Not a valid integer."]});
    faults::<Rates>(
        r#"{"rates": {"eur": "x", "USD": "x", "GBP": 1}, "more": {"eur": "x", "USD": "x", "GBP": 1}}"#,
        &json!({"rates": {"eur": both, "USD": value}, "more": {"eur": both, "USD": value}}),
    );
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, EventSchema)]
#[event(debug)]
struct Pin(
    #[event(sensitive)]
    #[validate(range(min = 1000))]
    u32,
);

#[derive(Debug, Serialize, EventSchema)]
struct Pins {
    pins: BTreeMap<Pin, u8>,
}

/// Newtypes are the keys that their inner type is.
#[test]
fn newtypes_are_keys() {
    let good = json!({
        "numbers": {"7": 1}, "flags": {"true": 1}, "clear": {"8": 1}, "odd": {"-3": 1}, "texts": {"ab": 1, "7a": 1},
    });
    agrees::<Keys>(&good);
    faults::<Keys>(
        r#"{"numbers": {"x": 1, "0": 1, "5": "x"}, "flags": {"yes": 1}, "clear": {"1.5": 1, "0": 1},
            "odd": {"2": 1, "x": 1}, "texts": {"a": 1}}"#,
        &json!({
            "numbers": {
                "0": {"key": ["Must be greater than or equal to 1."]},
                "x": {"key": ["Not a valid integer."]},
                "5": {"value": ["Not a valid integer."]},
            },
            "flags": {"yes": {"key": ["Not a valid boolean."]}},
            "clear": {
                "0": {"key": ["Must be greater than or equal to 1."]},
                "1.5": {"key": ["Not a valid integer."]},
            },
            "odd": {"2": {"key": ["Not a valid value."]}, "x": {"key": ["Not a valid integer."]}},
            "texts": {"a": {"key": ["Shorter than minimum length 2."]}},
        }),
    );

    let error = Pins::load_str(r#"{"pins": {"123": 1, "secret": 2, "4321": -1}}"#).unwrap_err();
    let shown = format!("{error} {error:?} {}", error.to_problem());
    assert_eq!(error.violations().unwrap().len(), 3);
    assert!(!shown.contains("123") && !shown.contains("secret") && !shown.contains("4321"), "{shown}");
}

/// Loads what it dumps, as serde would.
#[track_caller]
fn comes_back<E: EventSchema + DeserializeOwned + PartialEq + Debug>(event: &E) {
    let text = event.dump().unwrap();
    let shown = String::from_utf8(text.clone()).unwrap();
    assert_eq!(&serde_json::from_slice::<E>(&text).unwrap(), event, "serde of {shown}");
    assert_eq!(&E::load(&text).unwrap_or_else(|error| panic!("{shown}: {error}")), event, "{shown}");
    assert_eq!(&E::load_value(event.dump_value().unwrap()).unwrap(), event, "{shown}");
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(tag = "t")]
enum Tagged {
    Unit(Unit),
    Null(()),
    External(External),
    Boxed(Box<Unit>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(tag = "t")]
enum Around {
    In { inner: External, unit: Unit },
}

/// Where there is no place for a null or a bare name, serde writes nothing or an entry.
#[test]
fn what_has_no_data_stands_behind_a_tag() {
    for event in [
        Tagged::Unit(Unit),
        Tagged::Null(()),
        Tagged::External(External::Nothing),
        Tagged::External(External::Count(3)),
        Tagged::Boxed(Box::new(Unit)),
    ] {
        comes_back(&event);
    }
    // The same when the tag comes last.
    assert_eq!(Tagged::load(br#"{"nothing": null, "t": "External"}"#).unwrap(), Tagged::External(External::Nothing));
    refuses::<Tagged>(r#"{"t": "Unit", "x": 1}"#, &json!({"_schema": ["Not a valid null."]}));
    refuses::<Tagged>(r#"{"nothing": 1, "t": "External"}"#, &json!({"nothing": ["Not a valid null."]}));
    // Elsewhere a null stays a null, and a name a name.
    refuses::<Structs>(
        r#"{"id": "ab", "pair": [1, "x"], "unit": {}, "tuple": [1, "a", {"x": 1, "y": 2}], "array": [1, 2, 3]}"#,
        &json!({"unit": ["Not a valid null."]}),
    );
    faults::<Adjacent>(r#"{"t": "Nothing", "c": {}}"#, &json!({"c": ["Not a valid null."]}));
    faults::<External>(r#"{"nothing": null}"#, &json!({"_schema": ["Not a valid variant."]}));
    faults::<Around>(
        r#"{"t": "In", "inner": {"nothing": null}, "unit": {}}"#,
        &json!({"inner": ["Not a valid variant."], "unit": ["Not a valid null."]}),
    );
}

#[test]
fn what_has_no_data_is_flattened() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
    struct Units {
        a: u8,
        #[serde(flatten)]
        unit: Unit,
        #[serde(flatten)]
        boxed: Box<Unit>,
        #[serde(flatten)]
        null: (),
        #[serde(flatten)]
        kind: External,
        #[serde(flatten)]
        extra: BTreeMap<String, u8>,
    }
    for (kind, extra) in [(External::Nothing, BTreeMap::new()), (External::Count(1), BTreeMap::from([("b".into(), 2)]))]
    {
        comes_back(&Units { a: 1, unit: Unit, boxed: Box::new(Unit), null: (), kind, extra });
    }
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
struct Rest {
    id: u8,
    #[serde(alias = "n", skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(flatten)]
    point: Point,
    #[serde(flatten)]
    maybe: Option<Box<Named>>,
    #[serde(flatten)]
    extra: BTreeMap<String, Value>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
#[serde(tag = "type")]
enum Kept {
    Rest(Box<Rest>),
    Map(BTreeMap<String, Value>),
    Inline {
        id: u8,
        #[serde(flatten)]
        extra: HashMap<String, Value>,
    },
}

/// A flattened map has no room for keys that load would give to others.
#[test]
fn a_flattened_map_holds_no_key_of_anothers() {
    let event = |key: &str| Rest {
        id: 1,
        name: None,
        point: Point { x: 1, y: 1 },
        maybe: None,
        extra: BTreeMap::from([(key.to_owned(), Value::from("z")), ("free".to_owned(), Value::Null)]),
    };
    comes_back(&event("more"));
    for key in ["id", "name", "n", "x", "y", "nick"] {
        let error = event(key).dump().unwrap_err();
        assert_eq!(error.violations().unwrap().to_messages(), json!({key: ["Duplicate field."]}), "{key}");
    }

    let map = |key: &str| BTreeMap::from([(key.to_owned(), Value::from(1))]);
    comes_back(&Kept::Map(map("more")));
    comes_back(&Kept::Rest(Box::new(event("more"))));
    comes_back(&Kept::Inline { id: 1, extra: map("more").into_iter().collect() });
    for (event, key) in [
        (Kept::Map(map("type")), "type"),
        (Kept::Rest(Box::new(event("type"))), "type"),
        (Kept::Rest(Box::new(event("id"))), "id"),
        (Kept::Inline { id: 1, extra: map("type").into_iter().collect() }, "type"),
        (Kept::Inline { id: 1, extra: map("id").into_iter().collect() }, "id"),
    ] {
        let error = event.dump().unwrap_err();
        assert_eq!(error.violations().unwrap().to_messages(), json!({key: ["Duplicate field."]}), "{event:?}");
    }
}

/// What a dump writes and no load reads is not collected, or it would be written twice.
#[test]
fn a_flattened_map_holds_nothing_that_is_only_written() {
    #[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
    #[serde(tag = "type")]
    struct Stamped {
        id: u8,
        #[serde(skip_deserializing, rename = "createdAt")]
        created_at: u8,
        #[serde(flatten)]
        extra: BTreeMap<String, Value>,
    }
    let event = Stamped { id: 1, created_at: 0, extra: BTreeMap::from([("more".into(), 1.into())]) };
    let text = event.dump().unwrap();
    assert_eq!(text, br#"{"type":"Stamped","id":1,"createdAt":0,"more":1}"#);
    assert_eq!(Stamped::load(&text).unwrap(), event);
    for key in ["type", "createdAt"] {
        let event = Stamped { extra: BTreeMap::from([(key.to_owned(), 1.into())]), ..event.clone() };
        assert_eq!(event.dump().unwrap_err().violations().unwrap().to_messages(), json!({key: ["Duplicate field."]}));
    }
    assert_eq!(Stamped::load(br#"{"created_at": 1, "id": 1}"#).unwrap().extra.len(), 1);
}

/// A flattened enum takes its tag and its data, so that they are not in the map beside it too.
#[test]
fn a_flattened_enum_takes_what_it_reads() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
    struct Beside<K> {
        #[serde(flatten)]
        kind: K,
        #[serde(flatten)]
        extra: BTreeMap<String, Value>,
    }
    let extra = || BTreeMap::from([("more".to_owned(), Value::from(1))]);
    let input = r#"{"type": "at", "x": 1, "y": 2, "more": 1}"#;
    let event = Beside::<Internal>::load_str(input).unwrap();
    assert_eq!(event, Beside { kind: Internal::At(Point { x: 1, y: 2 }), extra: extra() });
    assert_eq!(Beside::load(&event.dump().unwrap()).unwrap(), event);

    let event = Beside::<Untagged>::load_str(r#"{"x": 1, "y": 2, "more": 1}"#).unwrap();
    assert_eq!(event, Beside { kind: Untagged::Point(Point { x: 1, y: 2 }), extra: extra() });
    assert_eq!(Beside::load(&event.dump().unwrap()).unwrap(), event);

    // serde does so where the enum is tagged beside its data.
    let input = json!({"t": "At", "c": {"x": 1, "y": 2}, "more": 1});
    let event = agrees::<Beside<Adjacent>>(&input);
    assert_eq!(event, Beside { kind: Adjacent::At(Point { x: 1, y: 2 }), extra: extra() });

    for (event, key) in [
        (Beside { kind: Internal::Nothing, extra: BTreeMap::from([("type".to_owned(), Value::Null)]) }, "type"),
        (
            Beside { kind: Internal::At(Point { x: 1, y: 2 }), extra: BTreeMap::from([("x".to_owned(), Value::Null)]) },
            "x",
        ),
    ] {
        let error = event.dump().unwrap_err();
        assert_eq!(error.violations().unwrap().to_messages(), json!({key: ["Duplicate field."]}));
    }
    // Without data, they are there beside others.
    for kind in [Tagged::Unit(Unit), Tagged::Null(()), Tagged::Boxed(Box::new(Unit))] {
        let event = Beside { kind, extra: extra() };
        assert_eq!(Beside::load(&event.dump().unwrap()).unwrap(), event);
    }
    let event = Beside { kind: Untagged::Nothing, extra: extra() };
    assert_eq!(Beside::load(&event.dump().unwrap()).unwrap(), event);
    let event = Beside { kind: Untagged::Nothing, extra: BTreeMap::from([("x".to_owned(), Value::from(1))]) };
    assert_eq!(event.dump().unwrap_err().violations().unwrap().to_messages(), json!({"x": ["Duplicate field."]}));
    // An incomplete variant is not none at all.
    faults::<Beside<Untagged>>(r#"{"x": 1, "more": 1}"#, &json!({"y": ["Missing data for required field."]}));
    // What only another variant has is free.
    let event = Beside { kind: Internal::Nothing, extra: BTreeMap::from([("x".to_owned(), Value::from(1))]) };
    assert_eq!(Beside::load(&event.dump().unwrap()).unwrap(), event);
}

/// A flattened struct that flattens others takes what they read, and what it writes and does not read.
#[test]
fn a_flattened_struct_takes_what_it_flattens() {
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
    struct Middle<I> {
        a: u8,
        #[serde(flatten)]
        inner: I,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
    struct Outer<I> {
        #[serde(flatten)]
        middle: Middle<I>,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, EventSchema)]
    #[serde(tag = "kind")]
    struct Stamped {
        x: u8,
        y: i32,
        #[serde(skip_deserializing)]
        created: u8,
    }
    #[track_caller]
    fn takes<I>(inner: I)
    where
        Outer<I>: EventSchema + PartialEq + Debug,
    {
        let input = r#"{"zz": 1, "y": 3, "a": 1, "x": 2}"#;
        let event = Outer { middle: Middle { a: 1, inner }, rest: BTreeMap::from([("zz".to_owned(), 1.into())]) };
        assert_eq!(Outer::load_str(input).unwrap(), event);
        assert_eq!(Outer::load(&event.dump().unwrap()).unwrap(), event);
        assert_eq!(Outer::load_value(event.dump_value().unwrap()).unwrap(), event);
    }
    takes(Point { x: 2, y: 3 });
    takes(Box::new(Point { x: 2, y: 3 }));
    takes(Some(Point { x: 2, y: 3 }));
    takes(Stamped { x: 2, y: 3, created: 0 });
    takes(Some(Box::new(Stamped { x: 2, y: 3, created: 0 })));

    for key in ["a", "x", "kind", "created"] {
        let rest = BTreeMap::from([(key.to_owned(), 1.into())]);
        let middle = Middle { a: 1, inner: Stamped { x: 2, y: 3, created: 0 } };
        let error = Outer { middle, rest }.dump().unwrap_err();
        assert_eq!(error.violations().unwrap().to_messages(), json!({key: ["Duplicate field."]}));
    }

    // What a flattened struct only writes is not in the map beside it, and unknown where unknown fields are refused.
    #[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
    struct Beside {
        #[serde(flatten)]
        stamped: Stamped,
        #[serde(flatten)]
        rest: BTreeMap<String, Value>,
    }
    let event = Beside { stamped: Stamped { x: 1, y: 2, created: 0 }, rest: BTreeMap::new() };
    let text = event.dump().unwrap();
    assert_eq!(text, br#"{"kind":"Stamped","x":1,"y":2,"created":0}"#);
    assert_eq!(Beside::load(&text).unwrap(), event);
}

/// A sensitive value is masked as the key of a map, whatever form its type has.
#[test]
fn keys_that_are_converted_or_one_of_several_are_masked() {
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

/// So is one behind an option, in a newtype of an option, that another is made of, and as one of several.
#[test]
fn keys_that_hold_sensitive_types_are_masked() {
    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
    struct Token(
        #[event(sensitive)]
        #[validate(length(min = 5))]
        String,
    );

    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Maybe(#[validate(custom(function = never))] Option<Token>);

    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(from = "Token")]
    struct Made(String);

    impl From<Token> for Made {
        fn from(token: Token) -> Self {
            Self(token.0)
        }
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(untagged)]
    enum Id {
        Number(u64),
        Token(Token),
    }

    /// Holds itself: it is masked as its other types are.
    #[event_schema::event]
    #[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(untagged)]
    enum Nested {
        Again(Box<Nested>),
        Token(Token),
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        option: BTreeMap<Option<Token>, u32>,
        boxed: BTreeMap<Box<Option<Token>>, u32>,
        newtype: BTreeMap<Maybe, u32>,
        made: BTreeMap<Made, u32>,
        id: BTreeMap<Id, u32>,
        nested: BTreeMap<Nested, u32>,
    }

    fn never(_: &Token) -> Result<(), Violation> {
        Err(Violation::new("never"))
    }

    let keys = r#"{"4711-": "bad", "471": 1, "47110": 1}"#;
    let fields = ["option", "boxed", "newtype", "made", "id", "nested"];
    let text = format!("{{{}}}", fields.map(|name| format!("\"{name}\": {keys}")).join(","));
    let error = LoadOptions::new().valid_data(true).load::<Event>(text.as_bytes()).unwrap_err();
    let violations = error.violations().unwrap();
    for name in fields {
        assert!(violations.iter().any(|one| one.path().to_string() == format!("{name}[\"***\"]")), "{name}: {error}");
    }
    let shown = format!("{error} {error:?} {} {:?}", error.to_problem(), error.valid_data());
    assert!(!shown.contains("471"), "{shown}");

    let token = || Some(Token("471".to_owned()));
    let event = Event {
        option: BTreeMap::from([(token(), 1)]),
        boxed: BTreeMap::from([(Box::new(token()), 1)]),
        newtype: BTreeMap::from([(Maybe(token()), 1)]),
        made: BTreeMap::new(),
        id: BTreeMap::from([(Id::Token(Token("471".to_owned())), 1)]),
        nested: BTreeMap::new(),
    };
    let violations = event.validate().unwrap_err();
    assert_eq!(violations.len(), 5, "{violations}");
    assert!(!violations.to_string().contains("471"), "{violations}");
}

/// Types that hold each other, or that are written as another type, are masked as keys whatever that type is.
#[test]
fn keys_that_cannot_be_asked_are_masked() {
    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(untagged)]
    enum Key {
        Name(#[validate(length(max = 3))] String),
        Alias(Box<Alias>),
    }

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Alias(Key);

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    struct Token(#[event(sensitive)] String);

    #[event_schema::event]
    #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
    #[serde(from = "String", into = "Token")]
    struct Id(String);

    impl From<String> for Id {
        fn from(text: String) -> Self {
            Self(text)
        }
    }

    impl From<Id> for Token {
        fn from(id: Id) -> Self {
            Self(id.0)
        }
    }

    #[event_schema::event]
    #[derive(Debug)]
    struct Event {
        #[serde(default)]
        keys: BTreeMap<Key, u8>,
        #[serde(default)]
        #[event(values(range(max = 9)))]
        ids: BTreeMap<Id, u8>,
        #[serde(default)]
        #[event(keys(custom(function = quoting)))]
        tokens: BTreeMap<Token, u8>,
    }

    fn quoting(token: &Token) -> Result<(), Violation> {
        Err(Violation::new("bad_token").with_message(format!("{} is bad", token.0)))
    }

    assert!(Event::load(br#"{"keys": {"a": 1}}"#).is_ok());
    let error = Event::load(br#"{"ids": {"4711": 10}, "tokens": {"4711": 1}}"#).unwrap_err();
    assert_eq!(error.violations().unwrap().len(), 2, "{error}");
    assert!(!format!("{error} {error:?} {}", error.to_problem()).contains("4711"), "{error}");

    let event = Event {
        keys: BTreeMap::new(),
        ids: BTreeMap::from([(Id("4711".to_owned()), 10)]),
        tokens: BTreeMap::from([(Token("4711".to_owned()), 1)]),
    };
    let violations = event.validate().unwrap_err();
    assert_eq!(violations.len(), 2, "{violations}");
    assert!(!violations.to_string().contains("4711"), "{violations}");
}

/// What is flattened into a type may hold the type again, if the data has an entry of its own there.
#[test]
fn a_flattened_value_may_hold_its_owner() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    struct Node {
        id: u8,
        #[serde(flatten)]
        kind: Kind,
        #[serde(flatten)]
        other: Option<Adjacent>,
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    enum Kind {
        Below(Box<Node>),
        Leaf {},
    }

    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[serde(tag = "t", content = "c")]
    enum Adjacent {
        Node(Box<Node>),
        Many {
            #[serde(flatten)]
            by_name: std::collections::BTreeMap<String, Node>,
        },
    }

    let leaf = || Node { id: 3, kind: Kind::Leaf {}, other: None };
    let many = Adjacent::Many { by_name: [("x".to_owned(), leaf())].into() };
    let below = Node { id: 2, kind: Kind::Leaf {}, other: Some(many) };
    let node = Node { id: 1, kind: Kind::Below(Box::new(below)), other: Some(Adjacent::Node(Box::new(leaf()))) };
    let text = node.dump().unwrap();
    assert_eq!(Node::load(&text).unwrap(), node);
    assert!(Node::load(br#"{"id": 1, "more": 2}"#).is_err());
    assert!(Node::json_schema().get("properties").is_some());
}

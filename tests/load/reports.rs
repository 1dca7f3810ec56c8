//! What is wrong with an event, for people and for programs; and that no payload is in it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use event_schema::Segment;
use event_schema::contract::Shape;
use event_schema::load::{At, Context, FieldType};
use event_schema::prelude::*;
use event_schema::serde::Deserializer;
use serde_json::{Value, json};

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[allow(clippy::struct_field_names, reason = "as events often have it")]
struct Order {
    order_id: u64,
    #[validate(length(min = 1))]
    lines: Vec<Line>,
    #[serde(default)]
    labels: BTreeMap<String, u8>,
    status: Option<Status>,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(deny_unknown_fields)]
struct Line {
    sku: String,
    #[validate(range(min = 1, max = 9))]
    quantity: u32,
    #[serde(skip_deserializing)]
    weight: u32,
}

#[event_schema::event]
#[derive(Debug, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Status {
    New,
    Pending,
    Paid { on: String },
}

/// In the order of the text.
fn violations_in<E: EventSchema>(text: &str) -> Violations {
    E::load_str(text).err().expect("not valid").into_violations().unwrap()
}

fn violations<E: EventSchema>(input: &Value) -> Violations {
    let from_text = violations_in::<E>(&input.to_string());
    let from_value = E::load_value(input.clone()).err().unwrap().into_violations().unwrap();
    assert_eq!(from_text, from_value);
    from_text
}

fn one<E: EventSchema>(input: &Value) -> Violation {
    let mut violations = violations::<E>(input).into_iter();
    let first = violations.next().unwrap();
    assert!(violations.next().is_none(), "one violation in {input}");
    first
}

fn faulty_order() -> Violations {
    violations_in::<Order>(
        r#"{"orderId": 1, "lines": [{"sku": 7, "quantity": 0}, {"sku": "a", "quantty": 1}], "labels": {"a/b ü": "1"}}"#,
    )
}

// --- forms ---

#[test]
fn problem_details_point_at_every_violation() {
    assert_eq!(
        faulty_order().to_problem(),
        json!({
            "type": "about:blank",
            "title": "Unprocessable Content",
            "status": 422,
            "detail": "5 violations",
            "errors": [
                {
                    "pointer": "#/lines/0/sku",
                    "detail": "Not a valid string.",
                    "code": "invalid",
                    "params": {"expected": "string"},
                },
                {
                    "pointer": "#/lines/0/quantity",
                    "detail": "Must be greater than or equal to 1 and less than or equal to 9.",
                    "code": "range",
                    "params": {"min": 1, "max": 9},
                },
                {
                    "pointer": "#/lines/1/quantty",
                    "detail": "Unknown field.",
                    "code": "unknown",
                    "params": {"suggestion": "quantity"},
                },
                {
                    "pointer": "#/lines/1/quantity",
                    "detail": "Missing data for required field.",
                    "code": "required",
                    "params": {},
                },
                {
                    "pointer": "#/labels/a~1b%20%C3%BC",
                    "detail": "Not a valid integer.",
                    "code": "invalid",
                    "params": {"expected": "integer"},
                },
            ],
        })
    );
}

#[test]
fn problem_details_say_what_was_omitted() {
    let options = LoadOptions::new().max_violations(1);
    let error = options.load::<Order>(br#"{"orderId": "x", "lines": []}"#).unwrap_err();
    let problem = error.to_problem();
    assert_eq!((&problem["detail"], &problem["omitted"]), (&json!("2 violations"), &json!(1)));
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1);
}

#[test]
fn every_load_error_has_problem_details() {
    let status = |input: &[u8]| {
        let options = LoadOptions::new().max_size(100).max_depth(3);
        let problem = options.load::<Order>(input).unwrap_err().to_problem();
        assert_eq!(problem["type"], "about:blank");
        (problem["status"].as_u64().unwrap(), problem["title"].as_str().unwrap().to_owned())
    };
    assert_eq!(status(b"{"), (400, "Bad Request".into()));
    assert_eq!(status(b""), (400, "Bad Request".into()));
    assert_eq!(status(b"\xff"), (400, "Bad Request".into()));
    assert_eq!(status(&[b' '; 101]), (413, "Content Too Large".into()));
    assert_eq!(status(b"{}"), (422, "Unprocessable Content".into()));

    let problem = Order::load_from(2, b"{}").unwrap_err().to_problem();
    assert_eq!(problem["status"], 422);
    assert_eq!(problem["detail"], "written as version 2, which a reader of version 1 cannot read");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 2);
}

#[test]
fn the_list_is_what_the_violations_serialise_as() {
    let violations = faulty_order();
    assert_eq!(violations.to_list(), serde_json::to_value(&violations[..]).unwrap());
    assert_eq!(violations.to_list()[4]["pointer"], "/labels/a~1b ü");
}

#[test]
fn lists_are_joined_with_what_they_omitted() {
    let violations = |most: usize| {
        let options = LoadOptions::new().max_violations(most);
        options.load::<Order>(b"{}").unwrap_err().into_violations().unwrap()
    };
    let joined = |first: usize, second: usize| {
        let mut first = violations(first);
        first.append(violations(second));
        (first.len(), first.omitted(), first.to_messages()["_schema"].clone())
    };
    assert_eq!(joined(2, 2), (4, 0, Value::Null));
    assert_eq!(joined(1, 2), (3, 1, json!(["and 1 more"])));
    assert_eq!(joined(2, 1), (3, 1, json!(["and 1 more"])));
    assert_eq!(joined(0, 1), (1, 3, json!(["and 3 more"])));

    // In the words of the first, also where it is a rule that joins them.
    let german = |violation: &Violation| (violation.code() == "omitted").then_some("und {count} mehr");
    let mut translated = violations(1).translate(german);
    translated.append(violations(0));
    assert_eq!(translated.to_messages()["_schema"], json!(["und 3 mehr"]));
}

#[test]
fn columns_line_up_and_long_paths_shift_their_own_line() {
    let long = "k".repeat(60);
    let violations = violations_in::<Order>(&format!(
        r#"{{"labels": {{"{long}": "1"}}, "lines": [{{"sku": "a", "qty": 1}}], "orderId": "x"}}"#
    ));
    assert_eq!(
        format!("{violations:#}"),
        format!(
            "labels[\"{long}\"]  Not a valid integer.\n\
             lines[0].qty       Unknown field.\n\
             lines[0].quantity  Missing data for required field.\n\
             orderId            Not a valid integer."
        )
    );
    let error = Order::load(br#"{"orderId": "x", "lines": []}"#).unwrap_err();
    assert_eq!(
        format!("{error:#}"),
        "2 violations\norderId  Not a valid integer.\nlines    Shorter than minimum length 1."
    );
    let root = Order::load(b"[]").unwrap_err();
    assert_eq!(format!("{root:#}"), "1 violation\nInvalid input type.");
}

#[test]
fn fragments_are_those_of_rfc_6901() {
    // The examples of its section 6.
    let fragments = [
        ("foo", "#/foo"),
        ("", "#/"),
        ("a/b", "#/a~1b"),
        ("c%d", "#/c%25d"),
        ("e^f", "#/e%5Ef"),
        ("g|h", "#/g%7Ch"),
        ("i\\j", "#/i%5Cj"),
        ("k\"l", "#/k%22l"),
        (" ", "#/%20"),
        ("m~n", "#/m~0n"),
    ];
    for (name, fragment) in fragments {
        let input = json!({ name: 1, "orderId": 1, "lines": [{"sku": "a", "quantity": 1}] });
        assert_eq!(one::<Order>(&input).path().to_fragment(), fragment);
    }
    assert_eq!(one::<Order>(&json!(1)).path().to_fragment(), "#");
}

// --- messages ---

#[test]
fn messages_are_filled_with_params() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Texts {
        #[validate(length(min = 2, max = 3, message = "{min}-{max} {{min}} {input} {unknown} {"))]
        text: String,
        #[validate(custom(function = in_braces))]
        braces: String,
    }

    fn in_braces(_: &str) -> Result<(), Violation> {
        let violation = Violation::new("braces").with_message("not {a} but {\"a\": {b}} or {b");
        Err(violation.with_param("a", vec!["x", "y"]).with_param("b", 1.5))
    }

    assert_eq!(
        violations::<Texts>(&json!({"text": "a", "braces": "a"})).to_messages(),
        json!({
            "text": ["2-3 {2} {input} {unknown} {"],
            "braces": ["not x, y but {\"a\": 1.5} or {b"],
        })
    );
}

#[test]
fn translated_messages_are_in_every_form() {
    let german = |violation: &Violation| {
        Some(match violation.code() {
            "required" => Cow::Borrowed("Pflichtfeld."),
            "range" => "Erlaubt: {min} bis {max}.".into(),
            "unknown" => format!("Unbekannt: {}.", violation.path()).into(),
            _ => return None,
        })
    };
    let translated = faulty_order().translate(german);
    assert_eq!(
        translated.to_messages(),
        json!({
            "lines": {
                "0": {"sku": ["Not a valid string."], "quantity": ["Erlaubt: 1 bis 9."]},
                "1": {"quantty": ["Unbekannt: lines[1].quantty."], "quantity": ["Pflichtfeld."]},
            },
            "labels": {"a/b ü": {"value": ["Not a valid integer."]}},
        })
    );
    assert_eq!(translated.to_problem()["errors"][1]["detail"], "Erlaubt: 1 bis 9.");
    assert_eq!(translated.to_list()[3]["message"], "Pflichtfeld.");
    assert!(translated.to_string().contains("lines[1].quantity: Pflichtfeld."));
}

#[test]
fn what_was_omitted_is_translated_too() {
    let options = LoadOptions::new().max_violations(0);
    let violations = options.load::<Order>(b"{}").unwrap_err().into_violations().unwrap();
    assert_eq!(violations.to_messages(), json!({"_schema": ["and 2 more"]}));
    assert_eq!(violations.to_string().trim(), "and 2 more");
    let translated = violations.translate(|violation| (violation.code() == "omitted").then_some("und {count} mehr"));
    assert_eq!(translated.to_messages(), json!({"_schema": ["und 2 mehr"]}));
    assert_eq!(translated.omitted(), 2);
}

// --- suggestions ---

#[test]
fn a_known_field_is_suggested_outside_the_message() {
    let violation = one::<Order>(&json!({"orderId": 1, "lines": [{"sku": "a", "quantity": 1}], "order_id": 1}));
    assert_eq!(violation.suggestion(), Some("orderId"));
    assert_eq!(violation.message(), "Unknown field.");
    assert_eq!(violation.to_string(), "order_id: Unknown field. Did you mean orderId?");

    // `weight` is a field of the type, but none of the input.
    let line = json!({"sku": "a", "quantity": 1, "wieght": 1});
    assert_eq!(one::<Line>(&line).suggestion(), None);
}

#[test]
fn a_known_variant_is_suggested_outside_the_message() {
    let status = |status: Value| one::<Status>(&status);
    let violation = status(json!("PENDNG"));
    assert_eq!(violation.suggestion(), Some("pending"));
    assert_eq!(violation.message(), "Must be one of: new, pending, paid.");
    assert_eq!(violation.to_string(), "Must be one of: new, pending, paid. Did you mean pending?");
    assert_eq!(
        Value::from(violation.params()),
        json!({"choices": ["new", "pending", "paid"], "suggestion": "pending"})
    );
    assert_eq!(status(json!({"pad": {"on": "x"}})).suggestion(), Some("paid"));
    assert_eq!(status(json!("shipped")).suggestion(), None);
    assert_eq!(Value::from(status(json!(7)).params()), json!({"choices": ["new", "pending", "paid"]}));
}

#[event_schema::event]
#[derive(Debug)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Internal {
    Circle { radius: u32 },
}

#[event_schema::event]
#[derive(Debug)]
#[serde(tag = "kind", content = "data", rename_all = "lowercase", deny_unknown_fields)]
enum Adjacent {
    Circle { radius: u32 },
}

#[event_schema::event]
#[derive(Debug)]
#[serde(deny_unknown_fields)]
struct Flattening {
    total: u32,
    #[serde(flatten)]
    inner: Inner,
}

#[event_schema::event]
#[derive(Debug)]
struct Inner {
    rest: u32,
}

#[test]
fn names_are_suggested_in_every_kind_of_level() {
    let suggestion = |violations: Violations| violations.iter().find_map(Violation::suggestion);
    assert_eq!(suggestion(violations::<Internal>(&json!({"kind": "circl", "radius": 1}))), Some("circle"));
    assert_eq!(suggestion(violations::<Internal>(&json!({"radius": 1, "kind": "circl"}))), Some("circle"));
    assert_eq!(suggestion(violations::<Internal>(&json!({"kind": "circle", "raduis": 1}))), Some("radius"));
    assert_eq!(suggestion(violations::<Adjacent>(&json!({"kind": "cirle"}))), Some("circle"));
    assert_eq!(suggestion(violations::<Adjacent>(&json!({"kind": "circle", "daat": {}}))), Some("data"));
    assert_eq!(suggestion(violations::<Flattening>(&json!({"totl": 1, "rest": 1}))), Some("total"));
}

#[event_schema::event]
#[derive(Debug)]
struct Statuses {
    list: Vec<Status>,
}

#[test]
fn a_hostile_message_gets_no_more_attention_than_it_deserves() {
    let mut fields: Vec<String> = (0..100_000).map(|n| format!("\"quantit{n}\": {{\"a\": [{n}]}}")).collect();
    fields.push(format!("\"{}\": 1, \"sku\": \"a\", \"quantity\": 1", "quantity".repeat(1000)));
    let text = format!("{{{}}}", fields.join(", "));
    let error = Line::load(text.as_bytes()).unwrap_err();
    let unknown = error.violations().unwrap();
    assert_eq!((unknown.len(), unknown.omitted()), (1000, 99_001));
    assert_eq!(unknown[0].suggestion(), Some("quantity"));
    assert!(error.to_string().contains("Did you mean quantity?"));
    // It took a fraction of a second; quadratic work would take minutes.

    let statuses = json!({"list": vec!["pendin"; 10_000]});
    let statuses = violations::<Statuses>(&statuses);
    assert_eq!(statuses[0].suggestion(), Some("pending"));
    assert_eq!(statuses[999].suggestion(), None);
}

// --- payloads ---

const MARKER: &str = "hunter2-4111111111111111";

/// A type of another crate, whose error quotes what it read.
#[derive(Debug, Serialize, schemars::JsonSchema)]
struct Foreign(String);

impl<'de> Deserialize<'de> for Foreign {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let text = String::deserialize(input)?;
        Err(event_schema::serde::de::Error::custom(format!("bad {text}")))
    }
}

fn with<'de, D: Deserializer<'de>>(input: D) -> Result<String, D::Error> {
    Foreign::deserialize(input).map(|foreign| foreign.0)
}

#[event_schema::event]
#[derive(Debug, Clone)]
#[serde(try_from = "String")]
struct Converted(String);

impl TryFrom<String> for Converted {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Err(format!("cannot convert {text}"))
    }
}

/// A reader written by hand that gives up where it should note a finding.
#[derive(Debug, Serialize)]
struct GivesUp;

impl FieldType for GivesUp {
    fn read<'de, D: Deserializer<'de>>(input: D, _: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, D::Error> {
        let text = String::deserialize(input)?;
        Err(event_schema::serde::de::Error::custom(format!("no idea what {text} is")))
    }

    fn shape() -> Shape {
        Shape::text()
    }
}

#[cfg(feature = "validator021")]
fn custom(text: &str) -> Result<(), event_schema::validator::ValidationError> {
    let mut error = event_schema::validator::ValidationError::new("custom");
    // validator's own derive does so with every rule.
    error.add_param("value".into(), &text);
    Err(error)
}

#[cfg(not(feature = "validator021"))]
fn custom(_: &str) -> Result<(), Violation> {
    Err(Violation::new("custom"))
}

#[event_schema::event]
#[derive(Debug)]
#[serde(deny_unknown_fields)]
struct Everything {
    integer: i32,
    float: f64,
    boolean: bool,
    character: char,
    unit: (),
    big: u64,
    id: Uuid,
    list: Vec<u8>,
    set: BTreeSet<Status>,
    map: BTreeMap<u8, Vec<bool>>,
    tuple: (bool, bool),
    array: [u8; 2],
    object: Inner,
    status: Status,
    internal: Internal,
    adjacent: Adjacent,
    #[event(plain)]
    foreign: Foreign,
    #[event(plain)]
    date: Option<BTreeMap<String, Foreign>>,
    #[serde(deserialize_with = "with")]
    with: String,
    converted: Converted,
    #[validate(length(max = 1), email, url, contains(pattern = "%"), custom(function = custom))]
    text: String,
    #[validate(regex(path = *DIGITS), does_not_contain(pattern = "-"), ip)]
    more: String,
    boxed: Option<Box<Inner>>,
    untagged: Untagged,
    #[serde(default)]
    sets: Vec<BTreeMap<Uuid, (u8, Option<Status>)>>,
}

static DIGITS: std::sync::LazyLock<event_schema::regex::Regex> =
    std::sync::LazyLock::new(|| event_schema::regex::Regex::new("^[0-9]+$").unwrap());

#[event_schema::event]
#[derive(Debug)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Object { number: u8 },
}

impl PartialOrd for Status {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Status {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

impl Eq for Status {}

const FIELDS: &[&str] = &[
    "integer",
    "float",
    "boolean",
    "character",
    "unit",
    "big",
    "id",
    "list",
    "set",
    "map",
    "tuple",
    "array",
    "object",
    "status",
    "internal",
    "adjacent",
    "foreign",
    "date",
    "with",
    "converted",
    "text",
    "more",
    "boxed",
    "untagged",
    "sets",
];

/// The marker as a value, in every shape.
fn hostile_values() -> Vec<Value> {
    let text = json!(MARKER);
    vec![
        text.clone(),
        json!([text, [text]]),
        json!([[text], {"a": text}, null, text]),
        json!({"number": text, "rest": text, "radius": text, "on": text, "kind": text, "data": text}),
        json!({"kind": "circle", "radius": text, "data": {"radius": text}}),
        json!({"paid": text, "circle": text, "7": text, "x": {"y": [text]}}),
        json!({"paid": {"on": [text]}, "7": [text]}),
        json!([{"00000000-0000-0000-0000-000000000000": [text, text]}]),
    ]
}

fn assert_says_nothing(error: &event_schema::LoadError, marker: &str) {
    let violations = error.violations();
    let told = [
        error.to_string(),
        format!("{error:#}"),
        format!("{error:?}"),
        format!("{error:#?}"),
        error.to_problem().to_string(),
        violations.map(|violations| serde_json::to_string(violations).unwrap()).unwrap_or_default(),
        violations.map(|violations| violations.to_list().to_string()).unwrap_or_default(),
        #[cfg(feature = "validator021")]
        violations.map(|violations| format!("{:?}", validator_errors(violations))).unwrap_or_default(),
    ];
    for text in told {
        assert!(!text.contains(marker), "{text}");
    }
}

#[cfg(feature = "validator021")]
fn validator_errors(violations: &Violations) -> event_schema::validator::ValidationErrors {
    violations.clone().into()
}

#[test]
fn no_value_of_the_input_is_in_an_error() {
    let values = hostile_values();
    let mut seen = BTreeSet::new();
    for value in &values {
        let event: Value = FIELDS.iter().map(|name| ((*name).to_owned(), value.clone())).collect();
        for error in [
            Everything::load(event.to_string().as_bytes()).unwrap_err(),
            Everything::load_value(event.clone()).unwrap_err(),
            Everything::load_many(json!([event, MARKER]).to_string().as_bytes()).unwrap_err(),
        ] {
            assert_says_nothing(&error, MARKER);
            let violations = error.violations().unwrap();
            seen.extend(violations.iter().filter_map(|violation| match violation.path().segments() {
                [Segment::Field(name), ..] => Some(name.wire()),
                _ => None,
            }));
        }
    }
    let missed: Vec<_> = FIELDS.iter().filter(|name| !seen.contains(**name)).collect();
    assert!(missed.is_empty(), "no violation at {missed:?}");

    for text in [
        format!("{{\"text\": \"{MARKER}\", "),
        format!("{{\"text\": \"{MARKER}\" \"{MARKER}\"}}"),
        format!("{{\"text\": {MARKER}}}"),
        format!("{{\"text\": \"{MARKER}\\q\"}}"),
        format!("\"{MARKER}\" 1"),
        MARKER.to_owned(),
    ] {
        assert_says_nothing(&Everything::load_str(&text).unwrap_err(), MARKER);
    }
    let not_utf8 = [format!("{{\"text\": \"{MARKER}").as_bytes(), b"\xff\"}"].concat();
    assert_says_nothing(&Everything::load(&not_utf8).unwrap_err(), MARKER);
}

#[test]
fn a_reader_that_gives_up_tells_the_place_only() {
    #[event_schema::event]
    struct Odd {
        #[allow(dead_code, reason = "its reader never succeeds")]
        odd: GivesUp,
    }

    let input = json!({ "odd": MARKER });
    let error = Odd::load(input.to_string().as_bytes()).err().unwrap();
    assert!(error.is_syntax());
    assert!(error.to_string().starts_with("not valid JSON: a value cannot be read at line 1 column "), "{error}");
    assert_says_nothing(&error, MARKER);
    let error = Odd::load_value(input).err().unwrap();
    assert_eq!(error.to_string(), "not valid JSON: a value cannot be read");
}

#[test]
fn names_of_the_input_are_cut() {
    let name = "n".repeat(1000);
    let error = Line::load(json!({"sku": "a", "quantity": 1, name: 1}).to_string().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), format!("1 violation\n{}…: Unknown field.", "n".repeat(100)));
}

// --- sensitive ---

#[event_schema::event]
#[derive(Debug, Clone)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[validate(schema(function = whole, message = "Odd."))]
struct Patient {
    #[event(sensitive)]
    #[validate(length(max = 3), custom(function = quotes), custom(function = quotes, message = "Not so."))]
    full_name: String,
    #[event(sensitive)]
    status: Option<Diagnosis>,
    #[event(sensitive)]
    contacts: BTreeMap<String, Contact>,
    #[event(sensitive, each(length(max = MAX)))]
    notes: Vec<String>,
    #[event(sensitive, plain)]
    #[serde(default)]
    extra: BTreeMap<String, u8>,
    secret: Secret,
    pair: Pair,
    #[serde(default)]
    shown: Option<String>,
}

const MAX: u64 = 3;

/// Called as an item of generated code might be.
fn whole(patient: &Patient) -> Result<(), Violation> {
    if patient.shown.as_deref() == Some("odd") { Err(Violation::new("odd")) } else { Ok(()) }
}

#[event_schema::event]
#[derive(Debug, Clone)]
#[serde(deny_unknown_fields)]
struct Contact {
    #[validate(email)]
    email: String,
}

#[event_schema::event]
#[derive(Debug, Clone)]
enum Diagnosis {
    Influenza,
}

#[event_schema::event]
#[derive(Debug, Clone)]
struct Secret(
    #[event(sensitive)]
    #[validate(custom(function = quotes))]
    String,
);

#[event_schema::event]
#[derive(Debug, Clone)]
struct Pair(
    u8,
    #[event(sensitive)]
    #[validate(custom(function = quotes))]
    String,
);

fn quotes(text: &str) -> Result<(), Violation> {
    Err(Violation::new("quoted").with_message(format!("{text} is bad")).with_param("text", text))
}

#[test]
fn sensitive_fields_are_masked_in_reports() {
    let text = r#"{
        "contacts": {"MARKER": {"MARKER": 1, "email": "MARKER"}},
        "extra": {"MARKER": "MARKER"},
        "fullName": "MARKER",
        "notes": ["MARKER", 1],
        "pair": [1, "MARKER"],
        "secret": "MARKER",
        "status": "influenz"
    }"#;
    let violations = violations_in::<Patient>(&text.replace("MARKER", MARKER));
    assert_eq!(
        violations.to_list(),
        json!([
            {"pointer": "/contacts/***/***", "code": "unknown", "message": "Unknown field.", "params": {}},
            {
                "pointer": "/contacts/***/email", "code": "email",
                "message": "Not a valid email address.", "params": {},
            },
            {
                "pointer": "/extra/***", "code": "invalid",
                "message": "Not a valid value.", "params": {"expected": "value"},
            },
            {
                "pointer": "/fullName", "code": "length",
                "message": "Longer than maximum length 3.", "params": {"max": 3},
            },
            {"pointer": "/fullName", "code": "quoted", "message": "Invalid value.", "params": {}},
            {"pointer": "/fullName", "code": "quoted", "message": "Not so.", "params": {}},
            {
                "pointer": "/notes/0", "code": "length",
                "message": "Longer than maximum length 3.", "params": {"max": 3},
            },
            {
                "pointer": "/notes/1", "code": "invalid",
                "message": "Not a valid string.", "params": {"expected": "string"},
            },
            {"pointer": "/pair/1", "code": "quoted", "message": "Invalid value.", "params": {}},
            {"pointer": "/secret", "code": "quoted", "message": "Invalid value.", "params": {}},
            {
                "pointer": "/status", "code": "choice",
                "message": "Must be one of: Influenza.", "params": {"choices": ["Influenza"]},
            },
        ])
    );
}

#[test]
fn a_sensitive_newtype_is_a_document_as_any_other() {
    let violation = one::<Secret>(&json!(null));
    assert_eq!((violation.code(), violation.path().segments()), ("invalid", &[][..]));
    // Validated, not loaded, it is masked alike.
    let violations = Secret(MARKER.into()).validate().unwrap_err();
    assert_eq!(violations.to_string(), "Invalid value.");
    let violations = Pair(1, MARKER.into()).validate().unwrap_err();
    assert_eq!(violations.to_string(), "[1]: Invalid value.");
}

#[test]
fn sensitive_fields_are_in_the_descriptor() {
    assert_eq!(Patient::descriptor().sensitive(), ["fullName", "status", "contacts", "notes", "extra"]);
    assert_eq!(Pair::descriptor().sensitive(), ["1"]);
    assert!(Order::descriptor().sensitive().is_empty());
}

#[test]
fn sensitive_fields_are_masked_in_debug() {
    let patient = Patient {
        full_name: MARKER.into(),
        status: Some(Diagnosis::Influenza),
        contacts: BTreeMap::from([(MARKER.into(), Contact { email: MARKER.into() })]),
        notes: vec![MARKER.into()],
        extra: BTreeMap::new(),
        secret: Secret(MARKER.into()),
        pair: Pair(1, MARKER.into()),
        shown: Some("shown".into()),
    };
    assert_eq!(
        format!("{patient:?}"),
        "Patient { full_name: ***, status: ***, contacts: ***, notes: ***, extra: ***, secret: Secret(***), \
         pair: Pair(1, ***), shown: Some(\"shown\") }"
    );
    assert_eq!(format!("{:#?}", patient.pair), "Pair(\n    1,\n    ***,\n)");
}

#[event_schema::event]
#[derive(Debug)]
enum Payment<T: Default, const N: usize>
where
    T: Clone,
{
    Card {
        #[event(sensitive)]
        number: T,
        r#type: T,
    },
    Cash([u8; 2], #[event(sensitive)] T),
    #[serde(skip)]
    Internal {
        #[allow(dead_code, reason = "shown only")]
        code: T,
    },
    Free,
}

#[test]
fn the_masking_debug_is_as_generic_as_its_type() {
    let debug = |payment: &Payment<String, 2>| format!("{payment:?}");
    assert_eq!(
        debug(&Payment::Card { number: MARKER.into(), r#type: "visa".into() }),
        "Card { number: ***, type: \"visa\" }"
    );
    assert_eq!(debug(&Payment::Cash([1, 2], MARKER.into())), "Cash([1, 2], ***)");
    assert_eq!(debug(&Payment::Internal { code: "x".into() }), "Internal { code: \"x\" }");
    assert_eq!(debug(&Payment::Free), "Free");
}

/// The derive form asks for it by hand.
#[derive(Serialize, EventSchema)]
#[event(debug)]
struct ByHand {
    #[event(sensitive)]
    token: String,
    name: String,
}

#[test]
fn the_derive_form_has_the_masking_debug_too() {
    let event = ByHand { token: MARKER.into(), name: "a".into() };
    assert_eq!(format!("{event:?}"), "ByHand { token: ***, name: \"a\" }");
}

/// What is valid is without the fault, whatever name that came under.
#[test]
fn valid_data_is_without_faults_under_aliases() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Parcel {
        #[serde(alias = "count", alias = "n")]
        quantity: u8,
        #[serde(alias = "to")]
        address: Address,
        kind: Kind,
        #[serde(default, alias = "remark")]
        note: String,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Address {
        #[serde(alias = "plz")]
        zip: String,
        street: String,
    }
    #[event_schema::event]
    #[derive(Debug)]
    enum Kind {
        #[serde(alias = "letter")]
        Letter { weight: u8, colour: String },
    }

    let options = LoadOptions::new().valid_data(true);
    let load = |input: &Value| {
        let by_text = options.load::<Parcel>(input.to_string().as_bytes()).unwrap_err();
        let by_value = options.load_value::<Parcel>(input.clone()).unwrap_err();
        assert_eq!(by_text.valid_data(), by_value.valid_data());
        by_text.valid_data().unwrap().clone()
    };
    assert_eq!(
        load(&json!({
            "n": -1, "to": {"plz": 5, "street": "Main St"}, "kind": {"letter": {"weight": "x", "colour": "red"}},
            "note": "one",
        })),
        json!({"to": {"street": "Main St"}, "kind": {"letter": {"colour": "red"}}, "note": "one"})
    );
    // Of a field that came twice nobody knows which is meant.
    assert_eq!(load(&json!({"n": 1, "to": 7, "kind": {}, "note": "one", "remark": "two"})), json!({"n": 1}));
}

/// What no field reads need not be a value that anything can hold.
#[test]
fn valid_data_is_without_what_nothing_reads() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Reading {
        id: u64,
        ok: u64,
        #[serde(default)]
        raw: Option<Box<serde_json::value::RawValue>>,
    }

    let valid = |text: &str| {
        let error = LoadOptions::new().valid_data(true).load::<Reading>(text.as_bytes()).unwrap_err();
        error.valid_data().cloned()
    };
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    for junk in ["1e999", r#""\ud800""#, &deep] {
        assert_eq!(valid(&format!(r#"{{"id": "x", "ok": 1, "junk": {junk}}}"#)), Some(json!({"ok": 1})), "{junk:.20}");
    }
    // Some valid fields cannot be part of a value: without `arbitrary_precision`, a number beyond all floats.
    let raw = serde_json::from_str::<Value>("1e999").ok();
    assert_eq!(valid(r#"{"id": "x", "ok": 1, "raw": 1e999}"#), raw.map(|raw| json!({"ok": 1, "raw": raw})));
}

/// A path has the beginning of a long name: what is wrong under it is still not valid.
#[test]
fn valid_data_is_without_faults_under_long_names() {
    #[event_schema::event]
    #[derive(Debug)]
    struct Parcel {
        counts: BTreeMap<String, u8>,
        sizes: BTreeMap<String, Size>,
        lists: BTreeMap<String, Vec<u8>>,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Size {
        height: u8,
        width: u8,
    }

    let long = |first: &str, last: &str| format!("{first}{}{last}", "ß".repeat(99));
    let input = json!({
        "counts": {long("a", ""): 1, long("b", "1"): -1, long("c", "1"): 1, long("c", "2"): -1, "d": 4, "e": -5},
        "sizes": {
            long("a", "1"): {"height": -1, "width": 1},
            long("b", "1"): {"height": 1, "width": 1, long("c", "1"): 1},
            "d": {"height": 1, "width": 1, long("c", ""): 1},
        },
        "lists": {long("a", "1"): [1, -1, 3, -4], long("b", "1"): [1]},
        long("unknown", "1"): 1,
    });
    let expected = json!({
        // Either of two that begin alike may be the one that is wrong.
        "counts": {long("a", ""): 1, "d": 4},
        "sizes": {
            long("a", "1"): {"width": 1},
            long("b", "1"): {"height": 1, "width": 1},
            "d": {"height": 1, "width": 1},
        },
        "lists": {long("a", "1"): [1, 3], long("b", "1"): [1]},
    });
    let options = LoadOptions::new().valid_data(true);
    for error in [
        options.load::<Parcel>(input.to_string().as_bytes()).unwrap_err(),
        options.load_value::<Parcel>(input.clone()).unwrap_err(),
    ] {
        assert_eq!(error.valid_data(), Some(&expected));
    }
}

/// An entry that is called like a mask does not stand for those that are masked.
#[test]
fn valid_data_is_without_faults_under_masked_keys() {
    let input = r#"{"pins": {"***": 1, "123": 1, "4321": 1}}"#;
    let error = LoadOptions::new().valid_data(true).load::<Pins>(input.as_bytes()).unwrap_err();
    assert_eq!(error.valid_data(), Some(&json!({})));
}

#[event_schema::event]
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Pin(
    #[event(sensitive)]
    #[validate(length(min = 4))]
    String,
);

#[event_schema::event]
#[derive(Debug)]
struct Pins {
    pins: BTreeMap<Pin, u8>,
}

/// There is nothing that could stand where an enum without variants is asked for.
#[test]
fn an_enum_without_variants_takes_nothing() {
    #[derive(Debug, Serialize, EventSchema)]
    enum Never {}
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(tag = "t")]
    #[allow(dead_code, reason = "nothing can be read")]
    enum Internal {
        #[serde(skip_deserializing)]
        Written,
    }
    #[event_schema::event]
    #[derive(Debug)]
    struct Holder {
        never: Never,
        internal: Internal,
    }
    assert_eq!(
        violations::<Holder>(&json!({"never": "x", "internal": {"t": "Written"}})).to_messages(),
        json!({"never": ["Not a valid variant."], "internal": {"t": ["Not a valid variant."]}})
    );
    assert_eq!(
        violations::<Holder>(&json!({"never": {"x": 1}, "internal": {"t": "x"}})).to_messages(),
        json!({"never": ["Not a valid variant."], "internal": {"t": ["Not a valid variant."]}})
    );
}

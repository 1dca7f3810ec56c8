//! Marshmallow's own answers: each schema of the corpus as a struct, the same tree of messages for
//! every message and the same loaded value, but for the differences that are listed with a reason.
//!
//! The corpus lies beside the project; where it is absent there is nothing to compare with.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::LazyLock;

use event_schema::chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use event_schema::prelude::*;
use event_schema::regex::Regex;
use event_schema::rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/corpora/marshmallow_cases.jsonl");

/// Where the answers differ on purpose: each entry fails once it no longer does.
const BY_DESIGN: &[(&str, &[&str])] = &[
    (
        "no coercion: text is no number or boolean, and 1 is no boolean",
        &[
            "signup-04",
            "signup-08",
            "numbers-01",
            "numbers-05",
            "numbers-06",
            "numbers-10",
            "numbers-11",
            "numbers-12",
            "numbers-13",
            "numbers-14",
            "numbers-15",
            "numbers-16",
            "numbers-18",
            "numbers-26",
            "numbers-27",
            "numbers-28",
            "numbers-29",
            "numbers-32",
            "numbers-35",
        ],
    ),
    (
        "no coercion: what is written as a fraction is no integer, as with Marshmallow's `strict=True`",
        &["numbers-02", "numbers-03", "numbers-04", "numbers-31", "lists-09"],
    ),
    ("an integer has a size: 10^40 is beyond 128 bits", &["numbers-25"]),
    ("an email address is what HTML says: `a@b` is one, letters beyond ASCII are in none", &["signup-13", "signup-18"]),
    ("a pattern's `$` is the end of the text, in Python also before a newline there", &["signup-19"]),
    ("a list's own rules run beside those of its elements", &["lists-08"]),
    ("a message does not quote the input: `{input}` stays as it is", &["messages-03"]),
    ("null in a list of schemas is told as in `List(Nested(...))`, not as in `Nested(many=True)`", &["base-08"]),
    ("of an enum the choices are told whatever stood there", &["shop-18"]),
    ("a boolean is spelled as in JSON, `true`", &["shop-22"]),
    ("each event of a list is judged alone, the rules of the whole too", &["window-09"]),
];

#[derive(Deserialize)]
struct Case {
    id: String,
    schema_name: String,
    #[serde(default)]
    schema: Value,
    input: Box<RawValue>,
    #[serde(default)]
    options: Options,
    expect: Answer,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Options {
    many: bool,
    partial: Option<Value>,
    unknown: Option<String>,
}

/// What was loaded, or the tree of messages.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(Value),
    Errors(Value),
}

impl Answer {
    fn of<T>(loaded: Result<T, LoadError>, value: impl Fn(T) -> Value) -> Self {
        match loaded {
            Ok(loaded) => Self::Ok(value(loaded)),
            Err(error) => Self::Errors(error.violations().expect("a JSON text").to_messages()),
        }
    }
}

/// A field that may be missing and is nothing then; `not_null` says that it is never null.
macro_rules! signup {
    ($name:ident $(#[$attribute:meta])* { $($more:tt)* }) => {
        #[event_schema::event]
        $(#[$attribute])*
        struct $name {
            #[validate(length(min = 3, max = 20), regex(path = *USERNAME))]
            username: String,
            #[validate(email)]
            #[event(messages(invalid = "Not a valid email address."))]
            email: String,
            #[validate(range(min = 18, max = 130))]
            #[event(not_null)]
                    age: Option<i64>,
            #[serde(default)]
            newsletter: bool,
            referrer: Option<String>,
            $($more)*
        }
    };
}

static USERNAME: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z0-9_]+$").expect("a pattern"));

signup!(Signup #[serde(deny_unknown_fields)] {});
signup!(SignupExclude {});
signup!(SignupInclude {
    #[serde(flatten)]
    extra: Map<String, Value>,
});

#[event_schema::event]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Camel {
    first_name: String,
    #[event(not_null)]
    last_name: Option<String>,
    #[event(not_null)]
    home_address: Option<Addr>,
}

#[event_schema::event]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Addr {
    #[validate(length(equal = 5))]
    zip_code: String,
    #[event(not_null)]
    street: Option<String>,
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Numbers {
    #[event(not_null)]
    i: Option<i128>,
    #[event(not_null)]
    strict_i: Option<i128>,
    #[event(not_null)]
    f: Option<f64>,
    #[event(not_null)]
    d: Option<Decimal>,
    #[event(not_null)]
    b: Option<bool>,
    #[event(not_null)]
    s: Option<String>,
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
#[validate(schema(function = starts_before_end, message = "start must be before end"))]
struct Window {
    start: i64,
    end: i64,
    #[event(not_null)]
    label: Option<String>,
}

fn starts_before_end(window: &Window) -> Result<(), ValidationError> {
    if window.start < window.end { Ok(()) } else { Err(ValidationError::new("order")) }
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Lists {
    #[event(not_null, each(length(min = 1, max = 5)))]
    tags: Option<Vec<String>>,
    #[event(not_null, each(range(min = 0, max = 10)))]
    #[validate(length(max = 3))]
    scores: Option<Vec<i64>>,
    #[event(not_null)]
    matrix: Option<Vec<Vec<f64>>>,
    opt: Option<Vec<Option<i64>>>,
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Defaults {
    #[serde(default = "dflt")]
    s: String,
    #[serde(default = "seven")]
    i: i64,
    #[serde(default = "one")]
    l: Vec<i64>,
    n: Option<String>,
    #[serde(default = "some_x")]
    n2: Option<String>,
    #[event(not_null)]
    plain: Option<String>,
}

fn dflt() -> String {
    "dflt".to_owned()
}

fn seven() -> i64 {
    7
}

fn one() -> Vec<i64> {
    vec![1]
}

#[allow(clippy::unnecessary_wraps, reason = "a default of the field's type")]
fn some_x() -> Option<String> {
    Some("x".to_owned())
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Tree {
    v: i64,
    #[event(not_null)]
    kids: Option<Vec<Tree>>,
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Messages {
    #[event(messages(required = "a is mandatory", null = "a is null", invalid = "a is no integer"))]
    a: i64,
    #[event(not_null)]
    #[validate(length(min = 2, message = "b: at least {min}, got {input}"))]
    b: Option<String>,
}

/// As many kinds of fields and rules as there are.
#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Shop {
    id: Uuid,
    #[event(not_null, messages(invalid = "Not a valid URL."))]
    #[validate(url)]
    site: Option<String>,
    #[event(not_null)]
    at: Option<NaiveDateTime>,
    #[event(not_null)]
    day: Option<NaiveDate>,
    #[event(not_null)]
    ts: Option<NaiveTime>,
    #[event(not_null, messages(invalid = "Not a valid IPv4 address."))]
    ip: Option<Ipv4Addr>,
    #[event(not_null)]
    color: Option<Color>,
    #[event(not_null, one_of("free", "paid"))]
    plan: Option<String>,
    #[event(not_null, none_of("root", "admin"))]
    not_plan: Option<String>,
    #[event(not_null, equal(true))]
    terms: Option<bool>,
    #[event(not_null, contains_only("en", "de"))]
    langs: Option<Vec<String>>,
    #[event(not_null, contains_none_of("x"))]
    bad: Option<Vec<String>>,
    #[event(not_null, keys(length(max = 2)), values(range(max = 9)))]
    counts: Option<BTreeMap<String, i64>>,
    #[event(not_null)]
    free: Option<Map<String, Value>>,
    #[event(not_null)]
    ids: Option<BTreeMap<i64, String>>,
    #[event(not_null)]
    pair: Option<(String, i64)>,
    #[event(not_null)]
    inner: Option<Inner>,
    #[event(not_null)]
    #[validate(length(min = 1, max = 2))]
    inners: Option<Vec<Inner>>,
    #[event(not_null)]
    by: Option<BTreeMap<String, Inner>>,
    #[event(not_null)]
    raw: Option<Value>,
    #[event(not_null)]
    #[validate(range(exclusive_min = 0))]
    zero: Option<f64>,
    #[event(not_null)]
    #[validate(range(min = 0.5))]
    amount: Option<Decimal>,
    #[event(not_null, equal(5))]
    eq5: Option<i64>,
    #[event(not_null)]
    #[validate(range(max = 3))]
    rng: Option<i64>,
}

#[event_schema::event]
#[serde(rename_all = "lowercase")]
enum Color {
    Red,
    Green,
}

#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Inner {
    #[validate(length(min = 1))]
    sku: String,
    #[validate(range(exclusive_min = 0, exclusive_max = 10))]
    n: i64,
}

/// `Inner(unknown=EXCLUDE)`.
#[event_schema::event]
struct OpenInner {
    #[validate(length(min = 1))]
    sku: String,
    #[validate(range(exclusive_min = 0, exclusive_max = 10))]
    n: i64,
}

/// `Inner(only=("sku",))`.
#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Sku {
    #[validate(length(min = 1))]
    sku: String,
}

#[event_schema::event]
struct Base {
    #[validate(length(min = 2), regex(path = *LETTERS))]
    #[event(none_of("zz"))]
    kind: String,
    strict: Inner,
    #[event(not_null)]
    open: Option<OpenInner>,
    #[event(not_null)]
    part: Option<InnerPart>,
    #[event(not_null)]
    only: Option<Sku>,
    #[event(not_null, messages(invalid = "Invalid type."))]
    many: Option<Vec<Inner>>,
}

/// `Inner(partial=True)`.
#[event_schema::event]
#[serde(deny_unknown_fields)]
struct InnerPart {
    #[event(not_null)]
    #[validate(length(min = 1))]
    sku: Option<String>,
    #[event(not_null)]
    #[validate(range(exclusive_min = 0, exclusive_max = 10))]
    n: Option<i64>,
}

static LETTERS: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-c]+$").expect("a pattern"));

#[event_schema::event]
#[serde(deny_unknown_fields)]
#[validate(schema(function = ends_after_start, field = end, message = "must be after start"))]
struct Blamed {
    start: i64,
    end: i64,
}

fn ends_after_start(window: &Blamed) -> Result<(), ValidationError> {
    if window.start < window.end { Ok(()) } else { Err(ValidationError::new("order")) }
}

/// Our answer, or `None` where there is no struct for the schema.
fn answer(case: &Case) -> Option<Answer> {
    match (case.schema_name.as_str(), case.options.unknown.as_deref()) {
        ("signup", None) => load::<Signup>(case),
        ("signup", Some("exclude")) => load::<SignupExclude>(case),
        ("signup", Some("include")) => load::<SignupInclude>(case),
        ("camel", None) => load::<Camel>(case),
        ("numbers", None) => load::<Numbers>(case),
        ("window", None) => load::<Window>(case),
        ("lists", None) => load::<Lists>(case),
        ("defaults", None) => load::<Defaults>(case),
        ("tree", None) => load::<Tree>(case),
        ("messages", None) => load::<Messages>(case),
        ("shop", None) => load::<Shop>(case),
        ("base", None) => load::<Base>(case),
        ("blamed", None) => load::<Blamed>(case),
        _ => None,
    }
}

fn load<E: EventSchema>(case: &Case) -> Option<Answer> {
    let input = case.input.get().as_bytes();
    // By text: a `Value` has no place for integers of 128 bits.
    let dumped = |event: E| serde_json::from_slice(&event.dump().expect("what loads is valid")).expect("JSON");
    Some(match (&case.options.partial, case.options.many) {
        (None, false) => Answer::of(E::load(input), dumped),
        (None, true) => Answer::of(E::load_many(input), |events| events.into_iter().map(dumped).collect()),
        (Some(Value::Bool(true)), false) => Answer::of(E::load_partial(input), |part| part.into_object().into()),
        (Some(Value::Bool(true)), true) => Answer::of(E::load_partial_many(input), |parts| {
            parts.into_iter().map(|part| Value::Object(part.into_object())).collect()
        }),
        (Some(Value::Array(attributes)), false) => {
            // Marshmallow goes by attribute, `partial` by the name on the wire.
            let fields = case.schema["fields"].as_array().expect("a list of fields");
            let named = fields.iter().filter(|field| attributes.contains(&field["name"]));
            let wire: Vec<&str> =
                named.filter_map(|field| field.get("data_key").unwrap_or(&field["name"]).as_str()).collect();
            let options = LoadOptions::new().partial(&wire);
            Answer::of(E::load_partial_with(input, &options), |part| part.into_object().into())
        }
        _ => return None,
    })
}

/// Under the names of Marshmallow's attributes, as it loads; without what is null: there an attribute can
/// be missing, here an `Option` is `None` either way.
fn by_attribute(value: Value, schema: &Value) -> Value {
    match value {
        Value::Array(list) => list.into_iter().map(|value| by_attribute(value, schema)).collect(),
        Value::Object(object) => {
            let rename = |(key, value): (String, Value)| {
                let field = schema["fields"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .find(|field| field.get("data_key").unwrap_or(&field["name"]) == &*key);
                let name = field.and_then(|field| field["name"].as_str()).unwrap_or(&key).to_owned();
                let inner = field.map_or(&Value::Null, |field| field.get("inner").unwrap_or(field));
                let value = match &inner["schema"] {
                    // 1E+5 and 100000 are one.
                    _ if inner["type"] == "decimal" => decimal(&value),
                    Value::String(_) => by_attribute(value, schema),
                    Value::Null => value,
                    nested => by_attribute(value, nested),
                };
                (!value.is_null()).then_some((name, value))
            };
            object.into_iter().filter_map(rename).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

fn decimal(value: &Value) -> Value {
    let Some(text) = value.as_str() else { return value.clone() };
    let parsed = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
    parsed.map_or_else(|_| value.clone(), |decimal| decimal.normalize().to_string().into())
}

/// What is compared, and how it went.
#[derive(Default)]
struct Tally {
    agreed: usize,
    by_design: usize,
    failing: Vec<String>,
}

impl Tally {
    fn of(cases: &str) -> Self {
        let reasons: BTreeMap<&str, &str> =
            BY_DESIGN.iter().flat_map(|(reason, ids)| ids.iter().map(move |id| (*id, *reason))).collect();
        let mut tally = Self::default();
        for line in cases.lines() {
            let case: Case = serde_json::from_str(line).expect("a case");
            let reason = reasons.get(&*case.id).copied();
            tally.count(case, reason);
        }
        println!("agreed {}, differing by design {}, failing {}", tally.agreed, tally.by_design, tally.failing.len());
        tally
    }

    fn count(&mut self, case: Case, reason: Option<&str>) {
        let Some(ours) = answer(&case) else {
            self.failing.push(format!("{}: no struct for the schema `{}`", case.id, case.schema_name));
            return;
        };
        let comparable = |answer| match answer {
            Answer::Ok(value) => Answer::Ok(by_attribute(value, &case.schema)),
            errors @ Answer::Errors(_) => errors,
        };
        let (ours, theirs) = (comparable(ours), comparable(case.expect));
        match (ours == theirs, reason) {
            (true, None) => self.agreed += 1,
            (false, Some(_)) => self.by_design += 1,
            (true, Some(reason)) => self.failing.push(format!("{}: no longer differs ({reason})", case.id)),
            (false, None) => {
                self.failing.push(format!("{}: {}\n  ours   {ours:?}\n  theirs {theirs:?}", case.id, case.input));
            }
        }
    }
}

#[test]
fn answers_are_marshmallows() {
    if !Path::new(CORPUS).exists() {
        println!("skipped: the corpus of Marshmallow's answers is not beside the project");
        return;
    }
    let tally = Tally::of(&std::fs::read_to_string(CORPUS).expect("a readable file"));
    for (reason, ids) in BY_DESIGN {
        println!("  {}: {reason}", ids.len());
    }
    assert!(tally.failing.is_empty(), "{}", tally.failing.join("\n"));
}

/// What marshmallow 4.4 said of schemas that the corpus does not have: other kinds of fields, more rules,
/// schemas inside schemas with options of their own.
#[test]
fn more_answers_are_marshmallows() {
    let tally = Tally::of(include_str!("marshmallow/more.jsonl"));
    assert!(tally.failing.is_empty(), "{}", tally.failing.join("\n"));
}

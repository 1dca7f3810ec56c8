//! Marshmallow's own answers: each schema of the corpus as a struct, the same tree of messages for
//! every message and the same loaded value, but for the differences that are listed with a reason.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use event_schema::chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use event_schema::prelude::*;
use event_schema::regex::Regex;
use event_schema::rust_decimal::Decimal;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

const CORPUS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpora/marshmallow_cases.jsonl");

/// Where the answers to messages of our own differ on purpose: each entry fails once it no longer does.
const BY_DESIGN: &[(&str, &str)] = &[
    ("base-08", "null in a list of schemas is told as in `List(Nested(...))`, not as in `Nested(many=True)`"),
    ("kinds-02", "of a point in time without its offset no more is told than of another text that is none"),
    ("shop-18", "of an enum the choices are told whatever stood there"),
    ("shop-22", "a boolean is spelled as in JSON, `true`"),
];

const NO_COERCION: &str = "no coercion: text is no number or boolean, and 1 is no boolean";
const NO_FRACTION: &str =
    "no coercion: what is written as a fraction is no integer, as with Marshmallow's `strict=True`";
const SIZE: &str = "a number has a size: 10^40 is beyond 128 bits, and beyond a decimal";
const EMAIL: &str = "an email address is what HTML says: `a@b` is one, letters beyond ASCII are in none";
const NEWLINE: &str = "a pattern's `$` is the end of the text, in Python also before a newline there";
const LIST: &str = "a list's own rules run beside those of its elements";
const INPUT: &str = "a message does not quote the input: `{input}` stays as it is";
const ALONE: &str = "each event of a list is judged alone, the rules of the whole too";

/// The places in the answer to a case where it may differ on purpose, and why.
#[derive(Default)]
struct Places(Vec<(Vec<String>, &'static str)>);

impl Places {
    fn of(case: &Case) -> Self {
        let mut places = Self::default();
        let input: Value = serde_json::from_str(case.input.get()).expect("JSON");
        let whole = case.schema.get("schema_validate").is_some();
        match &input {
            Value::Array(list) if case.options.many => {
                for (index, input) in list.iter().enumerate() {
                    let at = [index.to_string()];
                    places.schema(&case.schema, input, &at);
                    if whole {
                        places.add(&at, "_schema", ALONE);
                    }
                }
            }
            input => places.schema(&case.schema, input, &[]),
        }
        places
    }

    fn add(&mut self, at: &[String], last: &str, reason: &'static str) {
        let mut place = at.to_vec();
        place.push(last.to_owned());
        self.0.push((place, reason));
    }

    fn schema(&mut self, schema: &Value, input: &Value, at: &[String]) {
        for field in schema["fields"].as_array().into_iter().flatten() {
            let name = field.get("data_key").unwrap_or(&field["name"]).as_str().expect("a name");
            if let Some(value) = input.get(name) {
                self.field(schema, field, value, &[at, &[name.to_owned()]].concat());
            }
        }
    }

    fn field(&mut self, schema: &Value, field: &Value, value: &Value, at: &[String]) {
        let rules = field["validate"].as_array().map_or(&[][..], Vec::as_slice);
        let quotes = |rule: &Value| rule["error"].as_str().is_some_and(|text| text.contains("{input}"));
        let reason = match (field["type"].as_str().expect("a type"), value) {
            ("int" | "decimal", Value::Number(number)) if number.as_f64().is_some_and(|number| number.abs() > 1e38) => {
                Some(SIZE)
            }
            ("int", Value::Number(number)) if number.is_f64() => Some(NO_FRACTION),
            ("int" | "float" | "decimal", Value::String(_) | Value::Bool(_))
            | ("bool", Value::String(_) | Value::Number(_)) => Some(NO_COERCION),
            ("email", Value::String(text)) => {
                let domain = text.split_once('@').map_or("", |(_, domain)| domain);
                (!text.is_ascii() || !domain.is_empty() && !domain.contains('.')).then_some(EMAIL)
            }
            (_, Value::String(text)) if text.ends_with('\n') && rules.iter().any(|rule| rule["kind"] == "regexp") => {
                Some(NEWLINE)
            }
            _ if rules.iter().any(quotes) => Some(INPUT),
            _ => None,
        };
        if let (Some(reason), [parents @ .., last]) = (reason, at) {
            self.add(parents, last, reason);
        }
        if let ("list", Value::Array(list)) = (field["type"].as_str().expect("a type"), value) {
            for (index, value) in list.iter().enumerate() {
                self.field(schema, &field["inner"], value, &[at, &[index.to_string()]].concat());
            }
            if !rules.is_empty() {
                self.add(at, "_schema", LIST);
            }
        }
        match &field["schema"] {
            Value::String(_) => self.schema(schema, value, at),
            Value::Null => {}
            inner => self.schema(inner, value, at),
        }
    }

    /// Takes these places out of an answer, and the reasons for those that are there.
    fn prune(&self, answer: &Answer, reasons: &mut BTreeSet<&'static str>) -> Value {
        fn remove(tree: &mut Value, place: &[String]) -> bool {
            let [first, rest @ ..] = place else { return false };
            let Some(inner) = (match tree {
                Value::Object(object) => object.get_mut(first),
                Value::Array(list) => first.parse::<usize>().ok().and_then(|index| list.get_mut(index)),
                _ => None,
            }) else {
                return false;
            };
            let found = rest.is_empty() || remove(inner, rest);
            if rest.is_empty() || inner.as_object().is_some_and(Map::is_empty) {
                *inner = Value::Null;
                if let Value::Object(object) = tree {
                    object.remove(first);
                }
            }
            found
        }
        let mut tree = match answer {
            Answer::Ok(_) => return Value::Object(Map::new()),
            Answer::Errors(tree) => tree.clone(),
        };
        reasons.extend(self.0.iter().filter(|(place, _)| remove(&mut tree, place)).map(|(_, reason)| *reason));
        tree
    }
}

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
#[derive(Clone, Debug, PartialEq, Deserialize)]
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

fn starts_before_end(window: &Window) -> Result<(), Violation> {
    if window.start < window.end { Ok(()) } else { Err(Violation::new("order")) }
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

fn ends_after_start(window: &Blamed) -> Result<(), Violation> {
    if window.start < window.end { Ok(()) } else { Err(Violation::new("order")) }
}

/// More kinds of fields.
#[event_schema::event]
#[serde(deny_unknown_fields)]
struct Kinds {
    #[event(not_null)]
    aware: Option<DateTime<FixedOffset>>,
    #[event(not_null)]
    when: Option<NaiveDateTime>,
    #[event(not_null)]
    six: Option<Ipv6Addr>,
    #[event(not_null)]
    ip: Option<IpAddr>,
    #[event(not_null, messages(invalid = "Must be one of: 1, 2."))]
    prio: Option<Priority>,
    #[event(not_null)]
    m: Option<BTreeMap<String, Vec<i64>>>,
    #[event(not_null)]
    t: Option<(i64, Long, bool)>,
    #[event(not_null)]
    raw: Option<Value>,
    #[event(not_null)]
    #[validate(length(min = 2), regex(path = *LETTERS))]
    both: Option<String>,
    #[event(not_null, one_of("abc", "abd"))]
    #[validate(length(equal = 3))]
    code: Option<String>,
    #[event(not_null)]
    #[validate(range(exclusive_min = 0, max = 1))]
    num: Option<f64>,
    #[event(not_null)]
    deep: Option<Vec<Vec<Inner>>>,
    opt: Option<Vec<Inner>>,
    #[event(not_null)]
    ids: Option<Vec<Uuid>>,
    #[event(not_null)]
    days: Option<BTreeMap<NaiveDate, bool>>,
    #[event(not_null)]
    enums: Option<BTreeMap<Level, f64>>,
    #[event(not_null)]
    keep: Option<Keep>,
    #[event(not_null, none_of(3))]
    #[validate(range(min = 1))]
    low: Option<i64>,
    #[event(not_null)]
    #[validate(length(max = 3, message = "At most {max}."))]
    big: Option<String>,
    #[serde(skip_serializing)]
    #[event(not_null)]
    pwd: Option<String>,
    #[serde(skip_deserializing)]
    made: Option<String>,
}

/// `Enum(Prio, by_value=fields.Int())`.
#[event_schema::event]
#[derive(Clone, Copy)]
#[serde(try_from = "i64", into = "i64")]
enum Priority {
    Low = 1,
    High = 2,
}

impl TryFrom<i64> for Priority {
    type Error = ();

    fn try_from(number: i64) -> Result<Self, ()> {
        match number {
            1 => Ok(Self::Low),
            2 => Ok(Self::High),
            _ => Err(()),
        }
    }
}

impl From<Priority> for i64 {
    fn from(priority: Priority) -> Self {
        priority as Self
    }
}

/// `Str(validate=Length(min=2))` inside a tuple.
#[event_schema::event]
struct Long(#[validate(length(min = 2))] String);

#[event_schema::event]
#[derive(PartialEq, Eq, PartialOrd, Ord)]
#[serde(rename_all = "lowercase")]
enum Level {
    Low,
    High,
}

/// `unknown = INCLUDE`.
#[event_schema::event]
struct Keep {
    #[event(not_null)]
    a: Option<i64>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

#[event_schema::event(pre_load = rename, post_load = lowercase)]
#[serde(deny_unknown_fields)]
#[validate(schema(function = is_welcome, message = "blocked"))]
struct Hooked {
    #[validate(email)]
    #[event(messages(invalid = "Not a valid email address."))]
    email: String,
}

fn rename(mut value: Value) -> Value {
    match value.as_object_mut().and_then(|object| object.remove("mail")) {
        Some(mail) => serde_json::json!({ "email": mail }),
        None => value,
    }
}

fn lowercase(mut hooked: Hooked) -> Hooked {
    hooked.email = hooked.email.to_lowercase();
    hooked
}

fn is_welcome(hooked: &Hooked) -> Result<(), Violation> {
    if hooked.email.starts_with("eve") { Err(Violation::new("blocked")) } else { Ok(()) }
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
        _ => None,
    }
}

/// Our answer to a case of our own.
fn answer_to_ours(case: &Case) -> Option<Answer> {
    match case.schema_name.as_str() {
        "shop" => load::<Shop>(case),
        "base" => load::<Base>(case),
        "blamed" => load::<Blamed>(case),
        "kinds" => load::<Kinds>(case),
        "hooked" => load::<Hooked>(case),
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
            Answer::of(options.load_partial::<E>(input), |part| part.into_object().into())
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
    by_design: BTreeMap<&'static str, usize>,
    /// Cases of schemas that there is no struct for, by the schemas' names.
    without_struct: BTreeMap<String, usize>,
    failing: Vec<String>,
}

impl Tally {
    fn of(cases: &str, answer: fn(&Case) -> Option<Answer>) -> Self {
        let mut tally = Self::default();
        for line in cases.lines() {
            let case: Case = serde_json::from_str(line).expect("a case");
            match answer(&case) {
                Some(ours) => tally.count(&case, ours),
                None => *tally.without_struct.entry(case.schema_name).or_default() += 1,
            }
        }
        let by_design: usize = tally.by_design.values().sum();
        println!("agreed {}, differing by design {by_design}, failing {}", tally.agreed, tally.failing.len());
        for (reason, count) in &tally.by_design {
            println!("  {count}: {reason}");
        }
        for (schema, count) in &tally.without_struct {
            println!("no struct here: {schema}, of {count} cases");
        }
        tally
    }

    fn count(&mut self, case: &Case, ours: Answer) {
        let comparable = |answer| match answer {
            Answer::Ok(value) => Answer::Ok(by_attribute(value, &case.schema)),
            errors @ Answer::Errors(_) => errors,
        };
        let (ours, theirs) = (comparable(ours), comparable(case.expect.clone()));
        let named = BY_DESIGN.iter().find(|(id, _)| *id == case.id).map(|(_, reason)| *reason);
        if ours == theirs {
            match named {
                None => self.agreed += 1,
                Some(reason) => self.failing.push(format!("{}: no longer differs ({reason})", case.id)),
            }
            return;
        }
        let mut reasons = BTreeSet::from_iter(named);
        let places = Places::of(case);
        let values_differ = matches!((&ours, &theirs), (Answer::Ok(_), Answer::Ok(_)));
        let same = !values_differ && places.prune(&ours, &mut reasons) == places.prune(&theirs, &mut reasons);
        match reasons.first() {
            Some(reason) if same || named.is_some() => *self.by_design.entry(*reason).or_default() += 1,
            _ => self.failing.push(format!("{}: {}\n  ours   {ours:?}\n  theirs {theirs:?}", case.id, case.input)),
        }
    }
}

#[test]
fn answers_are_marshmallows() {
    let tally = Tally::of(&std::fs::read_to_string(CORPUS).expect("a readable file"), answer);
    assert!(tally.failing.is_empty(), "{}", tally.failing.join("\n"));
    assert!(tally.agreed > 0, "nothing was compared");
    for reason in [NO_COERCION, NO_FRACTION, SIZE, EMAIL, NEWLINE, LIST, INPUT, ALONE] {
        assert!(tally.by_design.contains_key(reason), "no longer differs: {reason}");
    }
}

/// What marshmallow 4.4 said of schemas that the corpus does not have: other kinds of fields, more rules,
/// schemas inside schemas with options of their own.
#[test]
fn more_answers_are_marshmallows() {
    let tally = Tally::of(include_str!("../corpora/marshmallow_more.jsonl"), answer_to_ours);
    assert!(tally.failing.is_empty(), "{}", tally.failing.join("\n"));
    assert!(tally.without_struct.is_empty());
}

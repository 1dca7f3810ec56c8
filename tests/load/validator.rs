//! Rules against validator's own derive: twin types under the same attributes, one with our derive and
//! one with validator's, over arbitrary values; both find the same, but for what [`shown`] leaves out and
//! the tests below name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::LazyLock;

use event_schema::prelude::*;
use event_schema::regex::Regex;
use event_schema::serde::de::DeserializeOwned;
use event_schema::validator::{Validate, ValidateArgs, ValidationError, ValidationErrors, ValidationErrorsKind};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new("^[a-z]+$").expect("a pattern"));
const MOST: u32 = 9;

/// The same struct twice: `ours` derives `EventSchema`, `theirs` validator's `Validate`.
macro_rules! twins {
    ($($(#[$attribute:meta])* struct $name:ident { $($body:tt)* })*) => {
        #[allow(clippy::option_option, reason = "rules look through two of them")]
        mod ours {
            use super::*;
            $(
                #[derive(Debug, Serialize, Deserialize, EventSchema)]
                $(#[$attribute])*
                pub(crate) struct $name { $($body)* }
            )*
        }
        #[allow(clippy::option_option, reason = "rules look through two of them")]
        mod theirs {
            use super::*;
            $(
                #[derive(Debug, Serialize, Deserialize, validator::Validate)]
                $(#[$attribute])*
                pub(crate) struct $name { $($body)* }
            )*
        }
    };
}

twins! {
    struct Texts {
        #[validate(length(min = 2, max = 4))]
        pub(crate) between: String,
        #[validate(length(equal = 3, code = "three", message = "Three."))]
        pub(crate) equal: Option<String>,
        #[validate(email)]
        pub(crate) email: String,
        #[validate(email(code = "mail", message = "No mail."))]
        pub(crate) mail: Option<Option<String>>,
        #[validate(url)]
        pub(crate) url: String,
        #[validate(ip)]
        pub(crate) ip: String,
        #[validate(ip(v4 = true))]
        pub(crate) v4: Option<String>,
        #[validate(ip(v6 = true))]
        pub(crate) v6: String,
        #[validate(regex(path = *WORD))]
        pub(crate) word: String,
        #[validate(regex(path = *WORD, message = "A word."), length(max = 3))]
        pub(crate) short_word: Option<String>,
        #[validate(contains(pattern = "a"))]
        pub(crate) with: String,
        #[validate(does_not_contain(pattern = "a"))]
        pub(crate) without: Option<String>,
        #[validate(contains(pattern = "b"), does_not_contain(pattern = "a"), length(min = 2))]
        pub(crate) both: String,
        #[validate(must_match(other = "with"))]
        pub(crate) again: String,
        #[validate(non_control_character)]
        pub(crate) line: String,
        #[validate(credit_card)]
        pub(crate) card: String,
        #[validate(required)]
        pub(crate) given: Option<String>,
        #[validate(required, length(max = 2))]
        pub(crate) given_short: Option<String>,
        #[validate(custom(function = "no_b"), custom(function = "no_c", code = "c", message = "No c."))]
        pub(crate) custom: String,
        #[validate(custom(function = "no_b"))]
        pub(crate) custom_option: Option<String>,
        #[validate(skip, length(min = 100))]
        pub(crate) skipped: String,
    }

    struct Numbers {
        #[validate(range(min = 3, max = MOST))]
        pub(crate) small: u32,
        #[validate(range(exclusive_min = -1.5, exclusive_max = 2.5))]
        pub(crate) open: f64,
        #[validate(range(min = -2, exclusive_max = 2, code = "near"))]
        pub(crate) near: i8,
        #[validate(range(max = 5))]
        pub(crate) option: Option<i64>,
        #[validate(range(min = 1))]
        pub(crate) options: Option<Option<u8>>,
        #[validate(custom(function = "even"))]
        pub(crate) even: u32,
        #[validate(custom(function = "even", message = "Odd."), range(max = 5))]
        pub(crate) even_option: Option<u32>,
        #[validate(must_match(other = "small"))]
        pub(crate) again: u32,
        #[validate(range(max = 3.5))]
        pub(crate) float: Option<f32>,
    }

    struct Containers {
        #[validate(length(min = 1, max = 2))]
        pub(crate) list: Vec<u8>,
        #[validate(length(max = 1))]
        pub(crate) set: BTreeSet<u8>,
        #[validate(length(equal = 1))]
        pub(crate) map: Option<BTreeMap<String, u8>>,
        #[validate(contains(pattern = "a"))]
        pub(crate) with: HashMap<String, u8>,
        #[validate(does_not_contain(pattern = "a"))]
        pub(crate) without: HashMap<String, u8>,
        #[validate(custom(function = "few"))]
        pub(crate) few: Vec<u8>,
    }

    struct Leaf {
        #[validate(range(max = 5))]
        pub(crate) size: u8,
        #[validate(length(max = 2))]
        pub(crate) name: Option<String>,
    }

    #[validate(schema(function = "no_twos", message = "Twos."))]
    #[validate(schema(function = "no_threes", skip_on_field_errors = true))]
    #[validate(schema(function = "no_twos", code = "again", skip_on_field_errors = false))]
    struct Nested {
        #[validate(nested)]
        pub(crate) one: Leaf,
        #[validate(nested)]
        pub(crate) maybe: Option<Leaf>,
        #[validate(nested)]
        pub(crate) list: Vec<Leaf>,
        #[validate(nested)]
        pub(crate) lists: Option<Vec<Leaf>>,
        #[validate(range(max = 8))]
        pub(crate) number: u8,
        #[validate(nested, length(max = 2))]
        pub(crate) few: Vec<Leaf>,
    }

    #[validate(schema(function = "no_twos", skip_on_field_errors = false))]
    #[validate(schema(function = "no_threes"))]
    struct Waiting {
        #[validate(nested)]
        pub(crate) leaf: Leaf,
        pub(crate) number: u8,
    }

    struct Maps {
        #[validate(nested)]
        pub(crate) map: BTreeMap<String, Leaf>,
    }

    struct Silent {
        pub(crate) leaf: Leaf,
    }

    struct Wide {
        #[validate(range(max = 5))]
        pub(crate) number: u128,
    }

    #[validate(context = Limits)]
    #[validate(schema(function = "within", use_context))]
    struct Bid {
        #[validate(custom(function = "affordable", use_context))]
        pub(crate) cents: u32,
        #[validate(custom(function = "affordable", use_context, message = "No b."))]
        pub(crate) tip: Option<u32>,
        pub(crate) number: u32,
    }
}

fn no_b(text: &str) -> Result<(), ValidationError> {
    if text.contains('b') { Err(ValidationError::new("b").with_message(Cow::Borrowed("No b."))) } else { Ok(()) }
}

fn no_c(text: &str) -> Result<(), ValidationError> {
    let mut error = ValidationError::new("other");
    error.add_param("length".into(), &text.len());
    if text.contains('c') { Err(error) } else { Ok(()) }
}

fn even(number: u32) -> Result<(), ValidationError> {
    if number.is_multiple_of(2) { Ok(()) } else { Err(ValidationError::new("odd")) }
}

fn few(list: &[u8]) -> Result<(), ValidationError> {
    if list.len() < 2 { Ok(()) } else { Err(ValidationError::new("few")) }
}

/// Rules of the whole see the value as JSON, so that one function serves both twins.
fn number_of(whole: &impl Serialize) -> u64 {
    serde_json::to_value(whole).expect("JSON")["number"].as_u64().expect("a number")
}

fn no_twos(whole: &impl Serialize) -> Result<(), ValidationError> {
    if number_of(whole).is_multiple_of(2) { Err(ValidationError::new("twos")) } else { Ok(()) }
}

fn no_threes(whole: &impl Serialize) -> Result<(), ValidationError> {
    if number_of(whole).is_multiple_of(3) { Err(ValidationError::new("threes")) } else { Ok(()) }
}

/// What both say, as JSON: of each error its code, and what the attribute or the function gave it.
///
/// Left out is what differs by design:
/// - the param `value`: a violation has no copy of what was found;
/// - of `must_match` the param `other`, which is the other field's value there and its name here;
/// - the param of `contains`, which is called `pattern` here as in the attribute, and `needle` there;
/// - of `ip` the params `v4` and `v6`, which theirs does not tell;
/// - a message that was not given: ours has the library's sentence then, and theirs none;
/// - the order of a field's errors: ours is that in which the rules are written, theirs is by kind.
fn shown(errors: &ValidationErrors) -> Value {
    let of_kind = |kind: &ValidationErrorsKind| match kind {
        ValidationErrorsKind::Struct(inner) => shown(inner),
        ValidationErrorsKind::List(list) => list
            .iter()
            .map(|(index, inner)| (index.to_string(), shown(inner)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        ValidationErrorsKind::Field(errors) => {
            let mut errors: Vec<String> = errors
                .iter()
                .map(|error| {
                    let params: BTreeMap<_, _> = error
                        .params
                        .iter()
                        .filter(|(name, _)| !matches!(&***name, "value" | "needle" | "pattern" | "v4" | "v6"))
                        .filter(|(name, _)| !(error.code == "must_match" && *name == "other"))
                        .collect();
                    let given = error.message.as_deref().filter(|message| GIVEN.contains(message));
                    format!("{} {} {}", error.code, json!(params), given.unwrap_or_default())
                })
                .collect();
            errors.sort_unstable();
            errors.into()
        }
    };
    errors.0.iter().map(|(field, kind)| (field.to_string(), of_kind(kind))).collect::<serde_json::Map<_, _>>().into()
}

/// The messages that attributes and functions give.
const GIVEN: &[&str] = &["Three.", "No mail.", "A word.", "No b.", "No c.", "Odd.", "Twos."];

/// What ours and theirs find in the same value.
fn judged<O, T>(value: &Value) -> (Value, Value)
where
    O: EventSchema + Validate + DeserializeOwned,
    T: DeserializeOwned + Validate,
{
    // Made by serde and not by load, which would refuse it.
    let result = |result: Result<(), ValidationErrors>| result.err().map_or(Value::Null, |errors| shown(&errors));
    let ours: O = read(value);
    let theirs: T = read(value);
    (result(Validate::validate(&ours)), result(theirs.validate()))
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a value of the type")
}

fn agree<O, T>(values: impl Strategy<Value = Value>)
where
    O: EventSchema + Validate + DeserializeOwned,
    T: DeserializeOwned + Validate,
{
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { 1000 };
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&values, |value| {
        let (ours, theirs) = judged::<O, T>(&value);
        prop_assert_eq!(&ours, &theirs, "{}", value);
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{}: {error}", O::descriptor().name()));
}

/// Texts that some rule is about, and short ones of few letters.
fn text() -> impl Strategy<Value = Value> {
    const TEXTS: &[&str] = &[
        "",
        "abc",
        "a@b",
        "ada@example.org",
        "ü@example.org",
        "@",
        "a b@c.d",
        "ada@[127.0.0.1]",
        "http://a.b/c?d#e",
        "mailto:a@b",
        "a.b",
        "//a",
        "127.0.0.1",
        "256.0.0.1",
        "::1",
        "1::2::3",
        "4111111111111111",
        "4111111111111112",
        "a\u{7}",
        "\u{85}",
        "äöü",
        "🌍🌍🌍",
        "e\u{301}",
        "line\nline",
        "A",
    ];
    prop_oneof![prop::sample::select(TEXTS).prop_map(Value::from), "[abc]{0,5}".prop_map(Value::from)]
}

fn maybe(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop_oneof![1 => Just(Value::Null), 3 => value].boxed()
}

fn list(value: impl Strategy<Value = Value> + 'static) -> BoxedStrategy<Value> {
    prop::collection::vec(value, 0..4).prop_map(Value::from).boxed()
}

fn number(from: i64, to: i64) -> BoxedStrategy<Value> {
    (from..=to).prop_map(Value::from).boxed()
}

/// Halves, so that bounds are met.
fn float() -> BoxedStrategy<Value> {
    (-8..=8_i32).prop_map(|halves| json!(f64::from(halves) / 2.0)).boxed()
}

/// A set, or a map's entries: no key stands twice.
fn map() -> BoxedStrategy<Value> {
    prop::collection::btree_map("[ab]{0,2}", 0..5_u8, 0..3).prop_map(|map| json!(map)).boxed()
}

fn set() -> BoxedStrategy<Value> {
    prop::collection::btree_set(0..5_u8, 0..3).prop_map(|set| json!(set)).boxed()
}

fn object(fields: Vec<(&'static str, BoxedStrategy<Value>)>) -> BoxedStrategy<Value> {
    let (names, values): (Vec<_>, Vec<_>) = fields.into_iter().unzip();
    values
        .prop_map(move |values| {
            names.iter().map(|name| (*name).to_owned()).zip(values).collect::<serde_json::Map<_, _>>().into()
        })
        .boxed()
}

fn leaf() -> BoxedStrategy<Value> {
    object(vec![("size", number(3, 7)), ("name", maybe("[abc]{0,3}".prop_map(Value::from)))])
}

#[test]
fn texts() {
    const OPTIONS: &[&str] = &["equal", "mail", "v4", "short_word", "without", "given", "given_short", "custom_option"];
    const OTHERS: &[&str] =
        &["between", "email", "url", "ip", "v6", "word", "with", "both", "again", "line", "card", "custom", "skipped"];
    let options = OPTIONS.iter().map(|name| (*name, maybe(text())));
    let others = OTHERS.iter().map(|name| (*name, text().boxed()));
    agree::<ours::Texts, theirs::Texts>(object(options.chain(others).collect()));
}

#[test]
fn numbers() {
    agree::<ours::Numbers, theirs::Numbers>(object(vec![
        ("small", number(1, 11)),
        ("open", float()),
        ("near", number(-4, 4)),
        ("option", maybe(number(3, 7))),
        ("options", maybe(number(0, 2))),
        ("even", number(0, 9)),
        ("even_option", maybe(number(0, 9))),
        ("again", number(1, 11)),
        ("float", maybe(float())),
    ]));
}

#[test]
fn containers() {
    agree::<ours::Containers, theirs::Containers>(object(vec![
        ("list", list(number(0, 9))),
        ("set", set()),
        ("map", maybe(map())),
        ("with", map()),
        ("without", map()),
        ("few", list(number(0, 9))),
    ]));
}

#[test]
fn nested() {
    agree::<ours::Nested, theirs::Nested>(object(vec![
        ("one", leaf()),
        ("maybe", maybe(leaf())),
        ("list", list(leaf())),
        ("lists", maybe(list(leaf()))),
        ("few", list(leaf())),
        ("number", number(0, 12)),
    ]));
}

pub(super) struct Limits {
    max: u32,
}

fn affordable(cents: u32, limits: &Limits) -> Result<(), ValidationError> {
    if cents <= limits.max { Ok(()) } else { Err(ValidationError::new("too_expensive")) }
}

fn within(bid: &impl Serialize, limits: &Limits) -> Result<(), ValidationError> {
    if number_of(bid) <= u64::from(limits.max) { Ok(()) } else { Err(ValidationError::new("beyond")) }
}

#[test]
fn contexts() {
    for (cents, tip, number) in
        [(0, None, 0), (5, Some(5), 5), (6, None, 0), (0, Some(6), 9), (6, Some(7), 8), (0, None, 6)]
    {
        let value = json!({"cents": cents, "tip": tip, "number": number});
        let limits = Limits { max: 5 };
        let ours = read::<ours::Bid>(&value).validate_with_args(&limits);
        let theirs = read::<theirs::Bid>(&value).validate_with_args(&limits);
        let found = |result: Result<(), ValidationErrors>| result.err().map(|errors| shown(&errors));
        assert_eq!(found(ours), found(theirs), "{value}");
    }
}

/// validator keeps what is inside a field only while the field itself has no error, and so does our
/// `ValidationErrors`, which has no room for both; our violations have both.
#[test]
fn findings_inside_stand_beside_the_fields_own() {
    let value = json!({"one": {"size": 0}, "list": [], "number": 1, "few": [{"size": 0}, {"size": 9}, {"size": 0}]});
    let (ours, theirs) = judged::<ours::Nested, theirs::Nested>(&value);
    assert_eq!((&ours, &theirs), (&json!({"few": ["length {\"max\":2} "]}), &ours));

    let violations = EventSchema::validate(&read::<ours::Nested>(&value)).unwrap_err();
    let found: BTreeSet<String> = violations.iter().map(|one| format!("{} {}", one.path(), one.code())).collect();
    assert_eq!(found, BTreeSet::from(["few length".to_owned(), "few[1].size range".to_owned()]));
}

/// A rule of the whole waits until its parts are good. In validator it does not wait for nested ones once a
/// rule that never waits has failed.
#[test]
fn rules_of_the_whole_wait_for_nested_ones_too() {
    let value = json!({"leaf": {"size": 9}, "number": 6});
    let (ours, theirs) = judged::<ours::Waiting, theirs::Waiting>(&value);
    assert_eq!(ours["__all__"], json!(["twos {} "]));
    assert_eq!(theirs["__all__"], json!(["threes {} ", "twos {} "]));
}

/// validator numbers a map's entries as they happen to lie; ours stand under their keys. Keys have
/// findings of their own.
#[test]
fn entries_of_maps_go_by_key() {
    let value = json!({"map": {"x": {"size": 1}, "y": {"size": 9}}});
    let (ours, theirs) = judged::<ours::Maps, theirs::Maps>(&value);
    assert_eq!(theirs, json!({"map": {"1": {"size": ["range {\"max\":5} "]}}}));
    assert_eq!(ours, json!({"map": {"y": {"size": ["range {\"max\":5} "]}}}));
}

/// validator looks into a field that says `nested`; here a schema is checked wherever it stands, as load
/// would refuse it.
#[test]
fn nested_schemas_are_checked_without_a_word() {
    let (ours, theirs) = judged::<ours::Silent, theirs::Silent>(&json!({"leaf": {"size": 9}}));
    assert_eq!(theirs, Value::Null);
    assert_eq!(ours, json!({"leaf": {"size": ["range {\"max\":5} "]}}));
}

/// validator copies what it found, and panics where JSON has no place for it.
#[test]
fn numbers_beyond_64_bits_are_found() {
    let number = 1_u128 << 100;
    let ours = ours::Wide { number };
    let errors = Validate::validate(&ours).unwrap_err();
    assert_eq!(shown(&errors), json!({"number": ["range {\"max\":5} "]}));
    let theirs = std::panic::catch_unwind(|| theirs::Wide { number }.validate());
    assert!(theirs.is_err());
}

/// What has no size of its own is checked as text too.
#[test]
fn texts_behind_pointers_have_rules() {
    macro_rules! texts {
        ($($field:ident: $type:ty),*) => {
            #[derive(Debug, Serialize, EventSchema)]
            struct Texts {$(
                #[validate(length(min = 2), email, url, ip, regex(path = *WORD), contains(pattern = "a"))]
                #[validate(does_not_contain(pattern = "1"), non_control_character, credit_card, custom(function = no))]
                #[event(one_of("a", "b"), none_of("1\u{7}"), equal("a"))]
                $field: $type,
            )*}

            $(
                let input = json!({stringify!($field): "1\u{7}"});
                let error = Texts::load_value(input).unwrap_err();
                let violations = error.violations().unwrap().iter();
                let own = violations.filter(|violation| violation.path().to_string() == stringify!($field));
                assert_eq!(own.map(event_schema::Violation::code).collect::<Vec<_>>(), CODES, "{}", stringify!($type));
            )*
        };
    }
    const CODES: [&str; 12] = [
        "email",
        "url",
        "ip",
        "regex",
        "contains",
        "does_not_contain",
        "non_control_character",
        "credit_card",
        "no",
        "one_of",
        "none_of",
        "equal",
    ];
    fn no(_: &str) -> Result<(), ValidationError> {
        Err(ValidationError::new("no"))
    }

    texts! {
        string: String,
        boxed: Box<str>,
        rc: Option<std::rc::Rc<str>>,
        arc: std::sync::Arc<str>,
        cow: Cow<'static, str>,
        nested: Box<Option<Box<str>>>
    }
}

/// What validator's own derive says of a field to match holds its value.
#[test]
fn the_other_value_of_a_match_is_not_told() {
    let mut error = ValidationError::new("must_match");
    error.add_param("other".into(), &"secret");
    error.add_param("value".into(), &"hush");
    let violation = Violation::from(error);
    assert_eq!(violation.message(), "Must match the other field.");
    assert!(violation.params().is_empty(), "{:?}", violation.params());
}

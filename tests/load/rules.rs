//! Rules of parts, rules beside validator's, contexts, and null that is refused.

use std::collections::BTreeMap;

use event_schema::prelude::*;
use serde_json::{Value, json};

#[derive(Debug, Clone, PartialEq, Serialize, EventSchema)]
struct Signup {
    #[event(one_of("free", "paid", message = "No such plan."))]
    plan: String,
    #[event(none_of(0, 13))]
    seats: Option<u32>,
    #[event(equal(true))]
    terms: bool,
    #[event(each(length(min = 2), one_of("aa", "bb", "c")), contains_none_of("bb"))]
    #[validate(length(max = 3))]
    tags: Vec<String>,
    #[event(keys(length(max = 2)), values(range(max = 9)))]
    counts: Option<BTreeMap<String, u8>>,
    #[event(contains_only(1, 2, 3))]
    #[serde(default)]
    levels: Vec<u8>,
    #[event(not_null, messages(null = "Leave it out.", invalid = "Text, please."))]
    #[serde(skip_serializing_if = "Option::is_none")]
    nick: Option<String>,
}

fn signup() -> Value {
    json!({"plan": "free", "terms": true, "tags": ["aa"]})
}

#[allow(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn faults(patch: Value) -> Value {
    let mut input = signup();
    for (name, value) in patch.as_object().unwrap() {
        input[name] = value.clone();
    }
    let from_value = Signup::load_value(input.clone()).unwrap_err().violations().unwrap().to_messages();
    let from_text = Signup::load(input.to_string().as_bytes()).unwrap_err().violations().unwrap().to_messages();
    assert_eq!(from_value, from_text);
    assert!(!jsonschema::is_valid(Signup::json_schema().as_value(), &input), "the schema takes {input}");
    from_text
}

#[test]
fn rules_beside_validators() {
    let schema = Signup::json_schema();
    assert!(jsonschema::is_valid(schema.as_value(), &signup()));
    Signup::load_value(signup()).unwrap();

    assert_eq!(faults(json!({"plan": "gratis"})), json!({"plan": ["No such plan."]}));
    assert_eq!(faults(json!({"seats": 13})), json!({"seats": ["Invalid input."]}));
    assert_eq!(faults(json!({"terms": false})), json!({"terms": ["Must be equal to true."]}));
    assert_eq!(
        faults(json!({"levels": [1, 4]})),
        json!({"levels": ["One or more of the choices you made was not in: 1, 2, 3."]})
    );
    assert_eq!(faults(json!({"tags": ["bb"]})), json!({"tags": ["One or more of the choices you made was in: bb."]}));
}

#[test]
fn parts_are_checked_beside_bad_ones() {
    assert_eq!(
        faults(json!({"tags": ["c", 5, "zz", null]})),
        json!({"tags": {
            "0": ["Shorter than minimum length 2."],
            "1": ["Not a valid string."],
            "2": ["Must be one of: aa, bb, c."],
            "3": ["Field may not be null."],
        }})
    );
    assert_eq!(
        faults(json!({"counts": {"abc": 10, "a": "x"}})),
        json!({"counts": {
            "abc": {"key": ["Longer than maximum length 2."], "value": ["Must be less than or equal to 9."]},
            "a": {"value": ["Not a valid integer."]},
        }})
    );
    let event = Signup { counts: Some(BTreeMap::from([("abc".into(), 10)])), ..Signup::load_value(signup()).unwrap() };
    assert_eq!(
        event.validate().unwrap_err().to_messages(),
        json!({"counts": {"abc": {
            "key": ["Longer than maximum length 2."], "value": ["Must be less than or equal to 9."],
        }}})
    );
}

#[test]
fn a_lists_own_message_stands_beside_its_elements() {
    assert_eq!(
        faults(json!({"tags": ["aa", "aa", "aa", "c"]})),
        json!({"tags": {
            "_schema": ["Longer than maximum length 3."],
            "3": ["Shorter than minimum length 2."],
        }})
    );
}

#[test]
fn null_is_refused_where_it_is_said() {
    assert_eq!(faults(json!({"nick": null})), json!({"nick": ["Leave it out."]}));
    assert_eq!(faults(json!({"nick": 7})), json!({"nick": ["Text, please."]}));
    let event = Signup::load_value(signup()).unwrap();
    assert_eq!(event.nick, None);
    assert_eq!(Signup::load(&event.dump().unwrap()).unwrap(), event);
}

/// What stands in the option may have a null of its own.
#[derive(Debug, Serialize, EventSchema)]
#[allow(clippy::option_option, reason = "serde has types like it")]
struct Never {
    #[event(not_null)]
    #[serde(skip_serializing_if = "Option::is_none")]
    any: Option<Value>,
    #[event(not_null)]
    #[serde(skip_serializing_if = "Option::is_none")]
    twice: Option<Option<u8>>,
    #[event(not_null)]
    #[serde(default, skip_serializing_if = "Value::is_null")]
    defaulted: Value,
    #[event(not_null)]
    #[serde(skip_serializing_if = "Option::is_none")]
    boxed: Option<Box<u8>>,
}

#[test]
fn null_is_refused_whatever_the_type() {
    let schema = Never::json_schema();
    for field in ["any", "twice", "defaulted", "boxed"] {
        let input = json!({field: null});
        let error = Never::load_value(input.clone()).unwrap_err();
        assert_eq!(error.violations().unwrap().to_messages(), json!({field: ["Field may not be null."]}));
        assert_eq!(Never::load_str(&input.to_string()).unwrap_err().violations(), error.violations());
        assert!(!jsonschema::is_valid(schema.as_value(), &input), "{schema:?} takes {input}");

        let good = json!({field: 1});
        Never::load_value(good.clone()).unwrap();
        assert!(jsonschema::is_valid(schema.as_value(), &good));
    }
}

/// What dump writes of fields that are never null can be read again: they are left out, or the event is refused.
#[test]
fn no_null_is_written_where_none_is_read() {
    #[event_schema::event]
    #[derive(Debug, PartialEq)]
    #[allow(clippy::option_option, reason = "serde has types like it")]
    struct Short {
        #[event(not_null)]
        option: Option<u8>,
        #[event(not_null)]
        twice: Option<Option<u8>>,
        #[event(not_null)]
        any: Option<Value>,
        #[event(not_null)]
        #[serde(default)]
        defaulted: Value,
    }
    let short = |option, twice, any, defaulted| Short { option, twice, any, defaulted };
    assert_eq!(Short::load(b"{}").unwrap(), short(None, None, None, Value::Null));
    for event in [short(None, None, None, Value::Null), short(None, Some(None), Some(Value::Null), Value::Null)] {
        assert_eq!(event.dump().unwrap(), b"{}");
    }
    let event = short(Some(1), Some(Some(2)), Some(3.into()), 4.into());
    assert_eq!(event.dump().unwrap(), br#"{"option":1,"twice":2,"any":3,"defaulted":4}"#);

    assert_eq!(
        Never { any: Some(Value::Null), twice: Some(None), defaulted: Value::Null, boxed: None }
            .dump()
            .unwrap_err()
            .violations()
            .unwrap()
            .to_messages(),
        json!({"any": ["Field may not be null."], "twice": ["Field may not be null."]})
    );
}

/// A null that is never left out is refused.
#[test]
fn a_null_that_would_be_written_is_refused() {
    #[derive(Debug, Serialize, EventSchema)]
    struct Written {
        #[event(not_null)]
        any: Value,
        #[event(not_null)]
        inner: Inner,
        #[event(not_null)]
        untagged: Untagged,
        #[event(not_null)]
        #[serde(default)]
        defaulted: Value,
    }
    #[derive(Debug, Serialize, EventSchema)]
    struct Inner(Box<Option<u8>>);
    #[derive(Debug, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Untagged {
        Nothing,
        One(Option<u8>),
        Two { two: u8 },
    }

    let all = |untagged| Written { any: Value::Null, inner: Inner(Box::new(None)), untagged, defaulted: Value::Null };
    for untagged in [Untagged::Nothing, Untagged::One(None)] {
        assert_eq!(all(untagged).dump().unwrap_err().violations().unwrap().len(), 4);
    }
    assert_eq!(all(Untagged::Two { two: 2 }).validate().unwrap_err().len(), 3);
    let input = json!({"any": null, "inner": null, "untagged": null, "defaulted": null});
    assert_eq!(Written::load_value(input).unwrap_err().violations().unwrap().len(), 4);
    let input = json!({"any": 1, "inner": 1, "untagged": 1});
    let error = Written::load_value(input).unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"defaulted": ["Field may not be null."]}));
}

/// schemars' derive takes no message in `required(...)`; the field's own text is for both.
#[test]
fn a_required_option_has_the_fields_text() {
    #[derive(Debug, Serialize, EventSchema)]
    struct Given {
        #[validate(required)]
        #[event(messages(required = "Which one?"))]
        one: Option<u8>,
    }

    let error = Given::load(b"{}").unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"one": ["Which one?"]}));
    assert_eq!(Given { one: None }.validate().unwrap_err()[0].message(), "Which one?");
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, EventSchema)]
struct Counted {
    #[validate(range(min = 1))]
    count: u32,
}

fn nan() -> f64 {
    f64::NAN
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct Filled {
    #[serde(default)]
    inner: Counted,
    #[serde(default = "ones")]
    list: Vec<Counted>,
    #[serde(default = "nan")]
    ratio: f64,
    #[serde(skip)]
    #[validate(range(min = 1))]
    mark: u8,
}

fn ones() -> Vec<Counted> {
    vec![Counted { count: 1 }, Counted { count: 0 }]
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[serde(default)]
struct Container {
    inner: Counted,
    ratio: f64,
}

impl Default for Container {
    fn default() -> Self {
        Self { inner: Counted { count: 0 }, ratio: f64::INFINITY }
    }
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[serde(transparent)]
struct Clear {
    inner: u8,
    #[serde(skip)]
    #[validate(range(min = 1))]
    mark: u8,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct Present(#[validate(required)] Option<u8>);

#[derive(Debug, PartialEq, Serialize, EventSchema)]
#[serde(tag = "t", content = "c")]
enum Content {
    Number(#[validate(required)] Option<u8>),
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct Held {
    present: Present,
    content: Content,
}

/// Rules hold for every value that a field can have: read, defaulted or skipped. What loads can be dumped.
#[test]
fn what_is_filled_in_is_checked() {
    let least = json!(["Must be greater than or equal to 1."]);
    let says = |error: LoadError| error.violations().unwrap().to_messages();
    assert_eq!(
        says(Filled::load(b"{}").unwrap_err()),
        json!({"inner": {"count": least}, "list": {"1": {"count": least}}, "ratio": ["Not a valid number."], "mark": least})
    );

    assert_eq!(
        says(Container::load(b"{}").unwrap_err()),
        json!({"inner": {"count": least}, "ratio": ["Not a valid number."]})
    );
    assert_eq!(Container::load(br#"{"inner": {"count": 1}, "ratio": 1}"#).unwrap().inner, Counted { count: 1 });

    assert_eq!(says(Clear::load(b"1").unwrap_err()), json!({"mark": least}));

    let required = json!(["Missing data for required field."]);
    assert_eq!(
        says(Held::load(br#"{"content": {"t": "Number"}}"#).unwrap_err()),
        json!({"present": required, "content": {"c": required}})
    );
}

/// A default that breaks a rule is no misfit.
#[test]
fn a_bad_default_is_no_misfit() {
    #[derive(Debug, PartialEq, Serialize, EventSchema)]
    #[serde(untagged)]
    enum Either {
        Ratio {
            name: String,
            #[serde(default = "nan")]
            ratio: f64,
        },
        Any(Value),
    }
    let error = Either::load(br#"{"name": "x"}"#).unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"ratio": ["Not a valid number."]}));
}

#[test]
fn a_rule_finds_a_field_by_its_name() {
    #[derive(Debug, Serialize, EventSchema)]
    struct Password {
        r#pass: String,
        #[validate(must_match(other = pass))]
        again: String,
        r#type: u8,
        #[validate(must_match(other = r#type))]
        kind: u8,
    }
    let error = Password::load(br#"{"pass": "a", "again": "b", "type": 1, "kind": 2}"#).unwrap_err();
    assert_eq!(
        error.violations().unwrap().to_messages(),
        json!({"again": ["Must match pass."], "kind": ["Must match type."]})
    );
    assert!(Password::load(br#"{"pass": "a", "again": "a", "type": 1, "kind": 1}"#).is_ok());
}

/// `skip` switches all rules of the field off, in whichever order they are written.
#[test]
fn skipped_rules_are_off() {
    #[derive(Debug, Serialize, EventSchema)]
    struct Skipping {
        #[validate(skip)]
        #[event(one_of("a"))]
        one: String,
        #[event(each(length(min = 2)), contains_only("aa"))]
        #[validate(skip)]
        list: Vec<String>,
        #[event(keys(length(min = 2)), values(range(min = 2)))]
        #[validate(skip, length(min = 2))]
        map: BTreeMap<String, u8>,
    }
    let event = Skipping::load(br#"{"one": "b", "list": ["b"], "map": {"b": 1}}"#).unwrap();
    event.validate().unwrap();
}

#[derive(Debug, PartialEq, Serialize, Deserialize, event_schema::schemars::JsonSchema)]
struct Foreign {
    one: f64,
    list: Vec<Option<f32>>,
    by_name: BTreeMap<String, (f64, u8)>,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct Defaulted {
    #[event(plain)]
    #[serde(default = "nan")]
    value: f64,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct Reading {
    #[event(plain)]
    value: Foreign,
    #[event(plain)]
    more: Option<f64>,
    list: Vec<Plain>,
}

#[derive(Debug, PartialEq, Serialize, EventSchema)]
struct Plain(#[event(plain)] f32);

/// NaN and infinities are null in JSON, which no reader of a number takes.
#[test]
fn no_float_of_a_plain_field_is_written_as_null() {
    let error = Defaulted::load(b"{}").unwrap_err();
    assert_eq!(error.violations().unwrap().to_messages(), json!({"value": ["Not a valid number."]}));

    let reading = |one, item, number, more, plain| Reading {
        value: Foreign { one, list: vec![None, Some(item)], by_name: BTreeMap::from([("a".into(), (number, 1))]) },
        more: Some(more),
        list: vec![Plain(1.0), Plain(plain)],
    };
    let good = reading(1.0, 2.0, 3.0, 4.0, 5.0);
    assert_eq!(Reading::load(&good.dump().unwrap()).unwrap(), good);

    let (nan, no) = (f64::NAN, json!(["Not a valid number."]));
    for (event, messages) in [
        (reading(nan, 2.0, 3.0, 4.0, 5.0), json!({"value": no})),
        (reading(1.0, f32::INFINITY, 3.0, 4.0, 5.0), json!({"value": no})),
        (reading(1.0, 2.0, f64::NEG_INFINITY, 4.0, 5.0), json!({"value": no})),
        (reading(1.0, 2.0, 3.0, nan, 5.0), json!({"more": no})),
        (reading(1.0, 2.0, 3.0, 4.0, f32::NAN), json!({"list": {"1": no}})),
    ] {
        assert_eq!(event.dump().unwrap_err().violations().unwrap().to_messages(), messages);
    }
}

#[event_schema::event]
#[derive(Debug)]
struct Board {
    #[event(each(range(max = 9)))]
    row: [u8; 3],
    #[event(each(length(min = 2)))]
    names: Option<Box<[String; 2]>>,
}

#[test]
fn elements_of_an_array_have_rules() {
    let board = Board::load(br#"{"row": [1, 2, 9], "names": ["aa", "bb"]}"#).unwrap();
    assert_eq!((board.row, board.names), ([1, 2, 9], Some(Box::new(["aa".to_owned(), "bb".to_owned()]))));

    // Beside what is wrong with others, and with its length.
    let input = br#"{"row": [10, "x", 11], "names": ["a"]}"#;
    assert_eq!(
        Board::load(input).unwrap_err().violations().unwrap().to_messages(),
        serde_json::json!({
            "row": {
                "0": ["Must be less than or equal to 9."],
                "1": ["Not a valid integer."],
                "2": ["Must be less than or equal to 9."],
            },
            "names": {"_schema": ["Length must be 2."], "0": ["Shorter than minimum length 2."]},
        })
    );
    let board = Board { row: [0, 10, 0], names: None };
    assert_eq!(board.validate().unwrap_err()[0].to_string(), "row[1]: Must be less than or equal to 9.");
    let items = Board::json_schema().pointer("/properties/row/items").cloned().unwrap();
    assert_eq!(items.get("maximum"), Some(&serde_json::json!(9)));
}

#[test]
fn a_text_is_as_long_as_it_has_characters() {
    #[event_schema::event]
    struct Texts {
        #[validate(length(min = 2, max = 8))]
        between: String,
        #[validate(length(min = 3))]
        least: String,
        #[validate(length(max = 5))]
        most: Option<String>,
        #[validate(length(equal = 4))]
        equal: String,
    }
    for character in ["a", "ä", "€", "😀"] {
        for count in 0..12 {
            let text = character.repeat(count);
            let texts = Texts { between: text.clone(), least: text.clone(), most: Some(text.clone()), equal: text };
            let broken = texts.validate().err();
            let broken = broken.iter().flat_map(|violations| violations.iter()).map(|one| one.path().to_string());
            let expected = [
                ("between", (2..=8).contains(&count)),
                ("least", count >= 3),
                ("most", count <= 5),
                ("equal", count == 4),
            ];
            let expected = expected.iter().filter(|(_, holds)| !holds).map(|(name, _)| *name);
            assert!(broken.eq(expected), "{count} of {character}");
        }
    }
}

#[test]
fn an_address_is_what_validator_takes_for_one() {
    use validator::ValidateEmail;

    #[event_schema::event]
    struct Mail {
        #[validate(email)]
        address: String,
    }
    let is_email = |address: String| Mail { address }.validate().is_ok();
    let parts = ["a", "7", "@", ".", "-", "+", "ä", " ", "[::1]", "\n"];
    let mut texts = vec![String::new()];
    for _ in 0..4 {
        let longer = texts.iter().flat_map(|text| parts.map(|part| format!("{text}{part}")));
        texts = longer.collect();
        let behind = texts.iter().map(|text| format!("x_y@{text}"));
        for text in texts.iter().cloned().chain(behind) {
            assert_eq!(is_email(text.clone()), text.validate_email(), "{text:?}");
        }
    }
    for (user, label, labels) in
        [(64, 1, 1), (65, 1, 1), (1, 63, 1), (1, 64, 1), (1, 63, 4), (1, 62, 4), (1, 50, 5), (1, 50, 6)]
    {
        let text = format!("{}@{}", "u".repeat(user), vec!["d".repeat(label); labels].join("."));
        assert_eq!(is_email(text.clone()), text.validate_email(), "{text}");
    }
}

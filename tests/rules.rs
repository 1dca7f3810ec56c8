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

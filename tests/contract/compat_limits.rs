//! Hostile schemas: the check answers, or says that it does not, in bounded time and memory.

use std::time::Duration;

use event_schema::contract::compat::{Compatibility, Policy, Report, SchemaError, avro, check};
use event_schema::serde_json::{Map, Value, json};

use crate::processor::time_of;

/// The answer, which must come in time even if other tests and programs run beside this one.
#[track_caller]
fn quick(old: &Value, new: &Value, policy: Policy) -> Result<Report, SchemaError> {
    in_time(|| check(old, new, Compatibility::Backward, policy))
}

#[track_caller]
fn in_time<T>(work: impl FnOnce() -> T) -> T {
    let (answer, time) = time_of(work);
    assert!(time < Duration::from_secs(10), "{time:?}");
    answer
}

fn definitions(count: usize, definition: impl Fn(usize) -> Value, last: Value) -> Map<String, Value> {
    let all = (0..count).map(|at| (format!("d{at}"), definition(at)));
    all.chain([(format!("d{count}"), last)]).collect()
}

fn reference(at: usize) -> Value {
    json!({"$ref": format!("#/$defs/d{at}")})
}

/// Ten ways at each of fourteen levels: the search for one that accepts a value ends.
#[test]
fn a_value_is_not_looked_for_on_all_ways() {
    let level = |at: usize| json!({"anyOf": vec![reference(at + 1); 10]});
    let new = json!({"$defs": definitions(14, level, json!({"type": "string"})), "$ref": "#/$defs/d0"});
    for old in [json!({"const": 1}), json!({"enum": [1, 2]})] {
        for policy in [Policy::Exact, Policy::Written] {
            assert!(!quick(&old, &new, policy).unwrap().is_compatible());
        }
    }
}

/// Documented variants: one more is no reason to compare each with each.
#[test]
fn long_combinations_are_compared_by_what_differs() {
    for keyword in ["oneOf", "anyOf"] {
        let variants = |count: usize| {
            let variants: Vec<Value> = (0..count).map(|at| json!({"const": at, "title": "documented"})).collect();
            json!({ keyword: variants })
        };
        let (few, more) = (variants(6000), variants(6001));
        for policy in [Policy::Strict, Policy::Exact] {
            assert!(quick(&few, &more, policy).unwrap().is_compatible());
        }
        assert!(!quick(&more, &few, Policy::Strict).unwrap().is_compatible());
    }
    // Too many that differ: no gigabytes, but an error that names the limit.
    let types = |kind: &str| {
        let types = (0..2000).map(|at| json!({"type": kind, "minimum": at, "minLength": at}));
        json!({"anyOf": types.collect::<Vec<_>>()})
    };
    let error = quick(&types("number"), &types("string"), Policy::Strict).unwrap_err();
    assert!(error.reason().contains("steps; compare the definitions"), "{error}");
    assert_eq!(error.side(), None);
}

#[test]
fn avro_unions_are_compared_by_name() {
    let union = |count: usize, kind: &str| {
        let record =
            |at: usize| json!({"type": "record", "name": format!("R{at}"), "fields": [{"name": "a", "type": kind}]});
        Value::from((0..count).map(record).collect::<Vec<_>>())
    };
    let compare =
        |old: &Value, new: &Value| in_time(|| avro::check(old, new, Compatibility::Backward)).unwrap().is_compatible();
    assert!(compare(&union(2000, "int"), &union(2000, "long")));
    assert!(!compare(&union(2000, "long"), &union(2000, "int")));
}

/// Paths are made for errors and findings only.
#[test]
fn long_names_are_not_copied() {
    let schema = |kind: &str| {
        let fields: Map<String, Value> = (0..10_000).map(|at| (format!("f{at}"), json!({"type": kind}))).collect();
        json!({"properties": {"x".repeat(1 << 20): {"properties": fields}}})
    };
    assert!(quick(&schema("integer"), &schema("number"), Policy::Strict).unwrap().is_compatible());
    let report = quick(&schema("number"), &schema("integer"), Policy::Strict).unwrap();
    assert!(report.is_truncated() && !report.findings().is_empty());
}

#[test]
fn chains_of_references_are_followed_once() {
    let chain = |more: &str, kind: &str| {
        let link = |at: usize| {
            let mut link = reference(at + 1);
            link["description"] = more.into();
            link
        };
        json!({"$defs": definitions(8000, link, json!({"type": kind})), "items": reference(0)})
    };
    assert!(quick(&chain("", "integer"), &chain("", "number"), Policy::Exact).unwrap().is_compatible());
    let bare = |kind: &str| json!({"$defs": definitions(8000, |at| reference(at + 1), json!({"type": kind})), "items": reference(0)});
    assert!(!quick(&bare("number"), &bare("integer"), Policy::Exact).unwrap().is_compatible());
    let objects = |kind: &str| {
        let object = |at: usize| json!({"properties": {"next": reference(at + 1)}});
        json!({"$defs": definitions(8000, object, json!({"type": kind})), "items": reference(0)})
    };
    assert!(!quick(&objects("number"), &objects("integer"), Policy::Exact).unwrap().is_compatible());
}

#[test]
fn long_enums_are_compared_as_sets() {
    let values = |first: usize| json!({"enum": (first..first + 40_000).map(|at| format!("v{at}")).collect::<Vec<_>>()});
    for policy in [Policy::Strict, Policy::Exact] {
        let report = quick(&values(0), &values(1), policy).unwrap();
        assert_eq!(report.findings()[0].rule().id(), "ENUM_ARRAY_CHANGED");
        let mut typed = values(0);
        typed["type"] = "string".into();
        // The values are strings, with the keyword and without it.
        let untyped = quick(&typed, &values(0), policy).unwrap();
        assert!(untyped.is_compatible(), "{policy}: {untyped}");
    }
}

/// Schemas of a `oneOf` that take long to tell apart are looked at once, not once for each schema of the writer.
#[test]
fn heavy_variants_are_looked_at_once() {
    let heavy = |kind: &str| {
        let level = |at: usize| json!({"anyOf": vec![reference(at + 1); 10]});
        definitions(6, level, json!({"type": kind}))
    };
    let writer: Vec<Value> = (0..300).map(|at| json!({"type": "object", "maxProperties": at})).collect();
    let reader: Vec<Value> =
        (0..300).map(|at| json!({"oneOf": [reference(0), {"type": "object", "minProperties": at}]})).collect();
    let old = json!({ "anyOf": writer });
    let new = json!({"$defs": heavy("array"), "anyOf": reader});
    let error = quick(&old, &new, Policy::Exact).unwrap_err();
    assert!(error.reason().contains("steps; compare the definitions"), "{error}");
    assert_eq!(error.side(), None);
}

#[test]
fn patterns_are_compiled_once_and_within_limits() {
    let patterns = |kind: &str| {
        let patterns: Map<String, Value> =
            (0..1000).map(|at| (format!("^[\\p{{L}}]{{200}}{at}"), json!({"type": kind}))).collect();
        json!({"type": "object", "patternProperties": patterns, "additionalProperties": false})
    };
    let report = quick(&patterns("integer"), &patterns("number"), Policy::Exact).unwrap();
    assert!(!report.findings().is_empty());
    assert!(report.findings().iter().all(|finding| finding.rule().id() == "PATTERN_UNREADABLE"));
}

/// A list that is a side of many findings is not copied for each.
#[test]
fn sides_are_shared_by_findings() {
    let names: Vec<String> = (0..10_000).map(|at| format!("name{at}")).collect();
    let new = json!({"type": "object", "required": names});
    let report = quick(&json!({"type": "object"}), &new, Policy::Exact).unwrap();
    assert!(report.is_truncated());
    assert!(report.findings().iter().all(|finding| finding.after().is_none()));
    // Text is cut where it is long enough.
    let long = "x".repeat(4 << 20);
    let report = quick(&json!({"const": long}), &json!({"const": 1}), Policy::Strict).unwrap();
    assert!(report.to_string().len() < 1000);
}

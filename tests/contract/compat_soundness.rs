//! Compatible verdicts that would be wrong: each pair has a value that the old schema accepts and the new one refuses.
//! Each is written by hand, because the search does not make such schemas.

use event_schema::contract::compat::{Compatibility, Policy, SchemaError, check};
use event_schema::serde_json::{Value, json};

use crate::compat_search::validator;

const ALL: [Policy; 4] = [Policy::Strict, Policy::Lenient, Policy::Exact, Policy::Written];

/// The rules that the policies find, and whether an independent validator confirms the witness.
#[track_caller]
fn refused(old: &Value, new: &Value, witness: &Value, policies: &[Policy]) -> Vec<&'static str> {
    assert!(validator(old).is_valid(witness), "{witness} is refused by {old}");
    assert!(!validator(new).is_valid(witness), "{witness} is accepted by {new}");
    let mut rules = Vec::new();
    for policy in policies {
        let report = check(old, new, Compatibility::Backward, *policy).unwrap();
        assert!(!report.is_compatible(), "{policy}: {old} to {new}");
        rules = report.findings().iter().map(|finding| finding.rule().id()).collect();
    }
    rules
}

fn error(schema: &Value) -> SchemaError {
    check(&json!({}), schema, Compatibility::Backward, Policy::Exact).unwrap_err()
}

#[test]
fn references_behind_unknown_keywords_are_compared() {
    let components = |kind: &str| {
        json!({"$ref": "#/components/schemas/A", "components": {"schemas": {
            "A": {"$ref": "#/components/schemas/B"},
            "B": {"type": kind},
        }}})
    };
    let rules = refused(&components("string"), &components("integer"), &json!("x"), &ALL);
    assert_eq!(rules, ["TYPE_CHANGED"]);
    let group = |kind: &str| {
        json!({"$ref": "#/$defs/money/Amount", "$defs": {"money": {
            "Amount": {"properties": {"unit": {"$ref": "#/$defs/money/Unit"}}},
            "Unit": {"type": kind},
        }}})
    };
    refused(&group("string"), &group("integer"), &json!({"unit": "EUR"}), &ALL);

    let behind = |schema: Value| json!({"$ref": "#/components/A", "components": {"A": schema}});
    assert_eq!(error(&behind(json!({"items": {"$ref": "#/components/B"}}))).path(), "#/components/A/items");
    assert_eq!(error(&behind(json!({"items": 7}))).path(), "#/components/A/items");
    assert!(error(&behind(json!({"$ref": "#/components/A"}))).reason().contains("refers to itself"));
}

/// A reference that leads back without a step into the value describes nothing, and no validator returns from it.
#[test]
fn circles_in_place_are_refused() {
    for inner in [
        json!({"anyOf": [{"$ref": "#/$defs/a"}, {"type": "string"}]}),
        json!({"allOf": [{"$ref": "#/$defs/a"}]}),
        json!({"oneOf": [{"type": "null"}, {"allOf": [{"$ref": "#/$defs/a"}]}]}),
        json!({"not": {"$ref": "#/$defs/a"}}),
        json!({"if": true, "then": {"$ref": "#/$defs/a"}}),
        json!({"dependentSchemas": {"b": {"$ref": "#/$defs/a"}}}),
    ] {
        let document = json!({"$defs": {"a": inner}, "$ref": "#/$defs/a"});
        let error = error(&document);
        assert_eq!(error.reason(), "`$ref` \"#/$defs/a\" refers to itself", "{document}");
        assert!(error.path().starts_with("#/$defs/a/"), "{error}");
    }
    // With a step it is a recursive type.
    let tree = json!({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"});
    assert!(check(&tree, &tree, Compatibility::Full, Policy::Exact).unwrap().is_compatible());
}

#[test]
fn equal_members_of_one_of_refuse_each_other() {
    let old = json!({"oneOf": [{"type": "string"}, {"type": "number"}]});
    let new = json!({"oneOf": [{"type": "string"}, {"type": "string"}, {"type": "number"}]});
    assert_eq!(refused(&old, &new, &json!("x"), &[Policy::Exact, Policy::Written]), ["ONE_OF_OVERLAPS"]);
    let named = json!({"$defs": {"a": {"type": "string"}}, "oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]});
    refused(&json!({"type": "string"}), &named, &json!("x"), &[Policy::Exact, Policy::Written]);
}

/// Some spellings mean the same to a proof. These mean something else.
#[test]
fn only_equal_schemas_are_equal() {
    let proofs = [Policy::Exact, Policy::Written];
    let or_null = |value: &Value| json!({"anyOf": [value, {"type": "null"}]});
    let address = json!({"type": "string", "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]});
    for choice in [
        json!([{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]),
        json!([{"format": "ipv4", "not": {"type": "null"}}, {"type": "string", "format": "ipv6"}]),
        json!([{"format": "ipv4", "enum": ["192.0.2.1"]}, {"type": "string", "format": "ipv6"}]),
    ] {
        let never_null = json!({"type": ["string", "null"], "anyOf": choice});
        refused(&or_null(&address), &never_null, &json!(null), &proofs);
    }
    // Null fits both.
    let both = json!({"type": ["string", "null"], "oneOf": [{"format": "ipv4"}, {"format": "ipv6"}]});
    refused(&or_null(&address), &both, &json!(null), &proofs);
    let named = json!({"type": "string", "not": {}, "$defs": {"a": {"not": {}}}});
    refused(&json!({"type": "string"}), &named, &json!("x"), &proofs);

    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    refused(&pattern("^[(?<a>]+$"), &pattern("^[(?:]+$"), &json!("<a>"), &proofs);
    refused(&pattern(r"^\(?<a>b$"), &pattern(r"^\(?:b$"), &json!("<a>b"), &proofs);
    // No independent validator at hand has references to groups.
    for (old, new) in [(r"^(?<a>x|y)(z)\2$", r"^(?:x|y)(z)\2$"), (r"(?<a>x)\k<a>", r"(?<b>x)\k<a>")] {
        let report = check(&pattern(old), &pattern(new), Compatibility::Backward, Policy::Exact).unwrap();
        assert!(!report.is_compatible(), "{old} to {new}");
    }
    // The place of an error is that in the document.
    let wrong = json!({"items": {"type": ["string", "null"], "anyOf": [{"format": 7}]}});
    assert_eq!(error(&wrong).path(), "#/items/anyOf/0");
}

/// A keyword or a format that the draft of the writer does not have says nothing about its messages.
#[test]
fn keywords_count_from_their_draft_on() {
    let draft = |number: &str, mut schema: Value| {
        let latest = "https://json-schema.org/draft/2020-12/schema".to_owned();
        let earlier = format!("http://json-schema.org/draft-0{number}/schema#");
        schema["$schema"] = if number == "12" { latest } else { earlier }.into();
        schema
    };
    let proofs = [Policy::Exact, Policy::Written];
    let field = |schema: Value| json!({"properties": {"a": schema}});
    let condition = json!({"if": {"type": "string"}, "then": {"minLength": 3}});
    let contains = json!({"contains": {"const": 1}, "minContains": 2});
    let id = json!({"type": "string", "format": "uuid"});
    for (old, new, schema, witness) in [
        ("4", "7", field(json!({"const": 1})), json!({"a": 2})),
        ("6", "7", condition, json!("a")),
        ("7", "12", contains, json!([1])),
        ("7", "12", id, json!("x")),
        ("12", "4", json!({"type": "integer"}), json!(1.0)),
    ] {
        refused(&draft(old, schema.clone()), &draft(new, schema), &witness, &proofs);
    }
    refused(&draft("4", json!({"const": 1})), &draft("4", json!({"enum": [1]})), &json!(2), &proofs);
    for (keyword, value, witness) in
        [("contentEncoding", "base64", json!("%%%")), ("contentMediaType", "application/json", json!("{bad"))]
    {
        let text = draft("7", json!({"type": "string"}));
        let (typed, any) = (draft("7", json!({"type": "string", keyword: value})), draft("7", json!({keyword: value})));
        refused(&text, &typed, &witness, &proofs);
        refused(&text, &any, &witness, &proofs);
        assert!(check(&typed, &typed, Compatibility::Full, Policy::Exact).unwrap().is_compatible());
        assert!(check(&typed, &text, Compatibility::Backward, Policy::Exact).unwrap().is_compatible());
    }
    // Also behind keywords that no draft has.
    let hidden = json!({
        "components": {"schemas": {"A": {"properties": {"a": {"$ref": "#/components/schemas/B"}}}, "B": {"const": 1}}},
        "properties": {"part": {"$ref": "#/components/schemas/A"}},
    });
    refused(&draft("4", hidden.clone()), &draft("7", hidden), &json!({"part": {"a": 2}}), &proofs);
    // A validator of 2019-09 or later need not know `dependencies`, and the one here does.
    let (older, later) = (json!({"dependencies": {"a": ["b"]}}), json!({"dependentRequired": {"a": ["b"]}}));
    let verdict = |old: &Value, new: &Value| {
        let (old, new) = (draft("12", old.clone()), draft("12", new.clone()));
        check(&old, &new, Compatibility::Backward, Policy::Exact).unwrap().is_compatible()
    };
    assert!(!verdict(&older, &later) && verdict(&later, &older));
    // The validator here takes `date` for one of draft 6, too.
    let date = |number: &str| draft(number, json!({"format": "date"}));
    assert!(!check(&date("6"), &date("7"), Compatibility::Backward, Policy::Exact).unwrap().is_compatible());
    assert!(check(&date("7"), &date("6"), Compatibility::Backward, Policy::Exact).unwrap().is_compatible());
    let least = json!({"contains": {"const": 1}, "minContains": 0.0});
    refused(&least, &json!({"contains": {"const": 1}}), &json!([]), &proofs);
    // The registry does not ask for the draft.
    let (old, new) = (draft("7", json!({"type": "integer"})), draft("4", json!({"type": "integer"})));
    assert!(check(&old, &new, Compatibility::Full, Policy::Strict).unwrap().is_compatible());
}

#[test]
fn dependent_schemas_describe_fields_too() {
    let fields =
        json!({"type": "object", "properties": {"a": true}, "dependentSchemas": {"a": {"properties": {"b": true}}}});
    let mut closed = fields.clone();
    closed["unevaluatedProperties"] = false.into();
    let new = json!({"type": "object", "properties": {"a": true}, "additionalProperties": false});
    let witness = json!({"a": 1, "b": 2});
    refused(&closed, &new, &witness, &[Policy::Exact, Policy::Written]);
    refused(&fields, &new, &witness, &[Policy::Exact, Policy::Written]);
    // As a variant: the field `b` tells the variants apart only if it cannot stand in the first.
    let variants = json!({"oneOf": [
        {"type": "object", "required": ["a"], "properties": {"a": true}, "additionalProperties": true},
        {"type": "object", "required": ["b"], "properties": {"b": true}, "additionalProperties": true},
    ]});
    refused(&fields, &variants, &witness, &[Policy::Exact, Policy::Written]);
}

#[test]
fn misused_keywords_are_no_schema() {
    for (schema, reason) in [
        (json!({"type": "strng"}), "`type` is not the name of a type, or an array of such names"),
        (json!({"type": 7}), "`type` is not the name of a type, or an array of such names"),
        (json!({"enum": 3}), "`enum` is not an array"),
        (json!({"required": "a"}), "`required` is not an array of strings"),
        (json!({"properties": []}), "`properties` is not an object"),
        (json!({"maxLength": "5"}), "`maxLength` is not an integer that is not negative"),
        (json!({"maxLength": 1.5}), "`maxLength` is not an integer that is not negative"),
        (json!({"anyOf": []}), "`anyOf` is not an array of schemas, not empty"),
        (json!({"multipleOf": 0}), "`multipleOf` is not a number greater than 0"),
        (json!({"$dynamicRef": "#n"}), "`$dynamicRef` is not supported"),
        (json!({"$recursiveRef": "#"}), "`$recursiveRef` is not supported"),
    ] {
        let error = error(&json!({"items": schema}));
        assert_eq!((error.path(), error.reason()), ("#/items", reason));
    }
    let listed = |draft: &str| json!({"$schema": draft, "items": [{"type": "string"}]});
    let reason = "`items` is an array, for which 2020-12 has `prefixItems`";
    assert_eq!(error(&listed("https://json-schema.org/draft/2020-12/schema")).reason(), reason);
    // The last one is that of no draft, or of all.
    for draft in ["http://json-schema.org/draft-07/schema#", "http://json-schema.org/schema#"] {
        let earlier = listed(draft);
        assert!(check(&earlier, &earlier, Compatibility::Full, Policy::Exact).unwrap().is_compatible());
    }
}

/// A bundled document: the references of a resource start from its own `$id`.
#[test]
fn references_start_from_their_resource() {
    let bundle = |kind: &str| {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "$id": "https://example.com/root",
            "$ref": "https://example.com/part",
            "$defs": {
                "Unit": {"type": "null"},
                "part": {
                    "$id": "https://example.com/part",
                    "items": {"$ref": "#/$defs/Unit"},
                    "$defs": {"Unit": {"type": kind}},
                },
            },
        })
    };
    refused(&bundle("string"), &bundle("integer"), &json!(["EUR"]), &ALL);
    let anchors = |kind: &str| {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "items": {"$ref": "b#unit"},
            "$defs": {
                "a": {"$id": "a", "$defs": {"u": {"$anchor": "unit", "type": "null"}}},
                "b": {"$id": "b", "$defs": {"u": {"$anchor": "unit", "type": kind}}},
            },
        })
    };
    let report = check(&anchors("string"), &anchors("integer"), Compatibility::Backward, Policy::Strict).unwrap();
    assert!(!report.is_compatible());
    let twice = json!({"$defs": {"a": {"$id": "urn:a"}, "b": {"$id": "urn:a"}}});
    assert_eq!(error(&twice).to_string(), "#/$defs/b: two schemas have the `$id` \"urn:a\"");
    let twice = json!({"$defs": {"a": {"$anchor": "a"}, "b": {"$anchor": "a"}}});
    assert_eq!(error(&twice).to_string(), "#/$defs/b: two schemas have the anchor \"a\"");
}

/// RFC 3986: a name and a reference mean what they resolve to against the name of the schema around them.
#[test]
fn names_are_resolved_against_their_base() {
    let draft = "https://json-schema.org/draft/2020-12/schema";
    // `item` beside `http://b/` is not `item` beside `http://a/`.
    let two = json!({"$schema": draft, "$id": "http://a/", "$ref": "http://b/", "$defs": {
        "text": {"$id": "item", "type": "string"},
        "other": {"$id": "http://b/", "$defs": {"any": {"$id": "http://b/item"}}, "properties": {"v": {"$ref": "item"}}},
    }});
    refused(&two, &json!({"properties": {"v": {"type": "string"}}}), &json!({"v": 1}), &[Policy::Exact]);

    let absolute = json!({"$schema": draft, "$id": "http://a/main.json", "$ref": "http://a/x.json", "$defs": {
        "x": {"$id": "x.json", "type": "string"},
    }});
    let text = json!({"$schema": draft, "type": "string"});
    assert!(check(&absolute, &text, Compatibility::Full, Policy::Exact).unwrap().is_compatible());

    let item = |base: &str| json!({"$id": base, "$defs": {"i": {"$id": "item"}}});
    let apart = json!({"$defs": {"x": item("http://a/"), "y": item("http://b/")}});
    assert!(check(&apart, &apart, Compatibility::Full, Policy::Exact).unwrap().is_compatible());
    let twice = json!({"$defs": {"x": item("http://a/x"), "y": item("http://a/y")}});
    assert_eq!(error(&twice).reason(), "two schemas have the `$id` \"item\"");
    // A name that is no URI has itself.
    let odd = json!({"$ref": "a b", "$defs": {"x": {"$id": "a b", "type": "string"}}});
    assert!(check(&odd, &text, Compatibility::Backward, Policy::Exact).unwrap().is_compatible());
}

/// A writer's object has the fields that all of its schemas list, and no others.
#[test]
fn closed_writers_write_what_all_schemas_list() {
    let any = |names: &[&str]| names.iter().map(|name| ((*name).to_owned(), json!(true))).collect::<Value>();
    let open = |names: &[&str]| json!({"properties": any(names)});
    let closed = |names: &[&str]| json!({"properties": any(names), "additionalProperties": false});
    let both = json!({"a": 1, "b": 2});
    let item = |contained: Value| json!({"items": open(&["a", "b"]), "contains": contained});
    let with_a = |mut schema: Value| {
        schema["required"] = json!(["a"]);
        schema
    };
    let x1 = |field: Value| json!({"properties": {"x1": field}, "patternProperties": {"^x": open(&["a", "b"])}});
    let field = |schema: Value| json!({"properties": {"x": schema}});
    let all = json!({"allOf": [field(open(&["a"])), field(open(&["b"]))]});
    let variant = |part: Value| json!({"properties": {"a": true}, "anyOf": [part]});
    let text = json!({"properties": {"b": {"type": "string"}}});
    let more = json!({"properties": {"a": true, "b": true, "c": {"type": "string"}}});
    for (old, new, witness) in [
        (item(with_a(open(&["a"]))), item(with_a(closed(&["a"]))), json!([both])),
        (x1(open(&["a"])), x1(closed(&["a"])), json!({"x1": both})),
        (all.clone(), field(closed(&["a"])), json!({"x": both})),
        (json!({"allOf": [open(&["a"]), open(&["b"])]}), closed(&["a"]), both.clone()),
        // What another schema lists, may have any value.
        (variant(open(&["b"])), json!({"allOf": [{"properties": {"a": true, "b": {"type": "string"}}}]}), both.clone()),
        // An open one beside it lists more.
        (variant(json!({"additionalProperties": true})), text.clone(), both.clone()),
        (json!({"allOf": [open(&["a"]), {"patternProperties": {"^b": true}}]}), text, both),
    ] {
        refused(&old, &new, &witness, &[Policy::Exact, Policy::Written]);
    }
    for (old, new) in [
        (variant(open(&["b"])), json!({"allOf": [more]})),
        (json!({"allOf": [open(&["a"]), open(&["b"])]}), closed(&["a", "b"])),
        (all, field(closed(&["a", "b"]))),
    ] {
        let verdict = |policy| check(&old, &new, Compatibility::Backward, policy).unwrap().is_compatible();
        assert!(!verdict(Policy::Exact), "{old} to {new}");
        assert_eq!(verdict(Policy::Written), new["properties"].get("x").is_none(), "{old} to {new}");
    }
}

/// Schemas whose forms are not compared are not said to be of different types.
#[test]
fn schemas_of_other_forms_are_not_proven() {
    let reason = |old: Value, new: Value| {
        let report = check(&old, &new, Compatibility::Backward, Policy::Exact).unwrap();
        report.findings()[0].rule().id()
    };
    assert_eq!(reason(json!({"type": "string"}), json!({"minimum": 0})), "FORM_CHANGED");
    assert_eq!(reason(json!({"type": "string"}), json!({"type": "integer"})), "TYPE_CHANGED");
}

#[test]
fn limits_are_compared_exactly() {
    let proofs = &[Policy::Exact];
    let (limit, lower) = (json!({"maximum": 9_007_199_254_740_993_i64}), json!({"maximum": 9_007_199_254_740_992.0}));
    refused(&limit, &lower, &json!(9_007_199_254_740_993_i64), proofs);
    refused(&json!({"const": "a"}), &json!({"type": "string", "minLength": 2.0}), &json!("a"), proofs);
    refused(&json!({"enum": [2.5]}), &json!({"enum": [2, 3]}), &json!(2.5), proofs);
    let equal = check(&json!({"enum": [1.0, 2]}), &json!({"enum": [2.0, 1]}), Compatibility::Full, Policy::Exact);
    assert!(equal.unwrap().is_compatible());
}

/// Two kinds of keywords for the same dependency hold both.
#[test]
fn all_dependencies_of_a_name_count() {
    let old = json!({"type": "object", "dependentRequired": {"a": ["b"]}});
    let new = json!({"type": "object", "dependentRequired": {"a": ["b"]}, "dependencies": {"a": ["c"]}});
    let report = check(&old, &new, Compatibility::Backward, Policy::Exact).unwrap();
    assert_eq!(report.findings()[0].rule().id(), "DEPENDENCY_ARRAY_EXTENDED");
    assert!(check(&new, &old, Compatibility::Backward, Policy::Exact).unwrap().is_compatible());
    // A validator of draft 7 does not know the newer keyword.
    let draft = "http://json-schema.org/draft-07/schema#";
    let early = json!({"$schema": draft, "type": "object", "dependentRequired": {"a": ["b"]}});
    let later = json!({"$schema": draft, "type": "object", "dependencies": {"a": ["b"]}});
    assert!(!check(&early, &later, Compatibility::Backward, Policy::Exact).unwrap().is_compatible());
}

/// Changes that an exact check need not refuse, and reasons that are true.
#[test]
fn changes_that_change_nothing_are_compatible() {
    let proven = |old: Value, new: Value| {
        let report = check(&old, &new, Compatibility::Backward, Policy::Exact).unwrap();
        assert!(report.is_compatible(), "{old} to {new}: {report}");
    };
    let condition = |title: &str| json!({"if": {"minLength": 3}, "then": {"pattern": "a"}, "title": title});
    proven(condition("a"), condition("b"));
    let closed = |title: &str| json!({"type": "object", "properties": {"a": true}, "unevaluatedProperties": false, "title": title});
    proven(closed("a"), closed("b"));
    proven(json!({"type": "string"}), json!({"type": "string", "minLength": 0}));
    proven(json!({"type": "array"}), json!({"type": "array", "minItems": 0}));
    proven(json!({"type": "integer"}), json!({"type": "integer", "multipleOf": 1}));
    let byte = json!({"type": "integer", "minimum": 0, "maximum": 255});
    let pair = json!({"type": "array", "prefixItems": [byte, byte], "items": false, "minItems": 2});
    proven(pair, json!({"type": "array", "items": byte}));
    proven(json!({"type": "string"}), json!({"type": "string", "not": {"type": "object"}}));

    let rules = |new: Value| -> Vec<&str> {
        let report = check(&json!({"type": "string"}), &new, Compatibility::Backward, Policy::Exact).unwrap();
        report.findings().iter().map(|finding| finding.rule().id()).collect()
    };
    assert_eq!(rules(json!({"type": "string", "not": {"pattern": " "}})), ["NOT_TYPE_EXTENDED"]);
    assert_eq!(rules(json!({"type": "string", "enum": ["a"]})), ["ENUM_ARRAY_NARROWED"]);
    assert_eq!(
        rules(json!({"type": "string", "if": {"minLength": 1}, "then": {"pattern": "a"}})),
        ["CONDITION_CHANGED"]
    );
}

#[test]
fn a_name_that_two_members_require_is_refused() {
    let object = json!({"type": "object", "properties": {"a": true}, "required": ["a"], "additionalProperties": false});
    let twice = json!({"oneOf": [{"required": ["a"]}, {"required": ["a"]}, {"not": {"required": ["a"]}}]});
    refused(&object, &twice, &json!({"a": 1}), &[Policy::Exact, Policy::Written]);
}

/// The patterns of field names are those of ECMA-262, where `\w` and `\d` are ASCII.
#[test]
fn patterns_of_field_names_are_those_of_ecma_script() {
    let policies = [Policy::Exact, Policy::Written];
    let closed = |keyword: &str, name: &str, kind: &str| json!({"type": "object", keyword: {name: {"type": kind}}, "additionalProperties": false});
    for (name, pattern) in [("größe", r"^\w+$"), ("größe", r"^[\w]+$"), ("\u{664}", r"^\d+$")] {
        let old = closed("properties", name, "integer");
        refused(&old, &closed("patternProperties", pattern, "integer"), &json!({name: 1}), &policies);
    }
    let check = |name: &str, pattern: &str, policy: Policy| {
        let reader = closed("patternProperties", pattern, "number");
        check(&closed("properties", name, "integer"), &reader, Compatibility::Backward, policy).unwrap()
    };
    for policy in policies {
        for end_of_line in ["a\r", "a\u{2028}"] {
            assert!(!check(end_of_line, "^a.$", policy).is_compatible());
        }
        for pattern in [r"^[a-z]\d+$", r"^\w+$", r"^[\w-]+$", "^a.$", r"^(?:a\d|\u00e4)", r"^[^\-&\[]*$", r"^\p{L}1$"] {
            assert!(check("a1", pattern, policy).is_compatible(), "{pattern}");
        }
        // Not the same in both languages, or in one of them only: nothing is proven.
        for pattern in [
            r"a\b",
            r"\Aa",
            r"^a\S",
            r"\<a",
            "^[a&&b1]*",
            "^[a--1]*",
            "^[[:alpha:]]1",
            "^(?i)A1",
            "^[]a]",
            "^[^]",
            "^(?=a)",
        ] {
            let report = check("a1", pattern, policy);
            let is_told = report.findings().iter().any(|finding| finding.rule().id() == "PATTERN_UNREADABLE");
            assert!(is_told && !report.is_compatible(), "{pattern}: {report}");
        }
    }
}

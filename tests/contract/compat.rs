//! The compatibility of two JSON Schemas: each rule and its reverse, and the verdicts of other tools.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use event_schema::contract;
use event_schema::contract::compat::{
    Compatibility, Direction, Policy, Report, Rule, SchemaError, avro, check, check_history, diff,
};
use event_schema::schemars::generate::Contract;
use event_schema::serde_json::{self, Value, json};

use crate::processor::time_of;

fn accepts(old: &Value, new: &Value, policy: Policy) -> bool {
    check(old, new, Compatibility::Backward, policy).unwrap().is_compatible()
}

/// A rule, the schemas of an old and a new document that show it, and the policies that accept the change: `s`trict,
/// `l`enient, `e`xact.
type Row = (&'static str, Value, Value, &'static str);

const ALL: &str = "sle";
const REGISTRY: &str = "sl";

fn with(base: &Value, more: &Value) -> Value {
    let mut both = base.clone();
    both.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    both
}

/// A keyword that is added and removed.
fn added_and_removed(
    name: &'static [&'static str; 2],
    base: &Value,
    keyword: &Value,
    accept: [&'static str; 2],
) -> [Row; 2] {
    let more = with(base, keyword);
    [(name[0], base.clone(), more.clone(), accept[0]), (name[1], more, base.clone(), accept[1])]
}

/// A limit that is added, removed, increased and decreased. `upper` limits break when they are decreased.
fn limit(names: &'static [&'static str; 4], base: &Value, keyword: &str, upper: bool) -> [Row; 4] {
    let (low, high) = (with(base, &json!({keyword: 2})), with(base, &json!({keyword: 5})));
    let (up, down) = if upper { (ALL, "") } else { ("", ALL) };
    [
        (names[0], base.clone(), low.clone(), ""),
        (names[1], low.clone(), base.clone(), ALL),
        (names[2], low.clone(), high.clone(), up),
        (names[3], high, low, down),
    ]
}

fn rows() -> Vec<Row> {
    let (text, number, list) = (json!({"type": "string"}), json!({"type": "number"}), json!({"type": "array"}));
    let object = json!({"type": "object"});
    let mut rows: Vec<Row> = vec![
        ("ID_CHANGED", json!({"$id": "a:b"}), json!({"$id": "a:c"}), ALL),
        ("TITLE_CHANGED", json!({"title": "a"}), json!({}), ALL),
        ("DESCRIPTION_CHANGED", json!({"description": "a"}), json!({"description": "b"}), ALL),
        ("DEFAULT_CHANGED", json!({"default": 1}), json!({"default": 2}), ALL),
        ("TYPE_CHANGED", text.clone(), number.clone(), ""),
        ("FORM_CHANGED", text.clone(), json!({"minimum": 0}), ""),
        ("TYPE_EXTENDED", json!({"type": "integer"}), number.clone(), ALL),
        ("TYPE_NARROWED", number.clone(), json!({"type": "integer"}), ""),
        ("TYPE_RESTRICTED", json!({"maxLength": 3}), json!({"type": "string", "maxLength": 3}), REGISTRY),
        ("SCHEMA_ADDED", list.clone(), json!({"type": "array", "items": {"type": "string"}}), ""),
        ("SCHEMA_REMOVED", json!({"type": "array", "items": {"type": "string"}}), list.clone(), ALL),
        ("ENUM_ARRAY_EXTENDED", json!({"enum": ["a"]}), json!({"enum": ["a", "b"]}), ALL),
        ("ENUM_ARRAY_NARROWED", json!({"enum": ["a", "b"]}), json!({"enum": ["a"]}), ""),
        ("ENUM_ARRAY_CHANGED", json!({"enum": ["a"]}), json!({"enum": ["b"]}), ""),
        ("PATTERN_CHANGED", json!({"pattern": "a"}), json!({"pattern": "b"}), ""),
        ("FORMAT_CHANGED", json!({"format": "date"}), json!({"format": "time"}), REGISTRY),
        ("MULTIPLE_OF_REDUCED", json!({"multipleOf": 0.6}), json!({"multipleOf": 0.2}), ALL),
        ("MULTIPLE_OF_EXPANDED", json!({"multipleOf": 0.2}), json!({"multipleOf": 0.6}), ""),
        ("MULTIPLE_OF_CHANGED", json!({"multipleOf": 3}), json!({"multipleOf": 2}), ""),
    ];
    rows.extend(added_and_removed(&["PATTERN_ADDED", "PATTERN_REMOVED"], &text, &json!({"pattern": "a"}), ["", ALL]));
    rows.extend(added_and_removed(
        &["FORMAT_ADDED", "FORMAT_REMOVED"],
        &text,
        &json!({"format": "date"}),
        [REGISTRY, ALL],
    ));
    let names = &["MULTIPLE_OF_ADDED", "MULTIPLE_OF_REMOVED"];
    rows.extend(added_and_removed(names, &number, &json!({"multipleOf": 2}), ["", ALL]));
    let names = &["UNIQUE_ITEMS_ADDED", "UNIQUE_ITEMS_REMOVED"];
    rows.extend(added_and_removed(names, &list, &json!({"uniqueItems": true}), ["", ALL]));
    rows.extend(limits(&text, &number, &list, &object));
    rows.extend(fields());
    rows.extend(unknown_fields());
    rows.extend(dependencies());
    rows.extend(items());
    rows.extend(combinations());
    rows
}

fn limits(text: &Value, number: &Value, list: &Value, object: &Value) -> Vec<Row> {
    let contains = &with(list, &json!({"contains": {"type": "string"}}));
    [
        limit(
            &["MAX_LENGTH_ADDED", "MAX_LENGTH_REMOVED", "MAX_LENGTH_INCREASED", "MAX_LENGTH_DECREASED"],
            text,
            "maxLength",
            true,
        ),
        limit(
            &["MIN_LENGTH_ADDED", "MIN_LENGTH_REMOVED", "MIN_LENGTH_INCREASED", "MIN_LENGTH_DECREASED"],
            text,
            "minLength",
            false,
        ),
        limit(&["MAXIMUM_ADDED", "MAXIMUM_REMOVED", "MAXIMUM_INCREASED", "MAXIMUM_DECREASED"], number, "maximum", true),
        limit(
            &["MINIMUM_ADDED", "MINIMUM_REMOVED", "MINIMUM_INCREASED", "MINIMUM_DECREASED"],
            number,
            "minimum",
            false,
        ),
        limit(
            &[
                "EXCLUSIVE_MAXIMUM_ADDED",
                "EXCLUSIVE_MAXIMUM_REMOVED",
                "EXCLUSIVE_MAXIMUM_INCREASED",
                "EXCLUSIVE_MAXIMUM_DECREASED",
            ],
            number,
            "exclusiveMaximum",
            true,
        ),
        limit(
            &[
                "EXCLUSIVE_MINIMUM_ADDED",
                "EXCLUSIVE_MINIMUM_REMOVED",
                "EXCLUSIVE_MINIMUM_INCREASED",
                "EXCLUSIVE_MINIMUM_DECREASED",
            ],
            number,
            "exclusiveMinimum",
            false,
        ),
        limit(
            &["MAX_PROPERTIES_ADDED", "MAX_PROPERTIES_REMOVED", "MAX_PROPERTIES_INCREASED", "MAX_PROPERTIES_DECREASED"],
            object,
            "maxProperties",
            true,
        ),
        limit(
            &["MIN_PROPERTIES_ADDED", "MIN_PROPERTIES_REMOVED", "MIN_PROPERTIES_INCREASED", "MIN_PROPERTIES_DECREASED"],
            object,
            "minProperties",
            false,
        ),
        limit(
            &["MAX_ITEMS_ADDED", "MAX_ITEMS_REMOVED", "MAX_ITEMS_INCREASED", "MAX_ITEMS_DECREASED"],
            list,
            "maxItems",
            true,
        ),
        limit(
            &["MIN_ITEMS_ADDED", "MIN_ITEMS_REMOVED", "MIN_ITEMS_INCREASED", "MIN_ITEMS_DECREASED"],
            list,
            "minItems",
            false,
        ),
        limit(
            &["MAX_CONTAINS_ADDED", "MAX_CONTAINS_REMOVED", "MAX_CONTAINS_INCREASED", "MAX_CONTAINS_DECREASED"],
            contains,
            "maxContains",
            true,
        ),
        limit(
            &["MIN_CONTAINS_ADDED", "MIN_CONTAINS_REMOVED", "MIN_CONTAINS_INCREASED", "MIN_CONTAINS_DECREASED"],
            contains,
            "minContains",
            false,
        ),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// An object with a field `a` and more keywords.
fn object(more: &Value) -> Value {
    with(&json!({"type": "object", "properties": {"a": {"type": "string"}}}), more)
}

/// Such an object with a field `b` too.
fn wider(b: &Value, more: &Value) -> Value {
    with(&json!({"type": "object", "properties": {"a": {"type": "string"}, "b": b}}), more)
}

fn fields() -> Vec<Row> {
    let (text, of_text) = (json!({"type": "string"}), json!({"additionalProperties": {"type": "string"}}));
    let (number, with_default) = (json!({"type": "number"}), json!({"type": "string", "default": "x"}));
    let (open, closed) = (json!({}), json!({"additionalProperties": false}));
    let both = |one: &Value, other: &Value| with(one, other);
    let required = json!({"required": ["b"]});
    let patterns = json!({"patternProperties": {"^x": {"type": "string"}}});
    vec![
        ("REQUIRED_ATTRIBUTE_ADDED", wider(&text, &open), wider(&text, &required), ""),
        ("REQUIRED_ATTRIBUTE_REMOVED", wider(&text, &required), wider(&text, &open), ALL),
        (
            "REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED",
            wider(&with_default, &open),
            wider(&with_default, &required),
            REGISTRY,
        ),
        ("REQUIRED_NAME_ADDED", object(&open), object(&required), REGISTRY),
        ("OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", object(&open), wider(&text, &open), "l"),
        ("PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL", wider(&text, &open), object(&open), ALL),
        ("REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL", object(&open), wider(&text, &required), ""),
        (
            "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL",
            object(&open),
            wider(&with_default, &required),
            "l",
        ),
        ("PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL", object(&open), wider(&open, &open), ALL),
        ("OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL", object(&closed), wider(&text, &closed), ALL),
        ("PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL", wider(&text, &closed), object(&closed), ""),
        (
            "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL",
            object(&closed),
            wider(&text, &both(&closed, &required)),
            "",
        ),
        (
            "REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL",
            object(&closed),
            wider(&with_default, &both(&closed, &required)),
            REGISTRY,
        ),
        ("PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL", wider(&json!(false), &closed), object(&closed), ALL),
        ("PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", object(&of_text), wider(&text, &of_text), ALL),
        ("PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", object(&of_text), wider(&number, &of_text), ""),
        ("PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL", wider(&text, &of_text), object(&of_text), ALL),
        (
            "PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            wider(&number, &of_text),
            object(&of_text),
            "",
        ),
        ("PROPERTY_ADDED_BESIDE_PATTERNS", object(&patterns), wider(&text, &patterns), REGISTRY),
    ]
}

fn unknown_fields() -> Vec<Row> {
    let (open, closed) = (object(&json!({})), object(&json!({"additionalProperties": false})));
    let of_text = object(&json!({"additionalProperties": {"type": "string"}}));
    let pattern = |schema: Value| object(&json!({"patternProperties": {"^x": schema}}));
    let names = object(&json!({"propertyNames": {"maxLength": 3}}));
    let dependent = object(&json!({"additionalProperties": false, "dependentSchemas": {"a": {}}}));
    let unevaluated = object(&json!({"unevaluatedProperties": false, "dependentSchemas": {"a": {}}}));
    vec![
        ("ADDITIONAL_PROPERTIES_ADDED", closed.clone(), open.clone(), ALL),
        ("ADDITIONAL_PROPERTIES_REMOVED", open.clone(), closed.clone(), "l"),
        ("ADDITIONAL_PROPERTIES_EXTENDED", of_text.clone(), open.clone(), ALL),
        ("ADDITIONAL_PROPERTIES_NARROWED", open.clone(), of_text.clone(), "l"),
        ("PATTERN_PROPERTIES_CHANGED", pattern(json!({})), pattern(json!({"type": "string"})), REGISTRY),
        ("PATTERN_PROPERTIES_CHANGED", open.clone(), pattern(json!({"type": "string"})), REGISTRY),
        (
            "PATTERN_PROPERTIES_REMOVED",
            with(&closed, &json!({"patternProperties": {"^x": {}}})),
            closed.clone(),
            REGISTRY,
        ),
        (
            "PATTERN_UNREADABLE",
            object(&json!({"patternProperties": {"(?=x)": {}}})),
            object(&json!({"patternProperties": {"(?=x)": {}}, "title": "a"})),
            REGISTRY,
        ),
        ("PROPERTY_NAMES_CHANGED", open.clone(), names.clone(), REGISTRY),
        ("UNEVALUATED_PROPERTIES_CHANGED", dependent, unevaluated, REGISTRY),
    ]
}

fn dependencies() -> Vec<Row> {
    let names = |list: Value| object(&json!({"dependentRequired": {"a": list}}));
    let schema = object(&json!({"dependentSchemas": {"a": {"minProperties": 2}}}));
    let none = object(&json!({}));
    vec![
        ("DEPENDENCY_ARRAY_ADDED", none.clone(), names(json!(["b"])), ""),
        ("DEPENDENCY_ARRAY_REMOVED", names(json!(["b"])), none.clone(), ALL),
        ("DEPENDENCY_ARRAY_EXTENDED", names(json!(["b"])), names(json!(["b", "c"])), ""),
        ("DEPENDENCY_ARRAY_NARROWED", names(json!(["b", "c"])), names(json!(["b"])), ALL),
        ("DEPENDENCY_ARRAY_CHANGED", names(json!(["b"])), names(json!(["c"])), ""),
        ("DEPENDENCY_SCHEMA_ADDED", none.clone(), schema.clone(), ""),
        ("DEPENDENCY_SCHEMA_REMOVED", schema, none, ALL),
    ]
}

fn items() -> Vec<Row> {
    let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
    let tuple = |items: &[&Value], rest: Value| {
        let mut schema =
            json!({"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "array", "prefixItems": items});
        if !rest.is_null() {
            schema["items"] = rest;
        }
        schema
    };
    let (one, two) = ([&text], [&text, &text]);
    let contains = |schema: Value| json!({"type": "array", "contains": schema});
    vec![
        ("ADDITIONAL_ITEMS_ADDED", tuple(&one, json!(false)), tuple(&one, Value::Null), ALL),
        ("ADDITIONAL_ITEMS_REMOVED", tuple(&one, Value::Null), tuple(&one, json!(false)), ""),
        ("ADDITIONAL_ITEMS_EXTENDED", tuple(&one, text.clone()), tuple(&one, Value::Null), ALL),
        ("ADDITIONAL_ITEMS_NARROWED", tuple(&one, Value::Null), tuple(&one, text.clone()), ""),
        ("ITEM_ADDED_TO_CLOSED_CONTENT_MODEL", tuple(&one, json!(false)), tuple(&two, json!(false)), ALL),
        ("ITEM_REMOVED_FROM_CLOSED_CONTENT_MODEL", tuple(&two, json!(false)), tuple(&one, json!(false)), ""),
        ("ITEM_ADDED_TO_OPEN_CONTENT_MODEL", tuple(&one, Value::Null), tuple(&two, Value::Null), ""),
        ("ITEM_REMOVED_FROM_OPEN_CONTENT_MODEL", tuple(&two, Value::Null), tuple(&one, Value::Null), ALL),
        (
            "ITEM_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL",
            tuple(&one, Value::Null),
            tuple(&[&text, &json!({})], Value::Null),
            ALL,
        ),
        (
            "ITEM_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            tuple(&one, text.clone()),
            tuple(&two, text.clone()),
            ALL,
        ),
        (
            "ITEM_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            tuple(&one, number.clone()),
            tuple(&two, number.clone()),
            "",
        ),
        (
            "ITEM_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            tuple(&two, text.clone()),
            tuple(&one, text.clone()),
            ALL,
        ),
        (
            "ITEM_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL",
            tuple(&two, number.clone()),
            tuple(&one, number.clone()),
            "",
        ),
        (
            "ITEM_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL",
            tuple(&[&text, &json!(false)], json!(false)),
            tuple(&one, json!(false)),
            ALL,
        ),
        ("CONTAINS_CHANGED", json!({"type": "array"}), contains(text.clone()), REGISTRY),
        ("CONTAINS_CHANGED", contains(number), contains(text.clone()), REGISTRY),
        (
            "UNEVALUATED_ITEMS_CHANGED",
            with(&tuple(&one, json!(false)), &json!({"contains": {}})),
            with(&tuple(&one, Value::Null), &json!({"contains": {}, "unevaluatedItems": false})),
            REGISTRY,
        ),
    ]
}

fn combinations() -> Vec<Row> {
    let (text, number, short) = (json!({"type": "string"}), json!({"type": "number"}), json!({"maxLength": 3}));
    vec![
        ("COMBINED_TYPE_EXTENDED", json!({"oneOf": [text, number]}), json!({"anyOf": [text, number]}), ALL),
        ("COMBINED_TYPE_CHANGED", json!({"anyOf": [text, number]}), json!({"allOf": [text, number]}), ""),
        (
            "COMBINED_TYPE_SUBSCHEMAS_CHANGED",
            json!({"oneOf": [text, number]}),
            json!({"oneOf": [text, {"type": "null"}]}),
            "",
        ),
        ("NULL_REMOVED", json!({"type": ["string", "null"]}), text.clone(), ""),
        ("PRODUCT_TYPE_EXTENDED", json!({"allOf": [text]}), json!({"allOf": [text, short]}), ""),
        ("PRODUCT_TYPE_NARROWED", json!({"allOf": [text, short]}), json!({"allOf": [text]}), ALL),
        ("SUM_TYPE_EXTENDED", json!({"oneOf": [text]}), json!({"oneOf": [text, number]}), ALL),
        ("SUM_TYPE_NARROWED", json!({"oneOf": [text, number]}), json!({"oneOf": [text]}), ""),
        (
            "ONE_OF_OVERLAPS",
            json!({"oneOf": [text, number]}),
            json!({"oneOf": [text, number, {"type": "integer"}]}),
            REGISTRY,
        ),
        ("NOT_TYPE_NARROWED", json!({"not": number}), json!({"not": {"type": "integer"}}), ALL),
        ("NOT_TYPE_EXTENDED", json!({"not": {"type": "integer"}}), json!({"not": number}), ""),
        ("CONDITION_CHANGED", json!({"if": text}), json!({"if": text, "then": short}), REGISTRY),
    ]
}

#[test]
fn each_rule_and_its_reverse_has_its_verdicts() {
    let rows = rows();
    let mut wrong = Vec::new();
    for (id, old, new, accept) in &rows {
        let changes = diff(old, new, Policy::Strict).unwrap();
        let backward = changes.iter().filter(|change| change.direction() == Direction::Backward);
        let found: Vec<_> = backward.map(|change| change.rule().id()).collect();
        let policies = [("s", Policy::Strict), ("l", Policy::Lenient), ("e", Policy::Exact)];
        let accepted: String =
            policies.iter().filter(|(_, policy)| accepts(old, new, *policy)).map(|(letter, _)| *letter).collect();
        // Rules that only a proof needs show in its report only.
        let proof: Vec<_> = check(old, new, Compatibility::Backward, Policy::Exact)
            .unwrap()
            .findings()
            .iter()
            .map(|finding| finding.rule().id())
            .collect();
        if !(found.contains(id) || proof.contains(id)) || accepted != *accept {
            wrong.push(format!(
                "{id}: {old} to {new}: accepted by {accepted:?}, not {accept:?}; found {found:?}, {proof:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let avro = avro_rows();
    let shown: BTreeSet<&str> = rows.iter().map(|(id, ..)| *id).chain(avro.iter().map(|(id, ..)| *id)).collect();
    let all: BTreeSet<&str> =
        Rule::all().map(|rule| rule.id()).filter(|id| !crate::catalog::RULES.contains(id)).collect();
    assert_eq!(all.difference(&shown).collect::<Vec<_>>(), [&""; 0], "rules without a row");
    assert_eq!(shown.difference(&all).collect::<Vec<_>>(), [&""; 0], "rows without a rule");
    for (id, old, new, _) in &rows {
        let reverse = [("_ADDED", "_REMOVED"), ("_INCREASED", "_DECREASED"), ("_EXTENDED", "_NARROWED")];
        let reverse = reverse.iter().find_map(|(one, other)| Some(format!("{}{other}", id.strip_suffix(one)?)));
        let Some(reverse) = reverse.filter(|reverse| all.contains(&**reverse)) else { continue };
        let is_shown = rows.iter().any(|(id, before, after, _)| *id == reverse && (before, after) == (new, old));
        assert!(is_shown, "{id} of {old} and {new} has no row for its reverse");
    }
    // Each document may follow itself.
    for (id, old, new, _) in &rows {
        for schema in [old, new] {
            let report = check(schema, schema, Compatibility::Full, Policy::Exact).unwrap();
            assert!(report.is_compatible(), "{id}: {schema}\n{report}");
        }
    }
}

/// A rule, the schema of a writer, and that of a reader that breaks it; the reverse is compatible, or breaks the rule that
/// is named.
type AvroRow = (&'static str, Value, Value, Option<&'static str>);

fn avro_rows() -> Vec<AvroRow> {
    let record = |name: &str, fields: Value| json!({"type": "record", "name": name, "fields": fields});
    let fixed = |name: &str, size: u8| json!({"type": "fixed", "name": name, "size": size});
    let choice = |symbols: Value, more: Value| with(&json!({"type": "enum", "name": "E", "symbols": symbols}), &more);
    let field = |more: Value| with(&json!({"name": "a", "type": "int"}), &more);
    let (none, one) = (json!([]), json!([field(json!({}))]));
    let two = json!([field(json!({})), {"name": "b", "type": "int"}]);
    let both = json!([{"name": "b", "type": "int", "aliases": ["a"]}]);
    vec![
        ("NAME_MISMATCH", record("A", none.clone()), record("B", none.clone()), Some("NAME_MISMATCH")),
        ("NAME_MISMATCH", fixed("A", 2), fixed("B", 2), Some("NAME_MISMATCH")),
        ("FIXED_SIZE_MISMATCH", fixed("A", 2), fixed("A", 3), Some("FIXED_SIZE_MISMATCH")),
        ("MISSING_ENUM_SYMBOLS", choice(json!(["A", "B"]), json!({})), choice(json!(["A"]), json!({})), None),
        ("READER_FIELD_MISSING_DEFAULT_VALUE", record("A", none.clone()), record("A", one.clone()), None),
        ("READER_FIELD_AMBIGUOUS", record("A", two), record("A", both), Some("READER_FIELD_MISSING_DEFAULT_VALUE")),
        ("TYPE_MISMATCH", json!("long"), json!("int"), None),
        ("TYPE_MISMATCH", json!("double"), json!("long"), None),
        ("TYPE_MISMATCH", json!("boolean"), json!("null"), Some("TYPE_MISMATCH")),
        ("TYPE_MISMATCH", json!({"type": "array", "items": "long"}), json!({"type": "array", "items": "int"}), None),
        ("TYPE_MISMATCH", json!({"type": "map", "values": "float"}), json!({"type": "map", "values": "int"}), None),
        ("TYPE_MISMATCH", json!(["null", "int"]), json!("int"), None),
        ("MISSING_UNION_BRANCH", json!("string"), json!(["null", "int"]), Some("TYPE_MISMATCH")),
        ("MISSING_UNION_BRANCH", json!(["null", "int", "boolean"]), json!(["null", "int"]), None),
    ]
}

#[test]
fn each_rule_of_avro_and_its_reverse_has_its_verdict() {
    let found = |writer: &Value, reader: &Value| -> BTreeSet<&str> {
        let report = avro::check(writer, reader, Compatibility::Backward).unwrap();
        report.findings().iter().map(|finding| finding.rule().id()).collect()
    };
    for (id, writer, reader, reverse) in avro_rows() {
        assert_eq!(found(&writer, &reader), BTreeSet::from([id]), "{writer} read by {reader}");
        assert_eq!(found(&reader, &writer), reverse.into_iter().collect(), "{reader} read by {writer}");
        let forward = avro::check(&reader, &writer, Compatibility::Forward).unwrap();
        assert_eq!(forward.findings()[0].direction(), Direction::Forward);
        assert_eq!(found(&writer, &writer), BTreeSet::new());
    }
    // The same changes, made compatible.
    let with_default = json!({"type": "enum", "name": "E", "symbols": ["A"], "default": "A"});
    assert!(found(&json!({"type": "enum", "name": "E", "symbols": ["A", "B"]}), &with_default).is_empty());
    let record = |fields: Value| json!({"type": "record", "name": "R", "namespace": "a.b", "fields": fields});
    assert!(found(&record(json!([])), &record(json!([{"name": "a", "type": "int", "default": 0}]))).is_empty());
    assert!(found(&record(json!([])), &record(json!([{"name": "a", "type": with_default}]))).is_empty());
    let renamed = json!({"type": "record", "name": "S", "aliases": ["a.b.R"], "fields": []});
    assert!(found(&record(json!([])), &renamed).is_empty());
    let (b, a) = (json!({"name": "b", "type": "long", "aliases": ["a"]}), json!({"name": "a", "type": "int"}));
    assert!(found(&record(json!([a])), &record(json!([b]))).is_empty());
}

#[test]
fn avro_types_that_contain_themselves() {
    let tree = |leaf: &str| {
        let children = json!({"type": "array", "items": "Tree"});
        let (leaf, next) = (json!({"name": "leaf", "type": leaf}), json!({"name": "next", "type": ["null", "Tree"]}));
        json!({"type": "record", "name": "Tree", "namespace": "n", "fields": [next, {"name": "children", "type": children}, leaf]})
    };
    assert!(avro::check(&tree("int"), &tree("long"), Compatibility::Backward).unwrap().is_compatible());
    let report = avro::check(&tree("long"), &tree("int"), Compatibility::Backward).unwrap();
    let found: BTreeSet<_> = report.findings().iter().map(|finding| (finding.rule().id(), finding.path())).collect();
    // Through the union, no branch reads a tree.
    assert_eq!(
        found,
        BTreeSet::from([("TYPE_MISMATCH", "#/fields/leaf"), ("MISSING_UNION_BRANCH", "#/fields/next/1")])
    );

    let error = |schema: Value| avro::check(&json!("null"), &schema, Compatibility::Full).unwrap_err().to_string();
    assert_eq!(error(json!(7)), "#: an Avro schema is a name, an object or a list of schemas");
    assert_eq!(error(json!({"type": "array"})), "#: `items` is missing or has a wrong type");
    assert_eq!(error(json!("Unknown")), "#: the type \"Unknown\" is not defined in the document");
    assert!(error(json!({"type": "record", "name": "A", "fields": [{"name": "a"}]})).contains("has no type"));
    let deep = (0..300).fold(json!("int"), |inner, _| json!({"type": "array", "items": inner}));
    assert!(error(deep).contains("nested deeper"));
}

/// Names, symbols, defaults and unions are legal as in the parser of Apache Avro for Java.
#[test]
fn avro_schemas_that_are_none_are_refused() {
    let error = |schema: Value| avro::check(&schema, &schema, Compatibility::Backward).err();
    let reason = |schema: Value| error(schema).map(|error| error.reason().to_owned()).unwrap_or_default();
    let record = |fields: Value| json!({"type": "record", "name": "A", "fields": fields});
    let field = |schema: Value, default: Value| record(json!([{"name": "a", "type": schema, "default": default}]));
    let choice = |symbols: Value| json!({"type": "enum", "name": "E", "symbols": symbols});

    let wrong = "the default is not of the field's type";
    assert_eq!(reason(field(json!("int"), json!("x"))), wrong);
    assert_eq!(reason(field(json!("int"), json!(1_u64 << 31))), wrong);
    assert_eq!(reason(field(json!({"type": "array", "items": "long"}), json!([1, null]))), wrong);
    assert_eq!(reason(field(choice(json!(["B"])), json!(1))), wrong);
    assert_eq!(reason(field(json!(["string", "long"]), json!(null))), wrong);
    for (schema, default) in [
        (json!(["string", "null"]), json!(null)),
        (json!({"type": "map", "values": "double"}), json!({"a": 1})),
        (json!({"type": "bytes", "logicalType": "decimal", "precision": 2}), json!("\u{1}")),
        (json!({"type": "record", "name": "B", "fields": [{"name": "b", "type": "int", "default": 1}]}), json!({})),
    ] {
        assert_eq!(reason(field(schema, default)), "");
    }
    let letters = "use letters, digits and `_`, not starting with a digit";
    assert_eq!(
        reason(json!({"type": "fixed", "name": "a-b", "size": 1})),
        format!("\"a-b\" is not a valid name: {letters}")
    );
    assert_eq!(reason(choice(json!(["a-b"]))), format!("the symbol \"a-b\" is not a valid name: {letters}"));
    assert_eq!(reason(choice(json!(["A", "A"]))), "the symbol \"A\" is listed twice");
    let with_default = json!({"type": "enum", "name": "E", "symbols": ["A"], "default": "Z"});
    assert_eq!(reason(with_default), "the default \"Z\" is not one of the symbols");
    let twice = record(json!([{"name": "a", "type": "int"}, {"name": "a", "type": "string"}]));
    assert_eq!(reason(twice), "the field \"a\" is listed twice");
    assert_eq!(reason(json!(["string", {"type": "string"}])), "a union has the branch \"string\" twice");

    // Each has its place.
    let place = |schema: Value| error(schema).map(|error| error.path().to_owned()).unwrap_or_default();
    let list = |items: Value| json!({"type": "array", "items": items});
    let inside = |schema: Value| record(json!([{"name": "b", "type": {"type": "map", "values": ["null", schema]}}]));
    assert_eq!(place(inside(list(json!(["int", "int"])))), "#/fields/b/values/1/items");
    assert_eq!(place(inside(list(json!({"type": "Missing"})))), "#/fields/b/values/1/items");
    assert_eq!(place(inside(choice(json!(["A", "A"])))), "#/fields/b/values/1");
    assert_eq!(place(field(json!("int"), json!("x"))), "#/fields/a");
    assert_eq!(place(json!({"type": {"type": "array"}})), "#/type");
}

#[test]
#[ignore = "needs rows of other projects: EVENT_SCHEMA_CORPORA=folder cargo test --test contract -- --ignored"]
fn avro_verdicts_are_those_of_java() {
    let mut wrong = Vec::new();
    for row in rows_elsewhere("avro_compat.jsonl") {
        let list = |key: &str| row[key].as_array().cloned().unwrap_or_default();
        let (report, expected) = if row["kind"] == "history" {
            let mode = row["mode"].as_str().unwrap().parse().unwrap();
            (avro::check_history(&list("previous"), &row["new"], mode), &row["compatible"])
        } else {
            (avro::check(&row["writer"], &row["reader"], Compatibility::Backward), &row["java"])
        };
        let compatible = report.as_ref().map(Report::is_compatible);
        let agrees = match expected.as_bool() {
            Some(expected) => compatible == Ok(expected),
            // Java reads no such schema, or refuses to compare it: here the one or the other.
            None => compatible != Ok(true) || row["java_error"].as_str().unwrap().contains("Enum Default"),
        };
        if !agrees {
            wrong.push(format!("{}: not {expected}, but {report:?}: {row}", row["id"]));
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

/// Rows that restate tests of other projects, which are not part of this repository, from the folder that is named. The
/// tests that need them are ignored, so that `cargo test` names them.
fn rows_elsewhere(name: &str) -> Vec<Value> {
    let folder = std::env::var_os("EVENT_SCHEMA_CORPORA").expect("EVENT_SCHEMA_CORPORA names a folder with rows");
    let text = std::fs::read_to_string(Path::new(&folder).join(name)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
#[ignore = "needs rows of other projects: EVENT_SCHEMA_CORPORA=folder cargo test --test contract -- --ignored"]
fn verdicts_are_those_of_the_registry() {
    let mut wrong = Vec::new();
    for row in rows_elsewhere("json_schema_compat_confluent.jsonl") {
        for (key, policy) in [("compatible", Policy::Strict), ("compatible_lenient", Policy::Lenient)] {
            let Some(expected) = row.get(key).and_then(Value::as_bool) else { continue };
            let report = check(&row["old"], &row["new"], Compatibility::Backward, policy);
            if report.as_ref().map(Report::is_compatible) != Ok(expected) {
                wrong.push(format!("{} {policy}: not {expected}, but {report:?}", row["id"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "needs rows of other projects: EVENT_SCHEMA_CORPORA=folder cargo test --test contract -- --ignored"]
fn no_exact_verdict_overlooks_a_known_witness() {
    let mut met = 0;
    for row in rows_elsewhere("json_schema_compat_confluent.jsonl") {
        let Some(witness) = row.get("witness") else { continue };
        let report = check(&row["old"], &row["new"], Compatibility::Backward, Policy::Exact).unwrap();
        assert!(!report.is_compatible(), "{}: {witness} is refused", row["id"]);
        met += 1;
    }
    assert!(met >= 35, "{met} rows have a witness");
}

/// Where Karapace answers otherwise, with the rule that explains it. The readers of all three accept each value of the
/// writer.
const KARAPACE: [(&str, &str); 3] = [
    ("kp-unit-300", "PATTERN_PROPERTIES_CHANGED: the pattern describes fields by a schema that accepts all"),
    ("kp-unit-301", "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: Karapace takes the field for a limit"),
    ("kp-unit-306", "PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL: Karapace takes the field for a limit"),
];

#[test]
#[ignore = "needs rows of other projects: EVENT_SCHEMA_CORPORA=folder cargo test --test contract -- --ignored"]
fn differences_from_karapace_are_explained() {
    let rows = rows_elsewhere("json_schema_compat_karapace.jsonl");
    let mut differ = BTreeSet::new();
    for row in &rows {
        let report = check(&row["old"], &row["new"], Compatibility::Backward, Policy::Strict).unwrap();
        if Some(report.is_compatible()) != row["compatible"].as_bool() {
            differ.insert(row["id"].as_str().unwrap());
        }
    }
    println!("{} agree, {} differ", rows.len() - differ.len(), differ.len());
    let explained: BTreeSet<&str> = KARAPACE.iter().map(|(id, _)| *id).collect();
    assert_eq!(differ, explained);
}

/// Under the policy for closed writers, an open schema of the writer is one that lists all of its fields.
#[test]
fn closed_writers_write_the_fields_of_their_schema() {
    let (text, number) = (json!({"type": "string"}), json!({"type": "number"}));
    let closed = json!({"additionalProperties": false});
    let rest = json!({"additionalProperties": {"type": "number"}});
    for (old, new, exact, written) in [
        (object(&json!({})), wider(&text, &json!({})), false, true),
        (object(&json!({})), wider(&text, &json!({"required": ["b"]})), false, false),
        (object(&json!({})), object(&closed), false, true),
        (wider(&number, &json!({})), object(&closed), false, false),
        (object(&json!({})), object(&rest), false, true),
        (object(&rest), wider(&text, &rest), false, false),
        (json!({"type": "object"}), object(&closed), false, false),
        // Inside `not` the fields are those of any value.
        (json!({"not": object(&closed)}), json!({"not": object(&json!({}))}), false, false),
    ] {
        assert_eq!(
            (accepts(&old, &new, Policy::Exact), accepts(&old, &new, Policy::Written)),
            (exact, written),
            "{old} {new}"
        );
    }
}

#[test]
fn modes_ask_in_their_directions() {
    let history = [json!({"type": "string"}), json!({"type": "integer"})];
    let new = json!({"type": "number"});
    let directions = |mode| {
        let report = check_history(&history, &new, mode, Policy::Strict).unwrap();
        report.findings().iter().map(|finding| (finding.revision(), finding.direction())).collect::<Vec<_>>()
    };
    let (backward, forward) = (Direction::Backward, Direction::Forward);
    assert_eq!(directions(Compatibility::None), []);
    assert_eq!(directions(Compatibility::Backward), []);
    assert_eq!(directions(Compatibility::Forward), [(1, forward)]);
    assert_eq!(directions(Compatibility::Full), [(1, forward)]);
    assert_eq!(directions(Compatibility::BackwardTransitive), [(0, backward)]);
    assert_eq!(directions(Compatibility::ForwardTransitive), [(0, forward), (1, forward)]);
    assert_eq!(directions(Compatibility::FullTransitive), [(0, backward), (0, forward), (1, forward)]);
    let text = |mode| check_history(&history, &new, mode, Policy::Strict).unwrap().to_string();
    let all = text(Compatibility::FullTransitive);
    assert!(all.contains("\nrevision 0: #: the types differ") && all.contains("\nrevision 1: #/type: "), "{all}");
    assert!(!text(Compatibility::Full).contains("revision"));
    let report = check_history(&history, &new, Compatibility::Forward, Policy::Strict).unwrap();
    assert_eq!(serde_json::to_value(&report).unwrap()["findings"][0]["revision"], 1);
    assert!(check_history([], &new, Compatibility::FullTransitive, Policy::Strict).unwrap().is_compatible());
}

#[test]
fn a_recursive_type_is_compared_once() {
    let tree = |leaf: &str| {
        json!({
            "$defs": {"Node": {
                "type": "object",
                "properties": {"leaf": {"type": leaf}, "left": {"$ref": "#/$defs/Node"}, "right": {"$ref": "#/$defs/Node"}},
                "additionalProperties": false,
            }},
            "$ref": "#/$defs/Node",
        })
    };
    for policy in [Policy::Strict, Policy::Exact] {
        assert!(accepts(&tree("integer"), &tree("number"), policy));
        let report = check(&tree("number"), &tree("integer"), Compatibility::Backward, policy).unwrap();
        let found: Vec<_> = report.findings().iter().map(|finding| (finding.rule().id(), finding.path())).collect();
        assert_eq!(found, [("TYPE_NARROWED", "#/$defs/Node/properties/leaf/type")]);
    }
}

/// An answer that leans on a pair that is being compared is forgotten when this turns out to be incompatible.
#[test]
fn an_assumption_that_fails_is_forgotten() {
    let document = |kind: &str| {
        json!({
            "$defs": {
                "A": {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}, "x": {"type": kind}}},
                "B": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}},
            },
            "anyOf": [{"$ref": "#/$defs/A"}, {"type": "object", "properties": {"deep": {"$ref": "#/$defs/B"}}}],
        })
    };
    for policy in [Policy::Strict, Policy::Exact] {
        assert!(!accepts(&document("string"), &document("number"), policy));
    }
}

/// Contracts that were recorded before their forms changed: the events are the same.
#[test]
fn contracts_in_earlier_forms_mean_the_same() {
    #[event_schema::event]
    enum Never {}

    #[event_schema::event]
    struct Reading {
        address: std::net::IpAddr,
        other: Option<std::net::IpAddr>,
        #[validate(ip)]
        gateway: Option<String>,
        #[validate(regex(path = *YEAR))]
        year: String,
        never: Option<Never>,
    }

    static YEAR: std::sync::LazyLock<event_schema::regex::Regex> =
        std::sync::LazyLock::new(|| event_schema::regex::Regex::new("^(?P<year>[0-9]{4})$").expect("a pattern"));

    let either = json!([{"format": "ipv4"}, {"format": "ipv6"}]);
    let fields = json!({
        "address": {"type": "string", "anyOf": either},
        "other": {"type": ["string", "null"], "anyOf": either},
        "gateway": {"type": ["string", "null"], "anyOf": either},
        "year": {"type": "string", "pattern": "^(?<year>[0-9]{4})$"},
        "never": {"anyOf": [{"$ref": "#/$defs/Never"}, {"type": "null"}]},
    });
    let now = contract::json_schema::<Reading>(&Contract::Serialize).to_value();
    let mut earlier = now.clone();
    earlier["properties"] = fields;
    earlier["$defs"] = json!({"Never": false});
    // The registry distinguishes them.
    assert!(!accepts(&earlier, &now, Policy::Strict));

    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let recorded = (
        read(include_str!("earlier/reading-taken.json")),
        read(include_str!("../../schemas/shop/reading-taken/v1.json")),
    );
    for (earlier, now) in [(earlier, now), recorded] {
        for policy in [Policy::Exact, Policy::Written] {
            let report = check(&earlier, &now, Compatibility::Full, policy).unwrap();
            assert!(report.is_compatible(), "{policy}: {report}");
        }
    }
}

/// The schema inside so many objects.
fn nested(levels: usize) -> Value {
    (0..levels).fold(json!({"type": "string"}), |inner, _| json!({"type": "object", "properties": {"a": inner}}))
}

#[test]
fn bad_input_gets_a_clear_error_in_bounded_time() {
    let ((), took) = time_of(bad_input);
    assert!(took < Duration::from_secs(20), "{took:?}");
}

fn bad_input() {
    let error =
        |schema: Value| -> SchemaError { check(&json!({}), &schema, Compatibility::Full, Policy::Strict).unwrap_err() };
    assert_eq!(error(json!("string")).to_string(), "#: a schema is an object or a boolean");
    assert_eq!(error(json!({"properties": {"a/b": 1}})).path(), "#/properties/a~1b");
    assert_eq!(error(json!({"items": {"$ref": "other.json"}})).path(), "#/items");
    assert_eq!(error(json!({"allOf": [{"$ref": 7}]})).reason(), "`$ref` is not a string");
    let circle = json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}});
    assert!(error(circle).reason().contains("refers to itself"));
    assert!(error(nested(300)).reason().contains("nested deeper"));

    let wide = |kind: &str| {
        let fields: serde_json::Map<String, Value> =
            (0..10_000).map(|at| (format!("field{at}"), json!({"type": kind}))).collect();
        json!({"type": "object", "properties": fields})
    };
    let report = check(&wide("string"), &wide("number"), Compatibility::Backward, Policy::Strict).unwrap();
    assert!(report.findings().len() >= 1000 && report.to_string().ends_with("and more"));

    // Each definition names the next one twice: 2^60 paths.
    let entangled = |kind: &str| {
        let mut definitions = serde_json::Map::new();
        for at in 0..60 {
            let next = json!({"$ref": format!("#/$defs/d{}", at + 1)});
            definitions.insert(format!("d{at}"), json!({"type": "object", "properties": {"a": next, "b": next}}));
        }
        definitions.insert("d60".to_owned(), json!({"type": kind}));
        json!({"$defs": definitions, "$ref": "#/$defs/d0"})
    };
    assert!(!accepts(&entangled("string"), &entangled("number"), Policy::Strict));
    assert!(accepts(&entangled("integer"), &entangled("number"), Policy::Exact));
    // Each of many variants contains all of them.
    let union = |kind: &str| {
        let variants: Vec<Value> = (0..12).map(|at| json!({"$ref": format!("#/$defs/d{at}")})).collect();
        let variant = |at: usize| {
            let fields = json!({"id": {"type": kind}, "one": {"oneOf": variants}, "two": {"oneOf": variants}});
            (format!("d{at}"), json!({"type": "object", "properties": fields}))
        };
        json!({"$defs": (0..12).map(variant).collect::<serde_json::Map<_, _>>(), "oneOf": variants})
    };
    assert!(!accepts(&union("string"), &union("number"), Policy::Exact));
}

/// The places and rules of what a proof finds, and the texts of the writer's and the reader's side.
fn found(old: &Value, new: &Value) -> Vec<(String, &'static str)> {
    let report = check(old, new, Compatibility::Backward, Policy::Written).unwrap();
    report.findings().iter().map(|finding| (finding.path().to_owned(), finding.rule().id())).collect()
}

/// A finding names the value, the limit or the variant that changed, and not only the choice that contains it.
#[test]
fn findings_name_what_changed_in_a_combination() {
    let field = |schema: Value| json!({"type": "object", "properties": {"a": schema}, "required": ["a"]});
    let one = |old: Value, new: Value| {
        let mut found = found(&field(old), &field(new));
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    };
    let at = |place: &str, rule: &'static str| (format!("#/properties/a{place}"), rule);
    let text = json!({"type": "string"});
    let named = |values: &[&str]| json!({"type": "string", "enum": values});
    assert_eq!(one(named(&["A", "B"]), named(&["A"])), at("/enum", "ENUM_ARRAY_NARROWED"));
    let bounded = |maximum: u8, kind: Value| json!({"type": kind, "maximum": maximum});
    let optional = |maximum| bounded(maximum, json!(["integer", "null"]));
    assert_eq!(one(optional(9), optional(5)), at("/maximum", "MAXIMUM_DECREASED"));

    // An optional value that is required now.
    assert_eq!(one(optional(9), bounded(9, json!("integer"))), at("", "NULL_REMOVED"));
    let found_both = found(&field(optional(9)), &field(bounded(5, json!("integer"))));
    assert_eq!(found_both, [at("", "NULL_REMOVED"), at("/maximum", "MAXIMUM_DECREASED")]);
    assert_eq!(one(json!({"anyOf": [named(&["A"]), {"type": "null"}]}), named(&["A"])), at("", "NULL_REMOVED"));
    assert_eq!(
        one(json!({"type": ["string", "integer", "null"]}), json!({"type": ["string", "integer"]})),
        at("", "NULL_REMOVED")
    );
    assert_eq!(one(json!({}), text), at("", "SCHEMA_ADDED"));

    // Variants with a tag.
    let variant = |tag: &str, fields: &[&str]| {
        let mut properties: serde_json::Map<_, _> =
            fields.iter().map(|name| ((*name).to_owned(), json!({"type": "integer"}))).collect();
        properties.insert("tag".to_owned(), json!({"const": tag}));
        let required: Vec<&str> = properties.keys().map(String::as_str).collect();
        json!({"type": "object", "properties": properties, "required": required})
    };
    let choice = |variants: &[Value]| json!({ "oneOf": variants });
    let (card, cash) = (variant("card", &["number"]), variant("cash", &[]));
    let more = variant("card", &["number", "month"]);
    assert_eq!(
        one(choice(&[cash.clone(), card.clone()]), choice(&[cash.clone(), more])),
        at("/oneOf/1/properties/month", "REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL")
    );
    let both = choice(&[cash.clone(), card.clone()]);
    assert_eq!(one(both.clone(), choice(std::slice::from_ref(&cash))), at("/oneOf/1", "SUM_TYPE_NARROWED"));
    let report = check(&field(both), &field(choice(&[cash])), Compatibility::Backward, Policy::Written).unwrap();
    assert_eq!((report.findings()[0].before(), report.findings()[0].after()), (Some(&card), None));
}

/// Readers with a catch-all variant read all that they read without it.
#[test]
fn a_catch_all_variant_may_be_added() {
    macro_rules! paid {
        ($module:ident, $($variants:tt)*) => {
            mod $module {
                #[event_schema::event]
                pub(super) struct Paid {
                    pub(super) by: By,
                }

                #[event_schema::event]
                #[serde(tag = "method")]
                pub(super) enum By {
                    $($variants)*
                }
            }
        };
    }
    paid!(before, Card { number: String }, Cash);
    paid!(
        after,
        Card { number: String },
        Cash,
        #[serde(other)]
        Unknown
    );
    let old = contract::json_schema::<before::Paid>(&Contract::Serialize).to_value();
    let new = contract::json_schema::<after::Paid>(&Contract::Deserialize).to_value();
    for policy in [Policy::Exact, Policy::Written] {
        assert!(accepts(&old, &new, policy), "{policy}");
    }
    let read = |value: Value| event_schema::LoadOptions::new().load_value::<after::Paid>(value);
    assert!(read(json!({"by": {"method": "Cash"}})).is_ok() && read(json!({"by": {"method": "Voucher"}})).is_ok());

    // A catch-all for fewer values overlaps.
    let excluding = |tags: &[&str]| {
        json!({"oneOf": [
            {"type": "object", "properties": {"method": {"const": "Cash"}}, "required": ["method"]},
            {"type": "object", "properties": {"method": {"type": "string", "not": {"enum": tags}}}, "required": ["method"]},
        ]})
    };
    let cash = json!({"type": "object", "properties": {"method": {"const": "Cash"}}, "required": ["method"]});
    assert!(accepts(&cash, &excluding(&["Cash"]), Policy::Written));
    assert!(!accepts(&cash, &excluding(&["Card"]), Policy::Written));
}

/// Keywords beside each other are no `allOf` with an index.
#[test]
fn changes_of_keywords_have_their_place() {
    let named = |values: &[&str]| json!({"type": "string", "enum": values});
    for policy in [Policy::Strict, Policy::Exact] {
        let changes = diff(&named(&["A"]), &named(&["A", "B"]), policy).unwrap();
        assert_eq!((changes[0].path(), changes[0].rule().id()), ("#/enum", "ENUM_ARRAY_EXTENDED"), "{policy}");
    }
    let kinds = |kinds: Value| json!({"type": kinds, "maxLength": 9});
    let (old, new) = (kinds(json!(["string", "null"])), json!({"type": ["string", "null"]}));
    let changes = diff(&old, &new, Policy::Exact).unwrap();
    assert_eq!(changes[0].path(), "#/maxLength");
}

/// A decimal is written as digits, and read with an exponent, too.
#[test]
fn a_pattern_with_an_optional_end_accepts_more() {
    let pattern = |pattern: &str| json!({"type": "string", "pattern": pattern});
    let digits = pattern(r"^-?\d+(\.\d+)?$");
    for wider in [r"^-?\d+(\.\d+)?([eE]\d+)?$", r"^-?\d+(\.\d+)?(?:\\)?$"] {
        let wider = pattern(wider);
        assert!(accepts(&digits, &wider, Policy::Exact), "{wider}");
        assert!(!accepts(&digits, &wider, Policy::Strict), "the registry compares the texts");
        assert!(!accepts(&wider, &digits, Policy::Exact), "{wider}");
        let both = with(&wider, &json!({"type": ["string", "number"]}));
        assert!(accepts(&digits, &both, Policy::Exact), "{both}");
    }
    // An end that is not optional, another start, and escaped brackets.
    for other in [
        r"^-?\d+(\.\d+)?([eE]\d+)$",
        r"^\d+(\.\d+)?([eE]\d+)?$",
        r"^-?\d+(\.\d+)?x(e)?$",
        r"^-?\d+(\.\d+)?(a)(b)?$",
        r"^-?\d+(\.\d+)?[(]e)?$",
    ] {
        assert!(!accepts(&digits, &pattern(other), Policy::Exact), "{other}");
    }
    for (writer, reader) in [(r"^a\$", r"^a\(b)?$"), (r"^a$", r"^a(b\)?$")] {
        assert!(!accepts(&pattern(writer), &pattern(reader), Policy::Exact), "{reader}");
    }
}

//! A compatible verdict of the exact check survives a search for a value that the old schema accepts and the new one
//! refuses; an independent validator judges the values.

use event_schema::contract::compat::{Compatibility, Policy, check};
use event_schema::serde_json::{Map, Value, json};
use fastrand::Rng;
use jsonschema::{Draft, Validator};

const NAMES: [&str; 4] = ["a", "b", "c", "ab"];

/// A random schema. `deep` counts the levels below it; `named` allows references, which must not lead to themselves
/// without a step into the value.
fn schema(rng: &mut Rng, deep: usize, named: bool) -> Value {
    let kinds = if deep == 0 { 9 } else { 20 };
    match rng.usize(..kinds) {
        0 => json!({}),
        1 => some(rng, json!({"type": "string", "minLength": 1, "maxLength": 2, "pattern": "^a", "format": "date"}), 4),
        2 => {
            let limits = json!({"type": "integer", "minimum": 0, "maximum": 2, "exclusiveMaximum": 3, "multipleOf": 2});
            some(rng, limits, 4)
        }
        3 => some(rng, json!({"type": "number", "minimum": 0.5, "exclusiveMinimum": 0, "multipleOf": 0.5}), 3),
        4 => json!({"type": "boolean"}),
        5 => json!({"enum": (0..rng.usize(1..4)).map(|_| value(rng, 1)).collect::<Vec<_>>()}),
        6 => json!({"const": value(rng, 1)}),
        7 => json!({"type": (["string", "null", "integer"][..rng.usize(1..4)])}),
        8 => some(rng, json!({"minLength": 2, "maximum": 1, "required": ["a"], "maxItems": 1, "type": "string"}), 2),
        9..=12 => object(rng, deep - 1),
        13 => array(rng, deep - 1),
        14 => json!({"anyOf": list(rng, deep - 1, named)}),
        15 => json!({"oneOf": list(rng, deep - 1, named)}),
        16 => json!({"allOf": list(rng, deep - 1, named)}),
        17 => json!({"not": schema(rng, deep - 1, named)}),
        18 => {
            let kinds = [json!("string"), json!(["string", "null"]), json!(["null", "integer", "string"])];
            json!({"type": rng.choice(&kinds), "anyOf": list(rng, 0, false)})
        }
        _ if named => json!({"$ref": if rng.bool() { "#/$defs/one" } else { "#/$defs/two" }}),
        _ => json!({"type": "null"}),
    }
}

/// Some of the keywords; the first always.
fn some(rng: &mut Rng, keywords: Value, of: usize) -> Value {
    let Value::Object(keywords) = keywords else { return keywords };
    let first = if keywords.contains_key("type") { "type" } else { "" };
    keywords.into_iter().filter(|(name, _)| name == first || rng.usize(..of) == 0).collect::<Map<_, _>>().into()
}

fn list(rng: &mut Rng, deep: usize, named: bool) -> Vec<Value> {
    (0..rng.usize(1..4)).map(|_| schema(rng, deep, named)).collect()
}

#[allow(clippy::filter_map_bool_then, reason = "both closures would borrow the generator")]
fn object(rng: &mut Rng, deep: usize) -> Value {
    let mut keywords = json!({"type": "object"});
    let fields: Map<String, Value> =
        NAMES.iter().filter_map(|name| rng.bool().then(|| ((*name).to_owned(), schema(rng, deep, true)))).collect();
    keywords["properties"] = fields.into();
    if rng.bool() {
        keywords["required"] = NAMES.iter().filter(|_| rng.usize(..4) == 0).copied().collect();
    }
    match rng.usize(..4) {
        0 => keywords["additionalProperties"] = false.into(),
        1 => keywords["additionalProperties"] = schema(rng, deep, true),
        _ => {}
    }
    if rng.usize(..4) == 0 {
        let pattern = *rng.choice(&["^a", "b"]).unwrap();
        keywords["patternProperties"] = Map::from_iter([(pattern.to_owned(), schema(rng, deep, true))]).into();
    }
    let more = json!({
        "propertyNames": schema(rng, 0, true),
        "maxProperties": rng.u8(..3),
        "minProperties": rng.u8(..3),
        "dependentRequired": {"a": ["b"]},
        "dependentSchemas": {"b": object_of(&schema(rng, deep, true))},
        "unevaluatedProperties": rng.bool(),
    });
    let more = some(rng, more, 12);
    keywords.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    if rng.usize(..8) == 0 {
        keywords.as_object_mut().unwrap().remove("type");
    }
    keywords
}

fn object_of(field: &Value) -> Value {
    json!({"properties": {"c": field}})
}

fn array(rng: &mut Rng, deep: usize) -> Value {
    let mut keywords = json!({"type": "array"});
    if rng.bool() {
        keywords["prefixItems"] = list(rng, deep, true).into();
    }
    match rng.usize(..3) {
        0 => keywords["items"] = schema(rng, deep, true),
        1 => keywords["items"] = rng.bool().into(),
        _ => {}
    }
    let more = json!({
        "contains": schema(rng, 0, true),
        "minContains": rng.u8(..3),
        "maxContains": rng.u8(1..3),
        "uniqueItems": true,
        "maxItems": rng.u8(..3),
        "minItems": rng.u8(..3),
        "unevaluatedItems": rng.bool(),
    });
    let more = some(rng, more, 5);
    keywords.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    keywords
}

fn document(rng: &mut Rng) -> Value {
    let mut document = schema(rng, 3, true);
    document["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    document["$defs"] = json!({"one": schema(rng, 2, false), "two": schema(rng, 2, false)});
    document
}

/// The schema with a small change somewhere.
fn changed(rng: &mut Rng, old: &Value) -> Value {
    let mut new = old.clone();
    for _ in 0..rng.usize(1..3) {
        change(rng, &mut new, true);
    }
    new
}

fn change(rng: &mut Rng, schema_of: &mut Value, named: bool) {
    let Some(keywords) = schema_of.as_object_mut().filter(|keywords| !keywords.is_empty()) else {
        *schema_of = schema(rng, 1, named);
        return;
    };
    let keys: Vec<String> = keywords.keys().filter(|key| *key != "$schema").cloned().collect();
    let Some(key) = rng.choice(&keys) else { return };
    let inside = !matches!(key.as_str(), "allOf" | "anyOf" | "oneOf" | "not" | "$defs" | "dependentSchemas");
    // A definition must not name itself beside its own keywords.
    let named = inside || (named && key != "$defs");
    match (key.as_str(), &mut keywords[key]) {
        ("properties" | "patternProperties" | "$defs" | "dependentSchemas", Value::Object(entries)) => {
            let keys: Vec<String> = entries.keys().cloned().collect();
            match (rng.choice(&keys), rng.usize(..4)) {
                (Some(name), 0) if key != "$defs" => drop(entries.remove(name)),
                (_, 1) if key == "properties" => {
                    entries.insert((*rng.choice(&NAMES).unwrap()).to_owned(), schema(rng, 1, true));
                }
                (Some(name), _) => change(rng, &mut entries[name], named),
                _ => {}
            }
        }
        ("allOf" | "anyOf" | "oneOf" | "prefixItems", Value::Array(schemas)) => match rng.usize(..3) {
            0 => schemas.push(schema(rng, 1, named)),
            1 if schemas.len() > 1 => drop(schemas.swap_remove(rng.usize(..schemas.len()))),
            _ => {
                let at = rng.usize(..schemas.len());
                change(rng, &mut schemas[at], named);
            }
        },
        ("not" | "items" | "additionalProperties" | "contains" | "propertyNames", inner @ Value::Object(_)) => {
            change(rng, inner, named);
        }
        ("enum", Value::Array(values)) if rng.bool() => values.push(value(rng, 1)),
        (_, Value::Number(number)) if rng.bool() && number.is_u64() => {
            let number = number.as_u64().unwrap();
            keywords[key] = if rng.bool() { number + 1 } else { number.saturating_sub(1) }.into();
            if key == "multipleOf" && keywords[key] == 0 {
                keywords.remove(key);
            }
        }
        ("$defs", _) => {}
        _ => drop(keywords.remove(key)),
    }
}

/// A random value, from few, so that they meet.
#[allow(clippy::filter_map_bool_then, reason = "both closures would borrow the generator")]
fn value(rng: &mut Rng, deep: usize) -> Value {
    match rng.usize(..if deep == 0 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => rng.bool().into(),
        2 | 3 => rng.i8(-1..5).into(),
        4 => (f64::from(rng.i8(-1..6)) / 2.0).into(),
        5 => (*rng.choice(&["", "a", "ab", "b", "abc", "2026-11-22"]).unwrap()).into(),
        6 => (0..rng.usize(..4)).map(|_| value(rng, deep - 1)).collect(),
        _ => NAMES
            .iter()
            .filter_map(|name| rng.bool().then(|| ((*name).to_owned(), value(rng, deep - 1))))
            .collect::<Map<_, _>>()
            .into(),
    }
}

/// A value that the schema probably accepts.
fn fitting(rng: &mut Rng, root: &Value, schema: &Value, deep: usize) -> Value {
    let Some(keywords) = schema.as_object().filter(|_| deep > 0) else { return value(rng, 2) };
    let inner = |keyword: &str| keywords.get(keyword);
    let of_list = |rng: &mut Rng, keyword: &str| {
        inner(keyword).and_then(Value::as_array).and_then(|list| rng.choice(list)).cloned()
    };
    if let Some(target) = inner("$ref").and_then(Value::as_str) {
        return fitting(rng, root, root.pointer(&target[1..]).unwrap(), deep - 1);
    }
    if let Some(value) = inner("const").cloned().or_else(|| of_list(rng, "enum")) {
        return value;
    }
    if let Some(one) = ["anyOf", "oneOf", "allOf"].into_iter().find_map(|keyword| of_list(rng, keyword)) {
        return fitting(rng, root, &one, deep - 1);
    }
    if let Some(fields) = inner("properties").and_then(Value::as_object) {
        let required = inner("required").and_then(Value::as_array);
        let mut object = Map::new();
        for name in NAMES {
            let is_required = required.is_some_and(|names| names.contains(&name.into()));
            if let Some(field) = fields.get(name).filter(|_| is_required || rng.bool()) {
                object.insert(name.to_owned(), fitting(rng, root, field, deep - 1));
            } else if is_required || rng.usize(..4) == 0 {
                let rest = inner("additionalProperties").unwrap_or(&Value::Null);
                object.insert(name.to_owned(), fitting(rng, root, rest, deep - 1));
            }
        }
        return object.into();
    }
    if inner("type").is_some_and(|kind| kind == "array") {
        let prefix = inner("prefixItems").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let rest = inner("items").unwrap_or(&Value::Null);
        let length = rng.usize(..4);
        return (0..length).map(|at| fitting(rng, root, prefix.get(at).unwrap_or(rest), deep - 1)).collect();
    }
    value(rng, 2)
}

/// A schema for values whose objects have the fields that it lists, and no others. It may accept other values, too, where
/// the schema accepts none. `alone`: no other schema describes the same value.
fn closed(root: &Value, schema: &Value, alone: bool, deep: usize) -> Value {
    let Some(keywords) = schema.as_object().filter(|_| deep > 0) else { return schema.clone() };
    let target = keywords.get("$ref").and_then(Value::as_str).map(|target| root.pointer(&target[1..]).unwrap());
    let others: Vec<_> =
        keywords.iter().filter(|(keyword, _)| !["$defs", "$ref", "$schema"].contains(&keyword.as_str())).collect();
    if let (Some(target), []) = (target, others.as_slice()) {
        return closed(root, target, alone, deep - 1);
    }
    let is_choice = matches!(others.as_slice(), [(keyword, _)] if matches!(keyword.as_str(), "anyOf" | "oneOf"));
    let mut new = Map::new();
    for (keyword, value) in others {
        let inner_alone = match keyword.as_str() {
            "additionalProperties" | "items" | "patternProperties" | "prefixItems" | "properties" => true,
            "anyOf" | "oneOf" => alone && is_choice,
            "allOf" | "dependentSchemas" => false,
            _ => {
                new.insert(keyword.clone(), value.clone());
                continue;
            }
        };
        let inner = |value: &Value| closed(root, value, inner_alone, deep - 1);
        let value = match (keyword.as_str(), value) {
            ("patternProperties" | "properties" | "dependentSchemas", Value::Object(schemas)) => {
                schemas.iter().map(|(name, schema)| (name.clone(), inner(schema))).collect()
            }
            (_, Value::Array(schemas)) => schemas.iter().map(inner).collect(),
            (_, schema) => inner(schema),
        };
        new.insert(keyword.clone(), value);
    }
    if let Some(target) = target {
        let all = new.entry("allOf").or_insert_with(|| json!([]));
        all.as_array_mut().unwrap().push(closed(root, target, false, deep - 1));
    }
    let mut new = Value::Object(new);
    if alone && !is_choice && lists_fields(&new) && !has_others(&new) {
        new["unevaluatedProperties"] = false.into();
    }
    new
}

/// The schemas of the same value.
fn in_place(schema: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["allOf", "anyOf", "oneOf"].into_iter().filter_map(|keyword| schema.get(keyword)?.as_array());
    let named = schema.get("dependentSchemas").and_then(Value::as_object);
    lists.flatten().chain(named.into_iter().flat_map(Map::values))
}

fn lists_fields(schema: &Value) -> bool {
    schema.get("properties").is_some() || in_place(schema).any(lists_fields)
}

/// Whether a keyword allows fields that are not listed.
fn has_others(schema: &Value) -> bool {
    let allows = |keyword: &str| schema.get(keyword).is_some_and(|rest| *rest != false);
    ["$ref", "additionalProperties", "patternProperties", "unevaluatedProperties"].iter().any(|keyword| allows(keyword))
        || in_place(schema).any(has_others)
}

/// By the draft that it names.
pub(crate) fn validator(schema: &Value) -> Validator {
    let draft = Draft::Draft202012.detect(schema);
    jsonschema::options().with_draft(draft).should_validate_formats(true).build(schema).unwrap()
}

#[test]
fn no_value_refutes_a_compatible_verdict() {
    let seed = std::env::var("COMPAT_SEED").map_or(16, |seed| seed.parse().unwrap());
    let rounds = std::env::var("COMPAT_ROUNDS").map_or(4000, |rounds| rounds.parse().unwrap());
    let mut rng = Rng::with_seed(seed);
    let (mut compatible, mut incompatible, mut proven, mut values) = (0, 0, 0, 0);
    let (mut written_compatible, mut written_values) = (0, 0);
    for round in 0..rounds {
        let old = document(&mut rng);
        let new = if rng.usize(..4) == 0 { document(&mut rng) } else { changed(&mut rng, &old) };
        if old == new {
            continue;
        }
        let report = check(&old, &new, Compatibility::Backward, Policy::Exact).unwrap();
        let written = check(&old, &new, Compatibility::Backward, Policy::Written).unwrap().is_compatible();
        assert!(written || !report.is_compatible(), "seed {seed}, round {round}: {old} to {new}");
        written_compatible += usize::from(written && !report.is_compatible());
        let (old_validator, new_validator) = (validator(&old), validator(&new));
        let mut writer = closed(&old, &old, true, 8);
        for keyword in ["$schema", "$defs"] {
            writer[keyword] = old[keyword].clone();
        }
        let writer = validator(&writer);
        let mut refuted = false;
        for turn in 0..40 {
            let value = if turn % 4 == 0 { value(&mut rng, 3) } else { fitting(&mut rng, &old, &old, 6) };
            if !old_validator.is_valid(&value) {
                continue;
            }
            values += 1;
            let is_refused = !new_validator.is_valid(&value);
            refuted |= is_refused;
            if written && writer.is_valid(&value) {
                written_values += 1;
                assert!(
                    !is_refused,
                    "seed {seed}, round {round}: {value} is written and refused\nold {old}\nnew {new}"
                );
            }
            assert!(
                !(refuted && report.is_compatible()),
                "seed {seed}, round {round}: the old schema accepts {value}, the new one refuses it\nold {old}\nnew {new}",
            );
        }
        if report.is_compatible() {
            compatible += 1;
        } else {
            incompatible += 1;
            proven += usize::from(refuted);
        }
    }
    println!("{compatible} compatible, {incompatible} not, of which {proven} proven by a value; {values} values");
    println!("{written_compatible} more compatible for closed writers, which write {written_values} of the values");
    assert!(
        written_compatible * 1000 > rounds && written_values > 3 * rounds,
        "{written_compatible}, {written_values}"
    );
    assert!(compatible * 10 > rounds && values > 10 * rounds, "{compatible} compatible, {values} values");
}

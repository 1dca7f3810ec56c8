//! Schemas of OpenAPI 3.0, made from JSON Schema 2020-12. Its schema object is a dialect of its own: without `null`,
//! `const`, tuples, names of properties, and with flags for exclusive bounds.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The keywords of a schema object that mean the same in JSON Schema.
const COMMON: &[&str] = &[
    "title",
    "description",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "format",
    "multipleOf",
    "maximum",
    "minimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxProperties",
    "minProperties",
    "required",
    "enum",
    "type",
    "allOf",
    "anyOf",
    "oneOf",
    "not",
    "items",
    "properties",
    "additionalProperties",
];

/// The keywords of a schema object that JSON Schema does not have.
const OWN: &[&str] = &["nullable", "example", "discriminator", "xml", "externalDocs"];

/// JSON Schema's notes, which refuse nothing.
const NOTES: &[&str] = &["$schema", "$id", "$comment", "contentMediaType", "contentEncoding"];

/// Where definitions stand.
pub(super) const DEFINITIONS: &str = "/components/schemas";

/// Writes these definitions in the words of OpenAPI 3.0. What these cannot say is left out: nothing that was accepted
/// is refused.
pub(super) fn rewrite(definitions: &Object) -> Object {
    let mut wider = BTreeSet::new();
    loop {
        let mut rewriter = Rewriter { wider: &wider };
        let mut next = wider.clone();
        let mut schemas = definitions.clone();
        for (name, schema) in &mut schemas {
            if rewriter.schema(schema) == Meaning::Wider {
                next.insert(name.clone());
            }
        }
        // A schema that refers to a wider one is wider too.
        if next.len() == wider.len() {
            return schemas;
        }
        wider = next;
    }
}

/// Whether a schema accepts what it accepted before, or more: where OpenAPI 3.0 has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    Same,
    Wider,
}

impl Meaning {
    fn and(self, other: Self) -> Self {
        if self == Self::Same { other } else { Self::Wider }
    }
}

struct Rewriter<'w> {
    /// The definitions that accept more than before.
    wider: &'w BTreeSet<String>,
}

impl Rewriter<'_> {
    fn schema(&mut self, schema: &mut Value) -> Meaning {
        let schema = match schema {
            Value::Object(schema) => schema,
            Value::Bool(any) => {
                *schema = if *any { json!({}) } else { json!({"not": {}}) };
                return Meaning::Same;
            }
            _ => return Meaning::Same,
        };
        let mut meaning = Meaning::Same;
        if let Some(reference) = schema.remove("$ref") {
            let name = reference.as_str().and_then(|reference| reference.rsplit('/').next());
            if name.is_some_and(|name| self.wider.contains(name)) {
                meaning = Meaning::Wider;
            }
            // Beside a reference nothing else counts.
            if schema.is_empty() {
                schema.insert("$ref".to_owned(), reference);
                return meaning;
            }
            require(schema, json!({"$ref": reference}));
        }
        meaning = meaning.and(words(schema)).and(self.parts(schema));
        exclusive(schema, "exclusiveMinimum", "minimum", |new, old| new >= old);
        exclusive(schema, "exclusiveMaximum", "maximum", |new, old| new <= old);
        types(schema);
        meaning
    }

    /// Rewrites the schemas within.
    fn parts(&mut self, schema: &mut Object) -> Meaning {
        let mut meaning = Meaning::Same;
        let mut negated = Meaning::Same;
        let mut exclusive = Meaning::Same;
        for (keyword, value) in schema.iter_mut() {
            match (keyword.as_str(), value) {
                ("not", part) => negated = self.schema(part),
                // A boolean has a place in the second.
                ("items", part) | ("additionalProperties", part @ Value::Object(_)) => {
                    meaning = meaning.and(self.schema(part));
                }
                ("oneOf", Value::Array(list)) => exclusive = exclusive.and(self.all(list)),
                ("allOf" | "anyOf", Value::Array(list)) => meaning = meaning.and(self.all(list)),
                ("properties", Value::Object(properties)) => meaning = meaning.and(self.all(properties.values_mut())),
                _ => {}
            }
        }
        // The wider a part, the narrower its negation.
        if negated == Meaning::Wider {
            schema.remove("not");
            meaning = Meaning::Wider;
        }
        // Two of them may fit now.
        if exclusive == Meaning::Wider
            && let Some(list) = schema.remove("oneOf")
        {
            meaning = Meaning::Wider;
            if schema.contains_key("anyOf") {
                require(schema, json!({"anyOf": list}));
            } else {
                schema.insert("anyOf".to_owned(), list);
            }
        }
        meaning
    }

    fn all<'s>(&mut self, schemas: impl IntoIterator<Item = &'s mut Value>) -> Meaning {
        schemas.into_iter().fold(Meaning::Same, |meaning, schema| self.schema(schema).and(meaning))
    }
}

/// Replaces the keywords that have another name here, and leaves out those without one.
fn words(schema: &mut Object) -> Meaning {
    let mut meaning = Meaning::Same;
    if let Some(value) = schema.remove("const") {
        if value.is_null() {
            schema.insert("type".to_owned(), "null".into());
        }
        schema.insert("enum".to_owned(), json!([value]));
    }
    if let Some(Value::Array(examples)) = schema.remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        schema.insert("example".to_owned(), first);
    }
    if let Some(Value::Array(mut items)) = schema.remove("prefixItems") {
        // Which item stands where cannot be said.
        if let Some(rest @ Value::Object(_)) = schema.remove("items") {
            items.push(rest);
        }
        let mut kinds: Vec<Value> = Vec::new();
        for item in items {
            if !kinds.contains(&item) {
                kinds.push(item);
            }
        }
        let one = (kinds.len() == 1).then(|| kinds.remove(0));
        if one.is_none() {
            meaning = Meaning::Wider;
        }
        schema.insert("items".to_owned(), one.unwrap_or_else(|| json!({"anyOf": kinds})));
    }
    if let Some(Value::Array(names)) =
        schema.get_mut("propertyNames").and_then(|names| names.get_mut("enum")).map(Value::take)
        && !schema.contains_key("properties")
        && let Some(value) = schema.insert("additionalProperties".to_owned(), false.into())
    {
        let names = names.iter().filter_map(Value::as_str);
        let properties: Object = names.map(|name| (name.to_owned(), value.clone())).collect();
        schema.insert("properties".to_owned(), properties.into());
        schema.remove("propertyNames");
    }
    if schema.contains_key("patternProperties") {
        // Their names count as additional ones here.
        schema.remove("additionalProperties");
    }
    let names: Vec<String> = schema.keys().cloned().collect();
    for name in names {
        let name = name.as_str();
        let exclusive = matches!(name, "exclusiveMinimum" | "exclusiveMaximum");
        if !COMMON.contains(&name) && !OWN.contains(&name) && !exclusive && !name.starts_with("x-") {
            schema.remove(name);
            if !NOTES.contains(&name) {
                meaning = Meaning::Wider;
            }
        }
    }
    meaning
}

/// An exclusive bound is a flag beside the bound.
fn exclusive(schema: &mut Object, keyword: &str, bound: &str, is_closer: fn(f64, f64) -> bool) {
    let Some(value) = schema.remove(keyword) else { return };
    let old = schema.get(bound).and_then(Value::as_f64);
    if old.zip(value.as_f64()).is_none_or(|(old, new)| is_closer(new, old)) {
        schema.insert(bound.to_owned(), value);
        schema.insert(keyword.to_owned(), true.into());
    }
}

/// There is one type at most, and null is a flag beside it.
fn types(schema: &mut Object) {
    let mut kinds = match schema.remove("type") {
        None => return,
        Some(Value::Array(kinds)) => kinds,
        Some(kind) => vec![kind],
    };
    let all = kinds.len();
    kinds.retain(|kind| *kind != "null");
    let nullable = kinds.len() < all;
    if kinds.iter().any(|kind| *kind == "array") {
        schema.entry("items").or_insert_with(|| json!({}));
    }
    match &mut kinds[..] {
        [] if nullable => {
            // Null counts only beside a type, whichever it is.
            schema.insert("type".to_owned(), "object".into());
            schema.insert("enum".to_owned(), json!([null]));
        }
        [] => return,
        [kind] => drop(schema.insert("type".to_owned(), kind.take())),
        kinds => {
            let mut list: Vec<Value> = kinds.iter().map(|kind| json!({"type": kind})).collect();
            if nullable {
                list[0]["nullable"] = true.into();
            }
            for form in list.iter_mut().filter(|form| form["type"] == "array") {
                form["items"] = json!({});
            }
            require(schema, json!({"anyOf": list}));
            return;
        }
    }
    if nullable {
        schema.insert("nullable".to_owned(), true.into());
    }
}

/// Asks for this beside all else.
fn require(schema: &mut Object, part: Value) {
    let all = schema.entry("allOf").or_insert_with(|| json!([]));
    if let Value::Array(all) = all {
        all.push(part);
    }
}

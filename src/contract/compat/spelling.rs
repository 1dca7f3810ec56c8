//! One spelling of schemas that mean the same: [`respelled`].
//!
//! A proof compares schemas keyword by keyword. So those that mean the same are brought to the same keywords first.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::document::{Draft, place_of, references};
use super::keyword::{Contains, Object, TEXT, contains, each_subschema, misused};

/// How deep a schema is respelled; the reader of documents refuses deeper ones.
const MAX_DEPTH: usize = 256;

/// The types whose name means the same beside a choice and within each of its schemas. The schemas of a choice between
/// objects are looked at without it.
const SIMPLE_TYPES: [&str; 5] = ["boolean", "integer", "null", "number", "string"];

/// The keywords that accept null, each unless `type` refuses it.
const BLIND_TO_NULL: [&str; 9] = [
    "exclusiveMaximum",
    "exclusiveMinimum",
    "format",
    "maxLength",
    "maximum",
    "minLength",
    "minimum",
    "multipleOf",
    "pattern",
];

/// The keywords that say nothing about the value.
const NOTES: [&str; 7] = ["$comment", "default", "deprecated", "description", "examples", "title", "x-event-schema"];

/// The document with one spelling for:
///
/// - `type` beside a choice, and within each schema of the choice: within as well
/// - `type: [T, "null"]` beside `anyOf`, and `anyOf: [T…, "null"]`: the latter
/// - `{"not": {}}` and `false`: the latter
/// - a keyword that the draft does not know: none
pub(super) fn respelled(document: &Value) -> Cow<'_, Value> {
    let draft = Draft::of(document);
    let hidden = hidden_schemas(document);
    let spelling = Spelling { draft, moves: may_respell(document) };
    let schemas = hidden.iter().filter_map(|place| document.pointer(place)).chain([document]);
    if !schemas.into_iter().any(|schema| spelling.is_another(schema)) {
        return Cow::Borrowed(document);
    }
    let mut spelled = spelling.spell(document, MAX_DEPTH);
    for place in hidden {
        if let Some(schema) = spelled.pointer_mut(&place) {
            *schema = spelling.spell(schema, MAX_DEPTH);
        }
    }
    Cow::Owned(spelled)
}

/// The places of the schemas that references name, and that no known keyword contains.
fn hidden_schemas(document: &Value) -> BTreeSet<String> {
    let (mut met, mut hidden) = (BTreeSet::new(), BTreeSet::new());
    let mut open = references(document);
    while let Some(reference) = open.pop_first() {
        let target = place_of(reference).and_then(|place| Some((document.pointer(&place)?, place)));
        let Some((schema, place)) = target.filter(|_| met.insert(reference)) else { continue };
        if is_hidden(document, &place) {
            open.extend(references(schema));
            hidden.insert(place);
        }
    }
    hidden
}

/// Whether an unknown keyword is on the way to a place.
fn is_hidden(document: &Value, place: &str) -> bool {
    let mut schema = document;
    let mut tokens = place.split('/').skip(1).map(|token| token.replace("~1", "/").replace("~0", "~"));
    while let Some(keyword) = tokens.next() {
        let Some(value) = schema.get(&keyword) else { return true };
        let inner = match contains(&keyword, value) {
            Some(Contains::One) => Some(value),
            Some(Contains::Named) => tokens.next().and_then(|name| value.get(name)),
            Some(Contains::List) => tokens.next().and_then(|at| value.get(at.parse::<usize>().ok()?)),
            None => None,
        };
        let Some(inner) = inner else { return true };
        schema = inner;
    }
    false
}

/// False if a reference points to a place that the rewrite would move.
fn may_respell(document: &Value) -> bool {
    !references(document).into_iter().any(may_move)
}

/// Whether the place that a reference names may be another in another spelling: it is if it is in a choice.
fn may_move(reference: &str) -> bool {
    let Some((_, pointer)) = reference.split_once("#/") else { return false };
    let stays = ["$defs/", "definitions/", "properties/"].iter().any(|keyword| pointer.starts_with(keyword));
    !stays || pointer.matches('/').count() > 1
}

/// Whether a later draft has introduced the keyword, so that it says nothing.
fn is_unknown(draft: Draft, keyword: &str) -> bool {
    let since_six = || matches!(keyword, "const" | "contains" | "propertyNames");
    let since_seven = || matches!(keyword, "if" | "then" | "else");
    let later = || {
        matches!(
            keyword,
            "dependentRequired"
                | "dependentSchemas"
                | "maxContains"
                | "minContains"
                | "unevaluatedItems"
                | "unevaluatedProperties"
        )
    };
    match draft {
        Draft::Four => since_six() || since_seven() || later(),
        Draft::Six => since_seven() || later(),
        Draft::Seven => later(),
        Draft::Unnamed | Draft::Y2019 | Draft::Y2020 => false,
    }
}

/// Whether a schema describes text by its contents only, as draft 7 has it.
fn looks_into_text(draft: Draft, keywords: &Object) -> bool {
    let has = |keyword: &str| keywords.contains_key(keyword);
    draft == Draft::Seven
        && (has("contentEncoding") || has("contentMediaType"))
        && !has("type")
        && !TEXT.iter().any(|keyword| has(keyword))
}

/// The spelling of the schemas of a document.
struct Spelling {
    draft: Draft,
    /// Whether schemas may move.
    moves: bool,
}

impl Spelling {
    /// Whether something in a schema has another spelling.
    fn is_another(&self, schema: &Value) -> bool {
        let mut open = vec![schema];
        while let Some(schema) = open.pop() {
            let Some(keywords) = schema.as_object() else { continue };
            if keywords.keys().any(|keyword| is_unknown(self.draft, keyword))
                || looks_into_text(self.draft, keywords)
                || self.moves && (says_nothing_fits(keywords) || simple_type(keywords).is_some())
            {
                return true;
            }
            each_subschema(keywords, |subschema, _| open.push(subschema));
        }
        false
    }

    fn spell(&self, schema: &Value, depth: usize) -> Value {
        let (Value::Object(keywords), Some(depth)) = (schema, depth.checked_sub(1)) else { return schema.clone() };
        if self.moves && says_nothing_fits(keywords) {
            return false.into();
        }
        let inner = |(keyword, value): (&String, &Value)| {
            let value = match (contains(keyword, value), value) {
                (Some(Contains::One), schema) => self.spell(schema, depth),
                (Some(Contains::List), Value::Array(list)) => {
                    list.iter().map(|schema| self.spell(schema, depth)).collect()
                }
                (Some(Contains::Named), Value::Object(named)) => {
                    named.iter().map(|(name, schema)| (name.clone(), self.spell(schema, depth))).collect()
                }
                _ => value.clone(),
            };
            (keyword.clone(), value)
        };
        let known = keywords.iter().filter(|(keyword, _)| !is_unknown(self.draft, keyword));
        let mut keywords: Object = known.map(inner).collect();
        if looks_into_text(self.draft, &keywords) {
            // Any text, by a keyword that is compared.
            keywords.insert("minLength".to_owned(), 0.into());
        }
        let kind = simple_type(&keywords).filter(|_| self.moves);
        let Some(kind) = kind.cloned() else { return keywords.into() };
        if let Some(apart) = null_apart(&keywords) {
            return apart;
        }
        for keyword in ["anyOf", "oneOf"] {
            for schema in keywords.get_mut(keyword).and_then(Value::as_array_mut).into_iter().flatten() {
                if let Value::Object(schema) = schema
                    && !schema.contains_key("$ref")
                {
                    schema.entry("type").or_insert_with(|| kind.clone());
                }
            }
        }
        keywords.into()
    }
}

/// Whether it is `{"not": {}}`, perhaps with notes.
fn says_nothing_fits(keywords: &Object) -> bool {
    let all = |schema: &Value| *schema == true || schema.as_object().is_some_and(Map::is_empty);
    keywords.get("not").is_some_and(all)
        && keywords.keys().all(|keyword| keyword == "not" || NOTES.contains(&keyword.as_str()))
}

/// The type beside a choice, if no other than simple types are in it.
fn simple_type(keywords: &Object) -> Option<&Value> {
    let kind = keywords.get("type")?;
    let is_simple = |name: &Value| name.as_str().is_some_and(|name| SIMPLE_TYPES.contains(&name));
    let are_simple = is_simple(kind) || kind.as_array().is_some_and(|names| names.iter().all(is_simple));
    let has_choice = ["anyOf", "oneOf"].iter().any(|keyword| keywords.contains_key(*keyword));
    (are_simple && has_choice && !keywords.contains_key("$ref")).then_some(kind)
}

/// The schema as a choice between its values and null, if null fits it.
fn null_apart(keywords: &Object) -> Option<Value> {
    let is_blind = |keyword: &str| BLIND_TO_NULL.contains(&keyword);
    let of_value = |keyword: &str| is_blind(keyword) || matches!(keyword, "anyOf" | "type");
    let is_note = |keyword: &str| NOTES.contains(&keyword);
    // An error names the place in the document as it is.
    if misused(keywords).is_some() || !keywords.keys().all(|keyword| of_value(keyword) || is_note(keyword)) {
        return None;
    }
    let kind = without_null(keywords.get("type")?)?;
    let mut takes_null = false;
    let mut schemas = Vec::new();
    for schema in keywords.get("anyOf")?.as_array()? {
        let schema = schema.as_object()?;
        if misused(schema).is_some()
            || !schema.keys().all(|keyword| is_blind(keyword) || is_note(keyword) || keyword == "type")
        {
            return None;
        }
        let inner = match schema.get("type") {
            None => Some(kind.clone()),
            Some(inner) => without_null(inner),
        };
        takes_null |= inner.is_some();
        let mut schema = schema.clone();
        if let Some(inner) = inner {
            schema.insert("type".to_owned(), inner);
        }
        schemas.push(schema.into());
    }
    if !takes_null {
        return None;
    }
    let (notes, mut value): (Object, Object) = keywords.clone().into_iter().partition(|(keyword, _)| is_note(keyword));
    value.insert("type".to_owned(), kind);
    value.insert("anyOf".to_owned(), Value::Array(schemas));
    let mut apart = notes;
    apart.insert("anyOf".to_owned(), json!([value, {"type": "null"}]));
    Some(apart.into())
}

/// The types beside null of a list of types that has null.
fn without_null(kind: &Value) -> Option<Value> {
    let names = kind.as_array()?;
    let others: Vec<Value> = names.iter().filter(|name| *name != "null").cloned().collect();
    match others.as_slice() {
        [] => None,
        _ if others.len() == names.len() => None,
        [only] => Some(only.clone()),
        _ => Some(others.into()),
    }
}

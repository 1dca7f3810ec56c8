//! Messages as the contract describes them.

use std::cell::RefCell;
use std::collections::HashMap;

use event_schema::serde_json::{self, Map, Value, json};

use super::choices::{Choices, FRACTIONS, NUMBERS, TEXTS, arbitrary};
use super::json::Json;
use super::words::Words;

/// Makes messages to a schema. It knows of JSON Schema what the contracts of the zoo use.
pub(crate) struct FromSchema<'a> {
    root: &'a Value,
    words: &'a Words,
    /// The texts that fit a schema, by its own text: to find them takes longest.
    fitting: RefCell<HashMap<String, Vec<&'static str>>>,
}

impl<'a> FromSchema<'a> {
    pub(crate) fn new(schema: &'a Value, words: &'a Words) -> Self {
        Self { root: schema, words, fitting: RefCell::default() }
    }

    pub(crate) fn message(&self, choices: &mut Choices) -> Json {
        self.make(self.root, choices, 4)
    }

    fn text(&self, schema: &Value, choices: &mut Choices) -> Json {
        let mut known = self.fitting.borrow_mut();
        let fitting = known.entry(schema.to_string()).or_insert_with(|| {
            let check = jsonschema::options().should_validate_formats(true).build(schema).expect("a schema");
            let mut fitting: Vec<&str> = TEXTS.iter().copied().filter(|text| check.is_valid(&json!(text))).collect();
            if fitting.is_empty() {
                fitting.push("");
            }
            fitting
        });
        Json::scalar(choices.of(fitting))
    }

    fn make(&self, schema: &Value, choices: &mut Choices, depth: usize) -> Json {
        let schema = self.resolve(schema);
        if let Some(only) = schema.get("const") {
            return Json::scalar(only.clone());
        }
        if let Some(list) = schema.get("enum").and_then(Value::as_array) {
            return list
                .get(choices.below(list.len()))
                .map_or(Json::scalar(Value::Null), |one| Json::scalar(one.clone()));
        }
        let kinds: Vec<&str> = match schema.get("type") {
            Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
            Some(kind) => kind.as_str().into_iter().collect(),
            None => Vec::new(),
        };
        let forms = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array());
        if let (Some(forms), true) = (forms, kinds.is_empty()) {
            // Null is the last of an option's forms, which ends the recursion of recursive types.
            let form = if depth == 0 { forms.len() - 1 } else { choices.below(forms.len()) };
            return self.make(&forms[form], choices, depth.saturating_sub(1));
        }
        match kinds.get(choices.below(kinds.len())) {
            Some(&"boolean") => Json::scalar(choices.below(2) == 1),
            Some(&"null") => Json::scalar(Value::Null),
            Some(&"integer") => integer(schema, choices),
            Some(&"number") => number(schema, choices),
            Some(&"string") => self.text(schema, choices),
            Some(&"array") => self.list(schema, choices, depth),
            Some(&"object") => self.object(schema, choices, depth),
            _ => arbitrary(choices, self.words, depth.min(2)),
        }
    }

    fn resolve<'s>(&'s self, mut schema: &'s Value) -> &'s Value {
        while let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            schema = self.root.pointer(reference.trim_start_matches('#')).expect("a definition");
        }
        schema
    }

    fn list(&self, schema: &Value, choices: &mut Choices, depth: usize) -> Json {
        if let Some(parts) = schema.get("prefixItems").and_then(Value::as_array) {
            return Json::List(parts.iter().map(|part| self.make(part, choices, depth.saturating_sub(1))).collect());
        }
        let element = schema.get("items").unwrap_or(&Value::Bool(true)).clone();
        let count = count(schema, "minItems", "maxItems", choices, depth);
        Json::List((0..count).map(|_| self.make(&element, choices, depth.saturating_sub(1))).collect())
    }

    fn object(&self, schema: &Value, choices: &mut Choices, depth: usize) -> Json {
        let mut entries = Vec::new();
        let none = Map::new();
        let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
        let mut required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        let mut left_out = Vec::new();
        for one_of in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            // One of a field's names: `{"oneOf": [{"required": ["name"]}, ...]}`.
            let forms = one_of.get("oneOf").and_then(Value::as_array).cloned().unwrap_or_default();
            let names: Vec<Value> = forms.iter().filter_map(|form| form.get("required")?.get(0).cloned()).collect();
            required.extend(names.get(choices.below(forms.len())).cloned());
            left_out.extend(names);
        }
        for (name, property) in properties {
            let needed = required.iter().any(|one| one == name);
            if needed || (!left_out.iter().any(|one| one == name) && depth > 0 && choices.below(3) != 2) {
                entries.push((name.clone(), self.make(property, choices, depth.saturating_sub(1))));
            }
        }
        for name in required.iter().filter_map(Value::as_str).filter(|name| !properties.contains_key(*name)) {
            let values = schema.get("additionalProperties").unwrap_or(&Value::Bool(true));
            entries.push((name.to_owned(), self.make(values, choices, 0)));
        }
        let additional = schema.get("additionalProperties").filter(|values| **values != json!(false));
        if let (Some(values), true) = (additional, properties.is_empty()) {
            let keys = schema.get("propertyNames").map(|keys| self.resolve(keys));
            for _ in 0..count(schema, "minProperties", "maxProperties", choices, depth) {
                let key = match keys {
                    Some(keys) if keys.get("enum").is_some() => self.make(keys, choices, 0),
                    Some(keys) => self.text(keys, choices),
                    None => Json::scalar(choices.of(TEXTS)),
                };
                let key: String = serde_json::from_str(&key.to_text()).expect("a string");
                if !entries.iter().any(|(name, _)| *name == key) {
                    entries.push((key, self.make(values, choices, depth.saturating_sub(1))));
                }
            }
        }
        // A flattened enum stands beside the properties.
        if let Some(forms) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema.get(*keyword)?.as_array())
            && let Json::Object(more) = self.make(&forms[choices.below(forms.len())], choices, depth.saturating_sub(1))
        {
            entries.extend(more);
        }
        if choices.rarely(4) {
            entries.reverse();
        }
        Json::Object(entries)
    }
}

fn count(schema: &Value, min: &str, max: &str, choices: &mut Choices, depth: usize) -> usize {
    let bound =
        |keyword: &str| schema.get(keyword).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok());
    let min = bound(min).unwrap_or(0);
    let more = bound(max).unwrap_or(usize::MAX).saturating_sub(min).min(if depth == 0 { 0 } else { 2 });
    min + choices.below(more + 1)
}

/// Whether a number is within the bounds of the schema.
fn in_bounds(schema: &Value, number: &str) -> bool {
    let number: f64 = number.parse().expect("a number");
    let holds = |keyword: &str, holds: fn(f64, f64) -> bool| {
        schema.get(keyword).and_then(Value::as_f64).is_none_or(|bound| holds(number, bound))
    };
    holds("minimum", |n, bound| n >= bound)
        && holds("maximum", |n, bound| n <= bound)
        && holds("exclusiveMinimum", |n, bound| n > bound)
        && holds("exclusiveMaximum", |n, bound| n < bound)
}

fn integer(schema: &Value, choices: &mut Choices) -> Json {
    let fitting: Vec<&str> = NUMBERS.iter().copied().filter(|number| in_bounds(schema, number)).collect();
    Json::Scalar(choices.of(&fitting).to_owned())
}

fn number(schema: &Value, choices: &mut Choices) -> Json {
    let fitting: Vec<&str> =
        FRACTIONS.iter().chain(NUMBERS).copied().filter(|number| in_bounds(schema, number)).collect();
    Json::Scalar(choices.of(&fitting).to_owned())
}

//! The keys of maps.

use serde_json::{Value, json};

use super::words::{Object, object, text_constraints};
use super::writer::Writer;
use crate::contract::pattern;
use crate::contract::shape::{Content, Enum, Form, Kind, Rule, Shape, Tagging};

impl Writer<'_> {
    /// The keys of a map; `None` if they are any text.
    pub(super) fn keys(&mut self, shape: &Shape) -> Option<Object> {
        let keys = match shape.kind() {
            Kind::Boolean => object(json!({"enum": ["true", "false"]})),
            Kind::Integer(integer) => {
                let mut keys = object(json!({"pattern": pattern::integers(integer.min, integer.max)}));
                if !integer.zero {
                    keys.insert("not".to_owned(), json!({"const": "0"}));
                }
                keys
            }
            Kind::Float(_) | Kind::Number => object(json!({"pattern": pattern::NUMBER})),
            Kind::Text(text) => text_constraints(text),
            Kind::Optional(inner) | Kind::Omissible(inner) => return self.keys(inner),
            Kind::Ways { written, read } => return self.keys(if self.written { written } else { read }),
            Kind::Ruled { shape, rules } => {
                let keys = self.keys(shape);
                return self.ruled_keys(keys, shape, rules);
            }
            Kind::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => return self.keys(&shape()),
                Form::Content(Content::Inner(field)) => {
                    let shape = (field.shape)();
                    let keys = self.keys(&shape);
                    return self.ruled_keys(keys, &shape, &field.rules());
                }
                Form::Enum(choice) if matches!(choice.tagging, Tagging::External) => {
                    let names = self.unit_names(choice)?;
                    object(json!({"enum": names}))
                }
                _ => return None,
            },
            Kind::Any | Kind::Null | Kind::List { .. } | Kind::Tuple(_) | Kind::Map { .. } | Kind::Foreign(_) => {
                return None;
            }
        };
        Some(keys).filter(|keys| !keys.is_empty())
    }

    /// The keys of a map with rules; `shape` is that of a key.
    pub(super) fn ruled_keys(&mut self, keys: Option<Object>, shape: &Shape, rules: &[Rule]) -> Option<Object> {
        let texts = |values: &[Value]| -> Option<Vec<Value>> {
            self.spellings(shape, values).into_iter().map(key_text).collect()
        };
        let rules: Vec<Rule> = rules
            .iter()
            .filter_map(|rule| match rule {
                // A schema for text has no bounds of numbers.
                Rule::Range(_) => None,
                Rule::OneOf(values) => texts(values).map(Rule::OneOf),
                Rule::NoneOf(values) => texts(values).map(Rule::NoneOf),
                rule => Some(rule.clone()),
            })
            .collect();
        if rules.is_empty() {
            return keys;
        }
        let mut keys = keys.unwrap_or_default();
        keys.insert("type".to_owned(), "string".into());
        match self.rules(keys.into(), &Shape::text(), &rules) {
            Value::Object(keys) => Some(keys),
            _ => None,
        }
    }

    /// The names of an enum without data, if there are no others.
    pub(super) fn unit_names(&self, choice: &Enum) -> Option<Vec<&'static str>> {
        let mut names = Vec::new();
        for variant in choice.variants {
            if variant.other && !self.written {
                return None;
            }
            names.extend(self.names_of(variant));
        }
        Some(names)
    }
}

/// The text of a value as a map's key; `None` for a float, which has several.
fn key_text(value: Value) -> Option<Value> {
    match value {
        Value::Number(number) if !number.is_f64() => Some(number.to_string().into()),
        Value::Bool(value) => Some(value.to_string().into()),
        Value::String(_) => Some(value),
        _ => None,
    }
}

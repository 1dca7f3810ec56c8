//! Rules, and the values that they name.

use std::cmp::Ordering;

use schemars::Schema;
use serde_json::{Value, json};

use super::words::{Object, into_object, is_null, object, require};
use super::writer::Writer;
use crate::contract::compat::order;
use crate::contract::parts::part_of;
use crate::contract::pattern;
use crate::contract::shape::{Content, Form, Kind, Range, Rule, Shape, Tagging};
use crate::load::json;

/// The JSON types that a value can have, as rules ask for them.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is asked for alone")]
pub(super) struct Kinds {
    pub(super) text: bool,
    pub(super) list: bool,
    pub(super) object: bool,
    pub(super) null: bool,
}

impl Writer<'_> {
    /// Says rules of a value of this shape.
    pub(super) fn rules(&mut self, schema: Value, shape: &Shape, rules: &[Rule]) -> Value {
        if rules
            .iter()
            .all(|rule| matches!(rule, Rule::Required | Rule::Custom | Rule::CreditCard | Rule::MustMatch(_)))
        {
            return schema;
        }
        let kinds = self.kinds(shape, &schema);
        let mut schema = into_object(schema);
        // The rules of an optional value go to the part for the value.
        let value = match schema.get_mut("anyOf").and_then(Value::as_array_mut).map(Vec::as_mut_slice) {
            Some([Value::Object(value), null]) if is_null(null) => value,
            _ => &mut schema,
        };
        for rule in rules {
            self.rule(value, shape, kinds, rule);
        }
        schema.into()
    }

    pub(super) fn rule(&mut self, schema: &mut Object, shape: &Shape, kinds: Kinds, rule: &Rule) {
        match rule {
            Rule::Length { min, max } => length(schema, kinds, *min, *max),
            // A value that is written as text, such as a decimal, has no bounds: strict validators refuse those.
            Rule::Range(_) if schema.get("type").is_some_and(is_text) => {}
            Rule::Range(range) => bounds(schema, range),
            Rule::Format(format) => require(schema, "format", format.as_ref().into()),
            Rule::Ip { v4, v6 } => address(schema, *v4, *v6),
            // Left out if ECMA-262 has no words for it.
            Rule::Pattern(regex) => {
                if let Some(pattern) = pattern::to_ecma(regex) {
                    require(schema, "pattern", pattern.into());
                }
            }
            Rule::NoControlCharacters => require(schema, "pattern", r"^[^\u0000-\u001f\u007f-\u009f]*$".into()),
            Rule::Contains(needle) => contains(schema, kinds, needle),
            Rule::DoesNotContain(needle) => excludes(schema, kinds, needle),
            Rule::OneOf(values) => {
                let null = (self.is_optional(shape) && !values.contains(&Value::Null)).then_some(Value::Null);
                let values: Vec<Value> = self.spellings(shape, values).into_iter().chain(null).collect();
                require(schema, "enum", values.into());
            }
            Rule::NoneOf(values) => require(schema, "not", json!({"enum": self.spellings(shape, values)})),
            Rule::Each(rules) => self.inner_rules(schema, "items", shape, rules),
            Rule::Values(rules) => self.inner_rules(schema, "additionalProperties", shape, rules),
            Rule::Keys(rules) => {
                let keys = schema.remove("propertyNames").map(object);
                let part = part_of(shape, true).unwrap_or_else(Shape::any);
                if let Some(keys) = self.ruled_keys(keys, &part, rules) {
                    schema.insert("propertyNames".to_owned(), keys.into());
                }
            }
            // Said by the field, or there are no words for it in JSON Schema.
            Rule::Required | Rule::CreditCard | Rule::MustMatch(_) | Rule::Custom => {}
        }
    }

    /// Says rules of the elements of a list or of the values of a map, under the keyword that describes them.
    fn inner_rules(&mut self, schema: &mut Object, keyword: &str, shape: &Shape, rules: &[Rule]) {
        if let Some(inner) = schema.get_mut(keyword) {
            let part = part_of(shape, false).unwrap_or_else(Shape::any);
            *inner = self.rules(inner.take(), &part, rules);
        }
    }

    /// The values, as the direction has them: a variant is read under its other names too.
    pub(super) fn spellings(&self, shape: &Shape, values: &[Value]) -> Vec<Value> {
        match shape.kind() {
            Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => {
                self.spellings(inner, values)
            }
            Kind::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => self.spellings(&shape(), values),
                Form::Content(Content::Inner(field)) => self.spellings(&(field.shape)(), values),
                Form::Enum(choice) if matches!(choice.tagging, Tagging::External) => {
                    let names = |value: &Value| {
                        let variant = choice
                            .variants
                            .iter()
                            .find(|variant| value.as_str().is_some_and(|name| variant.written == Some(name)));
                        variant.map_or_else(
                            || vec![value.clone()],
                            |variant| self.names_of(variant).into_iter().map(Value::from).collect(),
                        )
                    };
                    values.iter().flat_map(names).collect()
                }
                Form::Content(_) | Form::Enum(_) => values.to_vec(),
            },
            _ => values.to_vec(),
        }
    }

    /// Whether null stands for no value, of which no rule asks anything.
    pub(super) fn is_optional(&self, shape: &Shape) -> bool {
        match shape.kind() {
            Kind::Optional(_) => true,
            Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => self.is_optional(inner),
            Kind::Ways { written, read } => self.is_optional(if self.written { written } else { read }),
            Kind::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => self.is_optional(&shape()),
                Form::Content(Content::Inner(field)) => self.is_optional(&(field.shape)()),
                Form::Content(_) | Form::Enum(_) => false,
            },
            _ => false,
        }
    }

    /// The JSON types of a value; `schema` tells where the shape is foreign.
    pub(super) fn kinds(&self, shape: &Shape, schema: &Value) -> Kinds {
        match shape.kind() {
            Kind::Text(_) => Kinds { text: true, ..Kinds::default() },
            Kind::List { .. } | Kind::Tuple(_) => Kinds { list: true, ..Kinds::default() },
            Kind::Map { .. } => Kinds { object: true, ..Kinds::default() },
            Kind::Null | Kind::Any => Kinds { null: true, ..Kinds::default() },
            Kind::Optional(inner) => Kinds { null: true, ..self.kinds(inner, schema) },
            Kind::Omissible(shape) | Kind::Ruled { shape, .. } => self.kinds(shape, schema),
            Kind::Ways { written, read } => self.kinds(if self.written { written } else { read }, schema),
            Kind::Boolean | Kind::Integer(_) | Kind::Float(_) | Kind::Number => Kinds::default(),
            Kind::Foreign(_) => self.kinds_in(schema),
            Kind::Named(definition) => match self.form_of(definition) {
                Form::As(shape) => self.kinds(&shape(), schema),
                Form::Content(Content::Inner(field)) => self.kinds(&(field.shape)(), schema),
                Form::Content(Content::Unit) => Kinds { null: true, ..Kinds::default() },
                Form::Content(Content::Tuple(_)) => Kinds { list: true, ..Kinds::default() },
                Form::Content(Content::Record(_)) => Kinds { object: true, ..Kinds::default() },
                Form::Enum(choice) => {
                    let text = matches!(choice.tagging, Tagging::External)
                        && choice.variants.iter().all(|variant| matches!(variant.content, Content::Unit));
                    Kinds { text, ..Kinds::default() }
                }
            },
        }
    }

    /// The JSON types that a schema of schemars' own names.
    pub(super) fn kinds_in(&self, schema: &Value) -> Kinds {
        let schema = self.resolved(schema);
        let mut kinds = Kinds::default();
        let mut add = |kind: &Value| match kind.as_str() {
            Some("string") => kinds.text = true,
            Some("array") => kinds.list = true,
            Some("object") => kinds.object = true,
            Some("null") => kinds.null = true,
            _ => {}
        };
        match schema.get("type") {
            Some(Value::Array(list)) => list.iter().for_each(&mut add),
            Some(kind) => add(kind),
            None => {}
        }
        kinds
    }

    /// Whether a schema of schemars' own names the fields of its objects, or says that there are others.
    pub(super) fn lists_fields(&self, schema: &Value) -> bool {
        let schema = self.resolved(schema);
        ["properties", "additionalProperties", "allOf", "anyOf", "oneOf"]
            .iter()
            .any(|keyword| schema.get(*keyword).is_some())
    }

    /// The schema behind references.
    fn resolved(&self, schema: &Value) -> Value {
        let mut schema = schema.clone();
        let mut definitions = None;
        while let Some((_, name)) = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit_once('/')) {
            // References are encoded, which a pointer into a schema undoes.
            let definitions = definitions.get_or_insert_with(|| Schema::from(self.generator.definitions().clone()));
            let Some(definition) = definitions.pointer(&format!("#/{name}")).cloned() else { break };
            schema = definition;
        }
        schema
    }
}

/// Whether no other values than text and null have the type.
fn is_text(kind: &Value) -> bool {
    let names = kind.as_array().map_or(std::slice::from_ref(kind), Vec::as_slice);
    names.iter().any(|name| name == "string") && names.iter().all(|name| name == "string" || name == "null")
}

/// A bound, if it is closer than the one that is there: `closer` than it.
fn tighten(schema: &mut Object, keyword: &str, value: Value, closer: Ordering) {
    let present = schema.get(keyword).map(|present| order(&value, present));
    if present.is_none_or(|order| order == closer) {
        schema.insert(keyword.to_owned(), value);
    }
}

/// An IP address of one version, or of either.
fn address(schema: &mut Object, v4: bool, v6: bool) {
    match (v4, v6) {
        (true, false) => require(schema, "format", "ipv4".into()),
        (false, true) => require(schema, "format", "ipv6".into()),
        _ => {
            // With their type: code generators read each alone.
            let kind = schema.get("type").cloned();
            let formats = ["ipv4", "ipv6"].map(|format| {
                let kind = kind.clone().map(|kind| ("type".to_owned(), kind));
                let format = ("format".to_owned(), Value::from(format));
                Value::Object(kind.into_iter().chain([format]).collect())
            });
            require(schema, "anyOf", formats.to_vec().into());
        }
    }
}

/// A text that contains another, or a map that has a key.
fn contains(schema: &mut Object, kinds: Kinds, needle: &str) {
    if kinds.object {
        require(schema, "required", json!([needle]));
    } else {
        require(schema, "pattern", pattern::literal(needle).into());
    }
}

/// The reverse of `contains`.
fn excludes(schema: &mut Object, kinds: Kinds, needle: &str) {
    // With its type, because null fits every pattern and must not be refused for it.
    let excluded = if kinds.object {
        json!({"type": "object", "required": [needle]})
    } else {
        json!({"type": "string", "pattern": pattern::literal(needle)})
    };
    require(schema, "not", excluded);
}

fn length(schema: &mut Object, kinds: Kinds, min: Option<u64>, max: Option<u64>) {
    for (is, min_keyword, max_keyword) in [
        (kinds.text, "minLength", "maxLength"),
        (kinds.list, "minItems", "maxItems"),
        (kinds.object, "minProperties", "maxProperties"),
    ] {
        if let Some(min) = min.filter(|_| is) {
            tighten(schema, min_keyword, min.into(), Ordering::Greater);
        }
        if let Some(max) = max.filter(|_| is) {
            tighten(schema, max_keyword, max.into(), Ordering::Less);
        }
    }
}

fn bounds(schema: &mut Object, range: &Range) {
    for (keyword, bound, closer) in [
        ("minimum", &range.min, Ordering::Greater),
        ("maximum", &range.max, Ordering::Less),
        ("exclusiveMinimum", &range.exclusive_min, Ordering::Greater),
        ("exclusiveMaximum", &range.exclusive_max, Ordering::Less),
    ] {
        // A decimal writes itself as text, and another ordered type may be no number at all.
        let bound = match bound {
            Some(Value::String(text)) => json::read(text).ok(),
            bound => bound.clone(),
        };
        if let Some(bound @ Value::Number(_)) = bound {
            tighten(schema, keyword, bound, closer);
        }
    }
}

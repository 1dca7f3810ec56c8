//! The writer of a shape's schema, for one direction.

use schemars::SchemaGenerator;
use serde_json::{Value, json};

use super::words::{is_leaf, object, or_null, text_constraints, tuple, with_notes};
use crate::contract::shape::{Definition, Form, Integer, Kind, Shape, Text};

pub(super) struct Writer<'g> {
    pub(super) generator: &'g mut SchemaGenerator,
    /// The schema describes the output, not the input.
    pub(super) written: bool,
    /// The ids of the types whose fields are being gathered, from the outside in.
    pub(super) open: Vec<String>,
}

impl<'g> Writer<'g> {
    pub(super) fn new(generator: &'g mut SchemaGenerator) -> Self {
        let written = generator.contract().is_serialize();
        Self { generator, written, open: Vec::new() }
    }

    pub(super) fn definition(&mut self, definition: &Definition) -> Value {
        self.open.push((definition.id)());
        let schema = self.form(self.form_of(definition));
        self.open.pop();
        with_notes(schema, &definition.notes)
    }

    pub(super) fn form_of<'d>(&self, definition: &'d Definition) -> &'d Form {
        definition.written.as_ref().filter(|_| self.written).unwrap_or(&definition.form)
    }

    pub(super) fn form(&mut self, form: &Form) -> Value {
        match form {
            Form::Content(content) => self.content(content),
            Form::Enum(choice) => self.choice(choice),
            Form::As(shape) => {
                let shape = shape();
                match shape.kind() {
                    // All of it, not a reference: schemars' derive does so too.
                    Kind::Named(definition) => self.definition(definition),
                    Kind::Foreign(foreign) => (foreign.whole)(self.generator).to_value(),
                    _ => self.shape(&shape),
                }
            }
        }
    }

    /// A value that stands where another refers to it.
    pub(super) fn shape(&mut self, shape: &Shape) -> Value {
        match shape.kind() {
            Kind::Any => true.into(),
            Kind::Null => json!({"type": "null"}),
            Kind::Boolean => json!({"type": "boolean"}),
            Kind::Integer(integer) => self.integer(integer),
            Kind::Float(float) => {
                let mut schema = object(json!({"type": "number", "format": float.name}));
                if let Some(max) = float.max {
                    schema.insert("minimum".to_owned(), (-max).into());
                    schema.insert("maximum".to_owned(), max.into());
                }
                schema.into()
            }
            Kind::Number => json!({"type": "number"}),
            Kind::Text(text) => self.text(text),
            Kind::List { items, unique, length } => {
                let mut schema = object(json!({"type": "array", "items": self.shape(items)}));
                if *unique {
                    schema.insert("uniqueItems".to_owned(), true.into());
                }
                if let Some(length) = length {
                    schema.insert("minItems".to_owned(), (*length).into());
                    schema.insert("maxItems".to_owned(), (*length).into());
                }
                schema.into()
            }
            Kind::Tuple(items) => {
                let schemas: Vec<Value> = items.iter().map(|item| self.shape(item)).collect();
                tuple(schemas, items.len())
            }
            Kind::Map { keys, values } => {
                let mut schema = object(json!({"type": "object", "additionalProperties": self.shape(values)}));
                if let Some(keys) = self.keys(keys) {
                    schema.insert("propertyNames".to_owned(), keys.into());
                }
                schema.into()
            }
            Kind::Optional(inner) => {
                let schema = self.shape(inner);
                or_null(schema, is_leaf(inner))
            }
            Kind::Omissible(inner) => self.shape(inner),
            Kind::Named(definition) => (definition.schema)(self.generator).to_value(),
            Kind::Foreign(foreign) => (foreign.schema)(self.generator).to_value(),
            Kind::Ways { written, read } => self.shape(if self.written { written } else { read }),
            Kind::Ruled { shape, rules } => {
                let schema = self.shape(shape);
                self.rules(schema, shape, rules)
            }
        }
    }

    pub(super) fn integer(&self, integer: &Integer) -> Value {
        let mut schema = object(json!({"type": "integer", "format": integer.format}));
        let mut bound = |keyword: &str, value: Value| schema.insert(keyword.to_owned(), value);
        let unbounded = integer.saturates && !self.written;
        match (i64::try_from(integer.min), u64::try_from(integer.max)) {
            _ if unbounded => {}
            (Ok(min), Ok(max)) => {
                let positive = min == 0 && !integer.zero;
                bound("minimum", if positive { 1.into() } else { min.into() });
                bound("maximum", max.into());
            }
            // Bounds beyond 64 bits are floats. Some tools read their shortest spelling as a decimal, which may lie within
            // the type: so they are the floats next to the bounds, outside of the type.
            #[allow(clippy::cast_precision_loss, reason = "rounds to the power of two that is meant")]
            (min, _) => {
                bound(
                    "minimum",
                    match min {
                        Ok(0) if !integer.zero => 1.into(),
                        Ok(min) => min.into(),
                        Err(_) => (integer.min as f64).next_down().into(),
                    },
                );
                bound("maximum", (integer.max as f64).next_up().into());
            }
        }
        if integer.min < 0 && !integer.zero {
            schema.insert("not".to_owned(), json!({"const": 0}));
        }
        schema.into()
    }

    pub(super) fn text(&self, text: &Text) -> Value {
        let mut schema = text_constraints(text);
        match text.number_below.filter(|_| !self.written) {
            Some(end) => {
                schema.insert("type".to_owned(), json!(["string", "number"]));
                schema.insert("exclusiveMinimum".to_owned(), (-end).into());
                schema.insert("exclusiveMaximum".to_owned(), end.into());
            }
            None => drop(schema.insert("type".to_owned(), "string".into())),
        }
        schema.into()
    }
}

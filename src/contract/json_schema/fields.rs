//! Fields, alone and among others.

use serde_json::{Value, json};

use super::level::Level;
use super::words::{Object, into_object, object, require, tuple, with_notes};
use super::writer::Writer;
use crate::contract::shape::{Content, Field, Form, Presence, Record, Rule, Shape};

/// Where a record or a choice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is all of the object.
    Alone,
    /// Only a tag stands beside it.
    Tagged,
    /// Among the fields of an outer level.
    Flat,
    /// Likewise, and what does not fit counts as nothing.
    Maybe,
}

impl Record {
    /// Whether other fields beside its own matter to it.
    fn closes(&self) -> bool {
        self.closed || self.fields.iter().any(|field| field.flat)
    }
}

impl Writer<'_> {
    pub(super) fn content(&mut self, content: &Content) -> Value {
        match content {
            Content::Unit => json!({"type": "null"}),
            Content::Inner(field) => self.field(field),
            Content::Tuple(fields) => {
                let fields: Vec<&Field> = fields.iter().filter(|field| self.name_of(field).is_some()).collect();
                let schemas = fields.iter().map(|field| self.field(field)).collect();
                let has_default = |field: &&&Field| !self.written && matches!(field.presence, Presence::Default(_));
                let defaults = fields.iter().rev().take_while(has_default).count();
                tuple(schemas, fields.len() - defaults)
            }
            Content::Record(record) => {
                let mut level = Level::default();
                self.record(&mut level, record, Place::Alone);
                level.finish(self.written).into()
            }
        }
    }

    /// The name in the direction that is described.
    pub(super) fn name_of(&self, field: &Field) -> Option<&'static str> {
        if self.written { field.written } else { field.read }
    }

    /// The shape of a field's value without the nulls that the field refuses.
    pub(super) fn value_of(&self, field: &Field, rules: &[Rule]) -> (Shape, bool) {
        let mut shape = (field.shape)();
        if !field.not_null && !rules.contains(&Rule::Required) {
            return (shape, false);
        }
        loop {
            shape = match shape {
                Shape::Optional(inner) => *inner,
                Shape::Ways { written, read } => *if self.written { written } else { read },
                shape => break (shape, field.not_null),
            };
        }
    }

    pub(super) fn field(&mut self, field: &Field) -> Value {
        let rules = field.rules();
        let (shape, never_null) = self.value_of(field, &rules);
        let mut schema = self.shape(&shape);
        schema = self.rules(schema, &shape, &rules);
        if never_null && self.kinds(&shape, &schema).null {
            let mut refused = into_object(schema);
            require(&mut refused, "not", json!({"type": "null"}));
            schema = refused.into();
        }
        if let Presence::Default(default) = field.presence
            && let Some(default) = default()
        {
            let mut defaulted = into_object(schema);
            defaulted.insert("default".to_owned(), default);
            schema = defaulted.into();
        }
        with_notes(schema, &field.notes)
    }

    /// Adds the fields of a record to a level.
    pub(super) fn record(&mut self, level: &mut Level, record: &Record, place: Place) {
        if let Some((tag, name)) = record.tag.filter(|_| self.written) {
            level.tag(tag, &json!({"type": "string", "const": name}));
        }
        let hidden = level.hidden.len();
        if !self.written {
            level.hidden.extend_from_slice(&level.names);
        }
        // What has a name goes to its field before anything is flattened.
        for field in record.fields.iter().filter(|field| !field.flat) {
            let Some(name) = self.name_of(field) else { continue };
            let schema = self.field(field);
            let aliases: &[&'static str] = if self.written { &[] } else { field.aliases };
            let required = if self.written { !field.written_when } else { field.is_required() };
            level.property(name, aliases, &schema, required && place != Place::Maybe);
        }
        level.hidden.truncate(hidden);
        for field in record.fields.iter().filter(|field| field.flat) {
            if self.name_of(field).is_none() {
                continue;
            }
            let inner = if place == Place::Maybe { Place::Maybe } else { Place::Flat };
            self.flatten(level, &(field.shape)(), &field.rules(), inner);
        }
        level.closed |= record.closed && matches!(place, Place::Alone | Place::Tagged);
    }

    /// Adds a value that stands among other fields of its level.
    pub(super) fn flatten(&mut self, level: &mut Level, shape: &Shape, rules: &[Rule], place: Place) {
        match shape {
            Shape::Optional(inner) | Shape::Omissible(inner) => {
                let place = if place == Place::Flat { Place::Maybe } else { place };
                self.flatten(level, inner, rules, place);
            }
            Shape::Ways { written, read } => {
                self.flatten(level, if self.written { written } else { read }, rules, place);
            }
            Shape::Ruled { shape, rules: inner } => {
                let rules: Vec<Rule> = inner.iter().chain(rules).cloned().collect();
                self.flatten(level, shape, &rules, place);
            }
            Shape::Map { keys, values } => self.flatten_map(level, keys, values, rules, place),
            Shape::Named(definition) => {
                let id = (definition.id)();
                if self.open.contains(&id) {
                    // What it needs is read by then: the tag of an enum that holds itself.
                    level.impossible |= place != Place::Maybe;
                    return;
                }
                self.open.push(id);
                let form = *self.form_of(definition);
                match &form {
                    Form::As(shape) => self.flatten(level, &shape(), rules, place),
                    Form::Content(Content::Inner(field)) => {
                        let rules: Vec<Rule> = field.rules().iter().chain(rules).cloned().collect();
                        self.flatten(level, &(field.shape)(), &rules, place);
                    }
                    Form::Content(Content::Record(record)) if place == Place::Tagged && !record.closes() => {
                        match object((definition.schema)(self.generator).to_value()) {
                            // A reference stands well beside a tag.
                            reference if reference.contains_key("$ref") => level.also.extend(reference),
                            _ => self.record(level, record, place),
                        }
                    }
                    Form::Content(Content::Record(record)) => self.record(level, record, place),
                    Form::Content(Content::Unit | Content::Tuple(_)) => {}
                    Form::Enum(choice) => self.flatten_enum(level, choice, place),
                }
                self.open.pop();
            }
            Shape::Foreign(foreign) => {
                let schema = (foreign.schema)(self.generator).to_value();
                if place != Place::Maybe {
                    level.all.push(schema);
                }
            }
            // Adds no constraint.
            _ => {}
        }
    }

    /// A map of what no field before it has taken.
    pub(super) fn flatten_map(
        &mut self,
        level: &mut Level,
        keys: &Shape,
        values: &Shape,
        rules: &[Rule],
        place: Place,
    ) {
        // What does not fit is left out by a reader that has a place for nothing.
        if place == Place::Maybe && !self.written {
            return;
        }
        let map = Shape::Map { keys: Box::new(keys.clone()), values: Box::new(values.clone()) };
        let schema = self.shape(&map);
        let mut schema = object(self.rules(schema, &map, rules));
        schema.remove("type");
        let taken: Vec<&String> = level.hidden.iter().chain(&level.names).collect();
        if let Some(names) = schema.remove("propertyNames") {
            let others = if taken.is_empty() { names } else { json!({"anyOf": [{"enum": taken}, names]}) };
            schema.insert("propertyNames".to_owned(), others);
        }
        level.count_beside(&mut schema);
        let taken: Object = taken.into_iter().map(|name| (name.clone(), true.into())).collect();
        level.open = true;
        level.maps.push((schema, taken));
    }
}

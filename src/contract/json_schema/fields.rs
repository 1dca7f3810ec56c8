//! Fields, alone and among others.

use serde_json::{Value, json};

use super::level::Level;
use super::words::{Object, into_object, object, require, tuple, with_notes};
use super::writer::Writer;
use crate::contract::shape::{Content, Field, Form, Kind, Presence, Record, Rule, Shape};

/// Where a record or a choice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is all of the object.
    Alone,
    /// Only a tag stands beside it.
    Tagged,
    /// It is read from all that the fields before it have left, its tag aside.
    Rest,
    /// Among the fields of an outer level.
    Flat,
    /// Likewise, and what does not fit counts as nothing.
    Maybe,
}

impl Record {
    /// Whether other fields beside its own matter to it.
    fn closes(&self) -> bool {
        self.closed || self.flattens()
    }

    fn flattens(&self) -> bool {
        self.fields.iter().any(|field| field.flat)
    }

    /// Whether it has a field of one of these names.
    fn has_one_of(&self, names: &[String]) -> bool {
        let mut all = self.fields.iter().flat_map(|field| field.names().chain(field.written));
        all.any(|name| names.iter().any(|taken| taken == name))
    }

    /// The names that are written on its level and never read there.
    fn only_written(&self) -> impl Iterator<Item = &'static str> {
        let fields = self.fields.iter().filter(|field| !field.flat);
        let written = fields.filter_map(|field| field.written.filter(|name| !field.names().any(|read| read == *name)));
        self.tag.map(|(tag, _)| tag).into_iter().chain(written)
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
            shape = match shape.into_kind() {
                Kind::Optional(inner) => *inner,
                Kind::Ways { written, read } => *if self.written { written } else { read },
                kind => break (kind.into(), field.not_null),
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
            if refused.is_empty() {
                // Code generators have a type for it, other than for `not`.
                refused.insert("type".to_owned(), json!(["array", "boolean", "number", "object", "string"]));
            } else {
                require(&mut refused, "not", json!({"type": "null"}));
            }
            schema = refused.into();
        }
        if let Presence::Default(default) = field.presence
            && let Some(default) = default().filter(|default| !(field.written_when && default.is_null()))
        {
            let mut defaulted = into_object(schema);
            defaulted.insert("default".to_owned(), default);
            schema = defaulted.into();
        }
        let schema = with_notes(schema, &field.notes);
        if !field.sensitive {
            return schema;
        }
        let mut schema = into_object(schema);
        schema.insert("x-event-schema".to_owned(), json!({"sensitive": true}));
        schema.into()
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
        // Entries with the name of a field go to the field before anything is flattened.
        for field in record.fields.iter().filter(|field| !field.flat) {
            let Some(name) = self.name_of(field) else { continue };
            let schema = self.field(field);
            let aliases: &[&'static str] = if self.written { &[] } else { field.aliases };
            let required = if self.written { !field.written_when } else { field.is_required() };
            level.property(name, aliases, &schema, required && place != Place::Maybe);
            // A name that would be written twice is not read either.
            let written = field.written.filter(|_| !self.written && !field.written_when && place != Place::Maybe);
            level.impossible |= written.is_some_and(|name| level.hidden.iter().any(|hidden| hidden == name));
        }
        level.hidden.truncate(hidden);
        if !self.written {
            level.hidden.extend(record.only_written().map(str::to_owned));
        }
        for field in record.fields.iter().filter(|field| field.flat) {
            if self.name_of(field).is_none() {
                continue;
            }
            let inner = if place == Place::Maybe { Place::Maybe } else { Place::Flat };
            self.flatten(level, &(field.shape)(), &field.rules(), inner);
        }
        level.closed |= record.closed
            && match place {
                Place::Alone | Place::Tagged => true,
                Place::Rest => !self.written,
                Place::Flat => !self.written && record.flattens(),
                Place::Maybe => false,
            };
    }

    /// Adds a value that stands among other fields of its level.
    pub(super) fn flatten(&mut self, level: &mut Level, shape: &Shape, rules: &[Rule], place: Place) {
        match shape.kind() {
            Kind::Optional(inner) | Kind::Omissible(inner) => {
                let place = if place == Place::Flat { Place::Maybe } else { place };
                self.flatten(level, inner, rules, place);
            }
            Kind::Ways { written, read } => {
                self.flatten(level, if self.written { written } else { read }, rules, place);
            }
            Kind::Ruled { shape, rules: inner } => {
                let rules: Vec<Rule> = inner.iter().chain(rules).cloned().collect();
                self.flatten(level, shape, &rules, place);
            }
            Kind::Map { keys, values } => self.flatten_map(level, keys, values, rules, place),
            Kind::Named(definition) => {
                let id = (definition.id)();
                if self.open.contains(&id) {
                    // The tag of an enum that holds itself is read by then.
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
                    Form::Content(Content::Record(record))
                        if place == Place::Tagged && !record.closes() && !record.has_one_of(&level.names) =>
                    {
                        match object((definition.schema)(self.generator).to_value()) {
                            // A reference holds beside a tag. In `allOf`: code generators drop a `$ref` or its siblings.
                            reference if reference.contains_key("$ref") => level.all.push(reference.into()),
                            _ => self.record(level, record, place),
                        }
                    }
                    Form::Content(Content::Record(record)) => self.record(level, record, place),
                    Form::Content(Content::Unit | Content::Tuple(_)) => {}
                    Form::Enum(choice) => self.flatten_enum(level, choice, place),
                }
                self.open.pop();
            }
            Kind::Any => self.flatten_map(level, &Shape::any(), shape, rules, place),
            Kind::Foreign(foreign) => {
                let schema = (foreign.schema)(self.generator).to_value();
                if place != Place::Maybe {
                    // Without a list of its fields it may have any.
                    if self.written && !self.lists_fields(&schema) {
                        level.open = true;
                        level.maps.push((object(json!({"additionalProperties": true})), Object::new()));
                    }
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
        // A reader that may leave the value out does so if it does not fit.
        if place == Place::Maybe && !self.written {
            return;
        }
        let map = Shape::map_of(keys.clone(), values.clone());
        let schema = self.shape(&map);
        let mut schema = object(self.rules(schema, &map, rules));
        schema.remove("type");
        // A choice takes the names of all its variants, because the variant is not known here.
        let taken: Vec<&String> = level.hidden.iter().chain(&level.names).chain(&level.allowed).collect();
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

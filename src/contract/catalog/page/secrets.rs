//! The sensitive parts of an event, whose values no page shows.

use std::collections::{BTreeSet, HashSet};
use std::ptr;

use serde_json::Value;

use crate::contract::catalog::recorded::Documents;
use crate::contract::compat::{Contains, contains, place_of, without_annotations};
use crate::contract::shape::{Content, Definition, Enum, Field, Foreign, Form, Kind, Shape};
use crate::violation::MASK;

/// The sensitive parts of an event.
///
/// Examples are masked by the names of fields, wherever these are: more may be masked than is sensitive, never less.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// The event is sensitive as a whole.
    whole: bool,
    /// The names of sensitive fields, and of fields that contain a sensitive value without a name.
    names: BTreeSet<String>,
    /// The names of fields within sensitive ones.
    inner_names: BTreeSet<String>,
    /// The ids of types that are used in sensitive fields.
    types: HashSet<String>,
    /// The types that were visited, and whether within a sensitive field.
    seen: HashSet<(String, bool)>,
}

impl Secrets {
    pub(super) fn of(shape: &Shape) -> Self {
        let mut secrets = Self { whole: is_secret(shape), ..Self::default() };
        let whole = secrets.whole;
        secrets.shape(shape, whole);
        secrets
    }

    /// Adds the names that are sensitive in another version.
    pub(super) fn join(&mut self, other: Self) {
        self.whole |= other.whole;
        self.names.extend(other.names);
        self.inner_names.extend(other.inner_names);
    }

    /// Adds the names that a recorded revision calls sensitive: in the list of the event's own fields, and at fields.
    pub(super) fn add_recorded(&mut self, documents: &Documents) {
        let mut fields = BTreeSet::new();
        let documents: Vec<&Value> = documents.written.iter().chain([&documents.accepted]).collect();
        for document in &documents {
            Recorded { document, secrets: self, fields: &mut fields, seen: HashSet::new() }.schema(document, false);
        }
        for document in documents {
            let names = document.pointer("/x-event-schema/sensitive").and_then(Value::as_array);
            for name in names.into_iter().flatten().filter_map(Value::as_str) {
                // The event is no object with fields, but one of its fields alone.
                self.whole |= fields.is_empty();
                self.names.insert(name.to_owned());
            }
        }
    }

    /// Whether a type is used in a sensitive field.
    pub(super) fn has_type(&self, definition: &Definition) -> bool {
        self.types.contains(&(definition.id)())
    }

    /// Whether a type without a definition is used in a sensitive field.
    pub(super) fn has_foreign(&self, foreign: &Foreign) -> bool {
        self.types.contains((foreign.id)().as_ref())
    }

    /// Whether a field with this name may be sensitive, or within a sensitive one.
    pub(super) fn has_name(&self, name: &str) -> bool {
        self.whole || self.names.contains(name) || self.inner_names.contains(name)
    }

    /// The value of an event, or of a part of it, without what is sensitive.
    pub(super) fn mask(&self, value: &Value) -> Value {
        match value {
            _ if self.whole => MASK.into(),
            Value::Object(fields) => {
                let masked = |(name, value): (&String, &Value)| {
                    let value = if self.names.contains(name) { MASK.into() } else { self.mask(value) };
                    (name.clone(), value)
                };
                fields.iter().map(masked).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.mask(item)).collect(),
            value => value.clone(),
        }
    }

    /// A schema without its texts, its defaults, and the values that it names for sensitive fields.
    pub(super) fn redact(&self, schema: &Value) -> Value {
        let mut schema = without_annotations(schema);
        remove_defaults(&mut schema, false);
        self.hide(&mut schema);
        schema
    }

    fn hide(&self, schema: &mut Value) {
        if has_mark(schema) {
            *schema = MASK.into();
        }
        match schema {
            Value::Object(keywords) => {
                for (keyword, inner) in keywords {
                    match (keyword.as_str(), inner) {
                        ("const" | "enum", value) => *value = self.mask(value),
                        ("properties", Value::Object(fields)) => {
                            for (name, field) in fields {
                                if self.has_name(name) { *field = MASK.into() } else { self.hide(field) }
                            }
                        }
                        (keyword, Value::Object(schemas)) if is_by_name(keyword) => {
                            schemas.values_mut().for_each(|schema| self.hide(schema));
                        }
                        (_, schema) => self.hide(schema),
                    }
                }
            }
            Value::Array(schemas) => schemas.iter_mut().for_each(|schema| self.hide(schema)),
            _ => {}
        }
    }

    fn shape(&mut self, shape: &Shape, hidden: bool) {
        match shape.kind() {
            Kind::List { items: inner, .. }
            | Kind::Optional(inner)
            | Kind::Omissible(inner)
            | Kind::Ruled { shape: inner, .. } => self.shape(inner, hidden),
            Kind::Tuple(items) => items.iter().for_each(|item| self.shape(item, hidden)),
            Kind::Map { keys: first, values: second } | Kind::Ways { written: first, read: second } => {
                self.shape(first, hidden);
                self.shape(second, hidden);
            }
            Kind::Named(definition) => self.definition(definition, hidden),
            Kind::Foreign(foreign) if hidden => drop(self.types.insert((foreign.id)().into_owned())),
            _ => {}
        }
    }

    fn definition(&mut self, definition: &Definition, hidden: bool) {
        let id = (definition.id)();
        if hidden {
            self.types.insert(id.clone());
        }
        if !self.seen.insert((id, hidden)) {
            return;
        }
        for form in std::iter::once(&definition.form).chain(&definition.written) {
            match form {
                Form::As(shape) => self.shape(&shape(), hidden),
                Form::Content(content) => self.content(content, hidden),
                Form::Enum(choice) => {
                    choice.variants.iter().for_each(|variant| self.content(&variant.content, hidden));
                }
            }
        }
    }

    fn content(&mut self, content: &Content, hidden: bool) {
        for field in content.fields() {
            let shape = (field.shape)();
            let names = field.names().chain(field.written).map(str::to_owned);
            let is_secret = is_secret_field(field);
            if is_secret {
                self.names.extend(names);
            } else if hidden {
                self.inner_names.extend(names);
            }
            self.shape(&shape, hidden || is_secret);
        }
    }
}

/// Whether a field is marked, or its value contains a sensitive one that has no name.
pub(super) fn is_secret_field(field: &Field) -> bool {
    field.sensitive || is_secret(&(field.shape)())
}

/// Whether a value contains a sensitive one that has no name of its own.
fn is_secret(shape: &Shape) -> bool {
    contains_secret(shape, &mut HashSet::new())
}

fn contains_secret(shape: &Shape, seen: &mut HashSet<String>) -> bool {
    match shape.kind() {
        Kind::List { items: inner, .. }
        | Kind::Optional(inner)
        | Kind::Omissible(inner)
        | Kind::Ruled { shape: inner, .. } => contains_secret(inner, seen),
        Kind::Tuple(items) => items.iter().any(|item| contains_secret(item, seen)),
        Kind::Map { keys: first, values: second } | Kind::Ways { written: first, read: second } => {
            contains_secret(first, seen) || contains_secret(second, seen)
        }
        Kind::Named(definition) => {
            seen.insert((definition.id)())
                && std::iter::once(&definition.form).chain(&definition.written).any(|form| match form {
                    Form::As(shape) => contains_secret(&shape(), seen),
                    Form::Content(content) => without_name(content, seen),
                    Form::Enum(Enum { variants, .. }) => {
                        variants.iter().any(|variant| without_name(&variant.content, seen))
                    }
                })
        }
        _ => false,
    }
}

fn without_name(content: &Content, seen: &mut HashSet<String>) -> bool {
    let is_nameless = matches!(content, Content::Inner(_) | Content::Tuple(_));
    content
        .fields()
        .iter()
        .any(|field| (is_nameless || field.flat) && (field.sensitive || contains_secret(&(field.shape)(), seen)))
}

/// The look for what a recorded document calls sensitive.
struct Recorded<'v, 's> {
    document: &'v Value,
    secrets: &'s mut Secrets,
    /// The names of all fields.
    fields: &'s mut BTreeSet<String>,
    /// The schemas that were visited, and whether within a sensitive field.
    seen: HashSet<(*const Value, bool)>,
}

impl<'v> Recorded<'v, '_> {
    fn schema(&mut self, schema: &'v Value, hidden: bool) {
        let Value::Object(keywords) = schema else { return };
        if !self.seen.insert((ptr::from_ref(schema), hidden)) {
            return;
        }
        let fields = keywords.get("properties").and_then(Value::as_object);
        for (name, field) in fields.into_iter().flatten() {
            self.fields.insert(name.clone());
            let is_secret = is_marked(self.document, field, &mut HashSet::new());
            if is_secret {
                self.secrets.names.insert(name.clone());
            } else if hidden {
                self.secrets.inner_names.insert(name.clone());
            }
            self.schema(field, hidden || is_secret);
        }
        for definitions in ["$defs", "definitions"].iter().filter_map(|keyword| keywords.get(*keyword)?.as_object()) {
            definitions.values().for_each(|definition| self.schema(definition, false));
        }
        nameless(self.document, schema).for_each(|part| self.schema(part, hidden));
    }
}

/// Whether a recorded schema is marked as sensitive, or describes a sensitive value that has no name.
fn is_marked<'v>(document: &'v Value, schema: &'v Value, seen: &mut HashSet<*const Value>) -> bool {
    seen.insert(ptr::from_ref(schema))
        && (has_mark(schema) || nameless(document, schema).any(|part| is_marked(document, part, seen)))
}

/// The schemas within a schema that are none of fields by name, and that of its reference.
fn nameless<'v>(document: &'v Value, schema: &'v Value) -> impl Iterator<Item = &'v Value> {
    let reference = schema.get("$ref").and_then(Value::as_str).and_then(place_of);
    let target = reference.and_then(|place| document.pointer(&place));
    let parts = schema.as_object().into_iter().flatten().flat_map(|(keyword, value)| match (keyword.as_str(), value) {
        ("$defs" | "const" | "default" | "definitions" | "enum" | "examples" | "properties" | "x-event-schema", _) => {
            Vec::new()
        }
        (keyword, Value::Object(schemas)) if is_by_name(keyword) => schemas.values().collect(),
        (_, Value::Array(schemas)) => schemas.iter().collect(),
        (_, schema) => vec![schema],
    });
    target.into_iter().chain(parts)
}

/// Whether a schema is marked as sensitive.
fn has_mark(schema: &Value) -> bool {
    schema.pointer("/x-event-schema/sensitive") == Some(&Value::Bool(true))
}

/// Whether a schema, or one within it, is marked as sensitive.
pub(super) fn has_marks(schema: &Value) -> bool {
    has_mark(schema)
        || match schema {
            Value::Object(keywords) => keywords.values().any(has_marks),
            Value::Array(items) => items.iter().any(has_marks),
            _ => false,
        }
}

/// Whether a keyword has schemas by name.
fn is_by_name(keyword: &str) -> bool {
    matches!(contains(keyword, &Value::Null), Some(Contains::Named))
}

/// Removes the defaults in a schema, which may be those of sensitive fields. In an object of schemas by name, `default` is one
/// of the names.
fn remove_defaults(schema: &mut Value, by_name: bool) {
    match schema {
        Value::Object(entries) => {
            if !by_name {
                entries.remove("default");
            }
            for (key, inner) in entries {
                let has_names = !by_name && is_by_name(key);
                remove_defaults(inner, has_names);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| remove_defaults(item, false)),
        _ => {}
    }
}

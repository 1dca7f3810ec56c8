//! The writer of a shape's Avro schema.

use std::collections::{HashMap, HashSet};
use std::mem;

use serde_json::{Map, Value, json};

use super::error::{AvroFault, AvroSchemaError};
use super::name::{PRIMITIVES, legal, legal_type};
use crate::contract::shape::{Avro, AvroForm, Content, Definition, Form, Kind, Notes, Rule, Shape, Tagging, Variant};

/// Faults are gathered, and the schema is dropped in the end if there are any.
#[derive(Default)]
pub(super) struct Writer {
    /// The namespace of types that have none of their own.
    namespace: &'static str,
    /// The namespace that a type would inherit where the writer stands.
    enclosing: String,
    /// The full names of the types that were met, by their ids.
    names: HashMap<String, String>,
    /// The full names of their aliases.
    aliases: HashSet<String>,
    /// The schemas of named types that are complete, by full name.
    pub(super) schemas: HashMap<String, Value>,
    /// The ids of types without a name in Avro, from the last record to where the writer stands.
    open: Vec<String>,
    path: String,
    faults: Vec<AvroFault>,
}

/// A type that has a name in Avro.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub(super) id: String,
    pub(super) name: String,
    /// The name in JSON, if it differs.
    pub(super) original: Option<String>,
    pub(super) namespace: Option<&'static str>,
    pub(super) notes: Notes,
    pub(super) aliases: Vec<String>,
}

impl Owner {
    fn new(id: String, name: &str, avro: Avro, notes: Notes) -> Self {
        let legal = avro.name.map_or_else(|| legal_type(name), str::to_owned);
        let original = (legal != name).then(|| name.to_owned());
        let aliases = avro.aliases.iter().map(|alias| (*alias).to_owned()).collect();
        Self { id, name: legal, original, namespace: avro.namespace, notes, aliases }
    }

    /// The record of a variant. It has been called after the earlier names of the variant and of its type.
    pub(super) fn variant(&self, name: &'static str, variant: &Variant) -> Self {
        let Variant { avro, notes, .. } = *variant;
        let own = avro.name.map_or_else(|| format!("{}_{}", self.name, legal(name)), str::to_owned);
        // With a name of its own, it had that one.
        let earlier: &[String] = if avro.name.is_some() { &[] } else { &self.aliases };
        let mut aliases: Vec<String> = Vec::new();
        for owner in std::iter::once(&self.name).chain(earlier) {
            let is_todays = *owner == self.name;
            let names = std::iter::once(name).chain(variant.names()).filter(|one| !is_todays || *one != name);
            for alias in names.map(|one| format!("{owner}_{}", legal(one))) {
                if alias != own && !aliases.contains(&alias) {
                    aliases.push(alias);
                }
            }
        }
        Self {
            id: format!("{}::{name}", self.id),
            name: own,
            original: Some(name.to_owned()),
            namespace: self.namespace,
            notes,
            aliases,
        }
    }
}

/// A name with its namespace.
fn full_name(name: &str, namespace: &str) -> String {
    if namespace.is_empty() || name.contains('.') { name.to_owned() } else { format!("{namespace}.{name}") }
}

impl Writer {
    /// The schema of an event, whose record is named after it.
    pub(super) fn root(&mut self, shape: &Shape, name: &str, event: &str) -> Value {
        let Kind::Named(definition) = shape.kind() else { return self.shape(shape, &[], None) };
        self.namespace = definition.avro.namespace.unwrap_or_default();
        let owner = Owner::new((definition.id)(), name, definition.avro, definition.notes);
        let owner = Owner { original: (owner.name != event).then(|| event.to_owned()), ..owner };
        self.form(form_of(definition), owner, &[], None)
    }

    pub(super) fn finish(self, event: &str, schema: Value) -> Result<Value, AvroSchemaError> {
        if self.faults.is_empty() { Ok(schema) } else { Err(AvroSchemaError::new(event, self.faults)) }
    }

    /// Notes a fault. What is written in its place does not matter.
    pub(super) fn fault(&mut self, reason: impl Into<String>, remedy: impl Into<String>) -> Value {
        let fault = AvroFault::new(self.path.clone(), reason.into(), remedy.into());
        if !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
        Value::Null
    }

    /// Writes a part whose path ends in `segment`.
    pub(super) fn at<T>(&mut self, segment: &str, write: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        if length > 0 && !segment.starts_with(['[', '{']) {
            self.path.push('.');
        }
        self.path.push_str(segment);
        let written = write(self);
        self.path.truncate(length);
        written
    }

    pub(super) fn shape(&mut self, shape: &Shape, rules: &[Rule], form: Option<AvroForm>) -> Value {
        match shape.kind() {
            Kind::Any => self.fault(
                "any JSON value has no Avro type",
                "describe the value by a type, or hold its text in a `String`",
            ),
            Kind::Null => self.plain("null", form),
            Kind::Boolean => self.plain("boolean", form),
            Kind::Integer(integer) => self.integer(integer, rules, form),
            Kind::Float(float) => self.plain(if float.name == "float" { "float" } else { "double" }, form),
            Kind::Number => self.plain("double", form),
            Kind::Text(text) => self.text(text, form),
            Kind::List { items, .. } => {
                if form == Some(AvroForm::Bytes) && is_byte(items) {
                    return "bytes".into();
                }
                let rules = inner_rules(rules, |rule| if let Rule::Each(rules) = rule { Some(rules) } else { None });
                let items = self.at("[]", |this| this.shape(items, &rules, form));
                json!({"type": "array", "items": items})
            }
            Kind::Map { values, .. } => {
                let rules = inner_rules(rules, |rule| if let Rule::Values(rules) = rule { Some(rules) } else { None });
                let values = self.at("{}", |this| this.shape(values, &rules, form));
                json!({"type": "map", "values": values})
            }
            Kind::Tuple(items) => {
                self.refuse_form(form, "a tuple");
                let owner = Owner::new(shape.id().into_owned(), &shape.name(), Avro::NONE, Notes::NONE);
                // A tuple has no name in JSON.
                let owner = Owner { original: None, ..owner };
                self.tuple(&owner, items)
            }
            Kind::Optional(inner) => {
                let inner = self.shape(inner, rules, form);
                or_null(inner)
            }
            Kind::Omissible(inner) => self.shape(inner, rules, form),
            Kind::Ways { written, .. } => self.shape(written, rules, form),
            Kind::Ruled { shape, rules: inner } => {
                let rules: Vec<Rule> = inner.iter().chain(rules).cloned().collect();
                self.shape(shape, &rules, form)
            }
            Kind::Named(definition) => {
                let owner = Owner::new((definition.id)(), &shape.name(), definition.avro, definition.notes);
                self.form(form_of(definition), owner, rules, form)
            }
            Kind::Foreign(foreign) => {
                let name = (foreign.name)();
                self.fault(
                    format!("`{name}` has no Avro form: only its JSON Schema is known"),
                    "derive `EventSchema` for it, or write what it is on the wire: `#[schemars(with = \"...\")]`",
                )
            }
        }
    }

    fn form(&mut self, form: &Form, owner: Owner, rules: &[Rule], choice: Option<AvroForm>) -> Value {
        match form {
            // All of it, under the name of the type that stands for it.
            Form::As(shape) => self.once(&owner.id.clone(), |this| {
                let shape = shape();
                match shape.kind() {
                    Kind::Named(definition) => this.form(form_of(definition), owner, rules, choice),
                    _ => this.shape(&shape, rules, choice),
                }
            }),
            Form::Content(Content::Inner(field)) => self.once(&owner.id, |this| {
                let rules: Vec<Rule> = field.rules().iter().chain(rules).cloned().collect();
                this.value(field, &rules, field.avro.form.or(choice))
            }),
            Form::Content(Content::Unit) => self.plain("null", choice),
            Form::Content(content) => {
                self.refuse_form(choice, "a struct");
                self.record(&owner, |this, fields| this.content(fields, content))
            }
            Form::Enum(variants) if matches!(variants.tagging, Tagging::Untagged) => {
                self.once(&owner.id.clone(), |this| this.untagged(&owner, variants, choice))
            }
            Form::Enum(variants) => {
                self.refuse_form(choice, "an enum");
                self.tagged(&owner, variants)
            }
        }
    }

    /// Writes a type that has no name in Avro: it can hold itself only within a record.
    pub(super) fn once(&mut self, id: &str, write: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.open.iter().any(|open| open == id) {
            return self
                .fault("the type holds itself, and only an Avro record can", "make it a struct with named fields");
        }
        self.open.push(id.to_owned());
        let written = write(self);
        self.open.pop();
        written
    }

    /// Writes a type that has a name in Avro, or a reference to it. `write` gets its description so far.
    pub(super) fn named(
        &mut self,
        owner: &Owner,
        kind: &str,
        write: impl FnOnce(&mut Self, &mut Map<String, Value>),
    ) -> Value {
        let namespace = owner.namespace.unwrap_or(self.namespace);
        if namespace.is_empty() && !self.enclosing.is_empty() {
            return self.fault(
                format!("`{}` has no namespace, but stands in `{}`", owner.name, self.enclosing),
                "give the event a namespace: `#[event(avro(namespace = \"...\"))]`",
            );
        }
        let full = full_name(&owner.name, namespace);
        if let Some(name) = self.names.get(&owner.id) {
            return name.clone().into();
        }
        if self.names.values().any(|name| *name == full) {
            return self.fault(
                format!("two types are named `{full}`"),
                "give one of them another name: `#[event(avro(name = \"...\"))]`",
            );
        }
        let aliases = owner.aliases.iter().map(|alias| (alias, full_name(alias, namespace)));
        let aliases: Vec<(&String, String)> = aliases.filter(|(_, alias)| *alias != full).collect();
        let is_known = |name: &String| self.aliases.contains(name) || self.names.values().any(|known| known == name);
        let ambiguous = aliases.iter().map(|(_, alias)| alias).find(|alias| is_known(alias));
        if let Some(name) = ambiguous.or_else(|| Some(&full).filter(|full| self.aliases.contains(*full))) {
            let reason = format!("`{name}` is the name or an alias of another type");
            return self.fault(reason, "an alias belongs to one type: remove it from the others");
        }
        self.names.insert(owner.id.clone(), full.clone());
        self.aliases.extend(aliases.iter().map(|(_, alias)| alias.clone()));
        let mut schema = Map::new();
        schema.insert("type".to_owned(), kind.into());
        schema.insert("name".to_owned(), owner.name.clone().into());
        if namespace != self.enclosing {
            schema.insert("namespace".to_owned(), namespace.into());
        }
        if let Some(doc) = doc(&owner.notes) {
            schema.insert("doc".to_owned(), doc.into());
        }
        if let Some(original) = &owner.original {
            schema.insert("altnames".to_owned(), json!({"json": original}));
        }
        if !aliases.is_empty() {
            schema.insert("aliases".to_owned(), aliases.into_iter().map(|(alias, _)| alias.clone()).collect());
        }
        let enclosing = mem::replace(&mut self.enclosing, namespace.to_owned());
        let open = mem::take(&mut self.open);
        write(self, &mut schema);
        self.open = open;
        self.enclosing = enclosing;
        let schema = Value::Object(schema);
        self.schemas.insert(full, schema.clone());
        schema
    }

    /// A `fixed` of a logical type.
    pub(super) fn fixed(&mut self, name: &str, size: u64) -> Value {
        let owner = Owner {
            id: format!("fixed {name}"),
            name: name.to_owned(),
            original: None,
            namespace: None,
            notes: Notes::NONE,
            aliases: Vec::new(),
        };
        self.named(&owner, "fixed", |_, schema| {
            schema.insert("size".to_owned(), size.into());
            schema.insert("logicalType".to_owned(), name.into());
        })
    }

    /// A union of these, without the unions among them.
    pub(super) fn union(&mut self, branches: impl IntoIterator<Item = Value>) -> Value {
        let mut union: Vec<Value> = Vec::new();
        for branch in branches {
            let flat = if let Value::Array(inner) = branch { inner } else { vec![branch] };
            for branch in flat {
                let name = self.branch_name(&branch);
                // A fault was noted where it is none.
                if union.iter().any(|other| !name.is_empty() && self.branch_name(other) == name) {
                    self.fault(
                        format!("two variants are `{name}` in Avro, and a union has each type once"),
                        "let a tag tell them apart: remove `untagged`",
                    );
                } else {
                    union.push(branch);
                }
            }
        }
        union.into()
    }

    /// The name that tells a branch from the others of a union.
    fn branch_name(&self, schema: &Value) -> String {
        let kind = schema.get("type").unwrap_or(schema).as_str().unwrap_or_default();
        match schema.get("name").and_then(Value::as_str) {
            Some(name) => {
                let namespace = schema.get("namespace").and_then(Value::as_str).unwrap_or(&self.enclosing);
                full_name(name, namespace)
            }
            None => kind.to_owned(),
        }
    }

    pub(super) fn plain(&mut self, name: &str, form: Option<AvroForm>) -> Value {
        debug_assert!(PRIMITIVES.contains(&name), "{name} is no primitive type");
        self.refuse_form(form, &format!("`{name}`"));
        name.into()
    }

    pub(super) fn refuse_form(&mut self, form: Option<AvroForm>, place: &str) {
        if let Some(form) = form {
            let word = match form {
                AvroForm::String => "string",
                AvroForm::Fixed => "fixed",
                AvroForm::Bytes => "bytes",
                AvroForm::Millis => "millis",
                AvroForm::Micros => "micros",
                AvroForm::Nanos => "nanos",
                AvroForm::Duration => "duration",
                AvroForm::Decimal { .. } => "precision",
            };
            self.fault(format!("`avro({word})` does not apply to {place}"), "remove it from the field");
        }
    }
}

pub(super) fn form_of(definition: &'static Definition) -> &'static Form {
    definition.written.as_ref().unwrap_or(&definition.form)
}

/// The documentation, whose first line is the title.
pub(super) fn doc(notes: &Notes) -> Option<String> {
    let parts: Vec<&str> = [notes.title, notes.description].into_iter().filter(|text| !text.is_empty()).collect();
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// Such a value or null.
pub(super) fn or_null(schema: Value) -> Value {
    match schema {
        schema if is_nullable(&schema) => schema,
        Value::Array(mut branches) => {
            branches.insert(0, "null".into());
            branches.into()
        }
        schema => json!(["null", schema]),
    }
}

pub(super) fn is_nullable(schema: &Value) -> bool {
    match schema {
        Value::Array(branches) => branches.iter().any(|branch| branch == "null"),
        schema => schema == "null",
    }
}

fn is_byte(shape: &Shape) -> bool {
    match shape.kind() {
        Kind::Integer(integer) => (integer.min, integer.max) == (0, u128::from(u8::MAX)),
        Kind::Ruled { shape, .. } | Kind::Ways { written: shape, .. } => is_byte(shape),
        _ => false,
    }
}

/// The rules of the parts of a container.
fn inner_rules(rules: &[Rule], of_parts: impl Fn(&Rule) -> Option<&Vec<Rule>>) -> Vec<Rule> {
    rules.iter().filter_map(of_parts).flatten().cloned().collect()
}

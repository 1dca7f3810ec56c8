//! Records and their fields.

use serde_json::{Map, Value, json};

use super::name::legal;
use super::writer::{Owner, Writer, doc, form_of, is_nullable, or_null};
use crate::contract::shape::{AvroForm, Content, Field, Form, Kind, Presence, Rule, Shape};

/// The fields of a record while they are gathered.
#[derive(Default)]
pub(super) struct Fields {
    list: Vec<Map<String, Value>>,
}

impl Fields {
    fn has(&self, name: &str) -> bool {
        self.list.iter().any(|field| field["name"] == name)
    }

    /// An alias that is the name of another field of today's would take that field's value from what it has written.
    fn fit_aliases(&mut self) {
        let names = self.list.iter().filter_map(|field| field["name"].as_str());
        let mut taken: Vec<String> = names.map(str::to_owned).collect();
        for field in &mut self.list {
            let Some(Value::Array(mut aliases)) = field.remove("aliases") else { continue };
            aliases.retain(|alias| {
                let alias = alias.as_str().unwrap_or_default();
                let is_free = !taken.iter().any(|name| name == alias);
                if is_free {
                    taken.push(alias.to_owned());
                }
                is_free
            });
            if !aliases.is_empty() {
                field.insert("aliases".to_owned(), aliases.into());
            }
        }
    }
}

/// How a field is called in JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// It is found by its name.
    Named,
    /// It is found by its place in a list.
    Listed,
    /// Not at all: the variant is its only field.
    Alone,
}

impl Writer {
    pub(super) fn record(&mut self, owner: &Owner, write: impl FnOnce(&mut Self, &mut Fields)) -> Value {
        self.named(owner, "record", |this, schema| {
            let mut fields = Fields::default();
            write(this, &mut fields);
            fields.fit_aliases();
            schema.insert("fields".to_owned(), fields.list.into_iter().map(Value::Object).collect());
        })
    }

    /// A tuple without a name of its own.
    pub(super) fn tuple(&mut self, owner: &Owner, items: &[Shape]) -> Value {
        self.record(owner, |this, fields| {
            for (index, item) in items.iter().enumerate() {
                let schema = this.at(&format!("[{index}]"), |this| this.shape(item, &[], None));
                let field = json!({"name": format!("_{index}"), "type": schema});
                fields.list.extend(field.as_object().cloned());
            }
        })
    }

    pub(super) fn content(&mut self, fields: &mut Fields, content: &Content) {
        match content {
            Content::Unit => {}
            Content::Inner(field) => self.field(fields, field, Naming::Alone),
            Content::Tuple(list) => list.iter().for_each(|field| self.field(fields, field, Naming::Listed)),
            Content::Record(record) => record.fields.iter().for_each(|field| self.field(fields, field, Naming::Named)),
        }
    }

    fn field(&mut self, fields: &mut Fields, field: &Field, naming: Naming) {
        let Some(original) = field.written else { return };
        let segment = match naming {
            Naming::Named => original.to_owned(),
            Naming::Listed => format!("[{original}]"),
            Naming::Alone => return self.described(fields, field, original, naming),
        };
        self.at(&segment, |this| {
            if field.flat {
                this.once_flat(fields, &(field.shape)());
            } else {
                this.described(fields, field, original, naming);
            }
        });
    }

    fn described(&mut self, fields: &mut Fields, field: &Field, original: &str, naming: Naming) {
        let name = match (field.avro.name, naming) {
            (Some(name), _) => name.to_owned(),
            (None, Naming::Alone) => "value".to_owned(),
            (None, Naming::Named | Naming::Listed) => legal(original),
        };
        if fields.has(&name) {
            self.fault(
                format!("two fields are named `{name}` in Avro"),
                "give one of them another name: `#[event(avro(name = \"...\"))]`",
            );
            return;
        }
        let rules = field.rules();
        let mut schema = self.value(field, &rules, field.avro.form);
        let mut default = match field.presence {
            Presence::Default(default) => default(),
            Presence::ByType if is_nullable(&schema) && !field.is_required() => Some(Value::Null),
            Presence::ByType | Presence::Required => None,
        };
        if field.written_when && default.is_none() {
            // In Avro there is always something in its place.
            schema = or_null(schema);
            default = Some(Value::Null);
        }
        let default = default.and_then(|default| self.with_default(&mut schema, &default));
        let mut described = Map::new();
        described.insert("name".to_owned(), name.clone().into());
        if let Some(doc) = doc(&field.notes) {
            described.insert("doc".to_owned(), doc.into());
        }
        if naming == Naming::Named && name != original {
            described.insert("altnames".to_owned(), json!({"json": original}));
        }
        if naming == Naming::Named {
            let aliases: Vec<String> = field.names().map(legal).filter(|alias| *alias != name).collect();
            if !aliases.is_empty() {
                described.insert("aliases".to_owned(), aliases.into());
            }
        }
        described.insert("type".to_owned(), schema);
        if let Some(default) = default {
            described.insert("default".to_owned(), default);
        }
        fields.list.push(described);
    }

    /// The value of a field, without the nulls that the rule `required` refuses. An optional field that is `not_null`
    /// keeps them: in Avro nothing else says that it is missing.
    pub(super) fn value(&mut self, field: &Field, rules: &[Rule], form: Option<AvroForm>) -> Value {
        let mut shape = (field.shape)();
        if rules.contains(&Rule::Required) {
            shape = without_null(shape);
        }
        self.shape(&shape, rules, form)
    }

    /// Adds the fields of a flattened value, which may hold itself only within a record.
    fn once_flat(&mut self, fields: &mut Fields, shape: &Shape) {
        match shape.kind() {
            Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } | Kind::Ways { written: inner, .. } => {
                self.once_flat(fields, inner);
            }
            Kind::Named(definition) => {
                let form = form_of(definition);
                self.once(&(definition.id)(), |this| {
                    match form {
                        Form::As(shape) => this.once_flat(fields, &shape()),
                        Form::Content(Content::Inner(field)) => this.once_flat(fields, &(field.shape)()),
                        Form::Content(content @ Content::Record(_)) => this.content(fields, content),
                        Form::Content(Content::Unit) => {}
                        Form::Content(Content::Tuple(_)) => this.refuse_flat("tuple"),
                        Form::Enum(_) => this.refuse_flat("enum"),
                    }
                    Value::Null
                });
            }
            Kind::Null => {}
            Kind::Optional(_) => self.refuse_flat("`Option`"),
            Kind::Map { .. } => self.refuse_flat("map"),
            Kind::Any => self.refuse_flat("JSON value"),
            Kind::Foreign(_) => self.refuse_flat("type that only schemars knows"),
            Kind::Boolean
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Number
            | Kind::Text(_)
            | Kind::List { .. }
            | Kind::Tuple(_) => self.refuse_flat("value without fields"),
        }
    }

    fn refuse_flat(&mut self, what: &str) {
        self.fault(
            format!("a flattened {what} has no Avro form: its fields differ from value to value"),
            "give it a field of its own: remove `flatten`",
        );
    }

    /// Adds the fields of an internally tagged variant's data.
    pub(super) fn beside_tag(&mut self, fields: &mut Fields, content: &Content) {
        match content {
            Content::Inner(field) if field.written.is_some() => self.once_flat(fields, &(field.shape)()),
            content => self.content(fields, content),
        }
    }
}

fn without_null(mut shape: Shape) -> Shape {
    loop {
        shape = match shape.into_kind() {
            Kind::Optional(inner) => *inner,
            Kind::Ways { written, .. } => *written,
            kind => return kind.into(),
        };
    }
}

//! Enums, and their tags.

use serde_json::{Value, json};

use super::fields::Place;
use super::level::{Level, names_in};
use super::words::{Object, object, one_of, with_notes};
use super::writer::Writer;
use crate::contract::shape::{Content, Enum, Form, Kind, Shape, Tagging, Variant};

impl Writer<'_> {
    pub(super) fn choice(&mut self, choice: &Enum) -> Value {
        match choice.tagging {
            Tagging::External => self.external(choice),
            Tagging::Internal { tag } => self.alternatives(choice, "oneOf", |this, variant, name| {
                let mut level = Level::default();
                level.tag(tag, &this.tag(choice, variant, name));
                this.beside_tag(&mut level, &variant.content, Place::Tagged);
                level.possible(this.written)
            }),
            Tagging::Adjacent { tag, content } => self.alternatives(choice, "oneOf", |this, variant, name| {
                let mut level = Level { closed: choice.closed, ..Level::default() };
                level.tag(tag, &this.tag(choice, variant, name));
                this.content_at(&mut level, content, &variant.content);
                level.possible(this.written)
            }),
            Tagging::Untagged => {
                self.alternatives(choice, "anyOf", |this, variant, _| Some(this.content(&variant.content)))
            }
        }
    }

    /// The variants that the direction has, each as `schema` says it; None if the variant has no value.
    pub(super) fn alternatives(
        &mut self,
        choice: &Enum,
        keyword: &str,
        mut schema: impl FnMut(&mut Self, &Variant, &'static str) -> Option<Value>,
    ) -> Value {
        let mut list = Vec::new();
        for variant in choice.variants {
            let name = if self.written { variant.written } else { variant.read };
            if let Some(schema) = name.and_then(|name| schema(self, variant, name)) {
                list.push(with_notes(schema, &variant.notes));
            }
        }
        one_of(keyword, &list)
    }

    /// `"Unit"` or `{"Variant": data}`.
    pub(super) fn external(&mut self, choice: &Enum) -> Value {
        let (mut units, mut list) = (Vec::new(), Vec::new());
        let mut other = false;
        for variant in choice.variants {
            let names = self.names_of(variant);
            let Some((name, aliases)) = names.split_first() else { continue };
            if variant.other && !self.written {
                other = true;
            } else if matches!(variant.content, Content::Unit) && variant.notes.is_none() {
                units.extend(names);
            } else if matches!(variant.content, Content::Unit) {
                let schema = if aliases.is_empty() {
                    json!({"type": "string", "const": name})
                } else {
                    json!({"type": "string", "enum": names})
                };
                list.push((true, with_notes(schema, &variant.notes)));
            } else {
                let content = self.content(&variant.content);
                let properties: Object = names.iter().map(|name| ((*name).to_owned(), content.clone())).collect();
                let mut schema =
                    object(json!({"type": "object", "properties": properties, "additionalProperties": false}));
                if aliases.is_empty() {
                    schema.insert("required".to_owned(), json!([name]));
                } else {
                    schema.insert("minProperties".to_owned(), 1.into());
                    schema.insert("maxProperties".to_owned(), 1.into());
                }
                list.push((false, with_notes(schema.into(), &variant.notes)));
            }
        }
        if other {
            // Whatever text stands there, it is a variant; but the name of one with data alone is none.
            let with_data = choice.variants.iter().filter(|variant| !matches!(variant.content, Content::Unit));
            let with_data: Vec<&str> = with_data.flat_map(|variant| self.names_of(variant)).collect();
            list.retain(|(is_text, _)| !is_text);
            let text = if with_data.is_empty() {
                json!({"type": "string"})
            } else {
                json!({"type": "string", "not": {"enum": with_data}})
            };
            list.insert(0, (true, text));
        } else if !units.is_empty() {
            list.insert(0, (true, json!({"type": "string", "enum": units})));
        }
        match &mut list[..] {
            [(true, only)] if other || !units.is_empty() => only.take(),
            _ => one_of("oneOf", &list.into_iter().map(|(_, schema)| schema).collect::<Vec<_>>()),
        }
    }

    pub(super) fn flatten_enum(&mut self, level: &mut Level, choice: &Enum, place: Place) {
        let keyword = if matches!(choice.tagging, Tagging::Untagged) { "anyOf" } else { "oneOf" };
        let mut variants = Vec::new();
        for variant in choice.variants {
            let hidden = level.hidden.iter().chain(&level.names).filter(|_| !self.written).cloned().collect();
            let inner = Level { hidden, allowed: level.allowed.clone(), ..Level::default() };
            if let Some(schema) = self.flat_variant(inner, choice, variant) {
                variants.push(with_notes(schema, &variant.notes));
            }
        }
        let mut names = Vec::new();
        for variant in &variants {
            names_in(variant, &mut names);
        }
        if matches!(choice.tagging, Tagging::Untagged) {
            // Without data it is there when nothing of the others is.
            let is_unit = |variant: &Variant| matches!(variant.content, Content::Unit);
            if choice.variants.iter().any(|variant| is_unit(variant) && !self.names_of(variant).is_empty()) {
                let others: Vec<Value> =
                    names.iter().filter(|_| !self.written).map(|name| json!({"required": [name]})).collect();
                variants.push(if others.is_empty() { json!({}) } else { json!({"not": {"anyOf": others}}) });
            }
        }
        level.allowed.extend(names);
        // It is all of what it is read from.
        let whole = place == Place::Tagged || place == Place::Rest && !self.written;
        let of_its_own: Vec<&str> = match choice.tagging {
            Tagging::External => {
                level.closed |= whole;
                choice.variants.iter().flat_map(|variant| self.names_of(variant)).collect()
            }
            Tagging::Internal { tag } => vec![tag],
            Tagging::Adjacent { tag, content } => {
                level.closed |= whole && choice.closed;
                vec![tag, content]
            }
            Tagging::Untagged => Vec::new(),
        };
        level.names.extend(of_its_own.into_iter().map(str::to_owned));
        level.open |= !matches!(choice.tagging, Tagging::External);
        if variants.is_empty() {
            level.impossible |= place != Place::Maybe;
            return;
        }
        let choices = match (keyword, place) {
            (_, Place::Maybe) => json!({"anyOf": [{keyword: variants}, {}]}),
            _ => json!({keyword: variants}),
        };
        level.choices.push(object(choices));
    }

    /// A variant among other fields, if it can stand there.
    pub(super) fn flat_variant(&mut self, mut level: Level, choice: &Enum, variant: &Variant) -> Option<Value> {
        let mut names = self.names_of(variant).into_iter();
        let name = names.next()?;
        let aliases: Vec<&'static str> = names.collect();
        match choice.tagging {
            Tagging::External if variant.other && !self.written => {
                let known: Vec<Value> = self.other_names(choice).map(|name| json!({"required": [name]})).collect();
                return Some(json!({"type": "object", "not": {"anyOf": known}}));
            }
            Tagging::External => {
                let content = self.content(&variant.content);
                level.property(name, &aliases, &content, true);
            }
            Tagging::Internal { tag } => {
                level.tag(tag, &self.tag(choice, variant, name));
                self.beside_tag(&mut level, &variant.content, Place::Rest);
            }
            Tagging::Adjacent { tag, content } => {
                level.tag(tag, &self.tag(choice, variant, name));
                self.content_at(&mut level, content, &variant.content);
            }
            Tagging::Untagged => match &variant.content {
                Content::Record(record) => self.record(&mut level, record, Place::Rest),
                Content::Inner(field) => self.flatten(&mut level, &(field.shape)(), &field.rules(), Place::Rest),
                // No object is any of these.
                Content::Unit | Content::Tuple(_) => return None,
            },
        }
        if level.closed {
            let hidden = std::mem::take(&mut level.hidden);
            level.names.extend(hidden);
        }
        level.possible(self.written)
    }

    pub(super) fn names_of(&self, variant: &Variant) -> Vec<&'static str> {
        if self.written { variant.written.into_iter().collect() } else { variant.names().collect() }
    }

    /// The names of the variants other than the one that takes what they leave.
    pub(super) fn other_names(&self, choice: &Enum) -> impl Iterator<Item = &'static str> {
        let variants = choice.variants.iter().filter(|variant| !variant.other);
        variants.flat_map(|variant| self.names_of(variant)).collect::<Vec<_>>().into_iter()
    }

    pub(super) fn tag(&self, choice: &Enum, variant: &Variant, name: &str) -> Value {
        if variant.other && !self.written {
            let known: Vec<&str> = self.other_names(choice).collect();
            return if known.is_empty() {
                json!({"type": "string"})
            } else {
                json!({"type": "string", "not": {"enum": known}})
            };
        }
        match &self.names_of(variant)[..] {
            names @ [_, _, ..] => json!({"type": "string", "enum": names}),
            _ => json!({"type": "string", "const": name}),
        }
    }

    /// The data of an internally tagged variant.
    pub(super) fn beside_tag(&mut self, level: &mut Level, content: &Content, place: Place) {
        match content {
            Content::Record(record) => self.record(level, record, place),
            // Data that are null are nothing beside the tag, and nothing else is read as them.
            Content::Inner(field) if place == Place::Tagged && self.is_nothing(&(field.shape)()) => level.closed = true,
            Content::Inner(field) => self.flatten(level, &(field.shape)(), &field.rules(), place),
            // Beside the tag there is nothing that would be read.
            Content::Unit | Content::Tuple(_) => {}
        }
    }

    /// The data of an adjacently tagged variant.
    pub(super) fn content_at(&mut self, level: &mut Level, name: &'static str, content: &Content) {
        let required = match content {
            Content::Unit if self.written => return,
            Content::Unit => false,
            Content::Inner(field) => self.written || field.is_required(),
            Content::Tuple(_) | Content::Record(_) => true,
        };
        let schema = self.content(content);
        level.property(name, &[], &schema, required);
    }

    /// Whether null is its only value.
    pub(super) fn is_nothing(&self, shape: &Shape) -> bool {
        match shape.kind() {
            Kind::Null => true,
            Kind::Named(definition) => match self.form_of(definition) {
                Form::Content(Content::Unit) => true,
                Form::Content(Content::Inner(field)) => self.is_nothing(&(field.shape)()),
                Form::As(shape) => self.is_nothing(&shape()),
                Form::Content(_) | Form::Enum(_) => false,
            },
            _ => false,
        }
    }
}

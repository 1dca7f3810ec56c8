//! The fields and types of a version of an event.

use std::collections::HashSet;

use maud::{Markup, html};
use schemars::SchemaGenerator;
use serde_json::Value;

use super::markdown;
use super::paper::{LINE, code_block, id_of, self_link};
use super::rules::{OWN_CODE, joined, list, sorted, words};
use super::secrets::{Secrets, has_marks, is_secret_field};
use crate::contract::compat::without_annotations;
use crate::contract::parts::holds_itself;
use crate::contract::shape::{
    Content, Definition, Enum, Field, Foreign, Form, Kind, Logical, Notes, Presence, Record, Rule, Shape, Tagging,
    Text, Variant,
};

/// How many values of an enum its fields list.
const FEW_VALUES: usize = 8;

/// The writer of a version's fields and types.
pub(super) struct Writer<'s> {
    secrets: &'s Secrets,
    /// The field that is the key of messages.
    key: Option<&'static str>,
    /// The version, with which all ids begin.
    version: String,
    /// The types that a section describes, in the order of their first use. The first is the event's own.
    types: Vec<Type>,
    /// The ids of the fields.
    ids: HashSet<String>,
    found: Vec<Found>,
    /// The types whose flattened fields are being written.
    flat: Vec<String>,
}

/// A field as the search finds it.
pub(super) struct Found {
    pub(super) path: String,
    pub(super) id: String,
    pub(super) text: String,
}

/// The fields and types of a version.
pub(super) struct Written {
    pub(super) fields: Markup,
    /// The name, the id and the section of each type.
    pub(super) types: Vec<(String, String, Markup)>,
    pub(super) found: Vec<Found>,
    pub(super) ids: HashSet<String>,
}

struct Type {
    /// The identity of its shape.
    shape: String,
    name: String,
    /// The id of its section.
    id: String,
    source: Source,
}

#[derive(Clone, Copy)]
enum Source {
    Event,
    Definition(&'static Definition),
    Foreign(Foreign),
}

/// The place of fields: where their ids and their paths begin.
#[derive(Clone, Copy)]
struct Place<'a> {
    id: &'a str,
    path: &'a str,
    /// The values there are sensitive.
    hidden: bool,
    /// Unknown fields are refused there.
    closed: bool,
    /// All of the fields that are required there may be missing together.
    maybe: bool,
}

impl<'a> Place<'a> {
    fn of(id: &'a str, path: &'a str, hidden: bool) -> Self {
        Self { id, path, hidden, closed: false, maybe: false }
    }
}

/// The fields of a value that stand among others.
#[derive(Default)]
struct Flat {
    rows: Markup,
    /// Fields that have no rows of their own: what they are called, and their values.
    others: Option<(&'static str, Markup)>,
    rules: Vec<Markup>,
    /// There may be none of them.
    maybe: bool,
}

const ANY_OTHER: &str = "any other field";
const FURTHER: &str = "further fields";

/// A value in words.
struct ValueText {
    name: Markup,
    rules: Vec<Markup>,
    /// The doc comment of a type that has no section.
    description: &'static str,
}

impl ValueText {
    fn plain(name: Markup) -> Self {
        Self { name, rules: Vec::new(), description: "" }
    }

    fn line(&self) -> Markup {
        html! { (self.name) @if !self.rules.is_empty() { " (" (joined(&self.rules)) ")" } }
    }
}

impl<'s> Writer<'s> {
    /// Writes the fields of an event, and the types that they use.
    pub(super) fn write(shape: &Shape, version: &str, key: Option<&'static str>, secrets: &'s Secrets) -> Written {
        let root =
            Type { shape: shape.id().into_owned(), name: String::new(), id: version.to_owned(), source: Source::Event };
        let mut writer = Writer {
            secrets,
            key,
            version: version.to_owned(),
            types: vec![root],
            ids: HashSet::new(),
            found: Vec::new(),
            flat: Vec::new(),
        };
        let own = format!("{version}.");
        let fields = match shape.kind() {
            Kind::Named(definition) => {
                let hidden = secrets.has_type(definition);
                writer.definition(definition, Place::of(&own, "", hidden))
            }
            _ => {
                let value = writer.value(shape);
                html! { p { "A message is one value: " (value.line()) "." } }
            }
        };
        let mut sections = Vec::new();
        let mut at = 1;
        while at < writer.types.len() {
            let (name, id) = (writer.types[at].name.clone(), writer.types[at].id.clone());
            let section = writer.section(at);
            sections.push((name, id, section));
            at += 1;
        }
        writer.ids.extend(writer.types.into_iter().map(|known| known.id));
        Written { fields, types: sections, found: writer.found, ids: writer.ids }
    }

    fn section(&mut self, at: usize) -> Markup {
        let Type { name, id, source, .. } = &self.types[at];
        let (name, id, source) = (name.clone(), id.clone(), *source);
        let place = format!("{id}.");
        let (notes, body) = match source {
            Source::Event => (Notes::NONE, html! {}),
            Source::Definition(definition) => {
                let hidden = self.secrets.has_type(definition);
                let path = format!("{name}.");
                let body = self.definition(definition, Place::of(&place, &path, hidden));
                let notes = if hidden { Notes { examples: None, ..definition.notes } } else { definition.notes };
                (notes, html! { @if hidden { p class="note" { "Used in a sensitive field." } } (body) })
            }
            Source::Foreign(foreign) => {
                let mut generator = SchemaGenerator::default();
                let mut schema = (foreign.whole)(&mut generator).to_value();
                // The types that it refers to have no other place on the page.
                let definitions = generator.take_definitions(false);
                if let Value::Object(keywords) = &mut schema
                    && !definitions.is_empty()
                {
                    keywords.insert("$defs".to_owned(), definitions.into());
                }
                let is_secret = self.secrets.has_foreign(&foreign) || has_marks(&schema);
                let schema = if is_secret { self.secrets.redact(&schema) } else { without_annotations(&schema) };
                let text = format!("{:#}", sorted(&schema));
                (Notes::NONE, code_block(&format!("JSON Schema of {name}"), &text))
            }
        };
        html! {
            (LINE) section class="type" id=(id) {
                h4 { code { (name) } " " (self_link(&id, &name)) }
                (self.notes(&notes))
                (body)
            }
        }
    }

    /// The doc comment of a type, and its examples.
    fn notes(&self, notes: &Notes) -> Markup {
        html! {
            @if notes.deprecated { p { span class="badge warn" { "deprecated" } } }
            @if !notes.description.is_empty() { div class="doc" { (markdown::render(notes.description)) } }
            @if let Some(examples) = notes.examples {
                p class="examples" { "For example " (list(examples().iter().map(|example| self.secrets.mask(example)).collect::<Vec<_>>().iter())) }
            }
        }
    }

    fn definition(&mut self, definition: &Definition, place: Place<'_>) -> Markup {
        let body = match &definition.form {
            Form::Content(content) => self.content(content, place),
            Form::Enum(choice) => self.choice(choice, place),
            Form::As(shape) => {
                let value = self.value(&shape());
                html! { p { "The same as " (value.line()) "." } }
            }
        };
        let output = match &definition.written {
            Some(Form::As(shape)) => {
                let value = self.value(&shape());
                html! { p class="note" { "It is written as " (value.line()) "." } }
            }
            _ => html! {},
        };
        html! { (body) (output) @if definition.ruled { p class="note" { "All of it together: " (OWN_CODE) "." } } }
    }

    fn content(&mut self, content: &Content, place: Place<'_>) -> Markup {
        match content {
            Content::Unit => html! { p { code { "null" } } },
            Content::Inner(field) => {
                let (value, more) = self.item(field, place);
                html! { p { (value) } (more) }
            }
            Content::Tuple(fields) => {
                let known = fields.iter().filter(|field| field.read.is_some() || field.written.is_some());
                let items: Vec<_> = known.map(|field| self.item(field, place)).collect();
                html! { p { "An array of these items:" } ol { @for (value, more) in items { li { (value) (more) } } } }
            }
            Content::Record(record) => self.record(record, place),
        }
    }

    /// A field without a name: its value, and its notes.
    fn item(&mut self, field: &Field, place: Place<'_>) -> (Markup, Markup) {
        let value = self.field_value(field).line();
        let hidden = place.hidden || is_secret_field(field);
        let more = self.details(field, &[], field.notes.description, hidden);
        (html! { (value) (ways(field, place)) (marks(field)) }, more)
    }

    fn record(&mut self, record: &Record, place: Place<'_>) -> Markup {
        let fields = self.rows(record, Place { closed: record.closed, maybe: false, ..place });
        html! {
            @if record.fields.is_empty() && record.tag.is_none() { p { "An object without fields." } }
            @else { dl class="fields" { (fields) (LINE) } }
            @if record.closed { p class="note" { "Unknown fields are refused." } }
        }
    }

    fn rows(&mut self, record: &Record, place: Place<'_>) -> Markup {
        let rows: Vec<Markup> = record
            .fields
            .iter()
            .filter(|field| field.read.is_some() || field.written.is_some())
            .map(|field| if field.flat { self.flat_row(field, place) } else { self.row(field, place) })
            .collect();
        html! {
            @if let Some((tag, name)) = record.tag {
                (LINE) div class="field" {
                    dt { code { (tag) } }
                    dd { p class="facts" { "always " code { (Value::from(name)) } } }
                }
            }
            @for row in rows { (row) }
        }
    }

    /// A field whose own fields stand among the others.
    fn flat_row(&mut self, field: &Field, place: Place<'_>) -> Markup {
        let shape = (field.shape)();
        let hidden = place.hidden || is_secret_field(field);
        let mut flat = self.flattened(&shape, Place { hidden, ..place });
        flat.rules.extend(field.rules().iter().filter_map(|rule| words(rule, &shape)));
        let marks = html! { (ways(field, place)) (marks(field)) };
        let details = self.details(field, &flat.rules, field.notes.description, hidden);
        if let Some((name, value)) = flat.others {
            let is_none_too = flat.maybe && name == FURTHER;
            let facts = html! { span class="kind" { (value) @if is_none_too { ", or none of them" } } (marks) };
            return row_of(name, &html! { p class="facts" { (facts) } (details) });
        }
        if flat.rows.0.is_empty() || !flat.maybe && marks.0.is_empty() && details.0.is_empty() {
            return flat.rows;
        }
        let name = if flat.maybe { "all or none of these" } else { "these fields" };
        let facts = html! { @if !marks.0.is_empty() { p class="facts" { (marks) } } };
        row_of(name, &html! { (facts) (details) dl class="fields" { (flat.rows) (LINE) } })
    }

    fn flattened(&mut self, shape: &Shape, place: Place<'_>) -> Flat {
        match shape.kind() {
            Kind::Optional(inner) | Kind::Omissible(inner) => {
                Flat { maybe: true, ..self.flattened(inner, Place { maybe: true, ..place }) }
            }
            Kind::Ruled { shape: inner, rules } => {
                let mut flat = self.flattened(inner, place);
                flat.rules.extend(rules.iter().filter_map(|rule| words(rule, inner)));
                flat
            }
            Kind::Ways { read, .. } => self.flattened(read, place),
            Kind::Any => Flat { others: Some((ANY_OTHER, html! { "any value" })), ..Flat::default() },
            Kind::Map { keys, values } => {
                let (keys, values) = (self.value(keys), self.value(values));
                let key = (!keys.rules.is_empty()).then(|| html! { ", with names that are " (keys.line()) });
                let value = html! { (values.line()) @if let Some(key) = key { (key) } };
                Flat { others: Some((ANY_OTHER, value)), ..Flat::default() }
            }
            Kind::Named(definition) => {
                let id = (definition.id)();
                if self.flat.contains(&id) {
                    return Flat::default();
                }
                self.flat.push(id);
                let hidden = place.hidden || self.secrets.has_type(definition);
                let place = Place { hidden, ..place };
                let mut flat = match &definition.form {
                    Form::As(shape) => self.flattened(&shape(), place),
                    Form::Content(Content::Inner(field)) => {
                        let shape = (field.shape)();
                        let mut flat = self.flattened(&shape, place);
                        flat.rules.extend(field.rules().iter().filter_map(|rule| words(rule, &shape)));
                        flat
                    }
                    Form::Content(Content::Record(record)) => {
                        Flat { rows: self.rows(record, place), ..Flat::default() }
                    }
                    Form::Content(Content::Unit | Content::Tuple(_)) => Flat::default(),
                    Form::Enum(_) => self.further(Source::Definition(definition), shape),
                };
                flat.rules.extend(definition.ruled.then(|| html! { (OWN_CODE) }));
                self.flat.pop();
                flat
            }
            Kind::Foreign(foreign) => self.further(Source::Foreign(*foreign), shape),
            _ => Flat::default(),
        }
    }

    /// Fields that the section of their type describes.
    fn further(&mut self, source: Source, shape: &Shape) -> Flat {
        let link = self.link(source, shape);
        Flat { others: Some((FURTHER, html! { "those of " (link) })), ..Flat::default() }
    }

    fn row(&mut self, field: &Field, place: Place<'_>) -> Markup {
        let Some(name) = field.written.or(field.read) else { return html! {} };
        let mut value = self.field_value(field);
        let hidden = place.hidden || is_secret_field(field);
        let description = if field.notes.description.is_empty() { value.description } else { field.notes.description };
        let id = self.find(place, name, description);
        let is_key = place.path.is_empty() && self.key == Some(name);
        value.rules.extend(other_names(field.read, field.names(), name));
        html! {
            (LINE) div class="field" id=(id) {
                dt { a href={ "#" (id) } { code { (name) } } }
                dd {
                    p class="facts" {
                        span class="kind" { (value.name) }
                        @for word in presence(field, place) { " " span class="badge" { (word) } }
                        @if is_key { " " span class="badge key" { "message key" } }
                        (marks(field))
                    }
                    (self.details(field, &value.rules, description, hidden))
                }
            }
        }
    }

    /// The doc comment of a field, and a list of its rules and values.
    fn details(&self, field: &Field, rules: &[Markup], description: &str, hidden: bool) -> Markup {
        let default = match field.presence {
            Presence::Default(default) if !hidden => default(),
            _ => None,
        };
        let default = default.map(|default| self.secrets.mask(&default));
        let examples = field.notes.examples.filter(|_| !hidden).map(|examples| examples()).unwrap_or_default();
        let examples: Vec<Value> = examples.iter().map(|example| self.secrets.mask(example)).collect();
        html! {
            @if !description.is_empty() { div class="doc" { (markdown::render(description)) } }
            @if !rules.is_empty() || default.is_some() || !examples.is_empty() {
                ul class="rules" {
                    @for rule in rules { li { (rule) } }
                    @if let Some(default) = &default { li { "if missing: " (list(std::iter::once(default))) } }
                    @if !examples.is_empty() { li { "for example " (list(examples.iter())) } }
                }
            }
        }
    }

    /// The value of a field, with the rules of the field.
    fn field_value(&mut self, field: &Field) -> ValueText {
        let mut shape = (field.shape)();
        let rules = field.rules();
        // A field that refuses null is not called nullable.
        while (field.not_null || rules.contains(&Rule::Required)) && matches!(shape.kind(), Kind::Optional(_)) {
            shape = match shape.into_kind() {
                Kind::Optional(inner) => *inner,
                kind => kind.into(),
            };
        }
        let mut value = self.value(&shape);
        value.rules.extend(rules.iter().filter_map(|rule| words(rule, &shape)));
        value
    }

    fn value(&mut self, shape: &Shape) -> ValueText {
        ValueText::plain(match shape.kind() {
            Kind::Any => html! { "any value" },
            Kind::Null => html! { "null" },
            Kind::Boolean => html! { "boolean" },
            Kind::Integer(integer) => html! { "integer " small { (integer.format) @if !integer.zero { ", not 0" } } },
            Kind::Float(float) => html! { "number " small { (float.name) } },
            Kind::Number => html! { "number" },
            Kind::Text(text) => return text_value(text),
            Kind::List { items, unique, length } => {
                let items = self.value(items).line();
                html! {
                    "array of " @if let Some(length) = length { (length) " " } @if *unique { "unique " } (items)
                }
            }
            Kind::Tuple(items) => {
                let items: Vec<Markup> = items.iter().map(|item| self.value(item).line()).collect();
                html! { "array of [" (joined(&items)) "]" }
            }
            Kind::Map { keys, values } => {
                let (keys, values) = (self.value(keys).line(), self.value(values).line());
                if keys.0 == "string" {
                    html! { "map of " (values) }
                } else {
                    html! { "map from " (keys) " to " (values) }
                }
            }
            Kind::Optional(inner) => {
                let value = self.value(inner);
                return ValueText { name: html! { (value.name) " or null" }, ..value };
            }
            Kind::Omissible(inner) => return self.value(inner),
            Kind::Ways { written, read } => {
                let (mut read, written) = (self.value(read), self.value(written).line());
                if read.line().0 != written.0 {
                    read.rules.push(html! { "written as " (written) });
                }
                return read;
            }
            Kind::Ruled { shape, rules } => {
                let mut value = self.value(shape);
                value.rules.extend(rules.iter().filter_map(|rule| words(rule, shape)));
                return value;
            }
            Kind::Foreign(foreign) => self.link(Source::Foreign(*foreign), shape),
            Kind::Named(definition) => return self.named(definition, shape),
        })
    }

    /// A type with a name: those of one value are that value, all others have a section.
    fn named(&mut self, definition: &'static Definition, shape: &Shape) -> ValueText {
        let description = definition.notes.description;
        match &definition.form {
            _ if holds_itself(definition) => {}
            Form::As(inner) if definition.written.is_none() => {
                let mut value = self.value(&inner());
                value.rules.extend(definition.ruled.then(|| html! { (OWN_CODE) }));
                return ValueText { description, ..value };
            }
            Form::Content(Content::Inner(field)) => {
                let mut value = self.field_value(field);
                value.rules.extend(definition.ruled.then(|| html! { (OWN_CODE) }));
                let description = if description.is_empty() { field.notes.description } else { description };
                return ValueText { description, ..value };
            }
            Form::Content(Content::Unit) => return ValueText { description, ..ValueText::plain(html! { "null" }) },
            _ => {}
        }
        let mut value = ValueText::plain(self.link(Source::Definition(definition), shape));
        if let Form::Enum(choice) = &definition.form
            && let Some(values) = values_of(choice)
            && values.len() <= FEW_VALUES
        {
            value.rules.push(html! { "one of " (joined(&values)) });
        }
        value
    }

    /// The link to a type's section.
    fn link(&mut self, source: Source, shape: &Shape) -> Markup {
        let identity = shape.id();
        if let Some(known) = self.types.iter().find(|known| known.shape == identity) {
            let name = if known.name.is_empty() { shape.name() } else { known.name.as_str().into() };
            return html! { a href={ "#" (known.id) } { (name) } };
        }
        let name = shape.name();
        let numbered = (2..).map(|number| format!("{name}{number}"));
        let is_free = |name: &String| !self.types.iter().any(|known| known.name == *name);
        let name = std::iter::once(name.to_string()).chain(numbered).find(is_free).unwrap_or_default();
        let id = format!("{}:{}", self.version, id_of(&name));
        let link = html! { a href={ "#" (id) } { (name) } };
        self.types.push(Type { shape: identity.into_owned(), name, id, source });
        link
    }

    fn choice(&mut self, choice: &Enum, place: Place<'_>) -> Markup {
        let is_known = |variant: &&Variant| variant.read.is_some() || variant.written.is_some();
        let variants: Vec<&Variant> = choice.variants.iter().filter(is_known).collect();
        let is_text = values_of(choice).is_some();
        // Values without notes are a list.
        let is_plain = |variant: &&Variant| {
            variant.notes.is_none() && variant.aliases.is_empty() && variant.read == variant.written
        };
        let is_list = is_text && variants.iter().all(is_plain);
        if is_list {
            let values: Vec<Markup> = variants.iter().map(|variant| self.listed(variant, place)).collect();
            return html! { p { "A string, one of these values:" } ul class="values" { @for value in values { (value) } (LINE) } };
        }
        let rows: Vec<Markup> = variants.iter().map(|variant| self.variant(choice, variant, place)).collect();
        html! {
            p {
                @match choice.tagging {
                    Tagging::External if is_text => { "A string, one of these values:" }
                    Tagging::External => {
                        "A string, or an object with one field. The value of the string or the name of the field is one of these:"
                    }
                    Tagging::Internal { tag } => { "An object. The field " code { (tag) } " decides on the other fields:" }
                    Tagging::Adjacent { tag, content } => {
                        "An object. The field " code { (tag) } " decides on the value of the field " code { (content) } ":"
                    }
                    Tagging::Untagged => { "One of these; the first that fits counts:" }
                }
            }
            dl class="fields" { @for row in rows { (row) } (LINE) }
            @if choice.closed { p class="note" { "Unknown fields are refused." } }
        }
    }

    fn listed(&mut self, variant: &Variant, place: Place<'_>) -> Markup {
        let Some(name) = variant.written.or(variant.read) else { return html! {} };
        let id = self.find(place, name, "");
        html! { (LINE) li id=(id) { a href={ "#" (id) } { code { (name) } } } }
    }

    /// The id of a field or variant, which the search finds from now on.
    fn find(&mut self, place: Place<'_>, name: &str, description: &str) -> String {
        let id = format!("{}{}", place.id, id_of(name));
        let numbered = (2..).map(|number| format!("{id}~{number}"));
        let free = std::iter::once(id.clone()).chain(numbered).find(|id| !self.ids.contains(id)).unwrap_or(id);
        self.ids.insert(free.clone());
        let (path, text) = (format!("{}{name}", place.path), markdown::summary(description));
        self.found.push(Found { path, id: free.clone(), text });
        free
    }

    fn variant(&mut self, choice: &Enum, variant: &Variant, place: Place<'_>) -> Markup {
        let Some(name) = variant.written.or(variant.read) else { return html! {} };
        let description = variant.notes.description;
        let id = self.find(place, name, description);
        let (inner_id, inner_path) = (format!("{id}."), format!("{}{name}.", place.path));
        let inner = Place { id: &inner_id, path: &inner_path, ..place };
        let content = match (&variant.content, choice.tagging) {
            (Content::Unit, Tagging::Untagged) => html! { p { code { "null" } } },
            (Content::Unit, _) => html! {},
            (Content::Inner(field), Tagging::Internal { .. }) => {
                let value = self.field_value(field);
                html! { p { "with the fields of " (value.line()) } }
            }
            (content, _) => self.content(content, inner),
        };
        let mut facts = Vec::new();
        if variant.other {
            facts.push(html! { "read for any other name" });
        } else if variant.read.is_none() {
            facts.push(html! { "only written" });
        } else if variant.written.is_none() {
            facts.push(html! { "only read" });
        }
        if !variant.other {
            facts.extend(other_names(variant.read, variant.names(), name));
        }
        html! {
            (LINE) div class="field" id=(id) {
                dt {
                    a href={ "#" (id) } {
                        @match choice.tagging {
                            Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => {
                                code { (tag) ": " (Value::from(name)) }
                            }
                            Tagging::External => { code { (name) } }
                            Tagging::Untagged => { (name) }
                        }
                    }
                }
                dd {
                    @if variant.notes.deprecated { p class="facts" { span class="badge warn" { "deprecated" } } }
                    @if !facts.is_empty() { p class="facts" { (joined(&facts)) } }
                    @if !description.is_empty() { div class="doc" { (markdown::render(description)) } }
                    (content)
                }
            }
        }
    }
}

/// A row of fields without a name of their own.
fn row_of(name: &str, facts: &Markup) -> Markup {
    html! { (LINE) div class="field" { dt { em { (name) } } dd { (facts) } } }
}

/// The values of an enum of strings.
fn values_of(choice: &Enum) -> Option<Vec<Markup>> {
    let is_text = matches!(choice.tagging, Tagging::External)
        && choice.variants.iter().all(|variant| matches!(variant.content, Content::Unit) && !variant.other);
    let value = |name: &str| list(std::iter::once(&Value::from(name)));
    let words = |variant: &Variant| {
        Some(match (variant.written, variant.read) {
            (Some(written), Some(read)) if written == read => value(written),
            (Some(written), Some(read)) => html! { (value(written)) " (read as " (value(read)) ")" },
            (Some(written), None) => html! { (value(written)) " (only written)" },
            (None, Some(read)) => html! { (value(read)) " (only read)" },
            (None, None) => return None,
        })
    };
    is_text.then(|| choice.variants.iter().filter_map(words).collect())
}

/// Text in words.
fn text_value(text: &Text) -> ValueText {
    let mut rules = Vec::new();
    if !text.choices.is_empty() {
        let choices: Vec<Value> = text.choices.iter().map(|choice| Value::from(*choice)).collect();
        rules.push(html! { "one of " (list(choices.iter())) });
    }
    let meaning = meaning(text);
    if text.formats.is_empty() && meaning.is_none() {
        rules.extend(text.patterns.iter().map(|pattern| html! { "matches " code { (pattern) } }));
    }
    let detail = match text.formats {
        [] => meaning.map(str::to_owned),
        formats => Some(formats.join(" or ")),
    };
    let name = html! {
        @if text.character { "one character" }
        @else if text.number_below.is_some() { "string or number" }
        @else { "string" }
        @if let Some(detail) = detail { " " small { (detail) } }
    };
    ValueText { name, rules, description: "" }
}

/// The meaning of a text that has no format of JSON Schema.
fn meaning(text: &Text) -> Option<&'static str> {
    Some(match text.logical {
        // jiff's point in time with its zone.
        None if text.name == "Zoned" => "date and time, with the name of their zone",
        None => return None,
        Some(Logical::Uuid) => "uuid",
        Some(Logical::Instant) => "point in time",
        Some(Logical::DateTime) => "local date and time, without a zone",
        Some(Logical::Date) => "date",
        Some(Logical::Time) => "local time, without a zone",
        Some(Logical::Duration) => "duration",
        Some(Logical::Decimal) => "decimal",
    })
}

/// Whether a field is there, for readers and for writers.
fn presence(field: &Field, place: Place<'_>) -> Vec<&'static str> {
    let (is_required, is_read) = (field.is_required(), field.read.is_some());
    let input = match (is_read, is_required) {
        (false, _) if place.closed => Some("refused when read"),
        (false, _) => Some("ignored when read"),
        (true, true) => Some("required").filter(|_| !place.maybe),
        (true, false) => Some("optional"),
    };
    let output = match (field.written, field.written_when) {
        (None, _) => Some("never written"),
        (Some(_), true) => Some("may be left out when written").filter(|_| is_required || !is_read),
        (Some(_), false) => Some("always written").filter(|_| is_read && !is_required && !place.maybe),
    };
    input.into_iter().chain(output).collect()
}

/// The marks of a field that is read or written only, and has no name.
fn ways(field: &Field, place: Place<'_>) -> Markup {
    let is_one_way = field.read.is_none() || field.written.is_none();
    html! { @if is_one_way { @for word in presence(field, place) { " " span class="badge" { (word) } } } }
}

fn marks(field: &Field) -> Markup {
    html! {
        @if is_secret_field(field) { " " span class="badge warn" { "sensitive" } }
        @if field.notes.deprecated { " " span class="badge warn" { "deprecated" } }
    }
}

/// The names under which a field or a variant is read, apart from the one that the page has for it.
fn other_names(read: Option<&str>, names: impl Iterator<Item = &'static str>, shown: &str) -> Option<Markup> {
    let others: Vec<Value> = names.filter(|other| *other != shown).map(Value::from).collect();
    let words = if read? == shown { "also read as " } else { "read as " };
    (!others.is_empty()).then(|| html! { (words) (list(others.iter())) })
}

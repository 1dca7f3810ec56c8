//! A part of an event in the event's own terms: fields by their own names, results of hooks in place of the input, and
//! nothing else. The event's [`Shape`] says which fields there are.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ptr;

use serde::de::{Deserializer, Error};
use serde_json::{Map, Value};

use super::buffer::Buffered;
use super::context::Made;
use super::json::{self, ObjectText, Source};
use super::{At, Context, Dialect, FieldType, Mode};
use crate::contract::shape::{Content, Definition, Enum, Field, Form, Kind, Shape, Tagging, Variant};

/// Reads a part of an `E`: the text of what it reads, if that is without a finding.
pub(crate) fn read<'de, E: FieldType, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<String>, D::Error> {
    let (text, start) = Buffered::read(input, cx)?.into_text();
    let (before, first) = (cx.found(), cx.made_so_far());
    let begins = cx.begin_choice(at);
    let (dialect, mode) = (cx.replace_dialect(Dialect::Json), cx.replace_mode(Mode::Partial));
    let read = E::read(&mut Source::new(&text), cx, at);
    cx.replace_dialect(dialect);
    cx.replace_mode(mode);
    let part = (read.is_ok() && cx.found() == before).then(|| {
        in_own_terms(E::shape(), &text, cx.max_depth(), cx.made_since(first, at), &|names| {
            cx.has_chosen_below(at, names)
        })
    });
    if begins {
        cx.end_choice();
    }
    read.map_err(|error| D::Error::custom(error.of_part(start)))?;
    Ok(part)
}

/// The text of a field.
pub(crate) fn field(text: &str, name: &str) -> Option<Box<str>> {
    let found = json::entries(text)?.into_iter().find(|(known, _)| known == name)?;
    Some(found.1)
}

/// The text of a part that was read without a finding. `made` is what hooks made of its values, and `chosen` tells by the
/// names on the way which fields were to be read.
fn in_own_terms(
    shape: Shape,
    text: &str,
    max_depth: usize,
    made: impl IntoIterator<Item = Made>,
    chosen: &dyn Fn(&[String]) -> bool,
) -> String {
    let mut results: HashMap<Vec<String>, Changes> = HashMap::new();
    for Made { path, value, shared } in made {
        let changes = results.entry(path).or_default();
        match value {
            // The hook of an object that others read too was given the entries that it shares with them.
            Value::Object(entries) if shared => changes.added.extend(entries),
            value => *changes = Changes { whole: Some(value), added: Map::new() },
        }
    }
    let mut writer = Writer { max_depth, made: results, chosen, path: Vec::new(), names: Vec::new() };
    writer.value(vec![Type::Shape(shape)], text).into_owned()
}

/// The results of hooks for a value.
#[derive(Default)]
struct Changes {
    whole: Option<Value>,
    /// Entries that came to it.
    added: Map<String, Value>,
}

/// The type that a value is read as.
#[derive(Clone)]
enum Type {
    Shape(Shape),
    Content(Content),
}

impl Type {
    /// Whether it is any JSON, of which all is read as it is.
    fn is_any(&self) -> bool {
        matches!(self, Self::Shape(shape) if matches!(shape.kind(), Kind::Any | Kind::Foreign(_)))
    }
}

struct Writer<'c> {
    max_depth: usize,
    made: HashMap<Vec<String>, Changes>,
    chosen: &'c dyn Fn(&[String]) -> bool,
    /// The way to the value that is written.
    path: Vec<String>,
    /// The names of fields on it.
    names: Vec<String>,
}

impl Writer<'_> {
    /// A value that is read as each of these: an untagged enum and what has flattened fields is read as several.
    fn value<'t>(&mut self, types: Vec<Type>, text: &'t str) -> Cow<'t, str> {
        // Without hooks nothing is looked up: a path may hold long keys.
        let made = if self.made.is_empty() { None } else { self.made.remove(&self.path) };
        let Changes { whole, added } = made.unwrap_or_default();
        let text = whole.map_or(Cow::Borrowed(text), |whole| whole.to_string().into());
        // A value that no variant has read was skipped, however deep it is: it stays as it is.
        let is_read = self.path.len() < self.max_depth && types.iter().any(|part| !part.is_any());
        let parts = match text.as_bytes().first().filter(|_| is_read) {
            Some(b'{') => self.object(types, &text, added),
            Some(b'[') => self.list(types, &text),
            _ => None,
        };
        parts.map_or(text, Cow::Owned)
    }

    /// Without what is not read; `None` if it stays as it is.
    fn object(&mut self, types: Vec<Type>, text: &str, added: Map<String, Value>) -> Option<String> {
        let mut entries = json::entries(text)?;
        entries.retain(|(name, _)| !added.contains_key(name));
        entries.extend(added.into_iter().map(|(name, value)| (name, value.to_string().into())));
        let views = Views::of(types, &entries);
        if !views.is_object {
            return None;
        }
        let mut written = ObjectText::new();
        for (name, text) in &entries {
            let Some(Part { name, types, is_field }) = views.entry(name) else { continue };
            self.names.push(name.to_owned());
            // Where fields are flattened, every name is asked for when the level is read.
            let is_read = !(is_field == IsField::Yes || views.flattens) || (self.chosen)(&self.names);
            if is_field == IsField::Key {
                self.names.pop();
            }
            if is_read {
                self.path.push(name.to_owned());
                written.push(name, &self.value(types, text));
                self.path.pop();
            }
            if is_field != IsField::Key {
                self.names.pop();
            }
        }
        Some(written.end())
    }

    fn list(&mut self, types: Vec<Type>, text: &str) -> Option<String> {
        let views = Views::of(types, &[]);
        let mut elements = Vec::new();
        for (index, element) in json::elements(text)?.iter().enumerate() {
            let types = views.lists.iter().map(|items| Type::Shape(items.clone()));
            let types = types.chain(views.tuples.iter().filter_map(|items| items.get(index).cloned())).collect();
            self.path.push(index.to_string());
            elements.push(self.value(types, element).into_owned());
            self.path.pop();
        }
        Some(format!("[{}]", elements.join(",")))
    }
}

/// A part of an object.
struct Part<'v> {
    /// Its name.
    name: &'v str,
    types: Vec<Type>,
    is_field: IsField,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum IsField {
    /// A field of a struct.
    Yes,
    /// A variant, or the tag or data of one.
    OfEnum,
    /// A map's key, of which the way to a field says nothing.
    Key,
}

/// The known parts of a value.
#[derive(Default)]
struct Views {
    records: Vec<&'static [Field]>,
    /// Entries that are called like a variant.
    variants: Vec<&'static [Variant]>,
    /// Single entries.
    entries: Vec<(&'static str, Vec<Type>)>,
    /// The shapes of the values of all other entries.
    values: Vec<Shape>,
    lists: Vec<Shape>,
    tuples: Vec<Vec<Type>>,
    is_object: bool,
    flattens: bool,
    /// Types can be read as themselves.
    seen: HashSet<*const Definition>,
}

impl Views {
    fn of(types: Vec<Type>, entries: &[(String, Box<str>)]) -> Self {
        let mut views = Self::default();
        for part in types {
            match part {
                Type::Shape(shape) => views.add(shape, entries),
                Type::Content(content) => views.add_content(&content, entries),
            }
        }
        views
    }

    fn add(&mut self, shape: Shape, entries: &[(String, Box<str>)]) {
        match shape.into_kind() {
            Kind::Any | Kind::Foreign(_) => {
                self.is_object = true;
                self.values.push(Shape::any());
                self.lists.push(Shape::any());
            }
            Kind::Null | Kind::Boolean | Kind::Integer(_) | Kind::Float(_) | Kind::Number | Kind::Text(_) => {}
            Kind::List { items, .. } => self.lists.push(*items),
            Kind::Tuple(items) => self.tuples.push(items.into_iter().map(Type::Shape).collect()),
            Kind::Map { values, .. } => {
                self.is_object = true;
                self.values.push(*values);
            }
            Kind::Optional(inner)
            | Kind::Omissible(inner)
            | Kind::Ruled { shape: inner, .. }
            | Kind::Ways { read: inner, .. } => self.add(*inner, entries),
            Kind::Named(definition) => {
                if self.seen.insert(ptr::from_ref(definition)) {
                    match &definition.form {
                        Form::As(shape) => self.add(shape(), entries),
                        Form::Content(content) => self.add_content(content, entries),
                        Form::Enum(choice) => self.add_choice(choice, entries),
                    }
                }
            }
        }
    }

    fn add_content(&mut self, content: &Content, entries: &[(String, Box<str>)]) {
        let is_read = |field: &&Field| field.read.is_some();
        match content {
            Content::Unit => {}
            Content::Inner(field) => self.add((field.shape)(), entries),
            Content::Tuple(fields) => {
                let items = fields.iter().filter(is_read).map(|field| Type::Shape((field.shape)()));
                self.tuples.push(items.collect());
            }
            Content::Record(record) => {
                self.is_object = true;
                self.records.push(record.fields);
                for field in record.fields.iter().filter(is_read).filter(|field| field.flat) {
                    self.flattens = true;
                    self.add((field.shape)(), entries);
                }
            }
        }
    }

    fn add_choice(&mut self, choice: &Enum, entries: &[(String, Box<str>)]) {
        let any: Vec<_> = choice.variants.iter().filter(|variant| variant.read.is_some()).collect();
        // Without a tag that says more, it can be any.
        let tagged = |tag: &str| {
            let name = entries.iter().find(|(name, _)| name == tag).and_then(|(_, text)| json::string(text));
            let named = |name: String| any.iter().find(|variant| variant.names().any(|known| known == name));
            name.and_then(named).map_or_else(|| any.clone(), |variant| vec![*variant])
        };
        match choice.tagging {
            Tagging::External => {
                self.is_object = true;
                self.variants.push(choice.variants);
            }
            Tagging::Internal { tag } => {
                self.is_object = true;
                self.entries.push((tag, Vec::new()));
                for variant in tagged(tag) {
                    self.add_content(&variant.content, entries);
                }
            }
            Tagging::Adjacent { tag, content } => {
                self.is_object = true;
                let contents = tagged(tag).iter().map(|variant| Type::Content(variant.content)).collect();
                self.entries.extend([(tag, Vec::new()), (content, contents)]);
            }
            Tagging::Untagged => {
                for variant in &any {
                    self.add_content(&variant.content, entries);
                }
            }
        }
    }

    /// The part that the input calls `name`, if it is read.
    fn entry<'v>(&'v self, name: &'v str) -> Option<Part<'v>> {
        let mut found: Option<Part<'v>> = None;
        let mut add = |name: &'v str, types: Vec<Type>, is_field: IsField| match &mut found {
            Some(part) => part.types.extend(types),
            None => found = Some(Part { name, types, is_field }),
        };
        for field in self.records.iter().copied().flatten().filter(|field| !field.flat) {
            if let Some(own) = field.read.filter(|_| field.names().any(|known| known == name)) {
                add(own, vec![Type::Shape((field.shape)())], IsField::Yes);
            }
        }
        for (known, types) in self.entries.iter().filter(|(known, _)| *known == name) {
            add(known, types.clone(), IsField::OfEnum);
        }
        for variant in self.variants.iter().copied().flatten() {
            if let Some(own) = variant.read.filter(|_| variant.names().any(|known| known == name)) {
                add(own, vec![Type::Content(variant.content)], IsField::OfEnum);
            }
        }
        if found.is_none() && !self.values.is_empty() {
            let types = self.values.iter().map(|values| Type::Shape(values.clone())).collect();
            return Some(Part { name, types, is_field: IsField::Key });
        }
        found
    }
}

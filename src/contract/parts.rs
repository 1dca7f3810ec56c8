//! The parts of a shape, read without writing a document.

use std::collections::HashSet;
use std::ptr;

use super::shape::{Content, Definition, Enum, Field, Form, Kind, Shape, Tagging, Variant};
use crate::suggestion::suggest;

/// Which of a type's two forms is meant.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Read,
    Written,
}

impl Way {
    pub(crate) fn of_field(self, field: &Field) -> Option<&'static str> {
        match self {
            Self::Read => field.read,
            Self::Written => field.written,
        }
    }

    fn of_variant(self, variant: &Variant) -> Option<&'static str> {
        match self {
            Self::Read => variant.read,
            Self::Written => variant.written,
        }
    }

    pub(crate) fn of_type(self, definition: &'static Definition) -> &'static Form {
        match self {
            Self::Read => &definition.form,
            Self::Written => definition.written.as_ref().unwrap_or(&definition.form),
        }
    }
}

/// Whether something that is read or written can have a field there. Through a list a step leads to each element's
/// field; what the shape does not tell, such as the keys of a map, can be anything.
pub(crate) fn has_field(shape: &Shape, way: Way, path: &[&str]) -> bool {
    Search { way, seen: HashSet::new(), fields: None }.shape(shape, path)
}

/// The path of a field that a path without one resembles: another name at the first step that leads nowhere.
#[cold]
pub(crate) fn similar_field(shape: &Shape, way: Way, path: &[&str]) -> Option<String> {
    let mut search = Search { way, seen: HashSet::new(), fields: Some(Vec::new()) };
    search.shape(shape, path);
    let mut fields = search.fields?;
    let left = fields.iter().map(|(left, ..)| *left).min()?;
    fields.retain(|(other, ..)| *other == left);
    let (before, after) = path.split_at(path.len() - left);
    let (wrong, after) = after.split_first()?;
    let names: Vec<&str> = fields.iter().map(|(_, name, _)| *name).collect();
    let is_alias = |(_, _, aliases): &(usize, &str, &[&str])| aliases.contains(wrong);
    let found = fields.iter().position(is_alias).or_else(|| suggest(wrong, &names))?;
    let steps = before.iter().chain([&names[found]]).chain(after);
    Some(steps.copied().collect::<Vec<_>>().join("."))
}

struct Search {
    way: Way,
    /// The fields where the search has been, each with the number of steps left there and its other names.
    fields: Option<Vec<(usize, &'static str, &'static [&'static str])>>,
    /// The types, each with the number of steps that were left there: they can hold themselves.
    seen: HashSet<(*const Definition, usize)>,
}

impl Search {
    fn shape(&mut self, shape: &Shape, path: &[&str]) -> bool {
        let [_, rest @ ..] = path else { return true };
        match shape.kind() {
            Kind::Any | Kind::Foreign(_) => true,
            Kind::Null | Kind::Boolean | Kind::Integer(_) | Kind::Float(_) | Kind::Number | Kind::Text(_) => false,
            Kind::List { items, .. } => self.shape(items, path),
            Kind::Tuple(items) => items.iter().any(|item| self.shape(item, path)),
            // A name of a load stands for the field of every entry, as in a list; one of a dump has the key.
            Kind::Map { values, .. } => self.shape(values, if matches!(self.way, Way::Read) { path } else { rest }),
            Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => {
                self.shape(inner, path)
            }
            Kind::Ways { written, read } => match self.way {
                Way::Read => self.shape(read, path),
                Way::Written => self.shape(written, path),
            },
            Kind::Named(definition) => {
                self.seen.insert((ptr::from_ref(*definition), path.len()))
                    && match self.way.of_type(definition) {
                        Form::As(shape) => self.shape(&shape(), path),
                        Form::Content(content) => self.content(content, path),
                        Form::Enum(choice) => self.choice(choice, path),
                    }
            }
        }
    }

    /// Looks in a flattened value, whose entries stand on the level: a map's keys are names then.
    fn flat(&mut self, shape: &Shape, path: &[&str]) -> bool {
        match shape.kind() {
            Kind::Map { values, .. } => path.len() <= 1 || self.shape(values, &path[1..]),
            Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => self.flat(inner, path),
            _ => self.shape(shape, path),
        }
    }

    fn content(&mut self, content: &Content, path: &[&str]) -> bool {
        let [first, rest @ ..] = path else { return true };
        let way = self.way;
        let present = || content.fields().iter().filter(|field| way.of_field(field).is_some());
        if let Some(seen) = &mut self.fields {
            let named = present().filter(|field| !field.flat);
            seen.extend(named.filter_map(|field| Some((path.len(), way.of_field(field)?, field.aliases))));
        }
        let Content::Record(record) = content else { return present().any(|field| self.shape(&(field.shape)(), path)) };
        // A name with a field of its own is not in a flattened map.
        let own = present().find(|field| !field.flat && way.of_field(field) == Some(*first));
        match (own, record.tag, way) {
            (Some(field), ..) => self.shape(&(field.shape)(), rest),
            (None, Some((tag, _)), Way::Written) if tag == *first => rest.is_empty(),
            (None, ..) => present().filter(|field| field.flat).any(|field| self.flat(&(field.shape)(), path)),
        }
    }

    fn choice(&mut self, choice: &Enum, path: &[&str]) -> bool {
        let [first, rest @ ..] = path else { return true };
        let way = self.way;
        let present = |variant: &&Variant| way.of_variant(variant).is_some();
        choice.variants.iter().filter(present).any(|variant| match choice.tagging {
            Tagging::External => {
                let has_data = !matches!(variant.content, Content::Unit);
                has_data && way.of_variant(variant) == Some(*first) && self.content(&variant.content, rest)
            }
            Tagging::Internal { tag } => tag == *first && rest.is_empty() || self.content(&variant.content, path),
            Tagging::Adjacent { tag, content } => {
                let has_data = !matches!(variant.content, Content::Unit);
                tag == *first && rest.is_empty()
                    || has_data && content == *first && self.content(&variant.content, rest)
            }
            Tagging::Untagged => self.content(&variant.content, path),
        })
    }
}

/// The shape of a container's items, values or, of a map, keys.
pub(super) fn part_of(shape: &Shape, of_key: bool) -> Option<Shape> {
    match shape.kind() {
        Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => part_of(inner, of_key),
        Kind::List { items, .. } => Some((**items).clone()),
        Kind::Map { keys, values } => Some((**if of_key { keys } else { values }).clone()),
        _ => None,
    }
}

/// Whether the type can occur within itself, read or written.
pub(super) fn holds_itself(definition: &Definition) -> bool {
    let own = (definition.id)();
    let mut seen = HashSet::new();
    let mut open = parts(definition);
    while let Some(shape) = open.pop() {
        match shape.into_kind() {
            Kind::Named(definition) => {
                let id = (definition.id)();
                if id == own {
                    return true;
                }
                if seen.insert(id) {
                    open.extend(parts(definition));
                }
            }
            Kind::List { items: inner, .. }
            | Kind::Optional(inner)
            | Kind::Omissible(inner)
            | Kind::Ruled { shape: inner, .. } => open.push(*inner),
            Kind::Tuple(items) => open.extend(items),
            Kind::Map { keys: first, values: second } | Kind::Ways { written: first, read: second } => {
                open.extend([*first, *second]);
            }
            Kind::Any
            | Kind::Null
            | Kind::Boolean
            | Kind::Integer(_)
            | Kind::Float(_)
            | Kind::Number
            | Kind::Text(_)
            | Kind::Foreign(_) => {}
        }
    }
    false
}

fn parts(definition: &Definition) -> Vec<Shape> {
    let shapes = |content: &Content| content.fields().iter().map(|field| (field.shape)()).collect();
    let of_form = |form: &Form| -> Vec<Shape> {
        match form {
            Form::As(shape) => vec![shape()],
            Form::Content(content) => shapes(content),
            Form::Enum(choice) => {
                choice.variants.iter().flat_map(|variant| -> Vec<Shape> { shapes(&variant.content) }).collect()
            }
        }
    };
    std::iter::once(&definition.form).chain(&definition.written).flat_map(of_form).collect()
}

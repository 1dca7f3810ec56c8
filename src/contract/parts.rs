//! The parts of a shape, read without writing a document.

use std::collections::HashSet;
use std::ptr;

use super::shape::{Content, Definition, Enum, Field, Form, Kind, Shape, Tagging};

/// Whether something that is written can have a field there. Through a list a step leads to each element's field; what
/// the shape does not tell, such as the keys of a map, can be anything.
pub(crate) fn has_field(shape: &Shape, path: &[&str]) -> bool {
    Search { seen: HashSet::new() }.shape(shape, path)
}

struct Search {
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
            Kind::Map { values, .. } => self.shape(values, rest),
            Kind::Optional(inner) | Kind::Omissible(inner) | Kind::Ruled { shape: inner, .. } => {
                self.shape(inner, path)
            }
            Kind::Ways { written, .. } => self.shape(written, path),
            Kind::Named(definition) => {
                self.seen.insert((ptr::from_ref(*definition), path.len()))
                    && match definition.written.as_ref().unwrap_or(&definition.form) {
                        Form::As(shape) => self.shape(&shape(), path),
                        Form::Content(content) => self.content(content, path),
                        Form::Enum(choice) => self.choice(choice, path),
                    }
            }
        }
    }

    fn content(&mut self, content: &Content, path: &[&str]) -> bool {
        let [first, rest @ ..] = path else { return true };
        let by_name = matches!(content, Content::Record(_));
        let is_tag = matches!(content, Content::Record(record) if record.tag.is_some_and(|(tag, _)| tag == *first));
        is_tag && rest.is_empty()
            || fields(content).iter().filter(|field| field.written.is_some()).any(|field| {
                if !by_name || field.flat {
                    self.shape(&(field.shape)(), path)
                } else {
                    field.written == Some(*first) && self.shape(&(field.shape)(), rest)
                }
            })
    }

    fn choice(&mut self, choice: &Enum, path: &[&str]) -> bool {
        let [first, rest @ ..] = path else { return true };
        choice.variants.iter().filter(|variant| variant.written.is_some()).any(|variant| match choice.tagging {
            Tagging::External => {
                let has_data = !matches!(variant.content, Content::Unit);
                has_data && variant.written == Some(*first) && self.content(&variant.content, rest)
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
    let shapes = |content: &Content| fields(content).iter().map(|field| (field.shape)()).collect();
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

fn fields(content: &Content) -> &'static [Field] {
    match content {
        Content::Unit => &[],
        Content::Inner(field) => std::slice::from_ref(*field),
        Content::Tuple(fields) => fields,
        Content::Record(record) => record.fields,
    }
}

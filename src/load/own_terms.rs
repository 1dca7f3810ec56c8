//! A part of an event in the event's own terms: fields by their own names, results of hooks in place of the input, and
//! nothing else. The reader [records](Record) what it reads.

use std::borrow::Cow;
use std::collections::HashSet;
use std::collections::hash_map::{Entry as MapEntry, HashMap};

use serde::de::{Deserializer, Error};

use super::buffer::Buffered;
use super::json::{self, Source};
use super::record::{Node, Record, What};
use super::{At, Context, Dialect, FieldType, Mode};

/// Reads a part of an `E`: the text of what it reads, if that is without a finding.
pub(crate) fn read<'de, E: FieldType, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<String>, D::Error> {
    let (text, start) = Buffered::read(input, cx)?.into_text();
    let before = cx.found();
    let outer = cx.begin_record(at);
    let (dialect, mode) = (cx.replace_dialect(Dialect::Json), cx.replace_mode(Mode::Partial));
    let read = E::read(&mut Source::new(&text), cx, at);
    cx.replace_dialect(dialect);
    cx.replace_mode(mode);
    let record = cx.end_record(outer);
    read.map_err(|error| D::Error::custom(error.of_part(start)))?;
    let part = record.filter(|_| cx.found() == before).map(|record| in_own_terms(*record, &text));
    // A part of an event that has this one has it in its own terms.
    if let Some(part) = &part {
        cx.reading_made(at, || part.clone(), |_| ());
    }
    Ok(part)
}

/// The text of a field.
pub(crate) fn field(text: &str, name: &str) -> Option<Box<str>> {
    let found = json::entries(text)?.into_iter().find(|(known, _)| known == name)?;
    Some(found.1.into())
}

/// The text with its keys and values as they were read.
fn in_own_terms(record: Record, text: &str) -> String {
    let (nodes, ends) = record.into_tree();
    let mut part = String::with_capacity(text.len());
    Writer { nodes, ends }.value(0, text, &mut part);
    part
}

struct Writer {
    nodes: Vec<Node>,
    /// Where the parts of each node end.
    ends: Vec<usize>,
}

/// An entry that was read.
struct Read<'t> {
    name: Cow<'t, str>,
    /// `None` if it stays as it is.
    node: Option<usize>,
    text: Cow<'t, str>,
}

/// Entries with the same key: a map reads them all and keeps the last, and a level of names has refused all but the first
/// or has not looked at them.
struct Same<'t> {
    first: Cow<'t, str>,
    last: Cow<'t, str>,
}

impl Writer {
    /// The parts of a node.
    fn parts(&self, node: usize) -> impl Iterator<Item = (usize, &What)> {
        let next = |index: &usize| self.ends.get(*index).copied();
        let parts = std::iter::successors(Some(node + 1), next).take_while(move |index| *index < self.ends[node]);
        parts.map(|index| (index, &self.nodes[index].what))
    }

    /// Writes a value as it was read. A reader of the user's can have read it in ways of its own: then it stays as it is.
    fn value(&self, node: usize, text: &str, out: &mut String) {
        let mut parts = self.parts(node);
        let written = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some((made, What::Made(text))), None) => return self.value(made, text, out),
            (Some((_, What::Element(_))), _) => self.list(node, text, out),
            _ => self.object(node, text, out),
        };
        if written.is_none() {
            out.push_str(text);
        }
    }

    fn object(&self, node: usize, text: &str, out: &mut String) -> Option<()> {
        let entries = self.entries(node, text)?;
        let mut written = HashSet::new();
        out.push('{');
        for entry in &entries {
            // A value that several read was the first one's.
            if !written.insert(&*entry.name) {
                continue;
            }
            if written.len() > 1 {
                out.push(',');
            }
            out.push_str(&json::quoted(&entry.name));
            out.push(':');
            match entry.node {
                Some(node) => self.value(node, &entry.text, out),
                None => out.push_str(&entry.text),
            }
        }
        out.push('}');
        Some(())
    }

    /// The entries that were read of an object, and then those of what hooks made of it: a hook changes nothing that others
    /// read. `None` if the object has not what was read.
    fn entries<'t>(&'t self, node: usize, text: &'t str) -> Option<Vec<Read<'t>>> {
        let mut came: HashMap<String, Same<'t>> = HashMap::new();
        for (key, text) in json::entries(text)? {
            match came.entry(key) {
                MapEntry::Occupied(mut same) => same.get_mut().last = text,
                MapEntry::Vacant(same) => drop(same.insert(Same { first: text.clone(), last: text })),
            }
        }
        let mut known = HashMap::new();
        let mut entries = Vec::new();
        for (node, what) in self.parts(node) {
            let What::Entry(entry) = what else { continue };
            let same = came.get(entry.key())?;
            let text = if entry.is_of_map() { &same.last } else { &same.first };
            let read = Read { name: entry.name().into(), node: Some(node), text: text.clone() };
            let index = *known.entry((entry.is_of_map(), entry.identity())).or_insert(entries.len());
            match entries.get_mut(index) {
                Some(before) => *before = read,
                None => entries.push(read),
            }
        }
        for (node, what) in self.parts(node) {
            let What::Made(text) = what else { continue };
            if self.parts(node).next().is_some() {
                entries.extend(self.entries(node, text)?);
            } else {
                let all = json::entries(text)?.into_iter();
                entries.extend(all.map(|(name, text)| Read { name: name.into(), node: None, text }));
            }
        }
        Some(entries)
    }

    fn list(&self, node: usize, text: &str, out: &mut String) -> Option<()> {
        let elements = json::elements(text)?;
        let mut read = vec![None; elements.len()];
        for (node, what) in self.parts(node) {
            if let What::Element(index) = what {
                *read.get_mut(*index)? = Some(node);
            }
        }
        out.push('[');
        for (index, (element, node)) in elements.iter().zip(read).enumerate() {
            if index > 0 {
                out.push(',');
            }
            match node {
                Some(node) => self.value(node, element, out),
                None => out.push_str(element),
            }
        }
        out.push(']');
        Some(())
    }
}

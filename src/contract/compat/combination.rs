//! `allOf`, `anyOf` and `oneOf`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::comparison::{Comparison, equal};
use super::document::{Document, Object};
use super::form::{Criterion, Form, Part, Typed};
use super::mode::Policy;
use super::outcome::{Inner, Outcome};
use super::rule;

/// How deep the types of a schema are looked for.
const MAX_DEPTH: usize = 16;
/// How many schemas are looked at for the types of a combination. Nothing is known of what is left.
const MAX_SCHEMAS: usize = 20_000;

impl<'a> Comparison<'a> {
    /// Compares two combinations. Each schema of the smaller one must find a counterpart of its own in the other.
    pub(super) fn combinations(
        &mut self,
        out: &mut Outcome<'a>,
        (old, old_parts): (Criterion, &[Part<'a>]),
        (new, new_parts): (Criterion, &[Part<'a>]),
        (writer, reader): (Part<'a>, Part<'a>),
    ) {
        let sides = (Some(writer.value), Some(reader.value));
        if old != new {
            let stays = match new {
                Criterion::Any => true,
                Criterion::One => old_parts.len() == 1,
                Criterion::All => old_parts.len() == 1 && new_parts.len() == 1,
            };
            let rule = if stays { rule::COMBINED_TYPE_EXTENDED } else { rule::COMBINED_TYPE_CHANGED };
            self.note(out, "", rule, sides.0, sides.1);
            if !stays {
                return;
            }
        }
        let (old_parts, new_parts) = (distinct(old_parts), distinct(new_parts));
        let (before, after) = (old_parts.len(), new_parts.len());
        let rule = match (before.cmp(&after), new) {
            (std::cmp::Ordering::Equal, _) => None,
            (std::cmp::Ordering::Less, Criterion::All) => Some(rule::PRODUCT_TYPE_EXTENDED),
            (std::cmp::Ordering::Less, _) => Some(rule::SUM_TYPE_EXTENDED),
            (std::cmp::Ordering::Greater, Criterion::All) => Some(rule::PRODUCT_TYPE_NARROWED),
            (std::cmp::Ordering::Greater, _) => Some(rule::SUM_TYPE_NARROWED),
        };
        if let Some(rule) = rule {
            self.note(out, "", rule, sides.0, sides.1);
        }
        if self.policy.proves() && new == Criterion::One && after > 1 && !self.are_disjoint(&new_parts) {
            self.note(out, "/oneOf", rule::ONE_OF_OVERLAPS, sides.0, sides.1);
        }
        let mut pairs: Vec<Vec<Option<Inner>>> = Vec::with_capacity(before);
        for one in &old_parts {
            let row = new_parts.iter().map(|other| Some(self.compare(*one, *other)).filter(|inner| !inner.breaks));
            pairs.push(row.collect());
        }
        let matching = matching(&pairs, after);
        let keyword = match old {
            Criterion::All => "allOf",
            Criterion::Any => "anyOf",
            Criterion::One => "oneOf",
        };
        let mut count = 0;
        for (new_at, old_at) in matching.into_iter().enumerate() {
            let Some(old_at) = old_at else { continue };
            count += 1;
            if let Some(inner) = &pairs[old_at][new_at] {
                out.absorb(&format!("/{keyword}/{old_at}"), inner);
            }
        }
        if count < before.min(after) {
            self.note(out, "", rule::COMBINED_TYPE_SUBSCHEMAS_CHANGED, sides.0, sides.1);
        }
    }

    /// Whether no value fits two of the reader's schemas.
    pub(super) fn are_disjoint(&mut self, parts: &[Part<'a>]) -> bool {
        let ids: Vec<_> = parts.iter().map(Part::id).collect();
        if let Some(known) = self.disjoint.get(&ids) {
            return *known;
        }
        let mut look = Look::new(self.reader, false);
        let traits: Vec<Traits<'a>> = parts.iter().map(|part| look.traits(*part, MAX_DEPTH)).collect();
        let disjoint =
            traits.iter().enumerate().all(|(at, one)| traits[..at].iter().all(|other| one.is_apart_from(other)));
        self.disjoint.insert(ids, disjoint);
        disjoint
    }

    /// The outcome if one of the reader's schemas accepts what the writer writes, and none of the others does.
    pub(super) fn exactly_one(&mut self, writer: Part<'a>, parts: &[Part<'a>]) -> Option<Outcome<'a>> {
        let written = Look::new(self.writer, self.policy == Policy::Written).traits(writer, MAX_DEPTH);
        if let (Some(names), Some(fields)) = (self.at_most_one(parts), &written.fields)
            && written.types & !OBJECT == 0
            && names.intersection(fields).count() <= 1
        {
            return Some(Outcome::default());
        }
        let mut look = Look::new(self.reader, false);
        let mut near = parts.iter().filter(|part| !look.traits(**part, MAX_DEPTH).is_apart_from(&written));
        match (near.next(), near.next()) {
            (Some(only), None) => {
                let inner = self.compare(writer, *only);
                (!inner.breaks).then(|| {
                    let mut outcome = Outcome::default();
                    outcome.absorb("", &inner);
                    outcome
                })
            }
            _ => None,
        }
    }

    /// The fields of which an object may have at most one: one of them is required, or none is there. Fields with aliases
    /// are described so.
    fn at_most_one(&self, parts: &[Part<'a>]) -> Option<BTreeSet<&'a str>> {
        let required = |part: &Part<'a>| match self.reader.form(*part).1 {
            Form::Object(object) if !object.demanded && object.keywords.len() == 1 => {
                match object.keywords.get("required")?.as_array()?.as_slice() {
                    [name] => name.as_str(),
                    _ => None,
                }
            }
            _ => None,
        };
        let (names, others): (Vec<_>, Vec<_>) = parts.iter().partition(|part| required(part).is_some());
        let names: BTreeSet<&str> = names.into_iter().filter_map(required).collect();
        let [none] = others.as_slice() else { return None };
        let Form::Not(excluded) = self.reader.form(**none).1 else { return None };
        let excluded: Option<BTreeSet<&str>> = match self.reader.form(excluded).1 {
            Form::Combined(Criterion::Any, parts) => parts.iter().map(required).collect(),
            _ => required(&excluded).map(|name| BTreeSet::from([name])),
        };
        (excluded? == names).then_some(names)
    }

    /// Whether the reader's schema is proven to accept a value.
    pub(super) fn admits(&self, part: Part<'a>, value: &'a Value) -> bool {
        self.admits_within(part, value, MAX_DEPTH)
    }

    fn admits_within(&self, part: Part<'a>, value: &'a Value, depth: usize) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match &self.reader.form(part).1 {
            Form::Anything => true,
            Form::Nothing | Form::Not(_) | Form::Condition => false,
            Form::Boolean => value.is_boolean(),
            Form::Null => value.is_null(),
            Form::Text(text) => match value.as_str() {
                Some(value) => admits_text(text.keywords, value),
                None => !text.demanded,
            },
            // The keywords are not looked at.
            Form::Number(number) => !number.demanded && !value.is_number(),
            Form::Object(object) => !object.demanded && !value.is_object(),
            Form::Array(array) => !array.demanded && !value.is_array(),
            Form::Enum(values) => values.iter().any(|known| equal(known, value)),
            Form::Const(known) => equal(known, value),
            Form::Combined(Criterion::All, parts) => parts.iter().all(|part| self.admits_within(*part, value, depth)),
            Form::Combined(Criterion::Any, parts) => parts.iter().any(|part| self.admits_within(*part, value, depth)),
            Form::Combined(Criterion::One, parts) => {
                let only = Traits::of_values(vec![value]);
                let mut look = Look::new(self.reader, false);
                let mut near = parts.iter().filter(|part| !look.traits(**part, depth).is_apart_from(&only));
                near.next().is_some_and(|part| self.admits_within(*part, value, depth)) && near.next().is_none()
            }
        }
    }
}

/// Whether a text keeps the limits of its length, if there are no others.
fn admits_text(keywords: &Object, text: &str) -> bool {
    let limit = |keyword: &str| keywords.get(keyword).and_then(Value::as_u64);
    let length = text.chars().count() as u64;
    let others = ["format", "pattern"].iter().any(|keyword| keywords.contains_key(*keyword));
    !others && limit("minLength").is_none_or(|min| length >= min) && limit("maxLength").is_none_or(|max| length <= max)
}

fn distinct<'a>(parts: &[Part<'a>]) -> Vec<Part<'a>> {
    let mut distinct: Vec<Part<'a>> = Vec::with_capacity(parts.len());
    for part in parts {
        if !distinct.iter().any(|known| known.is_like(part)) {
            distinct.push(*part);
        }
    }
    distinct
}

/// As many pairs as possible, none with a row or column of another: the row of each column.
fn matching<T>(pairs: &[Vec<Option<T>>], columns: usize) -> Vec<Option<usize>> {
    let mut rows: Vec<Option<usize>> = vec![None; columns];
    for row in 0..pairs.len() {
        let mut before: Vec<Option<usize>> = vec![None; columns];
        let mut open = vec![row];
        let mut seen = vec![false; columns];
        // A path from the row to a free column, over columns whose rows can move.
        let free = 'search: loop {
            let Some(at) = open.pop() else { break None };
            for column in 0..columns {
                if pairs[at][column].is_none() || std::mem::replace(&mut seen[column], true) {
                    continue;
                }
                before[column] = Some(at);
                match rows[column] {
                    None => break 'search Some(column),
                    Some(taken) => open.push(taken),
                }
            }
        };
        let mut next = free;
        while let Some(column) = next {
            let Some(at) = before[column] else { break };
            next = (at != row).then(|| rows.iter().position(|taken| *taken == Some(at))).flatten();
            rows[column] = Some(at);
        }
    }
    rows
}

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const NUMBER: u8 = 4;
const TEXT: u8 = 8;
const ARRAY: u8 = 16;
const OBJECT: u8 = 32;
const ALL: u8 = 63;

/// Looks for what is known of the values of schemas.
struct Look<'d, 'a> {
    document: &'d Document<'a>,
    /// Whether objects have the fields of their schema and no others.
    written: bool,
    /// How many schemas may still be looked at.
    left: usize,
}

impl<'d, 'a> Look<'d, 'a> {
    fn new(document: &'d Document<'a>, written: bool) -> Self {
        Self { document, written, left: MAX_SCHEMAS }
    }

    fn traits(&mut self, part: Part<'a>, depth: usize) -> Traits<'a> {
        let (Some(depth), Some(left)) = (depth.checked_sub(1), self.left.checked_sub(1)) else {
            return Traits::unknown(ALL);
        };
        self.left = left;
        let (_, form) = self.document.form(part);
        let typed = |typed: &Typed<'_>, kind| Traits::unknown(if typed.demanded { kind } else { ALL });
        match &form {
            Form::Anything | Form::Not(_) | Form::Condition => Traits::unknown(ALL),
            Form::Nothing => Traits::unknown(0),
            Form::Boolean => Traits::unknown(BOOLEAN),
            Form::Null => Traits::unknown(NULL),
            Form::Text(text) => typed(text, TEXT),
            Form::Number(number) => typed(number, NUMBER),
            Form::Array(array) => typed(array, ARRAY),
            Form::Object(object) => self.object(object, depth),
            Form::Enum(values) => Traits::of_values(values.iter().collect()),
            Form::Const(value) => Traits::of_values(vec![value]),
            Form::Combined(Criterion::All, parts) => {
                let parts = parts.iter().map(|part| self.traits(*part, depth));
                parts.fold(Traits::unknown(ALL), Traits::and)
            }
            Form::Combined(_, parts) => {
                let mut parts = parts.iter().map(|part| self.traits(*part, depth));
                let first = parts.next().unwrap_or_else(|| Traits::unknown(ALL));
                parts.fold(first, Traits::or)
            }
        }
    }

    fn object(&mut self, object: &Typed<'a>, depth: usize) -> Traits<'a> {
        let keywords = object.keywords;
        let has = |keyword: &str| keywords.contains_key(keyword);
        let properties = keywords.get("properties").and_then(Value::as_object);
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        let closed = match keywords.get("additionalProperties") {
            Some(rest) => *rest == Value::Bool(false),
            None => self.written && object.sole && properties.is_some() && !has("unevaluatedProperties"),
        };
        let names = properties.into_iter().flatten().map(|(name, _)| name.as_str());
        let tags = properties.into_iter().flatten().filter_map(|(name, schema)| {
            let values = self.only_values(Part::whole(schema), depth)?;
            Some((name.as_str(), values))
        });
        Traits {
            tags: tags.collect(),
            required: required.filter_map(Value::as_str).collect(),
            fields: (closed && !has("patternProperties")).then(|| names.collect()),
            ..Traits::unknown(if object.demanded { OBJECT } else { ALL })
        }
    }

    /// The only values of a schema, if it lists them.
    fn only_values(&mut self, part: Part<'a>, depth: usize) -> Option<Vec<&'a Value>> {
        let depth = depth.checked_sub(1)?;
        self.left = self.left.checked_sub(1)?;
        match self.document.form(part).1 {
            Form::Enum(values) => Some(values.iter().collect()),
            Form::Const(value) => Some(vec![value]),
            Form::Combined(Criterion::All, parts) => parts.iter().find_map(|part| self.only_values(*part, depth)),
            Form::Combined(_, parts) => {
                let values: Option<Vec<_>> = parts.iter().map(|part| self.only_values(*part, depth)).collect();
                values.map(|values| values.concat())
            }
            _ => None,
        }
    }
}

/// What is known of all values of a schema; of fields, what is known of those that are objects.
#[derive(Clone)]
struct Traits<'a> {
    /// The types that they may have.
    types: u8,
    /// The only values, if they are known.
    values: Option<Vec<&'a Value>>,
    /// The fields that each object has.
    required: BTreeSet<&'a str>,
    /// The fields that an object may have, if they are known.
    fields: Option<BTreeSet<&'a str>>,
    /// The only values of fields.
    tags: Vec<(&'a str, Vec<&'a Value>)>,
}

impl<'a> Traits<'a> {
    fn unknown(types: u8) -> Self {
        Self { types, values: None, required: BTreeSet::new(), fields: None, tags: Vec::new() }
    }

    fn of_values(values: Vec<&'a Value>) -> Self {
        let kind = |value: &&Value| match value {
            Value::Null => NULL,
            Value::Bool(_) => BOOLEAN,
            Value::Number(_) => NUMBER,
            Value::String(_) => TEXT,
            Value::Array(_) => ARRAY,
            Value::Object(_) => OBJECT,
        };
        let types = values.iter().map(kind).fold(0, |all, one| all | one);
        Self { values: Some(values), ..Self::unknown(types) }
    }

    /// Of values that fit both schemas.
    fn and(mut self, other: Self) -> Self {
        self.types &= other.types;
        self.values = self.values.or(other.values);
        self.required.extend(other.required);
        self.fields = self.fields.or(other.fields);
        self.tags.extend(other.tags);
        self
    }

    /// Of values that fit one of the schemas.
    fn or(mut self, other: Self) -> Self {
        self.types |= other.types;
        self.values = self.values.zip(other.values).map(|(mut one, other)| {
            one.extend(other);
            one
        });
        self.required.retain(|name| other.required.contains(name));
        self.fields = self.fields.zip(other.fields).map(|(one, other)| one.union(&other).copied().collect());
        self.tags.clear();
        self
    }

    fn is_apart_from(&self, other: &Self) -> bool {
        let apart =
            |one: &[&Value], other: &[&Value]| one.iter().all(|value| other.iter().all(|second| !equal(value, second)));
        if let (Some(one), Some(other)) = (&self.values, &other.values)
            && apart(one, other)
        {
            return true;
        }
        let shared = self.types & other.types;
        if shared & !OBJECT != 0 {
            return false;
        }
        let lacks =
            |one: &Self, other: &Self| other.fields.as_ref().is_some_and(|fields| !one.required.is_subset(fields));
        shared == 0
            || lacks(self, other)
            || lacks(other, self)
            || self.tags.iter().any(|(name, values)| {
                let is_required = self.required.contains(name) || other.required.contains(name);
                let others = other.tags.iter().filter(|(second, _)| second == name);
                is_required && others.into_iter().any(|(_, others)| apart(values, others))
            })
    }
}

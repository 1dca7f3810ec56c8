//! The facts that are known of all values of a schema: [`Traits`].

use std::collections::BTreeSet;

use serde_json::Value;

use super::document::Document;
use super::form::{Criterion, Form, Part, Typed};
use super::inside::Insides;
use super::keyword::Object;
use super::values::canonical;

/// How deep the facts of a schema are looked for.
pub(super) const MAX_DEPTH: usize = 16;
/// How many schemas and values are looked at. Nothing is known of the others.
const MAX_LOOKS: usize = 20_000;

const NULL: u8 = 1;
const BOOLEAN: u8 = 2;
const NUMBER: u8 = 4;
const TEXT: u8 = 8;
const ARRAY: u8 = 16;
pub(super) const OBJECT: u8 = 32;
const ALL: u8 = 63;

/// The facts that are known of all values of a schema; those about fields hold for the values that are objects.
#[derive(Clone)]
pub(super) struct Traits<'a> {
    /// The types that the values may have.
    pub(super) types: u8,
    /// The canonical texts of the only values, if they are known.
    pub(super) values: Option<BTreeSet<String>>,
    /// The fields that each object has.
    required: BTreeSet<&'a str>,
    /// The fields that an object may have, if they are known.
    pub(super) fields: Option<BTreeSet<&'a str>>,
    /// The only values of fields.
    tags: Vec<(&'a str, BTreeSet<String>)>,
    /// Values that fields do not have.
    excluded: Vec<(&'a str, BTreeSet<String>)>,
}

/// Whether a schema in the same object evaluates fields that `properties` beside it does not name.
pub(super) fn has_dependent_schemas(keywords: &Object) -> bool {
    let is_schema = |value: &Value| !value.is_array();
    let entries = |keyword: &str| keywords.get(keyword).and_then(Value::as_object).into_iter().flatten();
    entries("dependentSchemas").chain(entries("dependencies")).any(|(_, value)| is_schema(value))
}

/// Looks for the facts.
pub(super) struct Look<'d, 'a> {
    document: &'d Document<'a>,
    /// Given if objects have the fields of their schemas and no others.
    insides: Option<&'d mut Insides<'a>>,
    /// How many schemas and values may still be looked at.
    left: usize,
}

impl<'d, 'a> Look<'d, 'a> {
    pub(super) fn new(document: &'d Document<'a>, insides: Option<&'d mut Insides<'a>>) -> Self {
        Self { document, insides, left: MAX_LOOKS }
    }

    /// How many schemas and values were looked at.
    pub(super) fn steps(&self) -> usize {
        MAX_LOOKS - self.left
    }

    fn spend(&mut self, steps: usize) -> Option<()> {
        let left = self.left.checked_sub(steps);
        self.left = left.unwrap_or(0);
        left.map(drop)
    }

    pub(super) fn traits(&mut self, part: Part<'a>, depth: usize) -> Traits<'a> {
        self.known(part, depth).unwrap_or_else(|| Traits::unknown(ALL))
    }

    /// None if there is no more to be spent.
    fn known(&mut self, part: Part<'a>, depth: usize) -> Option<Traits<'a>> {
        let depth = depth.checked_sub(1)?;
        self.spend(1)?;
        let (_, form) = self.document.form(part);
        let typed = |typed: &Typed<'_>, kind| Traits::unknown(if typed.demanded { kind } else { ALL });
        Some(match &form {
            Form::Anything | Form::Not(_) | Form::Condition => Traits::unknown(ALL),
            Form::Nothing => Traits::unknown(0),
            Form::Boolean => Traits::unknown(BOOLEAN),
            Form::Null => Traits::unknown(NULL),
            Form::Text(text) => typed(text, TEXT),
            Form::Number(number) => typed(number, NUMBER),
            Form::Array(array) => typed(array, ARRAY),
            Form::Object(object) => self.object(object, depth)?,
            Form::Enum(values) => self.values(values)?,
            Form::Const(value) => self.values(std::slice::from_ref(*value))?,
            Form::Combined(Criterion::All, parts) => {
                let parts = parts.iter().map(|part| self.traits(*part, depth));
                parts.fold(Traits::unknown(ALL), Traits::and)
            }
            Form::Combined(_, parts) => {
                let mut parts = parts.iter().map(|part| self.traits(*part, depth));
                let first = parts.next().unwrap_or_else(|| Traits::unknown(ALL));
                parts.fold(first, Traits::or)
            }
        })
    }

    fn texts(&mut self, values: &[Value]) -> Option<BTreeSet<String>> {
        let text = |value: &Value| {
            let text = canonical(value);
            self.spend(1 + text.len() / 64)?;
            Some(text)
        };
        values.iter().map(text).collect()
    }

    fn values(&mut self, values: &[Value]) -> Option<Traits<'a>> {
        let texts = self.texts(values)?;
        Some(Traits { values: Some(texts), ..Traits::unknown(types_of(values)) })
    }

    fn object(&mut self, object: &Typed<'a>, depth: usize) -> Option<Traits<'a>> {
        let keywords = object.keywords;
        let has = |keyword: &str| keywords.contains_key(keyword);
        let properties = keywords.get("properties").and_then(Value::as_object);
        let required = keywords.get("required").and_then(Value::as_array);
        self.spend(required.map_or(0, Vec::len) + properties.map_or(0, Object::len))?;
        let own = || properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
        let fields = match keywords.get("additionalProperties") {
            Some(Value::Bool(false)) if !has("patternProperties") => Some(own()),
            None => {
                let insides = self.insides.as_mut().zip(object.outermost);
                let inside = insides.and_then(|(insides, outermost)| insides.of(self.document, outermost));
                inside.and_then(|inside| Some(inside.known_fields()?.collect()))
            }
            _ => None,
        };
        let (mut tags, mut excluded) = (Vec::new(), Vec::new());
        for (name, schema) in properties.into_iter().flatten() {
            let part = Part::whole(schema);
            tags.extend(self.only_values(part, depth).map(|values| (name.as_str(), values)));
            excluded.extend(self.excluded_values(part, depth).map(|values| (name.as_str(), values)));
        }
        Some(Traits {
            tags,
            excluded,
            required: required.into_iter().flatten().filter_map(Value::as_str).collect(),
            fields,
            ..Traits::unknown(if object.demanded { OBJECT } else { ALL })
        })
    }

    /// The canonical texts of the only values of a schema, if it lists them.
    fn only_values(&mut self, part: Part<'a>, depth: usize) -> Option<BTreeSet<String>> {
        let depth = depth.checked_sub(1)?;
        self.spend(1)?;
        match self.document.form(part).1 {
            Form::Enum(values) => self.texts(values),
            Form::Const(value) => self.texts(std::slice::from_ref(value)),
            Form::Combined(Criterion::All, parts) => parts.iter().find_map(|part| self.only_values(*part, depth)),
            Form::Combined(_, parts) => {
                let mut all = BTreeSet::new();
                for part in parts {
                    all.extend(self.only_values(part, depth)?);
                }
                Some(all)
            }
            _ => None,
        }
    }

    /// The canonical texts of the values that a schema excludes, if it lists them: as a catch-all variant does.
    fn excluded_values(&mut self, part: Part<'a>, depth: usize) -> Option<BTreeSet<String>> {
        let depth = depth.checked_sub(1)?;
        self.spend(1)?;
        match self.document.form(part).1 {
            Form::Not(excluded) => self.only_values(excluded, depth),
            Form::Combined(Criterion::All, parts) => parts.iter().find_map(|part| self.excluded_values(*part, depth)),
            _ => None,
        }
    }
}

fn types_of(values: &[Value]) -> u8 {
    let kind = |value: &Value| match value {
        Value::Null => NULL,
        Value::Bool(_) => BOOLEAN,
        Value::Number(_) => NUMBER,
        Value::String(_) => TEXT,
        Value::Array(_) => ARRAY,
        Value::Object(_) => OBJECT,
    };
    values.iter().map(kind).fold(0, |all, one| all | one)
}

impl Traits<'_> {
    fn unknown(types: u8) -> Self {
        Self { types, values: None, required: BTreeSet::new(), fields: None, tags: Vec::new(), excluded: Vec::new() }
    }

    /// The facts of one value.
    pub(super) fn of_value(value: &Value, text: &str) -> Self {
        let types = types_of(std::slice::from_ref(value));
        Self { values: Some(BTreeSet::from([text.to_owned()])), ..Self::unknown(types) }
    }

    /// The facts of values that fit both schemas.
    fn and(mut self, other: Self) -> Self {
        self.types &= other.types;
        self.values = self.values.or(other.values);
        self.required.extend(other.required);
        self.fields = self.fields.or(other.fields);
        self.tags.extend(other.tags);
        self.excluded.extend(other.excluded);
        self
    }

    /// The facts of values that fit one of the schemas.
    fn or(mut self, other: Self) -> Self {
        self.types |= other.types;
        self.values = self.values.zip(other.values).map(|(mut one, other)| {
            one.extend(other);
            one
        });
        self.required.retain(|name| other.required.contains(name));
        self.fields = self.fields.zip(other.fields).map(|(mut one, other)| {
            one.extend(other);
            one
        });
        self.tags.clear();
        self.excluded.clear();
        self
    }

    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        if let (Some(one), Some(other)) = (&self.values, &other.values)
            && one.is_disjoint(other)
        {
            return true;
        }
        let shared = self.types & other.types;
        if shared & !OBJECT != 0 {
            return false;
        }
        let lacks =
            |one: &Self, other: &Self| other.fields.as_ref().is_some_and(|fields| !one.required.is_subset(fields));
        let excludes = |one: &Self, other: &Self| {
            one.tags.iter().any(|(name, values)| {
                let is_required = one.required.contains(name) || other.required.contains(name);
                let excluded = other.excluded.iter().filter(|(second, _)| second == name);
                is_required && excluded.into_iter().any(|(_, excluded)| values.is_subset(excluded))
            })
        };
        shared == 0
            || lacks(self, other)
            || lacks(other, self)
            || excludes(self, other)
            || excludes(other, self)
            || self.tags.iter().any(|(name, values)| {
                let is_required = self.required.contains(name) || other.required.contains(name);
                let others = other.tags.iter().filter(|(second, _)| second == name);
                is_required && others.into_iter().any(|(_, others)| values.is_disjoint(others))
            })
    }
}

/// Whether all are apart from each other by one look at each: by their only values, or by a required field that has other
/// values in each.
pub(super) fn are_apart_at_a_glance(all: &[&Traits<'_>]) -> bool {
    if differ(all.iter().map(|one| one.values.as_ref())) {
        return true;
    }
    let Some(first) = all.first() else { return true };
    if all.iter().any(|one| one.types & !OBJECT != 0) {
        return false;
    }
    first.tags.iter().any(|(name, _)| {
        differ(all.iter().map(|one| {
            let (_, values) = one.tags.iter().find(|(tag, _)| tag == name && one.required.contains(name))?;
            Some(values)
        }))
    })
}

/// Whether all sets are known, and no two have an element in common.
fn differ<'t>(mut sets: impl Iterator<Item = Option<&'t BTreeSet<String>>>) -> bool {
    let mut met = BTreeSet::new();
    sets.all(|set| set.is_some_and(|set| set.iter().all(|value| met.insert(value))))
}

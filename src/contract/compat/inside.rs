//! The description of the inside of one value by all of its schemas: [`Inside`].

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use serde_json::Value;

use super::document::{Document, address};
use super::keyword::{Object, Step, each_subschema};

/// How deep schemas of one value are looked for, and how many of them and of their fields are looked at.
const MAX_DEPTH: usize = 64;
const MAX_LOOKS: usize = 20_000;
/// How many are looked at for all values of a document.
const MAX_ALL_LOOKS: usize = 1_000_000;

/// The keywords for items.
const ITEMS: [&str; 4] = ["additionalItems", "items", "prefixItems", "unevaluatedItems"];

/// The fields and items of one value, as its schemas describe them together: a schema, and those that it combines.
#[derive(Clone, Debug, Default)]
pub(super) struct Inside<'a> {
    /// The listed fields, and how many schemas describe the value of each.
    fields: BTreeMap<&'a str, usize>,
    /// Whether a schema lists fields, even if there are none.
    lists_fields: bool,
    /// Whether a schema allows fields that are not listed, by a keyword.
    open: bool,
    /// How many schemas describe fields that are not listed.
    rests: usize,
    /// How many schemas describe items.
    items: usize,
}

/// The descriptions that were asked for, by the addresses of the outermost schemas.
pub(super) struct Insides<'a> {
    known: HashMap<usize, Option<Rc<Inside<'a>>>>,
    left: usize,
}

impl<'a> Insides<'a> {
    pub(super) fn new() -> Self {
        Self { known: HashMap::new(), left: MAX_ALL_LOOKS }
    }

    /// None if there is too much to look at.
    pub(super) fn of(&mut self, document: &Document<'a>, outermost: &'a Value) -> Option<Rc<Inside<'a>>> {
        let find = || {
            let budget = MAX_LOOKS.min(self.left);
            let mut left = budget;
            let found = Inside::gather(document, outermost, MAX_DEPTH, &mut left);
            self.left -= budget - left;
            found.map(Rc::new)
        };
        self.known.entry(address(outermost)).or_insert_with(find).clone()
    }
}

impl<'a> Inside<'a> {
    /// The listed fields, if no others are allowed by a keyword.
    pub(super) fn known_fields(&self) -> Option<impl Iterator<Item = &'a str>> {
        (self.lists_fields && !self.open).then(|| self.fields.keys().copied())
    }

    pub(super) fn lists(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Whether no other schema than that with these keywords, which lists the field, describes its value.
    pub(super) fn describes_once(&self, keywords: &Object, name: &str) -> bool {
        let has_patterns = !is_empty(keywords.get("patternProperties"));
        self.fields.get(name).is_none_or(|count| *count <= 1) && !has_patterns && self.rests <= rests_of(keywords)
    }

    /// Whether no other schema than that with these keywords describes the fields that it does not list.
    pub(super) fn describes_rest_once(&self, keywords: &Object) -> bool {
        let own = keywords.get("properties").and_then(Value::as_object);
        let is_own = |name: &&str| own.is_some_and(|own| own.contains_key(*name));
        self.rests <= 1 && self.fields.keys().all(is_own)
    }

    /// Whether one schema describes the items.
    pub(super) fn describes_items_once(&self) -> bool {
        self.items <= 1
    }

    fn gather(document: &Document<'a>, schema: &'a Value, depth: usize, left: &mut usize) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        *left = left.checked_sub(1)?;
        let mut all = Self::default();
        let Some(keywords) = schema.as_object() else { return Some(all) };
        if let Some(reference) = document.behind(schema) {
            all.join(Self::gather(document, reference.target, depth, left)?);
            if document.draft.is_early() {
                return Some(all);
            }
        }
        all.join(Self::of_keywords(keywords, left)?);
        let mut inner = Vec::new();
        each_subschema(keywords, |subschema, step| {
            if step.is_in_place() {
                inner.push((subschema, step));
            }
        });
        // A value is one of its alternatives.
        let (mut any, mut one) = (Self::default(), Self::default());
        for (subschema, step) in inner {
            match step {
                // `not` excludes values, and describes none.
                Step::Keyword("not") => {}
                Step::Index("anyOf", _) => any.widen(Self::gather(document, subschema, depth, left)?),
                Step::Index("oneOf", _) => one.widen(Self::gather(document, subschema, depth, left)?),
                _ => all.join(Self::gather(document, subschema, depth, left)?),
            }
        }
        all.join(any);
        all.join(one);
        Some(all)
    }

    fn of_keywords(keywords: &'a Object, left: &mut usize) -> Option<Self> {
        let properties = keywords.get("properties").and_then(Value::as_object);
        *left = left.checked_sub(properties.map_or(0, Object::len))?;
        let fields = properties.into_iter().flatten();
        let has_items = ITEMS.iter().any(|keyword| keywords.get(*keyword).is_some_and(describes));
        Some(Self {
            fields: fields.map(|(name, schema)| (name.as_str(), usize::from(describes(schema)))).collect(),
            lists_fields: properties.is_some(),
            open: !is_empty(keywords.get("patternProperties"))
                || ["additionalProperties", "unevaluatedProperties"]
                    .iter()
                    .any(|keyword| keywords.get(*keyword).is_some_and(|schema| *schema != false)),
            rests: rests_of(keywords),
            items: usize::from(has_items) + usize::from(keywords.contains_key("contains")),
        })
    }

    /// Adds what holds at the same time.
    fn join(&mut self, other: Self) {
        self.merge(other, |one, other| one + other);
    }

    /// Adds what may hold instead.
    fn widen(&mut self, other: Self) {
        self.merge(other, usize::max);
    }

    fn merge(&mut self, other: Self, count: fn(usize, usize) -> usize) {
        for (name, times) in other.fields {
            let known = self.fields.entry(name).or_default();
            *known = count(*known, times);
        }
        self.lists_fields |= other.lists_fields;
        self.open |= other.open;
        self.rests = count(self.rests, other.rests);
        self.items = count(self.items, other.items);
    }
}

/// How many keywords describe fields that are not listed.
fn rests_of(keywords: &Object) -> usize {
    let described = ["additionalProperties", "unevaluatedProperties"]
        .iter()
        .filter(|keyword| keywords.get(**keyword).is_some_and(describes));
    described.count() + usize::from(!is_empty(keywords.get("patternProperties")))
}

/// Whether a schema says anything of the values that it accepts.
fn describes(schema: &Value) -> bool {
    !matches!(schema, Value::Bool(_)) && !is_empty(Some(schema))
}

fn is_empty(object: Option<&Value>) -> bool {
    object.and_then(Value::as_object).is_none_or(Object::is_empty) && !object.is_some_and(Value::is_array)
}

//! Objects: fields, unknown fields, and how many.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;

use super::comparison::Comparison;
use super::document::{Document, Draft};
use super::form::{Form, Part, Typed};
use super::keyword::{Object, token};
use super::mode::Policy;
use super::outcome::Outcome;
use super::rule::{self, Rule};
use super::traits::has_dependent_schemas;

/// The fields or items that are allowed beside the described ones.
#[derive(Clone, Copy)]
pub(super) enum Rest<'a> {
    Open,
    Closed,
    Schema(&'a Value),
}

impl<'a> Rest<'a> {
    pub(super) fn of(keyword: Option<&'a Value>) -> Self {
        match keyword {
            None | Some(Value::Bool(true)) => Self::Open,
            Some(Value::Bool(false)) => Self::Closed,
            Some(schema) => Self::Schema(schema),
        }
    }

    pub(super) fn schema(self) -> Option<&'a Value> {
        match self {
            Self::Schema(schema) => Some(schema),
            Self::Open | Self::Closed => None,
        }
    }
}

struct Fields<'a> {
    keywords: &'a Object,
    properties: BTreeMap<&'a str, &'a Value>,
    patterns: Vec<Pattern<'a>>,
    required: BTreeSet<&'a str>,
    rest: Rest<'a>,
    /// Whether `rest` says all that `unevaluatedProperties` says.
    evaluates_all: bool,
}

struct Pattern<'a> {
    text: &'a str,
    /// None if it cannot be evaluated.
    regex: Option<&'a Regex>,
    schema: &'a Value,
}

impl<'a> Fields<'a> {
    fn new(keywords: &'a Object, document: &'a Document<'a>, (rest, evaluates_all): (Rest<'a>, bool)) -> Self {
        let entries = |keyword: &str| keywords.get(keyword).and_then(Value::as_object).into_iter().flatten();
        let required = keywords.get("required").and_then(Value::as_array).into_iter().flatten();
        Self {
            keywords,
            properties: entries("properties").map(|(name, schema)| (name.as_str(), schema)).collect(),
            patterns: entries("patternProperties")
                .map(|(text, schema)| Pattern { text, regex: document.pattern(text), schema })
                .collect(),
            required: required.filter_map(Value::as_str).collect(),
            rest,
            evaluates_all,
        }
    }

    /// Whether each field without a description may have any value.
    fn is_open(&self) -> bool {
        self.patterns.is_empty() && matches!(self.rest, Rest::Open)
    }

    /// The schema of a field that has no description of its own.
    fn covering(&self, name: &str) -> Option<&'a Value> {
        let matching = self.patterns.iter().find(|pattern| pattern.matches(name));
        matching.map(|pattern| pattern.schema).or(self.rest.schema())
    }

    /// Whether a field without a description may have any value, whatever patterns there are.
    fn leaves_open(&self, name: &str) -> bool {
        matches!(self.rest, Rest::Open) && !self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    fn pattern(&self, text: &str) -> Option<&Pattern<'a>> {
        self.patterns.iter().find(|pattern| pattern.text == text)
    }

    fn keyword(&self, keyword: &str) -> Option<&'a Value> {
        self.keywords.get(keyword)
    }

    fn has_default(&self, name: &str) -> bool {
        self.properties.get(name).is_some_and(|schema| schema.get("default").is_some())
    }
}

impl Pattern<'_> {
    fn matches(&self, name: &str) -> bool {
        self.regex.is_some_and(|regex| regex.is_match(name))
    }
}

impl<'a> Comparison<'a> {
    pub(super) fn objects(&mut self, out: &mut Outcome<'a>, old: &Typed<'a>, new: &Typed<'a>) {
        let written = self.policy == Policy::Written;
        let old = Fields::new(old.keywords, self.writer, self.rest(old, self.writer.draft, written));
        let new = Fields::new(new.keywords, self.reader, self.rest(new, self.reader.draft, false));
        self.required(out, &old, &new);
        let names: BTreeSet<&str> = old.properties.keys().chain(new.properties.keys()).copied().collect();
        for name in names {
            let place = format!("/properties{}", token(name));
            match (old.properties.get(name).copied(), new.properties.get(name).copied()) {
                (Some(one), Some(other)) => {
                    let inner = self.schemas(one, other);
                    out.absorb(&place, &inner);
                }
                (Some(schema), None) => self.removed(out, &place, (name, schema), &new),
                (None, Some(schema)) => self.added(out, &place, (name, schema), &old, &new),
                (None, None) => {}
            }
        }
        self.patterns(out, &old, &new);
        self.dependencies(out, &old, &new);
        self.unknown_fields(out, &old, &new);
        self.names(out, &old, &new);
        let both = |keyword: &str| (old.keyword(keyword), new.keyword(keyword));
        self.limit(
            out,
            "maxProperties",
            both("maxProperties"),
            [
                rule::MAX_PROPERTIES_ADDED,
                rule::MAX_PROPERTIES_REMOVED,
                rule::MAX_PROPERTIES_INCREASED,
                rule::MAX_PROPERTIES_DECREASED,
            ],
        );
        self.limit(
            out,
            "minProperties",
            both("minProperties"),
            [
                rule::MIN_PROPERTIES_ADDED,
                rule::MIN_PROPERTIES_REMOVED,
                rule::MIN_PROPERTIES_INCREASED,
                rule::MIN_PROPERTIES_DECREASED,
            ],
        );
    }

    /// The unknown fields, and whether `unevaluatedProperties` says no more of them.
    fn rest(&self, object: &Typed<'a>, draft: Draft, written: bool) -> (Rest<'a>, bool) {
        if let Some(schema) = object.keywords.get("additionalProperties") {
            return (Rest::of(Some(schema)), true);
        }
        // Schemas for the same value, beside this one or of `dependentSchemas`, describe fields too.
        let alone = object.sole && !has_dependent_schemas(object.keywords);
        let counts = !self.policy.proves() || (alone && !draft.is_early());
        match object.keywords.get("unevaluatedProperties").filter(|_| counts) {
            Some(schema) => (Rest::of(Some(schema)), alone && self.policy.proves()),
            None if written && alone && object.keywords.contains_key("properties") => (Rest::Closed, false),
            None => (Rest::Open, false),
        }
    }

    fn required(&self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        for (name, schema) in &old.properties {
            let Some(new_schema) = new.properties.get(name) else { continue };
            let rule = match (old.required.contains(name), new.required.contains(name)) {
                (true, false) => rule::REQUIRED_ATTRIBUTE_REMOVED,
                (false, true) if new.has_default(name) => rule::REQUIRED_ATTRIBUTE_WITH_DEFAULT_ADDED,
                (false, true) => rule::REQUIRED_ATTRIBUTE_ADDED,
                _ => continue,
            };
            self.note(out, &format!("/required{}", token(name)), rule, Some(*schema), Some(*new_schema));
        }
        // Names that the registry does not look at, because one side or both do not describe them.
        for name in new.required.difference(&old.required) {
            let is_described = new.properties.contains_key(name)
                && (old.properties.contains_key(name) || !self.accepts_all(new.properties[name]));
            if !is_described {
                self.note(out, &format!("/required{}", token(name)), rule::REQUIRED_NAME_ADDED, None, None);
            }
        }
    }

    /// A field that the reader does not describe.
    fn removed(&mut self, out: &mut Outcome<'a>, place: &str, (name, schema): (&'a str, &'a Value), new: &Fields<'a>) {
        let rule = if new.is_open() {
            rule::PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL
        } else if let Some(covering) = new.covering(name) {
            let inner = self.schemas(schema, covering);
            out.absorb(place, &inner);
            if inner.breaks {
                rule::PROPERTY_REMOVED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
            } else {
                rule::PROPERTY_REMOVED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
            }
        } else if self.policy.proves() && new.leaves_open(name) {
            rule::PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL
        } else if matches!(self.writer.form(Part::whole(schema)).1, Form::Nothing) {
            rule::PROPERTY_WITH_FALSE_REMOVED_FROM_CLOSED_CONTENT_MODEL
        } else {
            rule::PROPERTY_REMOVED_FROM_CLOSED_CONTENT_MODEL
        };
        self.note(out, place, rule, Some(schema), None);
    }

    /// A field that the writer does not describe.
    fn added(
        &mut self,
        out: &mut Outcome<'a>,
        place: &str,
        (name, schema): (&'a str, &'a Value),
        old: &Fields<'a>,
        new: &Fields<'a>,
    ) {
        // The registry does not look at names that the writer requires without a description.
        let known = self.policy.proves() && old.required.contains(name);
        let is_required = new.required.contains(name) && !known;
        let choose = |optional: Rule, with_default: Rule, required: Rule| match (is_required, new.has_default(name)) {
            (false, _) => optional,
            (true, true) => with_default,
            (true, false) => required,
        };
        if old.is_open() {
            let rule = if self.accepts_all(schema) {
                rule::PROPERTY_WITH_EMPTY_SCHEMA_ADDED_TO_OPEN_CONTENT_MODEL
            } else {
                choose(
                    rule::OPTIONAL_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL,
                    rule::REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_OPEN_CONTENT_MODEL,
                    rule::REQUIRED_PROPERTY_ADDED_TO_OPEN_CONTENT_MODEL,
                )
            };
            return self.note(out, place, rule, None, Some(schema));
        }
        if let Some(covering) = old.covering(name) {
            let inner = self.schemas(covering, schema);
            out.absorb(place, &inner);
            let rule = if inner.breaks {
                rule::PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
            } else {
                rule::PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
            };
            self.note(out, place, rule, Some(covering), Some(schema));
        } else if old.leaves_open(name) && !self.accepts_all(schema) {
            // The registry takes an object with patterns for one without unknown fields.
            self.note(out, place, rule::PROPERTY_ADDED_BESIDE_PATTERNS, None, Some(schema));
        }
        let rule = choose(
            rule::OPTIONAL_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
            rule::REQUIRED_PROPERTY_WITH_DEFAULT_ADDED_TO_UNOPEN_CONTENT_MODEL,
            rule::REQUIRED_PROPERTY_ADDED_TO_UNOPEN_CONTENT_MODEL,
        );
        self.note(out, place, rule, None, Some(schema));
    }

    fn accepts_all(&self, schema: &'a Value) -> bool {
        matches!(self.reader.form(Part::whole(schema)).1, Form::Anything)
    }

    fn unknown_fields(&mut self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        let sides = (old.keyword("additionalProperties"), new.keyword("additionalProperties"));
        let rule = match (old.rest, new.rest) {
            (Rest::Closed, Rest::Closed) | (Rest::Open, Rest::Open) => None,
            (Rest::Closed, _) => Some(rule::ADDITIONAL_PROPERTIES_ADDED),
            (_, Rest::Closed) => Some(rule::ADDITIONAL_PROPERTIES_REMOVED),
            (Rest::Open, Rest::Schema(_)) => Some(rule::ADDITIONAL_PROPERTIES_NARROWED),
            (Rest::Schema(_), Rest::Open) => Some(rule::ADDITIONAL_PROPERTIES_EXTENDED),
            (Rest::Schema(one), Rest::Schema(other)) => {
                let inner = self.schemas(one, other);
                out.absorb("/additionalProperties", &inner);
                None
            }
        };
        if let Some(rule) = rule {
            self.note(out, "/additionalProperties", rule, sides.0, sides.1);
        }
        let is_limit = |schema: &Value| !matches!(schema, Value::Bool(true));
        let unevaluated = new.keyword("unevaluatedProperties").filter(|schema| is_limit(schema) && !new.evaluates_all);
        if let Some(schema) = unevaluated {
            let before = old.keyword("unevaluatedProperties");
            let place = "/unevaluatedProperties";
            self.note(out, place, rule::UNEVALUATED_PROPERTIES_CHANGED, before, Some(schema));
        }
    }

    /// The registry does not compare them.
    fn patterns(&mut self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        for pattern in &new.patterns {
            let place = format!("/patternProperties{}", token(pattern.text));
            let reads = match old.pattern(pattern.text) {
                Some(same) => self.reads(same.schema, pattern.schema),
                None if self.accepts_all(pattern.schema) => true,
                // The fields of a closed object are known.
                None if matches!(old.rest, Rest::Closed) && old.patterns.is_empty() && pattern.regex.is_some() => old
                    .properties
                    .iter()
                    .all(|(name, schema)| !pattern.matches(name) || self.reads(schema, pattern.schema)),
                None => false,
            };
            if !reads {
                let before = old.pattern(pattern.text).map(|same| same.schema);
                self.note(out, &place, rule::PATTERN_PROPERTIES_CHANGED, before, Some(pattern.schema));
            }
        }
        for pattern in old.patterns.iter().filter(|pattern| new.pattern(pattern.text).is_none()) {
            let reads = match new.rest {
                Rest::Open => true,
                Rest::Closed => false,
                Rest::Schema(schema) => self.reads(pattern.schema, schema),
            };
            if !reads {
                let place = format!("/patternProperties{}", token(pattern.text));
                self.note(out, &place, rule::PATTERN_PROPERTIES_REMOVED, Some(pattern.schema), None);
            }
        }
        for pattern in old.patterns.iter().chain(&new.patterns).filter(|pattern| pattern.regex.is_none()) {
            let place = format!("/patternProperties{}", token(pattern.text));
            let side = |fields: &Fields<'a>| fields.pattern(pattern.text).map(|pattern| pattern.schema);
            self.note(out, &place, rule::PATTERN_UNREADABLE, side(old), side(new));
        }
    }

    /// The registry does not compare them.
    fn names(&mut self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        let Some(names) = new.keyword("propertyNames") else { return };
        let before = old.keyword("propertyNames");
        let reads = match before {
            Some(before) => self.reads(before, names),
            None => self.accepts_all(names),
        };
        if !reads {
            self.note(out, "/propertyNames", rule::PROPERTY_NAMES_CHANGED, before, Some(names));
        }
    }

    fn dependencies(&mut self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        let (old, new) = (dependencies(old.keywords, self.writer.draft), dependencies(new.keywords, self.reader.draft));
        let none = Dependency::default();
        let names: BTreeSet<&str> = old.keys().chain(new.keys()).copied().collect();
        for name in names {
            let place = format!("/dependencies{}", token(name));
            let (before, after) = (old.get(name).unwrap_or(&none), new.get(name).unwrap_or(&none));
            let rule = match (&before.names, &after.names) {
                (None, None) => None,
                (None, Some(_)) => Some(rule::DEPENDENCY_ARRAY_ADDED),
                (Some(_), None) => Some(rule::DEPENDENCY_ARRAY_REMOVED),
                (Some((_, before)), Some((_, after))) if before == after => None,
                (Some((_, before)), Some((_, after))) if after.is_superset(before) => {
                    Some(rule::DEPENDENCY_ARRAY_EXTENDED)
                }
                (Some((_, before)), Some((_, after))) if after.is_subset(before) => {
                    Some(rule::DEPENDENCY_ARRAY_NARROWED)
                }
                _ => Some(rule::DEPENDENCY_ARRAY_CHANGED),
            };
            if let Some(rule) = rule {
                let side = |names: &Option<(&'a Value, BTreeSet<&'a str>)>| names.as_ref().map(|(list, _)| *list);
                self.note(out, &place, rule, side(&before.names), side(&after.names));
            }
            match (before.schemas.as_slice(), after.schemas.as_slice()) {
                ([], []) => {}
                ([old, ..], []) => self.note(out, &place, rule::DEPENDENCY_SCHEMA_REMOVED, Some(*old), None),
                ([], [new, ..]) => self.note(out, &place, rule::DEPENDENCY_SCHEMA_ADDED, None, Some(*new)),
                ([old], [new]) => {
                    let inner = self.compare(Part::beside(old), Part::beside(new));
                    out.absorb(&place, &inner);
                }
                (old, new) => {
                    for schema in new {
                        if !old.iter().any(|known| self.same_value(known, schema)) {
                            self.note(out, &place, rule::DEPENDENCY_SCHEMA_ADDED, None, Some(*schema));
                        }
                    }
                }
            }
        }
    }
}

/// The requirements for an object that has a field.
#[derive(Default)]
struct Dependency<'a> {
    /// The first list, and the names of all.
    names: Option<(&'a Value, BTreeSet<&'a str>)>,
    schemas: Vec<&'a Value>,
}

fn dependencies(keywords: &Object, draft: Draft) -> BTreeMap<&str, Dependency<'_>> {
    let known: &[&str] = match draft {
        _ if draft.is_early() => &["dependencies"],
        _ => &["dependencies", "dependentRequired", "dependentSchemas"],
    };
    let mut found: BTreeMap<&str, Dependency<'_>> = BTreeMap::new();
    for keyword in known {
        for (name, value) in keywords.get(*keyword).and_then(Value::as_object).into_iter().flatten() {
            let dependency = found.entry(name).or_default();
            match value.as_array() {
                Some(names) => {
                    let (_, all) = dependency.names.get_or_insert_with(|| (value, BTreeSet::new()));
                    all.extend(names.iter().filter_map(Value::as_str));
                }
                None => dependency.schemas.push(value),
            }
        }
    }
    found
}

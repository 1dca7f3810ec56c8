//! Objects: fields, unknown fields, and how many.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use regex::Regex;
use serde_json::Value;

use super::comparison::Comparison;
use super::document::{Document, Draft};
use super::form::{Form, Part, Typed};
use super::inside::Inside;
use super::keyword::{Object, token};
use super::mode::Policy;
use super::outcome::Outcome;
use super::rule::{self, Rule};
use super::traits::has_dependent_schemas;

/// The limits, with the rules for one that is added, removed, increased and decreased.
const LIMITS: [(&str, [Rule; 4]); 2] = [
    (
        "maxProperties",
        [
            rule::MAX_PROPERTIES_ADDED,
            rule::MAX_PROPERTIES_REMOVED,
            rule::MAX_PROPERTIES_INCREASED,
            rule::MAX_PROPERTIES_DECREASED,
        ],
    ),
    (
        "minProperties",
        [
            rule::MIN_PROPERTIES_ADDED,
            rule::MIN_PROPERTIES_REMOVED,
            rule::MIN_PROPERTIES_INCREASED,
            rule::MIN_PROPERTIES_DECREASED,
        ],
    ),
];

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
    surroundings: Surroundings<'a>,
}

/// The other schemas of the same object.
enum Surroundings<'a> {
    /// They do not matter.
    Ignored,
    Unknown,
    Known(Rc<Inside<'a>>),
}

struct Pattern<'a> {
    text: &'a str,
    /// None if it cannot be evaluated.
    regex: Option<&'a Regex>,
    schema: &'a Value,
}

impl<'a> Fields<'a> {
    fn new(
        keywords: &'a Object,
        document: &'a Document<'a>,
        (rest, evaluates_all): (Rest<'a>, bool),
        surroundings: Surroundings<'a>,
    ) -> Self {
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
            surroundings,
        }
    }

    /// All fields of the object, if it has no others.
    fn known(&self) -> Option<&Inside<'a>> {
        match &self.surroundings {
            Surroundings::Known(inside) if matches!(self.rest, Rest::Open) && inside.known_fields().is_some() => {
                Some(inside)
            }
            _ => None,
        }
    }

    /// Whether a field without a description may be there, with any value.
    fn is_open_to(&self, name: &str) -> bool {
        self.patterns.is_empty() && self.leaves_open(name)
    }

    /// The same, whatever patterns there are.
    fn leaves_open(&self, name: &str) -> bool {
        matches!(self.rest, Rest::Open)
            && self.known().is_none_or(|inside| inside.lists(name))
            && !self.patterns.iter().any(|pattern| pattern.matches(name))
    }

    /// The schema of a field that has no description of its own.
    fn covering(&self, name: &str) -> Option<Part<'a>> {
        match self.patterns.iter().find(|pattern| pattern.matches(name)) {
            Some(pattern) => Some(self.pattern_part(pattern.schema)),
            None => self.rest.schema().map(|schema| self.rest_part(schema)),
        }
    }

    /// The schema of a field that it lists.
    fn property_part(&self, name: &str, schema: &'a Value) -> Part<'a> {
        self.part(schema, |inside| inside.describes_once(self.keywords, name))
    }

    fn rest_part(&self, schema: &'a Value) -> Part<'a> {
        self.part(schema, |inside| inside.describes_rest_once(self.keywords))
    }

    /// Another pattern may match, too.
    fn pattern_part(&self, schema: &'a Value) -> Part<'a> {
        self.part(schema, |_| false)
    }

    fn part(&self, schema: &'a Value, is_alone: impl FnOnce(&Inside<'a>) -> bool) -> Part<'a> {
        match &self.surroundings {
            Surroundings::Ignored => Part::whole(schema),
            Surroundings::Known(inside) if is_alone(inside) => Part::whole(schema),
            Surroundings::Known(_) | Surroundings::Unknown => Part::among_others(schema),
        }
    }

    /// The names that other schemas of the object list.
    fn names_beside(&self) -> Option<impl Iterator<Item = &'a str>> {
        let known = self.known()?.known_fields()?;
        Some(known.filter(|name| !self.properties.contains_key(name)))
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
        let around = self.surroundings(old);
        let old = Fields::new(old.keywords, self.writer, self.rest(old, self.writer.draft), around);
        let new = Fields::new(new.keywords, self.reader, self.rest(new, self.reader.draft), Surroundings::Ignored);
        self.required(out, &old, &new);
        let names: BTreeSet<&str> = old.properties.keys().chain(new.properties.keys()).copied().collect();
        for name in names {
            let place = format!("/properties{}", token(name));
            match (old.properties.get(name).copied(), new.properties.get(name).copied()) {
                (Some(one), Some(other)) => {
                    let inner = self.compare(old.property_part(name, one), Part::whole(other));
                    out.absorb(&place, &inner);
                }
                (Some(schema), None) => self.removed(out, &place, (name, schema), &old, &new),
                (None, Some(schema)) => self.added(out, &place, (name, schema), &old, &new),
                (None, None) => {}
            }
        }
        self.patterns(out, &old, &new);
        self.dependencies(out, &old, &new);
        self.unknown_fields(out, &old, &new);
        self.names(out, &old, &new);
        for (keyword, rules) in LIMITS {
            self.limit(out, keyword, (old.keyword(keyword), new.keyword(keyword)), rules);
        }
    }

    fn surroundings(&mut self, written: &Typed<'a>) -> Surroundings<'a> {
        if !self.policy.knows_fields() {
            return Surroundings::Ignored;
        }
        let inside = written.outermost.and_then(|outermost| self.insides.of(self.writer, outermost));
        inside.map_or(Surroundings::Unknown, Surroundings::Known)
    }

    /// The unknown fields, and whether `unevaluatedProperties` says no more of them.
    fn rest(&self, object: &Typed<'a>, draft: Draft) -> (Rest<'a>, bool) {
        if let Some(schema) = object.keywords.get("additionalProperties") {
            return (Rest::of(Some(schema)), true);
        }
        // Schemas for the same value, beside this one or of `dependentSchemas`, describe fields too.
        let alone = object.sole && !has_dependent_schemas(object.keywords);
        let counts = !self.policy.proves() || (alone && !draft.is_early());
        match object.keywords.get("unevaluatedProperties").filter(|_| counts) {
            Some(schema) => (Rest::of(Some(schema)), alone && self.policy.proves()),
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
    fn removed(
        &mut self,
        out: &mut Outcome<'a>,
        place: &str,
        (name, schema): (&'a str, &'a Value),
        old: &Fields<'a>,
        new: &Fields<'a>,
    ) {
        let rule = if new.is_open_to(name) {
            rule::PROPERTY_REMOVED_FROM_OPEN_CONTENT_MODEL
        } else if let Some(covering) = new.covering(name) {
            let inner = self.compare(old.property_part(name, schema), covering);
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
        if old.is_open_to(name) {
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
            let inner = self.compare(covering, Part::whole(schema));
            out.absorb(place, &inner);
            let rule = if inner.breaks {
                rule::PROPERTY_ADDED_NOT_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
            } else {
                rule::PROPERTY_ADDED_IS_COVERED_BY_PARTIALLY_OPEN_CONTENT_MODEL
            };
            self.note(out, place, rule, Some(covering.value), Some(schema));
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
        // The fields that other schemas list are known, if the reader lists them here.
        let is_listed =
            |name: &str| new.properties.contains_key(name) || new.patterns.iter().any(|pattern| pattern.matches(name));
        let is_closed =
            self.policy == Policy::Written && old.names_beside().is_some_and(|mut names| names.all(is_listed));
        let rest = if is_closed { Rest::Closed } else { old.rest };
        let rule = match (rest, new.rest) {
            (Rest::Closed, Rest::Closed) | (Rest::Open, Rest::Open) => None,
            (Rest::Closed, _) => Some(rule::ADDITIONAL_PROPERTIES_ADDED),
            (_, Rest::Closed) => Some(rule::ADDITIONAL_PROPERTIES_REMOVED),
            (Rest::Open, Rest::Schema(_)) => Some(rule::ADDITIONAL_PROPERTIES_NARROWED),
            (Rest::Schema(_), Rest::Open) => Some(rule::ADDITIONAL_PROPERTIES_EXTENDED),
            (Rest::Schema(one), Rest::Schema(other)) => {
                let inner = self.compare(old.rest_part(one), Part::whole(other));
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
                Some(same) => self.reads(old.pattern_part(same.schema), pattern.schema),
                None if self.accepts_all(pattern.schema) => true,
                // The fields of a closed object are known.
                None if self.has_no_others(old, pattern) => old.properties.iter().all(|(name, schema)| {
                    !pattern.matches(name) || self.reads(old.property_part(name, schema), pattern.schema)
                }),
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
                Rest::Schema(schema) => self.reads(old.pattern_part(pattern.schema), schema),
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

    /// Whether no field but those that the writer's schema lists may match a pattern.
    fn has_no_others(&self, old: &Fields<'a>, pattern: &Pattern<'a>) -> bool {
        let is_closed = match old.rest {
            Rest::Closed => old.patterns.is_empty(),
            _ if self.policy != Policy::Written => false,
            _ => old.names_beside().is_some_and(|mut names| !names.any(|name| pattern.matches(name))),
        };
        is_closed && pattern.regex.is_some()
    }

    /// The registry does not compare them.
    fn names(&mut self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        let Some(names) = new.keyword("propertyNames") else { return };
        let before = old.keyword("propertyNames");
        let reads = match before {
            Some(before) => self.reads(Part::whole(before), names),
            None => self.accepts_all(names),
        };
        if !reads {
            self.note(out, "/propertyNames", rule::PROPERTY_NAMES_CHANGED, before, Some(names));
        }
    }

    fn dependencies(&mut self, out: &mut Outcome<'a>, old: &Fields<'a>, new: &Fields<'a>) {
        // Since 2019-09 `dependencies` is no keyword of a draft, though validators may still know it.
        let is_kept =
            !self.policy.proves() || matches!(self.writer.draft, Draft::Unnamed) || self.writer.draft.is_early();
        let old = dependencies(old.keywords, self.writer.draft, is_kept);
        let new = dependencies(new.keywords, self.reader.draft, true);
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

/// `is_kept` tells whether `dependencies` counts.
fn dependencies(keywords: &Object, draft: Draft, is_kept: bool) -> BTreeMap<&str, Dependency<'_>> {
    let known: &[&str] = match draft {
        _ if draft.is_early() => &["dependencies"],
        _ if !is_kept => &["dependentRequired", "dependentSchemas"],
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

//! The comparison of two schemas: [`Comparison`].
//!
//! Schemas may contain themselves, so the verdict on a pair may depend on itself. All pairs that are met are taken to be
//! compatible at first; each that turns out to be incompatible lets those that depend on it be judged again. Each kind of
//! schema is judged in a file of its own, by methods of [`Comparison`], which look no deeper than one level.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use super::document::{Document, has_none_of};
use super::form::{Criterion, Form, Part, PartId, Typed};
use super::inside::Insides;
use super::mode::Policy;
use super::outcome::{Change, Inner, Outcome, collect};
use super::rule::{self, Rule};
use super::schema_error::SchemaError;
use super::traits::{Look, MAX_DEPTH, Traits};
use super::values::{canonical, order};

/// How many steps a comparison may take, and how many pairs of schemas it may look at, each of which takes memory.
const MAX_STEPS: usize = 2_000_000;
const MAX_PAIRS: usize = 500_000;

/// The lower limits that are 0 without the keyword.
const COUNTS: [&str; 3] = ["minItems", "minLength", "minProperties"];

struct Pair {
    /// The numbers of the parts.
    writer: usize,
    reader: usize,
    /// Whether the writer is the reader of the whole comparison.
    turned: bool,
    breaks: bool,
    /// Whether it is to be judged.
    waits: bool,
    /// The pairs whose verdict depends on this one.
    dependents: Vec<usize>,
}

/// The comparison of the schema of a writer with that of a reader.
pub(super) struct Comparison<'a> {
    /// The writer of the pair at hand.
    pub(super) writer: &'a Document<'a>,
    pub(super) reader: &'a Document<'a>,
    /// The policy for the pair at hand.
    pub(super) policy: Policy,
    /// The policy for pairs that are not turned.
    asked: Policy,
    /// Whether writer and reader are exchanged, inside a `not`.
    turned: bool,
    /// The references that do not mean the same on both sides.
    unlike: BTreeSet<&'a str>,
    parts: Vec<Part<'a>>,
    part_numbers: HashMap<PartId<'a>, usize>,
    numbers: HashMap<(usize, usize, bool), usize>,
    pairs: Vec<Pair>,
    waiting: VecDeque<usize>,
    /// The facts about parts, by the address of their document and whether their objects have no unknown fields.
    traits: HashMap<(usize, bool, PartId<'a>), Rc<Traits<'a>>>,
    pub(super) insides: Insides<'a>,
    /// The canonical texts of the values of each `enum`, by its address.
    texts: HashMap<usize, Rc<HashSet<String>>>,
    /// The pair at hand.
    at: usize,
    steps: usize,
}

impl<'a> Comparison<'a> {
    /// The changes, and whether there are more; only the incompatible ones unless `all` are wanted.
    pub(super) fn changes(
        writer: &'a Document<'a>,
        reader: &'a Document<'a>,
        policy: Policy,
        all: bool,
    ) -> Result<(Vec<Change<'a>>, bool), SchemaError> {
        let mut comparison = Self {
            writer,
            reader,
            policy,
            asked: policy,
            turned: false,
            unlike: writer.unlike(reader),
            parts: Vec::new(),
            part_numbers: HashMap::new(),
            numbers: HashMap::new(),
            pairs: Vec::new(),
            waiting: VecDeque::new(),
            traits: HashMap::new(),
            insides: Insides::new(),
            texts: HashMap::new(),
            at: 0,
            steps: 0,
        };
        let root = comparison.compare(Part::whole(writer.root), Part::whole(reader.root));
        comparison.judge_all();
        if comparison.is_exhausted() {
            return Err(SchemaError::entangled(MAX_STEPS));
        }
        // All verdicts are known now: judging a pair again finds its changes, which were not kept.
        comparison.steps = 0;
        if !all && !comparison.pairs[root.pair].breaks {
            return Ok((Vec::new(), false));
        }
        Ok(collect(root.pair, all, |pair| comparison.outcome(pair).items))
    }

    fn judge_all(&mut self) {
        while let Some(at) = self.waiting.pop_front() {
            if self.is_exhausted() {
                return;
            }
            self.pairs[at].waits = false;
            let breaks = self.outcome(at).breaks;
            if breaks && !std::mem::replace(&mut self.pairs[at].breaks, true) {
                for dependent in std::mem::take(&mut self.pairs[at].dependents) {
                    if !std::mem::replace(&mut self.pairs[dependent].waits, true) {
                        self.waiting.push_back(dependent);
                    }
                }
            }
        }
    }

    /// Judges a pair by the verdicts that are known so far.
    fn outcome(&mut self, at: usize) -> Outcome<'a> {
        let Pair { writer, reader, turned, .. } = self.pairs[at];
        if turned != self.turned {
            self.turned = turned;
            std::mem::swap(&mut self.writer, &mut self.reader);
            // Inside a `not` the writer's schema is the reader's, whose fields are not known.
            self.policy = self.policy_for(turned);
        }
        self.at = at;
        self.judge_pair(self.parts[writer], self.parts[reader])
    }

    fn judge_pair(&mut self, writer: Part<'a>, reader: Part<'a>) -> Outcome<'a> {
        let mut out = Outcome::default();
        if self.same(writer, reader) {
            return out;
        }
        let (old, new) = (self.writer.bare_definition(writer), self.reader.bare_definition(reader));
        if old.is_some() || new.is_some() {
            self.definitions(&mut out, (writer, old), (reader, new));
            return out;
        }
        if writer.whole && reader.whole {
            self.annotations(&mut out, writer.value, reader.value);
        }
        let (old, new) = (self.writer.definition(writer), self.reader.definition(reader));
        if old.is_some() || new.is_some() {
            self.definitions(&mut out, (writer, old), (reader, new));
            return out;
        }
        let (writer, writer_form) = self.writer.form(writer);
        let (reader, reader_form) = self.reader.form(reader);
        let judged = self.judge(writer, &writer_form, reader, &reader_form);
        out.breaks |= judged.breaks;
        out.items.extend(judged.items);
        out
    }

    /// Compares the schemas behind references.
    fn definitions(
        &mut self,
        out: &mut Outcome<'a>,
        (writer, old): (Part<'a>, Option<(&'a str, Part<'a>)>),
        (reader, new): (Part<'a>, Option<(&'a str, Part<'a>)>),
    ) {
        let shared = old.zip(new).and_then(|((old, _), (new, _))| (old == new).then_some(new));
        let behind = |named: Option<(&'a str, Part<'a>)>, part| named.map_or(part, |(_, definition)| definition);
        let inner = self.compare(behind(old, writer), behind(new, reader));
        out.absorb_definition("", &inner, shared);
    }

    /// Whether the reader's schema accepts what the writer's accepts.
    pub(super) fn reads(&mut self, writer: Part<'a>, reader: &'a Value) -> bool {
        !self.compare(writer, Part::whole(reader)).breaks
    }

    /// The verdict on two schemas, as far as it is known.
    pub(super) fn compare(&mut self, writer: Part<'a>, reader: Part<'a>) -> Inner {
        self.number(writer, reader, self.turned)
    }

    fn policy_for(&self, turned: bool) -> Policy {
        if turned && self.asked.proves() { Policy::Exact } else { self.asked }
    }

    fn number(&mut self, writer: Part<'a>, reader: Part<'a>, turned: bool) -> Inner {
        self.spend(1);
        let writer = if self.policy_for(turned).knows_fields() { writer } else { writer.without_surroundings() };
        let (writer, reader) = (self.part_number(writer), self.part_number(reader.without_surroundings()));
        let next = self.pairs.len();
        let pair = *self.numbers.entry((writer, reader, turned)).or_insert(next);
        if pair == next {
            self.pairs.push(Pair { writer, reader, turned, breaks: false, waits: true, dependents: Vec::new() });
            self.waiting.push_back(pair);
        }
        let known = &mut self.pairs[pair];
        if !known.breaks && known.dependents.last() != Some(&self.at) {
            known.dependents.push(self.at);
        }
        Inner { pair, breaks: known.breaks }
    }

    fn part_number(&mut self, part: Part<'a>) -> usize {
        let next = self.parts.len();
        let number = *self.part_numbers.entry(part.id()).or_insert(next);
        if number == next {
            self.parts.push(part);
        }
        number
    }

    pub(super) fn spend(&mut self, steps: usize) {
        self.steps = self.steps.saturating_add(steps);
    }

    /// Whether the comparison has taken too many steps, so that its verdict does not count.
    pub(super) fn is_exhausted(&self) -> bool {
        self.steps > MAX_STEPS || self.pairs.len() > MAX_PAIRS
    }

    /// The facts about what the writer writes.
    pub(super) fn writer_traits(&mut self, part: Part<'a>, written: bool) -> Rc<Traits<'a>> {
        self.traits_in(self.writer, part, written)
    }

    /// The facts about what the reader accepts.
    pub(super) fn reader_traits(&mut self, part: Part<'a>) -> Rc<Traits<'a>> {
        self.traits_in(self.reader, part, false)
    }

    fn traits_in(&mut self, document: &'a Document<'a>, part: Part<'a>, written: bool) -> Rc<Traits<'a>> {
        let part = if written { part } else { part.without_surroundings() };
        let key = (std::ptr::from_ref(document).addr(), written, part.id());
        if let Some(known) = self.traits.get(&key) {
            return Rc::clone(known);
        }
        let mut look = Look::new(document, written.then_some(&mut self.insides));
        let traits = Rc::new(look.traits(part, MAX_DEPTH));
        let steps = look.steps();
        self.spend(steps);
        self.traits.insert(key, Rc::clone(&traits));
        traits
    }

    /// The canonical texts of the values of an `enum`.
    pub(super) fn enum_texts(&mut self, values: &[Value]) -> Rc<HashSet<String>> {
        let texts = || Rc::new(values.iter().map(canonical).collect());
        Rc::clone(self.texts.entry(values.as_ptr().addr()).or_insert_with(texts))
    }

    /// Whether both are the same text, with references to the same text.
    pub(super) fn same(&self, writer: Part<'a>, reader: Part<'a>) -> bool {
        self.writer.draft == self.reader.draft && writer.is_like(&reader) && has_none_of(writer.value, &self.unlike)
    }

    pub(super) fn same_value(&self, writer: &'a Value, reader: &'a Value) -> bool {
        self.same(Part::whole(writer), Part::whole(reader))
    }

    fn judge(
        &mut self,
        writer: Part<'a>,
        writer_form: &Form<'a>,
        reader: Part<'a>,
        reader_form: &Form<'a>,
    ) -> Outcome<'a> {
        if let Some(outcome) = self.alone_and_combined(writer, writer_form, reader, reader_form) {
            return outcome;
        }
        if self.policy.proves()
            && let Some(outcome) = self.null_removed((writer, writer_form), reader)
        {
            return outcome;
        }
        if let (Form::Combined(old, old_parts), Form::Combined(new, new_parts)) = (writer_form, reader_form) {
            return self.combined((*old, old_parts), (*new, new_parts), (writer, reader));
        }
        let mut out = Outcome::default();
        let is_judged = self.same_form(&mut out, (writer, writer_form), (reader, reader_form))
            || (self.policy.proves() && self.proof(&mut out, (writer, writer_form), (reader, reader_form)));
        if !is_judged {
            self.other_form(&mut out, writer, reader);
        }
        out
    }

    fn combined(
        &mut self,
        old: (Criterion, &[Part<'a>]),
        new: (Criterion, &[Part<'a>]),
        sides: (Part<'a>, Part<'a>),
    ) -> Outcome<'a> {
        let mut out = Outcome::default();
        self.combinations(&mut out, old, new, sides);
        if out.breaks
            && self.policy.proves()
            && let Some(proof) = self.part_by_part(old, new, sides)
        {
            return proof;
        }
        out
    }

    /// Compares schemas of the same form; false if they are of different ones.
    fn same_form(
        &mut self,
        out: &mut Outcome<'a>,
        (writer, writer_form): (Part<'a>, &Form<'a>),
        (reader, reader_form): (Part<'a>, &Form<'a>),
    ) -> bool {
        match (writer_form, reader_form) {
            (Form::Nothing, _) | (_, Form::Anything) | (Form::Boolean, Form::Boolean) | (Form::Null, Form::Null) => {}
            (Form::Text(old), Form::Text(new)) => {
                self.demanded(out, old, new);
                self.texts(out, old.keywords, new.keywords);
            }
            (Form::Number(old), Form::Number(new)) => {
                self.demanded(out, old, new);
                self.numbers(out, old, new);
            }
            (Form::Object(old), Form::Object(new)) => {
                self.demanded(out, old, new);
                self.objects(out, old, new);
            }
            (Form::Array(old), Form::Array(new)) => {
                self.demanded(out, old, new);
                self.arrays(out, old, new);
            }
            (Form::Enum(old), Form::Enum(new)) => self.choices(out, "/enum", old, new, writer, reader),
            (Form::Const(old), Form::Const(new)) => {
                if canonical(old) != canonical(new) {
                    self.note(out, "/const", rule::ENUM_ARRAY_CHANGED, Some(*old), Some(*new));
                }
            }
            (Form::Not(old), Form::Not(new)) => {
                // The writer must exclude all that the reader excludes.
                let narrows = !self.number(*new, *old, !self.turned).breaks;
                let rule = if narrows { rule::NOT_TYPE_NARROWED } else { rule::NOT_TYPE_EXTENDED };
                self.note(out, "/not", rule, Some(old.value), Some(new.value));
            }
            (Form::Condition, Form::Condition) => {
                let same = ["if", "then", "else"].iter().all(|keyword| {
                    match (writer.value.get(keyword), reader.value.get(keyword)) {
                        (None, None) => true,
                        (Some(old), Some(new)) => self.same_value(old, new),
                        _ => false,
                    }
                });
                if !same {
                    self.note(out, "", rule::CONDITION_CHANGED, Some(writer.value), Some(reader.value));
                }
            }
            _ => return false,
        }
        true
    }

    /// Proves something of schemas of different forms, which the registry takes for different types; false if it cannot.
    fn proof(
        &mut self,
        out: &mut Outcome<'a>,
        (writer, writer_form): (Part<'a>, &Form<'a>),
        (reader, reader_form): (Part<'a>, &Form<'a>),
    ) -> bool {
        match (writer_form, reader_form) {
            (Form::Const(old), Form::Enum(new)) => {
                self.choices(out, "", std::slice::from_ref(*old), new, writer, reader);
            }
            (Form::Enum(old), Form::Const(new)) => {
                self.choices(out, "", old, std::slice::from_ref(*new), writer, reader);
            }
            (_, Form::Not(excluded)) => {
                let (written, refused) = (self.writer_traits(writer, false), self.reader_traits(*excluded));
                if !written.is_apart_from(&refused) {
                    self.note(out, "/not", rule::NOT_TYPE_EXTENDED, None, Some(excluded.value));
                }
            }
            (_, Form::Enum(_)) => {
                self.note(out, "/enum", rule::ENUM_ARRAY_NARROWED, None, reader.value.get("enum"));
            }
            (_, Form::Condition) => {
                self.note(out, "", rule::CONDITION_CHANGED, Some(writer.value), Some(reader.value));
            }
            (Form::Anything, _) => {
                self.note(out, "", rule::SCHEMA_ADDED, Some(writer.value), Some(reader.value));
            }
            _ => return false,
        }
        true
    }

    /// A writer's schema for null and one other, against a reader's that refuses null.
    fn null_removed(&mut self, (writer, writer_form): (Part<'a>, &Form<'a>), reader: Part<'a>) -> Option<Outcome<'a>> {
        let Form::Combined(criterion @ (Criterion::Any | Criterion::One), parts) = writer_form else { return None };
        let is_null = |part: &Part<'a>| matches!(self.writer.form(*part).1, Form::Null);
        let [one, other] = parts.as_slice() else { return None };
        let (null, index, value) = match (is_null(one), is_null(other)) {
            (false, true) => (*other, 0, *one),
            (true, false) => (*one, 1, *other),
            _ => return None,
        };
        if !self.compare(null, reader).breaks {
            return None;
        }
        let mut out = Outcome::default();
        self.note(&mut out, "", rule::NULL_REMOVED, Some(writer.value), Some(reader.value));
        out.absorb(&criterion.place((index, value)), &self.compare(value, reader));
        Some(out)
    }

    /// Schemas of different forms are incompatible.
    fn other_form(&mut self, out: &mut Outcome<'a>, writer: Part<'a>, reader: Part<'a>) {
        let rule = if self.policy.proves() {
            let (written, read) = (self.writer_traits(writer, false), self.reader_traits(reader));
            if written.is_apart_from(&read) { rule::TYPE_CHANGED } else { rule::FORM_CHANGED }
        } else if is_bytes(writer.value) && is_bytes(reader.value) {
            return;
        } else {
            rule::TYPE_CHANGED
        };
        self.note(out, "", rule, Some(writer.value), Some(reader.value));
    }

    /// A schema against a combination, or a combination against a schema: one part may do.
    fn alone_and_combined(
        &mut self,
        writer: Part<'a>,
        writer_form: &Form<'a>,
        reader: Part<'a>,
        reader_form: &Form<'a>,
    ) -> Option<Outcome<'a>> {
        let proves = self.policy.proves();
        match (writer_form, reader_form) {
            // Enums are compared as sets.
            (Form::Combined(..), Form::Combined(..)) | (Form::Enum(_), Form::Enum(_)) => None,
            (Form::Nothing, _) => Some(Outcome::default()),
            (Form::Const(value), _) if proves && self.admits(reader, value) => Some(Outcome::default()),
            (Form::Enum(values), _) if proves && values.iter().all(|value| self.admits(reader, value)) => {
                Some(Outcome::default())
            }
            (_, Form::Combined(criterion, parts)) => match (criterion, parts.as_slice()) {
                (_, [only]) => compatible(self.compare(writer, *only), None),
                (Criterion::Any | Criterion::One, parts) => {
                    if proves && *criterion == Criterion::One && !self.are_disjoint(parts) {
                        return self.exactly_one(writer, parts);
                    }
                    let extended = change(rule::SUM_TYPE_EXTENDED, writer.value, reader.value);
                    parts.iter().find_map(|part| compatible(self.compare(writer, *part), Some(&extended)))
                }
                (Criterion::All, parts) if proves => {
                    let mut out = Outcome::default();
                    for part in parts {
                        out.absorb("", &self.compare(writer, *part));
                    }
                    Some(out)
                }
                (Criterion::All, _) => None,
            },
            (_, Form::Anything) => Some(Outcome::default()),
            (Form::Combined(criterion, parts), _) => match (criterion, parts.as_slice()) {
                (_, [only]) => compatible(self.compare(*only, reader), None),
                (Criterion::All, parts) => {
                    let narrowed = change(rule::PRODUCT_TYPE_NARROWED, writer.value, reader.value);
                    parts.iter().find_map(|part| compatible(self.compare(*part, reader), Some(&narrowed)))
                }
                (_, parts) if proves => self.all_read(parts.iter().map(|part| (*part, reader))),
                _ => None,
            },
            _ => None,
        }
    }

    /// Two combinations whose schemas do not pair off: all of the reader's may accept what the writer's accept together,
    /// or the reader's together what each of the writer's accepts.
    fn part_by_part(
        &mut self,
        (old, old_parts): (Criterion, &[Part<'a>]),
        (new, new_parts): (Criterion, &[Part<'a>]),
        (writer, reader): (Part<'a>, Part<'a>),
    ) -> Option<Outcome<'a>> {
        if new == Criterion::All {
            return self.all_read(new_parts.iter().map(|part| (writer, *part)));
        }
        let overlaps = new == Criterion::One && !self.are_disjoint(new_parts);
        if old != Criterion::All {
            let parts = if overlaps { old_parts.to_vec() } else { self.not_among(old_parts, new_parts) };
            return self.all_read(parts.into_iter().map(|part| (part, reader)));
        }
        if overlaps && let Some(proof) = self.exactly_one(writer, new_parts) {
            return Some(proof);
        }
        old_parts.iter().find_map(|part| compatible(self.compare(*part, reader), None))
    }

    /// The changes of all pairs, if each is compatible.
    fn all_read(&mut self, pairs: impl Iterator<Item = (Part<'a>, Part<'a>)>) -> Option<Outcome<'a>> {
        let mut out = Outcome::default();
        for (writer, reader) in pairs {
            out.absorb("", &self.compare(writer, reader));
            if out.breaks {
                return None;
            }
        }
        Some(out)
    }

    fn annotations(&self, out: &mut Outcome<'a>, writer: &'a Value, reader: &'a Value) {
        for (keyword, rule) in [
            ("$id", rule::ID_CHANGED),
            ("title", rule::TITLE_CHANGED),
            ("description", rule::DESCRIPTION_CHANGED),
            ("default", rule::DEFAULT_CHANGED),
        ] {
            let (old, new) = (writer.get(keyword), reader.get(keyword));
            if old != new {
                self.note(out, &format!("/{keyword}"), rule, old, new);
            }
        }
    }

    fn choices(
        &mut self,
        out: &mut Outcome<'a>,
        place: &str,
        old: &[Value],
        new: &[Value],
        writer: Part<'a>,
        reader: Part<'a>,
    ) {
        let (old, new) = (self.enum_texts(old), self.enum_texts(new));
        let rule = match (old.is_subset(&new), new.is_subset(&old)) {
            (true, true) => return,
            (true, false) => rule::ENUM_ARRAY_EXTENDED,
            (false, true) => rule::ENUM_ARRAY_NARROWED,
            (false, false) => rule::ENUM_ARRAY_CHANGED,
        };
        let side = |value: &'a Value| if place.is_empty() { Some(value) } else { value.get("enum") };
        self.note(out, place, rule, side(writer.value), side(reader.value));
    }

    pub(super) fn note(
        &self,
        out: &mut Outcome<'a>,
        path: &str,
        rule: Rule,
        writer: Option<&'a Value>,
        reader: Option<&'a Value>,
    ) {
        let breaks = rule.breaks(self.policy);
        out.push(Change { rule, path: path.to_owned(), writer, reader, breaks, uses: Vec::new() });
    }

    /// Compares a limit. The rules are those for a limit that is added, removed, increased and decreased.
    pub(super) fn limit(
        &self,
        out: &mut Outcome<'a>,
        keyword: &str,
        (old, new): (Option<&'a Value>, Option<&'a Value>),
        [added, removed, increased, decreased]: [Rule; 4],
    ) {
        let number = |value: Option<&'a Value>| value.filter(|value| value.is_number());
        let rule = match (number(old), number(new)) {
            (None, None) => return,
            // No value is shorter.
            (None, Some(new))
                if self.policy.proves() && COUNTS.contains(&keyword) && order(new, &Value::from(0)).is_eq() =>
            {
                return;
            }
            (None, Some(_)) => added,
            (Some(_), None) => removed,
            (Some(old), Some(new)) => match order(old, new) {
                Ordering::Equal => return,
                Ordering::Less => increased,
                Ordering::Greater => decreased,
            },
        };
        self.note(out, &format!("/{keyword}"), rule, old, new);
    }

    fn demanded(&self, out: &mut Outcome<'a>, old: &Typed<'a>, new: &Typed<'a>) {
        if new.demanded && !old.demanded {
            self.note(out, "/type", rule::TYPE_RESTRICTED, old.keywords.get("type"), new.keywords.get("type"));
        }
    }
}

/// The outcome of a pair, if it is compatible, with one more change.
fn compatible<'a>(inner: Inner, more: Option<&Change<'a>>) -> Option<Outcome<'a>> {
    (!inner.breaks).then(|| {
        let mut outcome = Outcome::default();
        outcome.absorb("", &inner);
        if let Some(change) = more {
            outcome.push(change.clone());
        }
        outcome
    })
}

fn change<'a>(rule: Rule, writer: &'a Value, reader: &'a Value) -> Change<'a> {
    Change { rule, path: String::new(), writer: Some(writer), reader: Some(reader), breaks: false, uses: Vec::new() }
}

/// Kafka Connect's bytes, which the registry compares by this mark only.
fn is_bytes(schema: &Value) -> bool {
    schema.get("connect.type").is_some_and(|kind| kind == "bytes")
}

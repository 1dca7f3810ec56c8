//! The walk over two schemas at once: [`Comparison`].
//!
//! Each kind of schema is compared in a file of its own, by methods of [`Comparison`].

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use serde_json::Value;

use super::document::{Document, references};
use super::form::{Criterion, Form, Part, PartId};
use super::mode::Policy;
use super::outcome::{Change, Outcome};
use super::rule::{self, Rule};

/// How many pairs of schemas may be open at once.
const MAX_DEPTH: usize = 200;
/// How many pairs of schemas and changes a comparison may visit.
const MAX_STEPS: usize = 2_000_000;

type PairId<'a> = (PartId<'a>, PartId<'a>);

/// The comparison of the schema of a writer with that of a reader.
pub(super) struct Comparison<'a> {
    pub(super) writer: &'a Document<'a>,
    pub(super) reader: &'a Document<'a>,
    pub(super) policy: Policy,
    /// The references that do not mean the same on both sides.
    unlike: BTreeSet<&'a str>,
    /// The pairs that are being compared: met again in themselves, they are taken to be compatible.
    open: Vec<PairId<'a>>,
    /// The pairs compared so far, each with the lowest open pair that its verdict takes to be compatible.
    known: HashMap<PairId<'a>, (Rc<Outcome<'a>>, usize)>,
    /// The pairs in `known` whose verdict depends on an open pair.
    provisional: Vec<PairId<'a>>,
    /// The lowest open pair that the pair at hand depends on.
    lowest: usize,
    steps: usize,
    depth: usize,
    pub(super) exhausted: bool,
}

impl<'a> Comparison<'a> {
    pub(super) fn new(writer: &'a Document<'a>, reader: &'a Document<'a>, policy: Policy) -> Self {
        Self {
            writer,
            reader,
            policy,
            unlike: writer.unlike(reader),
            open: Vec::new(),
            known: HashMap::new(),
            provisional: Vec::new(),
            lowest: usize::MAX,
            steps: 0,
            depth: 0,
            exhausted: false,
        }
    }

    /// Compares two schemas that stand for themselves.
    pub(super) fn schemas(&mut self, writer: &'a Value, reader: &'a Value) -> Rc<Outcome<'a>> {
        self.compare(Part::whole(writer), Part::whole(reader))
    }

    /// Whether the reader's schema accepts what the writer's accepts.
    pub(super) fn reads(&mut self, writer: &'a Value, reader: &'a Value) -> bool {
        !self.schemas(writer, reader).breaks
    }

    pub(super) fn compare(&mut self, writer: Part<'a>, reader: Part<'a>) -> Rc<Outcome<'a>> {
        let mut notes = Outcome::default();
        if writer.whole && reader.whole {
            self.annotations(&mut notes, writer.value, reader.value);
        }
        let (writer_part, writer_form) = self.writer.form(writer);
        let (reader_part, reader_form) = self.reader.form(reader);
        let outcome = self.pair(writer_part, &writer_form, reader_part, &reader_form);
        if notes.changes.is_empty() {
            return outcome;
        }
        notes.absorb("", &outcome);
        Rc::new(notes)
    }

    fn pair(
        &mut self,
        writer: Part<'a>,
        writer_form: &Form<'a>,
        reader: Part<'a>,
        reader_form: &Form<'a>,
    ) -> Rc<Outcome<'a>> {
        let pair = (writer.id(), reader.id());
        if let Some((outcome, lowest)) = self.known.get(&pair) {
            self.lowest = self.lowest.min(*lowest);
            self.steps += outcome.changes.len() + 1;
            return Rc::clone(outcome);
        }
        if let Some(at) = self.open.iter().position(|open| *open == pair) {
            self.lowest = self.lowest.min(at);
            return Rc::default();
        }
        self.steps += 1;
        if self.steps > MAX_STEPS || self.depth + self.open.len() >= MAX_DEPTH {
            self.exhausted = true;
        }
        if self.exhausted {
            return Rc::default();
        }
        let around = std::mem::replace(&mut self.lowest, usize::MAX);
        let (depth, mark) = (self.open.len(), self.provisional.len());
        self.open.push(pair);
        let outcome = Rc::new(if self.same(writer, reader) {
            Outcome::default()
        } else {
            self.judge(writer, writer_form, reader, reader_form)
        });
        self.open.pop();
        self.steps += outcome.changes.len();
        let lowest = self.lowest;
        self.close(pair, &outcome, depth, mark);
        self.lowest = if lowest < depth && !outcome.breaks { around.min(lowest) } else { around };
        outcome
    }

    /// Keeps the verdict of a pair. A compatible one that was found on the assumption that an open pair is compatible
    /// holds as long as that pair is open; when it turns out to be incompatible, what was built on it is forgotten.
    fn close(&mut self, pair: PairId<'a>, outcome: &Rc<Outcome<'a>>, depth: usize, mark: usize) {
        let mut kept = self.lowest;
        if outcome.breaks {
            for pair in self.provisional.drain(mark..) {
                self.known.remove(&pair);
            }
            // The assumption can only hide what is incompatible.
            kept = usize::MAX;
        } else if kept >= depth {
            for pair in self.provisional.drain(mark..) {
                if let Some((_, lowest)) = self.known.get_mut(&pair) {
                    *lowest = usize::MAX;
                }
            }
            kept = usize::MAX;
        } else {
            for pair in &self.provisional[mark..] {
                if let Some((_, lowest)) = self.known.get_mut(pair) {
                    *lowest = kept.min(*lowest);
                }
            }
            self.provisional.push(pair);
        }
        self.known.insert(pair, (Rc::clone(outcome), kept));
    }

    /// Whether both are the same text, with references to the same text.
    pub(super) fn same(&self, writer: Part<'a>, reader: Part<'a>) -> bool {
        self.writer.draft == self.reader.draft
            && writer.is_like(&reader)
            && references(writer.value).is_disjoint(&self.unlike)
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
        let mut out = Outcome::default();
        match (writer_form, reader_form) {
            (Form::Nothing, _) | (_, Form::Anything) | (Form::Boolean, Form::Boolean) | (Form::Null, Form::Null) => {}
            (Form::Text(old), Form::Text(new)) => {
                self.demanded(&mut out, old, new);
                self.texts(&mut out, old.keywords, new.keywords);
            }
            (Form::Number(old), Form::Number(new)) => {
                self.demanded(&mut out, old, new);
                self.numbers(&mut out, old, new);
            }
            (Form::Object(old), Form::Object(new)) => {
                self.demanded(&mut out, old, new);
                self.objects(&mut out, old, new);
            }
            (Form::Array(old), Form::Array(new)) => {
                self.demanded(&mut out, old, new);
                self.arrays(&mut out, old, new);
            }
            (Form::Enum(old), Form::Enum(new)) => self.choices(&mut out, "/enum", old, new, writer, reader),
            (Form::Const(old), Form::Const(new)) => {
                if !equal(old, new) {
                    self.note(&mut out, "/const", rule::ENUM_ARRAY_CHANGED, Some(*old), Some(*new));
                }
            }
            // The registry takes them for two types.
            (Form::Const(old), Form::Enum(new)) if self.policy.proves() => {
                self.choices(&mut out, "", std::slice::from_ref(*old), new, writer, reader);
            }
            (Form::Enum(old), Form::Const(new)) if self.policy.proves() => {
                self.choices(&mut out, "", old, std::slice::from_ref(*new), writer, reader);
            }
            (Form::Not(old), Form::Not(new)) => {
                let mut turned = Comparison::new(self.reader, self.writer, self.turned_policy());
                turned.depth = self.depth + self.open.len();
                turned.steps = self.steps;
                let narrows = turned.reads(new.value, old.value);
                self.steps = turned.steps;
                self.exhausted |= turned.exhausted;
                let rule = if narrows { rule::NOT_TYPE_NARROWED } else { rule::NOT_TYPE_EXTENDED };
                self.note(&mut out, "/not", rule, Some(old.value), Some(new.value));
            }
            (Form::Condition, Form::Condition) => {
                self.note(&mut out, "", rule::CONDITION_CHANGED, Some(writer.value), Some(reader.value));
            }
            (Form::Combined(old, old_parts), Form::Combined(new, new_parts)) => {
                self.combinations(&mut out, (*old, old_parts), (*new, new_parts), (writer, reader));
                if out.breaks
                    && self.policy.proves()
                    && let Some(proof) = self.part_by_part((*old, old_parts), (*new, new_parts), (writer, reader))
                {
                    return proof;
                }
            }
            _ if !self.policy.proves() && is_bytes(writer.value) && is_bytes(reader.value) => {}
            _ => self.note(&mut out, "", rule::TYPE_CHANGED, Some(writer.value), Some(reader.value)),
        }
        out
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
            (Form::Combined(..), Form::Combined(..)) => None,
            (Form::Nothing, _) => Some(Outcome::default()),
            (_, Form::Combined(criterion, parts)) => match (criterion, parts.as_slice()) {
                (_, [only]) => compatible(&self.compare(writer, *only), None),
                (Criterion::Any | Criterion::One, parts) => {
                    if proves && *criterion == Criterion::One && !self.are_disjoint(parts) {
                        return None;
                    }
                    let extended = change(rule::SUM_TYPE_EXTENDED, writer.value, reader.value);
                    parts.iter().find_map(|part| compatible(&self.compare(writer, *part), Some(&extended)))
                }
                (Criterion::All, parts) if proves => self.all_read(parts.iter().map(|part| (writer, *part))),
                (Criterion::All, _) => None,
            },
            (_, Form::Anything) => Some(Outcome::default()),
            (Form::Combined(criterion, parts), _) => match (criterion, parts.as_slice()) {
                (_, [only]) => compatible(&self.compare(*only, reader), None),
                (Criterion::All, parts) => {
                    let narrowed = change(rule::PRODUCT_TYPE_NARROWED, writer.value, reader.value);
                    parts.iter().find_map(|part| compatible(&self.compare(*part, reader), Some(&narrowed)))
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
        if old != Criterion::All {
            return self.all_read(old_parts.iter().map(|part| (*part, reader)));
        }
        old_parts.iter().find_map(|part| compatible(&self.compare(*part, reader), None))
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

    /// The policy for the schemas of `not`, where the reader's values must be among the writer's.
    fn turned_policy(&self) -> Policy {
        if self.policy.proves() { Policy::Exact } else { self.policy }
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
        &self,
        out: &mut Outcome<'a>,
        place: &str,
        old: &[Value],
        new: &[Value],
        writer: Part<'a>,
        reader: Part<'a>,
    ) {
        let within =
            |inner: &[Value], outer: &[Value]| inner.iter().all(|one| outer.iter().any(|other| equal(one, other)));
        let rule = match (within(old, new), within(new, old)) {
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
        out.push(Change { rule, path: path.to_owned(), writer, reader, breaks: rule.breaks(self.policy) });
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

    fn demanded(&self, out: &mut Outcome<'a>, old: &super::form::Typed<'a>, new: &super::form::Typed<'a>) {
        if new.demanded && !old.demanded {
            self.note(out, "/type", rule::TYPE_RESTRICTED, old.keywords.get("type"), new.keywords.get("type"));
        }
    }
}

/// The outcome, if it is compatible, with one more change.
fn compatible<'a>(outcome: &Outcome<'a>, more: Option<&Change<'a>>) -> Option<Outcome<'a>> {
    (!outcome.breaks).then(|| {
        let mut outcome = outcome.clone();
        if let Some(change) = more {
            outcome.push(change.clone());
        }
        outcome
    })
}

fn change<'a>(rule: Rule, writer: &'a Value, reader: &'a Value) -> Change<'a> {
    Change { rule, path: String::new(), writer: Some(writer), reader: Some(reader), breaks: false }
}

/// Kafka Connect's bytes, which the registry compares by this mark only.
fn is_bytes(schema: &Value) -> bool {
    schema.get("connect.type").is_some_and(|kind| kind == "bytes")
}

/// The order of two numbers.
fn order(one: &Value, other: &Value) -> Ordering {
    let whole = |value: &Value| value.as_i64().map(i128::from).or_else(|| value.as_u64().map(i128::from));
    if let (Some(one), Some(other)) = (whole(one), whole(other)) {
        return one.cmp(&other);
    }
    let float = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    float(one).partial_cmp(&float(other)).unwrap_or(Ordering::Equal)
}

/// Whether both are the same value to JSON Schema: 1.0 is 1.
pub(super) fn equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(_), Value::Number(_)) => order(one, other).is_eq(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| equal(value, other)))
        }
        _ => one == other,
    }
}

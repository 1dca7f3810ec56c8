//! The comparison of two schemas: [`Comparison`].
//!
//! Schemas may contain themselves, so the verdict on a pair may depend on itself. All pairs that are met are taken to be
//! compatible at first; each that turns out to be incompatible lets those that depend on it be judged again. Each kind of
//! schema is judged in a file of its own, by methods of [`Comparison`], which look no deeper than one level.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::document::{Document, references};
use super::form::{Criterion, Form, Part, PartId, Typed};
use super::mode::Policy;
use super::outcome::{Change, Inner, Outcome, collect};
use super::rule::{self, Rule};

/// How many pairs of schemas may be looked at.
const MAX_STEPS: usize = 4_000_000;

/// Two schemas, and whether the writer is the reader of the whole comparison.
type PairId<'a> = (PartId<'a>, PartId<'a>, bool);

struct Pair<'a> {
    writer: Part<'a>,
    reader: Part<'a>,
    turned: bool,
    outcome: Outcome<'a>,
    /// The pairs whose verdict depends on this one.
    dependents: HashSet<usize>,
    /// Whether it is to be judged.
    waits: bool,
}

/// The comparison of the schema of a writer with that of a reader.
pub(super) struct Comparison<'a> {
    /// The writer of the pair at hand.
    pub(super) writer: &'a Document<'a>,
    pub(super) reader: &'a Document<'a>,
    /// The policy for the pair at hand.
    pub(super) policy: Policy,
    /// Whether writer and reader are exchanged, inside a `not`.
    turned: bool,
    /// The references that do not mean the same on both sides.
    unlike: BTreeSet<&'a str>,
    numbers: HashMap<PairId<'a>, usize>,
    pairs: Vec<Pair<'a>>,
    waiting: VecDeque<usize>,
    /// Whether the reader's combined schemas exclude each other, as far as it is known.
    pub(super) disjoint: HashMap<Vec<PartId<'a>>, bool>,
    /// The pair at hand.
    at: usize,
    steps: usize,
}

impl<'a> Comparison<'a> {
    /// The changes that `wanted` chooses, and whether there are more. None if the schemas are too entangled.
    pub(super) fn changes(
        writer: &'a Document<'a>,
        reader: &'a Document<'a>,
        policy: Policy,
        wanted: impl Fn(&Change<'a>) -> bool,
    ) -> Option<(Vec<Change<'a>>, bool)> {
        let mut comparison = Self {
            writer,
            reader,
            policy,
            turned: false,
            unlike: writer.unlike(reader),
            numbers: HashMap::new(),
            pairs: Vec::new(),
            waiting: VecDeque::new(),
            disjoint: HashMap::new(),
            at: 0,
            steps: 0,
        };
        let root = comparison.schemas(writer.root, reader.root);
        comparison.judge_all(policy)?;
        let outcomes = comparison.pairs.into_iter().map(|pair| pair.outcome.items).collect();
        Some(collect(outcomes, root.pair, wanted))
    }

    fn judge_all(&mut self, policy: Policy) -> Option<()> {
        while let Some(at) = self.waiting.pop_front() {
            if self.steps > MAX_STEPS {
                return None;
            }
            let pair = &mut self.pairs[at];
            pair.waits = false;
            let (writer, reader, broke) = (pair.writer, pair.reader, pair.outcome.breaks);
            if pair.turned != self.turned {
                self.turned = pair.turned;
                std::mem::swap(&mut self.writer, &mut self.reader);
                // Inside a `not` the writer's schema is the reader's, whose fields are not known.
                self.policy = if self.turned && policy.proves() { Policy::Exact } else { policy };
            }
            self.at = at;
            let outcome = self.judge_pair(writer, reader);
            let breaks = outcome.breaks;
            self.pairs[at].outcome = outcome;
            if breaks && !broke {
                for dependent in std::mem::take(&mut self.pairs[at].dependents) {
                    if !std::mem::replace(&mut self.pairs[dependent].waits, true) {
                        self.waiting.push_back(dependent);
                    }
                }
            }
        }
        Some(())
    }

    fn judge_pair(&mut self, writer: Part<'a>, reader: Part<'a>) -> Outcome<'a> {
        let mut out = Outcome::default();
        if self.same(writer, reader) {
            return out;
        }
        if writer.whole && reader.whole {
            self.annotations(&mut out, writer.value, reader.value);
        }
        let (writer, writer_form) = self.writer.form(writer);
        let (reader, reader_form) = self.reader.form(reader);
        let judged = self.judge(writer, &writer_form, reader, &reader_form);
        out.breaks |= judged.breaks;
        out.items.extend(judged.items);
        out
    }

    /// Compares two schemas that stand for themselves.
    pub(super) fn schemas(&mut self, writer: &'a Value, reader: &'a Value) -> Inner {
        self.compare(Part::whole(writer), Part::whole(reader))
    }

    /// Whether the reader's schema accepts what the writer's accepts.
    pub(super) fn reads(&mut self, writer: &'a Value, reader: &'a Value) -> bool {
        !self.schemas(writer, reader).breaks
    }

    /// The verdict on two schemas, as far as it is known.
    pub(super) fn compare(&mut self, writer: Part<'a>, reader: Part<'a>) -> Inner {
        self.number(writer, reader, self.turned)
    }

    fn number(&mut self, writer: Part<'a>, reader: Part<'a>, turned: bool) -> Inner {
        self.steps += 1;
        let (writer, reader) = if turned == self.turned {
            (self.writer.behind_reference(writer), self.reader.behind_reference(reader))
        } else {
            (self.reader.behind_reference(writer), self.writer.behind_reference(reader))
        };
        let next = self.pairs.len();
        let pair = *self.numbers.entry((writer.id(), reader.id(), turned)).or_insert(next);
        if pair == next {
            let (outcome, dependents) = (Outcome::default(), HashSet::new());
            self.pairs.push(Pair { writer, reader, turned, outcome, dependents, waits: true });
            self.waiting.push_back(pair);
        }
        let known = &mut self.pairs[pair];
        if !known.outcome.breaks {
            known.dependents.insert(self.at);
        }
        Inner { pair, breaks: known.outcome.breaks }
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
                // What the reader excludes, the writer must exclude.
                let narrows = !self.number(*new, *old, !self.turned).breaks;
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
                (Criterion::All, parts) if proves => self.all_read(parts.iter().map(|part| (writer, *part))),
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
        if old != Criterion::All {
            return self.all_read(old_parts.iter().map(|part| (*part, reader)));
        }
        if new == Criterion::One && !self.are_disjoint(new_parts) {
            return self.exactly_one(writer, new_parts);
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
    Change { rule, path: String::new(), writer: Some(writer), reader: Some(reader), breaks: false }
}

/// Kafka Connect's bytes, which the registry compares by this mark only.
fn is_bytes(schema: &Value) -> bool {
    schema.get("connect.type").is_some_and(|kind| kind == "bytes")
}

/// The order of two numbers.
pub(super) fn order(one: &Value, other: &Value) -> Ordering {
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

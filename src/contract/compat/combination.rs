//! `allOf`, `anyOf` and `oneOf`.

use std::collections::{BTreeSet, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::Value;

use super::comparison::Comparison;
use super::form::{Criterion, Form, Indexed, Part, PartId};
use super::keyword::Object;
use super::outcome::{Inner, Outcome};
use super::rule::{self, Rule};
use super::traits::{MAX_DEPTH, OBJECT, Traits, are_apart_at_a_glance};
use super::values::{canonical, order};

/// How many pairs of schemas are looked at for those that belong together. Nobody reads the changes of more.
const MAX_KIN: usize = 10_000;

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
        // Each of two equal schemas of a `oneOf` refuses what the other accepts.
        if self.policy.proves() && new == Criterion::One && new_parts.len() > 1 && !self.are_disjoint(new_parts) {
            self.note(out, "/oneOf", rule::ONE_OF_OVERLAPS, sides.0, sides.1);
        }
        let (old_parts, new_parts) = (distinct(old_parts), distinct(new_parts));
        let rule = match (old_parts.len().cmp(&new_parts.len()), new) {
            (std::cmp::Ordering::Equal, _) => None,
            (std::cmp::Ordering::Less, Criterion::All) => Some(rule::PRODUCT_TYPE_EXTENDED),
            (std::cmp::Ordering::Less, _) => Some(rule::SUM_TYPE_EXTENDED),
            (std::cmp::Ordering::Greater, Criterion::All) => Some(rule::PRODUCT_TYPE_NARROWED),
            (std::cmp::Ordering::Greater, _) => Some(rule::SUM_TYPE_NARROWED),
        };
        // Equal schemas are each other's counterparts.
        let (old_parts, new_parts) = self.without_equal(&old_parts, &new_parts);
        let mut pairs: Vec<Vec<Option<Inner>>> = Vec::new();
        for (_, one) in &old_parts {
            if self.is_exhausted() {
                return;
            }
            let row = new_parts.iter().map(|(_, other)| Some(self.compare(*one, *other)).filter(|inner| !inner.breaks));
            pairs.push(row.collect());
        }
        let matching = matching(&pairs, new_parts.len());
        for (new_at, old_at) in matching.iter().enumerate() {
            let Some(old_at) = *old_at else { continue };
            if let Some(inner) = &pairs[old_at][new_at] {
                out.absorb(&old.place(old_parts[old_at]), inner);
            }
        }
        let new_left: Vec<_> =
            new_parts.iter().zip(&matching).filter(|(_, at)| at.is_none()).map(|(part, _)| *part).collect();
        let old_left: Vec<_> =
            (0..old_parts.len()).filter(|at| !matching.contains(&Some(*at))).map(|at| old_parts[at]).collect();
        let lacks = !old_left.is_empty() && !new_left.is_empty();
        if !self.policy.proves() || (old == Criterion::All) != (new == Criterion::All) {
            self.tell(out, rule, lacks, sides);
        } else if old == Criterion::All {
            // Each of the reader's schemas may refuse, whatever the others have for counterparts.
            let (_, new_left) =
                self.without_kin(out, (old, old_parts), new_left, |_, one, other| one.is_of_kind(&other));
            self.tell(out, rule, lacks && !new_left.is_empty(), sides);
        } else {
            let (old_left, new_left) = self.without_kin(out, (old, old_left), new_left, Self::may_share);
            self.tell_each(out, rule, (old, old_left), (new, new_left), sides);
        }
    }

    /// The schemas without a counterpart, as the registry tells of them: of all together.
    fn tell(&self, out: &mut Outcome<'a>, rule: Option<Rule>, lacks: bool, (writer, reader): Sides<'a>) {
        if let Some(rule) = rule {
            self.note(out, "", rule, writer, reader);
        }
        if lacks {
            self.note(out, "", rule::COMBINED_TYPE_SUBSCHEMAS_CHANGED, writer, reader);
        }
    }

    /// The alternatives without a counterpart, each by itself.
    fn tell_each(
        &self,
        out: &mut Outcome<'a>,
        rule: Option<Rule>,
        (old, old_left): (Criterion, Vec<Indexed<'a>>),
        (new, new_left): (Criterion, Vec<Indexed<'a>>),
        sides: Sides<'a>,
    ) {
        let refusal =
            rule.filter(|rule| *rule == rule::SUM_TYPE_NARROWED).unwrap_or(rule::COMBINED_TYPE_SUBSCHEMAS_CHANGED);
        for (index, part) in old_left {
            if matches!(self.writer.form(part).1, Form::Null) {
                self.note(out, "", rule::NULL_REMOVED, sides.0, sides.1);
            } else {
                let sides = if part.whole { (Some(part.value), None) } else { sides };
                self.note(out, &old.place((index, part)), refusal, sides.0, sides.1);
            }
        }
        for (index, part) in new_left {
            let sides = if part.whole { (None, Some(part.value)) } else { sides };
            self.note(out, &new.place((index, part)), rule::SUM_TYPE_EXTENDED, sides.0, sides.1);
        }
    }

    /// Adds the changes between a schema of the writer and the only one of the reader that belongs together with it, such as
    /// the variants with the same tag. Returns the others.
    fn without_kin(
        &mut self,
        out: &mut Outcome<'a>,
        (combination, old): (Criterion, Vec<Indexed<'a>>),
        new: Vec<Indexed<'a>>,
        is_kin: fn(&mut Self, Part<'a>, Part<'a>) -> bool,
    ) -> (Vec<Indexed<'a>>, Vec<Indexed<'a>>) {
        let mut kin = Vec::new();
        let mut counts = (vec![0; old.len()], vec![0; new.len()]);
        if old.len() * new.len() <= MAX_KIN {
            self.spend(old.len() * new.len());
            for (at, (_, one)) in old.iter().enumerate() {
                for (new_at, (_, other)) in new.iter().enumerate() {
                    if is_kin(self, *one, *other) {
                        kin.push((at, new_at));
                        counts.0[at] += 1;
                        counts.1[new_at] += 1;
                    }
                }
            }
        }
        let mut of_kin = (BTreeSet::new(), BTreeSet::new());
        for (at, new_at) in kin.into_iter().filter(|(at, new_at)| counts.0[*at] == 1 && counts.1[*new_at] == 1) {
            let inner = self.compare(old[at].1, new[new_at].1);
            if inner.breaks {
                out.absorb(&combination.place(old[at]), &inner);
                of_kin.0.insert(at);
                of_kin.1.insert(new_at);
            }
        }
        let others = |parts: Vec<Indexed<'a>>, of_kin: &BTreeSet<usize>| {
            parts.into_iter().enumerate().filter(|(at, _)| !of_kin.contains(at)).map(|(_, part)| part).collect()
        };
        (others(old, &of_kin.0), others(new, &of_kin.1))
    }

    /// Whether a value may fit both.
    fn may_share(&mut self, writer: Part<'a>, reader: Part<'a>) -> bool {
        !self.writer_traits(writer, false).is_apart_from(&self.reader_traits(reader))
    }

    /// The parts of both sides that do not stand on the other side too, with their indexes.
    fn without_equal(&self, old: &[Indexed<'a>], new: &[Indexed<'a>]) -> (Vec<Indexed<'a>>, Vec<Indexed<'a>>) {
        let mut by_hash: HashMap<u64, Vec<usize>> = HashMap::new();
        new.iter().enumerate().for_each(|(at, (_, part))| by_hash.entry(hash_of(part)).or_default().push(at));
        let mut is_left = vec![true; new.len()];
        let mut left = Vec::new();
        for (index, part) in old {
            let alike = by_hash.get(&hash_of(part)).into_iter().flatten();
            match alike.copied().find(|at| is_left[*at] && self.same(*part, new[*at].1)) {
                Some(at) => is_left[at] = false,
                None => left.push((*index, *part)),
            }
        }
        let others = new.iter().zip(is_left).filter_map(|(part, is_left)| is_left.then_some(*part));
        (left, others.collect())
    }

    /// The writer's parts that are not among the reader's.
    pub(super) fn not_among(&self, old: &[Part<'a>], new: &[Part<'a>]) -> Vec<Part<'a>> {
        let (left, _) = self.without_equal(&distinct(old), &distinct(new));
        left.into_iter().map(|(_, part)| part).collect()
    }

    /// Whether no value fits two of the reader's schemas.
    pub(super) fn are_disjoint(&mut self, parts: &[Part<'a>]) -> bool {
        let traits: Vec<_> = parts.iter().map(|part| self.reader_traits(*part)).collect();
        let traits: Vec<&Traits<'a>> = traits.iter().map(AsRef::as_ref).collect();
        are_apart_at_a_glance(&traits)
            || traits.iter().enumerate().all(|(at, one)| {
                self.spend(at);
                !self.is_exhausted() && traits[..at].iter().all(|other| one.is_apart_from(other))
            })
    }

    /// The outcome if one of the reader's schemas accepts what the writer writes, and none of the others does.
    pub(super) fn exactly_one(&mut self, writer: Part<'a>, parts: &[Part<'a>]) -> Option<Outcome<'a>> {
        let written = self.writer_traits(writer, self.policy.knows_fields());
        if let (Some(names), Some(fields)) = (self.at_most_one(parts), &written.fields)
            && written.types & !OBJECT == 0
            && names.intersection(fields).count() <= 1
        {
            return Some(Outcome::default());
        }
        self.spend(parts.len());
        let mut near = parts.iter().filter(|part| !self.reader_traits(**part).is_apart_from(&written));
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
        // A name that two parts require fits both.
        (excluded? == names && names.len() + 1 == parts.len()).then_some(names)
    }

    /// Whether the reader's schema is proven to accept a value.
    pub(super) fn admits(&mut self, part: Part<'a>, value: &Value) -> bool {
        let text = canonical(value);
        self.spend(text.len() / 64);
        self.admits_within(part, (value, &text), (MAX_DEPTH, &mut HashMap::new()))
    }

    /// `answers` has those for schemas that were met before.
    fn admits_within(
        &mut self,
        part: Part<'a>,
        known: (&Value, &str),
        (depth, answers): (usize, &mut HashMap<PartId<'a>, bool>),
    ) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        if let Some(answer) = answers.get(&part.id()) {
            return *answer;
        }
        self.spend(1);
        if self.is_exhausted() {
            return false;
        }
        let (value, text) = known;
        let answer = match &self.reader.form(part).1 {
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
            Form::Enum(values) => self.enum_texts(values).contains(text),
            Form::Const(other) => canonical(other) == *text,
            Form::Combined(Criterion::All, parts) => {
                parts.iter().all(|part| self.admits_within(*part, known, (depth, answers)))
            }
            Form::Combined(Criterion::Any, parts) => {
                parts.iter().any(|part| self.admits_within(*part, known, (depth, answers)))
            }
            Form::Combined(Criterion::One, parts) => {
                let only = Traits::of_value(value, text);
                self.spend(parts.len());
                let near = parts.iter().filter(|part| !self.reader_traits(**part).is_apart_from(&only));
                let near: Vec<Part<'a>> = near.take(2).copied().collect();
                matches!(near.as_slice(), [only] if self.admits_within(*only, known, (depth, answers)))
            }
        };
        answers.insert(part.id(), answer);
        answer
    }
}

/// Whether a string keeps the limits of its length, if there are no others.
fn admits_text(keywords: &Object, text: &str) -> bool {
    let length = Value::from(text.chars().count());
    let is_beyond = |keyword: &str| keywords.get(keyword).map(|limit| order(&length, limit));
    let others = ["format", "pattern"].iter().any(|keyword| keywords.contains_key(*keyword));
    !others
        && is_beyond("minLength").is_none_or(std::cmp::Ordering::is_ge)
        && is_beyond("maxLength").is_none_or(std::cmp::Ordering::is_le)
}

/// The schemas of writer and reader.
type Sides<'a> = (Option<&'a Value>, Option<&'a Value>);

fn hash_of(part: &Part<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    part.value.hash(&mut hasher);
    hasher.finish()
}

fn distinct<'a>(parts: &[Part<'a>]) -> Vec<Indexed<'a>> {
    let mut by_hash: HashMap<u64, Vec<Part<'a>>> = HashMap::new();
    let mut distinct = Vec::with_capacity(parts.len());
    for (at, part) in parts.iter().enumerate() {
        let alike = by_hash.entry(hash_of(part)).or_default();
        if !alike.iter().any(|known| known.is_like(part)) {
            alike.push(*part);
            distinct.push((at, *part));
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

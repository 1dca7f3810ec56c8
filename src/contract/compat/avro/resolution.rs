//! The resolution of a writer's types by a reader's.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::schema::{Field, Kind, Primitive, Schema, Type, TypeId};
use crate::contract::compat::keyword::token;
use crate::contract::compat::outcome::{Change, Inner, Outcome, collect};
use crate::contract::compat::rule::{self, Rule};
use crate::contract::compat::schema_error::SchemaError;

/// How many steps a comparison may take, and how many pairs of types it may look at, each of which takes memory.
const MAX_STEPS: usize = 10_000_000;
const MAX_PAIRS: usize = 1_000_000;

/// The incompatible changes between the schemas of a writer and of a reader, and whether there are more. Logical types
/// are compared by their `meaning`.
pub(super) fn changes<'d>(
    writer: &'d Schema<'_>,
    reader: &'d Schema<'_>,
    meaning: Meaning,
) -> Result<(Vec<Change<'d>>, bool), SchemaError> {
    let mut resolution = Resolution { writer, reader, meaning, numbers: HashMap::new(), pairs: Vec::new(), steps: 0 };
    let root = resolution.compare(0, 0).pair;
    // Types may contain themselves: each pair is compatible until it turns out that it is not. Those that were met later
    // stand further inside, so they come first.
    let mut first = 0;
    loop {
        let mut changed = false;
        while first < resolution.pairs.len() {
            changed |= resolution.judge(first);
            first += 1;
        }
        for at in (0..resolution.pairs.len()).rev() {
            changed |= resolution.judge(at);
        }
        if resolution.is_exhausted() {
            return Err(SchemaError::entangled(MAX_STEPS));
        }
        if !changed && first == resolution.pairs.len() {
            break;
        }
    }
    resolution.steps = 0;
    Ok(collect(root, false, |pair| {
        let Pair { writer, reader, .. } = resolution.pairs[pair];
        resolution.resolve(writer, reader).items
    }))
}

/// The effect of a changed logical type on a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::contract) enum Meaning {
    /// Nothing: they are not compared.
    Ignored,
    /// Another meaning, also if the writer has no logical type.
    Same,
    /// Another meaning, unless the writer has no logical type.
    MayBeAdded,
}

struct Pair {
    writer: TypeId,
    reader: TypeId,
    breaks: bool,
}

struct Resolution<'d, 'a> {
    writer: &'d Schema<'a>,
    reader: &'d Schema<'a>,
    meaning: Meaning,
    numbers: HashMap<(TypeId, TypeId), usize>,
    pairs: Vec<Pair>,
    steps: usize,
}

impl<'d> Resolution<'d, '_> {
    /// The verdict on two types, as far as it is known.
    fn compare(&mut self, writer: TypeId, reader: TypeId) -> Inner {
        self.steps += 1;
        let next = self.pairs.len();
        let pair = *self.numbers.entry((writer, reader)).or_insert(next);
        if pair == next {
            self.pairs.push(Pair { writer, reader, breaks: false });
        }
        Inner { pair, breaks: self.pairs[pair].breaks }
    }

    fn is_exhausted(&self) -> bool {
        self.steps > MAX_STEPS || self.pairs.len() > MAX_PAIRS
    }

    /// Whether the verdict on a pair changed.
    fn judge(&mut self, at: usize) -> bool {
        let Pair { writer, reader, breaks } = self.pairs[at];
        if breaks || self.is_exhausted() {
            return false;
        }
        self.pairs[at].breaks = self.resolve(writer, reader).breaks;
        self.pairs[at].breaks
    }

    fn resolve(&mut self, writer: TypeId, reader: TypeId) -> Outcome<'d> {
        let (old, new) = (self.writer.get(writer), self.reader.get(reader));
        let mut out = Outcome::default();
        let whole = |place: &str, rule: Rule| change(place, rule, Some(old.value), Some(new.value));
        if !keeps_meaning(old, new, self.meaning) {
            out.push(whole("/logicalType", rule::LOGICAL_TYPE_CHANGED));
        }
        match (&old.kind, &new.kind) {
            (Kind::Union(branches), _) => {
                for (at, branch) in branches.iter().enumerate() {
                    let inner = self.compare(*branch, reader);
                    // The branches of a reader's union are no places of their own.
                    if !matches!(new.kind, Kind::Union(_)) {
                        out.absorb(&format!("/{at}"), &inner);
                    } else if inner.breaks {
                        let missing = self.writer.get(*branch).value;
                        out.push(change(&format!("/{at}"), rule::MISSING_UNION_BRANCH, Some(missing), Some(new.value)));
                    }
                }
            }
            (_, Kind::Union(branches)) => {
                self.steps += branches.len();
                let mut reads = false;
                // All of them, so that each becomes known.
                for branch in branches.iter().filter(|branch| is_near(old, self.reader.get(**branch))) {
                    reads |= !self.compare(writer, *branch).breaks;
                }
                if !reads {
                    out.push(whole("", rule::MISSING_UNION_BRANCH));
                }
            }
            (Kind::Primitive(old), Kind::Primitive(new)) if promotes(*old, *new) => {}
            (Kind::Array(old), Kind::Array(new)) => out.absorb("/items", &self.compare(*old, *new)),
            (Kind::Map(old), Kind::Map(new)) => out.absorb("/values", &self.compare(*old, *new)),
            (Kind::Fixed { name: old_name, size: old_size }, Kind::Fixed { name: new_name, size: new_size }) => {
                if !new_name.reads(old_name) {
                    out.push(whole("/name", rule::NAME_MISMATCH));
                }
                if old_size != new_size {
                    out.push(whole("/size", rule::FIXED_SIZE_MISMATCH));
                }
            }
            (
                Kind::Enum { name: old_name, symbols: old_symbols, .. },
                Kind::Enum { name: new_name, symbols: new_symbols, has_default },
            ) => {
                if !new_name.reads(old_name) {
                    out.push(whole("/name", rule::NAME_MISMATCH));
                }
                let known: HashSet<&str> = new_symbols.iter().copied().collect();
                if !has_default && old_symbols.iter().any(|symbol| !known.contains(symbol)) {
                    out.push(whole("/symbols", rule::MISSING_ENUM_SYMBOLS));
                }
            }
            (Kind::Record { name: old_name, fields: old }, Kind::Record { name: new_name, fields: new }) => {
                if !new_name.reads(old_name) {
                    out.push(whole("/name", rule::NAME_MISMATCH));
                }
                self.fields(&mut out, old, new);
            }
            _ => out.push(whole("", rule::TYPE_MISMATCH)),
        }
        out
    }

    fn fields(&mut self, out: &mut Outcome<'d>, old: &'d [Field<'_>], new: &'d [Field<'_>]) {
        let by_name: HashMap<&str, &Field<'_>> = old.iter().map(|field| (field.name, field)).collect();
        for field in new {
            let place = format!("/fields{}", token(field.name));
            let mut names = std::iter::once(&field.name).chain(&field.aliases).filter_map(|name| by_name.get(name));
            match (names.next(), names.next()) {
                (Some(one), None) => out.absorb(&place, &self.compare(one.schema, field.schema)),
                (Some(_), Some(_)) => out.push(change(&place, rule::READER_FIELD_AMBIGUOUS, None, Some(field.value))),
                (None, _) => {
                    let falls_back = matches!(self.reader.get(field.schema).kind, Kind::Enum { has_default: true, .. });
                    if !field.has_default && !falls_back {
                        let rule = rule::READER_FIELD_MISSING_DEFAULT_VALUE;
                        out.push(change(&place, rule, None, Some(field.value)));
                    }
                }
            }
        }
    }
}

/// Whether a type of the reader may read one of the writer, as far as their kinds and names say.
fn is_near(old: &Type<'_>, new: &Type<'_>) -> bool {
    match (&old.kind, &new.kind) {
        (Kind::Union(_), _) | (Kind::Array(_), Kind::Array(_)) | (Kind::Map(_), Kind::Map(_)) => true,
        (Kind::Primitive(old), Kind::Primitive(new)) => promotes(*old, *new),
        (Kind::Fixed { name: old, .. }, Kind::Fixed { name: new, .. })
        | (Kind::Enum { name: old, .. }, Kind::Enum { name: new, .. })
        | (Kind::Record { name: old, .. }, Kind::Record { name: new, .. }) => new.reads(old),
        _ => false,
    }
}

/// Whether the reader takes what is written for what it means. The branches of a union are compared on their own.
fn keeps_meaning(old: &Type<'_>, new: &Type<'_>, meaning: Meaning) -> bool {
    let is_union = |one: &Type<'_>| matches!(one.kind, Kind::Union(_));
    if meaning == Meaning::Ignored || is_union(old) || is_union(new) {
        return true;
    }
    let attribute = |one: &Type<'_>, name: &str| one.value.get(name).cloned();
    // Text means the same with any logical type.
    let logical = |one: &Type<'_>| match one.kind {
        Kind::Primitive(Primitive::String) => None,
        _ => attribute(one, "logicalType"),
    };
    let scale = |one: &Type<'_>| attribute(one, "scale").unwrap_or(Value::from(0));
    let (written, read) = (logical(old), logical(new));
    let is_same_kind = match (&old.kind, &new.kind) {
        (Kind::Primitive(old), Kind::Primitive(new)) => old == new,
        _ => true,
    };
    if meaning == Meaning::MayBeAdded && is_same_kind && written.is_none() {
        return true;
    }
    written == read && (written != Some(Value::from("decimal")) || scale(old) == scale(new))
}

fn change<'d>(place: &str, rule: Rule, writer: Option<&'d Value>, reader: Option<&'d Value>) -> Change<'d> {
    Change { rule, path: place.to_owned(), writer, reader, breaks: true, uses: Vec::new() }
}

/// Whether a reader of one primitive type reads what was written as another.
fn promotes(writer: Primitive, reader: Primitive) -> bool {
    use Primitive::{Bytes, Double, Float, Int, Long, String};
    writer == reader
        || matches!(
            (writer, reader),
            (Int, Long | Float | Double) | (Long, Float | Double) | (Float, Double) | (String, Bytes) | (Bytes, String)
        )
}

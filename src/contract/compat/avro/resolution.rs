//! Which type of a reader resolves which type of a writer.

use std::collections::{HashMap, HashSet};

use super::schema::{Field, Kind, Primitive, Schema, TypeId};
use crate::contract::compat::document::{SchemaError, token};
use crate::contract::compat::outcome::{Change, Inner, Outcome, collect};
use crate::contract::compat::rule::{self, Rule};

/// How many pairs of types may be looked at.
const MAX_STEPS: usize = 4_000_000;

/// The incompatible changes between the schemas of a writer and of a reader, and whether there are more.
pub(super) fn changes<'d>(
    writer: &'d Schema<'_>,
    reader: &'d Schema<'_>,
) -> Result<(Vec<Change<'d>>, bool), SchemaError> {
    let mut resolution = Resolution { writer, reader, numbers: HashMap::new(), pairs: Vec::new(), steps: 0 };
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
        if resolution.steps > MAX_STEPS {
            return Err(SchemaError::new("#", "the schemas are too entangled to be compared"));
        }
        if !changed && first == resolution.pairs.len() {
            break;
        }
    }
    let outcomes = resolution.pairs.into_iter().map(|pair| pair.outcome.items).collect();
    Ok(collect(outcomes, root, |_| true))
}

struct Pair<'d> {
    writer: TypeId,
    reader: TypeId,
    outcome: Outcome<'d>,
}

struct Resolution<'d, 'a> {
    writer: &'d Schema<'a>,
    reader: &'d Schema<'a>,
    numbers: HashMap<(TypeId, TypeId), usize>,
    pairs: Vec<Pair<'d>>,
    steps: usize,
}

impl<'d> Resolution<'d, '_> {
    /// The verdict on two types, as far as it is known.
    fn compare(&mut self, writer: TypeId, reader: TypeId) -> Inner {
        self.steps += 1;
        let next = self.pairs.len();
        let pair = *self.numbers.entry((writer, reader)).or_insert(next);
        if pair == next {
            self.pairs.push(Pair { writer, reader, outcome: Outcome::default() });
        }
        Inner { pair, breaks: self.pairs[pair].outcome.breaks }
    }

    /// Whether the verdict on a pair changed.
    fn judge(&mut self, at: usize) -> bool {
        let Pair { writer, reader, outcome } = &self.pairs[at];
        let before = outcome.breaks;
        if before || self.steps > MAX_STEPS {
            return false;
        }
        let outcome = self.resolve(*writer, *reader);
        let changed = outcome.breaks != before;
        self.pairs[at].outcome = outcome;
        changed
    }

    fn resolve(&mut self, writer: TypeId, reader: TypeId) -> Outcome<'d> {
        let (old, new) = (self.writer.get(writer), self.reader.get(reader));
        let mut out = Outcome::default();
        let whole = |place: &str, rule: Rule| change(place, rule, Some(old.value), Some(new.value));
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
                // All of them, so that each becomes known.
                let reads = branches.iter().filter(|branch| !self.compare(writer, **branch).breaks).count();
                if reads == 0 {
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

fn change<'d>(
    place: &str,
    rule: Rule,
    writer: Option<&'d serde_json::Value>,
    reader: Option<&'d serde_json::Value>,
) -> Change<'d> {
    Change { rule, path: place.to_owned(), writer, reader, breaks: true }
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

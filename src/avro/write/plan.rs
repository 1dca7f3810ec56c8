//! The steps of a writer through an event, value by value: [`Plan`].

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use crate::avro::node::{NodeId, Nodes};

/// The index of an operation.
pub(super) type OpId = usize;

/// The types of a schema, each with the names in JSON of what it is written from. Operations refer to each other by
/// index, so that a type that holds itself has one.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) nodes: Nodes,
    pub(super) ops: Vec<Op>,
    pub(super) records: Vec<Record>,
    pub(super) enums: Vec<Symbols>,
    pub(super) unions: Vec<Vec<Op>>,
    pub(super) choices: Vec<Choice>,
    pub(super) root: OpId,
}

/// How to write a value.
#[doc(hidden)]
#[non_exhaustive]
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// A value without parts: of one of the commonest types, or of any.
    Boolean(NodeId),
    Int(NodeId),
    Long(NodeId),
    Double(NodeId),
    String(NodeId),
    Leaf(NodeId),
    Array(OpId),
    Map(OpId),
    Enum(usize),
    /// A record from an object.
    Record(usize),
    /// A record from a list.
    Tuple(usize),
    /// A record from the value of one of its fields.
    Inner(usize),
    /// A union of null and one other.
    Nullable {
        null: usize,
        branch: usize,
        op: OpId,
    },
    /// A union whose first branch that the value fits is taken: nothing tells which it is.
    FirstFit(usize),
    /// An enum with data, whose variants say which they are.
    Choice(usize),
}

/// A record.
#[derive(Debug, Default)]
pub(super) struct Record {
    pub(super) fields: Vec<Field>,
    /// The tag that a struct has in JSON, which Avro does not write.
    pub(super) tag: Option<&'static str>,
    /// The names of the writer's fields, if those of the record refer to them by their indexes.
    pub(super) names: Names,
}

impl Record {
    /// A record whose fields are found by their names only.
    pub(super) fn of(fields: Vec<Field>) -> Self {
        Self { fields, ..Self::default() }
    }
}

/// The names of a type's fields or variants, by which the derive's code knows whether the plan was made for its type: the
/// shape of a type that is described by hand may be that of another.
#[derive(Debug, Default)]
pub(super) struct Names {
    list: Vec<&'static str>,
    /// A list that was found to be the same.
    known: AtomicPtr<&'static str>,
}

impl Names {
    pub(super) fn new(list: Vec<&'static str>) -> Self {
        Self { list, known: AtomicPtr::new(ptr::null_mut()) }
    }

    #[inline]
    pub(super) fn are(&self, names: &'static [&'static str]) -> bool {
        // What is static stays what it is, so that one look at it is enough.
        let is_known = self.known.load(Ordering::Relaxed) == names.as_ptr().cast_mut();
        is_known && self.list.len() == names.len() || self.compare(names)
    }

    #[cold]
    fn compare(&self, names: &'static [&'static str]) -> bool {
        let is_same = !names.is_empty() && self.list == names;
        if is_same {
            self.known.store(names.as_ptr().cast_mut(), Ordering::Relaxed);
        }
        is_same
    }
}

/// The symbols of an enum, by the names of variants.
#[derive(Debug)]
pub(super) struct Symbols {
    pub(super) list: Vec<(Box<str>, usize)>,
    /// The names, if all variants have a symbol, after [`Tagging::External`]'s prefix.
    pub(super) names: Names,
}

/// A field of a record.
#[derive(Debug)]
pub struct Field {
    /// The index of the field that is written there, among the record's [`names`](Record::names).
    pub(super) index: usize,
    /// The name in JSON; nothing writes a field without one but its default.
    pub(super) name: Option<Box<str>>,
    /// The address of a text that was found to be that name.
    known: AtomicPtr<u8>,
    pub(super) op: Op,
    /// The bytes that are written in place of a missing value.
    pub(super) default: Option<Vec<u8>>,
}

impl Field {
    pub(super) fn new(name: Option<Box<str>>, op: Op, default: Option<Vec<u8>>) -> Self {
        Self { index: usize::MAX, name, known: AtomicPtr::new(ptr::null_mut()), op, default }
    }

    pub(super) fn is_named(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name)
    }

    /// [`is_named`](Self::is_named) for a name that stands in a program: one look at it is enough.
    #[inline]
    pub(super) fn is_called(&self, name: &'static str) -> bool {
        let is_known = self.known.load(Ordering::Relaxed) == name.as_ptr().cast_mut();
        is_known && self.name.as_ref().is_some_and(|own| own.len() == name.len()) || self.compare(name)
    }

    #[cold]
    fn compare(&self, name: &'static str) -> bool {
        let is_same = self.is_named(name);
        if is_same {
            self.known.store(name.as_ptr().cast_mut(), Ordering::Relaxed);
        }
        is_same
    }
}

/// The variants of an enum and what they are written as.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) tagging: Tagging,
    pub(super) variants: Vec<Variant>,
    /// The names of the variants after the tagging's prefix.
    pub(super) names: Names,
    /// The index of null, if it is among the branches.
    pub(super) null: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Tagging {
    External,
    Internal { tag: &'static str },
    Adjacent { tag: &'static str, content: &'static str },
}

impl Tagging {
    /// What stands before the names of variants in a list of [`Names`]: variants of one name are written differently.
    pub(super) fn prefix(self) -> [&'static str; 2] {
        match self {
            Self::External => ["", ""],
            Self::Internal { tag } => [tag, ""],
            Self::Adjacent { tag, content } => [tag, content],
        }
    }
}

#[derive(Debug)]
pub(super) struct Variant {
    pub(super) name: Box<str>,
    /// Its index, in a union.
    pub(super) branch: Option<usize>,
    pub(super) op: OpId,
}

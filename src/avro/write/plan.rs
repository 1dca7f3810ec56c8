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
    /// The symbols of enums, by the names of variants.
    pub(super) enums: Vec<Vec<(Box<str>, usize)>>,
    pub(super) unions: Vec<Vec<Op>>,
    pub(super) choices: Vec<Choice>,
    pub(super) root: OpId,
}

/// How to write a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
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
}

/// A field of a record.
#[derive(Debug)]
pub(super) struct Field {
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
        Self { name, known: AtomicPtr::new(ptr::null_mut()), op, default }
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
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) tagging: Tagging,
    pub(super) variants: Vec<Variant>,
    /// The index of null, if it is among the branches.
    pub(super) null: Option<usize>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Tagging {
    External,
    Internal { tag: &'static str },
    Adjacent { tag: &'static str, content: &'static str },
}

#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) name: Box<str>,
    /// Its index, in a union.
    pub(super) branch: Option<usize>,
    pub(super) op: OpId,
}

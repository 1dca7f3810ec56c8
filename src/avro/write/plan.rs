//! The steps of a writer through an event, value by value: [`Plan`].

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
    pub(super) unions: Vec<Vec<OpId>>,
    pub(super) choices: Vec<Choice>,
    pub(super) root: OpId,
}

/// How to write a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Op {
    /// A value without parts.
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
#[derive(Clone, Debug, Default)]
pub(super) struct Record {
    pub(super) fields: Vec<Field>,
    /// The tag that a struct has in JSON, which Avro does not write.
    pub(super) tag: Option<&'static str>,
}

/// A field of a record.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The name in JSON; nothing writes a field without one but its default.
    pub(super) name: Option<Box<str>>,
    pub(super) op: OpId,
    /// The bytes that are written in place of a missing value.
    pub(super) default: Option<Vec<u8>>,
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

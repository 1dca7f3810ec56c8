//! The steps of a reader through a writer's data: [`Plan`].

use super::super::node::{NodeId, Nodes};
use crate::logical::civil::{Style, Unit};

/// The index of an operation.
pub(super) type OpId = usize;

/// The steps from a writer's data to the values that a reader asks for. Operations refer to each other by index, so that
/// a type that holds itself has one.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(super) nodes: Nodes,
    pub(super) ops: Vec<Op>,
    pub(super) records: Vec<Vec<Step>>,
    pub(super) unions: Vec<Vec<OpId>>,
    /// The names of variants by the indexes of the writer's symbols.
    pub(super) enums: Vec<Vec<Box<str>>>,
    pub(super) variants: Vec<Variant>,
    pub(super) root: OpId,
}

/// How to read a value that was written as `node`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) kind: OpKind,
    pub(super) node: NodeId,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum OpKind {
    /// Skips what is there.
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    String,
    /// Text whose bytes are the elements of a list.
    StringAsBytes,
    Bytes,
    BytesAsText,
    Fixed(usize),
    FixedAsText(usize),
    Date,
    Time(Unit, Style),
    Timestamp {
        unit: Unit,
        local: bool,
        style: Style,
    },
    Decimal {
        scale: usize,
        size: Option<usize>,
        /// For an integer, not for text.
        integer: bool,
    },
    Uuid {
        fixed: bool,
    },
    Duration,
    Array(OpId),
    Map(OpId),
    Union(usize),
    Enum(usize),
    /// A record as an object.
    Record(usize),
    /// A record as a list.
    Tuple(usize),
    /// A record as the value of its only field.
    Inner(usize),
    Variant(usize),
}

/// The handling of one of the writer's fields.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Skip(NodeId),
    Field {
        /// The name by which it is read.
        name: Box<str>,
        op: OpId,
        /// The branch of its union that stands for a missing field.
        missing: Option<usize>,
    },
}

/// A variant of an enum with data.
#[derive(Clone, Debug)]
pub(super) struct Variant {
    pub(super) name: Box<str>,
    pub(super) tagging: Tagging,
    /// The data, if it has some.
    pub(super) content: Option<OpId>,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Tagging {
    External,
    Internal { tag: &'static str },
    Adjacent { tag: &'static str, content: &'static str },
}

//! The steps of a reader through a writer's data: [`Plan`].

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

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
    pub(super) records: Vec<Record>,
    pub(super) unions: Vec<Vec<Op>>,
    pub(super) decimals: Vec<Decimal>,
    /// The names of variants by the indexes of the writer's symbols.
    pub(super) enums: Vec<Vec<Box<str>>>,
    pub(super) variants: Vec<Variant>,
    pub(super) root: OpId,
}

/// How to read a value that was written as `node`.
#[derive(Clone, Copy, Debug)]
pub struct Op {
    pub(super) kind: OpKind,
    pub(super) node: NodeId,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum OpKind {
    /// Nothing is there.
    Null,
    /// Null, whatever is there.
    Skip,
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
    Decimal(usize),
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

#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal {
    pub(super) scale: usize,
    pub(super) size: Option<usize>,
    /// For an integer, not for text.
    pub(super) integer: bool,
}

/// How to read a record.
#[derive(Debug, Default)]
pub struct Record {
    pub(super) steps: Vec<Step>,
    /// The names of the reader's fields, if they go by their indexes in this list.
    pub(super) names: Vec<&'static str>,
    /// The number of fields, if all of them can be without a byte.
    pub(super) empty: usize,
    /// A list of names that was found to be the same.
    known: AtomicPtr<&'static str>,
}

impl Record {
    pub(super) fn new(steps: Vec<Step>, names: Vec<&'static str>, least_size: usize) -> Self {
        let empty = if least_size == 0 { steps.len() } else { 0 };
        Self { steps, names, empty, known: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Whether these are the names of the reader's fields, in their order. The shape of a type that is read by hand may be
    /// that of another.
    #[inline]
    pub(super) fn is_read_as(&self, names: &'static [&'static str]) -> bool {
        // What is static stays what it is, so that one look at it is enough.
        let is_known = self.known.load(Ordering::Relaxed) == names.as_ptr().cast_mut();
        is_known && self.names.len() == names.len() || self.compare(names)
    }

    #[cold]
    fn compare(&self, names: &'static [&'static str]) -> bool {
        let is_same = !names.is_empty() && self.names == names;
        if is_same {
            self.known.store(names.as_ptr().cast_mut(), Ordering::Relaxed);
        }
        is_same
    }
}

/// The handling of one of the writer's fields.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Skip(NodeId),
    Read(Field),
    /// A field that is missing in one branch of its union.
    Omissible {
        null: usize,
        union: usize,
        field: Field,
    },
}

/// A field that is read.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// The name by which it is read.
    pub(super) name: Box<str>,
    /// Its index among the fields that the reader has.
    pub(super) index: u32,
    pub(super) op: Op,
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

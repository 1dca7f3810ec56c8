//! A serializer into the types of a schema: [`Value`].

use std::fmt::{Display, Write};

use serde::ser::{self, Serialize, Serializer};

use super::bytes::{write_bytes, write_long, write_size};
use super::leaf::{OTHER_TYPE, write_blob, write_float, write_integer, write_large, write_text};
use super::plan::{Field, Op, OpId, Plan, Record, Tagging};
use crate::avro::node::Node;
use crate::error::Unwritable;
use crate::finite::OnlyFinite;
use crate::load::json;
use crate::logical::civil::Short;

/// The bytes that were written so far.
#[derive(Debug)]
pub struct Output<'p, 'o> {
    pub(super) plan: &'p Plan,
    pub(super) bytes: &'o mut Vec<u8>,
    /// Whether what is written is JSON that an event was made into.
    of_json: bool,
    /// Within how many values a branch is tried.
    tries: usize,
    /// How much was written for branches that did not fit.
    wasted: usize,
}

/// How much may be: there can be as many tries as branches to the power of the levels.
const MAX_WASTED: usize = 16 << 20;

/// The place of a value.
pub(super) struct Value<'a, 'p, 'o> {
    pub(super) output: &'a mut Output<'p, 'o>,
    pub(super) op: &'p Op,
}

pub(super) const LEFT_OUT: &str = "no value for a field that the schema has no default for";
const UNKNOWN_VARIANT: &str = "a variant that the schema does not have";

impl<'p, 'o> Output<'p, 'o> {
    pub(super) fn new(plan: &'p Plan, bytes: &'o mut Vec<u8>, of_json: bool) -> Self {
        Self { plan, bytes, of_json, tries: 0, wasted: 0 }
    }

    /// Whether a field that the record does not have is left out. While a branch is tried, only the tag is: a branch that
    /// does not have all of the value is none for it.
    fn leave_out(&self, record: &Record, key: &str) -> Result<(), Unwritable> {
        if self.tries > 0 && record.tag != Some(key) {
            return Err(Unwritable::new("a field that the schema does not have"));
        }
        Ok(())
    }

    /// Writes a value.
    #[inline]
    pub(crate) fn write<T: Serialize + ?Sized>(&mut self, op: &'p Op, value: &T) -> Result<(), Unwritable> {
        match op {
            Op::FirstFit(branches) => self.write_first_fit(*branches, value),
            _ => value.serialize(Value { output: self, op }),
        }
    }

    #[cold]
    fn write_first_fit<T: Serialize + ?Sized>(&mut self, branches: usize, value: &T) -> Result<(), Unwritable> {
        let plan = self.plan;
        let before = self.bytes.len();
        for (index, branch) in plan.unions[branches].iter().enumerate() {
            if self.wasted > MAX_WASTED {
                return Err(Unwritable::new("untagged enums that have too many combinations of variants to try"));
            }
            write_size(self.bytes, index);
            self.tries += 1;
            let written = self.write(branch, value);
            self.tries -= 1;
            if written.is_ok() {
                return Ok(());
            }
            self.wasted += self.bytes.len() - before;
            self.bytes.truncate(before);
        }
        Err(Unwritable::new("a value that fits no branch of the schema's union"))
    }

    pub(super) fn defaults(&mut self, record: usize) -> Result<(), Unwritable> {
        self.plan.records[record].fields.iter().try_for_each(|field| self.write_default(field))
    }

    /// The branch of a variant, and what its data are written as.
    fn variant(&mut self, choice: usize, name: &str) -> Result<&'p Op, Unwritable> {
        let plan = self.plan;
        let variants = &plan.choices[choice].variants;
        let found = variants.iter().find(|variant| *variant.name == *name);
        let variant = found.ok_or_else(|| Unwritable::new(UNKNOWN_VARIANT))?;
        if let Some(branch) = variant.branch {
            write_size(self.bytes, branch);
        }
        Ok(&plan.ops[variant.op])
    }

    /// A variant without data.
    fn unit(&mut self, choice: usize, name: &str) -> Result<(), Unwritable> {
        match *self.variant(choice, name)? {
            Op::Record(record) => self.defaults(record),
            _ => Err(Unwritable::new(OTHER_TYPE)),
        }
    }
}

#[cold]
fn left_out(name: Option<&str>) -> Unwritable {
    let error = Unwritable::new(LEFT_OUT);
    match name {
        Some(name) => error.within(name),
        None => error,
    }
}

impl<'a, 'p, 'o> Value<'a, 'p, 'o> {
    /// Goes into a union with null, for a value that is not.
    #[inline]
    fn enter(&mut self) -> Op {
        let mut op = *self.op;
        while let Op::Nullable { branch, op: inner, .. } = op {
            write_size(self.output.bytes, branch);
            self.op = &self.output.plan.ops[inner];
            op = *self.op;
        }
        op
    }

    #[inline]
    fn leaf(&mut self) -> Result<&'p Node, Unwritable> {
        let op = self.enter();
        self.node(op)
    }

    #[inline]
    fn node(&self, op: Op) -> Result<&'p Node, Unwritable> {
        match leaf_of(op) {
            Some(node) => Ok(self.output.plan.nodes.get(node)),
            None => Err(Unwritable::new(OTHER_TYPE)),
        }
    }

    /// The place of the data of a variant.
    fn variant(mut self, name: &str) -> Result<Self, Unwritable> {
        let Op::Choice(choice) = self.enter() else { return Err(Unwritable::new(OTHER_TYPE)) };
        let op = self.output.variant(choice, name)?;
        Ok(Self { output: self.output, op })
    }

    fn null(self) -> Result<(), Unwritable> {
        let plan = self.output.plan;
        match *self.op {
            Op::Nullable { null, .. } => write_size(self.output.bytes, null),
            Op::Choice(choice) => match plan.choices[choice].null {
                Some(null) => write_size(self.output.bytes, null),
                None => return Err(Unwritable::new("null, which the schema does not allow")),
            },
            Op::Leaf(node) if matches!(plan.nodes.get(node), Node::Null) => {}
            _ => return Err(Unwritable::new("null, which the schema does not allow")),
        }
        Ok(())
    }

    fn list(mut self, length: Option<usize>) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        let kind = match self.enter() {
            Op::Array(items) => Kind::List(self.blocks(items, length)),
            Op::Tuple(record) => Kind::Tuple { record: &self.output.plan.records[record], next: 0 },
            Op::Leaf(node) if matches!(self.output.plan.nodes.get(node), Node::Bytes | Node::Fixed(_)) => {
                Kind::Bytes { node, bytes: Vec::with_capacity(length.unwrap_or(0).min(1 << 20)) }
            }
            _ => return Err(Unwritable::new(OTHER_TYPE)),
        };
        Ok(Compound { output: self.output, kind, key: None })
    }

    fn object(mut self, length: Option<usize>) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        let kind = match self.enter() {
            Op::Record(record) => Kind::Record(Fields::new(&self.output.plan.records[record])),
            Op::Map(values) => Kind::Map(self.blocks(values, length)),
            Op::Choice(choice) => Kind::Choice(Tagged::new(choice)),
            op => match leaf_of(op) {
                Some(node) => Kind::Number { node },
                None => return Err(Unwritable::new(OTHER_TYPE)),
            },
        };
        Ok(Compound { output: self.output, kind, key: None })
    }

    fn blocks(&mut self, op: OpId, length: Option<usize>) -> Blocks<'p> {
        Blocks::new(self.output.bytes, &self.output.plan.ops[op], length)
    }

    #[inline]
    fn record(mut self, length: usize) -> Result<Struct<'a, 'p, 'o>, Unwritable> {
        match self.enter() {
            Op::Record(record) => {
                let fields = Fields::new(&self.output.plan.records[record]);
                Ok(Struct::Record { output: self.output, fields })
            }
            _ => self.object(Some(length)).map(|other| Struct::Other(Box::new(other))),
        }
    }

    /// A text that is none in Avro, or no plain one.
    #[inline(never)]
    fn text(self, op: Op, text: &str) -> Result<(), Unwritable> {
        match op {
            Op::Enum(names) => {
                let names = &self.output.plan.enums[names].list;
                let found = names.iter().find(|(name, _)| **name == *text);
                let (_, symbol) = found.ok_or_else(|| Unwritable::new(UNKNOWN_VARIANT))?;
                write_size(self.output.bytes, *symbol);
                Ok(())
            }
            Op::Choice(choice) => self.output.unit(choice, text),
            op => write_text(self.output.bytes, self.node(op)?, text),
        }
    }

    /// Where a record is written that is the value of one of its fields.
    fn inner<T: Serialize + ?Sized>(self, record: usize, value: &T) -> Result<(), Unwritable> {
        for field in &self.output.plan.records[record].fields {
            match (&field.name, &field.default) {
                (Some(_), _) => self.output.write(&field.op, value)?,
                (None, Some(default)) => self.output.bytes.extend(default),
                (None, None) => {}
            }
        }
        Ok(())
    }
}

impl<'a, 'p, 'o> Serializer for Value<'a, 'p, 'o> {
    type Ok = ();
    type Error = Unwritable;
    type SerializeSeq = Sequence<'a, 'p, 'o>;
    type SerializeTuple = Compound<'a, 'p, 'o>;
    type SerializeTupleStruct = Compound<'a, 'p, 'o>;
    type SerializeTupleVariant = Compound<'a, 'p, 'o>;
    type SerializeMap = Compound<'a, 'p, 'o>;
    type SerializeStruct = Struct<'a, 'p, 'o>;
    type SerializeStructVariant = Struct<'a, 'p, 'o>;

    #[inline]
    fn serialize_bool(mut self, value: bool) -> Result<(), Unwritable> {
        match self.enter() {
            Op::Boolean(_) => self.output.bytes.push(value.into()),
            _ => return Err(Unwritable::new(OTHER_TYPE)),
        }
        Ok(())
    }

    #[inline]
    fn serialize_i8(self, value: i8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_i16(self, value: i16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_i32(self, value: i32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_i64(mut self, value: i64) -> Result<(), Unwritable> {
        match self.enter() {
            Op::Long(_) => write_long(self.output.bytes, value),
            Op::Int(_) if i32::try_from(value).is_ok() => write_long(self.output.bytes, value),
            op => return write_integer(self.output.bytes, self.node(op)?, value),
        }
        Ok(())
    }
    fn serialize_i128(mut self, value: i128) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_large(self.output.bytes, node, &value.to_string())
    }
    #[inline]
    fn serialize_u8(self, value: u8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_u16(self, value: u16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_u64(self, value: u64) -> Result<(), Unwritable> {
        match i64::try_from(value) {
            Ok(value) => self.serialize_i64(value),
            Err(_) => self.serialize_u128(value.into()),
        }
    }
    fn serialize_u128(mut self, value: u128) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_large(self.output.bytes, node, &value.to_string())
    }
    fn serialize_f32(mut self, value: f32) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_float(self.output.bytes, node, value.into(), false)
    }
    #[inline]
    fn serialize_f64(mut self, value: f64) -> Result<(), Unwritable> {
        match self.enter() {
            Op::Double(_) if value.is_finite() => self.output.bytes.extend_from_slice(&value.to_le_bytes()),
            op => return write_float(self.output.bytes, self.node(op)?, value, self.output.of_json),
        }
        Ok(())
    }
    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    #[inline]
    fn serialize_str(mut self, text: &str) -> Result<(), Unwritable> {
        match self.enter() {
            Op::String(_) => {
                write_bytes(self.output.bytes, text.as_bytes());
                Ok(())
            }
            op => self.text(op, text),
        }
    }

    // Dates and UUIDs write themselves so: a `String` for each would be most of their cost.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        let mut text = Short::new();
        match write!(text, "{value}") {
            Ok(()) => self.serialize_str(text.as_str()),
            // Too long.
            Err(std::fmt::Error) => self.serialize_str(&value.to_string()),
        }
    }

    fn serialize_bytes(mut self, bytes: &[u8]) -> Result<(), Unwritable> {
        match self.enter() {
            Op::Array(_) => self.collect_seq(bytes),
            op => write_blob(self.output.bytes, self.node(op)?, bytes),
        }
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        self.null()
    }
    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Unwritable> {
        match *self.op {
            // A variant without fields is a record.
            Op::Record(record) => self.output.defaults(record),
            _ => self.null(),
        }
    }
    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Unwritable> {
        self.serialize_unit()
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Unwritable> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Unwritable> {
        let data = self.variant(variant)?;
        data.output.content(data.op, value).map_err(|error| error.within(variant))
    }

    #[inline]
    fn serialize_seq(mut self, length: Option<usize>) -> Result<Sequence<'a, 'p, 'o>, Unwritable> {
        match self.enter() {
            Op::Array(items) => {
                let blocks = self.blocks(items, length);
                Ok(Sequence::List { output: self.output, blocks })
            }
            _ => self.list(length).map(|other| Sequence::Other(Box::new(other))),
        }
    }
    fn serialize_tuple(self, length: usize) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.list(Some(length))
    }
    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.list(Some(length))
    }
    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.variant(variant)?.list(Some(length))
    }
    fn serialize_map(self, length: Option<usize>) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.object(length)
    }
    #[inline]
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Struct<'a, 'p, 'o>, Unwritable> {
        self.record(length)
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Struct<'a, 'p, 'o>, Unwritable> {
        self.variant(variant)?.record(length)
    }
}

/// The node of a value without parts.
#[inline]
fn leaf_of(op: Op) -> Option<usize> {
    match op {
        Op::Boolean(node) | Op::Int(node) | Op::Long(node) | Op::Double(node) | Op::String(node) | Op::Leaf(node) => {
            Some(node)
        }
        _ => None,
    }
}

impl<'p> Output<'p, '_> {
    /// Writes the data of a variant.
    fn content<T: Serialize + ?Sized>(&mut self, op: &'p Op, value: &T) -> Result<(), Unwritable> {
        match *op {
            Op::Inner(record) => Value { output: self, op }.inner(record, value),
            _ => self.write(op, value),
        }
    }
}

/// A list, an object or a record while it is written.
pub(super) struct Compound<'a, 'p, 'o> {
    output: &'a mut Output<'p, 'o>,
    kind: Kind<'p>,
    /// The key of the entry whose value comes next.
    key: Option<String>,
}

enum Kind<'p> {
    List(Blocks<'p>),
    Map(Blocks<'p>),
    /// A list of bytes as `bytes` or `fixed`.
    Bytes {
        node: usize,
        bytes: Vec<u8>,
    },
    Record(Fields<'p>),
    Tuple {
        record: &'p Record,
        next: usize,
    },
    Choice(Tagged<'p>),
    /// A number as `serde_json` hides it with `arbitrary_precision`.
    Number {
        node: usize,
    },
}

/// The block of a list's elements or a map's entries.
pub(super) struct Blocks<'p> {
    op: &'p Op,
    /// The start of the block.
    start: usize,
    /// The start of its first value.
    values: usize,
    announced: Option<usize>,
    count: usize,
}

impl<'p> Blocks<'p> {
    fn new(bytes: &mut Vec<u8>, op: &'p Op, announced: Option<usize>) -> Self {
        let start = bytes.len();
        if let Some(length @ 1..) = announced {
            write_size(bytes, length);
        }
        Self { op, start, values: bytes.len(), announced, count: 0 }
    }

    fn end(&self, bytes: &mut Vec<u8>) {
        if self.announced.unwrap_or(0) != self.count {
            let mut count = Vec::new();
            if self.count > 0 {
                write_size(&mut count, self.count);
            }
            bytes.splice(self.start..self.values, count);
        }
        bytes.push(0);
    }
}

/// The fields of a record, written in its order; one that comes late takes the place of the default that was written for
/// it.
pub(super) struct Fields<'p> {
    record: &'p Record,
    /// The first that was not written.
    next: usize,
    /// Fields that were passed over, with the bytes that stand for each.
    passed: Vec<Passed>,
}

struct Passed {
    field: usize,
    start: usize,
    end: usize,
}

impl<'p> Fields<'p> {
    #[inline]
    fn new(record: &'p Record) -> Self {
        Self { record, next: 0, passed: Vec::new() }
    }

    /// The next field, if it is called so.
    #[inline]
    fn next_if(&mut self, name: &'static str) -> Option<&'p Field> {
        let field = self.record.fields.get(self.next).filter(|field| field.is_called(name))?;
        self.next += 1;
        Some(field)
    }

    fn find(&self, name: &str) -> Option<usize> {
        let is_named = |index: &usize| self.record.fields[*index].is_named(name);
        (self.next..self.record.fields.len()).find(is_named).or_else(|| (0..self.next).find(is_named))
    }

    /// Writes a field that the record may have, wherever it has it.
    fn entry<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'p, '_>,
        name: &str,
        value: &T,
    ) -> Result<(), Unwritable> {
        let Some(index) = self.find(name) else { return output.leave_out(self.record, name) };
        let field = &self.record.fields[index];
        let written = if index < self.next {
            self.write_late(output, index, value)
        } else {
            self.pass(output, index);
            self.next = index + 1;
            output.write(&field.op, value)
        };
        written.map_err(|error| error.within(name))
    }

    /// Writes the defaults of the fields up to this one.
    fn pass(&mut self, output: &mut Output<'_, '_>, field: usize) {
        for index in self.next..field {
            let start = output.bytes.len();
            if let Some(default) = &self.record.fields[index].default {
                output.bytes.extend(default);
            }
            self.passed.push(Passed { field: index, start, end: output.bytes.len() });
        }
    }

    #[cold]
    fn write_late<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'p, '_>,
        field: usize,
        value: &T,
    ) -> Result<(), Unwritable> {
        let found = self.passed.iter().position(|passed| passed.field == field);
        let found = found.ok_or_else(|| Unwritable::new("a field that comes twice"))?;
        let Passed { start, end, .. } = self.passed.remove(found);
        let before = output.bytes.len();
        output.write(&self.record.fields[field].op, value)?;
        let value = output.bytes.split_off(before);
        let (longer, shorter) = (value.len(), end - start);
        output.bytes.splice(start..end, value);
        for passed in self.passed.iter_mut().filter(|passed| passed.field > field) {
            passed.start = passed.start + longer - shorter;
            passed.end = passed.end + longer - shorter;
        }
        Ok(())
    }

    #[inline]
    fn end(self, output: &mut Output<'_, '_>) -> Result<(), Unwritable> {
        let is_whole = self.next == self.record.fields.len() && self.passed.is_empty();
        if is_whole { Ok(()) } else { self.end_with_defaults(output) }
    }

    #[inline(never)]
    fn end_with_defaults(mut self, output: &mut Output<'_, '_>) -> Result<(), Unwritable> {
        let fields = &self.record.fields;
        self.pass(output, fields.len());
        // A field of no bytes, which is null, has no default and needs none.
        let needs = |passed: &&Passed| {
            let field = &fields[passed.field];
            let is_null = matches!(field.op, Op::Leaf(node) if matches!(output.plan.nodes.get(node), Node::Null));
            field.default.is_none() && !is_null
        };
        match self.passed.iter().find(needs) {
            Some(passed) => Err(left_out(fields[passed.field].name.as_deref())),
            None => Ok(()),
        }
    }
}

/// A struct while it is written: a record, whose fields mostly come in its order, or something else.
pub(super) enum Struct<'a, 'p, 'o> {
    Record { output: &'a mut Output<'p, 'o>, fields: Fields<'p> },
    // It is large, and rare.
    Other(Box<Compound<'a, 'p, 'o>>),
}

impl Struct<'_, '_, '_> {
    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unwritable> {
        if let Self::Record { output, fields } = self
            && let Some(field) = fields.next_if(name)
        {
            return output.write(&field.op, value).map_err(|error| error.within(name));
        }
        self.entry(name, value)
    }

    #[inline(never)]
    fn entry<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Unwritable> {
        match self {
            Self::Record { output, fields } => fields.entry(output, name, value),
            Self::Other(other) => other.entry(name, value),
        }
    }

    #[inline]
    fn finish(self) -> Result<(), Unwritable> {
        match self {
            Self::Record { output, fields } => fields.end(output),
            Self::Other(other) => other.finish(),
        }
    }
}

/// A list while it is written.
pub(super) enum Sequence<'a, 'p, 'o> {
    List { output: &'a mut Output<'p, 'o>, blocks: Blocks<'p> },
    Other(Box<Compound<'a, 'p, 'o>>),
}

impl ser::SerializeSeq for Sequence<'_, '_, '_> {
    type Ok = ();
    type Error = Unwritable;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        match self {
            Self::List { output, blocks } => {
                blocks.count += 1;
                output.write(blocks.op, value)
            }
            Self::Other(other) => other.element(value),
        }
    }

    #[inline]
    fn end(self) -> Result<(), Unwritable> {
        match self {
            Self::List { output, blocks } => {
                blocks.end(output.bytes);
                Ok(())
            }
            Self::Other(other) => other.finish(),
        }
    }
}

/// An enum with data while its tag is looked for. What comes before the tag is kept as JSON.
struct Tagged<'p> {
    choice: usize,
    name: Option<String>,
    kept: Vec<(String, serde_json::Value)>,
    /// The data of an internally tagged variant.
    fields: Option<Fields<'p>>,
    /// Whether the data were written.
    done: bool,
}

impl<'p> Tagged<'p> {
    fn new(choice: usize) -> Self {
        Self { choice, name: None, kept: Vec::new(), fields: None, done: false }
    }

    fn entry<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'p, '_>,
        key: &str,
        value: &T,
    ) -> Result<(), Unwritable> {
        if let Some(fields) = &mut self.fields {
            return fields.entry(output, key, value);
        }
        match output.plan.choices[self.choice].tagging {
            Tagging::External if !self.done => {
                self.done = true;
                let op = output.variant(self.choice, key)?;
                output.content(op, value).map_err(|error| error.within(key))
            }
            Tagging::External => Err(Unwritable::new(OTHER_TYPE)),
            Tagging::Internal { tag } if key == tag => {
                let name = text(value)?;
                let Op::Record(record) = *output.variant(self.choice, &name)? else {
                    return Err(Unwritable::new(OTHER_TYPE));
                };
                let mut fields = Fields::new(&output.plan.records[record]);
                for (key, value) in self.kept.drain(..) {
                    fields.entry(output, &key, &value)?;
                }
                self.fields = Some(fields);
                self.done = true;
                Ok(())
            }
            Tagging::Adjacent { tag, .. } if key == tag => {
                let name = text(value)?;
                match self.kept.pop() {
                    Some((_, value)) => self.adjacent(output, &name, &value),
                    None => {
                        self.name = Some(name);
                        Ok(())
                    }
                }
            }
            Tagging::Adjacent { content, .. } if key == content => match self.name.take() {
                Some(name) => self.adjacent(output, &name, value),
                None => self.keep(key, value),
            },
            Tagging::Internal { .. } => self.keep(key, value),
            Tagging::Adjacent { .. } => Ok(()),
        }
    }

    fn adjacent<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'p, '_>,
        name: &str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.done = true;
        let op = output.variant(self.choice, name)?;
        output.content(op, value)
    }

    #[cold]
    fn keep<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Unwritable> {
        let value = serde_json::to_value(OnlyFinite(value)).map_err(ser::Error::custom)?;
        self.kept.push((key.to_owned(), value));
        Ok(())
    }

    fn end(mut self, output: &mut Output<'_, '_>) -> Result<(), Unwritable> {
        match (self.fields, self.name.take()) {
            (Some(fields), _) => fields.end(output),
            (None, Some(name)) => output.unit(self.choice, &name),
            (None, None) if self.done => Ok(()),
            (None, None) => Err(Unwritable::new(UNKNOWN_VARIANT)),
        }
    }
}

/// The name of a variant, written as a tag.
fn text<T: Serialize + ?Sized>(value: &T) -> Result<String, Unwritable> {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => Ok(name),
        _ => Err(Unwritable::new(UNKNOWN_VARIANT)),
    }
}

impl Compound<'_, '_, '_> {
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        match &mut self.kind {
            Kind::List(blocks) => {
                blocks.count += 1;
                self.output.write(blocks.op, value)
            }
            Kind::Bytes { bytes, .. } => {
                let byte = serde_json::to_value(value).ok().and_then(|value| u8::try_from(value.as_u64()?).ok());
                bytes.push(byte.ok_or_else(|| Unwritable::new(OTHER_TYPE))?);
                Ok(())
            }
            Kind::Tuple { record, next } => {
                let record: &Record = record;
                while let Some(field) = record.fields.get(*next) {
                    *next += 1;
                    if field.name.is_some() {
                        return self.output.write(&field.op, value);
                    }
                    self.output.bytes.extend(field.default.iter().flatten());
                }
                // One that the schema does not have.
                Ok(())
            }
            _ => Err(Unwritable::new(OTHER_TYPE)),
        }
    }

    fn entry<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Unwritable> {
        match &mut self.kind {
            Kind::Record(fields) => fields.entry(self.output, key, value),
            Kind::Map(blocks) => {
                blocks.count += 1;
                write_bytes(self.output.bytes, key.as_bytes());
                self.output.write(blocks.op, value)
            }
            Kind::Choice(tagged) => tagged.entry(self.output, key, value),
            Kind::Number { node } if key == crate::load::json::TOKEN => {
                let node = self.output.plan.nodes.get(*node);
                let text = text(value)?;
                match (text.parse::<i128>(), text.parse::<f64>()) {
                    (Ok(_), _) => write_large(self.output.bytes, node, &text),
                    (Err(_), Ok(number)) => write_float(self.output.bytes, node, number, true),
                    (Err(_), Err(_)) => Err(Unwritable::new(OTHER_TYPE)),
                }
            }
            _ => Err(Unwritable::new(OTHER_TYPE)),
        }
    }

    fn finish(self) -> Result<(), Unwritable> {
        match self.kind {
            Kind::List(blocks) | Kind::Map(blocks) => {
                blocks.end(self.output.bytes);
                Ok(())
            }
            Kind::Bytes { node, bytes } => write_blob(self.output.bytes, self.output.plan.nodes.get(node), &bytes),
            Kind::Record(fields) => fields.end(self.output),
            Kind::Tuple { record, next } => {
                for field in &record.fields[next..] {
                    match &field.default {
                        Some(default) => self.output.bytes.extend(default),
                        None => return Err(left_out(field.name.as_deref())),
                    }
                }
                Ok(())
            }
            Kind::Choice(tagged) => tagged.end(self.output),
            Kind::Number { .. } => Ok(()),
        }
    }
}

macro_rules! elements {
    ($($trait:ident $method:ident)*) => {$(
        impl ser::$trait for Compound<'_, '_, '_> {
            type Ok = ();
            type Error = Unwritable;

            #[inline]
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
                self.element(value)
            }

            fn end(self) -> Result<(), Unwritable> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Struct<'_, '_, '_> {
            type Ok = ();
            type Error = Unwritable;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Unwritable> {
                self.field(key, value)
            }

            #[inline]
            fn end(self) -> Result<(), Unwritable> {
                self.finish()
            }
        }
    )*};
}

fields!(SerializeStruct SerializeStructVariant);

impl ser::SerializeMap for Compound<'_, '_, '_> {
    type Ok = ();
    type Error = Unwritable;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Unwritable> {
        self.key = Some(key_text(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Unwritable> {
        let key = self.key.take().unwrap_or_default();
        self.entry(&key, value)
    }

    fn end(self) -> Result<(), Unwritable> {
        self.finish()
    }
}

/// A key as the text that JSON has for it.
pub(super) fn key_text<T: Serialize + ?Sized>(key: &T) -> Result<String, Unwritable> {
    let text = serde_json::to_string(key).map_err(ser::Error::custom)?;
    if !text.starts_with('"') {
        return Ok(text);
    }
    json::read(&text).map_err(ser::Error::custom)
}

//! A serializer into the types of a schema: [`Value`].

use serde::ser::{self, Serialize, Serializer};

use super::bytes::{write_bytes, write_size};
use super::leaf::{OTHER_TYPE, write_blob, write_float, write_integer, write_large, write_text};
use super::plan::{Op, OpId, Plan, Tagging};
use crate::avro::node::Node;
use crate::error::Unwritable;
use crate::load::json;

/// The bytes that were written so far.
pub(super) struct Output<'p, 'o> {
    plan: &'p Plan,
    bytes: &'o mut Vec<u8>,
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
    pub(super) op: OpId,
}

const LEFT_OUT: &str = "no value for a field that the schema has no default for";
const UNKNOWN_VARIANT: &str = "a variant that the schema does not have";

impl<'p, 'o> Output<'p, 'o> {
    pub(super) fn new(plan: &'p Plan, bytes: &'o mut Vec<u8>) -> Self {
        Self { plan, bytes, tries: 0, wasted: 0 }
    }

    /// Whether a field that the record does not have is left out. While a branch is tried, only the tag is: a branch that
    /// does not have all of the value is none for it.
    fn leave_out(&self, record: usize, key: &str) -> Result<(), Unwritable> {
        if self.tries > 0 && self.plan.records[record].tag != Some(key) {
            return Err(Unwritable::new("a field that the schema does not have"));
        }
        Ok(())
    }

    /// Writes a value.
    pub(super) fn write<T: Serialize + ?Sized>(&mut self, op: OpId, value: &T) -> Result<(), Unwritable> {
        if let Op::FirstFit(branches) = self.plan.ops[op] {
            let before = self.bytes.len();
            for (index, branch) in self.plan.unions[branches].iter().enumerate() {
                if self.wasted > MAX_WASTED {
                    return Err(Unwritable::new("untagged enums that have too many combinations of variants to try"));
                }
                write_size(self.bytes, index);
                self.tries += 1;
                let written = self.write(*branch, value);
                self.tries -= 1;
                if written.is_ok() {
                    return Ok(());
                }
                self.wasted += self.bytes.len() - before;
                self.bytes.truncate(before);
            }
            return Err(Unwritable::new("a value that fits no branch of the schema's union"));
        }
        value.serialize(Value { output: self, op })
    }

    fn defaults(&mut self, record: usize) -> Result<(), Unwritable> {
        for field in &self.plan.records[record].fields {
            match &field.default {
                Some(default) => self.bytes.extend(default),
                None => return Err(left_out(field.name.as_deref())),
            }
        }
        Ok(())
    }

    /// The branch of a variant, and what its data are written as.
    fn variant(&mut self, choice: usize, name: &str) -> Result<OpId, Unwritable> {
        let variants = &self.plan.choices[choice].variants;
        let found = variants.iter().find(|variant| *variant.name == *name);
        let variant = found.ok_or_else(|| Unwritable::new(UNKNOWN_VARIANT))?;
        if let Some(branch) = variant.branch {
            write_size(self.bytes, branch);
        }
        Ok(variant.op)
    }

    /// A variant without data.
    fn unit(&mut self, choice: usize, name: &str) -> Result<(), Unwritable> {
        let op = self.variant(choice, name)?;
        match self.plan.ops[op] {
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
        let plan = self.output.plan;
        let mut op = plan.ops[self.op];
        while let Op::Nullable { branch, op: inner, .. } = op {
            write_size(self.output.bytes, branch);
            self.op = inner;
            op = plan.ops[inner];
        }
        op
    }

    #[inline]
    fn leaf(&mut self) -> Result<&'p Node, Unwritable> {
        match self.enter() {
            Op::Leaf(node) => Ok(self.output.plan.nodes.get(node)),
            _ => Err(Unwritable::new(OTHER_TYPE)),
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
        match plan.ops[self.op] {
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
            Op::Array(items) => Kind::List(Blocks::new(self.output.bytes, items, length)),
            Op::Tuple(record) => Kind::Tuple { record, next: 0 },
            Op::Leaf(node) if matches!(self.output.plan.nodes.get(node), Node::Bytes | Node::Fixed(_)) => {
                Kind::Bytes { node, bytes: Vec::with_capacity(length.unwrap_or(0).min(1 << 20)) }
            }
            _ => return Err(Unwritable::new(OTHER_TYPE)),
        };
        Ok(Compound { output: self.output, kind, key: None })
    }

    fn object(mut self, length: Option<usize>) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        let kind = match self.enter() {
            Op::Record(record) => Kind::Record(Fields::new(record)),
            Op::Map(values) => Kind::Map(Blocks::new(self.output.bytes, values, length)),
            Op::Choice(choice) => Kind::Choice(Tagged::new(choice)),
            Op::Leaf(node) => Kind::Number { node },
            _ => return Err(Unwritable::new(OTHER_TYPE)),
        };
        Ok(Compound { output: self.output, kind, key: None })
    }

    /// Where a record is written that is the value of one of its fields.
    fn inner<T: Serialize + ?Sized>(self, record: usize, value: &T) -> Result<(), Unwritable> {
        for field in &self.output.plan.records[record].fields {
            match (&field.name, &field.default) {
                (Some(_), _) => self.output.write(field.op, value)?,
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
    type SerializeSeq = Compound<'a, 'p, 'o>;
    type SerializeTuple = Compound<'a, 'p, 'o>;
    type SerializeTupleStruct = Compound<'a, 'p, 'o>;
    type SerializeTupleVariant = Compound<'a, 'p, 'o>;
    type SerializeMap = Compound<'a, 'p, 'o>;
    type SerializeStruct = Compound<'a, 'p, 'o>;
    type SerializeStructVariant = Compound<'a, 'p, 'o>;

    fn serialize_bool(mut self, value: bool) -> Result<(), Unwritable> {
        match self.leaf()? {
            Node::Boolean => self.output.bytes.push(value.into()),
            _ => return Err(Unwritable::new(OTHER_TYPE)),
        }
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    fn serialize_i16(self, value: i16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    fn serialize_i32(self, value: i32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    #[inline]
    fn serialize_i64(mut self, value: i64) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_integer(self.output.bytes, node, value)
    }
    fn serialize_i128(mut self, value: i128) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_large(self.output.bytes, node, &value.to_string())
    }
    fn serialize_u8(self, value: u8) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    fn serialize_u16(self, value: u16) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    fn serialize_u32(self, value: u32) -> Result<(), Unwritable> {
        self.serialize_i64(value.into())
    }
    fn serialize_u64(mut self, value: u64) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        match i64::try_from(value) {
            Ok(value) => write_integer(self.output.bytes, node, value),
            Err(_) => write_large(self.output.bytes, node, &value.to_string()),
        }
    }
    fn serialize_u128(mut self, value: u128) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_large(self.output.bytes, node, &value.to_string())
    }
    fn serialize_f32(mut self, value: f32) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_float(self.output.bytes, node, value.into())
    }
    fn serialize_f64(mut self, value: f64) -> Result<(), Unwritable> {
        let node = self.leaf()?;
        write_float(self.output.bytes, node, value)
    }
    fn serialize_char(self, value: char) -> Result<(), Unwritable> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(mut self, text: &str) -> Result<(), Unwritable> {
        match self.enter() {
            Op::Leaf(node) => write_text(self.output.bytes, self.output.plan.nodes.get(node), text),
            Op::Enum(names) => {
                let names = &self.output.plan.enums[names];
                let found = names.iter().find(|(name, _)| **name == *text);
                let (_, symbol) = found.ok_or_else(|| Unwritable::new(UNKNOWN_VARIANT))?;
                write_size(self.output.bytes, *symbol);
                Ok(())
            }
            Op::Choice(choice) => self.output.unit(choice, text),
            _ => Err(Unwritable::new(OTHER_TYPE)),
        }
    }

    fn serialize_bytes(mut self, bytes: &[u8]) -> Result<(), Unwritable> {
        match self.enter() {
            Op::Leaf(node) => write_blob(self.output.bytes, self.output.plan.nodes.get(node), bytes),
            Op::Array(_) => self.collect_seq(bytes),
            _ => Err(Unwritable::new(OTHER_TYPE)),
        }
    }

    fn serialize_none(self) -> Result<(), Unwritable> {
        self.null()
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Unwritable> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Unwritable> {
        match self.output.plan.ops[self.op] {
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

    fn serialize_seq(self, length: Option<usize>) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.list(length)
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
    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.object(Some(length))
    }
    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Compound<'a, 'p, 'o>, Unwritable> {
        self.variant(variant)?.object(Some(length))
    }
}

impl Output<'_, '_> {
    /// Writes the data of a variant.
    fn content<T: Serialize + ?Sized>(&mut self, op: OpId, value: &T) -> Result<(), Unwritable> {
        match self.plan.ops[op] {
            Op::Inner(record) => Value { output: self, op }.inner(record, value),
            _ => self.write(op, value),
        }
    }
}

/// A list, an object or a record while it is written.
pub(super) struct Compound<'a, 'p, 'o> {
    output: &'a mut Output<'p, 'o>,
    kind: Kind,
    /// The key of the entry whose value comes next.
    key: Option<String>,
}

enum Kind {
    List(Blocks),
    Map(Blocks),
    /// A list of bytes as `bytes` or `fixed`.
    Bytes {
        node: usize,
        bytes: Vec<u8>,
    },
    Record(Fields),
    Tuple {
        record: usize,
        next: usize,
    },
    Choice(Tagged),
    /// A number as `serde_json` hides it with `arbitrary_precision`.
    Number {
        node: usize,
    },
}

/// The block of a list's elements or a map's entries.
struct Blocks {
    op: OpId,
    /// The start of the block.
    start: usize,
    /// The start of its first value.
    values: usize,
    announced: Option<usize>,
    count: usize,
}

impl Blocks {
    fn new(bytes: &mut Vec<u8>, op: OpId, announced: Option<usize>) -> Self {
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
struct Fields {
    record: usize,
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

impl Fields {
    fn new(record: usize) -> Self {
        Self { record, next: 0, passed: Vec::new() }
    }

    #[inline]
    fn find(&self, plan: &Plan, name: &str) -> Option<usize> {
        let fields = &plan.records[self.record].fields;
        let is_named = |index: &usize| fields[*index].name.as_deref() == Some(name);
        (self.next..fields.len()).find(is_named).or_else(|| (0..self.next).find(is_named))
    }

    fn write<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'_, '_>,
        field: usize,
        value: &T,
    ) -> Result<(), Unwritable> {
        let fields = &output.plan.records[self.record].fields;
        let op = fields[field].op;
        let named = |error: Unwritable| error.within(fields[field].name.as_deref().unwrap_or_default());
        if field < self.next {
            return self.write_late(output, field, value).map_err(named);
        }
        self.pass(output, field);
        self.next = field + 1;
        output.write(op, value).map_err(named)
    }

    /// Writes the defaults of the fields up to this one.
    fn pass(&mut self, output: &mut Output<'_, '_>, field: usize) {
        for index in self.next..field {
            let start = output.bytes.len();
            if let Some(default) = &output.plan.records[self.record].fields[index].default {
                output.bytes.extend(default);
            }
            self.passed.push(Passed { field: index, start, end: output.bytes.len() });
        }
    }

    #[cold]
    fn write_late<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'_, '_>,
        field: usize,
        value: &T,
    ) -> Result<(), Unwritable> {
        let found = self.passed.iter().position(|passed| passed.field == field);
        let found = found.ok_or_else(|| Unwritable::new("a field that comes twice"))?;
        let Passed { start, end, .. } = self.passed.remove(found);
        let before = output.bytes.len();
        output.write(output.plan.records[self.record].fields[field].op, value)?;
        let value = output.bytes.split_off(before);
        let (longer, shorter) = (value.len(), end - start);
        output.bytes.splice(start..end, value);
        for passed in self.passed.iter_mut().filter(|passed| passed.field > field) {
            passed.start = passed.start + longer - shorter;
            passed.end = passed.end + longer - shorter;
        }
        Ok(())
    }

    fn end(mut self, output: &mut Output<'_, '_>) -> Result<(), Unwritable> {
        let fields = &output.plan.records[self.record].fields;
        self.pass(output, fields.len());
        // A field of no bytes, which is null, has no default and needs none.
        let needs = |passed: &&Passed| {
            let field = &fields[passed.field];
            let is_null = matches!(output.plan.ops[field.op], Op::Leaf(node) if matches!(output.plan.nodes.get(node), Node::Null));
            field.default.is_none() && !is_null
        };
        match self.passed.iter().find(needs) {
            Some(passed) => Err(left_out(fields[passed.field].name.as_deref())),
            None => Ok(()),
        }
    }
}

/// An enum with data while its tag is looked for. What comes before the tag is kept as JSON.
struct Tagged {
    choice: usize,
    name: Option<String>,
    kept: Vec<(String, serde_json::Value)>,
    /// The data of an internally tagged variant.
    fields: Option<Fields>,
    /// Whether the data were written.
    done: bool,
}

impl Tagged {
    fn new(choice: usize) -> Self {
        Self { choice, name: None, kept: Vec::new(), fields: None, done: false }
    }

    fn entry<T: Serialize + ?Sized>(
        &mut self,
        output: &mut Output<'_, '_>,
        key: &str,
        value: &T,
    ) -> Result<(), Unwritable> {
        if let Some(fields) = &mut self.fields {
            return match fields.find(output.plan, key) {
                Some(field) => fields.write(output, field, value),
                None => output.leave_out(fields.record, key),
            };
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
                let op = output.variant(self.choice, &name)?;
                let Op::Record(record) = output.plan.ops[op] else { return Err(Unwritable::new(OTHER_TYPE)) };
                let mut fields = Fields::new(record);
                for (key, value) in self.kept.drain(..) {
                    match fields.find(output.plan, &key) {
                        Some(field) => fields.write(output, field, &value)?,
                        None => output.leave_out(fields.record, &key)?,
                    }
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
        output: &mut Output<'_, '_>,
        name: &str,
        value: &T,
    ) -> Result<(), Unwritable> {
        self.done = true;
        let op = output.variant(self.choice, name)?;
        output.content(op, value)
    }

    #[cold]
    fn keep<T: Serialize + ?Sized>(&mut self, key: &str, value: &T) -> Result<(), Unwritable> {
        let value = serde_json::to_value(value).map_err(ser::Error::custom)?;
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
                let fields = &self.output.plan.records[*record].fields;
                while let Some(field) = fields.get(*next) {
                    *next += 1;
                    if field.name.is_some() {
                        return self.output.write(field.op, value);
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
            Kind::Record(fields) => match fields.find(self.output.plan, key) {
                Some(field) => fields.write(self.output, field, value),
                None => self.output.leave_out(fields.record, key),
            },
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
                    (Err(_), Ok(number)) => write_float(self.output.bytes, node, number),
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
                for field in &self.output.plan.records[record].fields[next..] {
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
    SerializeSeq serialize_element
    SerializeTuple serialize_element
    SerializeTupleStruct serialize_field
    SerializeTupleVariant serialize_field
}

macro_rules! fields {
    ($($trait:ident)*) => {$(
        impl ser::$trait for Compound<'_, '_, '_> {
            type Ok = ();
            type Error = Unwritable;

            #[inline]
            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                key: &'static str,
                value: &T,
            ) -> Result<(), Unwritable> {
                self.entry(key, value)
            }

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
fn key_text<T: Serialize + ?Sized>(key: &T) -> Result<String, Unwritable> {
    let text = serde_json::to_string(key).map_err(ser::Error::custom)?;
    if !text.starts_with('"') {
        return Ok(text);
    }
    json::read(&text).map_err(ser::Error::custom)
}

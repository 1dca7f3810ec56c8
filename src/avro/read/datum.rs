//! A value of a datum where a reader asks for one: [`Datum`].

use std::fmt::{self, Write};
use std::marker::PhantomData;
use std::ptr;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::plan::{Decimal, Field, Op, OpId, OpKind, Record, Step, Tagging};
use super::source::{Source, UNKNOWN_BRANCH, UNKNOWN_SYMBOL};
use crate::error::Malformed;
use crate::load::hint;
use crate::load::json::{RAW_TOKEN, SINGLE};
use crate::logical::civil::{self, Short, Unit};
use crate::logical::decimal;

/// The value that comes next. It is given to visitors in the form that it has in JSON.
#[derive(Debug)]
pub struct Datum<'a, 'de> {
    pub(super) source: &'a mut Source<'de>,
    pub(super) op: &'de Op,
}

impl<'a, 'de> Datum<'a, 'de> {
    pub(super) fn new(source: &'a mut Source<'de>, op: OpId) -> Self {
        let op = &source.plan.ops[op];
        Self { source, op }
    }

    /// The value's text, or what it is if it has none.
    fn visit_text<V: Visitor<'de>>(
        visitor: V,
        otherwise: impl FnOnce(V) -> Result<V::Value, Malformed>,
        write: impl FnOnce(&mut Short) -> fmt::Result,
    ) -> Result<V::Value, Malformed> {
        let mut text = Short::new();
        match write(&mut text) {
            Ok(()) => visitor.visit_str(text.as_str()),
            Err(fmt::Error) => otherwise(visitor),
        }
    }

    fn visit_decimal<V: Visitor<'de>>(
        bytes: &[u8],
        scale: usize,
        integer: bool,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        match decimal::number(bytes) {
            Some(Ok(number)) if integer => match (i64::try_from(number), u64::try_from(number)) {
                (_, Ok(number)) => visitor.visit_u64(number),
                (Ok(number), _) => visitor.visit_i64(number),
                _ => visitor.visit_i128(number),
            },
            Some(Err(number)) if integer => visitor.visit_u128(number),
            Some(number) if scale <= decimal::MAX_SCALE => visitor.visit_string(decimal::text(number, scale)),
            // Too many digits for any type; to all of them this is no number.
            _ => visitor.visit_str(""),
        }
    }

    /// Months, days and milliseconds, as ISO 8601 has them.
    fn visit_duration<V: Visitor<'de>>(source: &mut Source<'de>, visitor: V) -> Result<V::Value, Malformed> {
        let parts = source.take(12)?;
        let part =
            |at: usize| parts[at..at + 4].iter().rev().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let (months, days, millis) = (part(0), part(4), part(8));
        Self::visit_text(
            visitor,
            |visitor| visitor.visit_str(""),
            |text| {
                text.write_char('P')?;
                if months > 0 {
                    write!(text, "{months}M")?;
                }
                if days > 0 {
                    write!(text, "{days}D")?;
                }
                match (millis / 1000, millis % 1000) {
                    (0, 0) if months > 0 || days > 0 => Ok(()),
                    (seconds, 0) => write!(text, "T{seconds}S"),
                    (seconds, millis) => write!(text, "T{seconds}.{millis:03}S"),
                }
            },
        )
    }

    /// A record as an object.
    #[inline]
    fn visit_record<V: Visitor<'de>>(
        source: &mut Source<'de>,
        record: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let mut fields = Leaving(Fields::new(source, &source.plan.records[record])?);
        // The value is given back from where it is, without a look at it: events are large.
        visitor.visit_map(&mut fields.0)
    }

    fn visit_tuple<V: Visitor<'de>>(
        source: &mut Source<'de>,
        record: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let record = &source.plan.records[record];
        let mut fields = Fields::new(source, record)?;
        let value = visitor.visit_seq(&mut fields)?;
        fields.finish()?;
        Ok(value)
    }

    /// A record as the value of its only field, which is read in the way that was asked for.
    fn inner<T>(
        source: &mut Source<'de>,
        record: usize,
        read: impl FnOnce(Datum<'_, 'de>) -> Result<T, Malformed>,
    ) -> Result<T, Malformed> {
        let record = &source.plan.records[record];
        let mut fields = Fields::new(source, record)?;
        let Some((_, op)) = fields.next()? else { return Err(Malformed::custom("a record without its value")) };
        let value = read(Datum { source: fields.source, op })?;
        fields.finish()?;
        Ok(value)
    }

    fn visit_variant<V: Visitor<'de>>(self, variant: usize, visitor: V) -> Result<V::Value, Malformed> {
        let source = self.source;
        let variant = &source.plan.variants[variant];
        let name = &*variant.name;
        let content = variant.content.map(|op| &source.plan.ops[op]);
        let (tag, content) = match (variant.tagging, content) {
            (Tagging::External, Some(op)) => (None, Some((name, op))),
            (Tagging::External, None) => {
                source.skip(self.op.node)?;
                return visitor.visit_borrowed_str(name);
            }
            (Tagging::Internal { tag }, Some(Op { kind: OpKind::Record(record), .. })) => {
                let mut entries = Entries::Tagged {
                    tag: Some((tag, name)),
                    value: None,
                    fields: Fields::new(source, &source.plan.records[*record])?,
                };
                let value = visitor.visit_map(&mut entries)?;
                if let Entries::Tagged { fields, .. } = &mut entries {
                    fields.finish()?;
                }
                return Ok(value);
            }
            (Tagging::Adjacent { tag, content }, Some(op)) => (Some((tag, name)), Some((content, op))),
            // Nothing that could stand beside a tag.
            (Tagging::Internal { tag } | Tagging::Adjacent { tag, .. }, _) => {
                source.skip(self.op.node)?;
                (Some((tag, name)), None)
            }
        };
        visitor.visit_map(&mut Entries::Around { source, tag, content, value: None })
    }

    /// A value that is no record: records are read where they are asked for.
    #[inline(never)]
    fn visit_other<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let Self { source, op } = self;
        let plan = source.plan;
        match op.kind {
            OpKind::Null => visitor.visit_unit(),
            OpKind::Skip => {
                source.skip(op.node)?;
                visitor.visit_unit()
            }
            OpKind::Boolean => visitor.visit_bool(source.boolean()?),
            OpKind::Int => visit_integer(source.int()?.into(), visitor),
            OpKind::Long => visit_integer(source.long()?, visitor),
            OpKind::Float => visitor.visit_f32(source.float()?),
            OpKind::Double => visitor.visit_f64(source.double()?),
            OpKind::String => visitor.visit_borrowed_str(source.string()?),
            OpKind::StringAsBytes => visitor.visit_seq(Bytes(source.string()?.as_bytes().iter())),
            OpKind::Bytes => visitor.visit_seq(Bytes(source.bytes()?.iter())),
            OpKind::Fixed(size) => visitor.visit_seq(Bytes(source.take(size)?.iter())),
            OpKind::BytesAsText => {
                let bytes = source.bytes()?;
                visitor.visit_borrowed_str(source.text(bytes)?)
            }
            OpKind::FixedAsText(size) => {
                let bytes = source.take(size)?;
                visitor.visit_borrowed_str(source.text(bytes)?)
            }
            OpKind::Date => {
                let days = i64::from(source.int()?);
                Self::visit_text(visitor, |visitor| visitor.visit_i64(days), |text| civil::write_date(text, days))
            }
            OpKind::Time(unit, style) => {
                let number = source.time(unit)?;
                Self::visit_text(
                    visitor,
                    |visitor| visitor.visit_i64(number),
                    |text| civil::write_time(text, number, unit, style),
                )
            }
            OpKind::Timestamp { unit, local, style } => {
                let number = source.long()?;
                Self::visit_text(
                    visitor,
                    |visitor| visitor.visit_i64(number),
                    |text| civil::write_datetime(text, number, unit, style, local),
                )
            }
            OpKind::Decimal(decimal) => {
                let Decimal { scale, integer, .. } = plan.decimals[decimal];
                Self::visit_decimal(source.decimal(decimal)?, scale, integer, visitor)
            }
            OpKind::Uuid { fixed } => {
                let bytes = source.uuid(fixed)?;
                Self::visit_text(visitor, |visitor| visitor.visit_str(""), |text| write_uuid(text, bytes))
            }
            OpKind::Duration => Self::visit_duration(source, visitor),
            OpKind::Array(item) => {
                let mut elements = Elements::new(source, item)?;
                let value = visitor.visit_seq(&mut elements)?;
                elements.finish()?;
                Ok(value)
            }
            OpKind::Map(value) => {
                let mut entries = Pairs { values: Elements::new_map(source, value)?, is_at_value: false };
                let value = visitor.visit_map(&mut entries)?;
                entries.finish()?;
                Ok(value)
            }
            OpKind::Union(branches) => {
                let branches = &plan.unions[branches];
                let branch = source.index(branches.len(), UNKNOWN_BRANCH)?;
                Datum { source, op: &branches[branch] }.deserialize_any(visitor)
            }
            OpKind::Enum(names) => {
                let names = &plan.enums[names];
                visitor.visit_borrowed_str(&names[source.index(names.len(), UNKNOWN_SYMBOL)?])
            }
            OpKind::Record(record) => Self::visit_record(source, record, visitor),
            OpKind::Tuple(record) => Self::visit_tuple(source, record, visitor),
            OpKind::Inner(record) => Self::inner(source, record, |value| value.deserialize_any(visitor)),
            OpKind::Variant(variant) => Datum { source, op }.visit_variant(variant, visitor),
        }
    }
}

impl<'de> Deserializer<'de> for Datum<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        match self.op.kind {
            OpKind::Record(record) => Self::visit_record(self.source, record, visitor),
            _ => self.visit_other(visitor),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let Self { source, mut op } = self;
        // A union has no union in it.
        if let OpKind::Union(branches) = op.kind {
            let branches = &source.plan.unions[branches];
            op = &branches[source.index(branches.len(), UNKNOWN_BRANCH)?];
        }
        match op.kind {
            OpKind::Null => visitor.visit_none(),
            OpKind::Inner(record) => Self::inner(source, record, |value| value.deserialize_option(visitor)),
            _ => visitor.visit_some(Datum { source, op }),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let Self { source, op } = self;
        match (name, op.kind) {
            (hint::TEXT, OpKind::String) => visitor.visit_borrowed_str(source.string()?),
            (hint::INTEGER, OpKind::Long) => visit_integer(source.long()?, visitor),
            (hint::INTEGER, OpKind::Int) => visit_integer(source.int()?.into(), visitor),
            (hint::FLOAT, OpKind::Double) => visitor.visit_f64(source.double()?),
            (hint::INSTANT, OpKind::Timestamp { unit, local: false, .. })
            | (hint::DATETIME, OpKind::Timestamp { unit, local: true, .. }) => {
                visit_moment(source.long()?, unit, visitor)
            }
            (hint::TIME, OpKind::Time(unit, _)) => visit_moment(source.time(unit)?, unit, visitor),
            (hint::DATE, OpKind::Date) => visitor.visit_bytes(&source.int()?.to_le_bytes()),
            (hint::UUID, OpKind::Uuid { fixed }) => visitor.visit_bytes(source.uuid(fixed)?),
            (hint::UUID, OpKind::String) => {
                let bytes = source.bytes()?;
                // Sixteen would be taken for those of the UUID itself.
                if bytes.len() != 16 && bytes.is_ascii() {
                    visitor.visit_bytes(bytes)
                } else {
                    visitor.visit_borrowed_str(source.text(bytes)?)
                }
            }
            (hint::DECIMAL, OpKind::Decimal(decimal)) => {
                let Decimal { scale, integer, .. } = source.plan.decimals[decimal];
                let bytes = source.decimal(decimal)?;
                match (decimal::number(bytes), u32::try_from(scale)) {
                    (Some(Ok(number)), Ok(scale @ 0..=MAX_SCALE)) if number.unsigned_abs() < MAX_UNSCALED => {
                        visitor.visit_bytes(&hint::decimal_bytes(number, scale))
                    }
                    _ => Self::visit_decimal(bytes, scale, integer, visitor),
                }
            }
            // Text of JSON, which the value becomes.
            (RAW_TOKEN, _) => {
                let value = Value::deserialize(Datum { source, op })?;
                value.deserialize_newtype_struct(name, visitor).map_err(Malformed::custom)
            }
            (
                hint::TEXT
                | hint::INTEGER
                | hint::FLOAT
                | SINGLE
                | hint::INSTANT
                | hint::DATETIME
                | hint::TIME
                | hint::DATE
                | hint::UUID
                | hint::DECIMAL,
                _,
            ) => Datum { source, op }.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(Datum { source, op }),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        self.skip()?;
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier
    }
}

/// The decimals that every type has.
const MAX_SCALE: u32 = 28;
const MAX_UNSCALED: u128 = 1 << 96;

#[inline]
fn visit_moment<'de, V: Visitor<'de>>(number: i64, unit: Unit, visitor: V) -> Result<V::Value, Malformed> {
    let (seconds, nanos) = unit.split(number);
    visitor.visit_bytes(&hint::moment_bytes(seconds, nanos))
}

#[inline]
fn visit_integer<'de, V: Visitor<'de>>(number: i64, visitor: V) -> Result<V::Value, Malformed> {
    match u64::try_from(number) {
        Ok(number) => visitor.visit_u64(number),
        Err(_) => visitor.visit_i64(number),
    }
}

fn write_uuid(text: &mut Short, bytes: &[u8]) -> fmt::Result {
    if bytes.len() != 16 {
        return Err(fmt::Error);
    }
    for (index, byte) in bytes.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.write_char('-')?;
        }
        write!(text, "{byte:02x}")?;
    }
    Ok(())
}

/// Bytes as a list of numbers, as JSON has them.
struct Bytes<'de>(std::slice::Iter<'de, u8>);

impl<'de> SeqAccess<'de> for Bytes<'de> {
    type Error = Malformed;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Malformed> {
        self.0.next().map(|byte| seed.deserialize(Byte(*byte))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Byte(u8);

impl<'de> Deserializer<'de> for Byte {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_u64(self.0.into())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The elements of a list or the entries of a map, which come in blocks.
#[derive(Debug)]
pub(crate) struct Elements<'a, 'de> {
    source: &'a mut Source<'de>,
    op: &'de Op,
    least: usize,
    /// How many are left in the block; the last block is empty.
    left: usize,
    /// The number of bytes behind the block, if its size is told: a reader that skips it goes there.
    behind: Option<usize>,
}

impl<'a, 'de> Elements<'a, 'de> {
    pub(super) fn new(source: &'a mut Source<'de>, op: OpId) -> Result<Self, Malformed> {
        let op = &source.plan.ops[op];
        Self::of_at_least(source.plan.nodes.least_size(op.node), source, op)
    }

    fn new_map(source: &'a mut Source<'de>, op: OpId) -> Result<Self, Malformed> {
        let op = &source.plan.ops[op];
        Self::of_at_least(source.plan.nodes.least_size(op.node).saturating_add(1), source, op)
    }

    #[inline]
    fn of_at_least(least: usize, source: &'a mut Source<'de>, op: &'de Op) -> Result<Self, Malformed> {
        let mut this = Self { source, op, least, left: 0, behind: None };
        this.next_block()?;
        Ok(this)
    }

    #[inline]
    fn next_block(&mut self) -> Result<(), Malformed> {
        let (count, size) = self.source.block(self.least)?;
        self.left = count;
        self.behind = size.map(|size| self.source.remaining() - size);
        Ok(())
    }

    /// How many are left in the block; the last block is empty.
    #[inline]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// The element that comes next.
    #[inline]
    pub(super) fn element(&mut self) -> Datum<'_, 'de> {
        Datum { source: self.source, op: self.op }
    }

    /// Counts an element that was read.
    #[inline]
    pub(super) fn count(&mut self) -> Result<(), Malformed> {
        self.left -= 1;
        if self.left == 0 {
            if self.behind.is_some_and(|behind| behind != self.source.remaining()) {
                return Err(self.source.fault("values that do not end where their block does"));
            }
            self.next_block()?;
        }
        Ok(())
    }

    /// Reads one and counts it.
    #[inline]
    fn read<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        let value = seed.deserialize(self.element())?;
        self.count()?;
        Ok(value)
    }

    /// Passes over the elements that were not read.
    #[inline]
    fn finish(&mut self) -> Result<(), Malformed> {
        while self.left > 0 {
            self.read(PhantomData::<IgnoredAny>)?;
        }
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Malformed> {
        if self.left == 0 { Ok(None) } else { self.read(seed).map(Some) }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// The entries of a map.
struct Pairs<'a, 'de> {
    values: Elements<'a, 'de>,
    /// Whether a key was read whose value was not.
    is_at_value: bool,
}

impl Pairs<'_, '_> {
    /// Passes over the entries that were not read.
    fn finish(&mut self) -> Result<(), Malformed> {
        while self.values.left > 0 {
            if !self.is_at_value {
                self.values.source.string()?;
            }
            self.is_at_value = false;
            self.values.read(PhantomData::<IgnoredAny>)?;
        }
        Ok(())
    }
}

impl<'de> MapAccess<'de> for Pairs<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if self.values.left == 0 {
            return Ok(None);
        }
        let key = self.values.source.string()?;
        self.is_at_value = true;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        if !std::mem::take(&mut self.is_at_value) {
            return Err(no_key());
        }
        self.values.read(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.values.left)
    }
}

/// The fields of a record that are read.
#[derive(Debug)]
pub(super) struct Fields<'a, 'de> {
    pub(super) source: &'a mut Source<'de>,
    record: &'de Record,
    steps: std::slice::Iter<'de, Step>,
    /// How to read the value whose name was read.
    value: Option<&'de Op>,
    /// The names that are those of the record: its reader asks with the same ones for each field.
    names: *const &'static str,
}

impl<'a, 'de> Fields<'a, 'de> {
    #[inline]
    pub(super) fn new(source: &'a mut Source<'de>, record: &'de Record) -> Result<Self, Malformed> {
        if record.empty > 0 {
            source.count_empty(record.empty)?;
        }
        Ok(Self { source, record, steps: record.steps.iter(), value: None, names: ptr::null() })
    }

    /// Goes on to the next field that is there.
    #[inline]
    pub(super) fn next(&mut self) -> Result<Option<(&'de Field, &'de Op)>, Malformed> {
        match self.steps.next() {
            Some(Step::Read(field)) => Ok(Some((field, &field.op))),
            None => Ok(None),
            Some(step) => self.next_after(step),
        }
    }

    #[inline(never)]
    fn next_after(&mut self, mut step: &'de Step) -> Result<Option<(&'de Field, &'de Op)>, Malformed> {
        loop {
            match step {
                Step::Read(field) => return Ok(Some((field, &field.op))),
                Step::Omissible { null, union, field } => {
                    let branches = &self.source.plan.unions[*union];
                    let branch = self.source.index(branches.len(), UNKNOWN_BRANCH)?;
                    if branch != *null {
                        return Ok(Some((field, &branches[branch])));
                    }
                }
                Step::Skip(node) => self.source.skip(*node)?,
            }
            match self.steps.next() {
                Some(next) => step = next,
                None => return Ok(None),
            }
        }
    }

    /// Passes over what was not read.
    #[inline]
    fn finish(&mut self) -> Result<(), Malformed> {
        if self.is_finished() { Ok(()) } else { self.skip_rest() }
    }

    #[inline]
    fn is_finished(&self) -> bool {
        self.value.is_none() && self.steps.len() == 0
    }

    /// As [`finish`](Self::finish); what is wrong there ends the read at its end.
    #[cold]
    fn leave(&mut self) {
        if let Err(error) = self.skip_rest() {
            self.source.left.get_or_insert(error);
        }
    }

    #[inline(never)]
    fn skip_rest(&mut self) -> Result<(), Malformed> {
        loop {
            if let Some(op) = self.value.take() {
                self.source.skip(op.node)?;
            }
            match self.next()? {
                Some((_, op)) => self.value = Some(op),
                None => return Ok(()),
            }
        }
    }
}

/// The fields that are not read until this is dropped are passed over then.
struct Leaving<'a, 'de>(Fields<'a, 'de>);

impl Drop for Leaving<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        if !self.0.is_finished() {
            self.0.leave();
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let Some((field, op)) = self.next()? else { return Ok(None) };
        self.value = Some(op);
        seed.deserialize(Name { field, record: self.record, names: &mut self.names }).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        match self.value.take() {
            Some(op) => seed.deserialize(Datum { source: self.source, op }),
            None => Err(no_key()),
        }
    }
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Malformed> {
        let Some((_, op)) = self.next()? else { return Ok(None) };
        seed.deserialize(Datum { source: self.source, op }).map(Some)
    }
}

#[cold]
fn no_key() -> Malformed {
    Malformed::custom("a value was asked for before its key")
}

/// The name of a field: its index, for the reader that the plan was made for.
struct Name<'a, 'de> {
    field: &'de Field,
    record: &'de Record,
    names: &'a mut *const &'static str,
}

impl<'de> Deserializer<'de> for Name<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        visitor.visit_borrowed_str(&self.field.name)
    }

    // As `FieldSeed` asks.
    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if *self.names != names.as_ptr() {
            if !self.record.is_read_as(names) {
                return self.deserialize_any(visitor);
            }
            *self.names = names.as_ptr();
        }
        visitor.visit_u64(self.field.index.into())
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        BorrowedStrDeserializer::new(&self.field.name).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map identifier ignored_any
    }
}

/// The entries of a variant's object.
enum Entries<'a, 'de> {
    /// A tag and the data of a variant.
    Around {
        source: &'a mut Source<'de>,
        tag: Option<(&'static str, &'de str)>,
        content: Option<(&'de str, &'de Op)>,
        /// The part that the last key belongs to.
        value: Option<Part<'de>>,
    },
    /// A tag before the fields of a record.
    Tagged {
        tag: Option<(&'static str, &'de str)>,
        /// The value of the tag.
        value: Option<&'de str>,
        fields: Fields<'a, 'de>,
    },
}

#[derive(Clone, Copy)]
enum Part<'de> {
    Name(&'de str),
    Content(&'de Op),
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let key = match self {
            Self::Around { tag, content, value, .. } => {
                let tag = tag.take().map(|(key, name)| (key, Part::Name(name)));
                match tag.or_else(|| content.take().map(|(key, op)| (key, Part::Content(op)))) {
                    Some((key, part)) => {
                        *value = Some(part);
                        key
                    }
                    None => return Ok(None),
                }
            }
            Self::Tagged { tag, value, fields } => match tag.take() {
                Some((key, name)) => {
                    *value = Some(name);
                    key
                }
                None => return fields.next_key_seed(seed),
            },
        };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        match self {
            Self::Around { source, value, .. } => match value.take() {
                Some(Part::Content(op)) => seed.deserialize(Datum { source, op }),
                Some(Part::Name(name)) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                None => Err(no_key()),
            },
            Self::Tagged { value, fields, .. } => match value.take() {
                Some(name) => seed.deserialize(BorrowedStrDeserializer::new(name)),
                None => fields.next_value_seed(seed),
            },
        }
    }
}

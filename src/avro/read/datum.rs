//! A value of a datum where a reader asks for one: [`Datum`].

use std::fmt::{self, Write};

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::plan::{Op, OpId, OpKind, Step, Tagging};
use super::source::{Source, UNKNOWN_BRANCH, UNKNOWN_SYMBOL};
use crate::avro::node::Node;
use crate::error::Malformed;
use crate::logical::civil::{self, Short};
use crate::logical::decimal;

/// The value that comes next. It is given to visitors in the form that it has in JSON.
pub(super) struct Datum<'a, 'de> {
    pub(super) source: &'a mut Source<'de>,
    pub(super) op: OpId,
}

impl<'de> Datum<'_, 'de> {
    fn skip(self) -> Result<(), Malformed> {
        self.source.skip(self.source.plan.ops[self.op].node)
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
            Some(number) => visitor.visit_string(decimal::text(number, scale)),
            // Too many digits for any type; to all of them this is no number.
            None => visitor.visit_str(""),
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

    /// A record as an object, with a tag before its fields.
    fn visit_record<V: Visitor<'de>>(
        source: &mut Source<'de>,
        record: usize,
        tag: Option<(&'static str, &'de str)>,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let mut fields = Fields::new(source, record, tag);
        let value = visitor.visit_map(&mut fields)?;
        fields.finish()?;
        Ok(value)
    }

    fn visit_tuple<V: Visitor<'de>>(
        source: &mut Source<'de>,
        record: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let mut fields = Fields::new(source, record, None);
        let value = visitor.visit_seq(&mut fields)?;
        fields.finish()?;
        Ok(value)
    }

    fn visit_inner<V: Visitor<'de>>(
        source: &mut Source<'de>,
        record: usize,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        let mut fields = Fields::new(source, record, None);
        let value = match fields.next()? {
            Some((_, op)) => Datum { source: fields.source, op }.deserialize_any(visitor)?,
            None => visitor.visit_unit()?,
        };
        fields.finish()?;
        Ok(value)
    }

    fn visit_variant<V: Visitor<'de>>(self, variant: usize, visitor: V) -> Result<V::Value, Malformed> {
        let variant = &self.source.plan.variants[variant];
        let name = &*variant.name;
        let Some(op) = variant.content else {
            let source = self.source;
            source.skip(source.plan.ops[self.op].node)?;
            return match variant.tagging {
                Tagging::External => visitor.visit_borrowed_str(name),
                Tagging::Internal { tag } | Tagging::Adjacent { tag, .. } => visitor.visit_map(Around {
                    source,
                    entries: [Some((tag, Part::Name(name))), None].into_iter(),
                    value: None,
                }),
            };
        };
        let content = Datum { source: self.source, op };
        match variant.tagging {
            Tagging::External => {
                let entries = [Some((name, Part::Content(op))), None].into_iter();
                visitor.visit_map(Around { source: content.source, entries, value: None })
            }
            Tagging::Internal { tag } => {
                let source = content.source;
                match source.plan.ops[op].kind {
                    OpKind::Record(record) => Self::visit_record(source, record, Some((tag, name)), visitor),
                    // Nothing that could stand beside a tag.
                    _ => {
                        source.skip(source.plan.ops[op].node)?;
                        let entries = [Some((tag, Part::Name(name))), None].into_iter();
                        visitor.visit_map(Around { source, entries, value: None })
                    }
                }
            }
            Tagging::Adjacent { tag, content: key } => {
                let entries = [Some((tag, Part::Name(name))), Some((key, Part::Content(op)))].into_iter();
                visitor.visit_map(Around { source: content.source, entries, value: None })
            }
        }
    }
}

impl<'de> Deserializer<'de> for Datum<'_, 'de> {
    type Error = Malformed;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let source = self.source;
        let plan = source.plan;
        let op = &plan.ops[self.op];
        match op.kind {
            OpKind::Null => {
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
                let number = if unit == civil::Unit::Millis { source.int()?.into() } else { source.long()? };
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
            OpKind::Decimal { scale, size, integer } => {
                let bytes = match size {
                    Some(size) => source.take(size)?,
                    None => source.bytes()?,
                };
                Self::visit_decimal(bytes, scale, integer, visitor)
            }
            OpKind::Uuid { fixed } => {
                let bytes = if fixed { source.take(16)? } else { source.bytes()? };
                Self::visit_text(visitor, |visitor| visitor.visit_str(""), |text| write_uuid(text, bytes))
            }
            OpKind::Duration => Self::visit_duration(source, visitor),
            OpKind::Array(item) => visitor.visit_seq(Elements::new(source, item)?),
            OpKind::Map(value) => visitor.visit_map(Elements::new_map(source, value)?),
            OpKind::Union(branches) => {
                let branches = &plan.unions[branches];
                let branch = source.index(branches.len(), UNKNOWN_BRANCH)?;
                Datum { source, op: branches[branch] }.deserialize_any(visitor)
            }
            OpKind::Enum(names) => {
                let names = &plan.enums[names];
                visitor.visit_borrowed_str(&names[source.index(names.len(), UNKNOWN_SYMBOL)?])
            }
            OpKind::Record(record) => Self::visit_record(source, record, None, visitor),
            OpKind::Tuple(record) => Self::visit_tuple(source, record, visitor),
            OpKind::Inner(record) => Self::visit_inner(source, record, visitor),
            OpKind::Variant(variant) => Datum { source, op: self.op }.visit_variant(variant, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Malformed> {
        let source = self.source;
        let plan = source.plan;
        let mut op = self.op;
        // A union has no union in it.
        if let OpKind::Union(branches) = plan.ops[op].kind {
            let branches = &plan.unions[branches];
            op = branches[source.index(branches.len(), UNKNOWN_BRANCH)?];
        }
        let Op { kind, node } = plan.ops[op];
        if matches!((kind, plan.nodes.get(node)), (OpKind::Null, Node::Null)) {
            return visitor.visit_none();
        }
        visitor.visit_some(Datum { source, op })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Malformed> {
        if name == crate::load::json::RAW_TOKEN {
            // Text of JSON, which the value becomes.
            let value = Value::deserialize(self)?;
            return value.deserialize_newtype_struct(name, visitor).map_err(Malformed::custom);
        }
        visitor.visit_newtype_struct(self)
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
struct Elements<'a, 'de> {
    source: &'a mut Source<'de>,
    op: OpId,
    least: usize,
    /// How many are left in the block; the last block is empty.
    left: usize,
    /// The number of bytes behind the block, if its size is told: a reader that skips it goes there.
    behind: Option<usize>,
}

impl<'a, 'de> Elements<'a, 'de> {
    fn new(source: &'a mut Source<'de>, op: OpId) -> Result<Self, Malformed> {
        let least = source.plan.nodes.least_size(source.plan.ops[op].node);
        Self::of_at_least(least, source, op)
    }

    fn new_map(source: &'a mut Source<'de>, op: OpId) -> Result<Self, Malformed> {
        let least = source.plan.nodes.least_size(source.plan.ops[op].node).saturating_add(1);
        Self::of_at_least(least, source, op)
    }

    #[inline]
    fn of_at_least(least: usize, source: &'a mut Source<'de>, op: OpId) -> Result<Self, Malformed> {
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

    /// Counts the one that was read.
    #[inline]
    fn count(&mut self) -> Result<(), Malformed> {
        self.left -= 1;
        if self.left == 0 {
            if self.behind.is_some_and(|behind| behind != self.source.remaining()) {
                return Err(self.source.fault("values that do not end where their block does"));
            }
            self.next_block()?;
        }
        Ok(())
    }
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Malformed> {
        if self.left == 0 {
            return Ok(None);
        }
        let value = seed.deserialize(Datum { source: self.source, op: self.op })?;
        self.count()?;
        Ok(Some(value))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if self.left == 0 {
            return Ok(None);
        }
        seed.deserialize(BorrowedStrDeserializer::new(self.source.string()?)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        let value = seed.deserialize(Datum { source: self.source, op: self.op })?;
        self.count()?;
        Ok(value)
    }
}

/// The fields of a record that are read.
struct Fields<'a, 'de> {
    source: &'a mut Source<'de>,
    steps: std::slice::Iter<'de, Step>,
    /// The name and the value of the tag that comes first.
    tag: Option<(&'static str, &'de str)>,
    /// The value whose name was read.
    value: Option<Part<'de>>,
}

impl<'a, 'de> Fields<'a, 'de> {
    #[inline]
    fn new(source: &'a mut Source<'de>, record: usize, tag: Option<(&'static str, &'de str)>) -> Self {
        let steps = source.plan.records[record].iter();
        Self { source, steps, tag, value: None }
    }

    /// Goes on to the next field that is there.
    #[inline]
    fn next(&mut self) -> Result<Option<(&'de str, OpId)>, Malformed> {
        for step in self.steps.by_ref() {
            match step {
                Step::Field { name, op, missing: None } => return Ok(Some((name, *op))),
                Step::Field { name, op, missing: Some(null) } => {
                    let OpKind::Union(branches) = self.source.plan.ops[*op].kind else { return Ok(Some((name, *op))) };
                    let branches = &self.source.plan.unions[branches];
                    let branch = self.source.index(branches.len(), UNKNOWN_BRANCH)?;
                    if branch != *null {
                        return Ok(Some((name, branches[branch])));
                    }
                }
                Step::Skip(node) => self.source.skip(*node)?,
            }
        }
        Ok(None)
    }

    /// Passes over what was not read.
    #[inline]
    fn finish(mut self) -> Result<(), Malformed> {
        loop {
            if let Some(Part::Content(op)) = self.value.take() {
                Datum { source: self.source, op }.skip()?;
            }
            match self.next()? {
                Some((_, op)) => self.value = Some(Part::Content(op)),
                None => return Ok(()),
            }
        }
    }
}

impl<'de> MapAccess<'de> for Fields<'_, 'de> {
    type Error = Malformed;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        if let Some((tag, name)) = self.tag.take() {
            self.value = Some(Part::Name(name));
            return seed.deserialize(BorrowedStrDeserializer::new(tag)).map(Some);
        }
        let Some((name, op)) = self.next()? else { return Ok(None) };
        self.value = Some(Part::Content(op));
        seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some)
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        next_value(self.source, self.value.take(), seed)
    }
}

impl<'de> SeqAccess<'de> for Fields<'_, 'de> {
    type Error = Malformed;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Malformed> {
        let Some((_, op)) = self.next()? else { return Ok(None) };
        seed.deserialize(Datum { source: self.source, op }).map(Some)
    }
}

#[inline]
fn next_value<'de, S: DeserializeSeed<'de>>(
    source: &mut Source<'de>,
    value: Option<Part<'de>>,
    seed: S,
) -> Result<S::Value, Malformed> {
    match value {
        Some(Part::Content(op)) => seed.deserialize(Datum { source, op }),
        Some(Part::Name(name)) => seed.deserialize(BorrowedStrDeserializer::new(name)),
        None => Err(Malformed::custom("a value was asked for before its key")),
    }
}

/// The parts of an object around the data of a variant.
struct Around<'a, 'de> {
    source: &'a mut Source<'de>,
    entries: std::array::IntoIter<Option<(&'de str, Part<'de>)>, 2>,
    value: Option<Part<'de>>,
}

#[derive(Clone, Copy)]
enum Part<'de> {
    Name(&'de str),
    Content(OpId),
}

impl<'de> MapAccess<'de> for Around<'_, 'de> {
    type Error = Malformed;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Malformed> {
        let Some((key, value)) = self.entries.next().flatten() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Malformed> {
        next_value(self.source, self.value.take(), seed)
    }
}

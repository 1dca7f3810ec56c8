//! The bytes of a datum: [`Source`].

use super::plan::Plan;
use crate::avro::node::{Node, NodeId};
use crate::error::Malformed;
use crate::logical::civil::Unit;

/// How many values without a byte of their own a datum may have in its lists and maps, and how many in its records: a
/// count of them costs nothing to write, and a schema of few records can have any number of them.
const MAX_EMPTY: usize = 1 << 16;

/// How deep values that nobody reads may be nested.
const MAX_SKIPPED: usize = 512;

/// Bytes that are read from the front, by a plan.
#[derive(Debug)]
pub(super) struct Source<'de> {
    pub(super) plan: &'de Plan,
    /// The bytes that are left.
    rest: &'de [u8],
    /// The number of all of them.
    size: usize,
    /// The values without a byte in lists and maps, and those in records.
    empty: usize,
    empty_fields: usize,
    /// What is wrong in the values that a reader left.
    pub(super) left: Option<Malformed>,
}

impl<'de> Source<'de> {
    pub(super) fn new(plan: &'de Plan, input: &'de [u8]) -> Self {
        Self { plan, rest: input, size: input.len(), empty: 0, empty_fields: 0, left: None }
    }

    /// Notes what is wrong where it stands.
    #[cold]
    pub(super) fn fault(&self, reason: &'static str) -> Malformed {
        self.fault_before(reason, self.rest.len())
    }

    /// A [`fault`](Self::fault) where so much was left.
    #[cold]
    fn fault_before(&self, reason: &'static str, left: usize) -> Malformed {
        Malformed::new(reason, self.size - left)
    }

    #[cold]
    fn truncated(&self) -> Malformed {
        Malformed::truncated(self.size)
    }

    /// Whether all of it was read.
    pub(super) fn end(&mut self) -> Result<(), Malformed> {
        if let Some(error) = self.left.take() {
            return Err(error);
        }
        if self.rest.is_empty() { Ok(()) } else { Err(self.fault("more bytes than the schema describes")) }
    }

    pub(super) fn remaining(&self) -> usize {
        self.rest.len()
    }

    #[inline]
    pub(super) fn take(&mut self, size: usize) -> Result<&'de [u8], Malformed> {
        match self.rest.split_at_checked(size) {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(bytes)
            }
            None => Err(self.truncated()),
        }
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        match self.rest.split_first_chunk() {
            Some((bytes, rest)) => {
                self.rest = rest;
                Ok(*bytes)
            }
            None => Err(self.truncated()),
        }
    }

    /// A number of one or two bytes, as most are, without its sign.
    #[inline]
    fn short(&mut self) -> Option<u16> {
        let (number, rest) = match self.rest {
            [byte @ 0..0x80, rest @ ..] => (u16::from(*byte), rest),
            [low, high @ 0..0x80, rest @ ..] => (u16::from(*low & 0x7F) | u16::from(*high) << 7, rest),
            _ => return None,
        };
        self.rest = rest;
        Some(number)
    }

    /// A length or an index of one byte.
    #[inline]
    fn shortest(&mut self) -> Option<usize> {
        match self.rest {
            [byte @ 0..0x80, rest @ ..] if byte & 1 == 0 => {
                self.rest = rest;
                Some(usize::from(byte >> 1))
            }
            _ => None,
        }
    }

    #[inline]
    pub(super) fn long(&mut self) -> Result<i64, Malformed> {
        match self.short() {
            Some(number) => Ok(zigzag(number.into())),
            None => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<i64, Malformed> {
        let mut number = 0_u64;
        for (index, byte) in self.rest.iter().take(10).enumerate() {
            // The tenth byte has the last bit.
            if index == 9 && *byte > 1 {
                break;
            }
            number |= u64::from(byte & 0x7F) << (7 * index);
            if *byte < 0x80 {
                self.rest = &self.rest[index + 1..];
                return Ok(zigzag(number));
            }
        }
        if self.remaining() < 10 { Err(self.truncated()) } else { Err(self.fault("a number of more than 64 bits")) }
    }

    #[inline]
    pub(super) fn int(&mut self) -> Result<i32, Malformed> {
        match self.short() {
            Some(number) => Ok(i32::from(number >> 1) ^ -i32::from(number & 1)),
            None => self.long_int(),
        }
    }

    #[inline(never)]
    fn long_int(&mut self) -> Result<i32, Malformed> {
        let before = self.rest.len();
        let number = self.long_varint()?;
        number.try_into().map_err(|_| self.fault_before("an int of more than 32 bits", before))
    }

    #[inline]
    pub(super) fn boolean(&mut self) -> Result<bool, Malformed> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(self.fault_before("a boolean that is neither 0 nor 1", self.rest.len() + 1)),
        }
    }

    #[inline]
    pub(super) fn float(&mut self) -> Result<f32, Malformed> {
        Ok(f32::from_le_bytes(self.array()?))
    }

    #[inline]
    pub(super) fn double(&mut self) -> Result<f64, Malformed> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// Bytes with their length before them.
    #[inline]
    pub(super) fn bytes(&mut self) -> Result<&'de [u8], Malformed> {
        match self.shortest() {
            Some(length) => self.take(length),
            None => self.long_bytes(),
        }
    }

    #[inline(never)]
    fn long_bytes(&mut self) -> Result<&'de [u8], Malformed> {
        let before = self.rest.len();
        let length = self.long()?;
        let length = usize::try_from(length).map_err(|_| self.fault_before("a negative length", before))?;
        self.take(length)
    }

    #[inline]
    pub(super) fn string(&mut self) -> Result<&'de str, Malformed> {
        let bytes = self.bytes()?;
        self.text(bytes)
    }

    /// Bytes that were just read, as text.
    #[inline]
    pub(super) fn text(&self, bytes: &'de [u8]) -> Result<&'de str, Malformed> {
        std::str::from_utf8(bytes).map_err(|error| {
            self.fault_before("text that is not UTF-8", self.rest.len() + bytes.len() - error.valid_up_to())
        })
    }

    /// The number of a time of day.
    #[inline]
    pub(super) fn time(&mut self, unit: Unit) -> Result<i64, Malformed> {
        if unit == Unit::Millis { Ok(self.int()?.into()) } else { self.long() }
    }

    #[inline]
    pub(super) fn uuid(&mut self, fixed: bool) -> Result<&'de [u8], Malformed> {
        if fixed { self.take(16) } else { self.bytes() }
    }

    /// The bytes of a decimal.
    #[inline]
    pub(super) fn decimal(&mut self, decimal: usize) -> Result<&'de [u8], Malformed> {
        match self.plan.decimals[decimal].size {
            Some(size) => self.take(size),
            None => self.bytes(),
        }
    }

    /// An index into so many.
    #[inline]
    pub(super) fn index(&mut self, count: usize, what: &'static str) -> Result<usize, Malformed> {
        let before = self.rest;
        match self.shortest() {
            Some(index) if index < count => Ok(index),
            _ => {
                self.rest = before;
                self.long_index(count, what)
            }
        }
    }

    #[inline(never)]
    fn long_index(&mut self, count: usize, what: &'static str) -> Result<usize, Malformed> {
        let before = self.rest.len();
        let index = self.long()?;
        usize::try_from(index).ok().filter(|index| *index < count).ok_or_else(|| self.fault_before(what, before))
    }

    /// The number of values in the next block of a list or map, each of at least so many bytes, and the size of the block
    /// if that is told.
    pub(super) fn block(&mut self, least: usize) -> Result<(usize, Option<usize>), Malformed> {
        let before = self.rest.len();
        let count = self.long()?;
        let (count, size) = if count < 0 {
            let size = self.long()?;
            let size = usize::try_from(size).map_err(|_| self.fault_before("a negative length", before))?;
            if size > self.remaining() {
                return Err(self.truncated());
            }
            (count.unsigned_abs(), Some(size))
        } else {
            (count.unsigned_abs(), None)
        };
        let count = usize::try_from(count).unwrap_or(usize::MAX);
        match self.remaining().checked_div(least) {
            Some(most) if count > most => Err(self.truncated()),
            Some(_) => Ok((count, size)),
            None => {
                self.empty = self.empty.saturating_add(count);
                if self.empty > MAX_EMPTY {
                    return Err(self.fault_before("too many values without content", before));
                }
                Ok((count, size))
            }
        }
    }

    /// Counts the fields of a record without a byte.
    #[cold]
    pub(super) fn count_empty(&mut self, fields: usize) -> Result<(), Malformed> {
        self.empty_fields = self.empty_fields.saturating_add(fields);
        if self.empty_fields > MAX_EMPTY { Err(self.fault("too many values without content")) } else { Ok(()) }
    }

    /// Passes over a value.
    pub(super) fn skip(&mut self, node: NodeId) -> Result<(), Malformed> {
        self.skip_within(node, MAX_SKIPPED)
    }

    fn skip_within(&mut self, node: NodeId, levels: usize) -> Result<(), Malformed> {
        let Some(levels) = levels.checked_sub(1) else { return Err(self.fault("values that are nested too deep")) };
        let nodes = &self.plan.nodes;
        match nodes.get(node) {
            Node::Null => Ok(()),
            Node::Boolean => self.boolean().map(drop),
            Node::Int | Node::Date | Node::Time(Unit::Millis) => self.int().map(drop),
            Node::Long | Node::Time(_) | Node::Timestamp { .. } => self.long().map(drop),
            Node::Float => self.take(4).map(drop),
            Node::Double => self.take(8).map(drop),
            Node::Bytes | Node::BigDecimal | Node::Decimal { size: None, .. } | Node::Uuid { fixed: false } => {
                self.bytes().map(drop)
            }
            Node::String => self.string().map(drop),
            Node::Fixed(size) | Node::Decimal { size: Some(size), .. } => self.take(*size).map(drop),
            Node::Duration => self.take(12).map(drop),
            Node::Uuid { fixed: true } => self.take(16).map(drop),
            Node::Enum { symbols, .. } => self.index(symbols.len(), UNKNOWN_SYMBOL).map(drop),
            Node::Union(branches) => {
                let branch = self.index(branches.len(), UNKNOWN_BRANCH)?;
                self.skip_within(branches[branch], levels)
            }
            Node::Record { fields, .. } => {
                if nodes.least_size(node) == 0 {
                    self.count_empty(fields.len())?;
                }
                fields.iter().try_for_each(|field| self.skip_within(field.node, levels))
            }
            Node::Array(items) => self.skip_blocks(nodes.least_size(*items), |this| this.skip_within(*items, levels)),
            Node::Map(values) => self.skip_blocks(nodes.least_size(*values).saturating_add(1), |this| {
                this.string()?;
                this.skip_within(*values, levels)
            }),
        }
    }

    fn skip_blocks(
        &mut self,
        least: usize,
        skip: impl Fn(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        loop {
            match self.block(least)? {
                (0, _) => return Ok(()),
                (_, Some(size)) => drop(self.take(size)?),
                (count, None) => (0..count).try_for_each(|_| skip(self))?,
            }
        }
    }
}

pub(super) const UNKNOWN_SYMBOL: &str = "an enum symbol that the schema does not have";
pub(super) const UNKNOWN_BRANCH: &str = "a union branch that the schema does not have";

#[inline]
#[allow(clippy::cast_possible_wrap, reason = "the bits of a number, which its sign is among")]
fn zigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

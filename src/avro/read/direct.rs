//! Values of a datum without serde in between, as long as nothing is wrong.
//!
//! Each type takes its bytes, without places and faults. The rules are checked afterwards, on the whole value. A fault ends
//! the read, and the tolerant reader starts again: it alone decides what is invalid, and it also reads the types that have
//! no code of their own here. A read here may therefore refuse what is valid, but must never accept what the tolerant
//! reader refuses: a refusal that is not also a rule of `check` has to be made here as well.
//!
//! A value is [put](Put) where it belongs, and not returned: on the way back through a `Result` it would be moved several
//! times.
#![allow(clippy::missing_errors_doc, reason = "called by generated code only")]

use super::datum::{Datum, Elements, Fields as Steps};
use super::plan::{Op, OpKind, Record};
use super::put::{Put, give, not_read};
use super::source::{UNKNOWN_BRANCH, UNKNOWN_SYMBOL};
use crate::error::Malformed;
use crate::load::{At, Context, FieldType};

impl<'a, 'de> Datum<'a, 'de> {
    /// Reads it as the tolerant reader does.
    #[inline]
    pub fn read<T: FieldType>(self, cx: &mut Context<'_>, put: &mut impl Put<T>) -> Result<(), Malformed> {
        give(T::read(self, cx, &At::ROOT)?, put)
    }

    #[inline]
    pub(crate) fn read_text(self, cx: &mut Context<'_>, put: &mut impl Put<String>) -> Result<(), Malformed> {
        match self.op.kind {
            OpKind::String => {
                put.put(self.source.string()?.to_owned());
                Ok(())
            }
            _ => self.read(cx, put),
        }
    }

    /// The elements, if it is a list; otherwise it is given back.
    #[inline]
    pub(crate) fn elements(self, cx: &mut Context<'_>) -> Result<Result<Elements<'a, 'de>, Malformed>, Self> {
        match self.op.kind {
            OpKind::Array(items) => Ok(cx.enter().and_then(|()| Elements::new(self.source, items))),
            _ => Err(self),
        }
    }

    #[inline]
    pub(crate) fn read_option<T: FieldType>(
        self,
        cx: &mut Context<'_>,
        put: &mut impl Put<Option<T>>,
    ) -> Result<(), Malformed> {
        let this = self.branch()?;
        match this.op.kind {
            OpKind::Null => {
                put.put(None);
                Ok(())
            }
            OpKind::Inner(_) => this.read(cx, put),
            _ => T::read_datum(this, cx, &mut Present(put)),
        }
    }

    /// Passes over it.
    #[inline]
    pub fn skip(self) -> Result<(), Malformed> {
        self.source.skip(self.op.node)
    }

    /// The value, if it stands in a union.
    #[inline]
    pub fn branch(self) -> Result<Self, Malformed> {
        let OpKind::Union(branches) = self.op.kind else { return Ok(self) };
        let branches = &self.source.plan.unions[branches];
        let branch = self.source.index(branches.len(), UNKNOWN_BRANCH)?;
        Ok(Self { source: self.source, op: &branches[branch] })
    }

    /// The name of the variant that a symbol is; anything else is given back.
    #[inline]
    pub(crate) fn symbol(self) -> Result<Result<&'de str, Malformed>, Self> {
        let OpKind::Enum(names) = self.op.kind else { return Err(self) };
        let names = &self.source.plan.enums[names];
        Ok(self.source.index(names.len(), UNKNOWN_SYMBOL).map(|symbol| &*names[symbol]))
    }

    /// The name of the variant that a record is, and whether it has data.
    #[inline]
    pub(crate) fn variant(&self) -> Option<(&'de str, bool)> {
        let OpKind::Variant(variant) = self.op.kind else { return None };
        let variant = &self.source.plan.variants[variant];
        Some((&variant.name, variant.content.is_some()))
    }

    /// The data of the variant.
    #[inline]
    pub fn content(self, cx: &mut Context<'_>) -> Result<Self, Malformed> {
        let OpKind::Variant(variant) = self.op.kind else { return Err(not_read()) };
        let Some(content) = self.source.plan.variants[variant].content else { return Err(not_read()) };
        cx.enter::<Malformed>()?;
        Ok(Datum::new(self.source, content))
    }

    /// The record, if it is one that is read by these names.
    #[inline]
    #[must_use]
    pub fn record(&self, names: &'static [&'static str]) -> Option<&'de Record> {
        let OpKind::Record(record) = self.op.kind else { return None };
        Some(&self.source.plan.records[record]).filter(|record| record.is_read_as(names))
    }

    /// The fields of the record.
    #[inline]
    pub fn fields(self, record: &'de Record, cx: &mut Context<'_>) -> Result<Fields<'a, 'de>, Malformed> {
        cx.enter::<Malformed>()?;
        Ok(Fields(Steps::new(self.source, record)?))
    }
}

impl Elements<'_, '_> {
    /// Reads all of them.
    #[inline]
    pub(crate) fn read_all<T: FieldType>(
        mut self,
        cx: &mut Context<'_>,
        put: &mut impl Put<T>,
    ) -> Result<(), Malformed> {
        while self.left() > 0 {
            T::read_datum(self.element(), cx, put)?;
            self.count()?;
        }
        cx.leave();
        Ok(())
    }
}

/// The fields of a record, in the order in which they were written.
#[derive(Debug)]
pub struct Fields<'a, 'de>(Steps<'a, 'de>);

impl<'de> Fields<'_, 'de> {
    /// The next one that is there: its index among the reader's, and how to read its value.
    #[inline]
    pub fn next(&mut self) -> Result<Option<(u32, &'de Op)>, Malformed> {
        Ok(self.0.next()?.map(|(field, op)| (field.index, op)))
    }

    /// The value of the field that came last.
    #[inline]
    pub fn value(&mut self, op: &'de Op) -> Datum<'_, 'de> {
        Datum { source: self.0.source, op }
    }
}

/// The place of an option, for its value.
struct Present<'a, P>(&'a mut P);

impl<T, P: Put<Option<T>>> Put<T> for Present<'_, P> {
    #[inline]
    fn put(&mut self, value: T) {
        self.0.put(Some(value));
    }
}

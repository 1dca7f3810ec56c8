//! What generated code and the types of fields call to write their values without a serializer. Each writes exactly what
//! the type's `Serialize` would write, and nothing if the plan is not a plain one for the type: then that is asked.

use serde::Serialize;

use super::bytes::{write_bytes, write_size};
use super::leaf::OTHER_TYPE;
use super::plan::{Field, Op, Record};
use super::serializer::{LEFT_OUT, Output, key_text};
use crate::avro::node::Node;
use crate::error::Unwritable;
use crate::load::FieldType;

impl Field {
    /// The index among the type's fields; none of them, if only the default is written.
    #[inline]
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// How its value is written.
    #[inline]
    #[must_use]
    pub fn op(&self) -> &Op {
        &self.op
    }

    /// What became of its value, with its name in an error.
    #[allow(clippy::missing_errors_doc, reason = "called by generated code only")]
    #[inline]
    pub fn written(&self, written: Result<(), Unwritable>) -> Result<(), Unwritable> {
        written.map_err(|error| self.within(error))
    }

    #[cold]
    fn within(&self, error: Unwritable) -> Unwritable {
        match &self.name {
            Some(name) => error.within(name),
            None => error,
        }
    }
}

/// What a value is written as behind its branch, if it is in a union with null.
struct Place<'p> {
    branch: Option<usize>,
    op: &'p Op,
}

#[allow(clippy::missing_errors_doc, reason = "called by generated code only")]
impl<'p> Output<'p, '_> {
    #[inline]
    fn place(&self, op: &'p Op) -> Place<'p> {
        match *op {
            Op::Nullable { branch, op, .. } => Place { branch: Some(branch), op: &self.plan.ops[op] },
            _ => Place { branch: None, op },
        }
    }

    #[inline]
    fn write_branch(&mut self, branch: Option<usize>) {
        if let Some(branch) = branch {
            write_size(self.bytes, branch);
        }
    }

    /// Writes a value with its `Serialize`.
    #[cold]
    #[inline(never)]
    pub fn write_by_serialize<T: Serialize + ?Sized>(&mut self, op: &'p Op, value: &T) -> Result<(), Unwritable> {
        self.write(op, value)
    }

    /// The fields of a record, if it is one of a type whose fields have these names.
    #[inline]
    pub fn record(&mut self, op: &'p Op, names: &'static [&'static str]) -> Option<&'p [Field]> {
        let place = self.place(op);
        let record = self.record_at(place.op, names)?;
        self.write_branch(place.branch);
        Some(&record.fields)
    }

    #[inline]
    fn record_at(&self, op: &'p Op, names: &'static [&'static str]) -> Option<&'p Record> {
        let Op::Record(record) = *op else { return None };
        Some(&self.plan.records[record]).filter(|record| record.names.are(names))
    }

    /// Writes the value of a field whose type is not ours.
    pub fn write_foreign<T: Serialize>(&mut self, field: &'p Field, value: &T) -> Result<(), Unwritable> {
        field.written(self.write(&field.op, value))
    }

    /// Writes what stands for a field that has no value.
    pub fn write_default(&mut self, field: &'p Field) -> Result<(), Unwritable> {
        match (&field.default, field.op) {
            (Some(default), _) => self.bytes.extend_from_slice(default),
            // Null has no bytes.
            (None, Op::Leaf(node)) if matches!(self.plan.nodes.get(node), Node::Null) => {}
            (None, _) => return Err(field.within(Unwritable::new(LEFT_OUT))),
        }
        Ok(())
    }

    /// Writes a variant without data, the one at this index, of an enum that is tagged from outside or beside.
    #[inline]
    pub fn write_unit<T: Serialize>(
        &mut self,
        op: &'p Op,
        names: &'static [&'static str],
        variant: usize,
        value: &T,
    ) -> Result<(), Unwritable> {
        let place = self.place(op);
        if let Op::Enum(symbols) = *place.op {
            let symbols = &self.plan.enums[symbols];
            if symbols.names.are(names)
                && let Some((_, symbol)) = symbols.list.get(variant)
            {
                self.write_branch(place.branch);
                write_size(self.bytes, *symbol);
                return Ok(());
            }
        }
        match self.variant_at(&place, names, variant) {
            Some(Place { branch, op }) => {
                self.write_branch(place.branch);
                self.write_branch(branch);
                match *op {
                    Op::Record(record) => self.defaults(record),
                    _ => Err(Unwritable::new(OTHER_TYPE)),
                }
            }
            None => self.write_by_serialize(op, value),
        }
    }

    /// The place of a variant's data, if the plan is one for an enum whose tagging and variants have these names.
    #[inline]
    fn variant_at(&self, place: &Place<'p>, names: &'static [&'static str], variant: usize) -> Option<Place<'p>> {
        let Op::Choice(choice) = *place.op else { return None };
        let choice = Some(&self.plan.choices[choice]).filter(|choice| choice.names.are(names))?;
        let variant = choice.variants.get(variant)?;
        Some(Place { branch: variant.branch, op: &self.plan.ops[variant.op] })
    }

    /// The fields of a variant's record, if the plan is one for such an enum and for fields of these names.
    #[inline]
    pub fn variant_record(
        &mut self,
        op: &'p Op,
        variants: &'static [&'static str],
        variant: usize,
        names: &'static [&'static str],
    ) -> Option<&'p [Field]> {
        let place = self.place(op);
        let inner = self.variant_at(&place, variants, variant)?;
        let record = self.record_at(inner.op, names)?;
        self.write_branch(place.branch);
        self.write_branch(inner.branch);
        Some(&record.fields)
    }

    /// Writes the only value of a variant of an enum that is tagged from outside or beside.
    #[inline]
    pub fn write_newtype<T: Serialize>(
        &mut self,
        op: &'p Op,
        names: &'static [&'static str],
        variant: usize,
        value: &T,
        write: impl Fn(&mut Self, &'p Op) -> Result<(), Unwritable>,
    ) -> Result<(), Unwritable> {
        let place = self.place(op);
        let Some(inner) = self.variant_at(&place, names, variant) else { return self.write_by_serialize(op, value) };
        self.write_branch(place.branch);
        self.write_branch(inner.branch);
        let written = match *inner.op {
            Op::Inner(record) => self.plan.records[record].fields.iter().try_for_each(|field| match &field.name {
                Some(_) => write(self, &field.op),
                None => self.write_default(field),
            }),
            _ => write(self, inner.op),
        };
        // The names of variants stand behind those of the tagging. Beside a tag, they are no names of fields.
        let is_around = names[0].is_empty();
        written.map_err(|error| if is_around { error.within(names[variant + 2]) } else { error })
    }

    /// Writes the elements of a list.
    #[inline]
    pub(crate) fn write_list<'v, T: FieldType + 'v, L: Serialize>(
        &mut self,
        op: &'p Op,
        elements: impl ExactSizeIterator<Item = &'v T>,
        list: &L,
    ) -> Result<(), Unwritable> {
        let place = self.place(op);
        let Op::Array(items) = *place.op else { return self.write_by_serialize(op, list) };
        self.write_branch(place.branch);
        let items = &self.plan.ops[items];
        if elements.len() > 0 {
            write_size(self.bytes, elements.len());
            for element in elements {
                element.write_datum(self, items)?;
            }
        }
        self.bytes.push(0);
        Ok(())
    }

    /// Writes the entries of a map.
    pub(crate) fn write_map<'v, K: Serialize + 'v, V: FieldType + 'v, M: Serialize>(
        &mut self,
        op: &'p Op,
        entries: impl ExactSizeIterator<Item = (&'v K, &'v V)>,
        map: &M,
    ) -> Result<(), Unwritable> {
        let place = self.place(op);
        let Op::Map(values) = *place.op else { return self.write_by_serialize(op, map) };
        self.write_branch(place.branch);
        let values = &self.plan.ops[values];
        if entries.len() > 0 {
            write_size(self.bytes, entries.len());
            for (key, value) in entries {
                write_bytes(self.bytes, key_text(key)?.as_bytes());
                value.write_datum(self, values)?;
            }
        }
        self.bytes.push(0);
        Ok(())
    }

    /// Writes a point in time, so many seconds and nanoseconds after 1970; a leap second has more of the latter than a
    /// second.
    #[cfg(feature = "chrono04")]
    #[inline]
    pub(crate) fn write_instant<T: Serialize>(
        &mut self,
        op: &'p Op,
        seconds: i64,
        nanos: u32,
        value: &T,
    ) -> Result<(), Unwritable> {
        let place = self.place(op);
        if let Op::Leaf(node) = *place.op
            && let Node::Timestamp { unit, local: false } = *self.plan.nodes.get(node)
            && let Some(number) = unit.join(seconds, nanos.into())
        {
            self.write_branch(place.branch);
            super::bytes::write_long(self.bytes, number);
            return Ok(());
        }
        self.write_by_serialize(op, value)
    }

    /// Writes a UUID.
    #[cfg(feature = "uuid1")]
    #[inline]
    pub(crate) fn write_uuid<T: Serialize>(
        &mut self,
        op: &'p Op,
        bytes: &[u8; 16],
        value: &T,
    ) -> Result<(), Unwritable> {
        let place = self.place(op);
        let Op::Leaf(node) = *place.op else { return self.write(op, value) };
        let Node::Uuid { fixed } = *self.plan.nodes.get(node) else { return self.write_by_serialize(op, value) };
        self.write_branch(place.branch);
        if !fixed {
            write_size(self.bytes, bytes.len());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

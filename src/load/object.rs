//! Objects: what the derive writes for named fields, and the visitor that drives it.
#![allow(clippy::missing_errors_doc, reason = "called by generated code only")]

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};
use serde::forward_to_deserialize_any;

use super::buffer::{self, BufferSeed, Leftovers, With};
use super::expected::{OBJECT, VALUE};
use super::number::{self, Under, UnderToken};
use super::parts::{NoParts, ReadParts};
use super::refuse::refused;
pub use super::slot::{Slot, skip_value};
use super::{At, Context, FieldType, Mode};
use crate::violation::FieldName;

/// A level of a type: the struct itself, or one of an enum's variants, counted.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "a name in the type system, without values")]
pub enum Level<const N: usize> {}

/// A level with named fields, as the derive describes it; read, it is a `T`.
#[doc(hidden)]
pub trait Object<T> {
    /// Whether unknown fields are faults.
    const DENY_UNKNOWN: bool;

    /// Whether it has flattened fields: then it wants to see all of an object.
    const FLATTENS: bool;

    /// The names of its fields on the wire, for suggestions.
    const NAMES: &'static [&'static str];

    /// All its fields, by their index.
    const FIELDS: &'static [FieldName];

    /// The index of the field that is called so on the wire.
    fn find(name: &str) -> Option<usize>;

    /// Whether a dump writes an entry of this name that no load reads.
    #[must_use]
    fn only_writes(name: &str) -> bool {
        let _ = name;
        false
    }

    /// Reads the entries of an object.
    fn read_entries<'de, A: MapAccess<'de>>(
        entries: A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<T>, A::Error>;
}

/// Reads a level with named fields.
#[doc(hidden)]
#[inline]
pub fn read_object<'de, L: Object<T>, T, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(ObjectVisitor { cx, at, of: PhantomData::<(L, T)> })
}

/// Reads a level with named fields out of what an outer level left.
#[doc(hidden)]
pub fn read_object_flat<L: Object<T>, T: FieldType, E: Error>(
    leftovers: &mut Leftovers<'_>,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, E> {
    if L::FLATTENS {
        let (recorded, findings) = (cx.recorded(), cx.shape_findings());
        let value = cx.flattened(|cx| L::read_entries(leftovers.entries::<E>(buffer::any), cx, at))?;
        leftovers.take_used(value.as_ref());
        if value.is_none() && cx.shape_findings() == findings {
            leftovers.take_fields(&cx.fields_since(recorded, at));
        }
        return Ok(value);
    }
    let wants = |name: &str| L::find(name).is_some();
    let value = L::read_entries(leftovers.entries::<E>(wants), cx, at)?;
    leftovers.take(wants);
    leftovers.hide(L::only_writes);
    Ok(value)
}

struct ObjectVisitor<'a, 'c, L, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<(L, T)>,
}

impl<'de, L: Object<T>, T> Visitor<'de> for ObjectVisitor<'_, '_, L, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        if number::arrive_as_maps() {
            return self.visit_map_or_number(entries);
        }
        self.cx.enter()?;
        let within = Within(self.cx);
        // The value is given back from where it is: events are large.
        L::read_entries(entries, &mut *within.0, self.at)
    }

    // serde's derive takes a list for a struct; the contract says object, so that a list is refused.
    refuse! { &OBJECT => bool number str bytes null list }
}

impl<L: Object<T>, T> ObjectVisitor<'_, '_, L, T> {
    #[cold]
    fn visit_map_or_number<'de, A: MapAccess<'de>>(self, entries: A) -> Result<Option<T>, A::Error> {
        self.cx.enter()?;
        let value = L::read_entries(entries, self.cx, self.at)?;
        self.cx.leave();
        Ok(match self.cx.number_in_disguise.take() {
            Some(before) => {
                self.cx.rewind(before);
                refused(self.cx, self.at, &OBJECT)
            }
            None => value,
        })
    }
}

/// Within a level of nesting, until it is dropped.
struct Within<'a, 'c>(&'a mut Context<'c>);

impl Drop for Within<'_, '_> {
    #[inline]
    fn drop(&mut self) {
        self.0.leave();
    }
}

/// The next field of the object: its index, `Some(None)` for one the type does not have (noted if
/// that is a fault), `None` at the end.
#[doc(hidden)]
#[inline]
pub fn next_field<'de, L: Object<T>, T, A: MapAccess<'de>>(
    entries: &mut A,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<Option<usize>>, A::Error> {
    loop {
        let field = entries.next_key_seed(FieldSeed { cx, at, of: PhantomData::<(L, T)> })?;
        if !matches!(field, Some(None)) || cx.number_in_disguise.is_none() {
            return Ok(field);
        }
        if is_number(entries)? {
            return Ok(None);
        }
        // An entry that has the token's name.
        cx.number_in_disguise = None;
        note_unknown(cx, at, number::TOKEN, L::NAMES, L::DENY_UNKNOWN);
    }
}

/// Whether the object of which the number's token was read is a number; its value is passed over.
#[cold]
pub(super) fn is_number<'de, A: MapAccess<'de>>(entries: &mut A) -> Result<bool, A::Error> {
    let under = entries.next_value_seed(UnderToken(PhantomData::<IgnoredAny>))?;
    Ok(matches!(under, Under::Number(_)))
}

struct FieldSeed<'a, 'c, L, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<(L, T)>,
}

impl<'de, L: Object<T>, T> DeserializeSeed<'de> for FieldSeed<'_, '_, L, T> {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        // Where all of them are read, their places in the list are their indexes: a source that knows the list tells those.
        if L::NAMES.len() == L::FIELDS.len() {
            input.deserialize_struct("", L::NAMES, self)
        } else {
            input.deserialize_identifier(self)
        }
    }
}

impl<L: Object<T>, T> Visitor<'_> for FieldSeed<'_, '_, L, T> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a field name")
    }

    #[inline]
    fn visit_u64<E: Error>(self, index: u64) -> Result<Self::Value, E> {
        match usize::try_from(index) {
            Ok(index) if index < L::FIELDS.len() && !self.cx.is_recording() => Ok(Some(index)),
            Ok(index) if index < L::FIELDS.len() => self.visit_str(L::FIELDS[index].wire()),
            _ => Err(E::invalid_value(Unexpected::Unsigned(index), &self)),
        }
    }
    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let field = L::find(name);
        match field {
            None => unknown_field(self.cx, self.at, name, L::NAMES, L::DENY_UNKNOWN),
            Some(index) if self.cx.is_recording() => {
                if !is_read(self.cx, self.at, name, &L::FIELDS[index], L::DENY_UNKNOWN) {
                    return Ok(None);
                }
            }
            Some(_) => {}
        }
        Ok(field)
    }
}

/// Whether a field of the type is read in a part of an event, which is recorded.
#[cold]
fn is_read(cx: &mut Context<'_>, at: &At<'_>, name: &str, field: &'static FieldName, denies: bool) -> bool {
    let is_chosen = cx.has_chosen(&at.field(field));
    if is_chosen {
        cx.record_field(at, name, field.wire());
    } else {
        cx.leave_out(at, name, denies);
    }
    is_chosen
}

/// As [`next_field`], for a level that flattens: a field it does not have comes with its name.
#[doc(hidden)]
#[inline]
pub fn next_field_or_name<'de, L: Object<T>, T: FieldType, A: MapAccess<'de>>(
    entries: &mut A,
    cx: &mut Context<'_>,
    at: &At<'_>,
    denies: bool,
) -> Result<Option<Result<usize, String>>, A::Error> {
    while let Some(name) = entries.next_key_seed(FieldOrName { cx, at, denies, of: PhantomData::<(L, T)> })? {
        match name {
            Some(name) => return Ok(Some(name)),
            None => skip_value(entries)?,
        }
    }
    Ok(None)
}

struct FieldOrName<'a, 'c, L, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    denies: bool,
    of: PhantomData<(L, T)>,
}

impl<'de, L: Object<T>, T: FieldType> DeserializeSeed<'de> for FieldOrName<'_, '_, L, T> {
    type Value = Option<Result<usize, String>>;

    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_identifier(self)
    }
}

impl<L: Object<T>, T: FieldType> Visitor<'_> for FieldOrName<'_, '_, L, T> {
    type Value = Option<Result<usize, String>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a field name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let field = L::find(name);
        if self.cx.is_recording() {
            let own = field.map(|index| L::FIELDS[index].wire());
            // A flattened field's own names are the outer level's too.
            let wire = own.or_else(|| T::field_name(name)).unwrap_or(name);
            if !self.cx.has_chosen(&self.at.name(wire)) {
                self.cx.leave_out(self.at, name, self.denies);
                return Ok(None);
            }
            match own {
                Some(own) => self.cx.record_field(self.at, name, own),
                None => self.cx.record_object(self.at),
            }
        }
        Ok(Some(field.ok_or_else(|| name.to_owned())))
    }
}

/// The level's own name for the field that the input calls `name`.
#[doc(hidden)]
#[must_use]
pub fn wire_name<L: Object<T>, T>(name: &str) -> Option<&'static str> {
    L::find(name).map(|index| L::FIELDS[index].wire())
}

/// A field that the type does not have.
#[cold]
fn unknown_field(cx: &mut Context<'_>, at: &At<'_>, name: &str, known: &'static [&'static str], denies: bool) {
    if name == number::TOKEN && number::arrive_as_maps() {
        // The rest of the input decides.
        cx.number_in_disguise = Some(cx.mark());
    } else {
        note_unknown(cx, at, name, known, denies);
    }
}

#[cold]
fn note_unknown(cx: &mut Context<'_>, at: &At<'_>, name: &str, known: &'static [&'static str], denies: bool) {
    cx.record_object(at);
    if cx.denies_unknown(denies) {
        cx.unknown(at, name, known);
    } else {
        cx.stray(at, name);
    }
}

/// Skips the value of a field that is written and never read.
#[doc(hidden)]
pub fn skip_written<'de, L: Object<T>, T, A: MapAccess<'de>>(
    entries: &mut A,
    name: &str,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<(), A::Error> {
    if cx.denies_unknown(false) {
        cx.unknown(at, name, L::NAMES);
    }
    skip_value(entries)
}

/// Keeps the value of a field for the flattened ones.
#[doc(hidden)]
pub fn keep_value<'de, A: MapAccess<'de>>(
    entries: &mut A,
    name: String,
    leftovers: &mut Leftovers<'de>,
    cx: &mut Context<'_>,
) -> Result<(), A::Error> {
    if name == number::TOKEN && number::arrive_as_maps() {
        match entries.next_value_seed(UnderToken(BufferSeed(cx)))? {
            Under::Number(_) => cx.number_in_disguise = Some(cx.mark()),
            Under::Value(value) => leftovers.push(name, value),
        }
        return Ok(());
    }
    let value = entries.next_value_seed(BufferSeed(cx))?;
    leftovers.push(name, value);
    Ok(())
}

/// Reads a container whose parts have rules, or what must not be null.
struct PartsSeed<'a, 'c, P, T> {
    parts: P,
    not_null: bool,
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'de, P: ReadParts<T>, T: FieldType> DeserializeSeed<'de> for PartsSeed<'_, '_, P, T> {
    type Value = Option<T>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        if self.not_null {
            let value = self.parts.read(NotNull(input), self.cx, self.at)?;
            // A type inside the option may have a null of its own.
            if value.as_ref().is_some_and(T::is_null) {
                self.cx.null(self.at, &VALUE);
                return Ok(None);
            }
            Ok(value)
        } else {
            self.parts.read(input, self.cx, self.at)
        }
    }
}

/// A source that has no null for an option: what is there is read as the option's value.
struct NotNull<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for NotNull<D> {
    type Error = D::Error;

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        visitor.visit_some(self.0)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_newtype_struct(name, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<T: FieldType> Slot<T> {
    /// As [`read`](Self::read), where null is refused though the type has a place for it.
    pub fn read_not_null<'de, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, A::Error> {
        self.read_parts(entries, cx, at, NoParts, true)
    }

    /// As [`read`](Self::read), with rules for the parts.
    #[inline]
    pub fn read_parts<'de, P: ReadParts<T>, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
        parts: P,
        not_null: bool,
    ) -> Result<Option<&T>, A::Error> {
        if self.is_duplicate(entries, cx, at)? {
            return Ok(None);
        }
        let seed = PartsSeed { parts, not_null, cx, at, of: PhantomData };
        *self = entries.next_value_seed(seed)?.map_or(Self::Bad, Self::Good);
        Ok(self.good())
    }

    /// Reads a flattened field out of what the level left.
    pub fn read_flat<E: Error>(
        &mut self,
        leftovers: &mut Leftovers<'_>,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, E> {
        *self = T::read_flat(leftovers, cx, at)?.map_or(Self::Bad, Self::Good);
        Ok(self.good())
    }
}

impl<T> Slot<T> {
    /// As [`read`](Self::read), with a reader that is not ours.
    pub fn read_with<'de, W: With<T>, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, A::Error> {
        if self.is_duplicate(entries, cx, at)? {
            return Ok(None);
        }
        let value = entries.next_value_seed(BufferSeed(cx))?;
        *self = value.foreign::<T, W, _>(cx, at)?.map_or(Self::Bad, Self::Good);
        Ok(self.good())
    }

    /// As [`read_element`](Self::read_element), with a reader that is not ours.
    pub fn read_element_with<'de, W: With<T>, A: SeqAccess<'de>>(
        &mut self,
        elements: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, A::Error> {
        if let Some(value) = elements.next_element_seed(BufferSeed(cx))? {
            *self = value.foreign::<T, W, _>(cx, at)?.map_or(Self::Bad, Self::Good);
        }
        Ok(self.good())
    }

    /// As [`or_missing`](Self::or_missing), for a type that is not ours.
    pub fn or_foreign_missing(&mut self, cx: &mut Context<'_>, at: &At<'_>) -> Option<&T>
    where
        T: for<'de> serde::Deserialize<'de>,
    {
        if matches!(self, Self::Missing) {
            match buffer::foreign_missing() {
                Some(value) => {
                    *self = Self::Good(value);
                    return self.good().filter(|_| cx.mode() == Mode::Whole);
                }
                None => cx.missing(at),
            }
        }
        None
    }

    /// Notes a field that was not met, though its reader is a function that cannot be asked.
    pub fn or_required(&mut self, cx: &mut Context<'_>, at: &At<'_>) -> Option<&T> {
        if matches!(self, Self::Missing) {
            cx.missing(at);
        }
        None
    }

    /// As [`or_missing`](Self::or_missing), with a default.
    #[inline]
    pub fn or_default(&mut self, cx: &Context<'_>, default: impl FnOnce() -> T) -> Option<&T> {
        // A missing field of a part of an event is not known to be the default.
        if !matches!(self, Self::Missing) || cx.mode() == Mode::Partial {
            return None;
        }
        *self = Self::Good(default());
        self.good()
    }

    /// As [`or_default`](Self::or_default), of a field that is never read: no part of an event has it.
    #[inline]
    pub fn or_skipped(&mut self, cx: &Context<'_>, default: impl FnOnce() -> T) -> Option<&T> {
        *self = Self::Good(default());
        self.good().filter(|_| cx.mode() == Mode::Whole)
    }
}

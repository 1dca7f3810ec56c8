//! Options: null is `None`.

use std::marker::PhantomData;

use serde::de::{Deserializer, Error, Visitor};

use super::buffer::Leftovers;
use super::parts::{Each, ListType, MapType, NoParts, Pairs, PartRules, ReadParts};
use super::patch::{self, Object};
use super::{At, Context, FieldType, Mode};
use crate::contract::Shape;
#[cfg(feature = "avro")]
use crate::error::Malformed;

impl<T: FieldType> FieldType for Option<T> {
    #[inline]
    fn masks_key(levels: u8) -> bool {
        T::masks_key(levels)
    }

    #[inline]
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        input.deserialize_option(OptionVisitor { cx, at, parts: NoParts, of: PhantomData })
    }

    #[cfg(feature = "avro")]
    #[inline]
    fn read_datum(
        datum: crate::avro::read::Datum<'_, '_>,
        cx: &mut Context<'_>,
        put: &mut impl crate::avro::read::Put<Self>,
    ) -> Result<(), Malformed> {
        datum.read_option(cx, put)
    }

    // As in serde: what does not fit is not there. What rules and hooks refuse fits.
    fn read_flat<E: Error>(
        leftovers: &mut Leftovers<'_>,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, E> {
        let (before, recorded) = (cx.mark(), cx.recorded());
        let nothing_came = cx.mode() == Mode::Partial && !leftovers.has_any_of::<T>();
        let value = T::read_flat(leftovers, cx, at)?;
        if cx.shape_findings_since(before) > 0 {
            cx.rewind(before);
            return Ok(Some(None));
        }
        if value.is_none() && nothing_came && cx.fields_since(recorded, at).is_empty() {
            let none = none_of_part::<T, E>(leftovers, cx, at)?;
            if none {
                cx.forget_recorded(recorded);
            }
            return Ok(none.then_some(None));
        }
        Ok(value.map(Some))
    }

    fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
        T::read_key(text, cx, map).map(Some)
    }

    fn field_name(name: &str) -> Option<&'static str> {
        T::field_name(name)
    }

    fn takes_all<N>() -> bool {
        T::takes_all::<N>()
    }

    fn uses_name(&self, name: &str) -> bool {
        match self {
            Some(value) => value.uses_name(name),
            None => T::field_name(name).is_some(),
        }
    }

    fn closes(&self, alone: bool) -> bool {
        self.as_ref().is_some_and(|value| value.closes(alone))
    }

    fn patch(&mut self, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
        match self {
            Some(value) if input != "null" => value.patch(input, cx, at),
            _ => patch::replace(self, input, cx, at),
        }
    }

    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        match self {
            Some(value) => value.patch_flat(rest, cx, at),
            // Some types make an empty value of no entries.
            None if rest.is_empty() => {}
            None => patch::replace_flat(self, rest, cx, at),
        }
    }

    fn flat_names(names: &mut Vec<&'static [&'static str]>) {
        T::flat_names(names);
    }

    #[inline]
    fn missing(_: &mut Context<'_>, _: &At<'_>) -> Option<Self> {
        Some(None)
    }

    #[inline]
    fn is_null(&self) -> bool {
        self.as_ref().is_none_or(T::is_null)
    }

    fn is_hidden(&self) -> bool {
        self.as_ref().map_or(T::SENSITIVE, T::is_hidden)
    }

    #[inline]
    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        if let Some(value) = self {
            value.check(cx, at);
        }
    }

    #[cfg(feature = "avro")]
    #[inline]
    fn write_datum<'p>(
        &self,
        output: &mut crate::avro::write::Output<'p, '_>,
        op: &'p crate::avro::write::Op,
    ) -> Result<(), crate::error::Unwritable> {
        match self {
            Some(value) => value.write_datum(output, op),
            None => output.write(op, self),
        }
    }

    fn shape() -> Shape {
        T::shape().optional()
    }
}

/// Whether the whole has no such value either, of which nothing came in a part: its fields' defaults may make one.
#[cold]
fn none_of_part<T: FieldType, E: Error>(
    leftovers: &mut Leftovers<'_>,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<bool, E> {
    let before = cx.mark();
    // Hooks have run.
    let (mode, prepared) = (cx.replace_mode(Mode::Whole), cx.replace_prepared(true));
    let read = T::read_flat(leftovers, cx, at);
    cx.replace_mode(mode);
    cx.replace_prepared(prepared);
    let none = cx.shape_findings_since(before) > 0;
    cx.rewind(before);
    read.map(|_: Option<T>| none)
}

struct OptionVisitor<'a, 'c, P, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    parts: P,
    of: PhantomData<T>,
}

impl<'de, P: ReadParts<T>, T> Visitor<'de> for OptionVisitor<'_, '_, P, T> {
    type Value = Option<Option<T>>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }
    #[inline]
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Some(None))
    }
    #[inline]
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(Some(None))
    }
    #[inline]
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        Ok(self.parts.read(input, self.cx, self.at)?.map(Some))
    }
}

impl<C: ListType> ListType for Option<C> {
    type Element = C::Element;

    fn read_parts<'de, D: Deserializer<'de>>(
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
        each: impl PartRules<C::Element>,
    ) -> Result<Option<Self>, D::Error> {
        input.deserialize_option(OptionVisitor { cx, at, parts: Each(each), of: PhantomData })
    }

    fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<C::Element>) {
        if let Some(list) = self {
            list.check_parts(cx, at, each);
        }
    }
}

impl<C: MapType> MapType for Option<C> {
    type Key = C::Key;
    type Value = C::Value;

    fn read_parts<'de, D: Deserializer<'de>>(
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
        keys: impl PartRules<C::Key>,
        values: impl PartRules<C::Value>,
    ) -> Result<Option<Self>, D::Error> {
        input.deserialize_option(OptionVisitor { cx, at, parts: Pairs(keys, values), of: PhantomData })
    }

    fn check_parts(
        &self,
        cx: &mut Context<'_>,
        at: &At<'_>,
        keys: impl PartRules<C::Key>,
        values: impl PartRules<C::Value>,
    ) {
        if let Some(map) = self {
            map.check_parts(cx, at, keys, values);
        }
    }
}

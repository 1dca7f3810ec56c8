//! Types of the standard library that are on the wire what they hold: pointers, cells, marks.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::num::Wrapping;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::{Arc, Mutex, RwLock};

use serde::de::{Deserializer, Error};

use super::buffer::Leftovers;
use super::parts::{ListType, MapType, PartRules};
use super::patch::{self, Object};
use super::{At, Context, FieldType};
use crate::contract::Shape;

macro_rules! wrappers {
    ($([$($generics:tt)*] $type:ty => $new:expr, |$this:ident| $value:expr, $inner:expr;)*) => {$(
        impl<$($generics)*> FieldType for $type {
            const SENSITIVE: bool = T::SENSITIVE;

            #[inline]
            fn masks_key(levels: u8) -> bool {
                T::masks_key(levels)
            }

            #[inline]
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                Ok(cx.behind_pointer(|cx| T::read(input, cx, at))?.map($new))
            }

            #[cfg(feature = "avro")]
            #[inline]
            fn read_datum(
                datum: $crate::avro::read::Datum<'_, '_>,
                cx: &mut Context<'_>,
                put: &mut impl $crate::avro::read::Put<Self>,
            ) -> Result<(), $crate::error::Malformed> {
                let mut value = None;
                cx.behind_pointer(|cx| T::read_datum(datum, cx, &mut value))?;
                $crate::avro::read::give(value.map($new), put)
            }

            fn read_flat<E: Error>(
                leftovers: &mut Leftovers<'_>,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, E> {
                Ok(cx.behind_pointer(|cx| T::read_flat(leftovers, cx, at))?.map($new))
            }

            fn flat_names(names: &mut Vec<&'static [&'static str]>) {
                T::flat_names(names);
            }

            fn field_name(name: &str) -> Option<&'static str> {
                T::field_name(name)
            }

            fn takes_all<N>() -> bool {
                T::takes_all::<N>()
            }

            fn uses_name(&self, name: &str) -> bool {
                let $this = self;
                $value.is_some_and(|value| T::uses_name(&value, name))
            }

            fn closes(&self, alone: bool) -> bool {
                let $this = self;
                $value.is_some_and(|value| T::closes(&value, alone))
            }

            fn patch(&mut self, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
                let $this = self;
                // A shared value cannot be changed in place.
                match $inner {
                    Some(value) => T::patch(value, input, cx, at),
                    None => patch::replace($this, input, cx, at),
                }
            }

            fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
                let $this = self;
                match $inner {
                    Some(value) => T::patch_flat(value, rest, cx, at),
                    None => patch::replace_flat($this, rest, cx, at),
                }
            }

            fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                T::read_key(text, cx, map).map($new)
            }

            #[inline]
            fn missing(cx: &mut Context<'_>, at: &At<'_>) -> Option<Self> {
                T::missing(cx, at).map($new)
            }

            #[inline]
            fn is_null(&self) -> bool {
                let $this = self;
                $value.is_some_and(|value| T::is_null(&value))
            }

            fn is_hidden(&self) -> bool {
                let $this = self;
                $value.is_none_or(|value| T::is_hidden(&value))
            }

            #[inline]
            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                let $this = self;
                if let Some(value) = $value {
                    T::check(&value, cx, at);
                }
            }

            #[cfg(feature = "avro")]
            #[inline]
            fn write_datum<'p>(
                &self,
                output: &mut $crate::avro::write::Output<'p, '_>,
                op: &'p $crate::avro::write::Op,
            ) -> Result<(), $crate::error::Unwritable> {
                let $this = self;
                match $value {
                    Some(value) => T::write_datum(&value, output, op),
                    None => output.write(op, self),
                }
            }

            fn shape() -> Shape {
                T::shape()
            }
        }
    )*};
}

// A value that cannot be looked at now (borrowed mutably, poisoned) cannot be written either.
wrappers! {
    [T: FieldType] Box<T> => Box::new, |this| Some(&**this), Some(&mut **this);
    [T: FieldType] Rc<T> => Rc::new, |this| Some(&**this), Rc::get_mut(this);
    [T: FieldType] Arc<T> => Arc::new, |this| Some(&**this), Arc::get_mut(this);
    [T: FieldType + Clone] Cow<'_, T> => Cow::Owned, |this| Some(&**this), Some(this.to_mut());
    [T: FieldType] Wrapping<T> => Wrapping, |this| Some(&this.0), Some(&mut this.0);
    [T: FieldType] Reverse<T> => Reverse, |this| Some(&this.0), Some(&mut this.0);
    [T: FieldType + Copy] Cell<T> => Cell::new, |this| Some(this.get()), Some(this.get_mut());
    [T: FieldType] RefCell<T> => RefCell::new, |this| this.try_borrow().ok(), Some(this.get_mut());
    [T: FieldType] Mutex<T> => Mutex::new, |this| this.lock().ok(), this.get_mut().ok();
    [T: FieldType] RwLock<T> => RwLock::new, |this| this.read().ok(), this.get_mut().ok();
}

/// Pointers to lists and maps whose parts have rules.
macro_rules! pointers {
    ($($type:ident)*) => {$(
        impl<C: ListType> ListType for $type<C> {
            type Element = C::Element;

            fn read_parts<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
                each: impl PartRules<C::Element>,
            ) -> Result<Option<Self>, D::Error> {
                Ok(C::read_parts(input, cx, at, each)?.map($type::new))
            }

            fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<C::Element>) {
                (**self).check_parts(cx, at, each);
            }
        }

        impl<C: MapType> MapType for $type<C> {
            type Key = C::Key;
            type Value = C::Value;

            fn read_parts<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
                keys: impl PartRules<C::Key>,
                values: impl PartRules<C::Value>,
            ) -> Result<Option<Self>, D::Error> {
                Ok(C::read_parts(input, cx, at, keys, values)?.map($type::new))
            }

            fn check_parts(
                &self,
                cx: &mut Context<'_>,
                at: &At<'_>,
                keys: impl PartRules<C::Key>,
                values: impl PartRules<C::Value>,
            ) {
                (**self).check_parts(cx, at, keys, values);
            }
        }
    )*};
}

pointers!(Box Rc Arc);

/// Pointers to what has no size of its own: read as what owns it.
macro_rules! unsized_pointers {
    ($($owned:ty, $check:expr => $([$($generics:tt)*] $type:ty),*;)*) => {$($(
        impl<$($generics)*> FieldType for $type {
            #[inline]
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                Ok(<$owned>::read(input, cx, at)?.map(Self::from))
            }

            fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                <$owned>::read_key(text, cx, map).map(Self::from)
            }

            #[inline]
            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                let check: fn(&Self, &mut Context<'_>, &At<'_>) = $check;
                check(self, cx, at);
            }

            fn shape() -> Shape {
                <$owned>::shape()
            }
        }
    )*)*};
}

unsized_pointers! {
    String, |_, _, _| {} => [] Box<str>, [] Rc<str>, [] Arc<str>, [] Cow<'_, str>;
    PathBuf, |_, _, _| {} => [] Box<Path>, [] Rc<Path>, [] Arc<Path>, [] Cow<'_, Path>;
    Vec<T>, |this, cx, at| {
        for (index, value) in this.iter().enumerate() {
            value.check(cx, &at.index(index));
        }
    } => [T: FieldType] Box<[T]>, [T: FieldType] Rc<[T]>, [T: FieldType] Arc<[T]>, [T: FieldType + Clone] Cow<'_, [T]>;
}

macro_rules! slices {
    ($([$($bound:tt)*] $type:ty;)*) => {$(
        impl<T: FieldType $($bound)*> ListType for $type {
            type Element = T;

            fn read_parts<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
                each: impl PartRules<T>,
            ) -> Result<Option<Self>, D::Error> {
                Ok(Vec::<T>::read_parts(input, cx, at, each)?.map(Self::from))
            }

            fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<T>) {
                for (index, value) in self.iter().enumerate() {
                    each(value, cx, &at.index(index));
                }
            }
        }
    )*};
}

slices! {
    [] Box<[T]>;
    [] Rc<[T]>;
    [] Arc<[T]>;
    [+ Clone] Cow<'_, [T]>;
}

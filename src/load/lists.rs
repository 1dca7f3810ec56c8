//! Lists and sets.

use std::collections::{BTreeSet, BinaryHeap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::expected::LIST;
use super::parts::{ListType, PartRules, no_rules};
use super::{At, Context, FieldType};
#[cfg(feature = "avro")]
use crate::avro::read::{Datum, Put};
use crate::contract::Shape;
#[cfg(feature = "avro")]
use crate::error::Malformed;

/// Space reserved on the word of a source that tells lengths beforehand, in bytes.
const MAX_RESERVED: usize = 1 << 20;

/// The number of elements for which there is space at the beginning.
fn reserved<T>(elements: usize) -> usize {
    elements.min(MAX_RESERVED / size_of::<T>().max(1))
}

/// A list or set while it is read.
pub(super) trait Collect<T>: Sized {
    fn with_capacity(capacity: usize) -> Self;
    fn add(&mut self, value: T);
}

/// Reads a list from a valid datum.
#[cfg(feature = "avro")]
#[inline]
pub(super) fn read_datum<T: FieldType, C: FieldType + Collect<T>>(
    datum: Datum<'_, '_>,
    cx: &mut Context<'_>,
    put: &mut impl Put<C>,
) -> Result<(), Malformed> {
    /// A list, for its elements.
    struct Added<C>(C);

    impl<T, C: Collect<T>> Put<T> for Added<C> {
        #[inline]
        fn put(&mut self, value: T) {
            self.0.add(value);
        }
    }

    match datum.elements(cx) {
        Ok(elements) => {
            let elements = elements?;
            let mut list = Added(C::with_capacity(reserved::<T>(elements.left())));
            elements.read_all::<T>(cx, &mut list)?;
            put.put(list.0);
            Ok(())
        }
        Err(datum) => datum.read(cx, put),
    }
}

pub(super) struct ListVisitor<'a, 'c, F, C, T> {
    pub(super) cx: &'a mut Context<'c>,
    pub(super) at: &'a At<'a>,
    /// The rules of each element that was read.
    pub(super) each: F,
    pub(super) of: PhantomData<(C, T)>,
}

impl<'de, F: PartRules<T>, C: Collect<T>, T: FieldType> Visitor<'de> for ListVisitor<'_, '_, F, C, T> {
    type Value = Option<C>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        self.cx.enter()?;
        let mut list = C::with_capacity(reserved::<T>(seq.size_hint().unwrap_or(0)));
        let mut good = true;
        let mut index = 0;
        loop {
            let at = self.at.index(index);
            let seed = ElementSeed { cx: self.cx, at: &at, each: &self.each, list: &mut list, of: PhantomData::<T> };
            match seq.next_element_seed(seed)? {
                Some(read) => good &= read,
                None => break,
            }
            index += 1;
        }
        self.cx.leave();
        Ok(good.then_some(list))
    }

    refuse! { &LIST => bool number str bytes null object }
}

/// Reads an element and pushes it where it belongs, which saves the way back through `Result<Option<T>>`.
struct ElementSeed<'a, 'c, F, C, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    each: &'a F,
    list: &'a mut C,
    of: PhantomData<T>,
}

impl<'de, F: PartRules<T>, C: Collect<T>, T: FieldType> DeserializeSeed<'de> for ElementSeed<'_, '_, F, C, T> {
    type Value = bool;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<bool, D::Error> {
        let read = T::read(input, self.cx, self.at);
        // Looked at where it is, and moved once.
        if let Ok(Some(value)) = &read {
            (self.each)(value, self.cx, self.at);
        }
        match read {
            Ok(Some(value)) => {
                self.list.add(value);
                Ok(true)
            }
            Ok(None) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

macro_rules! lists {
    ($($type:ident<T $(: $bound:ident $(+ $bounds:ident)*)? $(, $hasher:ident)?>
        $new:expr, $add:ident, unique: $unique:literal;)*) => {$(
        impl<T $(: $bound $(+ $bounds)*)? $(, $hasher: BuildHasher + Default)?> Collect<T> for $type<T $(, $hasher)?> {
            #[inline]
            fn with_capacity(capacity: usize) -> Self {
                let new: fn(usize) -> Self = $new;
                new(capacity)
            }
            #[inline]
            fn add(&mut self, value: T) {
                self.$add(value);
            }
        }

        impl<T: FieldType $(+ $bound $(+ $bounds)*)? $(, $hasher: BuildHasher + Default)?> FieldType
            for $type<T $(, $hasher)?>
        {
            #[inline]
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                Self::read_parts(input, cx, at, no_rules)
            }

            #[cfg(feature = "avro")]
            #[inline]
            fn read_datum(
                datum: $crate::avro::read::Datum<'_, '_>,
                cx: &mut Context<'_>,
                put: &mut impl $crate::avro::read::Put<Self>,
            ) -> Result<(), $crate::error::Malformed> {
                // The rules of an element that a set has already are checked only where it is read.
                if $unique {
                    return datum.read(cx, put);
                }
                $crate::load::lists::read_datum::<T, Self>(datum, cx, put)
            }

            #[inline]
            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                for (index, value) in self.iter().enumerate() {
                    value.check(cx, &at.index(index));
                }
            }

            #[cfg(feature = "avro")]
            #[inline]
            fn write_datum<'p>(
                &self,
                output: &mut $crate::avro::write::Output<'p, '_>,
                op: &'p $crate::avro::write::Op,
            ) -> Result<(), $crate::error::Unwritable> {
                output.write_list(op, self.iter(), self)
            }

            fn shape() -> Shape {
                $crate::contract::shape::Kind::List { items: Box::new(T::shape()), unique: $unique, length: None }.into()
            }
        }

        impl<T: FieldType $(+ $bound $(+ $bounds)*)? $(, $hasher: BuildHasher + Default)?> ListType
            for $type<T $(, $hasher)?>
        {
            type Element = T;

            #[inline]
            fn read_parts<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
                each: impl PartRules<T>,
            ) -> Result<Option<Self>, D::Error> {
                input.deserialize_any(ListVisitor { cx, at, each, of: PhantomData::<(Self, T)> })
            }

            fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<T>) {
                for (index, value) in self.iter().enumerate() {
                    each(value, cx, &at.index(index));
                }
            }
        }
    )*};
}

#[cfg(feature = "indexmap2")]
pub(super) use lists;

lists! {
    Vec<T> Vec::with_capacity, push, unique: false;
    VecDeque<T> VecDeque::with_capacity, push_back, unique: false;
    LinkedList<T> |_| Self::new(), push_back, unique: false;
    BinaryHeap<T: Ord> BinaryHeap::with_capacity, push, unique: false;
    BTreeSet<T: Ord> |_| Self::new(), insert, unique: true;
    HashSet<T: Eq + Hash, S> |capacity| Self::with_capacity_and_hasher(capacity, S::default()), insert, unique: true;
}

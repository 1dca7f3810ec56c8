//! Lists of a fixed length: tuples, arrays, tuple structs and tuple variants.

use std::marker::PhantomData;

use serde::Serialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::expected::LIST;
use super::object::Slot;
use super::parts::{ListType, PartRules, no_rules};
use super::{At, Context, Expected, FieldType};
use crate::contract::Shape;
use crate::contract::shape::Kind;

static TUPLE: Expected = Expected::new("tuple");

/// A level with unnamed fields, as the derive describes it; read, it is a `T`.
#[doc(hidden)]
pub trait Elements<T> {
    /// How many there are.
    const LENGTH: usize;

    /// How many there are at least: those behind have defaults.
    const REQUIRED: usize = Self::LENGTH;

    /// Reads its elements; what is missing at the end is the caller's to note.
    fn read_elements<'de, A: SeqAccess<'de>>(
        elements: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<T>, A::Error>;
}

/// Reads a level with unnamed fields.
#[doc(hidden)]
#[inline]
pub fn read_tuple<'de, L: Elements<T>, T, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(TupleVisitor { cx, at, of: PhantomData::<(L, T)> })
}

struct TupleVisitor<'a, 'c, L, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<(L, T)>,
}

/// Counts what passes.
struct Counted<A> {
    elements: A,
    count: usize,
}

impl<'de, A: SeqAccess<'de>> SeqAccess<'de> for Counted<A> {
    type Error = A::Error;

    #[inline]
    fn next_element_seed<S: serde::de::DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, A::Error> {
        let element = self.elements.next_element_seed(seed)?;
        self.count += usize::from(element.is_some());
        Ok(element)
    }
}

impl<'de, L: Elements<T>, T> Visitor<'de> for TupleVisitor<'_, '_, L, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        self.cx.enter()?;
        let mut elements = Counted { elements, count: 0 };
        let value = L::read_elements(&mut elements, self.cx, self.at)?;
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        self.cx.leave();
        if (L::REQUIRED..=L::LENGTH).contains(&elements.count) {
            return Ok(value);
        }
        self.cx.wrong_length(self.at, L::LENGTH);
        Ok(None)
    }

    refuse! { &TUPLE => bool number str bytes null object }
}

/// The level that the elements of a tuple make.
enum Whole {}

macro_rules! tuples {
    ($($length:literal => ($($index:tt $type:ident $slot:ident)+))*) => {$(
        impl<$($type: FieldType),+> Elements<($($type,)+)> for Whole {
            const LENGTH: usize = $length;

            fn read_elements<'de, A: SeqAccess<'de>>(
                elements: &mut A,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<($($type,)+)>, A::Error> {
                $(
                    let mut $slot = Slot::<$type>::Missing;
                    $slot.read_element(elements, cx, &at.index($index))?;
                )+
                $(let Slot::Good($slot) = $slot else { return Ok(None) };)+
                Ok(Some(($($slot,)+)))
            }
        }

        impl<$($type: FieldType),+> FieldType for ($($type,)+) {
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                read_tuple::<Whole, Self, D>(input, cx, at)
            }

            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                $(self.$index.check(cx, &at.index($index));)+
            }

            fn shape() -> Shape {
                Shape::tuple(vec![$($type::shape()),+])
            }
        }
    )*};
}

tuples! {
    1 => (0 T0 t0)
    2 => (0 T0 t0 1 T1 t1)
    3 => (0 T0 t0 1 T1 t1 2 T2 t2)
    4 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3)
    5 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4)
    6 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5)
    7 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6)
    8 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7)
    9 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8)
    10 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9)
    11 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9 10 T10 t10)
    12 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9 10 T10 t10 11 T11 t11)
    13 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9 10 T10 t10 11 T11 t11 12 T12 t12)
    14 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9 10 T10 t10 11 T11 t11 12 T12 t12 13 T13 t13)
    15 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9 10 T10 t10 11 T11 t11 12 T12 t12 13 T13 t13 14 T14 t14)
    16 => (0 T0 t0 1 T1 t1 2 T2 t2 3 T3 t3 4 T4 t4 5 T5 t5 6 T6 t6 7 T7 t7 8 T8 t8 9 T9 t9 10 T10 t10 11 T11 t11 12 T12 t12 13 T13 t13 14 T14 t14 15 T15 t15)
}

struct ArrayVisitor<'a, 'c, F, T, const N: usize> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    /// The rules of each element that was read.
    each: F,
    of: PhantomData<T>,
}

impl<'de, F: PartRules<T>, T: FieldType, const N: usize> Visitor<'de> for ArrayVisitor<'_, '_, F, T, N> {
    type Value = Option<[T; N]>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<Self::Value, A::Error> {
        self.cx.enter()?;
        let mut elements = Counted { elements, count: 0 };
        let mut list = Vec::new();
        for index in 0..N {
            let mut slot = Slot::<T>::Missing;
            let at = self.at.index(index);
            if let Some(value) = slot.read_element(&mut elements, self.cx, &at)? {
                (self.each)(value, self.cx, &at);
            }
            match slot {
                Slot::Good(value) => list.push(value),
                Slot::Bad => {}
                Slot::Missing => break,
            }
        }
        while elements.next_element::<IgnoredAny>()?.is_some() {}
        self.cx.leave();
        if elements.count == N {
            return Ok(list.try_into().ok());
        }
        self.cx.wrong_length(self.at, N);
        Ok(None)
    }

    refuse! { &LIST => bool number str bytes null object }
}

impl<T: FieldType, const N: usize> FieldType for [T; N]
where
    Self: Serialize,
{
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Self::read_parts(input, cx, at, no_rules)
    }

    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        for (index, value) in self.iter().enumerate() {
            value.check(cx, &at.index(index));
        }
    }

    fn shape() -> Shape {
        Kind::List { items: Box::new(T::shape()), unique: false, length: Some(N) }.into()
    }
}

impl<T: FieldType, const N: usize> ListType for [T; N]
where
    Self: Serialize,
{
    type Element = T;

    fn read_parts<'de, D: Deserializer<'de>>(
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
        each: impl PartRules<T>,
    ) -> Result<Option<Self>, D::Error> {
        input.deserialize_any(ArrayVisitor { cx, at, each, of: PhantomData::<T> })
    }

    fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<T>) {
        for (index, value) in self.iter().enumerate() {
            each(value, cx, &at.index(index));
        }
    }
}

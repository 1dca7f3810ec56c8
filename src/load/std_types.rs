//! The standard library's values: numbers that are never zero, addresses, paths, periods and points
//! of time, ranges and bounds, results.

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::num::{
    NonZeroI8, NonZeroI16, NonZeroI32, NonZeroI64, NonZeroI128, NonZeroIsize, NonZeroU8, NonZeroU16, NonZeroU32,
    NonZeroU64, NonZeroU128, NonZeroUsize, Saturating,
};
use std::ops::{Bound, Range, RangeInclusive};
use std::path::PathBuf;
use std::sync::atomic::{
    AtomicBool, AtomicI8, AtomicI16, AtomicI32, AtomicI64, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicU64,
    AtomicUsize,
};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::de::{Deserializer, Error, MapAccess};

use super::buffer::Leftovers;
use super::expected::STRING;
use super::leaf::{from_number_key, leaf, read_leaf_key};
use super::object::{Object, Slot, next_field, read_object, read_object_flat, skip_value};
use super::variants::{Variants, read_external, read_external_flat};
use super::{At, Context, Expected, FieldType, Leaf, patch};
use crate::contract::shape::{
    Content, Defined, Definition, Enum, Field, Form, Integer, Kind, Presence, Record, Tagging, Text, Variant,
};
use crate::contract::{Shape, named};
use crate::violation::{FieldName, Param, Rule};

// --- numbers ---

static NONZERO: Expected = Expected::new("nonzero integer");

macro_rules! nonzero {
    ($($type:ident: $integer:ty;)*) => {$(
        impl Leaf for $type {
            const EXPECTED: &'static Expected = &NONZERO;
            const DIGITS: bool = <$integer>::DIGITS;
            #[inline]
            fn from_u64(value: u64) -> Option<Self> {
                <$integer>::from_u64(value).and_then(Self::new)
            }
            #[inline]
            fn from_i64(value: i64) -> Option<Self> {
                <$integer>::from_i64(value).and_then(Self::new)
            }
            fn from_digits(text: &str) -> Option<Self> {
                <$integer>::from_digits(text).and_then(Self::new)
            }
        }

        leaf! {
            $type {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, from_number_key)
                }
                fn shape() -> Shape {
                    match <$integer>::shape().into_kind() {
                        Kind::Integer(integer) => {
                            Kind::Integer(Integer { name: stringify!($type), zero: false, ..integer }).into()
                        }
                        kind => kind.into(),
                    }
                }
            }
        }
    )*};
}

nonzero! {
    NonZeroU8: u8;
    NonZeroU16: u16;
    NonZeroU32: u32;
    NonZeroU64: u64;
    NonZeroU128: u128;
    NonZeroUsize: usize;
    NonZeroI8: i8;
    NonZeroI16: i16;
    NonZeroI32: i32;
    NonZeroI64: i64;
    NonZeroI128: i128;
    NonZeroIsize: isize;
}

/// Beyond its ends a number counts as the end, as serde reads it.
macro_rules! saturating {
    ($($integer:ident)*) => {$(
        impl Leaf for Saturating<$integer> {
            const EXPECTED: &'static Expected = <$integer>::EXPECTED;
            fn from_u64(value: u64) -> Option<Self> {
                Some(Self(value.try_into().unwrap_or(<$integer>::MAX)))
            }
            fn from_i64(value: i64) -> Option<Self> {
                Some(Self(value.try_into().unwrap_or(<$integer>::MIN)))
            }
        }

        leaf! {
            Saturating<$integer> {
                fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
                    read_leaf_key(text, cx, map, from_number_key)
                }
                fn shape() -> Shape {
                    match <$integer>::shape().into_kind() {
                        Kind::Integer(integer) => Kind::Integer(Integer { saturates: true, ..integer }).into(),
                        kind => kind.into(),
                    }
                }
            }
        }
    )*};
}

saturating!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

macro_rules! atomics {
    ($($width:literal: $($type:ident $inner:ty),*;)*) => {$($(
        #[cfg(target_has_atomic = $width)]
        impl FieldType for $type {
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                Ok(<$inner>::read(input, cx, at)?.map(Self::new))
            }

            fn shape() -> Shape {
                <$inner>::shape()
            }
        }
    )*)*};
}

atomics! {
    "8": AtomicBool bool, AtomicI8 i8, AtomicU8 u8;
    "16": AtomicI16 i16, AtomicU16 u16;
    "32": AtomicI32 i32, AtomicU32 u32;
    "64": AtomicI64 i64, AtomicU64 u64;
    "ptr": AtomicIsize isize, AtomicUsize usize;
}

// --- addresses and paths ---

/// Read from text, as their `FromStr` reads it.
macro_rules! addresses {
    ($($type:ident $words:literal, $text:expr;)*) => {$(
        impl Leaf for $type {
            const EXPECTED: &'static Expected = { static E: Expected = Expected::new($words); &E };
            fn from_text(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }

        leaf! {
            $type {
                fn shape() -> Shape {
                    Kind::Text($text).into()
                }
            }
        }
    )*};
}

addresses! {
    IpAddr "IP address", Text::of_format("ip", &["ipv4", "ipv6"]);
    Ipv4Addr "IPv4 address", Text::of_format("ipv4", &["ipv4"]);
    Ipv6Addr "IPv6 address", Text::of_format("ipv6", &["ipv6"]);
    // JSON Schema has no format for them.
    SocketAddr "socket address", Text::PLAIN;
    SocketAddrV4 "IPv4 socket address", Text::PLAIN;
    SocketAddrV6 "IPv6 socket address", Text::PLAIN;
}

impl Leaf for PathBuf {
    const EXPECTED: &'static Expected = &STRING;
    fn from_text(text: &str) -> Option<Self> {
        Some(text.into())
    }
    fn from_owned_text(text: String) -> Option<Self> {
        Some(text.into())
    }
}

leaf! {
    PathBuf {
        fn shape() -> Shape {
            Shape::text()
        }
    }
}

// --- nothing ---

/// Null, as serde writes it.
impl<T: ?Sized> FieldType for PhantomData<T> {
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Ok(<()>::read(input, cx, at)?.map(|()| PhantomData))
    }

    fn read_flat<E: Error>(_: &mut Leftovers<'_>, _: &mut Context<'_>, _: &At<'_>) -> Result<Option<Self>, E> {
        Ok(Some(PhantomData))
    }

    // There is nothing to put anything into.
    fn patch_flat(&mut self, _: &mut patch::Object, _: &mut Context<'_>, _: &At<'_>) {}

    fn is_null(&self) -> bool {
        true
    }

    fn shape() -> Shape {
        Kind::Null.into()
    }
}

// --- objects of two fields: ranges, periods and points of time ---

/// The names of the two fields.
trait Names {
    const BOTH: &'static [FieldName];
    const FIRST: &'static FieldName = &Self::BOTH[0];
    const SECOND: &'static FieldName = &Self::BOTH[1];
}

macro_rules! names {
    ($($type:ident $first:literal $second:literal)*) => {$(
        enum $type {}

        impl Names for $type {
            const BOTH: &'static [FieldName] = &[FieldName::new($first, $first), FieldName::new($second, $second)];
        }
    )*};
}

names! {
    Ends "start" "end"
    Parts "secs" "nanos"
    SinceEpoch "secs_since_epoch" "nanos_since_epoch"
}

impl<N: Names, A: FieldType, B: FieldType> Object<(A, B)> for N {
    const DENY_UNKNOWN: bool = true;
    const FLATTENS: bool = false;
    const NAMES: &'static [&'static str] = &[N::FIRST.wire(), N::SECOND.wire()];
    const FIELDS: &'static [FieldName] = N::BOTH;

    fn find(name: &str) -> Option<usize> {
        <Self as Object<(A, B)>>::NAMES.iter().position(|field| *field == name)
    }

    fn read_entries<'de, M: MapAccess<'de>>(
        mut entries: M,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<(A, B)>, M::Error> {
        let (mut first, mut second) = (Slot::Missing, Slot::Missing);
        let (at_first, at_second) = (at.field(N::FIRST), at.field(N::SECOND));
        let mut good = true;
        while let Some(field) = next_field::<N, (A, B), M>(&mut entries, cx, at)? {
            match field {
                Some(0) => drop(first.read(&mut entries, cx, &at_first)?),
                Some(_) => drop(second.read(&mut entries, cx, &at_second)?),
                None => {
                    skip_value(&mut entries)?;
                    good &= !cx.denies_unknown(<Self as Object<(A, B)>>::DENY_UNKNOWN);
                }
            }
        }
        // Required even when they are optional: that is how serde has written them.
        first.or_required(cx, &at_first);
        second.or_required(cx, &at_second);
        match (first, second) {
            (Slot::Good(first), Slot::Good(second)) if good => Ok(Some((first, second))),
            _ => Ok(None),
        }
    }
}

/// The two fields, of which both are required even where they are optional.
const fn field<T: FieldType>(name: &'static FieldName) -> Field {
    Field { presence: Presence::Required, ..Field::new(name.wire(), T::shape) }
}

macro_rules! pairs {
    ($([$($generics:tt)*] $type:ty as $names:ident<$first:ty, $second:ty>
        $name:expr, $expected:expr, $build:expr, $check:expr;)*) => {$(
        impl<$($generics)*> FieldType for $type {
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                let pair = read_object::<$names, ($first, $second), D>(input, cx, at)?;
                Ok(pair.and_then(|pair| build(pair, $build, $expected, cx, at)))
            }

            fn read_flat<E: Error>(
                leftovers: &mut Leftovers<'_>,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, E> {
                let pair = read_object_flat::<$names, ($first, $second), E>(leftovers, cx, at)?;
                Ok(pair.and_then(|pair| build(pair, $build, $expected, cx, at)))
            }

            fn flat_names(names: &mut Vec<&'static [&'static str]>) {
                names.push(<$names as Object<($first, $second)>>::NAMES);
            }

            fn field_name(name: &str) -> Option<&'static str> {
                <$names as Object<($first, $second)>>::NAMES.iter().copied().find(|known| *known == name)
            }

            fn patch_flat(&mut self, rest: &mut patch::Object, cx: &mut Context<'_>, at: &At<'_>) {
                patch::replace_used(self, rest, cx, at);
            }

            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                let check: fn(&Self, &mut Context<'_>, &At<'_>) = $check;
                check(self, cx, at);
            }

            fn shape() -> Shape {
                Kind::Named(Self::DEFINITION).into()
            }
        }

        impl<$($generics)*> Defined for $type {
            const DEFINITION: &'static Definition = &named::<Self>(
                $name,
                || format!("event_schema::{}<{}>", stringify!($names), <$first>::shape().id()),
                Form::Content(Content::Record(Record {
                    fields: &[field::<$first>($names::FIRST), field::<$second>($names::SECOND)],
                    closed: true,
                    tag: None,
                })),
            );
        }
    )*};
}

/// Builds a value of its two parts, or notes that they make none.
fn build<A, B, T>(
    (first, second): (A, B),
    build: fn(A, B) -> Option<T>,
    expected: &'static Expected,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Option<T> {
    let value = build(first, second);
    if value.is_none() {
        cx.invalid(at, expected);
    }
    value
}

static RANGE: Expected = Expected::new("range");
pub(super) static PERIOD: Expected = Expected::new("period of time");
static DATETIME: Expected = Expected::new("datetime");

fn duration(secs: u64, nanos: u32) -> Option<Duration> {
    Duration::from_secs(secs).checked_add(Duration::from_nanos(nanos.into()))
}

pairs! {
    [T: FieldType] Range<T> as Ends<T, T> || format!("Range_of_{}", T::shape().name()), &RANGE, |start, end| Some(start..end), |this, cx, at| {
        this.start.check(cx, &at.field(Ends::FIRST));
        this.end.check(cx, &at.field(Ends::SECOND));
    };
    [T: FieldType] RangeInclusive<T> as Ends<T, T> || format!("Range_of_{}", T::shape().name()), &RANGE, |start, end| Some(start..=end), |this, cx, at| {
        this.start().check(cx, &at.field(Ends::FIRST));
        this.end().check(cx, &at.field(Ends::SECOND));
    };
    [] Duration as Parts<u64, u32> || "Duration".to_owned(), &PERIOD, duration, |_, _, _| {};
    [] SystemTime as SinceEpoch<u64, u32> || "SystemTime".to_owned(), &DATETIME, |secs, nanos| {
        UNIX_EPOCH.checked_add(duration(secs, nanos)?)
    }, |_, _, _| {};
}

// --- enums: bounds and results ---

impl<T: FieldType> Variants for Bound<T> {
    const VARIANTS: &'static [FieldName] = &[
        FieldName::new("Included", "Included"),
        FieldName::new("Excluded", "Excluded"),
        FieldName::new("Unbounded", "Unbounded"),
    ];

    fn choices() -> &'static Rule {
        static CHOICES: Rule =
            Rule::new("choice", &[("choices", Param::Strs(&["Included", "Excluded", "Unbounded"]))], None);
        &CHOICES
    }

    fn find(name: &str) -> Option<usize> {
        Self::VARIANTS.iter().position(|variant| variant.wire() == name)
    }

    fn unit(variant: usize) -> Option<Self> {
        (variant == 2).then_some(Self::Unbounded)
    }

    fn read_content<'de, D: Deserializer<'de>>(
        variant: usize,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, D::Error> {
        let value = T::read(input, cx, at)?;
        Ok(value.map(if variant == 0 { Self::Included } else { Self::Excluded }))
    }

    fn missing_content(_: usize, cx: &mut Context<'_>, at: &At<'_>) -> Option<Self> {
        cx.missing(at);
        None
    }
}

impl<T: FieldType, F: FieldType> Variants for Result<T, F> {
    const VARIANTS: &'static [FieldName] = &[FieldName::new("Ok", "Ok"), FieldName::new("Err", "Err")];

    fn choices() -> &'static Rule {
        static CHOICES: Rule = Rule::new("choice", &[("choices", Param::Strs(&["Ok", "Err"]))], None);
        &CHOICES
    }

    fn find(name: &str) -> Option<usize> {
        Self::VARIANTS.iter().position(|variant| variant.wire() == name)
    }

    fn unit(_: usize) -> Option<Self> {
        None
    }

    fn read_content<'de, D: Deserializer<'de>>(
        variant: usize,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, D::Error> {
        Ok(match variant {
            0 => T::read(input, cx, at)?.map(Ok),
            _ => F::read(input, cx, at)?.map(Err),
        })
    }

    fn missing_content(_: usize, cx: &mut Context<'_>, at: &At<'_>) -> Option<Self> {
        cx.missing(at);
        None
    }
}

/// Enums whose first two variants have data.
macro_rules! enums {
    ($([$($generics:tt)*] $type:ty as $name:expr, $id:expr, $variants:expr => $check:expr;)*) => {$(
        impl<$($generics)*> FieldType for $type {
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                read_external(input, cx, at)
            }

            fn read_flat<E: Error>(
                leftovers: &mut Leftovers<'_>,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, E> {
                read_external_flat(leftovers, cx, at)
            }

            fn field_name(name: &str) -> Option<&'static str> {
                Self::find(name).map(|variant| Self::VARIANTS[variant].wire())
            }

            fn patch_flat(&mut self, rest: &mut patch::Object, cx: &mut Context<'_>, at: &At<'_>) {
                patch::replace_used(self, rest, cx, at);
            }

            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                let check: fn(&Self, &mut Context<'_>, &At<'_>) = $check;
                check(self, cx, at);
            }

            fn shape() -> Shape {
                Kind::Named(Self::DEFINITION).into()
            }
        }

        impl<$($generics)*> Defined for $type {
            const DEFINITION: &'static Definition = &named::<Self>(
                $name,
                || {
                    let id: fn() -> String = $id;
                    format!("event_schema::{}", id())
                },
                Form::Enum(Enum { tagging: Tagging::External, variants: $variants, closed: false }),
            );
        }
    )*};
}

/// A variant that holds a value.
const fn holding(name: &'static str, value: &'static Field) -> Variant {
    Variant::new(name, Content::Inner(value))
}

enums! {
    [T: FieldType] Bound<T> as || format!("Bound_of_{}", T::shape().name()), || format!("Bound<{}>", T::shape().id()),
        &[
            holding("Included", &Field::new("0", T::shape)),
            holding("Excluded", &Field::new("0", T::shape)),
            Variant::new("Unbounded", Content::Unit),
        ] => |this, cx, at| match this {
        Bound::Included(value) => value.check(cx, &at.field(&Self::VARIANTS[0])),
        Bound::Excluded(value) => value.check(cx, &at.field(&Self::VARIANTS[1])),
        Bound::Unbounded => {}
    };
    [T: FieldType, F: FieldType] Result<T, F> as
        || format!("Result_of_{}_or_{}", T::shape().name(), F::shape().name()),
        || format!("Result<{}, {}>", T::shape().id(), F::shape().id()),
        &[holding("Ok", &Field::new("0", T::shape)), holding("Err", &Field::new("0", F::shape))] => |this, cx, at| match this {
        Ok(value) => value.check(cx, &at.field(&Self::VARIANTS[0])),
        Err(value) => value.check(cx, &at.field(&Self::VARIANTS[1])),
    };
}

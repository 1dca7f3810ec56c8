//! Objects: what the derive writes for a struct, and the visitor that drives it.

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::leaf::drain_seq;
use super::{At, Context, Expected, FieldType, Seed, number};
use crate::violation::FieldName;

static OBJECT: Expected = Expected::new("object");

/// A struct with named fields, as the derive describes it.
#[doc(hidden)]
pub trait Object: Sized {
    /// Its fields, in the order of their indexes.
    const FIELDS: &'static [FieldName];

    /// Whether unknown fields are faults.
    const DENY_UNKNOWN: bool;

    /// The index of the field that is called so on the wire.
    fn find(name: &str) -> Option<usize>;

    /// Reads the entries of an object.
    fn read_entries<'de, A: MapAccess<'de>>(
        entries: A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, A::Error>;

    /// Checks the rules that look at several fields. `before` is what had been found before this
    /// object: the struct's own rules wait until its parts are without fault.
    fn check_level(&self, cx: &mut Context<'_>, at: &At<'_>, before: usize);
}

/// Reads a struct.
#[doc(hidden)]
#[inline]
pub fn read_object<'de, T: Object, D: Deserializer<'de>>(
    input: D,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<T>, D::Error> {
    input.deserialize_any(ObjectVisitor { cx, at, of: PhantomData })
}

struct ObjectVisitor<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<T> ObjectVisitor<'_, '_, T> {
    #[cold]
    fn reject(self) -> Option<T> {
        self.cx.invalid(self.at, &OBJECT);
        None
    }

    #[cold]
    fn null(self) -> Option<T> {
        self.cx.null(self.at, &OBJECT);
        None
    }
}

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<'_, '_, T> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    #[inline]
    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Self::Value, A::Error> {
        self.cx.enter()?;
        let before = self.cx.mark();
        let value = T::read_entries(entries, self.cx, self.at)?;
        self.cx.leave();
        if self.cx.number_in_disguise {
            self.cx.number_in_disguise = false;
            self.cx.rewind(before);
            return Ok(self.reject());
        }
        Ok(value)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_bytes<E>(self, _: &[u8]) -> Result<Self::Value, E> {
        Ok(self.reject())
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(self.null())
    }
    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(self.null())
    }
    fn visit_some<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_any(self)
    }
    // serde's derive takes a list for a struct; the contract says object, so that a list is refused.
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq)?;
        Ok(self.reject())
    }
}

/// The next field of the object: its index, `Some(None)` for one the type does not have (noted if
/// that is a fault), `None` at the end.
#[doc(hidden)]
#[inline]
pub fn next_field<'de, T: Object, A: MapAccess<'de>>(
    entries: &mut A,
    cx: &mut Context<'_>,
    at: &At<'_>,
) -> Result<Option<Option<usize>>, A::Error> {
    entries.next_key_seed(FieldSeed::<T> { cx, at, of: PhantomData })
}

struct FieldSeed<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'de, T: Object> DeserializeSeed<'de> for FieldSeed<'_, '_, T> {
    type Value = Option<usize>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<Self::Value, D::Error> {
        input.deserialize_identifier(self)
    }
}

impl<'de, T: Object> Visitor<'de> for FieldSeed<'_, '_, T> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a field name")
    }

    #[inline]
    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        let field = T::find(name);
        if field.is_none() {
            unknown_field(self.cx, self.at, name, T::DENY_UNKNOWN);
        }
        Ok(field)
    }
}

#[cold]
fn unknown_field(cx: &mut Context<'_>, at: &At<'_>, name: &str, denied: bool) {
    if name == number::TOKEN && number::arrive_as_maps() {
        cx.number_in_disguise = true;
    } else if denied {
        cx.unknown(at, name);
    }
}

/// Skips the value of a field that the type does not have.
#[doc(hidden)]
#[inline]
pub fn skip_value<'de, A: MapAccess<'de>>(entries: &mut A) -> Result<(), A::Error> {
    entries.next_value::<IgnoredAny>().map(drop)
}

/// A field while its object is read.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "matched by the derive's code")]
pub enum Slot<T> {
    /// Not met yet.
    Missing,
    /// Met, and noted as faulty.
    Bad,
    /// Read.
    Good(T),
}

impl<T: FieldType> Slot<T> {
    /// Reads the field's value from the object and gives it back for its rules.
    #[inline]
    pub fn read<'de, A: MapAccess<'de>>(
        &mut self,
        entries: &mut A,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<&T>, A::Error> {
        if !matches!(self, Self::Missing) {
            cx.duplicate(at);
            skip_value(entries)?;
            return Ok(None);
        }
        match entries.next_value_seed(Seed::new(cx, at))? {
            Some(value) => {
                *self = Self::Good(value);
                Ok(self.good())
            }
            None => {
                *self = Self::Bad;
                Ok(None)
            }
        }
    }

    /// Fills in a field that was not met, and gives it back for its rules.
    #[inline]
    pub fn or_missing(&mut self, cx: &mut Context<'_>, at: &At<'_>) -> Option<&T> {
        if !matches!(self, Self::Missing) {
            return None;
        }
        match T::missing(cx, at) {
            Some(value) => {
                *self = Self::Good(value);
                self.good()
            }
            None => None,
        }
    }
}

impl<T> Slot<T> {
    /// As [`or_missing`](Self::or_missing), with a default.
    #[inline]
    pub fn or_default(&mut self, default: impl FnOnce() -> T) -> Option<&T> {
        if !matches!(self, Self::Missing) {
            return None;
        }
        *self = Self::Good(default());
        self.good()
    }

    #[inline]
    fn good(&self) -> Option<&T> {
        match self {
            Self::Good(value) => Some(value),
            _ => None,
        }
    }
}

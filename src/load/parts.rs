//! The parts of containers, and their rules.

use serde::de::Deserializer;

use super::{At, Context, FieldType};

/// Rules of a part of a container: of an element, a key or a value.
#[doc(hidden)]
pub trait PartRules<T>: Fn(&T, &mut Context<'_>, &At<'_>) {}

impl<T, F: Fn(&T, &mut Context<'_>, &At<'_>)> PartRules<T> for F {}

/// Parts without rules of their own.
#[doc(hidden)]
#[inline]
pub fn no_rules<T>(_: &T, _: &mut Context<'_>, _: &At<'_>) {}

/// A list, or an optional or boxed one, whose elements can have rules of their own. They are
/// checked one by one as they are read, so that a bad element does not hide what is wrong with others.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`each` is for lists and sets; `{Self}` is none",
    note = "a map's parts have their rules in `keys(...)` and `values(...)`"
)]
pub trait ListType: FieldType {
    /// The type of the elements.
    type Element;

    /// [`FieldType::read`], with rules for each element.
    fn read_parts<'de, D: Deserializer<'de>>(
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
        each: impl PartRules<Self::Element>,
    ) -> Result<Option<Self>, D::Error>;

    /// Checks the rules of each element.
    fn check_parts(&self, cx: &mut Context<'_>, at: &At<'_>, each: impl PartRules<Self::Element>);
}

/// A map, or an optional or boxed one, whose keys and values can have rules of their own.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`keys` and `values` are for maps; `{Self}` is none",
    note = "a list's elements have their rules in `each(...)`"
)]
pub trait MapType: FieldType {
    /// The type of the keys.
    type Key;
    /// The type of the values.
    type Value;

    /// [`FieldType::read`], with rules for keys and values.
    fn read_parts<'de, D: Deserializer<'de>>(
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
        keys: impl PartRules<Self::Key>,
        values: impl PartRules<Self::Value>,
    ) -> Result<Option<Self>, D::Error>;

    /// Checks the rules of keys and values.
    fn check_parts(
        &self,
        cx: &mut Context<'_>,
        at: &At<'_>,
        keys: impl PartRules<Self::Key>,
        values: impl PartRules<Self::Value>,
    );
}

/// The rules of a list's elements, as one value.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "built by the derive's code")]
pub struct Each<F>(pub F);

/// The rules of a map's keys and values, as one value.
#[doc(hidden)]
#[derive(Debug)]
#[allow(clippy::exhaustive_structs, reason = "built by the derive's code")]
pub struct Pairs<K, V>(pub K, pub V);

/// Reads a container whose parts have rules.
#[doc(hidden)]
pub trait ReadParts<T> {
    /// Reads it.
    fn read<'de, D: Deserializer<'de>>(
        self,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<T>, D::Error>;
}

impl<T: ListType, F: PartRules<T::Element>> ReadParts<T> for Each<F> {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(
        self,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<T>, D::Error> {
        T::read_parts(input, cx, at, self.0)
    }
}

impl<T: MapType, K: PartRules<T::Key>, V: PartRules<T::Value>> ReadParts<T> for Pairs<K, V> {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(
        self,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<T>, D::Error> {
        T::read_parts(input, cx, at, self.0, self.1)
    }
}

/// Any value, without rules for parts.
pub(super) struct NoParts;

impl<T: FieldType> ReadParts<T> for NoParts {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(
        self,
        input: D,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<T>, D::Error> {
        T::read(input, cx, at)
    }
}

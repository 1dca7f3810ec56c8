//! The standard library's containers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use super::buffer::Leftovers;
use super::context::KeyText;
use super::number::{self, Under, UnderToken};
use super::patch::{self, Object};
use super::{At, Context, Expected, FieldType, Seed, refused};
use crate::contract::Shape;
use crate::violation::MASK;

pub(super) static LIST: Expected = Expected::new("list");
pub(super) static MAPPING: Expected = Expected::new("mapping");

/// Space reserved on the word of a source that tells lengths beforehand, in bytes.
const MAX_RESERVED: usize = 1 << 20;

impl<T: FieldType> FieldType for Option<T> {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        input.deserialize_option(OptionVisitor { cx, at, parts: NoParts, of: PhantomData })
    }

    // As in serde: what does not fit is not there. What rules and hooks refuse fits.
    fn read_flat<E: Error>(
        leftovers: &mut Leftovers<'_>,
        cx: &mut Context<'_>,
        at: &At<'_>,
    ) -> Result<Option<Self>, E> {
        let before = cx.mark();
        let value = T::read_flat(leftovers, cx, at)?;
        if cx.shape_findings_since(before) > 0 {
            cx.rewind(before);
            return Ok(Some(None));
        }
        Ok(value.map(Some))
    }

    fn read_key(text: &mut Option<String>, cx: &mut Context<'_>, map: &At<'_>) -> Option<Self> {
        T::read_key(text, cx, map).map(Some)
    }

    fn field_name(name: &str) -> Option<&'static str> {
        T::field_name(name)
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

    fn patch(&mut self, input: &Value, cx: &mut Context<'_>, at: &At<'_>) {
        match self {
            Some(value) if !input.is_null() => value.patch(input, cx, at),
            _ => patch::replace(self, input, cx, at),
        }
    }

    fn patch_flat(&mut self, rest: &mut Object, cx: &mut Context<'_>, at: &At<'_>) {
        match self {
            Some(value) => value.patch_flat(rest, cx, at),
            // Of nothing some types make an empty value.
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

    #[inline]
    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        if let Some(value) = self {
            value.check(cx, at);
        }
    }

    fn shape() -> Shape {
        T::shape().optional()
    }
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
    /// What it is a list of.
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
    /// What its keys are.
    type Key;
    /// What its values are.
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

/// A list or set while it is read.
pub(super) trait Collect<T>: Sized {
    fn with_capacity(capacity: usize) -> Self;
    fn add(&mut self, value: T);
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
        let reserved = seq.size_hint().unwrap_or(0).min(MAX_RESERVED / size_of::<T>().max(1));
        let mut list = C::with_capacity(reserved);
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
        match T::read(input, self.cx, self.at)? {
            Some(value) => {
                (self.each)(&value, self.cx, self.at);
                self.list.add(value);
                Ok(true)
            }
            None => Ok(false),
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

            #[inline]
            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                for (index, value) in self.iter().enumerate() {
                    value.check(cx, &at.index(index));
                }
            }

            fn shape() -> Shape {
                Shape::List { items: Box::new(T::shape()), unique: $unique, length: None }
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

/// A map's key where a value is asked for.
pub(super) struct KeyDeserializer<'a, E>(&'a str, PhantomData<E>);

impl<'a, E> KeyDeserializer<'a, E> {
    pub(super) fn new(text: &'a str) -> Self {
        Self(text, PhantomData)
    }
}

impl<'de, E: Error> Deserializer<'de> for KeyDeserializer<'_, E> {
    type Error = E;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_str(self.0)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, E> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, E> {
        if name == super::json::RAW_TOKEN {
            return super::json::visit_raw(serde_json::Value::from(self.0).to_string(), visitor);
        }
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// Reads a map's key that is on the wire what it holds; `build` makes it of that, with its rules.
#[doc(hidden)]
pub fn read_newtype_key<T: FieldType, K: FieldType>(
    text: &mut Option<String>,
    cx: &mut Context<'_>,
    map: &At<'_>,
    build: impl FnOnce(T, &mut Context<'_>, &At<'_>) -> Option<K>,
) -> Option<K> {
    let covered = map.cover();
    let map = if K::SENSITIVE { &covered } else { map };
    // Texts are taken, and the place is still asked for.
    let shown = text.clone().unwrap_or_default();
    let before = cx.mark();
    let inner = T::read_key(text, cx, map)?;
    let key = build(inner, cx, &map.map_key(&shown));
    key.filter(|_| cx.shape_findings_since(before) == 0)
}

/// The key as it is written; only a finding asks.
impl<K: FieldType> KeyText for K {
    fn key_text(&self) -> Cow<'_, str> {
        if K::SENSITIVE {
            return MASK.into();
        }
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(text)) => text.into(),
            Ok(other) => other.to_string().into(),
            Err(_) => "".into(),
        }
    }
}

/// A key that was read, with its text unless it took that.
pub(super) struct ReadKey<K> {
    pub(super) key: Option<K>,
    pub(super) text: Option<String>,
}

impl<K: FieldType> KeyText for ReadKey<K> {
    fn key_text(&self) -> Cow<'_, str> {
        match (&self.key, &self.text) {
            _ if K::SENSITIVE => MASK.into(),
            (_, Some(text)) => text.into(),
            (Some(key), None) => key.key_text(),
            (None, None) => "".into(),
        }
    }
}

/// A map while it is read.
pub(super) trait CollectEntries<K, V>: Sized + Default {
    fn add(&mut self, key: K, value: V);
}

pub(super) struct MapVisitor<'a, 'c, KF, VF, M, K, V> {
    pub(super) cx: &'a mut Context<'c>,
    pub(super) at: &'a At<'a>,
    /// The rules of each key that was read.
    pub(super) keys: KF,
    /// The rules of each value that was read.
    pub(super) values: VF,
    pub(super) of: PhantomData<(M, K, V)>,
}

impl<'de, KF, VF, M, K, V> Visitor<'de> for MapVisitor<'_, '_, KF, VF, M, K, V>
where
    KF: PartRules<K>,
    VF: PartRules<V>,
    M: CollectEntries<K, V>,
    K: FieldType,
    V: FieldType,
{
    type Value = Option<M>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        self.cx.enter()?;
        let mut map = M::default();
        let mut good = true;
        while let Some(text) = entries.next_key::<String>()? {
            let maybe_number = (text == number::TOKEN && number::arrive_as_maps()).then(|| self.cx.mark());
            let mut text = Some(text);
            let key = ReadKey { key: K::read_key(&mut text, self.cx, self.at), text };
            if let Some(read) = &key.key {
                (self.keys)(read, self.cx, &self.at.map_key_of(&key));
            }
            let at = self.at.key(&key);
            let seed = Seed::<V>::new(self.cx, &at);
            let value = if let Some(before) = maybe_number {
                match entries.next_value_seed(UnderToken(seed))? {
                    Under::Value(value) => value,
                    Under::Number(_) => {
                        self.cx.rewind(before);
                        self.cx.leave();
                        return Ok(refused(self.cx, self.at, &MAPPING));
                    }
                }
            } else {
                entries.next_value_seed(seed)?
            };
            if let Some(value) = &value {
                (self.values)(value, self.cx, &at);
            }
            match (key.key, value) {
                // Of entries with the same key the last one counts, as in serde.
                (Some(key), Some(value)) => map.add(key, value),
                _ => good = false,
            }
        }
        self.cx.leave();
        Ok(good.then_some(map))
    }

    refuse! { &MAPPING => bool number str bytes null list }
}

macro_rules! maps {
    ($($type:ident<K: $bound:ident $(+ $bounds:ident)*, V $(, $hasher:ident)?>;)*) => {$(
        impl<K: $bound $(+ $bounds)*, V $(, $hasher: BuildHasher + Default)?> CollectEntries<K, V>
            for $type<K, V $(, $hasher)?>
        {
            #[inline]
            fn add(&mut self, key: K, value: V) {
                self.insert(key, value);
            }
        }

        impl<K: FieldType + $bound $(+ $bounds)*, V: FieldType $(, $hasher: BuildHasher + Default)?>
            FieldType for $type<K, V $(, $hasher)?>
        {
            #[inline]
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                Self::read_parts(input, cx, at, no_rules, no_rules)
            }

            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                for (key, value) in self {
                    key.check(cx, &at.map_key_of(key));
                    value.check(cx, &at.key(key));
                }
            }

            fn patch(&mut self, input: &serde_json::Value, cx: &mut Context<'_>, at: &At<'_>) {
                let serde_json::Value::Object(entries) = input else {
                    return $crate::load::patch::replace(self, input, cx, at);
                };
                for (name, value) in entries {
                    let mut text = Some(name.clone());
                    let key = $crate::load::containers::ReadKey { key: K::read_key(&mut text, cx, at), text };
                    let at = &at.key(&key);
                    let Some(known) = &key.key else { continue };
                    if let Some(here) = self.get_mut(known) {
                        here.patch(value, cx, at);
                    } else if let Some(new) = $crate::load::patch::read(value, cx, at)
                        && let Some(key) = key.key
                    {
                        self.insert(key, new);
                    }
                }
            }

            fn patch_flat(
                &mut self,
                rest: &mut serde_json::Map<String, serde_json::Value>,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) {
                self.patch(&serde_json::Value::Object(rest.clone()), cx, at);
            }

            fn shape() -> Shape {
                Shape::Map { keys: Box::new(K::shape()), values: Box::new(V::shape()) }
            }
        }

        impl<K: FieldType + $bound $(+ $bounds)*, V: FieldType $(, $hasher: BuildHasher + Default)?> MapType
            for $type<K, V $(, $hasher)?>
        {
            type Key = K;
            type Value = V;

            #[inline]
            fn read_parts<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
                keys: impl PartRules<K>,
                values: impl PartRules<V>,
            ) -> Result<Option<Self>, D::Error> {
                input.deserialize_any(MapVisitor { cx, at, keys, values, of: PhantomData::<(Self, K, V)> })
            }

            fn check_parts(
                &self,
                cx: &mut Context<'_>,
                at: &At<'_>,
                keys: impl PartRules<K>,
                values: impl PartRules<V>,
            ) {
                for (key, value) in self {
                    keys(key, cx, &at.map_key_of(key));
                    values(value, cx, &at.key(key));
                }
            }
        }
    )*};
}
#[cfg(feature = "indexmap2")]
pub(super) use maps;

maps! {
    BTreeMap<K: Ord, V>;
    HashMap<K: Eq + Hash, V, S>;
}

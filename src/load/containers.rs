//! The standard library's containers.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::json;

use super::context::KeyText;
use super::leaf::drain_seq;
use super::{At, Context, Expected, FieldType, Seed, number};
use crate::contract::{Place, Walk, integers};

static LIST: Expected = Expected::new("list");
pub(super) static MAPPING: Expected = Expected::new("mapping");

/// Space reserved on the word of a source that tells lengths beforehand, in bytes.
const MAX_RESERVED: usize = 1 << 20;

impl<T: FieldType> FieldType for Option<T> {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        input.deserialize_option(OptionVisitor { cx, at, of: PhantomData })
    }

    #[inline]
    fn missing(_: &mut Context<'_>, _: &At<'_>) -> Option<Self> {
        Some(None)
    }

    #[inline]
    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        if let Some(value) = self {
            value.check(cx, at);
        }
    }

    fn describe(walk: &mut Walk<'_>, here: &Place) {
        let value = walk.non_null(here);
        T::describe(walk, &value);
    }
}

struct OptionVisitor<'a, 'c, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<T>,
}

impl<'de, T: FieldType> Visitor<'de> for OptionVisitor<'_, '_, T> {
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
        Ok(T::read(input, self.cx, self.at)?.map(Some))
    }
}

impl<T: FieldType> FieldType for Box<T> {
    #[inline]
    fn read<'de, D: Deserializer<'de>>(input: D, cx: &mut Context<'_>, at: &At<'_>) -> Result<Option<Self>, D::Error> {
        Ok(T::read(input, cx, at)?.map(Box::new))
    }

    #[inline]
    fn missing(cx: &mut Context<'_>, at: &At<'_>) -> Option<Self> {
        T::missing(cx, at).map(Box::new)
    }

    #[inline]
    fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
        (**self).check(cx, at);
    }

    fn describe(walk: &mut Walk<'_>, here: &Place) {
        T::describe(walk, here);
    }
}

/// A list or set while it is read.
trait Collect<T>: Sized {
    fn with_capacity(capacity: usize) -> Self;
    fn add(&mut self, value: T);
}

struct ListVisitor<'a, 'c, C, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<(C, T)>,
}

impl<C, T> ListVisitor<'_, '_, C, T> {
    #[cold]
    fn reject(self) -> Option<C> {
        self.cx.invalid(self.at, &LIST);
        None
    }

    #[cold]
    fn null(self) -> Option<C> {
        self.cx.null(self.at, &LIST);
        None
    }
}

impl<'de, C: Collect<T>, T: FieldType> Visitor<'de> for ListVisitor<'_, '_, C, T> {
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
            let seed = ElementSeed { cx: self.cx, at: &at, list: &mut list, of: PhantomData::<T> };
            match seq.next_element_seed(seed)? {
                Some(read) => good &= read,
                None => break,
            }
            index += 1;
        }
        self.cx.leave();
        Ok(good.then_some(list))
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
    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        number::in_disguise(map)?;
        Ok(self.reject())
    }
}

/// Reads an element and pushes it where it belongs, which saves the way back through `Result<Option<T>>`.
struct ElementSeed<'a, 'c, C, T> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    list: &'a mut C,
    of: PhantomData<T>,
}

impl<'de, C: Collect<T>, T: FieldType> DeserializeSeed<'de> for ElementSeed<'_, '_, C, T> {
    type Value = bool;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, input: D) -> Result<bool, D::Error> {
        match T::read(input, self.cx, self.at)? {
            Some(value) => {
                self.list.add(value);
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

macro_rules! lists {
    ($($type:ident<T $(: $bound:ident $(+ $bounds:ident)*)? $(, $hasher:ident)?> $new:expr, $add:ident;)*) => {$(
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
                input.deserialize_any(ListVisitor { cx, at, of: PhantomData::<(Self, T)> })
            }

            #[inline]
            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                for (index, value) in self.iter().enumerate() {
                    value.check(cx, &at.index(index));
                }
            }

            fn describe(walk: &mut Walk<'_>, here: &Place) {
                T::describe(walk, &here.join("items"));
            }
        }
    )*};
}

lists! {
    Vec<T> Vec::with_capacity, push;
    BTreeSet<T: Ord> |_| Self::new(), insert;
    HashSet<T: Eq + Hash, S> |capacity| Self::with_capacity_and_hasher(capacity, S::default()), insert;
}

/// A type that can be the key of a map: it has a form as text, the one in which serde writes it.
///
/// ```
/// use std::collections::BTreeMap;
/// use event_schema::{EventSchema, JsonSchema, Serialize};
///
/// #[derive(Debug, PartialEq, Serialize, JsonSchema, EventSchema)]
/// struct Shelf { rows: BTreeMap<u8, String> }
///
/// let shelf = Shelf::load(br#"{"rows": {"7": "bolts"}}"#).unwrap();
/// assert_eq!(shelf.rows[&7], "bolts");
///
/// let error = Shelf::load(br#"{"rows": {"seven": "bolts"}}"#).unwrap_err();
/// assert_eq!(
///     error.violations().unwrap().to_messages(),
///     serde_json::json!({"rows": {"seven": {"key": ["Not a valid integer."]}}})
/// );
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the key of a map in an event",
    note = "keys are strings, integers, UUIDs (feature `uuid1`) and enums without data that derive `EventSchema`"
)]
pub trait MapKey: Sized {
    /// The key that is written so, or else the text back.
    ///
    /// # Errors
    /// If the text is no such key.
    fn from_key(text: String) -> Result<Self, String>;

    /// The key as text.
    fn to_key(&self) -> Cow<'_, str>;

    /// Notes that `key`, a key of the map at `at`, is none of this type.
    fn reject(key: &str, cx: &mut Context<'_>, at: &At<'_>);

    /// Says in the contract of the keys what the map's own schema leaves out.
    fn describe_key(_walk: &mut Walk<'_>, _map: &Place) {}
}

impl MapKey for String {
    #[inline]
    fn from_key(text: String) -> Result<Self, String> {
        Ok(text)
    }

    fn to_key(&self) -> Cow<'_, str> {
        self.into()
    }

    fn reject(key: &str, cx: &mut Context<'_>, at: &At<'_>) {
        cx.invalid(&at.map_key(key), &super::leaf::STRING);
    }
}

macro_rules! integer_keys {
    ($($type:ty)*) => {$(
        impl MapKey for $type {
            fn from_key(text: String) -> Result<Self, String> {
                // The grammar of JSON's integers, which is narrower than `FromStr`'s.
                let digits = text.strip_prefix('-').unwrap_or(&text);
                let canonical = text == "0" || digits.starts_with(|first: char| matches!(first, '1'..='9'));
                match text.parse() {
                    Ok(key) if canonical => Ok(key),
                    _ => Err(text),
                }
            }

            fn to_key(&self) -> Cow<'_, str> {
                self.to_string().into()
            }

            fn reject(key: &str, cx: &mut Context<'_>, at: &At<'_>) {
                cx.invalid(&at.map_key(key), <$type as super::Leaf>::EXPECTED);
            }

            fn describe_key(walk: &mut Walk<'_>, map: &Place) {
                walk.map_keys(map, json!({"pattern": integers(<$type>::MIN, <$type>::MAX)}));
            }
        }
    )*};
}

integer_keys!(u8 u16 u32 u64 usize i8 i16 i32 i64 isize);

impl<K: MapKey> KeyText for K {
    fn key_text(&self) -> Cow<'_, str> {
        self.to_key()
    }
}

/// A key that was read, or the text that is none.
impl<K: MapKey> KeyText for Result<K, String> {
    fn key_text(&self) -> Cow<'_, str> {
        match self {
            Ok(key) => key.to_key(),
            Err(text) => text.into(),
        }
    }
}

/// A map while it is read.
trait CollectEntries<K, V>: Sized + Default {
    fn add(&mut self, key: K, value: V);
}

struct MapVisitor<'a, 'c, M, K, V> {
    cx: &'a mut Context<'c>,
    at: &'a At<'a>,
    of: PhantomData<(M, K, V)>,
}

impl<M, K, V> MapVisitor<'_, '_, M, K, V> {
    #[cold]
    fn reject(self) -> Option<M> {
        self.cx.invalid(self.at, &MAPPING);
        None
    }

    #[cold]
    fn null(self) -> Option<M> {
        self.cx.null(self.at, &MAPPING);
        None
    }
}

impl<'de, M: CollectEntries<K, V>, K: MapKey, V: FieldType> Visitor<'de> for MapVisitor<'_, '_, M, K, V> {
    type Value = Option<M>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        self.cx.enter()?;
        let mut map = M::default();
        let mut good = true;
        while let Some(text) = entries.next_key::<String>()? {
            if text == number::TOKEN && number::arrive_as_maps() {
                entries.next_value::<IgnoredAny>()?;
                super::leaf::drain_map(entries)?;
                self.cx.leave();
                return Ok(self.reject());
            }
            let key = K::from_key(text);
            if let Err(text) = &key {
                K::reject(text, self.cx, self.at);
            }
            let value = entries.next_value_seed(Seed::<V>::new(self.cx, &self.at.key(&key)))?;
            match (key, value) {
                // Of entries with the same key the last one counts, as in serde.
                (Ok(key), Some(value)) => map.add(key, value),
                _ => good = false,
            }
        }
        self.cx.leave();
        Ok(good.then_some(map))
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
    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
        drain_seq(seq)?;
        Ok(self.reject())
    }
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

        impl<K: MapKey + $bound $(+ $bounds)*, V: FieldType $(, $hasher: BuildHasher + Default)?>
            FieldType for $type<K, V $(, $hasher)?>
        {
            #[inline]
            fn read<'de, D: Deserializer<'de>>(
                input: D,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) -> Result<Option<Self>, D::Error> {
                input.deserialize_any(MapVisitor { cx, at, of: PhantomData::<(Self, K, V)> })
            }

            fn check(&self, cx: &mut Context<'_>, at: &At<'_>) {
                for (key, value) in self {
                    value.check(cx, &at.key(key));
                }
            }

            fn describe(walk: &mut Walk<'_>, here: &Place) {
                K::describe_key(walk, here);
                walk.map_values(here, V::describe);
            }
        }
    )*};
}

maps! {
    BTreeMap<K: Ord, V>;
    HashMap<K: Eq + Hash, V, S>;
}

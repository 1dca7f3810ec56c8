//! Maps.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};

use super::expected::MAPPING;
use super::field_type::{Seed, place_of_keys};
use super::keys::{ReadKey, written_key};
use super::number::{self, Under, UnderToken};
use super::parts::{MapType, PartRules, no_rules};
use super::refuse::refused;
use super::{At, Context, FieldType};
use crate::contract::Shape;

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
            let came = self.cx.is_recording().then(|| text.clone());
            let key = ReadKey::<K>::read(text, self.cx, self.at);
            if let Some(read) = &key.key {
                (self.keys)(read, self.cx, &place_of_keys::<K>(self.at).map_key_of(&key));
            }
            if let Some(came) = came {
                self.cx.record_map_entry(self.at, &came, key.key.as_ref().and_then(written_key));
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
                // The last entry of a key counts, as in serde.
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

            fn takes_all<N>() -> bool {
                true
            }

            fn patch(&mut self, input: &str, cx: &mut Context<'_>, at: &At<'_>) {
                for (name, value) in $crate::load::patch::entries(input, cx, at) {
                    let key = $crate::load::keys::ReadKey::<K>::read(name, cx, at);
                    let at = &at.key(&key);
                    let Some(known) = &key.key else { continue };
                    if let Some(here) = self.get_mut(known) {
                        here.patch(&value, cx, at);
                    } else if let Some(new) = $crate::load::patch::read(&value, cx, at)
                        && let Some(key) = key.key
                    {
                        self.insert(key, new);
                    }
                }
            }

            fn patch_flat(
                &mut self,
                rest: &mut $crate::load::patch::Object,
                cx: &mut Context<'_>,
                at: &At<'_>,
            ) {
                self.patch(&$crate::load::patch::to_text(rest), cx, at);
            }

            #[cfg(feature = "avro")]
            fn write_datum<'p>(
                &self,
                output: &mut $crate::avro::write::Output<'p, '_>,
                op: &'p $crate::avro::write::Op,
            ) -> Result<(), $crate::error::Unwritable> {
                output.write_map(op, self.iter(), self)
            }

            fn shape() -> Shape {
                Shape::map_of(K::shape(), V::shape())
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
                let of_keys = $crate::load::field_type::place_of_keys::<K>(at);
                for (key, value) in self {
                    keys(key, cx, &of_keys.map_key_of(key));
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

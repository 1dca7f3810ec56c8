//! indexmap: maps and sets that keep the order of the message.

use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use indexmap::{IndexMap, IndexSet};
use serde::de::Deserializer;

use crate::contract::Shape;
use crate::load::lists::{Collect, ListVisitor, lists};
use crate::load::maps::{CollectEntries, MapVisitor, maps};
use crate::load::parts::{ListType, MapType, PartRules, no_rules};
use crate::load::{At, Context, FieldType};

lists! {
    IndexSet<T: Eq + Hash, S> |capacity| Self::with_capacity_and_hasher(capacity, S::default()), insert, unique: true;
}

maps! {
    IndexMap<K: Eq + Hash, V, S>;
}

//! indexmap: maps and sets that keep the order of the message.

use std::hash::{BuildHasher, Hash};
use std::marker::PhantomData;

use indexmap::{IndexMap, IndexSet};
use serde::de::Deserializer;

use crate::contract::Shape;
use crate::load::containers::{
    Collect, CollectEntries, ListType, ListVisitor, MapType, MapVisitor, PartRules, lists, maps, no_rules,
};
use crate::load::{At, Context, FieldType};

lists! {
    IndexSet<T: Eq + Hash, S> |capacity| Self::with_capacity_and_hasher(capacity, S::default()), insert, unique: true;
}

maps! {
    IndexMap<K: Eq + Hash, V, S>;
}
